/*
 * What travels through somebody else's consent page and back: a state, signed by us, which
 * names shop and person and is good once and for ten minutes, and a secret that stays in the
 * browser that began (PKCE's verifier, RFC 7636), so that nobody's consent can be brought to
 * another one's shop.
 */
#ifndef WK_HANDLERS_OAUTH_STATE_H
#define WK_HANDLERS_OAUTH_STATE_H

#include "worker/context.h"

#define WK_COOKIE_OAUTH      "__Host-va-oauth"
#define WK_COOKIE_OAUTH_SENT "__host-va-oauth"
#define WK_OAUTH_LIFE_S      600

typedef struct {
    va_str_t organization, user;
    va_str_t verifier, challenge;
    va_str_t text; /* of the state */
} wk_oauth_state_t;

/* Makes verifier, challenge and text; organization and user are the caller's. */
bool wk_oauth_state_make(wk_ctx_t *ctx, wk_oauth_state_t *state, wk_error_t *e);

/*
 * Reads text and verifier back, and uses the state up. False: WK_FORBIDDEN, it is not ours, not
 * of this browser, too old, or was used.
 */
bool wk_oauth_state_take(wk_ctx_t *ctx, wk_oauth_state_t *state, wk_error_t *e);

#endif
