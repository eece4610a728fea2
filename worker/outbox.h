/*
 * What a transaction wants the world to hear: rows of `outbox`, written with
 * the change itself and drained after the commit, so that neither an event
 * without its change nor a change without its event can be.
 */
#ifndef WK_OUTBOX_H
#define WK_OUTBOX_H

#include "worker/context.h"
#include "worker/queue.h"

/* A live event for the organization's streams; customer and call may be absent. data: JSON
 * object. */
bool wk_outbox_event(wk_tx_t *tx, const char *type, va_str_t customer, va_str_t call,
                     va_str_t data, wk_error_t *e);

/*
 * A job, pushed after the commit. body: JSON, the job's body. dedup: more than one such
 * push within a day is one job; absent: each is its own.
 */
bool wk_outbox_job(wk_tx_t *tx, wk_queue_t queue, const char *type, va_str_t lane,
                   va_str_t serial, va_str_t dedup, va_str_t body, wk_error_t *e);

/* The same in the organization's lane; its body is {member: id}. */
bool wk_outbox_job_of(wk_tx_t *tx, wk_queue_t queue, const char *type, const char *member,
                      va_str_t id, va_str_t serial, va_str_t dedup, wk_error_t *e);

/* The same in WK_DEFAULT; its body is {"call": call}. */
bool wk_outbox_call_job(wk_tx_t *tx, const char *type, va_str_t call, va_str_t serial,
                        va_str_t dedup, wk_error_t *e);

/*
 * Publishes up to n rows of one organization in order and deletes them; called by the
 * thread after its job, and by the scheduler for what crashes left. May run twice at
 * once, or again after a crash at any point: Redis takes each row once.
 */
bool wk_outbox_drain(wk_ctx_t *ctx, va_str_t organization, int n, int *done, wk_error_t *e);

#endif
