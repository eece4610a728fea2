/*
 * What a message wants of the receptionist.
 */
#ifndef WK_AGENT_RECEPTION_INTENT_H
#define WK_AGENT_RECEPTION_INTENT_H

#include "worker/agent/reception_days.h"

/*
 * In the order in which they win when a message has words of several: a person above almost
 * all, courtesies last.
 */
typedef enum {
    WK_INTENT_WRONG_NUMBER,
    WK_INTENT_WHO, /* writes: a person, or a program */
    WK_INTENT_HUMAN,
    WK_INTENT_MESSAGE,
    WK_INTENT_CANCEL,
    WK_INTENT_RESCHEDULE,
    WK_INTENT_COMPLAINT,
    WK_INTENT_APPOINTMENT, /* when the one is that he has */
    WK_INTENT_READY,       /* whether what was brought can be had back */
    WK_INTENT_POLICY,
    WK_INTENT_PROMOTION,
    WK_INTENT_PRICE, /* of a service, or of whatever else nothing tells */
    WK_INTENT_DURATION,
    WK_INTENT_ORDER,
    WK_INTENT_WALK_IN, /* whether to come without an appointment */
    WK_INTENT_BOOK,
    WK_INTENT_HOLIDAYS,
    WK_INTENT_HOURS,
    WK_INTENT_PHONE, /* the shop's number */
    WK_INTENT_LOCATION,
    WK_INTENT_THANKS,
    WK_INTENT_GREETING,
    WK_INTENT_NONE,
} wk_intent_t;

wk_intent_t wk_intent_of(const wk_reception_turn_t *t);

/*
 * It is named by its words: a bare day, whose hours wk_intent_of() takes to be asked for, names
 * none. intent: not WK_INTENT_NONE.
 */
bool wk_intent_named(const wk_reception_turn_t *t, wk_intent_t intent);

/* "hours", "order", …; "none" */
const char *wk_intent_name(wk_intent_t intent);

#endif
