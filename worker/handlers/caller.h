/*
 * Who asks: the verified claims of a token, held against the database in the transaction
 * that answers, so that a person or a shop made inactive is refused at once, whatever the
 * token still says.
 */
#ifndef WK_HANDLERS_CALLER_H
#define WK_HANDLERS_CALLER_H

#include "worker/context.h"

/* Each a bit, so that a place can name those it lets in. */
typedef enum {
    WK_SERVICE_TECH = 1,
    WK_STAFF = 2,
    WK_MANAGER = 4,
    WK_ADMIN = 8,
    WK_SUPER_ADMIN = 16,
} wk_role_t;

#define WK_FROM_ADMIN   (WK_ADMIN | WK_SUPER_ADMIN)
#define WK_FROM_MANAGER (WK_MANAGER | WK_FROM_ADMIN)
#define WK_FROM_STAFF   (WK_STAFF | WK_FROM_MANAGER)
#define WK_ANY_ROLE     (WK_SERVICE_TECH | WK_FROM_STAFF)

/* False for a word that is no role. Of two roles the greater may do all the other may. */
bool wk_role_parse(va_str_t word, wk_role_t *role);

typedef struct {
    va_str_t user_id;      /* as the token names it, or users.id where there is such a row */
    va_str_t organization; /* whose data is asked for */
    wk_role_t role;
} wk_caller_t;

typedef bool (*wk_caller_fn)(wk_tx_t *tx, const wk_caller_t *caller, void *arg, wk_error_t *e);

/*
 * Runs fn in a transaction of the caller's organization, or refuses: nobody's token 401,
 * no or an inactive organization, an inactive user, or a role that is not one of roles 403.
 * A row of users decides activity, and of its role and the token's the lesser counts (an
 * identity provider's word that is no role of ours says nothing). A token of a user nobody has
 * a row of counts by its own claims; of another shop's user it is refused.
 *
 * A super_admin may name another organization in X-VA-Organization: the transaction is that
 * organization's then, and begins with a row of its audit log. 404 when there is none.
 */
bool wk_caller_tx(wk_ctx_t *ctx, unsigned roles, wk_caller_fn fn, void *arg, wk_error_t *e);

/* The same refusals with nothing to do after them. */
bool wk_caller_check(wk_ctx_t *ctx, unsigned roles, wk_error_t *e);

#endif
