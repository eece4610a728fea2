/*
 * The embedded receptionist: answers what can be answered without a language model, in
 * text, from the words of the message catalogues and one look into the database. The same
 * message, facts and state give the same answer.
 *
 * What an answer promises (a message passed on, a call back) is its task, which the caller
 * stores in the transaction that stores the answer. What has to be done first (free times,
 * a booking) is a tool the caller runs, whose answer wk_receive_done() puts into words.
 */
#ifndef WK_AGENT_RECEPTIONIST_H
#define WK_AGENT_RECEPTIONIST_H

#include "worker/agent/language.h"
#include "worker/agent/reception_facts.h"
#include "worker/agent/reception_state.h"
#include "worker/agent/tools.h"

typedef struct {
    va_str_t text;                 /* the answer */
    const wk_language_t *language; /* it is in */
    bool requested;                /* the customer asked for that language */
    const wk_language_t *told_in;  /* what the message alone tells to be in; NULL: nothing */
    const char *intent;            /* "hours", "order", …; "none" */
    const va_json_t *services;     /* of the facts */
    wk_dialog_t dialog;            /* for the next message */
    const char *task;              /* "message" or "callback"; NULL: nothing was promised */

    const char *tool;    /* to be run before text is known; NULL: none */
    va_str_t tool_args;  /* JSON */
    va_str_t *more_args; /* of n_more further runs of it */
    size_t n_more;
    va_str_t before; /* to be said before what the tool answers; absent: nothing */
    va_str_t wanted; /* the day that times are looked for, YYYY-MM-DD; absent: no one day */
    wk_clock_time_t time; /* of that day, that was named */
    wk_half_t half;       /* of that day, that they are looked for in */
    va_str_t refused;     /* days that do not suit, YYYY-MM-DD each; absent: none */
    wk_offer_t beyond;    /* later or earlier times than these are looked for; count 0: not */
    const char *none;     /* text: there are none such, or not on the day wanted */
    va_str_t citations;   /* JSON list: the knowledge text is made from; absent: none */
    va_str_t used;        /* JSON list: the tools that answered for it; absent: none */
    bool certain;         /* a model would not do better: a keyword, or what was asked last */
    bool spoken;          /* the answer is listened to: set before wk_receive_done() */
} wk_reception_t;

/*
 * customer: its first name or absent. state: the language so far, with hint, offered
 * and threshold filled in from facts and dialog.
 */
wk_reception_t wk_receive(wk_arena_t *a, const wk_catalogue_t *c, const wk_reading_t *reading,
                          const wk_reception_facts_t *facts, const wk_dialog_t *dialog,
                          const wk_language_t *now, bool settled, va_str_t customer);

/* Completes r, whose tool was run, by what it answered; after each run. */
void wk_receive_done(wk_arena_t *a, const wk_tool_answer_t *answer, wk_reception_t *r);

#endif
