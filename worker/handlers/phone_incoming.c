/*
 * A call begins: phone.incoming, the phone rings; phone.outgoing, somebody answers a call of
 * the shop's. The call is stored, takes a slot, is greeted, and goes to the first engine that
 * can be had. However often the carrier asks, it is one call.
 */
#include "worker/admission.h"
#include "worker/agent/call.h"
#include "worker/agent/outbound.h"
#include "worker/agent/personalization.h"
#include "worker/agent/recording.h"
#include "worker/agent/shop.h"
#include "worker/agent/task.h"
#include "worker/call_state.h"
#include "worker/call_token.h"
#include "worker/handlers/handlers.h"
#include "worker/handlers/phone_engine.h"
#include "worker/handlers/webhook.h"
#include "worker/log.h"
#include "worker/store/phone.h"
#include "worker/store/recordings.h"

#define GREETING 0 /* the turn the call begins with */

typedef struct {
    wk_phone_t v;
    wk_call_told_t told;
    wk_call_t call;
    wk_caller_facts_t facts;
    va_str_t answer;  /* of an earlier request */
    va_str_t effect;  /* that a call of the shop's was placed for */
    va_str_t opening; /* of such a call */
    va_str_t refused; /* the engine whose document the carrier did not take; absent: none */
    bool known;       /* such a call, or one that comes in */
    bool own;         /* the shop's agent calls itself */
    va_str_t text, twiml;
    bool overflow;
    bool spoken;          /* the text is in the document, not left to an engine */
    bool heard;           /* what is said comes to us, not to a platform alone */
    wk_rows_t *recording; /* whether the call is to be recorded */
    bool records;
} ring_t;

/* ---------------------------------------------------------------- the call */

static wk_call_told_t told_by(const wk_phone_t *v, bool outbound)
{
    wk_arena_t *a = v->ctx->arena;
    va_str_t from = wk_webhook_number(a, va_form_get(&v->form, "From"));
    wk_call_told_t told = {
        .call_sid = v->sid,
        .outbound = outbound,
        .caller = from,
        .called = wk_webhook_number(a, va_form_get(&v->form, "To")),
        .started_at = v->ctx->job->enqueued_ms / 1000,
        .told_at = v->ctx->job->enqueued_ms / 1000,
        .anonymous = from.data == NULL,
    };
    if (!outbound) {
        wk_webhook_caller(a, &v->form, &told);
    }
    return told;
}

static va_str_t customer_number(const ring_t *r)
{
    return r->told.outbound ? r->told.called : r->told.caller;
}

static va_str_t shop_number(const ring_t *r)
{
    return r->told.outbound ? r->told.caller : r->told.called;
}

/* What is no call of the shop's is not made one. */
static bool know_outgoing(wk_tx_t *tx, ring_t *r, wk_error_t *e)
{
    r->known = !r->told.outbound;
    return r->known ||
           wk_outbound_answered(r->v.ctx, tx, r->effect, r->v.sid, &r->known, &r->opening, e);
}

/* From these numbers nobody calls but we: to put a caller through, or for the shop. */
static bool calls_itself(const ring_t *r)
{
    return !r->told.outbound && wk_transfer_is_own(r->v.own, r->told.caller);
}

static bool open_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    ring_t *r = arg;
    wk_phone_t *v = &r->v;
    if (!wk_phone_answered(tx, v, GREETING, &r->answer, e) || !wk_phone_load_shop(tx, v, e)) {
        return false;
    }
    r->own = calls_itself(r);
    if (r->own) {
        return true;
    }
    if (!know_outgoing(tx, r, e) || (r->known && !wk_call_open(tx, &r->told, &r->call, e))) {
        return false;
    }
    if (!r->known || r->answer.data != NULL) {
        return true;
    }
    va_str_t number = customer_number(r);
    /* The facts are the last statement: what has to be done is done before. */
    return wk_sql_ahead(tx, &wk_sql_recording_wanted, &number, &r->recording, e) &&
           wk_call_advance(tx, &r->call, "in_progress", 0, VA_STR_NULL, e) &&
           wk_shop_look_up_later(tx, r->call.customer, e) && wk_phone_load(tx, v, e) &&
           wk_caller_facts(tx, customer_number(r), VA_STR_NULL, &r->facts, e);
}

/* ---------------------------------------------------------------- its slot */

static bool admit(ring_t *r, wk_error_t *e)
{
    wk_admission_t result;
    wk_ctx_t *ctx = r->v.ctx;
    wk_admission_request_t request = {.organization = r->v.organization,
                                      .call = r->v.sid,
                                      .limit = r->v.max_calls,
                                      .hold_ms = WK_PHONE_HOLD_MS};
    if (!wk_admission_reserve(ctx->redis, ctx->arena, &request, &result, e)) {
        return false;
    }
    r->overflow = result == WK_ADMISSION_FULL;
    if (r->overflow) {
        wk_phone_refused("organization");
    }
    return true;
}

