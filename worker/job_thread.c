#include "worker/job_thread.h"

#include "worker/clock.h"
#include "worker/crash.h"
#include "worker/job.h"
#include "worker/log.h"
#include "worker/metrics.h"
#include "worker/outbox.h"
#include "worker/pace.h"
#include "worker/stop.h"

#define REDIS_TIMEOUT_MS 2000
#define WAIT_MS          1000 /* for the bell: also how often a missed one is made good */
#define RETRY_MS         1000 /* when Redis does not answer */
#define AWAY_MS          250  /* pause when a job could not be done for want of a store */
#define DRAIN_ROWS       100

/* The thread and what it has at hand. */
typedef struct {
    const wk_job_thread_t *thread;
    wk_queue_limits_t limits;
    wk_ctx_t ctx;
    wk_arena_t *spare;           /* takes the next job while the present one's is in ctx */
    wk_queue_t order[WK_QUEUES]; /* of the queues that the next job is taken from */
    size_t n_queues;
    bool in_bulk;     /* bulk is one of them, or has the job in hand */
    wk_lease_t lease; /* the next job, when found */
    bool found;
    int64_t asked_ms;
} worker_t;

static void complain(const char *what, const wk_error_t *e)
{
    wk_count("voiceagent_worker_errors_total", "what", va_str_c(what), NULL, VA_STR_NULL, 1);
    wk_log(WK_ERROR, "Redis does not do it", WK_C("what", what), WK_C("error", e->text));
}

/* ---------------------------------------------------------------- the next job */

static void leave_bulk(worker_t *w)
{
    if (w->in_bulk) {
        wk_pace_leave();
    }
    w->in_bulk = false;
}

/* Those of the thread, without bulk while others have enough of it. */
static void choose_queues(worker_t *w)
{
    const wk_job_thread_t *t = w->thread;
    leave_bulk(w);
    w->n_queues = 0;
    for (size_t i = 0; i < t->n_queues; i++) {
        bool bulk = t->order[i] == WK_BULK;
        w->in_bulk = w->in_bulk || (bulk && wk_pace_enter());
        if (!bulk || w->in_bulk) {
            w->order[w->n_queues++] = t->order[i];
        }
    }
}

static bool send_take(worker_t *w, wk_error_t *e)
{
    w->asked_ms = wk_monotonic_ms();
    choose_queues(w);
    return wk_queue_send_take(w->ctx.redis, w->order, w->n_queues, &w->limits, w->spare,
                              &w->lease, e);
}

static bool receive_take(worker_t *w, wk_error_t *e)
{
    bool ok = wk_queue_receive_take(w->ctx.redis, w->order, w->spare, &w->lease, &w->found, e);
    if (!w->found || w->lease.queue != WK_BULK) {
        leave_bulk(w);
    }
    return ok;
}

/* Takes a job, or waits a while for one. */
static void take_or_wait(worker_t *w)
{
    wk_error_t e;
    bool ok = send_take(w, &e) && receive_take(w, &e);
    if (ok && !w->found) {
        ok = wk_queue_wait(w->ctx.redis, w->order, w->n_queues, WAIT_MS, &e);
    }
    if (!ok) {
        complain("take", &e);
        wk_stop_sleep(RETRY_MS);
    }
}

/* ---------------------------------------------------------------- the end of a job */

static void note_lost(bool lost)
{
    if (lost) {
        wk_count("voiceagent_jobs_lost_total", NULL, VA_STR_NULL, NULL, VA_STR_NULL, 1);
        wk_log(WK_WARN, "the lease was lost: the job's end does not count");
    }
}

/*
 * Until Redis hears of the end, or the process ends: told to stop it is still the drain's
 * time. The lease is renewed meanwhile, and its token still counts when Redis comes back.
 * told: it may have heard already, and then says that there is no such lease.
 */
static void end_alone(worker_t *w, const wk_lease_t *lease, const wk_end_t *end, bool told)
{
    wk_error_t e;
    bool lost;
    while (!wk_queue_end(w->ctx.redis, lease, end, &w->limits, &lost, &e)) {
        complain("end", &e);
        if (e.code != WK_UNAVAILABLE) {
            return;
        }
        told = true;
        wk_pause_ms(RETRY_MS);
    }
    note_lost(lost && !told);
}

