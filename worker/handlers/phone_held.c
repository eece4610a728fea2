/*
 * phone.held: a caller whom a person has instead of the agent. Each document is numbered, and
 * given once: it says what the person wrote meanwhile, or rings the person, or listens; behind
 * it stands the next. One that does nothing but listen is replaced when the person writes
 * (takeover.message); one that speaks is let speak. Who has heard nothing for some time is told
 * that somebody writes, by one that listens.
 *
 * The carrier asked to replace it comes with &s=<the asking, from 1>, and everybody else waits
 * for that request: what is said to another would be cut off by it. What one asking was told is
 * not said again to a later one.
 */
#include "worker/handlers/phone_held.h"

#include "worker/agent/event.h"
#include "worker/agent/takeover.h"
#include "worker/call_state.h"
#include "worker/handlers/audit.h"
#include "worker/handlers/handlers.h"
#include "worker/store/takeovers.h"

typedef struct {
    wk_phone_t v;
    bool held;
    va_str_t takeover, dial;
    bool unanswered;        /* he has heard nothing for some time, and a person writes */
    bool listening, spoken; /* the document does nothing else */
    va_str_t twiml;
} held_t;

/* ---------------------------------------------------------------- the documents */

static void say_all(wk_speech_t *s, const wk_rows_t *unsaid)
{
    for (size_t i = 0; i < wk_rows_count(unsaid); i++) {
        wk_speech_say(s, wk_cell(unsaid, i, "content"));
    }
}

static void go_behind(wk_speech_t *s, int64_t step)
{
    wk_speech_go_to(s, wk_speech_url(s, "held", step + 1, NULL));
}

/* Not a word of the agent's before it: the person speaks first. */
static bool ring_person(wk_tx_t *tx, held_t *h, wk_error_t *e)
{
    const wk_destination_t person = {.name = VA_STR("staff"), .number = h->dial};
    return wk_phone_put_through(tx, &h->v, &person, VA_STR(""), VA_STR(""),
                                WK_PHONE_HELD_TURN + h->v.turn, e);
}

static void wait_for_call(held_t *h)
{
    wk_speech_begin(&h->v.speech);
    wk_speech_pause(&h->v.speech, 1);
    wk_speech_go_to(&h->v.speech, wk_speech_url(&h->v.speech, "held", h->v.turn, NULL));
    h->twiml = wk_speech_end(&h->v.speech);
}

/* A sentence of the shop's, and none of the agent's: the person gives way to nobody by it. */
static va_str_t notice(const held_t *h)
{
    return h->unanswered ? wk_text(h->v.speech.language, "takeover.writing") : VA_STR_NULL;
}

static bool write_next(wk_tx_t *tx, held_t *h, wk_error_t *e)
{
    wk_rows_t *unsaid;
    if (!wk_sql(tx, &wk_sql_held_unsaid, &h->v.call, &unsaid, e)) {
        return false;
    }
    wk_speech_begin(&h->v.speech);
    say_all(&h->v.speech, unsaid);
    if (h->dial.data != NULL) {
        if (!ring_person(tx, h, e)) {
            return false;
        }
    } else if (wk_rows_count(unsaid) > 0) {
        h->spoken = true;
        go_behind(&h->v.speech, h->v.turn);
    } else {
        h->listening = true;
        wk_speech_listen(&h->v.speech, notice(h), WK_PHONE_HELD_TURN + h->v.turn, 0);
    }
    h->twiml = wk_speech_end(&h->v.speech);
    va_str_t params[] = {
        h->takeover,
        wk_printf(wk_tx_arena(tx), "%lld", (long long)h->v.turn),
        h->twiml,
        h->listening ? VA_STR("true") : VA_STR("false"),
        h->spoken ? wk_printf(wk_tx_arena(tx), "%lld", (long long)h->v.silences) : VA_STR_NULL,
        h->spoken || h->unanswered ? VA_STR("true") : VA_STR("false")};
    return wk_sql(tx, &wk_sql_held_step, params, NULL, e);
}

/* Of the last document alone: this request has cut it off. */
static bool was_said_to_another(const held_t *h, const wk_rows_t *rows)
{
    int64_t asking = wk_cell_int(rows, 0, "spoken_to", h->v.silences);
    return h->v.turn == wk_cell_int(rows, 0, "step", 0) && h->v.silences > asking;
}

static void pass_on(held_t *h)
{
    wk_speech_begin(&h->v.speech);
    go_behind(&h->v.speech, h->v.turn);
    h->twiml = wk_speech_end(&h->v.speech);
}

/* ---------------------------------------------------------------- the request */

static bool held_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    held_t *h = arg;
    wk_rows_t *rows;
    if (!wk_phone_load(tx, &h->v, e) || !wk_sql(tx, &wk_sql_held_call, &h->v.call, &rows, e)) {
        return false;
    }
    h->held = wk_rows_count(rows) > 0;
    if (!h->held) {
        return true;
    }
    h->takeover = wk_cell(rows, 0, "id");
    h->dial = wk_cell(rows, 0, "dial");
    h->unanswered = wk_cell_bool(rows, 0, "unanswered");
    if (h->v.turn <= wk_cell_int(rows, 0, "step", 0) &&
        wk_cell(rows, 0, "document").data != NULL) {
        h->twiml = wk_cell(rows, 0, "document");
        if (was_said_to_another(h, rows)) {
            pass_on(h);
        }
        return true;
    }
    if (wk_cell_bool(rows, 0, "awaited") && h->v.silences == 0) {
        wait_for_call(h);
        return true;
    }
    return write_next(tx, h, e);
}

