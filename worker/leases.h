/*
 * What the threads of a process work on, and the thread that keeps it theirs: it
 * renews every lease with a connection of its own, so that a long or blocked job never
 * loses its lease, and stops the Postgres query of a job that lost it all the same, or
 * that passed its deadline.
 */
#ifndef WK_LEASES_H
#define WK_LEASES_H

#include "worker/config.h"
#include "worker/db.h"
#include "worker/queue.h"

typedef struct wk_leases wk_leases_t;

/* n threads hold one job each at most. Starts the thread; NULL and *e when it cannot. */
wk_leases_t *wk_leases_start(const wk_config_t *config, size_t n, wk_error_t *e);

/* Ends the thread. */
void wk_leases_stop(wk_leases_t *l);

/*
 * Slot (0 … n - 1) works on the lease, with db. asked_ms: wk_monotonic_ms() before the
 * lease was asked for. The lease's texts must stay until the slot is released, or holds
 * another. deadline_ms (Unix time): when the job's query is stopped; 0: never.
 */
void wk_leases_hold(wk_leases_t *l, size_t slot, const wk_lease_t *lease, int64_t asked_ms,
                    int64_t deadline_ms, wk_db_t *db);
void wk_leases_release(wk_leases_t *l, size_t slot);

size_t wk_leases_count(wk_leases_t *l);

/*
 * The process ends now: whatever is still held is stopped and goes back to its queue, as
 * if it had not been tried.
 */
void wk_leases_give_back(wk_leases_t *l, wk_redis_t *r, const wk_queue_limits_t *lim);

#endif
