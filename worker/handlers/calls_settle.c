/*
 * calls.settle: of one shop, the calls whose end nobody told (calls.look_at). The carrier is
 * asked, and its answer is kept as its callback would have been. One that it still has beyond
 * the longest call, and that no person has, is ended there.
 *
 * Each look plans the next one before it asks: whoever dies in between has asked for nothing.
 */
#include "worker/agent/call_status.h"
#include "worker/clock.h"
#include "worker/crash.h"
#include "worker/handlers/handlers.h"
#include "worker/handlers/phone.h"
#include "worker/handlers/webhook.h"
#include "worker/log.h"
#include "worker/metrics.h"
#include "worker/providers/twilio.h"
#include "worker/store/calls.h"

#define RUN_MS                                                                                 \
    5000 /* behind which none is asked about any more; the next run comes in half a minute */

typedef struct {
    wk_ctx_t *ctx;
    va_str_t call, sid;
    bool outbound;
    bool too_long; /* beyond the longest call, and it is no person's */
    wk_twilio_call_t found;
    wk_call_status_t status;
} look_t;

/* ---------------------------------------------------------------- over */

static bool keep_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    const look_t *l = arg;
    return wk_call_status_keep(l->ctx, tx, &l->status, e);
}

/* Lets go first: a call that is kept as ended is not looked at again. */
static bool keep_end(look_t *l, wk_error_t *e)
{
    wk_ctx_t *ctx = l->ctx;
    l->status = (wk_call_status_t){.told = {.call_sid = l->sid, .outbound = l->outbound},
                                   .status = l->found.status,
                                   .seconds = l->found.seconds,
                                   .at = l->found.ended};
    wk_crash_point("look.before");
    if (!wk_call_status_let_go(ctx, &l->status, ctx->job->org, e)) {
        return false;
    }
    wk_crash_point("look.after");
    return wk_tx(ctx->db, ctx->arena, ctx->job->org, 0, keep_tx, l, e);
}

/* ---------------------------------------------------------------- too long */

static bool limit_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    const look_t *l = arg;
    return wk_sql(tx, &wk_sql_call_limit, &l->call, NULL, e);
}

/* That it has ended is told by its callback, or found by the next look. */
static bool end_call(look_t *l, wk_error_t *e)
{
    wk_ctx_t *ctx = l->ctx;
    wk_log(WK_WARN, "a call beyond its longest time is ended", WK_S("call", l->sid));
    return wk_tx(ctx->db, ctx->arena, ctx->job->org, 0, limit_tx, l, e) &&
           (wk_twilio_end(ctx, l->sid, e) || wk_twilio_not_live(e));
}

/* ---------------------------------------------------------------- looking */

static const char *outcome_of(const look_t *l)
{
    return wk_call_status_final(l->found.status) ? "over" : l->too_long ? "ended" : "live";
}

/* True also where the carrier knows nothing of it: that is no end, and other calls are asked
 * about all the same. */
static bool look_at(look_t *l, wk_error_t *e)
{
    bool known;
    if (!wk_twilio_call(l->ctx, l->sid, &known, &l->found, e)) {
        return false;
    }
    wk_count("voiceagent_call_looks_total", "found",
             va_str_c(known ? outcome_of(l) : "unknown"), NULL, VA_STR_NULL, 1);
    if (!known || !wk_call_status_known(l->found.status)) {
        wk_log(WK_WARN, "the carrier does not say how a call fares", WK_S("call", l->sid));
        return true;
    }
    if (wk_call_status_final(l->found.status)) {
        return keep_end(l, e);
    }
    return !l->too_long || end_call(l, e);
}

typedef struct {
    wk_rows_t *rows;
} due_t;

static bool due_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    due_t *due = arg;
    va_str_t held = wk_printf(wk_tx_arena(tx), "%d", WK_PHONE_HELD_TURN);
    return wk_sql(tx, &wk_sql_calls_look, &held, &due->rows, e);
}

static void look_at_next(wk_ctx_t *ctx, const wk_rows_t *row, wk_error_t *e)
{
    look_t l = {.ctx = ctx,
                .call = wk_cell(row, 0, "id"),
                .sid = wk_cell(row, 0, "sid"),
                .outbound = va_str_eq(wk_cell(row, 0, "direction"), VA_STR("outbound")),
                .too_long = wk_cell_bool(row, 0, "too_long")};
    if (!look_at(&l, e)) {
        wk_log(WK_WARN, "a call could not be looked at", WK_S("call", l.sid),
               WK_C("error", e->text));
    }
}

wk_outcome_t wk_calls_settle(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    due_t due;
    (void)reply;
    if (ctx->config->twilio_account_sid == NULL || ctx->config->twilio_auth_token == NULL) {
        return WK_DONE; /* nobody to ask */
    }
    int64_t until = wk_monotonic_ms() + RUN_MS;
    do {
        if (!wk_tx(ctx->db, ctx->arena, ctx->job->org, 0, due_tx, &due, e)) {
            return wk_webhook_failed(e);
        }
        if (wk_rows_count(due.rows) == 0) {
            return WK_DONE;
        }
        look_at_next(ctx, due.rows, e);
    } while (wk_monotonic_ms() < until);
    return WK_DONE;
}
