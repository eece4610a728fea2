#include "worker/job.h"

#include <stdlib.h>

#include "worker/clock.h"
#include "worker/crash.h"
#include "worker/log.h"
#include "worker/metrics.h"

#define DAY_MS         (24 * 60 * 60 * INT64_C(1000))
#define UNKNOWN_MIN_MS INT64_C(10000)
#define UNKNOWN_MAX_MS INT64_C(300000)
#define AWAY_MIN_MS    INT64_C(1000)
#define AWAY_MAX_MS    INT64_C(30000)

static void bury(wk_work_t *w, va_str_t reason, const char *outcome)
{
    w->end = (wk_end_t){.how = WK_END_BURY, .reason = reason};
    w->outcome = outcome;
}

static int64_t age_ms(const va_job_t *job)
{
    return wk_now_ms() - job->enqueued_ms;
}

/* The older it is, the rarer it is tried: it has waited that long for nothing. */
static int64_t by_age_ms(const va_job_t *job, int64_t least, int64_t most)
{
    int64_t ms = age_ms(job) / 8;
    return ms < least ? least : ms > most ? most : ms;
}

/* While workers are being replaced, one of the new version may have queued it. */
static void unknown_type(wk_work_t *w)
{
    static const va_str_t reason = {"no handler for its type", 23};
    if (age_ms(&w->job) >= DAY_MS) {
        bury(w, reason, "unknown_type");
        return;
    }
    w->end = (wk_end_t){.how = WK_END_DEFER,
                        .reason = reason,
                        .delay_ms = by_age_ms(&w->job, UNKNOWN_MIN_MS, UNKNOWN_MAX_MS)};
    w->outcome = "unknown_type";
}

void wk_work_read(wk_work_t *w, wk_arena_t *a, const wk_lease_t *lease)
{
    memset(w, 0, sizeof(*w));
    w->outcome = "unreadable";
    if (va_job_parse(wk_mem(a), lease->document, &w->job) != VA_OK) {
        bury(w, VA_STR("unreadable"), "unreadable");
        return;
    }
    w->handler = wk_handler_find(w->job.type);
    if (w->handler == NULL) {
        unknown_type(w);
    }
}

int64_t wk_work_deadline_ms(const wk_work_t *w)
{
    return w->handler != NULL && w->handler->kind == WK_READ ? w->job.deadline_ms : 0;
}

static bool too_late(const wk_work_t *w)
{
    int64_t deadline = wk_work_deadline_ms(w);
    return deadline != 0 && wk_now_ms() >= deadline;
}

/* ---------------------------------------------------------------- the end of a run */

static va_status_t write_reply(wk_ctx_t *ctx, const va_reply_t *reply, va_str_t *text)
{
    va_buf_t out;
    va_buf_init(&out, wk_mem(ctx->arena), reply->body.len + 256);
    va_status_t status = va_reply_write(&out, reply);
    *text = va_buf_str(&out);
    return status;
}

/* Who waits hears of a reply that is too large at once, and not by its never coming. */
static va_str_t unwritable(wk_ctx_t *ctx)
{
    va_str_t text;
    va_reply_t reply = {
        .id = ctx->job->id, .status = 500, .type = VA_STR("text/plain"), .body = VA_STR("")};
    return write_reply(ctx, &reply, &text) == VA_OK ? text : VA_STR_NULL;
}

static va_str_t reply_text(wk_ctx_t *ctx, va_reply_t *reply)
{
    va_str_t text;
    if (reply->status == 0) {
        return VA_STR_NULL;
    }
    reply->id = ctx->job->id;
    va_status_t status = write_reply(ctx, reply, &text);
    if (status == VA_OK) {
        return text;
    }
    wk_log(WK_ERROR, "reply cannot be written", WK_I("status", status));
    return unwritable(ctx);
}

static int most_attempts(const wk_work_t *w, const wk_ctx_t *ctx)
{
    return w->handler->max_attempts > 0 ? w->handler->max_attempts : ctx->config->max_attempts;
}

static va_str_t reason_of(wk_ctx_t *ctx, const wk_error_t *e)
{
    return wk_printf(ctx->arena, "%s: %s", wk_code_name(e->code), e->text);
}

/* Nobody looks at the answer of a read any more: it is neither repeated nor kept. */
static void failed_read(wk_work_t *w, const wk_error_t *e, va_str_t reply)
{
    w->end = (wk_end_t){.how = WK_END_ACK, .reply = reply};
    w->outcome = "failed";
    wk_log(WK_WARN, "read failed", WK_C("code", wk_code_name(e->code)), WK_C("error", e->text));
}

/*
 * Redis or Postgres is away. That is not the job's doing, so that for a day no attempt of it
 * counts.
 */
