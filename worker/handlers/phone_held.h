/*
 * A person who was rung for a call that he took over is on the line no more: he put the
 * receiver down, his line broke, or he never took it. The caller must not be left in silence,
 * so that is the end of the takeover, as if he had given the call back.
 */
#ifndef WK_HANDLERS_PHONE_HELD_H
#define WK_HANDLERS_PHONE_HELD_H

#include "worker/handlers/phone.h"

typedef struct {
    va_str_t takeover; /* absent: the turn at hand is of no such person */
    va_str_t twiml;    /* what he wrote last, and the way to whoever has the call now */
    bool news;         /* no earlier run has come so far */
} wk_phone_left_t;

/*
 * By the turn at hand, behind a <Dial>; loaded. Its row says "leaving" until
 * wk_phone_held_give_back(). Holds the thread's lock until the commit.
 */
bool wk_phone_held_left(wk_tx_t *tx, wk_phone_t *v, wk_phone_left_t *left, wk_error_t *e);

/* After the commit: the agent has the call, and everybody is told. Twice is once. */
bool wk_phone_held_give_back(wk_phone_t *v, const wk_phone_left_t *left, wk_error_t *e);

#endif
