/*
 * HMAC of the body in a header of the operator's choice, in Base64 or hexadecimal,
 * with or without the digest's name before it ("sha256=…"): what senders without
 * a scheme of their own do.
 */
#include "core/base64.h"
#include "core/signature/scheme.h"

struct attempt {
    const va_request_t *req;
    va_digest_t digest;
    va_str_t given;
};

static va_str_t without_prefix(va_str_t text, va_digest_t digest)
{
    static const char *const prefixes[VA_DIGESTS] = {
        [VA_SHA1] = "sha1=",
        [VA_SHA256] = "sha256=",
        [VA_SHA384] = "sha384=",
        [VA_SHA512] = "sha512=",
    };
    va_str_t prefix = va_str_c(prefixes[digest]);

    if (text.len < prefix.len || memcmp(text.data, prefix.data, prefix.len) != 0)
        return text;

    return va_str(text.data + prefix.len, text.len - prefix.len);
}

static va_verdict_t try_secret(void *ctx, const va_secret_t *secret)
{
    const struct attempt *a = ctx;
    size_t size = va_digest_size(a->digest);
    uint8_t mac[VA_DIGEST_MAX];
    char text[2 * VA_DIGEST_MAX];
    va_verdict_t verdict =
        va_scheme_body_mac(a->req, secret->hmac[a->digest], NULL, 0, VA_STR_NULL, mac);

    if (verdict != VA_VERDICT_OK)
        return verdict;

    if (a->given.len == 2 * size)
        va_hex_encode(text, mac, size);
    else
        va_base64_encode(text, mac, size);

    return va_scheme_compare(text, a->given.data, a->given.len);
}

static va_verdict_t verify(const va_request_t *req, const va_signature_options_t *opt,
                           const va_secret_t *secrets, size_t n, va_signature_result_t *out)
{
    struct attempt a = {.req = req, .digest = opt->digest};
    size_t size = va_digest_size(opt->digest);

    a.given = without_prefix(va_scheme_header(req, opt->header.data), opt->digest);
    if (a.given.len != 2 * size && a.given.len != VA_BASE64_LEN(size))
        return VA_VERDICT_MALFORMED;

    return va_scheme_secrets(secrets, n, VA_STR_NULL, try_secret, &a, out);
}

const va_signature_scheme_t va_scheme_hmac = {
    .name = "hmac",
    .header = "x-signature",
    .needs_body = true,
    .verify = verify,
};
