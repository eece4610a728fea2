#include "core/signature.h"

#include "core/base64.h"
#include "core/signature/scheme.h"

/* Milliseconds up to the year 5138; as seconds still far from overflow. */
#define TIMESTAMP_DIGITS 14

static const va_signature_scheme_t *const schemes[] = {
    &va_scheme_twilio,
    &va_scheme_elevenlabs,
    &va_scheme_shopify,
    &va_scheme_hubspot,
    &va_scheme_standard_webhooks,
    &va_scheme_google_channel,
    &va_scheme_livekit,
    &va_scheme_hmac,
    &va_scheme_bearer,
};

const char *va_verdict_name(va_verdict_t v)
{
    switch (v) {
    case VA_VERDICT_OK:
        return "ok";
    case VA_VERDICT_ABSENT:
        return "absent";
    case VA_VERDICT_MALFORMED:
        return "malformed";
    case VA_VERDICT_STALE:
        return "stale";
    case VA_VERDICT_ACCOUNT:
        return "account";
    case VA_VERDICT_MISMATCH:
        return "mismatch";
    case VA_VERDICT_LIMIT:
        return "limit";
    case VA_VERDICT_ERROR:
        break;
    }

    return "error";
}

va_status_t va_secret_init(va_secret_t *s, va_str_t id, va_str_t text)
{
    *s = (va_secret_t){.id = id, .text = text};
    if (text.len == 0)
        return VA_ELIMIT;

    for (size_t i = 0; i < VA_DIGESTS; i++) {
        s->hmac[i] = va_hmac_key_new((va_digest_t)i, text);
        if (s->hmac[i] == NULL) {
            va_secret_clear(s);
            return VA_ECRYPTO;
        }
    }
    s->decoded = va_standard_webhooks_key(text);

    return VA_OK;
}

void va_secret_clear(va_secret_t *s)
{
    for (size_t i = 0; i < VA_DIGESTS; i++)
        va_hmac_key_free(s->hmac[i]);
    va_hmac_key_free(s->decoded);
    *s = (va_secret_t){.id = VA_STR_NULL};
}

va_str_t va_scheme_header(const va_request_t *req, const char *name)
{
    va_str_t value = req->header(req->ctx, name);

    return value.len > 0 ? value : VA_STR_NULL;
}

bool va_scheme_mac(va_str_t text, uint8_t *mac, size_t size)
{
    uint8_t decoded[VA_BASE64_MAX(VA_BASE64_LEN(VA_DIGEST_MAX))];
    size_t len;

    if (text.len != VA_BASE64_LEN(size) || va_base64_decode(decoded, &len, text) != VA_OK ||
        len != size)
        return false;

    memcpy(mac, decoded, size);
    return true;
}

bool va_scheme_timestamp(va_str_t text, int64_t *out)
{
    if (text.len == 0 || text.len > TIMESTAMP_DIGITS || text.data[0] == '0')
        return false;

    *out = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        *out = *out * 10 + (text.data[i] - '0');
    }

    return true;
}

va_verdict_t va_scheme_fresh(int64_t signed_ms, int64_t now_ms, int64_t tolerance_ms)
{
    int64_t age = now_ms - signed_ms;

    return age > tolerance_ms || age < -tolerance_ms ? VA_VERDICT_STALE : VA_VERDICT_OK;
}

va_verdict_t va_scheme_fresh_s(int64_t signed_s, int64_t now_ms, int64_t tolerance_ms)
{
    return va_scheme_fresh(signed_s * 1000, now_ms - now_ms % 1000, tolerance_ms);
}

va_verdict_t va_scheme_compare(const void *a, const void *b, size_t len)
{
    return va_equal_ct(va_str(a, len), va_str(b, len)) ? VA_VERDICT_OK : VA_VERDICT_MISMATCH;
}

va_verdict_t va_scheme_secrets(const va_secret_t *secrets, size_t n, va_str_t account,
                               va_scheme_try try, void *ctx, va_signature_result_t *out)
{
    va_verdict_t verdict = VA_VERDICT_ACCOUNT;

    for (size_t i = 0; i < n; i++) {
        const va_secret_t *s = &secrets[i];

        bool serves = account.data == NULL || s->id.len == 0 || va_str_ieq(account, s->id);

        if (s->text.len == 0 || !serves)
            continue;
        verdict = try(ctx, s);
        if (verdict == VA_VERDICT_OK)
            out->account = s->id;
        if (verdict != VA_VERDICT_MISMATCH)
            return verdict;
    }

    return verdict;
}

static va_verdict_t compare_text(void *ctx, const va_secret_t *secret)
{
    const va_str_t *text = ctx;

    return va_equal_ct(*text, secret->text) ? VA_VERDICT_OK : VA_VERDICT_MISMATCH;
}

va_verdict_t va_scheme_shared_text(const va_secret_t *secrets, size_t n, va_str_t text,
                                   va_signature_result_t *out)
{
    return va_scheme_secrets(secrets, n, VA_STR_NULL, compare_text, &text, out);
}

const va_signature_scheme_t *va_signature_scheme(va_str_t name)
{
    for (size_t i = 0; i < sizeof(schemes) / sizeof(*schemes); i++) {
        if (va_str_eq(name, va_str_c(schemes[i]->name)))
            return schemes[i];
    }

    return NULL;
}

/* What a scheme's verify() may rely on: every option set. */
static va_signature_options_t complete(const va_signature_scheme_t *scheme,
                                       const va_signature_options_t *opt)
{
    va_signature_options_t o = {.digest = VA_SHA256};

    if (opt != NULL)
        o = *opt;
    if (o.tolerance_ms == 0)
        o.tolerance_ms = scheme->tolerance_ms;
    if (o.header.data == NULL || scheme != &va_scheme_hmac)
        o.header = va_str_c(scheme->header);

    return o;
}

static bool present(const va_signature_scheme_t *scheme, const va_request_t *req,
                    const va_signature_options_t *opt)
{
    return va_scheme_header(req, opt->header.data).data != NULL ||
           (scheme->other_header != NULL &&
            va_scheme_header(req, scheme->other_header).data != NULL);
}

bool va_signature_present(const va_signature_scheme_t *scheme, const va_request_t *req,
                          const va_signature_options_t *opt)
{
    va_signature_options_t o = complete(scheme, opt);

    return present(scheme, req, &o);
}

va_verdict_t va_signature_ask(const va_signature_scheme_t *scheme, const va_request_t *req,
                              const va_signature_options_t *opt, const va_secret_t *secrets,
                              size_t n)
{
    va_signature_result_t result;
    va_verdict_t verdict = va_signature_verify(scheme, req, opt, secrets, n, &result);

    if (verdict == VA_VERDICT_ERROR)
        return verdict;

    return va_sums_asked(req->sums) ? VA_VERDICT_OK : verdict;
}

va_verdict_t va_signature_verify(const va_signature_scheme_t *scheme, const va_request_t *req,
                                 const va_signature_options_t *opt, const va_secret_t *secrets,
                                 size_t n, va_signature_result_t *out)
{
    va_signature_options_t o = complete(scheme, opt);
    va_signature_result_t result = {.signed_id = VA_STR_NULL};
    va_verdict_t verdict = VA_VERDICT_ABSENT;

    if (req->sums != NULL)
        va_scheme_sums_again(req->sums);
    if (present(scheme, req, &o))
        verdict = scheme->verify(req, &o, secrets, n, &result);
    *out =
        verdict == VA_VERDICT_OK ? result : (va_signature_result_t){.signed_id = VA_STR_NULL};

    return verdict;
}
