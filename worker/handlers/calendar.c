/*
 * calendar.notify: Google says that a calendar has changed, and not what.
 * calendar.sync: what has changed is read.
 * calendar.push: an appointment's event is made what the appointment is.
 */
#include "worker/store/calendar.h"
#include "worker/agent/calendar_push.h"
#include "worker/agent/calendar_sync.h"
#include "worker/handlers/handlers.h"
#include "worker/handlers/request.h"
#include "worker/handlers/webhook.h"
#include "worker/log.h"

/* ---------------------------------------------------------------- calendar.notify */

typedef struct {
    wk_ctx_t *ctx;
    va_str_t channel, resource;
} notice_t;

static bool notify_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    notice_t *n = arg;
    wk_rows_t *rows;
    if (!wk_sql(tx, &wk_sql_calendar_of_channel, &n->channel, &rows, e)) {
        return false;
    }
    if (wk_rows_count(rows) == 0 || !va_str_eq(wk_cell(rows, 0, "resource_id"), n->resource)) {
        wk_log(WK_WARN, "a notification of a channel that watches something else");
        return true;
    }
    return wk_calendar_sync_later(tx, wk_cell(rows, 0, "calendar"), n->ctx->job->enqueued_ms,
                                  VA_STR_NULL, e);
}

/* The first message of a channel ("sync") only says that there is one. */
wk_outcome_t wk_calendar_notify(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    va_str_t organization = VA_STR_NULL;
    notice_t n = {.ctx = ctx,
                  .channel = wk_request_header(ctx->job, "x-goog-channel-id"),
                  .resource = wk_request_header(ctx->job, "x-goog-resource-id")};
    va_str_t state = wk_request_header(ctx->job, "x-goog-resource-state");
    (void)reply;
    if (!wk_webhook_is_id(n.channel)) {
        wk_error(e, WK_INVALID, "a notification without a channel");
        return WK_GIVE_UP;
    }
    if (va_str_eq(state, VA_STR("sync"))) {
        return WK_DONE;
    }
    if (!wk_tx_by(ctx->db, ctx->arena, "channel", n.channel, 0, notify_tx, &n, &organization,
                  e)) {
        return wk_webhook_failed(e);
    }
    return organization.data != NULL ? WK_DONE
                                     : wk_webhook_unrouted(ctx, "channel", n.channel, e);
}

/* ---------------------------------------------------------------- the jobs behind it */

wk_outcome_t wk_calendar_sync(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    const va_json_t *body;
    int64_t not_since_ms = 0;
    (void)reply;
    if (!wk_webhook_json(ctx, &body, e)) {
        return wk_webhook_failed(e);
    }
    (void)va_json_int(va_json_get(body, "not_since_ms"), &not_since_ms);
    return wk_calendar_sync_now(ctx, ctx->job->org, va_json_get_string(body, "calendar"),
                                not_since_ms, e);
}

wk_outcome_t wk_calendar_push(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    va_str_t appointment;
    (void)reply;
    if (!wk_webhook_names(ctx, "appointment", wk_is_uuid, &appointment, e)) {
        return wk_webhook_failed(e);
    }
    return wk_calendar_push_now(ctx, ctx->job->org, appointment, e);
}
