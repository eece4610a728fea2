#include "worker/periodic.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "worker/clock.h"
#include "worker/jwks_fetch.h"
#include "worker/log.h"
#include "worker/metrics.h"
#include "worker/outbox.h"
#include "worker/queue.h"
#include "worker/stop.h"
#include "worker/store/calendar.h"
#include "worker/store/calls.h"
#include "worker/store/campaigns.h"
#include "worker/store/effects.h"
#include "worker/store/outbox.h"
#include "worker/store/privacy.h"
#include "worker/store/recordings.h"
#include "worker/store/reminders.h"
#include "worker/store/signup.h"
#include "worker/store/takeovers.h"

#define TICK_MS            250
#define REDIS_TIMEOUT_MS   2000
#define DUE_ROWS           100
#define DUE_SWEEPS         10000 /* organizations; whoever waits for the morning is among them */
#define SWEEPS_MS          30000
#define SWEEPS_AT_ONCE     100
#define SWEEP_LOST_S       3600 /* a sweep that has not ended by then is followed by another */
#define CALENDARS_MS       10000
#define CALENDARS_AGAIN_MS 300000

struct wk_periodic {
    wk_ctx_t ctx; /* the thread's own */
    pthread_t thread;
    atomic_bool leads;
    _Atomic int64_t began_ms; /* monotonic: the piece of work the thread is at */
};

/* ---------------------------------------------------------------- what is due */

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

/* One job a shop at a time. */
static bool send_sweep(wk_ctx_t *ctx, const char *type, order_t order, va_str_t organization,
                       wk_error_t *e)
{
    va_str_t own =
        wk_printf(ctx->arena, "%s:%.*s", type, (int)organization.len, organization.data);
    va_str_t id = wk_printf(ctx->arena, "%s-%.*s-%lld", type, (int)organization.len,
                            organization.data, (long long)wk_now_ms());
    va_job_t job = {.id = id,
                    .type = va_str_c(type),
                    .org = organization,
                    .lane = organization,
                    .serial = order == BY_ITSELF ? own : organization,
                    .dedup = own,
                    .enqueued_ms = wk_now_ms(),
                    .trace = id,
                    .auth_scheme = VA_STR("internal"),
                    .body = VA_STR("{}")};
    return wk_queue_send_push_alone(ctx->redis, WK_BULK, &job, SWEEP_LOST_S, ctx->arena, e);
}

/* In one write. */
static bool push_some(wk_ctx_t *ctx, const char *type, order_t order,
                      const va_str_t *organizations, size_t n, wk_error_t *e)
{
    size_t sent = 0;
    while (sent < n && send_sweep(ctx, type, order, organizations[sent], e)) {
        sent++;
    }
    bool ok = sent == n;
    for (size_t i = 0; i < sent; i++) {
        wk_error_t failure;
        redisReply *reply = wk_redis_reply(ctx->redis, &failure);
        if (reply == NULL && ok) {
            *e = failure;
            ok = false;
        }
        freeReplyObject(reply);
    }
    return ok;
}

