/*
 * phone.held: a caller whom a person has instead of the agent. Each document is numbered, and
 * given once: it says what the person wrote meanwhile, or rings the person, or listens; behind
 * it stands the next. One that does nothing but listen is replaced when the person writes
 * (takeover.message); one that speaks is let speak.
 *
 * The carrier asked to replace it comes with &s=<the asking, from 1>, and everybody else waits
 * for that request: what is said to another would be cut off by it. What one asking was told is
 * not said again to a later one.
 */
#include "worker/call_state.h"
#include "worker/handlers/handlers.h"
#include "worker/handlers/phone.h"
#include "worker/store/takeovers.h"

typedef struct {
    wk_phone_t v;
    bool held;
    va_str_t takeover, dial;
    bool listening, spoken; /* the document does nothing else */
    va_str_t twiml;
} held_t;

/* ---------------------------------------------------------------- the documents */

static void say_all(held_t *h, const wk_rows_t *unsaid)
{
    for (size_t i = 0; i < wk_rows_count(unsaid); i++) {
        wk_speech_say(&h->v.speech, wk_cell(unsaid, i, "content"));
    }
}

static void go_to_next(held_t *h)
{
    wk_speech_t *s = &h->v.speech;
    wk_speech_go_to(s, wk_speech_url(s, "held", h->v.turn + 1, NULL));
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

static bool write_next(wk_tx_t *tx, held_t *h, wk_error_t *e)
{
    wk_rows_t *unsaid;
    if (!wk_sql(tx, &wk_sql_held_unsaid, &h->v.call, &unsaid, e)) {
        return false;
    }
    wk_speech_begin(&h->v.speech);
    say_all(h, unsaid);
    if (h->dial.data != NULL) {
        if (!ring_person(tx, h, e)) {
            return false;
        }
    } else if (wk_rows_count(unsaid) > 0) {
        h->spoken = true;
        go_to_next(h);
    } else {
        h->listening = true;
        wk_speech_listen(&h->v.speech, VA_STR_NULL, WK_PHONE_HELD_TURN + h->v.turn, 0);
    }
    h->twiml = wk_speech_end(&h->v.speech);
    va_str_t params[] = {
        h->takeover, wk_printf(wk_tx_arena(tx), "%lld", (long long)h->v.turn), h->twiml,
        h->listening ? VA_STR("true") : VA_STR("false"),
        h->spoken ? wk_printf(wk_tx_arena(tx), "%lld", (long long)h->v.silences) : VA_STR_NULL};
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
    go_to_next(h);
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
