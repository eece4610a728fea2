/* The shop's connection to Google: its tokens, kept encrypted and fresh. */
#ifndef WK_AGENT_GOOGLE_ACCOUNT_H
#define WK_AGENT_GOOGLE_ACCOUNT_H

#include "worker/providers/google.h"

#define WK_GOOGLE_SERVICE "google_calendar"

typedef struct {
    va_str_t organization;
    bool connected; /* else nothing may be asked, and nothing of the rest is set */
    wk_google_t google;
    va_str_t refresh_token;
    va_str_t generation; /* of the connection's row */
} wk_google_account_t;

/*
 * With an access token that is good for a while; refreshed when it was not. A consent that has
 * ended makes the connection broken, with a task for the shop, and *account not connected.
 * timeout_ms: of each request, 0 for the usual one.
 */
bool wk_google_account(wk_ctx_t *ctx, va_str_t organization, int timeout_ms,
                       wk_google_account_t *account, wk_error_t *e);

/* As it stands, whatever its status; no token is refreshed. For giving it back. */
bool wk_google_account_read(wk_ctx_t *ctx, va_str_t organization, wk_google_account_t *account,
                            wk_error_t *e);

/*
 * To be called with the error of a request: a token that Google refused before its time is
 * refreshed at the next attempt, which WK_UNAVAILABLE asks for.
 */
void wk_google_account_failed(wk_ctx_t *ctx, const wk_google_account_t *account, wk_error_t *e);

/* Seals the tokens of a consent and connects the shop, within the transaction. */
bool wk_google_account_connect(wk_ctx_t *ctx, wk_tx_t *tx, const wk_google_tokens_t *tokens,
                               va_str_t user, wk_error_t *e);

#endif
