/*
 * A call that is put through to a person:
 *   phone.whisper    he has picked up, and hears who calls and why
 *   phone.accept     he pressed a key, and is connected; an answering machine never does
 *   phone.transfer   whatever became of it, the caller is ours again: his engine's, by the
 *                    re-entry door, or the talk's where that had him; so he is when the person
 *                    was one who had taken the call over
 */
#include <stdlib.h>

#include "worker/agent/call_cost.h"
#include "worker/agent/engines.h"
#include "worker/agent/event.h"
#include "worker/agent/promise.h"
#include "worker/agent/receptionist.h"
#include "worker/agent/task.h"
#include "worker/call_state.h"
#include "worker/clock.h"
#include "worker/handlers/handlers.h"
#include "worker/handlers/phone_held.h"
#include "worker/handlers/webhook.h"
#include "worker/store/customers.h"
#include "worker/store/media.h"
#include "worker/store/organizations.h"
#include "worker/store/phone.h"

#define MAX_SECONDS 1000000
#define MAX_REASON  300 /* bytes of what a person listens to before he decides */
#define DECIDED_S   90  /* by then he has heard it, and pressed a key, or the leg was over */

typedef struct {
    wk_phone_t v;
    va_str_t answer; /* of an earlier request */
    va_str_t reason;
    bool accepted, recorded;
    bool known; /* where the talk stood */
    wk_call_state_t stood;
    wk_phone_left_t left; /* the person who had taken the call over */
    va_str_t text, twiml;
} transfer_t;

static va_str_t turn_text(const wk_phone_t *v)
{
    return wk_printf(v->ctx->arena, "%lld", (long long)v->turn);
}

/*
 * His key may have been told to nobody: while no worker or no Redis was there the carrier put
 * him through all the same.
 */
static bool lasted(const wk_phone_t *v)
{
    va_str_t seconds =
        wk_webhook_count(v->ctx->arena, va_form_get(&v->form, "DialCallDuration"), MAX_SECONDS);
    return va_str_eq(va_form_get(&v->form, "DialCallStatus"), VA_STR("completed")) &&
           seconds.data != NULL &&
           strtoll(wk_strdup(v->ctx->arena, seconds), NULL, 10) >= DECIDED_S;
}

static bool read_transfer(wk_tx_t *tx, transfer_t *t, wk_error_t *e)
{
    wk_rows_t *rows;
    va_str_t params[] = {t->v.call, turn_text(&t->v)};
    if (!wk_sql(tx, &wk_sql_phone_transfer, params, &rows, e)) {
        return false;
    }
    va_str_t reason = wk_cell(rows, 0, "transfer_reason");
    t->reason = reason.data != NULL ? wk_cut_text(reason, MAX_REASON) : VA_STR("");
    t->accepted = wk_cell_bool(rows, 0, "accepted") || lasted(&t->v);
    t->recorded = wk_cell_bool(rows, 0, "recorded");
    return true;
}

/* ---------------------------------------------------------------- the person */

/* In the language of the shop's people. */
static bool whisper_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    wk_rows_t *rows;
    transfer_t *t = arg;
    wk_phone_t *v = &t->v;
    if (!wk_phone_load(tx, v, e) || !read_transfer(tx, t, e) ||
        !wk_sql(tx, &wk_sql_shop_language, NULL, &rows, e)) {
        return false;
    }
    v->speech.language =
        wk_catalogue_pick(v->catalogue, wk_cell(rows, 0, "language"), VA_STR_NULL);
    if (t->recorded) { /* so is he */
        va_str_t recorded = wk_text(v->speech.language, "recording.whisper");
        t->reason = wk_printf(v->ctx->arena, "%.*s %.*s", (int)t->reason.len, t->reason.data,
                              (int)recorded.len, recorded.data);
    }
    wk_speech_begin(&v->speech);
    wk_speech_whisper(&v->speech,
                      wk_say(v->ctx->arena, v->speech.language, "speech.whisper",
                             {"shop", v->shop}, {"who", wk_phone_who(v)},
                             {"reason", t->reason}),
                      v->turn);
    t->twiml = wk_speech_end(&v->speech);
    return true;
}

