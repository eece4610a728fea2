/* Looking through the jobs of a queue, whatever state they are in: slow, and seldom needed. */
#ifndef WK_QUEUE_SEARCH_H
#define WK_QUEUE_SEARCH_H

#include "worker/queue.h"

typedef struct {
    va_str_t id; /* absent while it is on its way in */
    va_str_t document;
    bool dead;
} wk_queue_job_t;

/* False ends the search, *e says why. The texts last as long as the call. */
typedef bool (*wk_queue_job_fn)(const wk_queue_job_t *job, void *arg, wk_error_t *e);

/* fn for each job that is there during the whole search, for some perhaps twice. */
bool wk_queue_search(wk_redis_t *r, wk_queue_t q, wk_arena_t *a, wk_queue_job_fn fn, void *arg,
                     wk_error_t *e);

#endif
