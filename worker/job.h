/* Doing one job: from its document to how it ends. */
#ifndef WK_JOB_H
#define WK_JOB_H

#include "worker/context.h"
#include "worker/handler.h"
#include "worker/queue.h"

/* A job taken, read, and its handler found. */
typedef struct {
    va_job_t job;
    const wk_handler_t *handler; /* NULL: this worker cannot do the job, end says so */
    wk_end_t end;
    bool store_away;     /* it could not be done because our own Redis or Postgres is away */
    const char *outcome; /* for the metrics: "done", "retried", … */
} wk_work_t;

/* Texts live in a. Never fails: what cannot be read is to be buried. */
void wk_work_read(wk_work_t *w, wk_arena_t *a, const wk_lease_t *lease);

/* When the job's query is to be stopped: the deadline of a read, 0 for an effect. */
int64_t wk_work_deadline_ms(const wk_work_t *w);

/* Runs the handler, unless the end is known already, and sets the end. */
void wk_work_run(wk_work_t *w, wk_ctx_t *ctx, const wk_lease_t *lease);

#endif