static bool publish_joined(wk_tx_t *tx, const wk_phone_t *v, wk_error_t *e)
{
    wk_event_t ev;
    wk_event_begin(&ev, tx, "human_agent_joined", v->customer, v->call);
    va_json_add_str(ev.json, "callSid", v->sid);
    va_json_add_c(ev.json, "by", "phone");
    return wk_event_end(&ev, e);
}

static bool accept_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    wk_rows_t *rows;
    transfer_t *t = arg;
    wk_phone_t *v = &t->v;
    if (!wk_phone_load(tx, v, e)) {
        return false;
    }
    va_str_t params[] = {v->call, turn_text(v)};
    if (!wk_sql(tx, &wk_sql_phone_accepted, params, &rows, e) ||
        (wk_rows_count(rows) > 0 && !publish_joined(tx, v, e))) {
        return false;
    }
    wk_speech_begin(&v->speech);
    wk_speech_say(&v->speech, wk_text(v->speech.language, "speech.accepted"));
    t->twiml = wk_speech_end(&v->speech);
    return true;
}

/* ---------------------------------------------------------------- the caller again */

/* Nobody took it: somebody calls back, and the caller may say what it is about. */
static bool nobody(wk_tx_t *tx, transfer_t *t, wk_error_t *e)
{
    wk_phone_t *v = &t->v;
    wk_arena_t *a = v->ctx->arena;
    va_str_t key = wk_phone_key(v, v->turn);
    wk_dialog_t dialog = {.expected = WK_EXPECT_MESSAGE};
    va_str_t state[] = {v->customer, wk_dialog_write(a, &dialog, v->call, wk_now_ms()),
                        wk_language_code(v->speech.language), VA_STR_NULL};
    wk_task_t task = {.kind = "callback",
                      .key = wk_printf(a, "transfer:%.*s", (int)key.len, key.data),
                      .priority = "high",
                      .title = "task.transfer",
                      .text = t->reason,
                      .who = wk_phone_who(v),
                      .customer = v->customer};
    va_str_t did[] = {v->call, wk_promise_write(a, WK_DONE_PASSED_ON)};
    t->text = wk_text(v->speech.language, "speech.nobody");
    return wk_task_raise(v->ctx, tx, &task, e) && wk_sql(tx, &wk_sql_media_did, did, NULL, e) &&
           (v->customer.data == NULL || wk_sql(tx, &wk_sql_customer_dialog, state, NULL, e));
}

/* Whoever hung up on whom: it may be told behind the end of the call, and its conclusion. */
static bool note_leg(wk_tx_t *tx, const wk_phone_t *v, wk_error_t *e)
{
    va_str_t params[] = {v->call, turn_text(v),
                         wk_webhook_count(v->ctx->arena,
                                          va_form_get(&v->form, "DialCallDuration"),
                                          MAX_SECONDS)};
    return params[2].data == NULL || (wk_sql(tx, &wk_sql_phone_dialed, params, NULL, e) &&
                                      wk_call_cost(tx, v->ctx->config, v->call, e));
}

/* Whoever was put through because of a trouble does not go back to where he had it. */
static bool has_engine(const transfer_t *t)
{
    const wk_engines_entry_t *engine =
        wk_engines_find(t->known ? t->stood.engine : t->v.engine);
    return t->v.errors == 0 && engine != NULL && engine->kind != WK_ENGINE_TALK;
}

static bool note_returned(wk_tx_t *tx, const transfer_t *t, wk_error_t *e)
{
    va_str_t params[] = {t->v.call, t->accepted ? VA_STR("false") : VA_STR("true")};
    return wk_sql(tx, &wk_sql_phone_returned, params, NULL, e);
}

