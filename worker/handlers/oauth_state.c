#include "worker/handlers/oauth_state.h"

#include "core/base64.h"
#include "core/hmac.h"
#include "core/jwt.h"
#include "worker/clock.h"
#include "worker/handlers/token.h"

#define AUDIENCE "oauth"

static bool challenge_of(wk_ctx_t *ctx, va_str_t verifier, va_str_t *challenge, wk_error_t *e)
{
    uint8_t digest[32];
    char *text = wk_alloc(ctx->arena, VA_BASE64_LEN(sizeof(digest)));
    if (va_sha256(verifier, digest) != VA_OK) {
        return wk_error(e, WK_INTERNAL, "a challenge cannot be made");
    }
    *challenge = va_str(text, va_base64url_encode(text, digest, sizeof(digest)));
    return true;
}

/* ---------------------------------------------------------------- made */

static bool put_claims(wk_ctx_t *ctx, const wk_oauth_state_t *state, va_buf_t *claims,
                       wk_error_t *e)
{
    va_str_t id;
    if (!wk_token_random(ctx, &id, e)) {
        return false;
    }
    va_json_writer_t *w = va_json_writer_new(claims);
    va_json_object(w);
    va_json_add_c(w, "aud", AUDIENCE);
    va_json_add_str(w, "organization", state->organization);
    va_json_add_str(w, "user", state->user);
    va_json_add_str(w, "challenge", state->challenge);
    va_json_add_int(w, "exp", wk_now_ms() / 1000 + WK_OAUTH_LIFE_S);
    va_json_add_str(w, "jti", id);
    va_json_object_end(w);
    return va_json_writer_end(w) == VA_OK || wk_error(e, WK_INTERNAL, "claims of a state");
}

bool wk_oauth_state_make(wk_ctx_t *ctx, wk_oauth_state_t *state, wk_error_t *e)
{
    va_buf_t claims, text;
    va_buf_init(&claims, wk_mem(ctx->arena), 256);
    va_buf_init(&text, wk_mem(ctx->arena), 512);
    if (!wk_token_random(ctx, &state->verifier, e) ||
        !challenge_of(ctx, state->verifier, &state->challenge, e) ||
        !put_claims(ctx, state, &claims, e)) {
        return false;
    }
    if (va_jwt_sign(&text, VA_STR_NULL, va_str_c(ctx->config->internal_secret),
                    va_buf_str(&claims)) != VA_OK) {
        return wk_error(e, WK_INTERNAL, "VA_INTERNAL_SECRET cannot sign");
    }
    state->text = va_buf_str(&text);
    return true;
}

/* ---------------------------------------------------------------- taken */

static bool verify(wk_ctx_t *ctx, va_str_t text, va_jwt_t *jwt, wk_error_t *e)
{
    va_jwt_policy_t policy = {.algs = VA_JWT_ALG_BIT(VA_HS256), .audience = VA_STR(AUDIENCE)};
    va_jwks_t *keys = va_jwks_new();
    bool ok = keys != NULL &&
              va_jwks_add_secret(keys, VA_STR_NULL, va_str_c(ctx->config->internal_secret)) ==
                  VA_OK &&
              va_jwt_verify(wk_mem(ctx->arena), keys, &policy, text, wk_now_ms() / 1000, jwt) ==
                  VA_JWT_OK;
    va_jwks_free(keys);
    return ok || wk_error(e, WK_FORBIDDEN, "the state is not ours, or too old");
}

/* By this job for the first time, or again by the same job, whose worker died. */
static bool use_up(wk_ctx_t *ctx, va_str_t id, wk_error_t *e)
{
    va_str_t key = wk_printf(ctx->arena, "va:oauth:%.*s", (int)id.len, id.data);
    va_str_t life = wk_printf(ctx->arena, "%d", WK_OAUTH_LIFE_S);
    va_str_t set[] = {VA_STR("SET"), key, ctx->job->id, VA_STR("NX"), VA_STR("EX"), life};
    va_str_t get[] = {VA_STR("GET"), key};
    redisReply *reply = wk_redis_command(ctx->redis, 0, set, 6, e);
    if (reply == NULL) {
        return false;
    }
    bool first = wk_redis_str(reply).data != NULL;
    freeReplyObject(reply);
    if (first) {
        return true;
    }
    reply = wk_redis_command(ctx->redis, 0, get, 2, e);
    if (reply == NULL) {
        return false;
    }
    bool own = va_str_eq(wk_redis_str(reply), ctx->job->id);
    freeReplyObject(reply);
    return own || wk_error(e, WK_FORBIDDEN, "the state was used");
}

bool wk_oauth_state_take(wk_ctx_t *ctx, wk_oauth_state_t *state, wk_error_t *e)
{
    va_jwt_t jwt;
    if (!verify(ctx, state->text, &jwt, e) ||
        !challenge_of(ctx, state->verifier, &state->challenge, e)) {
        return false;
    }
    if (state->verifier.len == 0 ||
        !va_equal_ct(va_json_get_string(jwt.claims, "challenge"), state->challenge)) {
        return wk_error(e, WK_FORBIDDEN, "the state is another browser's");
    }
    if (!use_up(ctx, va_json_get_string(jwt.claims, "jti"), e)) {
        return false;
    }
    state->organization = va_json_get_string(jwt.claims, "organization");
    state->user = va_json_get_string(jwt.claims, "user");
    return true;
}
