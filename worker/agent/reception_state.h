/*
 * What the receptionist remembers from one message of a customer to the next:
 * customers.dialog_state.
 */
#ifndef WK_AGENT_RECEPTION_STATE_H
#define WK_AGENT_RECEPTION_STATE_H

#include "worker/agent/booking.h"

#define WK_URGENT_ANSWERS 3 /* an emergency has as many questions */

/* What was asked of the customer last, and what came of it; customers.dialog_state. */
typedef enum {
    WK_EXPECT_NOTHING,
    WK_EXPECT_MESSAGE,
    WK_EXPECT_CALLBACK,
    WK_EXPECT_SLOT,   /* one of offer */
    WK_EXPECT_PROOF,  /* what is written on order */
    WK_EXPECT_NUMBER, /* at which he can be reached; with an offer: for the one time of it */
    WK_EXPECT_CANCEL, /* whether cancels are to be cancelled */
    WK_EXPECT_MOVE,   /* which appointment is to be moved, to moves_to */
} wk_expected_t;

typedef struct {
    wk_expected_t expected; /* an answer to that */
    int misses;             /* turns in a row without an answer */
    int urgent;             /* answers to the questions of an emergency that may still come */
    va_str_t hint;          /* language.h */
    wk_offer_t offer;       /* of times for an appointment */
    va_str_t cancels;       /* appointments.id of each, with a space between */
    va_str_t
        moves_to; /* YYYY-MM-DD, THH:MM, or one behind the other; absent: neither was clear */
    va_str_t service;  /* that was spoken of last, until it is booked; absent: none */
    va_str_t order;    /* orders.order_number */
    va_str_t booked;   /* appointments.id, of what was booked or moved last in this talk */
    int64_t booked_ms; /* when, Unix time; 0: by this very message */
    bool booked_old;   /* hours ago: a change of it is asked about */
    bool old;          /* it was asked hours ago: an answer is asked about once more */
    bool spoken;       /* in a call */
} wk_dialog_t;

/*
 * The state of the texts, or of one call (calls.id): what was asked in a call is no question
 * of another, nor of a text. What was asked by text stands for a day, as texts are answered in
 * the evening; in a call for two hours. What was booked is "it" for as long, whatever is
 * written since. now_ms: Unix time. Zero, but for the language's hint, when there is none.
 */
wk_dialog_t wk_dialog_read(const va_json_t *dialog_state, va_str_t call, int64_t now_ms);

/* The member that stands for it: {"receptionist": {…}}, or {"call": {…}}. */
va_str_t wk_dialog_write(wk_arena_t *a, const wk_dialog_t *dialog, va_str_t call,
                         int64_t now_ms);

#endif
