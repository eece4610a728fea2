/* Which call a path names: by our id, by the carrier's CallSid, or by a conversation's id. */
#ifndef WK_HANDLERS_CALL_NAMED_H
#define WK_HANDLERS_CALL_NAMED_H

#include "worker/db.h"

/*
 * Gives its id, of the transaction's organization; an id of ours is given back as
 * it is, and whether there is such a call is for its query to say. 404 for any other name,
 * which tells nothing of other shops.
 */
bool wk_call_named(wk_tx_t *tx, va_str_t name, va_str_t *id, wk_error_t *e);

#endif
