/*
 * HubSpot version 3, X-HubSpot-Signature-v3: Base64 of HMAC-SHA256 with the app's
 * client secret over method, URI, body and X-HubSpot-Request-Timestamp
 * ("Validating requests"). The older versions carry no time and are not taken.
 */
#include "core/signature/scheme.h"

struct attempt {
    const va_request_t *req;
    uint8_t mac[VA_SHA256_SIZE];
    va_str_t time;
    va_str_t target; /* decoded as it is signed */
};

/* HubSpot's table: these escapes, in capitals, are decoded and all others stay. */
static char decoded_escape(const char *escape)
{
    static const char table[][4] = {
        {'3', 'A', ':'}, {'2', 'F', '/'}, {'3', 'F', '?'},  {'4', '0', '@'},
        {'2', '1', '!'}, {'2', '4', '$'}, {'2', '7', '\''}, {'2', '8', '('},
        {'2', '9', ')'}, {'2', 'A', '*'}, {'2', 'C', ','},  {'3', 'B', ';'},
    };

    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
        if (escape[1] == table[i][0] && escape[2] == table[i][1])
            return table[i][2];
    }

    return '\0';
}

static bool decode_target(const va_request_t *req, va_str_t *out)
{
    va_str_t in = req->target;
    char *text = va_alloc(req->mem, in.len + 1);
    size_t n = 0;

    if (text == NULL)
        return false;

    for (size_t i = 0; i < in.len; i++) {
        char c = in.data[i];
        char plain = c == '%' && in.len - i >= 3 ? decoded_escape(in.data + i) : '\0';

        text[n++] = plain != '\0' ? plain : c;
        i += plain != '\0' ? 2 : 0;
    }

    *out = va_str(text, n);
    return true;
}

static va_verdict_t try_secret(void *ctx, const va_secret_t *secret)
{
    const struct attempt *a = ctx;
    va_verdict_t verdict = VA_VERDICT_MISMATCH;

    for (size_t i = 0; i < a->req->n_origins && verdict == VA_VERDICT_MISMATCH; i++) {
        const va_str_t before[] = {a->req->method, a->req->origins[i], a->target};
        uint8_t mac[VA_DIGEST_MAX];

        verdict = va_scheme_body_mac(a->req, secret->hmac[VA_SHA256], before, 3, a->time, mac);
        if (verdict == VA_VERDICT_OK)
            verdict = va_scheme_compare(mac, a->mac, sizeof(a->mac));
    }

    return verdict;
}

static va_verdict_t verify(const va_request_t *req, const va_signature_options_t *opt,
                           const va_secret_t *secrets, size_t n, va_signature_result_t *out)
{
    struct attempt a = {.req = req};
    int64_t signed_ms;

    a.time = va_scheme_header(req, "x-hubspot-request-timestamp");
    if (!va_scheme_timestamp(a.time, &signed_ms) ||
        !va_scheme_mac(va_scheme_header(req, opt->header.data), a.mac, sizeof(a.mac)))
        return VA_VERDICT_MALFORMED;

    va_verdict_t verdict = va_scheme_fresh(signed_ms, req->now_ms, opt->tolerance_ms);

    if (verdict != VA_VERDICT_OK)
        return verdict;
    if (!decode_target(req, &a.target))
        return VA_VERDICT_ERROR;

    return va_scheme_secrets(secrets, n, VA_STR_NULL, try_secret, &a, out);
}

const va_signature_scheme_t va_scheme_hubspot = {
    .name = "hubspot",
    .header = "x-hubspot-signature-v3",
    .needs_origin = true,
    .needs_body = true,
    .tolerance_ms = 300 * 1000,
    .verify = verify,
};
