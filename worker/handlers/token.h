/*
 * What a login leaves with its caller: an access token (JWT, minutes) and a refresh token
 * (32 bytes nobody can guess, used once), each in the body and as a cookie.
 */
#ifndef WK_HANDLERS_TOKEN_H
#define WK_HANDLERS_TOKEN_H

#include "worker/context.h"

#define WK_COOKIE_ACCESS  "__Host-va"
#define WK_COOKIE_REFRESH "__Host-va-refresh"

/* As wk_request_cookie() finds it: the headers of a job have names in lower case. */
#define WK_COOKIE_REFRESH_SENT "__host-va-refresh"

/* HS256 with JWT_SECRET; claims sub userId organizationId role iat exp jti. */
bool wk_token_access(wk_ctx_t *ctx, va_str_t user, va_str_t organization, va_str_t role,
                     va_str_t *token, wk_error_t *e);

/* 32 random bytes as base64url: refresh tokens of a login, tickets. */
bool wk_token_random(wk_ctx_t *ctx, va_str_t *token, wk_error_t *e);

/*
 * The refresh token that takes the place of another. Made of the old one, the job and a
 * key of ours, not of chance: a job that runs again after its worker died finds its own
 * successor, instead of a token that was used by somebody else.
 */
bool wk_token_next(wk_ctx_t *ctx, va_str_t previous, va_str_t *token, wk_error_t *e);

/*
 * The id of the chat session that a first message begins: the same message, asked again, has
 * the same.
 */
bool wk_token_chat(wk_ctx_t *ctx, va_str_t organization, va_str_t message, va_str_t *token,
                   wk_error_t *e);

/* A key of the shop's chat, made by the job at hand. */
bool wk_token_widget_key(wk_ctx_t *ctx, va_str_t organization, va_str_t *token, wk_error_t *e);

/* What the database keeps: SHA-256, hex. */
bool wk_token_digest(wk_ctx_t *ctx, va_str_t token, va_str_t *hex, wk_error_t *e);

/* Sets the cookie; an empty value with max_age 0 takes it away (RFC 6265bis, 4.1.3.2). */
void wk_token_cookie(wk_ctx_t *ctx, va_reply_t *reply, const char *name, va_str_t value,
                     int max_age_s);

#endif
