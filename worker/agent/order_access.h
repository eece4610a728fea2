/*
 * Which order may be told to whom: the one that carries the caller's attested number, or the
 * one he proves by its number together with the postcode or the e-mail written on it, five
 * tries a call, and five a number and day. Whoever asks, and however a model was talked into
 * asking.
 */
#ifndef WK_AGENT_ORDER_ACCESS_H
#define WK_AGENT_ORDER_ACCESS_H

#include "worker/agent/tool.h"

typedef struct {
    va_str_t number;          /* without '#'; absent: the caller's own orders */
    va_str_t postcode, email; /* what proves it; either may be absent */
    bool factor;              /* the phone alone is not enough: money, addresses */
} wk_order_question_t;

/* The number whose orders people of the shop ask for, E.164 if it is one; absent: none. */
va_str_t wk_order_phone(const wk_tool_call_t *call);

/*
 * Rows as store/orders.h tells them, of orders that may be told; or the call is refused with
 * the same sentence for an order that is somebody else's and one that is not there. Begins with
 * call->status 0; true with a refusal too.
 */
bool wk_order_access(wk_tx_t *tx, wk_tool_call_t *call, const wk_order_question_t *question,
                     wk_rows_t **rows, wk_error_t *e);

#endif
