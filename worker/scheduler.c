#include "worker/scheduler.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "worker/clock.h"
#include "worker/durability.h"
#include "worker/jwks_fetch.h"
#include "worker/log.h"
#include "worker/metrics.h"
#include "worker/outbox.h"
#include "worker/process.h"
#include "worker/reaper.h"
#include "worker/stop.h"
#include "worker/store/calendar.h"
#include "worker/store/campaigns.h"
#include "worker/store/outbox.h"
#include "worker/store/privacy.h"
#include "worker/store/reminders.h"
#include "worker/store/takeovers.h"

#include "scripts.h"

#define TICK_MS            250
#define REAP_MS            500  /* a queue, in the fleet */
#define LEAD_MS            5000 /* for so long nobody leads when the leader dies */
#define FLUSH_MS           1000
#define REDIS_TIMEOUT_MS   2000
#define DUE_ROWS           100
#define DUE_SWEEPS         10000 /* organizations; whoever waits for the morning is among them */
#define SWEEPS_MS          30000
#define CALENDARS_MS       10000
#define CALENDARS_AGAIN_MS 300000

typedef struct {
    wk_ctx_t ctx;
    char name[64];
    bool leads;
} scheduler_t;

/* ---------------------------------------------------------------- periodic work */

typedef struct {
    const wk_sql_t *sql;
    int most;
    va_str_t *organizations;
    size_t n;
} due_t;

static bool read_due(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    due_t *due = arg;
    wk_rows_t *rows;
    va_str_t most = wk_printf(wk_tx_arena(tx), "%d", due->most);
    if (!wk_sql_last(tx, due->sql, &most, &rows, e)) {
        return false;
    }
    due->n = wk_rows_count(rows);
    due->organizations = wk_alloc(wk_tx_arena(tx), (due->n + 1) * sizeof(va_str_t));
    for (size_t i = 0; i < due->n; i++) {
        due->organizations[i] = wk_cell(rows, i, "organization");
    }
    return true;
}

/* Rows of outbox whose thread died between its commit and draining them. */
static bool drain_leftovers(wk_ctx_t *ctx, wk_error_t *e)
{
    due_t due = {.sql = &wk_sql_outbox_due, .most = DUE_ROWS};
    if (!wk_tx(ctx->db, ctx->arena, VA_STR_NULL, 0, read_due, &due, e)) {
        return false;
    }
    bool ok = true;
    for (size_t i = 0; i < due.n; i++) {
        int done;
        ok = wk_outbox_drain(ctx, due.organizations[i], DUE_ROWS, &done, e) && ok;
        wk_count("voiceagent_outbox_leftovers_total", NULL, VA_STR_NULL, NULL, VA_STR_NULL,
                 done);
    }
    return ok;
}

/* Behind which sweeps of its shop one waits. */
typedef enum {
    WITH_THE_SHOPS, /* all others: reminders and campaigns see what the other has sent */
    BY_ITSELF,      /* its own only: it may take minutes, which no reminder waits for */
} order_t;

/* One job a shop and round, whoever leads. */
static bool push_sweep(wk_ctx_t *ctx, const char *type, order_t order, va_str_t organization,
                       wk_error_t *e)
{
    bool known;
    va_str_t id = wk_printf(ctx->arena, "%s-%.*s-%lld", type, (int)organization.len,
                            organization.data, (long long)(wk_now_ms() / SWEEPS_MS));
    va_str_t own =
        wk_printf(ctx->arena, "%s:%.*s", type, (int)organization.len, organization.data);
    va_job_t job = {.id = id,
                    .type = va_str_c(type),
                    .org = organization,
                    .lane = organization,
                    .serial = order == BY_ITSELF ? own : organization,
                    .dedup = id,
                    .enqueued_ms = wk_now_ms(),
                    .trace = id,
                    .auth_scheme = VA_STR("internal"),
                    .body = VA_STR("{}")};
    return wk_queue_push(ctx->redis, WK_BULK, &job, 2 * SWEEPS_MS / 1000, ctx->arena, &known,
                         e);
}

