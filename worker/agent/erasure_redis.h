/* What Redis holds of a person: live events, states of his calls, jobs. */
#ifndef WK_AGENT_ERASURE_REDIS_H
#define WK_AGENT_ERASURE_REDIS_H

#include "worker/context.h"

typedef struct {
    va_str_t organization;
    const va_json_t *words; /* lists of texts: he is found by one of these, */
    const va_json_t *ours;  /* in what is of the shop by one of these */
    const va_str_t *calls;  /* CallSids */
    size_t n_calls;
} wk_erasure_traces_t;

typedef struct {
    int64_t events, calls, jobs; /* deleted */
    bool waiting;                /* jobs about him are still to be done */
} wk_erasure_deleted_t;

/* May be run again. */
bool wk_erasure_redis(wk_ctx_t *ctx, const wk_erasure_traces_t *t, wk_erasure_deleted_t *out,
                      wk_error_t *e);

#endif
