#include "worker/handlers/token.h"

#include <openssl/rand.h>

#include "core/base64.h"
#include "core/hmac.h"
#include "core/jwt.h"
#include "worker/clock.h"
#include "worker/handlers/reply.h"

#define TOKEN_BYTES 32
#define JTI_BYTES   16

static va_str_t base64url(wk_ctx_t *ctx, const uint8_t *bytes, size_t n)
{
    char *text = wk_alloc(ctx->arena, VA_BASE64_LEN(n));
    return va_str(text, va_base64url_encode(text, bytes, n));
}

static va_str_t hex(wk_ctx_t *ctx, const uint8_t *bytes, size_t n)
{
    char *text = wk_alloc(ctx->arena, 2 * n);
    va_hex_encode(text, bytes, n);
    return va_str(text, 2 * n);
}

static bool random_bytes(uint8_t *bytes, int n, wk_error_t *e)
{
    return RAND_bytes(bytes, n) == 1 || wk_error(e, WK_INTERNAL, "no random bytes");
}

bool wk_token_random(wk_ctx_t *ctx, va_str_t *token, wk_error_t *e)
{
    uint8_t bytes[TOKEN_BYTES];
    if (!random_bytes(bytes, sizeof(bytes), e)) {
        return false;
    }
    *token = base64url(ctx, bytes, sizeof(bytes));
    return true;
}

/* Always the same of the same parts, and nobody's guess without a key of ours. */
static bool derive(wk_ctx_t *ctx, const va_str_t parts[4], va_str_t *token, wk_error_t *e)
{
    uint8_t mac[VA_DIGEST_MAX];
    size_t len;
    va_str_t secret = va_str_c(ctx->config->internal_secret);

    if (secret.len == 0) {
        return wk_error(e, WK_INTERNAL, "VA_INTERNAL_SECRET is not set");
    }
    va_hmac_key_t *key = va_hmac_key_new(VA_SHA256, secret);
    bool ok = key != NULL && va_hmac(key, parts, 4, mac, &len) == VA_OK;
    va_hmac_key_free(key);
    if (!ok) {
        return wk_error(e, WK_INTERNAL, "a token cannot be made");
    }
    *token = base64url(ctx, mac, len);
    return true;
}

bool wk_token_next(wk_ctx_t *ctx, va_str_t previous, va_str_t *token, wk_error_t *e)
{
    const va_str_t parts[] = {VA_STR("refresh token\n"), ctx->job->id, VA_STR("\n"), previous};
    return derive(ctx, parts, token, e);
}

bool wk_token_chat(wk_ctx_t *ctx, va_str_t organization, va_str_t message, va_str_t *token,
                   wk_error_t *e)
{
    const va_str_t parts[] = {VA_STR("chat session\n"), organization, VA_STR("\n"), message};
    return derive(ctx, parts, token, e);
}

bool wk_token_widget_key(wk_ctx_t *ctx, va_str_t organization, va_str_t *token, wk_error_t *e)
{
    const va_str_t parts[] = {VA_STR("widget key\n"), organization, VA_STR("\n"), ctx->job->id};
    return derive(ctx, parts, token, e);
}

bool wk_token_digest(wk_ctx_t *ctx, va_str_t token, va_str_t *digest, wk_error_t *e)
{
    uint8_t bytes[32];
    if (va_sha256(token, bytes) != VA_OK) {
        return wk_error(e, WK_INTERNAL, "a token's digest cannot be made");
    }
    *digest = hex(ctx, bytes, sizeof(bytes));
    return true;
}

static bool put_claims(wk_ctx_t *ctx, va_str_t user, va_str_t organization, va_str_t role,
                       va_buf_t *claims, wk_error_t *e)
{
    uint8_t id[JTI_BYTES];
    int64_t now = wk_now_ms() / 1000;

    if (!random_bytes(id, sizeof(id), e)) {
        return false;
    }
    va_json_writer_t *w = va_json_writer_new(claims);
    va_json_object(w);
    va_json_add_str(w, "sub", user);
    va_json_add_str(w, "userId", user);
    va_json_add_str(w, "organizationId", organization);
    va_json_add_str(w, "role", role);
    va_json_add_int(w, "iat", now);
    va_json_add_int(w, "exp", now + ctx->config->access_token_s);
    va_json_add_str(w, "jti", hex(ctx, id, sizeof(id)));
    va_json_object_end(w);
    return va_json_writer_end(w) == VA_OK || wk_error(e, WK_INTERNAL, "claims of a token");
}

bool wk_token_access(wk_ctx_t *ctx, va_str_t user, va_str_t organization, va_str_t role,
                     va_str_t *token, wk_error_t *e)
{
    va_buf_t claims, text;
    va_buf_init(&claims, wk_mem(ctx->arena), 256);
    va_buf_init(&text, wk_mem(ctx->arena), 512);
    if (!put_claims(ctx, user, organization, role, &claims, e)) {
        return false;
    }
    if (va_jwt_sign(&text, VA_STR_NULL, va_str_c(ctx->config->jwt_secret),
                    va_buf_str(&claims)) != VA_OK) {
        return wk_error(e, WK_INTERNAL, "JWT_SECRET cannot sign");
    }
    *token = va_buf_str(&text);
    return true;
}

void wk_token_cookie(wk_ctx_t *ctx, va_reply_t *reply, const char *name, va_str_t value,
                     int max_age_s)
{
    va_str_t cookie =
        wk_printf(ctx->arena, "%s=%.*s; Path=/; Max-Age=%d; Secure; HttpOnly; SameSite=Strict",
                  name, (int)value.len, value.data != NULL ? value.data : "", max_age_s);
    wk_reply_header(ctx, reply, "set-cookie", cookie);
}