static void wait_for_store(wk_work_t *w, wk_ctx_t *ctx, const wk_error_t *e)
{
    int64_t delay = by_age_ms(&w->job, AWAY_MIN_MS, AWAY_MAX_MS);
    w->end = (wk_end_t){.how = WK_END_RETRY,
                        .uncounted = true,
                        .reason = reason_of(ctx, e),
                        .delay_ms = delay + arc4random_uniform((uint32_t)delay / 4)};
    w->outcome = "store_away";
    w->store_away = true;
    wk_log(WK_WARN, "job waits for what is away", WK_I("delay_ms", w->end.delay_ms),
           WK_C("error", e->text));
}

static void failed_effect(wk_work_t *w, wk_ctx_t *ctx, wk_outcome_t outcome,
                          const wk_error_t *e, va_str_t reply)
{
    if (outcome == WK_AGAIN && e->store_away && age_ms(&w->job) < DAY_MS) {
        wait_for_store(w, ctx, e);
        return;
    }
    if (outcome == WK_AGAIN && ctx->attempt < most_attempts(w, ctx)) {
        int64_t delay =
            e->retry_after_ms > 0 ? e->retry_after_ms : wk_queue_backoff_ms(ctx->attempt);
        w->end =
            (wk_end_t){.how = WK_END_RETRY, .reason = reason_of(ctx, e), .delay_ms = delay};
        w->outcome = "retried";
        wk_log(WK_WARN, "job failed, will be retried", WK_I("attempt", ctx->attempt),
               WK_I("delay_ms", delay), WK_C("code", wk_code_name(e->code)),
               WK_C("error", e->text));
        return;
    }
    bury(w, reason_of(ctx, e), "buried");
    w->end.reply = reply;
    wk_log(WK_ALERT, "job given up", WK_I("attempt", ctx->attempt),
           WK_C("code", wk_code_name(e->code)), WK_C("error", e->text));
}

static void conclude(wk_work_t *w, wk_ctx_t *ctx, wk_outcome_t outcome, const wk_error_t *e,
                     va_str_t reply)
{
    if (outcome == WK_DONE) {
        w->end = (wk_end_t){.how = WK_END_ACK, .reply = reply};
        w->outcome = "done";
    } else if (outcome == WK_LATER) {
        w->end = (wk_end_t){.how = WK_END_RETRY,
                            .uncounted = true,
                            .reason = VA_STR("it is not time yet"),
                            .delay_ms = e->retry_after_ms};
        w->outcome = "later";
    } else if (w->handler->kind == WK_READ) {
        failed_read(w, e, reply);
    } else {
        failed_effect(w, ctx, outcome, e, reply);
    }
}

/* ---------------------------------------------------------------- run */

static void measure(const wk_work_t *w, const wk_lease_t *lease, int64_t began_ms)
{
    va_str_t type = w->handler != NULL ? va_str_c(w->handler->type) : VA_STR("");
    wk_count("voiceagent_jobs_total", "type", type, "outcome", va_str_c(w->outcome), 1);
    wk_observe_ms("voiceagent_job_seconds", "type", type, wk_monotonic_ms() - began_ms);
    int64_t waited = wk_now_ms() - (wk_monotonic_ms() - began_ms) - w->job.enqueued_ms;
    if (lease->first && w->job.enqueued_ms != 0) {
        wk_observe_ms("voiceagent_job_wait_seconds", "queue",
                      va_str_c(wk_queue_name(lease->queue)), waited > 0 ? waited : 0);
    }
}

static void run_handler(wk_work_t *w, wk_ctx_t *ctx)
{
    va_reply_t reply = {.status = 0};
    wk_error_t e = {.code = WK_OK};
    wk_crash_point("handler.before");
    wk_outcome_t outcome = w->handler->run(ctx, &reply, &e);
    wk_crash_point("handler.after");
    conclude(w, ctx, outcome, &e, reply_text(ctx, &reply));
}

void wk_work_run(wk_work_t *w, wk_ctx_t *ctx, const wk_lease_t *lease)
{
    int64_t began_ms = wk_monotonic_ms();
    wk_log_context(lease->id, w->job.type, w->job.trace);
    wk_log_context_org(w->job.org);
    ctx->job = &w->job;
    ctx->attempt = lease->attempt;
    if (w->handler == NULL) {
        wk_log(w->end.how == WK_END_BURY ? WK_ALERT : WK_WARN,
               w->end.how == WK_END_BURY ? "job given up" : "job waits for another worker",
               WK_S("reason", w->end.reason));
    } else if (too_late(w)) {
        w->end = (wk_end_t){.how = WK_END_ACK};
        w->outcome = "late";
    } else {
        run_handler(w, ctx);
    }
    measure(w, lease, began_ms);
}
