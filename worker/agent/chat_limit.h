/*
 * What the visitors of chats may cause in a day. Nobody vouches for who they are, yet a booking
 * takes a time from others, and whatever number is typed is sent texts.
 *
 * What is done is counted in the transaction that does it: whoever dies, neither is there
 * without the other.
 */
#ifndef WK_AGENT_CHAT_LIMIT_H
#define WK_AGENT_CHAT_LIMIT_H

#include "worker/context.h"

/*
 * A time that is booked or held. source: where it is written from; number: whom it is
 * confirmed to, may be absent. *left false: the day's are used up, and nothing was counted.
 */
bool wk_chat_limit_booking(const wk_ctx_t *ctx, wk_tx_t *tx, va_str_t source, va_str_t number,
                           bool *left, wk_error_t *e);

/* A number that is told; the same from the same place is one. */
bool wk_chat_limit_number(const wk_ctx_t *ctx, wk_tx_t *tx, va_str_t source, va_str_t number,
                          bool *left, wk_error_t *e);

#endif