static bool push_sweeps(wk_ctx_t *ctx, const char *type, order_t order, const wk_sql_t *whose,
                        wk_error_t *e)
{
    due_t due = {.sql = whose, .most = DUE_SWEEPS};
    if (!wk_tx(ctx->db, ctx->arena, VA_STR_NULL, 0, read_due, &due, e)) {
        return false;
    }
    bool ok = true;
    for (size_t i = 0; ok && i < due.n; i++) {
        ok = push_sweep(ctx, type, order, due.organizations[i], e);
    }
    return ok;
}

static bool send_reminders(wk_ctx_t *ctx, wk_error_t *e)
{
    return push_sweeps(ctx, "reminders.send", WITH_THE_SHOPS, &wk_sql_reminders_due, e);
}

static bool send_campaigns(wk_ctx_t *ctx, wk_error_t *e)
{
    return push_sweeps(ctx, "campaigns.send", WITH_THE_SHOPS, &wk_sql_campaigns_due, e);
}

static bool end_takeovers(wk_ctx_t *ctx, wk_error_t *e)
{
    return push_sweeps(ctx, "takeover.sweep", WITH_THE_SHOPS, &wk_sql_takeovers_due, e);
}

static bool enforce_retention(wk_ctx_t *ctx, wk_error_t *e)
{
    return push_sweeps(ctx, "privacy.sweep", BY_ITSELF, &wk_sql_privacy_due, e);
}

/* One job for what was last looked at then; another only when that did not help for long. */
static bool queue_calendars_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    const va_str_t *organization = arg;
    wk_rows_t *rows;
    wk_arena_t *a = wk_tx_arena(tx);
    if (!wk_sql(tx, &wk_sql_calendars_oldest, NULL, &rows, e)) {
        return false;
    }
    va_str_t serial = wk_printf(a, "calendar:%.*s", (int)organization->len, organization->data);
    va_str_t dedup = wk_printf(a, "%.*s:%lld:%lld", (int)serial.len, serial.data,
                               (long long)wk_cell_int(rows, 0, "oldest_us", 0),
                               (long long)(wk_now_ms() / CALENDARS_AGAIN_MS));
    return wk_outbox_job(tx, WK_DEFAULT, "calendar.sync", VA_STR_NULL, serial, dedup,
                         VA_STR("{}"), e);
}

/* Calendars nobody looked at for minutes: what Google tells of changes may be lost. */
static bool queue_calendars(wk_ctx_t *ctx, wk_error_t *e)
{
    due_t due = {.sql = &wk_sql_calendars_due, .most = DUE_ROWS};
    if (!wk_tx(ctx->db, ctx->arena, VA_STR_NULL, 0, read_due, &due, e)) {
        return false;
    }
    bool ok = true;
    for (size_t i = 0; i < due.n; i++) {
        int done;
        va_str_t *organization = &due.organizations[i];
        ok =
            wk_tx(ctx->db, ctx->arena, *organization, 0, queue_calendars_tx, organization, e) &&
            wk_outbox_drain(ctx, *organization, DUE_ROWS, &done, e) && ok;
    }
    return ok;
}

/*
 * What the fleet does again and again. A piece takes seconds at most and may run twice
 * at once, when the leadership changes in the middle.
 */
static struct {
    const char *name;
    int every_ms;
    bool (*run)(wk_ctx_t *ctx, wk_error_t *e);
    int64_t next_ms; /* monotonic */
} tasks[] = {
    {"outbox", 2000, drain_leftovers, 0},
    {"reminders", SWEEPS_MS, send_reminders, 0},
    {"campaigns", SWEEPS_MS, send_campaigns, 0},
    {"takeovers", SWEEPS_MS, end_takeovers, 0},
    {"retention", SWEEPS_MS, enforce_retention, 0},
    {"calendars", CALENDARS_MS, queue_calendars, 0},
};