/* It begins with the text, in its own voice (media.begin, the door). */
static bool give_back(wk_tx_t *tx, transfer_t *t, wk_error_t *e)
{
    wk_speech_t *s = &t->v.speech;
    t->text = VA_STR("");
    wk_speech_go_to(s, wk_speech_url(s, "resume", t->known ? t->stood.epoch : t->v.turn,
                                     "&" WK_PHONE_BACK "=1"));
    return note_returned(tx, t, e);
}

/* The agent's first words are by what became of the leg, as behind any. */
static bool leave_held(wk_tx_t *tx, transfer_t *t, wk_error_t *e)
{
    t->answer = t->left.twiml;
    return !t->left.news || ((t->accepted || nobody(tx, t, e)) && note_returned(tx, t, e));
}

static bool back_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    bool held;
    transfer_t *t = arg;
    wk_phone_t *v = &t->v;
    if (!wk_phone_answered(tx, v, v->turn, &t->answer, e) || !wk_phone_load(tx, v, e)) {
        return false;
    }
    if (t->answer.data != NULL) {
        return true;
    }
    if (!note_leg(tx, v, e) || !read_transfer(tx, t, e) ||
        !wk_phone_held_left(tx, v, &t->left, e)) {
        return false;
    }
    if (t->left.takeover.data != NULL) {
        return leave_held(tx, t, e);
    }
    if (!wk_phone_held(tx, v, &held, &t->answer, e)) {
        return false;
    }
    if (held) {
        return true;
    }
    if (t->accepted) {
        t->text = wk_text(v->speech.language, "speech.after_human");
    } else if (!nobody(tx, t, e)) {
        return false;
    }
    wk_speech_begin(&v->speech);
    if (!has_engine(t)) {
        wk_speech_listen(&v->speech, t->text, v->turn + 1, 0);
    } else if (!give_back(tx, t, e)) {
        return false;
    }
    t->twiml = wk_speech_end(&v->speech);
    const wk_phone_said_t said = {.turn = v->turn, .text = t->text, .twiml = t->twiml};
    return wk_phone_said(tx, v, &said, e);
}

/* ---------------------------------------------------------------- handlers */

static bool in_tx(wk_ctx_t *ctx, wk_tx_fn fn, transfer_t *t, wk_error_t *e)
{
    return wk_tx(ctx->db, ctx->arena, t->v.organization, 0, fn, t, e);
}

static wk_outcome_t to_person(wk_ctx_t *ctx, wk_tx_fn fn, va_reply_t *reply, wk_error_t *e)
{
    transfer_t t = {.accepted = false};
    if (!wk_phone_read(ctx, &t.v, e) || !in_tx(ctx, fn, &t, e)) {
        return wk_phone_failed(&t.v, reply, e);
    }
    return wk_phone_reply(reply, t.twiml);
}

wk_outcome_t wk_phone_whisper(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    return to_person(ctx, whisper_tx, reply, e);
}

wk_outcome_t wk_phone_accept(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    return to_person(ctx, accept_tx, reply, e);
}

static bool look_where_it_stood(transfer_t *t, wk_error_t *e)
{
    wk_ctx_t *ctx = t->v.ctx;
    return wk_call_state_read(ctx->redis, ctx->arena, t->v.sid, &t->stood, &t->known, e);
}

wk_outcome_t wk_phone_transfer(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    transfer_t t = {.accepted = false};
    if (!wk_phone_read(ctx, &t.v, e) || !look_where_it_stood(&t, e) ||
        !in_tx(ctx, back_tx, &t, e) ||
        (t.left.takeover.data != NULL && !wk_phone_held_give_back(&t.v, &t.left, e))) {
        return wk_phone_failed(&t.v, reply, e);
    }
    if (t.answer.data != NULL) {
        return wk_phone_reply(reply, t.answer);
    }
    wk_phone_goes_on(&t.v, t.v.turn + 1, WK_PHONE_HOLD_MS);
    return wk_phone_reply(reply, t.twiml);
}
