/*
 * The queue of docs/protocol.md: take, renew, the ends of a job, reap, and the push
 * the workers themselves need. All state is in Redis; nothing here remembers
 * anything.
 */
#ifndef WK_QUEUE_H
#define WK_QUEUE_H

#include "core/job.h"
#include "worker/arena.h"
#include "worker/redis.h"

typedef enum { WK_REALTIME, WK_DEFAULT, WK_BULK, WK_QUEUES } wk_queue_t;

const char *wk_queue_name(wk_queue_t q);
bool wk_queue_parse(va_str_t name, wk_queue_t *q);

/* What its keys begin with, va:{Q}: */
va_str_t wk_queue_prefix(wk_queue_t q);

/*
 * Compares va:schema with the layout this program knows; claim: writes it when there is
 * none. WK_CONFLICT when another layout is in use.
 */
bool wk_queue_check_layout(wk_redis_t *r, bool claim, wk_error_t *e);

typedef struct {
    wk_queue_t queue;
    va_str_t id;
    va_str_t token;
    va_str_t document; /* the job's JSON */
    int attempt;       /* 1 for the first */
    bool first;        /* it has not run yet since it was pushed, or requeued when it was dead;
                          a stall or a drain leaves attempt 1 */
} wk_lease_t;

typedef struct {
    int lease_ms;
    int lane_cap;
    int max_stalls;
} wk_queue_limits_t;

/*
 * Takes a job of the first queue of order that has one. True with *found false:
 * nothing to do. Texts of the lease live in a.
 */
bool wk_queue_take(wk_redis_t *r, const wk_queue_t *order, size_t n,
                   const wk_queue_limits_t *lim, wk_arena_t *a, wk_lease_t *lease, bool *found,
                   wk_error_t *e);

/* How a job ends. */
typedef struct {
    enum {
        WK_END_ACK,   /* done */
        WK_END_RETRY, /* again after delay_ms */
        WK_END_DEFER, /* not for this worker: taken in anew after delay_ms, nobody waits for it
                       */
        WK_END_BURY,  /* given up */
    } how;
    va_str_t reply;   /* of ACK and BURY; absent: nobody hears anything */
    va_str_t reason;  /* of RETRY and BURY */
    int64_t delay_ms; /* of RETRY and DEFER */
    bool uncounted;   /* of RETRY: as if this attempt had not been */
} wk_end_t;

/* *lost is set when the lease was not ours any more; then nothing was changed. */
bool wk_queue_end(wk_redis_t *r, const wk_lease_t *l, const wk_end_t *end,
                  const wk_queue_limits_t *lim, bool *lost, wk_error_t *e);

/*
 * The halves of wk_queue_end() and wk_queue_take(), so that an end and the next take
 * travel in one write: send, send, then receive in the same order. What was sent
 * must be received, errors or not.
 */
bool wk_queue_send_end(wk_redis_t *r, const wk_lease_t *l, const wk_end_t *end,
                       const wk_queue_limits_t *lim, wk_error_t *e);
bool wk_queue_send_take(wk_redis_t *r, const wk_queue_t *order, size_t n,
                        const wk_queue_limits_t *lim, wk_arena_t *a, wk_lease_t *lease,
                        wk_error_t *e);
bool wk_queue_receive_end(wk_redis_t *r, bool *lost, wk_error_t *e);
bool wk_queue_receive_take(wk_redis_t *r, const wk_queue_t *order, wk_arena_t *a,
                           wk_lease_t *lease, bool *found, wk_error_t *e);

/* Sleeps on the bells of the queues in order for at most wait_ms. */
bool wk_queue_wait(wk_redis_t *r, const wk_queue_t *order, size_t n, int wait_ms,
                   wk_error_t *e);

/* Prolongs n leases of one queue; lost[i] says which are gone. */
bool wk_queue_renew(wk_redis_t *r, wk_queue_t q, const wk_lease_t *leases, size_t n,
                    int lease_ms, bool *lost, wk_error_t *e);

/*
 * Ends run-out leases, promotes due retries, drops old dead; 64 of each at most. Does
 * nothing when any worker did it less than interval_ms ago.
 */
typedef struct {
    int requeued, promoted, expired; /* requeued: stalled, and put back */
    const va_str_t *buried;          /* ids, in a */
    size_t n_buried;
} wk_reaped_t;

bool wk_queue_reap(wk_redis_t *r, wk_queue_t q, const wk_queue_limits_t *lim, int interval_ms,
                   wk_arena_t *a, wk_reaped_t *out, wk_error_t *e);

/* *has: a job of that serial waits or is at work in any queue. Not seen are those still on
 * their way in, and those put aside until a worker knows their type or version (a day at most).
 */
bool wk_queue_has_serial(wk_redis_t *r, va_str_t serial, wk_arena_t *a, bool *has,
                         wk_error_t *e);

/* *has: that job, which has been taken in, has not ended yet. A dead one has. */
bool wk_queue_has_job(wk_redis_t *r, va_str_t id, wk_arena_t *a, bool *has, wk_error_t *e);

/*
 * The same push nginx does. job->dedup absent: no deduplication. *known is set when the
 * key had a job already.
 */
bool wk_queue_push(wk_redis_t *r, wk_queue_t q, const va_job_t *job, int dedup_ttl_s,
                   wk_arena_t *a, bool *known, wk_error_t *e);

/* Its first half, for a pipeline; the reply is that of push.lua. */
bool wk_queue_send_push(wk_redis_t *r, wk_queue_t q, const va_job_t *job, int dedup_ttl_s,
                        wk_arena_t *a, wk_error_t *e);

/*
 * The same for periodic work: not pushed while the last job of its key has not ended, for
 * dedup_ttl_s at most. The reply is that of push_alone.lua.
 */
bool wk_queue_send_push_alone(wk_redis_t *r, wk_queue_t q, const va_job_t *job, int dedup_ttl_s,
                              wk_arena_t *a, wk_error_t *e);

/* Delay after the attempt: 1 s doubling, at most 5 minutes, within 20 % at random. */
int64_t wk_queue_backoff_ms(int attempt);

typedef struct {
    va_str_t id, type, lane, reason;
    int64_t died_ms;
    int attempt;
    va_str_t document; /* set by _dead_get only */
} wk_dead_t;

/* Newest first, from offset, at most n; *count says how many. */
bool wk_queue_dead_list(wk_redis_t *r, wk_queue_t q, int64_t offset, size_t n, wk_arena_t *a,
                        wk_dead_t *out, size_t *count, wk_error_t *e);
bool wk_queue_dead_get(wk_redis_t *r, wk_queue_t q, va_str_t id, wk_arena_t *a, wk_dead_t *out,
                       bool *found, wk_error_t *e);
bool wk_queue_dead_replay(wk_redis_t *r, wk_queue_t q, va_str_t id, bool *found, wk_error_t *e);
bool wk_queue_dead_drop(wk_redis_t *r, wk_queue_t q, va_str_t id, bool *found, wk_error_t *e);

typedef struct {
    int64_t in, ready, parked, held, later, dead, lanes;
    int64_t oldest_ms; /* age of the oldest job nobody works on and that waits for no retry */
} wk_queue_stats_t;

/* Of all queues. */
bool wk_queue_stats(wk_redis_t *r, wk_queue_stats_t out[WK_QUEUES], wk_error_t *e);

#endif