static bool begin_state(ring_t *r, wk_call_state_t *state, wk_error_t *e)
{
    bool begun;
    wk_phone_t *v = &r->v;
    wk_call_field_t fields[] = {
        {"organization", v->organization},
        {"id", v->call},
        {"from", v->number},
        {"to", v->shop_number},
        {"language", wk_language_code(v->speech.language)},
    };
    return wk_call_state_begin(v->ctx->redis, v->ctx->arena, v->sid, fields, 5, state, &begun,
                               e);
}

/* ---------------------------------------------------------------- the first words */

static void greet(ring_t *r)
{
    wk_phone_t *v = &r->v;
    r->facts.opening = r->opening;
    r->text = wk_caller_greeting(v->ctx->arena, v->speech.language, &r->facts);
    for (const va_json_t *l = v->languages != NULL ? v->languages->first : NULL; l != NULL;
         l = l->next) {
        const wk_language_t *other = wk_catalogue_find(v->catalogue, va_json_string(l));
        if (other != NULL && other != v->speech.language &&
            v->speech.n_offered < WK_SPEECH_OFFERED) {
            v->speech.offered[v->speech.n_offered++] = other;
        }
    }
}

/* Who is turned away is called back, where there is a number. */
static bool overflow_tx(wk_tx_t *tx, ring_t *r, wk_error_t *e)
{
    wk_phone_t *v = &r->v;
    wk_task_t task = {
        .kind = "callback",
        .key = wk_printf(v->ctx->arena, "overflow:%.*s", (int)v->sid.len, v->sid.data),
        .priority = "high",
        .title = "task.overflow",
        .who = wk_phone_who(v),
        .customer = v->customer};
    return v->number.data == NULL || r->told.outbound || wk_task_raise(v->ctx, tx, &task, e);
}

/* Whom the shop called hears why, if nobody can talk to him now. */
static va_str_t overflow_text(const ring_t *r)
{
    const wk_phone_t *v = &r->v;
    if (r->told.outbound) {
        return r->opening;
    }
    return wk_say(v->ctx->arena, v->speech.language,
                  v->number.data != NULL ? "speech.overflow" : "speech.overflow_withheld",
                  {"shop", v->shop});
}

static void write_overflow(ring_t *r)
{
    wk_phone_t *v = &r->v;
    r->text = overflow_text(r);
    wk_speech_begin(&v->speech);
    wk_speech_say(&v->speech, r->text);
    wk_speech_hang_up(&v->speech);
    r->twiml = wk_speech_end(&v->speech);
}

/* What another account of the carrier's records we could neither fetch nor delete. */
static bool is_of_our_account(const wk_phone_t *v)
{
    const char *ours = v->ctx->config->twilio_account_sid;
    return ours != NULL && v->ctx->config->twilio_auth_token != NULL &&
           va_str_eq(va_form_get(&v->form, "AccountSid"), va_str_c(ours));
}

/* Whatever engine has the call: the notice and the recording come before its own verbs. */
static void record(ring_t *r)
{
    va_str_t document = VA_STR_NULL;
    if (!wk_cell_bool(r->recording, 0, "wanted")) {
        return;
    }
    if (r->v.recorded) {
        document = wk_recording_document(&r->v.speech, r->v.organization, r->heard, r->twiml);
    }
    r->records = document.data != NULL;
    if (r->records) {
        r->twiml = document;
    } else {
        wk_log(WK_WARN, "a call cannot be recorded", WK_S("call", r->v.sid));
    }
}

static bool note_recording(wk_tx_t *tx, const ring_t *r, wk_error_t *e)
{
    const wk_recording_begun_t begun = {.call = r->v.call,
                                        .sid = r->v.sid,
                                        .customer = r->v.customer,
                                        .number = r->v.number,
                                        .language = wk_language_code(r->v.speech.language)};
    return !r->records || wk_recording_begun(tx, &begun, e);
}

static bool store_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    ring_t *r = arg;
    va_str_t params[] = {r->v.call, wk_language_code(r->v.speech.language),
                         r->overflow ? VA_STR("overflow") : VA_STR_NULL, r->v.engine};
    const wk_phone_said_t said = {.turn = GREETING, .text = r->text, .twiml = r->twiml};
    return (!r->overflow || overflow_tx(tx, r, e)) &&
           wk_sql(tx, &wk_sql_phone_goes_on, params, NULL, e) && note_recording(tx, r, e) &&
           (!r->spoken || wk_phone_said(tx, &r->v, &said, e));
}

static bool read_again_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    ring_t *r = arg;
    return wk_phone_answered(tx, &r->v, GREETING, &r->answer, e);
}

