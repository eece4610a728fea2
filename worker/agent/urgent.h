/*
 * What an emergency in a text sets off, within the transaction that stores the text: the
 * customer becomes an urgent lead, people get a task, the dashboard an event, and the owner
 * a text, once for a customer and hour. The answer asks for nothing but the essential.
 */
#ifndef WK_AGENT_URGENT_H
#define WK_AGENT_URGENT_H

#include "worker/agent/emergency.h"
#include "worker/agent/receptionist.h"
#include "worker/context.h"

typedef struct {
    va_str_t customer;       /* absent: erased meanwhile */
    va_str_t who;            /* as people of the shop know the customer */
    va_str_t from, to, text; /* the customer's number, the shop's, the words */
    va_str_t key;            /* of the text: the same key is the same emergency */
    va_str_t paged_by;       /* people are paged once an hour for it; absent: for the customer */
} wk_urgent_t;

/* The answer: that people know, and the essential questions. */
bool wk_urgent_answer(wk_tx_t *tx, const wk_language_t *l, const wk_reception_facts_t *facts,
                      const wk_emergency_t *emergency, va_str_t *answer, wk_error_t *e);

bool wk_urgent_raise(wk_ctx_t *ctx, wk_tx_t *tx, const wk_catalogue_t *c,
                     const wk_reception_facts_t *facts, const wk_emergency_t *emergency,
                     const wk_urgent_t *urgent, wk_error_t *e);

#endif
