/*
 * Live events as dashboards read them: every one carries type, organizationId, leadId and
 * timestamp, and the members of its type. They leave through the outbox of the transaction that
 * makes them true.
 */
#ifndef WK_AGENT_EVENT_H
#define WK_AGENT_EVENT_H

#include "core/json.h"
#include "worker/outbox.h"

typedef struct {
    wk_tx_t *tx;
    const char *type;
    va_str_t customer, call; /* either may be absent */
    va_buf_t text;
    va_json_writer_t *json; /* for the members of its type */
} wk_event_t;

/* Its members follow through ev->json. */
void wk_event_begin(wk_event_t *ev, wk_tx_t *tx, const char *type, va_str_t customer,
                    va_str_t call);

/* How sure whoever heard it is, 0 to 1, as digits; absent: nobody said. */
void wk_event_confidence(wk_event_t *ev, va_str_t confidence);

/* A talk goes on in another language. */
bool wk_event_language_switched(wk_tx_t *tx, va_str_t customer, va_str_t call, va_str_t from,
                                va_str_t to, const char *reason, wk_error_t *e);

/* Must be called once after wk_event_begin(). */
bool wk_event_end(wk_event_t *ev, wk_error_t *e);

#endif
