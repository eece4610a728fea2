/* Job types of the tests, instead of the product's: the program under test does these. */
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "t/worker/lib/program.h"
#include "worker/crash.h"
#include "worker/effect.h"
#include "worker/handler.h"
#include "worker/outbox.h"
#include "worker/stop.h"
#include "worker/voice_process.h"

static void count_run(wk_ctx_t *ctx)
{
    wk_error_t e;
    va_str_t argv[] = {VA_STR("HINCRBY"), VA_STR("test:runs"), ctx->job->id, VA_STR("1")};
    freeReplyObject(wk_redis_command(ctx->redis, 0, argv, 4, &e));
}

static int body_number(const wk_ctx_t *ctx)
{
    return ctx->job->body.len > 0 ? (int)strtol(wk_strdup(ctx->arena, ctx->job->body), NULL, 10)
                                  : 0;
}

static wk_outcome_t run_nothing(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    (void)ctx;
    (void)reply;
    (void)e;
    return WK_DONE;
}

static wk_outcome_t run_echo(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    (void)e;
    count_run(ctx);
    reply->status = 200;
    reply->type = VA_STR("text/plain");
    reply->body = ctx->job->body;
    return WK_DONE;
}

/* More than a reply can be. */
static wk_outcome_t run_huge(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    const size_t len = 2 << 20;
    (void)e;
    char *body = wk_alloc(ctx->arena, len);
    memset(body, 'x', len);
    reply->status = 200;
    reply->type = VA_STR("text/plain");
    reply->body = va_str(body, len);
    return WK_DONE;
}

/* Fails as often as its body says. */
static wk_outcome_t run_again(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    (void)reply;
    count_run(ctx);
    if (ctx->attempt > body_number(ctx)) {
        return WK_DONE;
    }
    wk_error(e, WK_UNAVAILABLE, "not now");
    e->retry_after_ms = 1;
    return WK_AGAIN;
}

static wk_outcome_t run_give_up(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    count_run(ctx);
    reply->status = 422;
    wk_error(e, WK_INVALID, "never");
    return WK_GIVE_UP;
}

static wk_outcome_t run_poison(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    (void)reply;
    (void)e;
    count_run(ctx);
    raise(SIGKILL);
    return WK_DONE;
}

/* As many milliseconds as its body says. */
static wk_outcome_t run_sleep(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    int ms = body_number(ctx);
    (void)reply;
    (void)e;
    count_run(ctx);
    nanosleep(&(struct timespec){ms / 1000, (long)(ms % 1000) * 1000000}, NULL);
    return WK_DONE;
}

/* Until there is the file that its body names: as long as the test wants. */
static wk_outcome_t run_until(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    const char *file = wk_strdup(ctx->arena, ctx->job->body);
    (void)reply;
    (void)e;
    count_run(ctx);
    while (access(file, F_OK) != 0) {
        nanosleep(&(struct timespec){0, 10000000}, NULL);
    }
    return WK_DONE;
}

/* ---------------------------------------------------------------- with Postgres */

static const wk_sql_t sleeps = {"test_sleep", "SELECT pg_sleep($1::float / 1000)", 1};

static bool sleep_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    wk_ctx_t *ctx = arg;
    va_str_t ms = wk_printf(ctx->arena, "%d", body_number(ctx));
    return wk_sql_last(tx, &sleeps, &ms, NULL, e);
}

static wk_outcome_t run_sql_sleep(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    (void)reply;
    count_run(ctx);
    return wk_tx(ctx->db, ctx->arena, ctx->job->org, 0, sleep_tx, ctx, e) ? WK_DONE : WK_AGAIN;
}

static const wk_sql_t kills = {"test_kill", "SELECT pg_terminate_backend(pg_backend_pid())", 0};

static bool kill_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    (void)arg;
    return wk_sql_last(tx, &kills, NULL, NULL, e);
}

static wk_outcome_t run_sql_kills(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    (void)reply;
    count_run(ctx);
    return wk_tx(ctx->db, ctx->arena, ctx->job->org, 0, kill_tx, NULL, e) ? WK_DONE : WK_AGAIN;
}

/* ---------------------------------------------------------------- an effect */

typedef struct {
    wk_ctx_t *ctx;
    wk_effect_t effect;
} send_t;

static bool claim_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    send_t *s = arg;
    return wk_effect_claim(tx, "test", s->ctx->job->id, VA_STR_NULL, &s->effect, e);
}

