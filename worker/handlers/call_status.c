/* call_status.store: what the carrier reports of a call, in whatever order it arrives. */
#include "worker/admission.h"
#include "worker/agent/call.h"
#include "worker/agent/call_conclusion.h"
#include "worker/agent/call_cost.h"
#include "worker/agent/erasure.h"
#include "worker/agent/takeover.h"
#include "worker/call_state.h"
#include "worker/handlers/handlers.h"
#include "worker/handlers/webhook.h"
#include "worker/providers/twilio.h"
#include "worker/store/calls.h"

typedef struct {
    wk_ctx_t *ctx;
    va_form_t form;
    va_str_t sid, status, sequence, seconds, sip_code;
    bool outbound; /* we called */
    bool leg;      /* of another call, which was transferred */
    va_str_t from, to;
} report_t;

static bool known_status(va_str_t status)
{
    static const char *const statuses[] = {"queued",    "initiated", "ringing",  "in-progress",
                                           "answered",  "completed", "busy",     "failed",
                                           "no-answer", "canceled",  "cancelled"};
    for (size_t i = 0; i < sizeof(statuses) / sizeof(*statuses); i++) {
        if (va_str_eq(status, va_str_c(statuses[i]))) {
            return true;
        }
    }
    return false;
}

static bool begins_with(va_str_t s, va_str_t prefix)
{
    return s.len >= prefix.len && memcmp(s.data, prefix.data, prefix.len) == 0;
}

static bool read_report(wk_ctx_t *ctx, report_t *r, wk_error_t *e)
{
    wk_arena_t *a = ctx->arena;
    if (!wk_webhook_form(ctx, &r->form, e)) {
        return false;
    }
    r->sid = va_form_get(&r->form, "CallSid");
    r->status = va_form_get(&r->form, "CallStatus");
    r->sequence = wk_webhook_count(a, va_form_get(&r->form, "SequenceNumber"), 999);
    r->seconds = wk_webhook_count(a, va_form_get(&r->form, "CallDuration"), 1000000);
    r->sip_code = wk_webhook_count(a, va_form_get(&r->form, "SipResponseCode"), 999);
    r->outbound = begins_with(va_form_get(&r->form, "Direction"), VA_STR("outbound"));
    r->leg = va_form_get(&r->form, "ParentCallSid").len > 0;
    r->from = wk_webhook_number(a, va_form_get(&r->form, "From"));
    r->to = wk_webhook_number(a, va_form_get(&r->form, "To"));
    if (!wk_webhook_is_id(r->sid) || !known_status(r->status)) {
        return wk_error(e, WK_INVALID, "a call status without CallSid or CallStatus");
    }
    return true;
}

/* ---------------------------------------------------------------- store */

static wk_call_told_t told_by(wk_ctx_t *ctx, const report_t *r)
{
    wk_call_told_t told = {
        .call_sid = r->sid,
        .outbound = r->outbound,
        .caller = r->from,
        .called = r->to,
        .anonymous = !r->outbound && r->from.data == NULL,
    };
    wk_webhook_caller(ctx->arena, &r->form, &told);
    return told;
}

static bool note(wk_tx_t *tx, const report_t *r, wk_error_t *e)
{
    wk_arena_t *a = r->ctx->arena;
    int64_t at = wk_twilio_time(va_form_get(&r->form, "Timestamp"));
    va_str_t params[] = {
        r->sid,       r->sequence,
        r->status,    at != 0 ? wk_printf(a, "%lld", (long long)at) : VA_STR_NULL,
        r->seconds,   r->sip_code,
        VA_STR("{}"),
    };
    return wk_sql(tx, &wk_sql_call_status_insert, params, NULL, e);
}

static bool is_final(va_str_t status)
{
    static const char *const final[] = {"completed", "busy",     "failed",
                                        "no-answer", "canceled", "cancelled"};
    for (size_t i = 0; i < sizeof(final) / sizeof(*final); i++) {
        if (va_str_eq(status, va_str_c(final[i]))) {
            return true;
        }
    }
    return false;
}

/*
 * The row of the call is closed before those who have it are looked for: a join that is under
 * way at the time has either changed that row, and is found, or finds it closed.
 */
static bool store_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    report_t *r = arg;
    wk_call_t call;
    wk_call_told_t told = told_by(r->ctx, r);
    bool erased, ended = is_final(r->status);
    if (!wk_erasure_of_call(tx, told.call_sid, told.conversation, &erased, e) ||
        !(erased || (wk_call_open(tx, &told, &call, e) && note(tx, r, e) &&
                     wk_call_close(tx, &call, e)))) {
        return false;
    }
    return !ended || (wk_takeover_call_over(tx, r->sid, e) &&
                      (erased || (wk_call_conclude_ended(tx, call.id, e) &&
                                  wk_call_cost(tx, r->ctx->config, call.id, e))));
}

/*
 * Nobody goes on with it, and its slots are free: in this order, so that a turn which is still
 * being answered reserves none anew.
 */
static bool let_go(const report_t *r, va_str_t organization, wk_error_t *e)
{
    wk_ctx_t *ctx = r->ctx;
    return !is_final(r->status) ||
           (wk_call_state_end(ctx->redis, ctx->arena, r->sid, r->status, e) &&
            wk_admission_release(ctx->redis, ctx->arena, organization, r->sid, e));
}

wk_outcome_t wk_call_status_store(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    report_t r = {.ctx = ctx};
    va_str_t organization = VA_STR_NULL;
    (void)reply;
    if (!read_report(ctx, &r, e)) {
        return wk_webhook_failed(e);
    }
    if (r.leg) {
        return WK_DONE; /* no call of its own to anybody */
    }
    va_str_t ours = r.outbound ? r.from : r.to;
    if (ours.data == NULL) {
        return wk_webhook_unrouted(ctx, "number", ours, e);
    }
    if (!wk_tx_by(ctx->db, ctx->arena, "number", ours, 0, store_tx, &r, &organization, e)) {
        return wk_webhook_failed(e);
    }
    if (organization.data == NULL) {
        return wk_webhook_unrouted(ctx, "number", ours, e);
    }
    return let_go(&r, organization, e) ? WK_DONE : wk_webhook_failed(e);
}
