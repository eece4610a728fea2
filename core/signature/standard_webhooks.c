/*
 * Standard Webhooks (standardwebhooks.com), used by OpenAI and, with svix-* header
 * names, by many others: Base64 of HMAC-SHA256 over id, time and body with dots
 * between; the key is what the secret behind "whsec_" is Base64 of, or the text of
 * a secret that is none.
 */
#include <openssl/crypto.h>

#include "core/base64.h"
#include "core/signature/scheme.h"

#define MAX_HEADER  1024
#define MAX_ENTRIES 8
#define MAX_ID      128

/* The usual length of a key; the text of a secret may be as long as a key of 384 bytes. */
#define MIN_KEY    24
#define MAX_SECRET 512

struct attempt {
    const va_request_t *req;
    va_str_t id;
    va_str_t time;
    uint8_t macs[MAX_ENTRIES][VA_SHA256_SIZE];
    size_t n_macs;
};

static const char *const names[][3] = {
    {"webhook-signature", "webhook-id", "webhook-timestamp"},
    {"svix-signature", "svix-id", "svix-timestamp"},
};

static bool prefixed(va_str_t secret)
{
    return secret.len >= 6 && memcmp(secret.data, "whsec_", 6) == 0;
}

/*
 * Without the prefix, text is a key only when it decodes to one of usual length:
 * some senders leave the prefix out, and some sign with the text itself.
 */
va_hmac_key_t *va_standard_webhooks_key(va_str_t text)
{
    uint8_t key[VA_BASE64_MAX(MAX_SECRET)];
    size_t min = MIN_KEY;
    size_t len;

    if (prefixed(text)) {
        text = va_str(text.data + 6, text.len - 6);
        min = 1;
    }
    if (text.len > MAX_SECRET || va_base64_decode(key, &len, text) != VA_OK || len < min)
        return NULL;

    va_hmac_key_t *hmac = va_hmac_key_new(VA_SHA256, va_str((const char *)key, len));

    OPENSSL_cleanse(key, sizeof(key));
    return hmac;
}

/* A dot in it would make the signed text ambiguous. */
static bool valid_id(va_str_t id)
{
    if (id.len == 0 || id.len > MAX_ID)
        return false;

    for (size_t i = 0; i < id.len; i++) {
        char c = id.data[i];

        if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
              c == '_' || c == '-'))
            return false;
    }

    return true;
}

/* "v1,<Base64>"; other versions, and what is not of that form, are passed over. */
static void take_entry(struct attempt *a, va_str_t entry)
{
    if (entry.len < 3 || memcmp(entry.data, "v1,", 3) != 0)
        return;
    if (va_scheme_mac(va_str(entry.data + 3, entry.len - 3), a->macs[a->n_macs],
                      VA_SHA256_SIZE))
        a->n_macs++;
}

static va_verdict_t parse_signatures(struct attempt *a, va_str_t header)
{
    const char *p = header.data;
    const char *end = p + header.len;

    if (header.len > MAX_HEADER)
        return VA_VERDICT_LIMIT;

    for (size_t n = 0; p < end; n++) {
        const char *space = memchr(p, ' ', (size_t)(end - p));
        const char *stop = space != NULL ? space : end;

        if (n == MAX_ENTRIES)
            return VA_VERDICT_LIMIT;
        take_entry(a, va_str(p, (size_t)(stop - p)));
        p = space != NULL ? space + 1 : end;
    }

    return a->n_macs > 0 ? VA_VERDICT_OK : VA_VERDICT_MALFORMED;
}

static va_verdict_t try_key(const struct attempt *a, const va_hmac_key_t *key)
{
    const va_str_t before[] = {a->id, VA_STR("."), a->time, VA_STR(".")};
    uint8_t mac[VA_DIGEST_MAX];
    va_verdict_t verdict = va_scheme_body_mac(a->req, key, before, 4, VA_STR_NULL, mac);

    if (verdict != VA_VERDICT_OK)
        return verdict;

    verdict = VA_VERDICT_MISMATCH;
    for (size_t i = 0; i < a->n_macs && verdict != VA_VERDICT_OK; i++)
        verdict = va_scheme_compare(mac, a->macs[i], VA_SHA256_SIZE);

    return verdict;
}

static va_verdict_t try_secret(void *ctx, const va_secret_t *secret)
{
    va_verdict_t verdict = VA_VERDICT_MISMATCH;

    if (secret->decoded != NULL)
        verdict = try_key(ctx, secret->decoded);
    if (verdict == VA_VERDICT_MISMATCH && !prefixed(secret->text))
        verdict = try_key(ctx, secret->hmac[VA_SHA256]);

    return verdict;
}

static va_verdict_t verify(const va_request_t *req, const va_signature_options_t *opt,
                           const va_secret_t *secrets, size_t n, va_signature_result_t *out)
{
    struct attempt a = {.req = req};
    const char *const *name = names[va_scheme_header(req, names[0][0]).data != NULL ? 0 : 1];
    int64_t seconds;

    a.id = va_scheme_header(req, name[1]);
    a.time = va_scheme_header(req, name[2]);
    if (!valid_id(a.id) || !va_scheme_timestamp(a.time, &seconds))
        return VA_VERDICT_MALFORMED;

    va_verdict_t verdict = va_scheme_fresh_s(seconds, req->now_ms, opt->tolerance_ms);

    if (verdict == VA_VERDICT_OK)
        verdict = parse_signatures(&a, va_scheme_header(req, name[0]));
    if (verdict == VA_VERDICT_OK)
        verdict = va_scheme_secrets(secrets, n, VA_STR_NULL, try_secret, &a, out);
    if (verdict == VA_VERDICT_OK)
        out->signed_id = a.id;

    return verdict;
}

const va_signature_scheme_t va_scheme_standard_webhooks = {
    .name = "standard_webhooks",
    .header = "webhook-signature",
    .other_header = "svix-signature",
    .needs_body = true,
    .tolerance_ms = 300 * 1000,
    .verify = verify,
};
