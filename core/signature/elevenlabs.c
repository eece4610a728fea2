/*
 * ElevenLabs, ElevenLabs-Signature (xi-signature in older set-ups): "t=<seconds>,
 * v0=<hex>" with HMAC-SHA256 over t, a dot and the body; the key is the secret's
 * text. Stricter than the official library: decimal digits only, a limit also
 * towards the future, and every v0 is tried.
 */
#include "core/base64.h"
#include "core/signature/scheme.h"

#define HEX_SIZE   (2 * VA_SHA256_SIZE)
#define MAX_HEADER 1024
#define MAX_HASHES 8

struct attempt {
    const va_request_t *req;
    va_str_t time;
    va_str_t hashes[MAX_HASHES];
    size_t n_hashes;
};

static bool has_prefix(va_str_t field, const char *prefix, va_str_t *rest)
{
    size_t len = strlen(prefix);

    if (field.len < len || memcmp(field.data, prefix, len) != 0)
        return false;

    *rest = va_str(field.data + len, field.len - len);
    return true;
}

static va_verdict_t take_field(struct attempt *a, va_str_t field)
{
    va_str_t value;

    if (has_prefix(field, "t=", &value)) {
        if (a->time.data != NULL)
            return VA_VERDICT_MALFORMED;
        a->time = value;
    } else if (has_prefix(field, "v0=", &value) && value.len == HEX_SIZE) {
        if (a->n_hashes == MAX_HASHES)
            return VA_VERDICT_LIMIT;
        a->hashes[a->n_hashes++] = value;
    }

    return VA_VERDICT_OK;
}

/* Fields of other versions, and hashes of another length, are passed over. */
static va_verdict_t parse_header(struct attempt *a, va_str_t header)
{
    const char *p = header.data;
    const char *end = p + header.len;

    if (header.len > MAX_HEADER)
        return VA_VERDICT_LIMIT;

    while (p < end) {
        const char *comma = memchr(p, ',', (size_t)(end - p));
        const char *stop = comma != NULL ? comma : end;
        va_verdict_t verdict = take_field(a, va_str(p, (size_t)(stop - p)));

        if (verdict != VA_VERDICT_OK)
            return verdict;
        p = comma != NULL ? comma + 1 : end;
    }

    return a->n_hashes > 0 ? VA_VERDICT_OK : VA_VERDICT_MALFORMED;
}

static va_verdict_t try_secret(void *ctx, const va_secret_t *secret)
{
    const struct attempt *a = ctx;
    const va_str_t before[] = {a->time, VA_STR(".")};
    uint8_t mac[VA_DIGEST_MAX];
    char hex[HEX_SIZE];
    va_verdict_t verdict =
        va_scheme_body_mac(a->req, secret->hmac[VA_SHA256], before, 2, VA_STR_NULL, mac);

    if (verdict != VA_VERDICT_OK)
        return verdict;

    va_hex_encode(hex, mac, VA_SHA256_SIZE);
    verdict = VA_VERDICT_MISMATCH;
    for (size_t i = 0; i < a->n_hashes && verdict != VA_VERDICT_OK; i++)
        verdict = va_scheme_compare(hex, a->hashes[i].data, HEX_SIZE);

    return verdict;
}

static va_verdict_t verify(const va_request_t *req, const va_signature_options_t *opt,
                           const va_secret_t *secrets, size_t n, va_signature_result_t *out)
{
    struct attempt a = {.req = req};
    va_str_t header = va_scheme_header(req, va_scheme_elevenlabs.header);
    int64_t seconds;

    if (header.data == NULL)
        header = va_scheme_header(req, va_scheme_elevenlabs.other_header);

    va_verdict_t verdict = parse_header(&a, header);

    if (verdict != VA_VERDICT_OK)
        return verdict;
    if (!va_scheme_timestamp(a.time, &seconds))
        return VA_VERDICT_MALFORMED;
    verdict = va_scheme_fresh_s(seconds, req->now_ms, opt->tolerance_ms);
    if (verdict != VA_VERDICT_OK)
        return verdict;

    return va_scheme_secrets(secrets, n, VA_STR_NULL, try_secret, &a, out);
}

const va_signature_scheme_t va_scheme_elevenlabs = {
    .name = "elevenlabs",
    .header = "elevenlabs-signature",
    .other_header = "xi-signature",
    .needs_body = true,
    .tolerance_ms = 1800 * 1000,
    .verify = verify,
};