static bool finish_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    send_t *s = arg;
    va_str_t data = wk_printf(s->ctx->arena, "{\"job\":\"%.*s\"}", (int)s->ctx->job->id.len,
                              s->ctx->job->id.data);
    return wk_effect_finish(tx, s->effect.id, WK_EFFECT_DONE, VA_STR_NULL, VA_STR_NULL, e) &&
           wk_outbox_event(tx, "sms_sent", VA_STR_NULL, VA_STR_NULL, data, e);
}

/* The "provider" is a hash of Redis: how often each thing was done. */
static bool provider(wk_ctx_t *ctx, const char *command, const char *by, long long *n,
                     wk_error_t *e)
{
    va_str_t argv[] = {va_str_c(command), VA_STR("test:provider"), ctx->job->id, va_str_c(by)};
    redisReply *reply = wk_redis_command(ctx->redis, 0, argv, by != NULL ? 4 : 3, e);
    if (reply == NULL) {
        return false;
    }
    *n =
        reply->type == REDIS_REPLY_INTEGER ? reply->integer : reply->type == REDIS_REPLY_STRING;
    freeReplyObject(reply);
    return true;
}

/* As every effect is carried out: claim, act or ask what became of it, finish. */
static bool send_once(send_t *s, wk_error_t *e)
{
    long long done = 0;
    if (!wk_tx(s->ctx->db, s->ctx->arena, s->ctx->job->org, 0, claim_tx, s, e)) {
        return false;
    }
    if (s->effect.state == WK_EFFECT_DONE) {
        return true;
    }
    if (s->effect.state == WK_EFFECT_PENDING && !provider(s->ctx, "HGET", NULL, &done, e)) {
        return false;
    }
    wk_crash_point("provider.before");
    if (done == 0 && !provider(s->ctx, "HINCRBY", "1", &done, e)) {
        return false;
    }
    wk_crash_point("provider.after");
    return wk_tx(s->ctx->db, s->ctx->arena, s->ctx->job->org, 0, finish_tx, s, e);
}

static wk_outcome_t run_effect(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    send_t s = {.ctx = ctx};
    reply->status = 200;
    return send_once(&s, e) ? WK_DONE : WK_AGAIN;
}

static const wk_handler_t handlers[] = {
    {"test.nothing", WK_EFFECT, run_nothing, 0},
    {"test.echo", WK_EFFECT, run_echo, 0},
    {"test.read", WK_READ, run_echo, 0},
    {"test.huge", WK_EFFECT, run_huge, 0},
    {"test.read_fails", WK_READ, run_give_up, 0},
    {"test.read_sleeps", WK_READ, run_sql_sleep, 0},
    {"test.again", WK_EFFECT, run_again, 4},
    {"test.give_up", WK_EFFECT, run_give_up, 0},
    {"test.poison", WK_EFFECT, run_poison, 0},
    {"test.sleep", WK_EFFECT, run_sleep, 0},
    {"test.until", WK_EFFECT, run_until, 0},
    {"test.sql_sleep", WK_EFFECT, run_sql_sleep, 0},
    {"test.sql_kills", WK_EFFECT, run_sql_kills, 0},
    {"test.effect", WK_EFFECT, run_effect, 100},
};

const wk_handler_t *wk_handler_find(va_str_t type)
{
    for (size_t i = 0; i < sizeof(handlers) / sizeof(*handlers); i++) {
        if (va_str_eq(type, va_str_c(handlers[i].type))) {
            return &handlers[i];
        }
    }
    return NULL;
}

/* They need no texts. */
bool wk_handlers_ready(const wk_config_t *config, wk_error_t *e)
{
    return strcmp(config->messages_dir, T_BROKEN) != 0 ||
           wk_error(e, WK_INVALID, T_BROKEN "/en.json: not JSON");
}

bool wk_handlers_check(const wk_config_t *config, size_t *languages, wk_report_fn report,
                       void *ctx)
{
    wk_error_t e;
    bool ok = wk_handlers_ready(config, &e);
    *languages = ok ? 1 : 0;
    if (!ok) {
        report(ctx, true, e.text);
    }
    return ok;
}

/* Live calls are the product's: here their process only lives until it is told to end. */
int wk_voice_process(const wk_config_t *config)
{
    (void)config;
    while (!wk_stop_wait_signal(-1)) {
    }
    return EXIT_SUCCESS;
}