/* The agent has the call again, by the door that its end opened. */
static bool go_to_agent(held_t *h, wk_error_t *e)
{
    bool known;
    wk_call_state_t state;
    wk_phone_t *v = &h->v;
    if (!wk_call_state_read(v->ctx->redis, v->ctx->arena, v->sid, &state, &known, e)) {
        return false;
    }
    wk_speech_begin(&v->speech);
    wk_speech_go_to(&v->speech,
                    wk_speech_url(&v->speech, "resume", known ? state.epoch : v->turn, NULL));
    h->twiml = wk_speech_end(&v->speech);
    return true;
}

wk_outcome_t wk_phone_held_caller(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    held_t h = {.held = false};
    if (!wk_phone_read(ctx, &h.v, e) ||
        !wk_tx(ctx->db, ctx->arena, h.v.organization, 0, held_tx, &h, e) ||
        (!h.held && !go_to_agent(&h, e))) {
        return wk_phone_failed(&h.v, reply, e);
    }
    wk_phone_keeps_slot(&h.v, h.dial.data != NULL ? WK_PHONE_DIAL_MS : WK_PHONE_HOLD_MS);
    return wk_phone_reply(reply, h.twiml);
}

/* ---------------------------------------------------------------- the last document */

static va_str_t step_text(wk_tx_t *tx, int64_t step)
{
    return wk_printf(wk_tx_arena(tx), "%lld", (long long)step);
}

/* Whoever has the call by now is found by the next one, as after any end of a takeover. */
static bool write_last(wk_tx_t *tx, wk_phone_t *v, wk_phone_left_t *left, int64_t step,
                       wk_error_t *e)
{
    wk_rows_t *unsaid;
    if (!wk_sql(tx, &wk_sql_held_unsaid, &v->call, &unsaid, e)) {
        return false;
    }
    wk_speech_begin(&v->speech);
    say_all(&v->speech, unsaid);
    go_behind(&v->speech, step);
    left->twiml = wk_speech_end(&v->speech);
    va_str_t params[] = {left->takeover,  step_text(tx, step), left->twiml,
                         VA_STR("false"), VA_STR_NULL,         VA_STR("false")};
    va_str_t state[] = {left->takeover, VA_STR("leaving"), VA_STR("{joining,held}")};
    return wk_sql(tx, &wk_sql_held_step, params, NULL, e) &&
           wk_sql(tx, &wk_sql_takeover_state, state, NULL, e) &&
           wk_sql(tx, &wk_sql_call_given_back, &v->call, NULL, e);
}

bool wk_phone_held_left(wk_tx_t *tx, wk_phone_t *v, wk_phone_left_t *left, wk_error_t *e)
{
    wk_rows_t *rows;
    int64_t step = v->turn - WK_PHONE_HELD_TURN;
    va_str_t params[] = {v->call, step_text(tx, step)};
    *left = (wk_phone_left_t){.news = false};
    if (step < 0 || v->customer.data == NULL) {
        return true;
    }
    if (!wk_sql(tx, &wk_sql_thread_lock, &v->customer, NULL, e) ||
        !wk_sql(tx, &wk_sql_held_rung, params, &rows, e)) {
        return false;
    }
    if (wk_rows_count(rows) == 0) {
        return true;
    }
    left->takeover = wk_cell(rows, 0, "id");
    left->news = !wk_cell_bool(rows, 0, "leaving");
    left->twiml = wk_cell(rows, 0, "document");
    return !left->news || write_last(tx, v, left, step + 1, e);
}

typedef struct {
    const wk_phone_t *v;
    va_str_t takeover;
} gone_t;

static bool tell_gone(wk_tx_t *tx, const wk_phone_t *v, wk_error_t *e)
{
    wk_event_t ev;
    const wk_audit_t entry = {.actor = "system",
                              .action = "takeover_hung_up",
                              .entity = "call",
                              .entity_id = v->call};
    wk_event_begin(&ev, tx, "ai_agent_resumed", v->customer, v->call);
    va_json_add_str(ev.json, "conversationId", v->call);
    va_json_add_str(ev.json, "callSid", v->sid);
    return wk_event_end(&ev, e) && wk_audit(v->ctx, tx, &entry, e);
}

static bool gone_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    const gone_t *gone = arg;
    wk_rows_t *rows;
    va_str_t params[] = {gone->takeover, VA_STR("over"), VA_STR("{leaving}")};
    return wk_sql(tx, &wk_sql_takeover_state, params, &rows, e) &&
           (wk_rows_count(rows) == 0 || tell_gone(tx, gone->v, e));
}

bool wk_phone_held_give_back(wk_phone_t *v, const wk_phone_left_t *left, wk_error_t *e)
{
    wk_ctx_t *ctx = v->ctx;
    gone_t gone = {v, left->takeover};
    const wk_takeover_thread_t thread = {.organization = v->organization, .sid = v->sid};
    return wk_takeover_undo(ctx, &thread, e) &&
           wk_tx(ctx->db, ctx->arena, v->organization, 0, gone_tx, &gone, e);
}
