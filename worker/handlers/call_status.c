/* call_status.store: what the carrier reports of a call, in whatever order it arrives. */
#include "worker/agent/call_status.h"
#include "worker/handlers/handlers.h"
#include "worker/handlers/webhook.h"
#include "worker/providers/twilio.h"

typedef struct {
    wk_ctx_t *ctx;
    va_form_t form;
    wk_call_status_t status;
    bool leg; /* of another call, which was transferred */
} report_t;

static bool begins_with(va_str_t s, va_str_t prefix)
{
    return s.len >= prefix.len && memcmp(s.data, prefix.data, prefix.len) == 0;
}

static wk_call_told_t told_by(wk_ctx_t *ctx, const va_form_t *form)
{
    wk_arena_t *a = ctx->arena;
    wk_call_told_t told = {
        .call_sid = va_form_get(form, "CallSid"),
        .outbound = begins_with(va_form_get(form, "Direction"), VA_STR("outbound")),
        .caller = wk_webhook_number(a, va_form_get(form, "From")),
        .called = wk_webhook_number(a, va_form_get(form, "To")),
    };
    told.anonymous = !told.outbound && told.caller.data == NULL;
    wk_webhook_caller(a, form, &told);
    return told;
}

static bool read_report(wk_ctx_t *ctx, report_t *r, wk_error_t *e)
{
    wk_arena_t *a = ctx->arena;
    const va_form_t *form = &r->form;
    if (!wk_webhook_form(ctx, &r->form, e)) {
        return false;
    }
    r->status = (wk_call_status_t){
        .told = told_by(ctx, form),
        .status = va_form_get(form, "CallStatus"),
        .sequence = wk_webhook_count(a, va_form_get(form, "SequenceNumber"), 999),
        .seconds = wk_webhook_count(a, va_form_get(form, "CallDuration"), 1000000),
        .sip_code = wk_webhook_count(a, va_form_get(form, "SipResponseCode"), 999),
        .at = wk_twilio_time(va_form_get(form, "Timestamp")),
    };
    r->leg = va_form_get(form, "ParentCallSid").len > 0;
    if (!wk_webhook_is_id(r->status.told.call_sid) || !wk_call_status_known(r->status.status)) {
        return wk_error(e, WK_INVALID, "a call status without CallSid or CallStatus");
    }
    return true;
}

static bool store_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    const report_t *r = arg;
    return wk_call_status_keep(r->ctx, tx, &r->status, e);
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
    const wk_call_told_t *told = &r.status.told;
    va_str_t ours = told->outbound ? told->caller : told->called;
    if (ours.data == NULL) {
        return wk_webhook_unrouted(ctx, "number", ours, e);
    }
    if (!wk_tx_by(ctx->db, ctx->arena, "number", ours, 0, store_tx, &r, &organization, e)) {
        return wk_webhook_failed(e);
    }
    if (organization.data == NULL) {
        return wk_webhook_unrouted(ctx, "number", ours, e);
    }
    return wk_call_status_let_go(ctx, &r.status, organization, e) ? WK_DONE
                                                                  : wk_webhook_failed(e);
}
