/*
 * Shopify, X-Shopify-Hmac-Sha256: Base64 of HMAC-SHA256 with the app's client
 * secret over the body. The headers are not signed. Webhooks of the "Events"
 * family carry the same headers without "X-"; where both signatures are present
 * that family counts, as in the official library.
 */
#include "core/signature/scheme.h"

struct attempt {
    const va_request_t *req;
    uint8_t mac[VA_SHA256_SIZE];
};

/* What a family's requests must carry; the first two are the signature and the shop. */
static const char *const classic[] = {
    "x-shopify-hmac-sha256", "x-shopify-shop-domain", "x-shopify-topic",
    "x-shopify-api-version", "x-shopify-webhook-id",  NULL,
};
static const char *const events[] = {
    "shopify-hmac-sha256",
    "shopify-shop-domain",
    "shopify-topic",
    "shopify-api-version",
    "shopify-webhook-id",
    "shopify-event-id",
    NULL,
};

static va_verdict_t try_secret(void *ctx, const va_secret_t *secret)
{
    const struct attempt *a = ctx;
    uint8_t mac[VA_DIGEST_MAX];
    va_verdict_t verdict =
        va_scheme_body_mac(a->req, secret->hmac[VA_SHA256], NULL, 0, VA_STR_NULL, mac);

    return verdict == VA_VERDICT_OK ? va_scheme_compare(mac, a->mac, sizeof(a->mac)) : verdict;
}

static bool all_present(const va_request_t *req, const char *const *names)
{
    for (; *names != NULL; names++) {
        if (va_scheme_header(req, *names).data == NULL)
            return false;
    }

    return true;
}

static bool empty_body(const va_request_t *req)
{
    return req->body == NULL || req->body->length == 0;
}

static va_verdict_t verify(const va_request_t *req, const va_signature_options_t *opt,
                           const va_secret_t *secrets, size_t n, va_signature_result_t *out)
{
    struct attempt a = {.req = req};
    const char *const *names = va_scheme_header(req, events[0]).data != NULL ? events : classic;

    (void)opt;

    if (!all_present(req, names) || (!va_scheme_asks(req) && empty_body(req)) ||
        !va_scheme_mac(va_scheme_header(req, names[0]), a.mac, sizeof(a.mac)))
        return VA_VERDICT_MALFORMED;

    return va_scheme_secrets(secrets, n, va_scheme_header(req, names[1]), try_secret, &a, out);
}

const va_signature_scheme_t va_scheme_shopify = {
    .name = "shopify",
    .header = "x-shopify-hmac-sha256",
    .other_header = "shopify-hmac-sha256",
    .needs_body = true,
    .verify = verify,
};
