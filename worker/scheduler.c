#include "worker/scheduler.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "worker/call_reaper.h"
#include "worker/clock.h"
#include "worker/durability.h"
#include "worker/log.h"
#include "worker/metrics.h"
#include "worker/periodic.h"
#include "worker/process.h"
#include "worker/stop.h"

#include "scripts.h"

#define TICK_MS          250
#define REAP_MS          500  /* a queue, in the fleet */
#define LEAD_MS          5000 /* for so long nobody leads when the leader dies */
#define STUCK_MS         10000
#define FLUSH_MS         1000
#define REDIS_TIMEOUT_MS 2000

typedef struct {
    wk_ctx_t ctx; /* without a database: calls and queues wait for nothing but Redis */
    wk_periodic_t *periodic;
    char name[64];
    bool leads;
} scheduler_t;

/* ---------------------------------------------------------------- queues */

static void reap(scheduler_t *s, wk_queue_t q)
{
    wk_error_t e;
    wk_reaped_t reaped;
    wk_queue_limits_t limits = wk_queue_limits(s->ctx.config);
    va_str_t queue = va_str_c(wk_queue_name(q));
    if (!wk_queue_reap(s->ctx.redis, q, &limits, REAP_MS, s->ctx.arena, &reaped, &e)) {
        wk_log(WK_ERROR, "queue not reaped", WK_S("queue", queue), WK_C("error", e.text));
        return;
    }
    const struct {
        const char *what;
        int n;
    } counts[] = {{"stalled", reaped.requeued},
                  {"buried", (int)reaped.n_buried},
                  {"promoted", reaped.promoted},
                  {"expired", reaped.expired}};
    for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
        if (counts[i].n > 0) {
            wk_count("voiceagent_reaped_total", "queue", queue, "what",
                     va_str_c(counts[i].what), counts[i].n);
        }
    }
    if (reaped.requeued > 0) {
        wk_log(WK_WARN, "leases ran out", WK_S("queue", queue), WK_I("jobs", reaped.requeued));
    }
    for (size_t i = 0; i < reaped.n_buried; i++) {
        wk_log(WK_ALERT, "a job was given up by the reaper", WK_S("queue", queue),
               WK_S("job", reaped.buried[i]));
    }
}

/* ---------------------------------------------------------------- leadership */

/*
 * for_ms 0 steps down. Who waits for a Postgres that only he cannot reach lets another try.
 */
static void lead(scheduler_t *s, const char *for_ms)
{
    static const va_str_t key = {"va:leader:scheduler", 19};
    wk_error_t e;
    va_str_t args[] = {va_str_c(s->name), va_str_c(for_ms)};
    redisReply *reply = wk_redis_script(s->ctx.redis, &wk_script_lead, &key, 1, args, 2, &e);
    bool leads = reply != NULL && reply->integer == 1 && *for_ms != '0';
    if (reply == NULL) {
        wk_log(WK_ERROR, "leadership not settled", WK_C("error", e.text));
    } else if (leads != s->leads) {
        wk_log(WK_INFO, leads ? "leads" : "leads no more");
    }
    s->leads = leads;
    wk_periodic_lead(s->periodic, leads);
    freeReplyObject(reply);
}

/* ---------------------------------------------------------------- the process */

/* Every host does it: nobody waits for a new leader when the one that died led, too. */
static void reap_calls(scheduler_t *s)
{
    wk_error_t e;
    if (!wk_reap_calls(&s->ctx, &e)) {
        wk_count("voiceagent_scheduler_errors_total", "task", VA_STR("calls"), NULL,
                 VA_STR_NULL, 1);
        wk_log(WK_ERROR, "calls of silent voice processes", WK_C("error", e.text));
    }
    wk_arena_reset(s->ctx.arena);
}

static void tick(scheduler_t *s, int64_t *next_flush_ms)
{
    char for_ms[16];
    bool stuck = wk_periodic_busy_ms(s->periodic) > STUCK_MS;
    snprintf(for_ms, sizeof(for_ms), "%d", stuck ? 0 : LEAD_MS);
    for (int q = 0; q < WK_QUEUES; q++) {
        reap(s, (wk_queue_t)q);
    }
    reap_calls(s);
    lead(s, for_ms);
    if (wk_monotonic_ms() >= *next_flush_ms) {
        wk_error_t ignored; /* kept for the next time */
        *next_flush_ms = wk_monotonic_ms() + FLUSH_MS;
        (void)wk_metrics_flush(s->ctx.redis, &ignored);
    }
}

static void schedule(scheduler_t *s)
{
    int64_t next_flush_ms = 0;
    wk_error_t e;
    wk_durability_log(s->ctx.redis);
    do {
        tick(s, &next_flush_ms);
    } while (!wk_stop_wait_signal(TICK_MS));
    lead(s, "0");
    if (!wk_metrics_flush(s->ctx.redis, &e)) {
        wk_log(WK_WARN, "last counters not sent", WK_C("error", e.text));
    }
}

static int work(scheduler_t *s)
{
    wk_error_t e;
    s->periodic = wk_periodic_start(s->ctx.config, &e);
    if (s->periodic == NULL) {
        wk_log(WK_ERROR, "not started", WK_C("error", e.text));
        return EXIT_FAILURE;
    }
    schedule(s);
    wk_periodic_stop(s->periodic);
    return EXIT_SUCCESS;
}

int wk_scheduler_process(const wk_config_t *config)
{
    scheduler_t s = {.leads = false};
    snprintf(s.name, sizeof(s.name), "%08x:%d", arc4random(), (int)getpid());
    s.ctx = (wk_ctx_t){.config = config,
                       .redis = wk_redis_new(config->redis_url, REDIS_TIMEOUT_MS),
                       .arena = wk_arena_new()};
    int status = wk_await_redis(s.ctx.redis);
    if (status == 0) {
        status = work(&s);
    }
    wk_arena_free(s.ctx.arena);
    wk_redis_free(s.ctx.redis);
    return status < 0 ? EXIT_SUCCESS : status;
}
