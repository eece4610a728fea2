/*
 * A person's data is deleted: here in one transaction, then in Redis, then the services that
 * have some of it are asked, each for what it has; last it is looked whether anything has come
 * meanwhile. The request's rows say how far it has come, so that any run goes on where one
 * died.
 */
#ifndef WK_AGENT_ERASURE_H
#define WK_AGENT_ERASURE_H

#include "worker/handler.h"

#define WK_ERASURE_ATTEMPTS                                                                    \
    1000 /* of its job: a live call, or a service that is away, takes long */

/* Whom it is about; at least one of phone and customer. id is set: of the open one, if there is
 * one. */
typedef struct {
    va_str_t phone, customer;
    const char *reason;
    va_str_t user; /* who asks; absent: nobody of the shop */
    va_str_t id;
} wk_erasure_request_t;

/*
 * In the transaction: the request, and its job. The customer of the number is meant too, and
 * the number of the customer.
 */
bool wk_erasure_request(wk_ctx_t *ctx, wk_tx_t *tx, wk_erasure_request_t *request,
                        wk_error_t *e);

/* Its job, with the transaction. day: absent, or by it another job a day is made. */
bool wk_erasure_later(wk_tx_t *tx, va_str_t id, va_str_t day, wk_error_t *e);

/* *erased: the call with that SID or conversation, either absent, went with its person, and
 * what is told of it late must not be kept. */
bool wk_erasure_of_call(wk_tx_t *tx, va_str_t sid, va_str_t conversation, bool *erased,
                        wk_error_t *e);

wk_outcome_t wk_erasure_run(wk_ctx_t *ctx, va_str_t organization, va_str_t id, wk_error_t *e);

#endif