/* One write, one read. When the end did not arrive it is told again alone. */
static void end_and_take(worker_t *w, const wk_lease_t *lease, const wk_end_t *end)
{
    wk_error_t e;
    bool lost = false;
    bool end_sent = wk_queue_send_end(w->ctx.redis, lease, end, &w->limits, &e);
    bool take_sent = end_sent && send_take(w, &e);
    bool ended = end_sent && wk_queue_receive_end(w->ctx.redis, &lost, &e);
    if (!ended) {
        complain("end", &e);
    }
    if (take_sent && !receive_take(w, &e)) {
        complain("take", &e);
    }
    if (ended) {
        note_lost(lost);
    } else {
        end_alone(w, lease, end, end_sent);
    }
}

/* What the job left to tell the world; after its end, which somebody waits for. */
static void drain_outbox(worker_t *w)
{
    char name[40];
    int done = 0;
    wk_error_t e;
    va_str_t organization = wk_db_outbox(w->ctx.db);
    memcpy(name, organization.data, organization.len);
    organization.data = name;
    do {
        if (!wk_outbox_drain(&w->ctx, organization, DRAIN_ROWS, &done, &e)) {
            wk_log(WK_WARN, "outbox not drained, the scheduler will", WK_C("error", e.text));
            break;
        }
    } while (done == DRAIN_ROWS);
    wk_db_outbox_drained(w->ctx.db);
}

static void finish(worker_t *w, const wk_lease_t *lease, const wk_work_t *work)
{
    const wk_end_t *end = &work->end;
    bool outbox = wk_db_outbox(w->ctx.db).data != NULL;
    wk_crash_point("end.before");
    if (outbox || work->store_away || wk_stop_requested()) {
        end_alone(w, lease, end, false);
    } else {
        end_and_take(w, lease, end);
    }
    wk_crash_point("end.after");
    wk_leases_release(w->thread->leases, w->thread->slot);
    if (outbox) {
        drain_outbox(w);
    }
    if (work->store_away) {
        wk_stop_sleep(AWAY_MS); /* the next could not be done either */
    }
}

/* ---------------------------------------------------------------- the loop */

/* Works on what was taken; afterwards the next may have been, if its end went well: the lease
 * is in an arena that is emptied here. */
static void work(worker_t *w)
{
    wk_work_t work;
    wk_lease_t lease = w->lease;
    wk_arena_t *arena = w->spare;
    w->found = false;
    w->spare = w->ctx.arena;
    w->ctx.arena = arena;
    if (lease.queue == WK_REALTIME) {
        wk_pace_asked();
    }
    wk_db_give_way(w->ctx.db, lease.queue == WK_BULK);
    wk_work_read(&work, arena, &lease);
    wk_leases_hold(w->thread->leases, w->thread->slot, &lease, w->asked_ms,
                   wk_work_deadline_ms(&work), w->ctx.db);
    wk_crash_point("job.taken");
    wk_work_run(&work, &w->ctx, &lease);
    finish(w, &lease, &work);
    wk_arena_reset(arena);
    wk_log_context(VA_STR_NULL, VA_STR_NULL, VA_STR_NULL);
}

/* The end was asked for with a job in hand that was not begun. */
static void give_back(worker_t *w)
{
    static const wk_end_t again = {
        .how = WK_END_RETRY, .uncounted = true, .reason = {"its worker was told to stop", 27}};
    bool lost;
    wk_error_t e;
    if (!wk_queue_end(w->ctx.redis, &w->lease, &again, &w->limits, &lost, &e)) {
        complain("end", &e);
    }
}

static void open_worker(worker_t *w, const wk_job_thread_t *t)
{
    const wk_config_t *c = t->config;
    *w = (worker_t){.thread = t, .limits = wk_queue_limits(c), .spare = wk_arena_new()};
    w->ctx = (wk_ctx_t){.config = c,
                        .redis = wk_redis_new(c->redis_url, REDIS_TIMEOUT_MS),
                        .db = wk_db_new(c->app_database_url, c->prepare, "voiceagent-worker"),
                        .http = wk_http_new(),
                        .arena = wk_arena_new()};
}

static void close_worker(worker_t *w)
{
    leave_bulk(w);
    wk_arena_free(w->spare);
    wk_arena_free(w->ctx.arena);
    wk_http_free(w->ctx.http);
    wk_db_free(w->ctx.db);
    wk_redis_free(w->ctx.redis);
}

void *wk_job_thread(void *arg)
{
    worker_t w;
    open_worker(&w, arg);
    while (!wk_stop_requested()) {
        if (!w.found) {
            wk_arena_reset(w.spare);
            take_or_wait(&w);
        }
        if (w.found && !wk_stop_requested()) {
            work(&w);
        }
    }
    if (w.found) {
        give_back(&w);
    }
    close_worker(&w);
    return NULL;
}
