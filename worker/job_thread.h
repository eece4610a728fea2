/* One thread of a job process. */
#ifndef WK_JOB_THREAD_H
#define WK_JOB_THREAD_H

#include "worker/leases.h"
#include "worker/process.h"

typedef struct {
    const wk_config_t *config;
    wk_leases_t *leases;
    size_t slot; /* its own, in leases */
    wk_queue_t order[WK_QUEUES];
    size_t n_queues;
} wk_job_thread_t;

/* pthread's start routine; arg is a wk_job_thread_t. Returns when the end was asked for. */
void *wk_job_thread(void *arg);

#endif
