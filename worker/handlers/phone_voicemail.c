/*
 * What a call of the shop's meets that no person takes:
 *   phone.answered_by  the carrier's verdict on who answers
 *   voicemail.leave    the call is taken to the document for a machine
 *   phone.voicemail    that document: the shop's message, or the end
 */
#include "worker/agent/outbound.h"
#include "worker/agent/voicemail.h"
#include "worker/handlers/handlers.h"
#include "worker/handlers/phone.h"
#include "worker/handlers/request.h"
#include "worker/handlers/webhook.h"
#include "worker/store/voicemail.h"

#define AFTER_BEEP_S  1
#define BEFORE_BEEP_S 4 /* the agent hears the greeting, and not its end */
#define MAX_VERDICT   40

/* ---------------------------------------------------------------- phone.answered_by */

typedef struct {
    wk_ctx_t *ctx;
    va_str_t effect;
    wk_voicemail_t noted;
    wk_voicemail_verdict_t verdict;
} verdict_t;

/* It may be the first that is heard of the call. */
static bool note_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    bool known;
    va_str_t opening;
    verdict_t *v = arg;
    return wk_outbound_answered(v->ctx, tx, v->effect, v->noted.sid, &known, &opening, e) &&
           wk_voicemail_note(tx, &v->noted, &v->verdict, e);
}

/* The verdict says nothing of the numbers: whose call it is stands in the address, which the
 * carrier has from us and signs. */
wk_outcome_t wk_phone_answered_by(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    va_form_t form, args;
    verdict_t v = {.ctx = ctx, .verdict = WK_VOICEMAIL_NONE};
    (void)reply;
    if (!wk_webhook_form(ctx, &form, e)) {
        return wk_webhook_failed(e);
    }
    (void)va_form_parse(wk_mem(ctx->arena), ctx->job->http_args, &args);
    va_str_t organization = va_form_get(&args, "o");
    v.effect = va_form_get(&args, "e");
    v.noted.sid = va_form_get(&form, "CallSid");
    v.noted.answered_by = va_form_get(&form, "AnsweredBy");
    if (!wk_webhook_is_id(v.noted.sid) || !wk_webhook_is_id(v.noted.answered_by) ||
        v.noted.answered_by.len > MAX_VERDICT || !wk_is_uuid(organization)) {
        wk_error(e, WK_INVALID, "a verdict on who answers without its call");
        return WK_GIVE_UP;
    }
    return wk_tx(ctx->db, ctx->arena, organization, 0, note_tx, &v, e) ? WK_DONE
                                                                       : wk_webhook_failed(e);
}

/* ---------------------------------------------------------------- voicemail.leave */

wk_outcome_t wk_voicemail_leave_message(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    va_str_t sid;
    (void)reply;
    if (!wk_webhook_names(ctx, "call", wk_webhook_is_id, &sid, e)) {
        return wk_webhook_failed(e);
    }
    return wk_voicemail_leave(ctx, ctx->job->org, sid, e);
}

/* ---------------------------------------------------------------- phone.voicemail */

typedef struct {
    wk_phone_t v;
    va_str_t answer; /* of an earlier request */
} machine_t;

/* Empty: nothing is left, and the call only ends. */
static va_str_t message_for(const wk_phone_t *v, const wk_rows_t *call)
{
    wk_arena_t *a = v->ctx->arena;
    va_str_t own = wk_cell(call, 0, "message");
    if (!wk_voicemail_leaves(wk_cell(call, 0, "voicemail_action")) ||
        va_str_eq(wk_cell(call, 0, "answered_by"), VA_STR("fax"))) {
        return VA_STR("");
    }
    return own.len > 0
               ? wk_copy(a, own)
               : wk_voicemail_text(a, v->speech.language,
                                   wk_cell_json(a, call, 0, "voicemail_message"),
                                   wk_cell(call, 0, "agent_name"), wk_cell(call, 0, "shop"));
}

static va_str_t document(wk_phone_t *v, va_str_t message, bool by_agent)
{
    wk_speech_begin(&v->speech);
    if (message.len > 0) {
        wk_speech_pause(&v->speech, by_agent ? BEFORE_BEEP_S : AFTER_BEEP_S);
        wk_speech_say(&v->speech, message);
    }
    wk_speech_hang_up(&v->speech);
    return wk_speech_end(&v->speech);
}

static bool leave_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    wk_rows_t *call;
    machine_t *m = arg;
    wk_phone_t *v = &m->v;
    va_str_t params[] = {v->sid, wk_printf(v->ctx->arena, "%d", WK_VOICEMAIL_TURN)};
    if (!wk_phone_answered(tx, v, WK_VOICEMAIL_TURN, &m->answer, e) || m->answer.data != NULL) {
        return m->answer.data != NULL;
    }
    if (!wk_phone_load(tx, v, e) || !wk_sql(tx, &wk_sql_voicemail_call, params, &call, e)) {
        return false;
    }
    va_str_t message = message_for(v, call);
    m->answer =
        document(v, message, va_str_eq(wk_cell(call, 0, "answered_by"), VA_STR("agent")));
    const wk_phone_said_t said = {
        .turn = WK_VOICEMAIL_TURN, .text = message, .twiml = m->answer};
    return wk_phone_said(tx, v, &said, e);
}

/* Of two requests at once one stores the document, and the other is asked again. */
wk_outcome_t wk_phone_voicemail(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    machine_t m = {.answer = VA_STR_NULL};
    if (!wk_phone_read(ctx, &m.v, e) ||
        !wk_tx(ctx->db, ctx->arena, m.v.organization, 0, leave_tx, &m, e)) {
        return e->code == WK_CONFLICT ? WK_AGAIN : wk_phone_failed(&m.v, reply, e);
    }
    return wk_phone_reply(reply, m.answer);
}
