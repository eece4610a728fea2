/*
 * A process that does jobs: threads that each take one, do it in straight-line blocking
 * code with their own connections, and end it; beside them the lease thread (leases.h)
 * and a pulse that says that the process is well.
 */
#ifndef WK_PROCESS_H
#define WK_PROCESS_H

#include "worker/config.h"
#include "worker/queue.h"

/* Exit status of a process that must not be started again: sysexits.h, EX_CONFIG. */
#define WK_EXIT_CONFIG 78

/*
 * Runs until SIGTERM; then no new jobs and drain_ms for those running. Returns the exit
 * status, or ends the process itself when jobs were still running: those went back.
 */
int wk_job_process(const wk_config_t *config);

/*
 * Which queues thread i of n serves, the preferred first: at least two serve nothing but
 * realtime and one nothing but default, so that no flood keeps a caller waiting; bulk has
 * half of them at most, and one that prefers it. n is 4 or more.
 */
size_t wk_thread_queues(int i, int n, wk_queue_t order[WK_QUEUES]);

/*
 * Waits until Redis answers and holds our layout. 0, WK_EXIT_CONFIG for another layout,
 * or -1 when the end was asked for meanwhile.
 */
int wk_await_redis(wk_redis_t *r);

wk_queue_limits_t wk_queue_limits(const wk_config_t *config);

#endif
