/*
 * LiveKit ("Webhooks", livekit-server-sdk's WebhookReceiver): a JSON Web Token in
 * Authorization, without "Bearer". It is signed with HS256 by the API secret, its issuer is
 * the API key (the secret's id here), and its claim sha256 is the Base64 of the body's
 * digest. The Base64 is strict: of several texts of one digest one counts.
 */
#include "core/jwt.h"
#include "core/signature/scheme.h"

struct attempt {
    const va_request_t *req;
    va_str_t token;
    int64_t leeway; /* seconds */
};

static va_verdict_t of_token(va_jwt_verdict_t v)
{
    switch (v) {
    case VA_JWT_OK:
        return VA_VERDICT_OK;
    case VA_JWT_EXPIRED:
    case VA_JWT_NOT_YET:
        return VA_VERDICT_STALE;
    case VA_JWT_SIGNATURE:
    case VA_JWT_ISSUER:
        return VA_VERDICT_MISMATCH;
    case VA_JWT_ERROR:
        return VA_VERDICT_ERROR;
    default:
        return VA_VERDICT_MALFORMED;
    }
}

static va_verdict_t check_claim(const struct attempt *a, const va_json_t *claims)
{
    uint8_t claimed[VA_SHA256_SIZE];
    uint8_t digest[VA_SHA256_SIZE];

    if (!va_scheme_mac(va_json_get_string(claims, "sha256"), claimed, sizeof(claimed)))
        return VA_VERDICT_MALFORMED;

    va_verdict_t verdict = va_scheme_body_sha256(a->req, digest);

    return verdict == VA_VERDICT_OK ? va_scheme_compare(claimed, digest, sizeof(claimed))
                                    : verdict;
}

static va_verdict_t try_key(const struct attempt *a, va_str_t issuer, const va_jwks_t *keys)
{
    const va_jwt_policy_t policy = {
        .algs = VA_JWT_ALG_BIT(VA_HS256), .issuer = issuer, .leeway = a->leeway};
    va_jwt_t jwt;
    va_verdict_t verdict = of_token(
        va_jwt_verify(a->req->mem, keys, &policy, a->token, a->req->now_ms / 1000, &jwt));

    return verdict == VA_VERDICT_OK ? check_claim(a, jwt.claims) : verdict;
}

/* A secret without an id names no issuer, and one too short for HS256 is no key. */
static va_verdict_t try_secret(void *ctx, const va_secret_t *secret)
{
    va_jwks_t *keys;
    va_status_t status;
    va_verdict_t verdict;

    if (secret->id.len == 0)
        return VA_VERDICT_MISMATCH;
    keys = va_jwks_new();
    if (keys == NULL)
        return VA_VERDICT_ERROR;

    status = va_jwks_add_secret(keys, VA_STR_NULL, secret->text);
    if (status == VA_OK)
        verdict = try_key(ctx, secret->id, keys);
    else
        verdict = status == VA_ELIMIT ? VA_VERDICT_MISMATCH : VA_VERDICT_ERROR;
    va_jwks_free(keys);

    return verdict;
}

static va_verdict_t verify(const va_request_t *req, const va_signature_options_t *opt,
                           const va_secret_t *secrets, size_t n, va_signature_result_t *out)
{
    struct attempt a = {.req = req,
                        .token = va_scheme_header(req, opt->header.data),
                        .leeway = opt->tolerance_ms / 1000};

    return va_scheme_secrets(secrets, n, VA_STR_NULL, try_secret, &a, out);
}

const va_signature_scheme_t va_scheme_livekit = {
    .name = "livekit",
    .header = "authorization",
    .needs_body = true,
    .tolerance_ms = 10 * 1000,
    .verify = verify,
};
