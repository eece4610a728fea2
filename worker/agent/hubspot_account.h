/* The shop's connection to HubSpot: one token, kept encrypted. */
#ifndef WK_AGENT_HUBSPOT_ACCOUNT_H
#define WK_AGENT_HUBSPOT_ACCOUNT_H

#include "worker/providers/hubspot.h"

#define WK_HUBSPOT_SERVICE "hubspot"

typedef struct {
    bool connected;
    wk_hubspot_t hubspot;
    va_str_t generation; /* of the connection's row */
} wk_hubspot_account_t;

/* A connection without a token of its own has the configured one. */
bool wk_hubspot_account(wk_ctx_t *ctx, wk_tx_t *tx, wk_hubspot_account_t *account,
                        wk_error_t *e);

/* HubSpot refuses the token: the connection is broken, and the shop has a task. */
bool wk_hubspot_account_broken(wk_ctx_t *ctx, va_str_t organization,
                               const wk_hubspot_account_t *account, wk_error_t *e);

/* Within the transaction: connected with that token from now on. portal: may be absent. */
bool wk_hubspot_account_connect(wk_ctx_t *ctx, wk_tx_t *tx, va_str_t token, va_str_t portal,
                                va_str_t user, wk_error_t *e);

#endif
