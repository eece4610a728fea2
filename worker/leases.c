#include "worker/leases.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "worker/clock.h"
#include "worker/log.h"
#include "worker/metrics.h"

#define TICK_MS        50
#define MIN_TIMEOUT_MS 100
#define MAX_TIMEOUT_MS 2000

typedef struct {
    bool held;
    bool stopped; /* its query was told to stop */
    wk_lease_t lease;
    int64_t valid_until_ms; /* monotonic: when the job is stopped, before others may have it */
    int64_t deadline_ms;
    wk_db_t *db;
} slot_t;

struct wk_leases {
    pthread_t thread;
    atomic_bool quit;
    int lease_ms, margin_ms; /* between stopping a job and the end of its lease */
    wk_redis_t *redis;       /* the thread's */
    pthread_mutex_t lock;
    size_t n;
    slot_t *slots;
};

/* With the lock held: the thread whose job it is cannot have gone on to another. */
static void stop_query(slot_t *s, const char *why)
{
    if (s->stopped) {
        return;
    }
    s->stopped = true;
    wk_db_cancel(s->db);
    wk_count("voiceagent_jobs_stopped_total", "reason", va_str_c(why), NULL, VA_STR_NULL, 1);
    wk_log(WK_WARN, "job stopped", WK_S("stopped_job", s->lease.id), WK_C("reason", why));
}

/* ---------------------------------------------------------------- renewal */

/* The leases of one queue, with copies of their texts. */
typedef struct {
    wk_lease_t *leases;
    size_t *slots;
    bool *lost;
    size_t n;
} batch_t;

static batch_t collect(wk_leases_t *l, wk_queue_t q, wk_arena_t *a)
{
    batch_t b = {.leases = wk_alloc(a, l->n * sizeof(*b.leases)),
                 .slots = wk_alloc(a, l->n * sizeof(*b.slots)),
                 .lost = wk_alloc(a, l->n * sizeof(*b.lost))};
    pthread_mutex_lock(&l->lock);
    for (size_t i = 0; i < l->n; i++) {
        const slot_t *s = &l->slots[i];
        if (s->held && s->lease.queue == q) {
            b.leases[b.n].id = wk_copy(a, s->lease.id);
            b.leases[b.n].token = wk_copy(a, s->lease.token);
            b.slots[b.n++] = i;
        }
    }
    pthread_mutex_unlock(&l->lock);
    return b;
}

/* A slot may hold another job by now: the token tells. */
static void note_renewed(wk_leases_t *l, const batch_t *b, int64_t asked_ms)
{
    pthread_mutex_lock(&l->lock);
    for (size_t i = 0; i < b->n; i++) {
        slot_t *s = &l->slots[b->slots[i]];
        if (!s->held || !va_str_eq(s->lease.token, b->leases[i].token)) {
            continue;
        }
        if (b->lost[i]) {
            stop_query(s, "lease_lost");
        } else {
            s->valid_until_ms = asked_ms + l->lease_ms - l->margin_ms;
        }
    }
    pthread_mutex_unlock(&l->lock);
}

static void renew_queue(wk_leases_t *l, wk_queue_t q, wk_arena_t *a)
{
    wk_error_t e;
    batch_t b = collect(l, q, a);
    if (b.n == 0) {
        return;
    }
    int64_t asked_ms = wk_monotonic_ms();
    if (wk_queue_renew(l->redis, q, b.leases, b.n, l->lease_ms, b.lost, &e)) {
        note_renewed(l, &b, asked_ms);
    } else {
        wk_log(WK_WARN, "leases not renewed", WK_C("queue", wk_queue_name(q)),
               WK_C("error", e.text));
    }
}

/* Redis may be away, and not come back before others may have the job. */
static void stop_overdue(wk_leases_t *l)
{
    int64_t monotonic = wk_monotonic_ms(), now = wk_now_ms();
    pthread_mutex_lock(&l->lock);
    for (size_t i = 0; i < l->n; i++) {
        slot_t *s = &l->slots[i];
        if (!s->held) {
            continue;
        }
        if (monotonic >= s->valid_until_ms) {
            stop_query(s, "lease_expired");
        } else if (s->deadline_ms != 0 && now >= s->deadline_ms) {
            stop_query(s, "deadline");
        }
    }
    pthread_mutex_unlock(&l->lock);
}