static bool push_sweeps(wk_ctx_t *ctx, const char *type, order_t order, const wk_sql_t *whose,
                        wk_error_t *e)
{
    due_t due = {.sql = whose, .most = DUE_SWEEPS};
    if (!wk_tx(ctx->db, ctx->arena, VA_STR_NULL, 0, read_due, &due, e)) {
        return false;
    }
    bool ok = true;
    for (size_t done = 0; ok && done < due.n; done += SWEEPS_AT_ONCE) {
        size_t left = due.n - done;
        ok = push_some(ctx, type, order, due.organizations + done,
                       left < SWEEPS_AT_ONCE ? left : SWEEPS_AT_ONCE, e);
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

static bool settle_effects(wk_ctx_t *ctx, wk_error_t *e)
{
    return push_sweeps(ctx, "effects.settle", BY_ITSELF, &wk_sql_effects_due, e);
}

static bool settle_recordings(wk_ctx_t *ctx, wk_error_t *e)
{
    return push_sweeps(ctx, "recordings.settle", BY_ITSELF, &wk_sql_recordings_due, e);
}

static bool settle_calls(wk_ctx_t *ctx, wk_error_t *e)
{
    return push_sweeps(ctx, "calls.settle", BY_ITSELF, &wk_sql_calls_due, e);
}

static bool enforce_retention(wk_ctx_t *ctx, wk_error_t *e)
{
    return push_sweeps(ctx, "privacy.sweep", BY_ITSELF, &wk_sql_privacy_due, e);
}

static bool undo_registrations(wk_ctx_t *ctx, wk_error_t *e)
{
    return push_sweeps(ctx, "registrations.undo", BY_ITSELF, &wk_sql_registrations_due, e);
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
    {"effects", SWEEPS_MS, settle_effects, 0},
    {"recordings", SWEEPS_MS, settle_recordings, 0},
    {"calls", SWEEPS_MS, settle_calls, 0},
    {"retention", SWEEPS_MS, enforce_retention, 0},
    {"registrations", SWEEPS_MS, undo_registrations, 0},
    {"calendars", CALENDARS_MS, queue_calendars, 0},
};

static void run_due_tasks(wk_periodic_t *p)
{
    for (size_t i = 0; i < sizeof(tasks) / sizeof(*tasks); i++) {
        wk_error_t e;
        if (wk_stop_requested() || wk_monotonic_ms() < tasks[i].next_ms) {
            continue;
        }
        tasks[i].next_ms = wk_monotonic_ms() + tasks[i].every_ms;
        atomic_store(&p->began_ms, wk_monotonic_ms());
        if (!tasks[i].run(&p->ctx, &e)) {
            wk_count("voiceagent_scheduler_errors_total", "task", va_str_c(tasks[i].name), NULL,
                     VA_STR_NULL, 1);
            wk_log(WK_ERROR, "periodic work failed", WK_C("task", tasks[i].name),
                   WK_C("error", e.text));
        }
        wk_arena_reset(p->ctx.arena);
    }
}

/* What every host does for itself, whoever leads. */
static void keep_key_set(wk_periodic_t *p)
{
    wk_error_t e;
    atomic_store(&p->began_ms, wk_monotonic_ms());
    if (!wk_jwks_fetch_when_due(&p->ctx, wk_monotonic_ms(), &e)) {
        wk_count("voiceagent_scheduler_errors_total", "task", VA_STR("jwks"), NULL, VA_STR_NULL,
                 1);
        wk_log(WK_ERROR, "periodic work failed", WK_C("task", "jwks"), WK_C("error", e.text));
    }
    wk_arena_reset(p->ctx.arena);
}

/* ---------------------------------------------------------------- the thread */

static void *periodic_thread(void *arg)
{
    wk_periodic_t *p = arg;
    do {
        if (atomic_load(&p->leads)) {
            run_due_tasks(p);
        }
        keep_key_set(p);
    } while (!wk_stop_sleep(TICK_MS));
    return NULL;
}

static void discard(wk_periodic_t *p)
{
    wk_arena_free(p->ctx.arena);
    wk_http_free(p->ctx.http);
    wk_db_free(p->ctx.db);
    wk_redis_free(p->ctx.redis);
    free(p);
}

wk_periodic_t *wk_periodic_start(const wk_config_t *config, wk_error_t *e)
{
    wk_periodic_t *p = calloc(1, sizeof(*p));
    if (p == NULL) {
        abort();
    }
    p->ctx = (wk_ctx_t){
        .config = config,
        .redis = wk_redis_new(config->redis_url, REDIS_TIMEOUT_MS),
        .db = wk_db_new(config->app_database_url, config->prepare, "voiceagent-scheduler"),
        .http = wk_http_new(),
        .arena = wk_arena_new()};
    atomic_store(&p->began_ms, wk_monotonic_ms());
    int rc = pthread_create(&p->thread, NULL, periodic_thread, p);
    if (rc != 0) {
        wk_error(e, WK_INTERNAL, "thread of periodic work: %s", strerror(rc));
        discard(p);
        return NULL;
    }
    return p;
}

void wk_periodic_lead(wk_periodic_t *p, bool leads)
{
    atomic_store(&p->leads, leads);
}

int64_t wk_periodic_busy_ms(const wk_periodic_t *p)
{
    return wk_monotonic_ms() - atomic_load(&p->began_ms);
}

void wk_periodic_stop(wk_periodic_t *p)
{
    wk_db_cancel(p->ctx.db);
    pthread_join(p->thread, NULL);
    discard(p);
}