/* Somebody else answered the same request meanwhile: his answer counts. */
static bool store(ring_t *r, wk_error_t *e)
{
    wk_ctx_t *ctx = r->v.ctx;
    if (wk_tx(ctx->db, ctx->arena, r->v.organization, 0, store_tx, r, e)) {
        return true;
    }
    if (e->code != WK_CONFLICT ||
        !wk_tx(ctx->db, ctx->arena, r->v.organization, 0, read_again_tx, r, e) ||
        r->answer.data == NULL) {
        return false;
    }
    r->twiml = r->answer;
    return true;
}

/* ---------------------------------------------------------------- answer */

static bool answer(ring_t *r, wk_error_t *e)
{
    wk_call_state_t state;
    wk_personalization_t personal;
    wk_phone_t *v = &r->v;
    if (!v->attested) {
        wk_caller_forget(&r->facts);
    }
    v->speech.language = wk_caller_language(v->catalogue, &r->facts);
    if (!wk_call_token_mint(v->ctx->config, v->ctx->arena, VA_TOKEN_CALL, v->sid,
                            v->organization, 0, WK_CALL_TOKEN_S, &v->speech.token, e) ||
        !admit(r, e)) {
        return false;
    }
    if (r->overflow) {
        write_overflow(r);
        r->spoken = true;
        return store(r, e);
    }
    greet(r);
    if (!wk_personalize(v->ctx->arena, v->catalogue, &r->facts, &personal, e) ||
        !begin_state(r, &state, e)) {
        return false;
    }
    v->recorded = wk_cell_bool(r->recording, 0, "wanted") && is_of_our_account(v);
    wk_phone_opening_t opening = {
        .text = r->text, .turn = GREETING + 1, .client_data = personal.answer};
    if (!wk_phone_engine(v, &state, r->refused, &opening, e)) {
        return false;
    }
    r->twiml = opening.twiml;
    r->spoken = opening.spoken;
    r->heard = opening.spoken || opening.streams;
    record(r);
    return store(r, e);
}

static wk_outcome_t not_in_service(ring_t *r, va_reply_t *reply, wk_error_t *e)
{
    wk_outcome_t noted = wk_webhook_unrouted(r->v.ctx, "number", shop_number(r), e);
    if (noted != WK_DONE) {
        wk_log(WK_WARN, "an unrouted call could not be noted", WK_C("error", e->text));
    }
    wk_speech_begin(&r->v.speech);
    wk_speech_say(&r->v.speech, wk_text(r->v.speech.language, "speech.not_in_service"));
    wk_speech_hang_up(&r->v.speech);
    return wk_phone_reply(reply, wk_speech_end(&r->v.speech));
}

/*
 * Somebody's line that we ring leads back to us, by its diversion perhaps: whoever is put
 * through there comes back to his own agent, which goes on with him, and talks with no other.
 */
static wk_outcome_t reject_own(ring_t *r, va_reply_t *reply)
{
    wk_log(WK_WARN, "the shop's agent was called from its own number",
           WK_S("organization", r->v.organization),
           WK_S("forwarded", va_form_get(&r->v.form, "ForwardedFrom")));
    wk_phone_refused("own_number");
    wk_speech_begin(&r->v.speech);
    wk_speech_reject(&r->v.speech);
    return wk_phone_reply(reply, wk_speech_end(&r->v.speech));
}

static wk_outcome_t begin(ring_t *r, va_reply_t *reply, wk_error_t *e)
{
    wk_ctx_t *ctx = r->v.ctx;
    va_str_t organization = VA_STR_NULL;
    if (shop_number(r).data == NULL) {
        return not_in_service(r, reply, e);
    }
    if (!wk_tx_by(ctx->db, ctx->arena, "number", shop_number(r), 0, open_tx, r, &organization,
                  e)) {
        return wk_phone_failed(&r->v, reply, e);
    }
    if (r->own) {
        return reject_own(r, reply);
    }
    if (organization.data == NULL || !r->known) {
        return not_in_service(r, reply, e);
    }
    if (r->answer.data != NULL) {
        return wk_phone_reply(reply, r->answer);
    }
    return answer(r, e) ? wk_phone_reply(reply, r->twiml) : wk_phone_failed(&r->v, reply, e);
}

wk_outcome_t wk_phone_incoming(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    ring_t r = {.overflow = false};
    va_form_t args;
    if (!wk_phone_begin(ctx, &r.v, e)) {
        return wk_phone_failed(&r.v, reply, e);
    }
    (void)va_form_parse(wk_mem(ctx->arena), ctx->job->http_args, &args);
    r.refused = va_form_get(&args, "refused");
    r.told = told_by(&r.v, false);
    return begin(&r, reply, e);
}

wk_outcome_t wk_phone_outgoing(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    va_form_t args;
    ring_t r = {.overflow = false};
    if (!wk_phone_begin(ctx, &r.v, e)) {
        return wk_phone_failed(&r.v, reply, e);
    }
    (void)va_form_parse(wk_mem(ctx->arena), ctx->job->http_args, &args);
    r.effect = va_form_get(&args, "e");
    r.told = told_by(&r.v, true);
    return begin(&r, reply, e);
}