static void *lease_thread(void *arg)
{
    wk_leases_t *l = arg;
    wk_arena_t *a = wk_arena_new();
    int64_t next_ms = 0;
    while (!atomic_load(&l->quit)) {
        if (wk_monotonic_ms() >= next_ms) {
            next_ms = wk_monotonic_ms() + l->lease_ms / 3;
            for (int q = 0; q < WK_QUEUES; q++) {
                renew_queue(l, (wk_queue_t)q, a);
                stop_overdue(l);
            }
            wk_arena_reset(a);
        }
        stop_overdue(l);
        wk_pause_ms(TICK_MS);
    }
    wk_arena_free(a);
    return NULL;
}

/* ---------------------------------------------------------------- slots */

static int timeout_ms(int wanted)
{
    return wanted < MIN_TIMEOUT_MS   ? MIN_TIMEOUT_MS
           : wanted > MAX_TIMEOUT_MS ? MAX_TIMEOUT_MS
                                     : wanted;
}

wk_leases_t *wk_leases_start(const wk_config_t *config, size_t n, wk_error_t *e)
{
    wk_leases_t *l = calloc(1, sizeof(*l));
    if (l == NULL || (l->slots = calloc(n, sizeof(*l->slots))) == NULL) {
        abort();
    }
    l->n = n;
    l->lease_ms = config->lease_ms;
    /* As long as the thread may hang in one renewal: connecting, and the command. */
    l->margin_ms = l->lease_ms / 5;
    l->redis = wk_redis_new(config->redis_url, timeout_ms(l->lease_ms / 10));
    pthread_mutex_init(&l->lock, NULL);
    int rc = pthread_create(&l->thread, NULL, lease_thread, l);
    if (rc != 0) {
        wk_error(e, WK_INTERNAL, "lease thread: %s", strerror(rc));
        wk_redis_free(l->redis);
        free(l->slots);
        free(l);
        return NULL;
    }
    return l;
}

void wk_leases_stop(wk_leases_t *l)
{
    atomic_store(&l->quit, true);
    pthread_join(l->thread, NULL);
    pthread_mutex_destroy(&l->lock);
    wk_redis_free(l->redis);
    free(l->slots);
    free(l);
}

void wk_leases_hold(wk_leases_t *l, size_t slot, const wk_lease_t *lease, int64_t asked_ms,
                    int64_t deadline_ms, wk_db_t *db)
{
    pthread_mutex_lock(&l->lock);
    l->slots[slot] = (slot_t){.held = true,
                              .lease = *lease,
                              .valid_until_ms = asked_ms + l->lease_ms - l->margin_ms,
                              .deadline_ms = deadline_ms,
                              .db = db};
    wk_db_resume(db);
    pthread_mutex_unlock(&l->lock);
}

void wk_leases_release(wk_leases_t *l, size_t slot)
{
    pthread_mutex_lock(&l->lock);
    l->slots[slot].held = false;
    if (l->slots[slot].db != NULL) {
        wk_db_resume(l->slots[slot].db);
    }
    pthread_mutex_unlock(&l->lock);
}

size_t wk_leases_count(wk_leases_t *l)
{
    size_t n = 0;
    pthread_mutex_lock(&l->lock);
    for (size_t i = 0; i < l->n; i++) {
        n += l->slots[i].held;
    }
    pthread_mutex_unlock(&l->lock);
    return n;
}

void wk_leases_give_back(wk_leases_t *l, wk_redis_t *r, const wk_queue_limits_t *lim)
{
    static const wk_end_t again = {
        .how = WK_END_RETRY, .uncounted = true, .reason = {"its worker was told to stop", 27}};
    pthread_mutex_lock(&l->lock);
    for (size_t i = 0; i < l->n; i++) {
        slot_t *s = &l->slots[i];
        wk_error_t e;
        bool lost;
        if (!s->held) {
            continue;
        }
        stop_query(s, "drain");
        if (!wk_queue_end(r, &s->lease, &again, lim, &lost, &e)) {
            wk_log(WK_ERROR, "job not given back, its lease will run out",
                   WK_S("job", s->lease.id), WK_C("error", e.text));
        }
    }
    pthread_mutex_unlock(&l->lock);
}