static void run_due_tasks(scheduler_t *s)
{
    for (size_t i = 0; i < sizeof(tasks) / sizeof(*tasks); i++) {
        wk_error_t e;
        if (wk_monotonic_ms() < tasks[i].next_ms) {
            continue;
        }
        tasks[i].next_ms = wk_monotonic_ms() + tasks[i].every_ms;
        if (!tasks[i].run(&s->ctx, &e)) {
            wk_count("voiceagent_scheduler_errors_total", "task", va_str_c(tasks[i].name), NULL,
                     VA_STR_NULL, 1);
            wk_log(WK_ERROR, "periodic work failed", WK_C("task", tasks[i].name),
                   WK_C("error", e.text));
        }
        wk_arena_reset(s->ctx.arena);
    }
}

/* ---------------------------------------------------------------- queues */

static void reap(scheduler_t *s, wk_queue_t q)
{
    wk_error_t e;
    wk_reaped_t reaped;
    wk_queue_limits_t limits = wk_queue_limits(s->ctx.config);
    va_str_t queue = va_str_c(wk_queue_name(q));
    if (!wk_queue_reap(s->ctx.redis, q, &limits, REAP_MS, &reaped, &e)) {
        wk_log(WK_ERROR, "queue not reaped", WK_S("queue", queue), WK_C("error", e.text));
        return;
    }
    const struct {
        const char *what;
        int n;
    } counts[] = {{"stalled", reaped.requeued},
                  {"buried", reaped.buried},
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
    if (reaped.buried > 0) {
        wk_log(WK_ALERT, "jobs given up by the reaper", WK_S("queue", queue),
               WK_I("jobs", reaped.buried));
    }
}

/* ---------------------------------------------------------------- leadership */

/* for_ms 0 steps down. */
static void lead(scheduler_t *s, const char *for_ms)
{
    static const va_str_t key = {"va:leader:scheduler", 19};
    wk_error_t e;
    va_str_t args[] = {va_str_c(s->name), va_str_c(for_ms)};
    redisReply *reply = wk_redis_script(s->ctx.redis, &wk_script_lead, &key, 1, args, 2, &e);
    bool leads = reply != NULL && reply->integer == 1;
    if (reply == NULL) {
        wk_log(WK_ERROR, "leadership not settled", WK_C("error", e.text));
    } else if (leads != s->leads) {
        wk_log(WK_INFO, leads ? "leads" : "leads no more");
    }
    s->leads = leads;
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

/* What every host does for itself, whoever leads. */
static void keep_key_set(scheduler_t *s)
{
    wk_error_t e;
    if (!wk_jwks_fetch_when_due(&s->ctx, wk_monotonic_ms(), &e)) {
        wk_count("voiceagent_scheduler_errors_total", "task", VA_STR("jwks"), NULL, VA_STR_NULL,
                 1);
        wk_log(WK_ERROR, "periodic work failed", WK_C("task", "jwks"), WK_C("error", e.text));
    }
    wk_arena_reset(s->ctx.arena);
}

static void tick(scheduler_t *s, int64_t *next_flush_ms)
{
    char for_ms[16];
    snprintf(for_ms, sizeof(for_ms), "%d", LEAD_MS);
    for (int q = 0; q < WK_QUEUES; q++) {
        reap(s, (wk_queue_t)q);
    }
    reap_calls(s);
    lead(s, for_ms);
    if (s->leads) {
        run_due_tasks(s);
    }
    keep_key_set(s);
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

int wk_scheduler_process(const wk_config_t *config)
{
    scheduler_t s = {.leads = false};
    snprintf(s.name, sizeof(s.name), "%08x:%d", arc4random(), (int)getpid());
    s.ctx = (wk_ctx_t){
        .config = config,
        .redis = wk_redis_new(config->redis_url, REDIS_TIMEOUT_MS),
        .db = wk_db_new(config->app_database_url, config->prepare, "voiceagent-scheduler"),
        .http = wk_http_new(),
        .arena = wk_arena_new()};
    int status = wk_await_redis(s.ctx.redis);
    if (status == 0) {
        schedule(&s);
    }
    wk_arena_free(s.ctx.arena);
    wk_http_free(s.ctx.http);
    wk_db_free(s.ctx.db);
    wk_redis_free(s.ctx.redis);
    return status < 0 ? EXIT_SUCCESS : status;
}
