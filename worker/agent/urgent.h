/*
 * What an emergency in a text sets off, within the transaction that stores the text: the
 * customer becomes an urgent lead, people get a task, the dashboard an event, and the owner
 * a text, once for a customer and hour. The answer asks for nothing but the essential.
 */
#ifndef WK_AGENT_URGENT_H
#define WK_AGENT_URGENT_H

#include "worker/agent/call.h"
#include "worker/agent/emergency.h"
#include "worker/agent/receptionist.h"
#include "worker/context.h"

typedef struct {
    va_str_t customer;       /* absent: erased meanwhile */
    va_str_t who;            /* as people of the shop know the customer */
    va_str_t from, to, text; /* the customer's number, the shop's, the words */
    va_str_t key;            /* of the text: the same key is the same emergency */
    va_str_t paged_by; /* people are paged once an hour for it; absent: for the customer */
    va_str_t call;     /* calls.id of the call it was said in; absent: none */
} wk_urgent_t;

/* The answer: that people know, and the essential questions. */
bool wk_urgent_answer(wk_tx_t *tx, const wk_language_t *l, const wk_reception_facts_t *facts,
                      const wk_emergency_t *emergency, va_str_t *answer, wk_error_t *e);

bool wk_urgent_raise(wk_ctx_t *ctx, wk_tx_t *tx, const wk_catalogue_t *c,
                     const wk_reception_facts_t *facts, const wk_emergency_t *emergency,
                     const wk_urgent_t *urgent, wk_error_t *e);

/* Notes that the call is so urgent. *risen: it was less so before. */
bool wk_urgent_call(wk_tx_t *tx, va_str_t call, wk_emergency_level_t level, bool *risen,
                    wk_error_t *e);

/* What was said to an agent that others run. */
typedef struct {
    const wk_call_t *call;
    const va_str_t *texts; /* the caller's turns, masked */
    size_t n;
    bool partial; /* more of the last is to come */
} wk_heard_t;

/*
 * Judges the turns and raises the first emergency among them, once a call, whoever tells of it
 * and how often: in the transaction that stores them.
 */
bool wk_urgent_heard(wk_ctx_t *ctx, wk_tx_t *tx, const wk_catalogue_t *c,
                     const wk_heard_t *heard, wk_error_t *e);

#endif
