/*
 * media.turn: something was said in a live call. media.timing: where the time of one went that
 * was told before. media.emergency: it is one, and people are told at once.
 */
#include "worker/agent/event.h"
#include "worker/agent/promise.h"
#include "worker/agent/recording.h"
#include "worker/agent/redact.h"
#include "worker/agent/urgent.h"
#include "worker/clock.h"
#include "worker/handlers/handlers.h"
#include "worker/handlers/media_call.h"
#include "worker/handlers/webhook.h"
#include "worker/store/media.h"

#define MAX_TEXT 20000

/* ---------------------------------------------------------------- turns */

typedef struct {
    const wk_media_call_t *call;
    bool by_agent, interrupted;
    va_str_t text, name;
    int64_t at_ms;            /* when it was begun */
    const va_json_t *latency; /* an object, or NULL */
} turn_t;

static bool publish(wk_tx_t *tx, const turn_t *t, const wk_rows_t *row, wk_error_t *e)
{
    wk_event_t ev;
    wk_event_begin(&ev, tx, t->by_agent ? "agent_response" : "user_transcript",
                   wk_cell(row, 0, "customer_id"), wk_cell(row, 0, "call_id"));
    va_json_add_str(ev.json, "callSid", t->call->sid);
    va_json_add_str(ev.json, t->by_agent ? "response" : "transcript", t->text);
    va_json_add_str(ev.json, "language", va_json_get_string(t->call->body, "language"));
    if (t->interrupted) {
        va_json_add_bool(ev.json, "corrected", true);
    }
    if (t->by_agent) {
        va_json_key(ev.json, "toolsUsed");
        va_json_put_raw(ev.json, wk_cell(row, 0, "tools_used"));
    } else {
        wk_event_confidence(&ev, VA_STR_NULL); /* engines do not tell */
    }
    if (t->latency != NULL) {
        va_json_key(ev.json, "latency");
        va_json_put_value(ev.json, t->latency);
    }
    return wk_event_end(&ev, e);
}

/* The turn is in another language than the one before it; one that is cut is in its own. */
static bool publish_switch(wk_tx_t *tx, const turn_t *t, const wk_rows_t *row, wk_error_t *e)
{
    if (t->interrupted) {
        return true;
    }
    va_str_t from = wk_cell(row, 0, "before");
    va_str_t to = va_json_get_string(t->call->body, "language");
    return from.len == 0 || to.len == 0 || va_str_eq(from, to) ||
           wk_event_language_switched(tx, wk_cell(row, 0, "customer_id"),
                                      wk_cell(row, 0, "call_id"), from, to,
                                      "the talk goes on in it", e);
}

/* What the engine says to it is the engine's: it knows that such a wish is heeded. */
static bool heed(wk_tx_t *tx, const turn_t *t, const wk_rows_t *row, wk_error_t *e)
{
    bool declined;
    return t->by_agent || wk_recording_heed(tx, t->call->catalogue, wk_cell(row, 0, "call_id"),
                                            t->text, &declined, e);
}

static const va_json_t *latency_of(const va_json_t *body)
{
    const va_json_t *latency = va_json_get(body, "latency");
    return va_json_is(latency, VA_JSON_OBJECT) ? latency : NULL;
}

/* Absent for NULL. */
static va_str_t json_text(wk_arena_t *a, const va_json_t *value)
{
    va_buf_t text;
    va_buf_init(&text, wk_mem(a), 256);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_put_value(w, value);
    return va_json_writer_end(w) == VA_OK && value != NULL ? va_buf_str(&text) : VA_STR_NULL;
}

static bool store(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    const turn_t *t = arg;
    wk_rows_t *row;
    va_str_t cut[] = {t->name, t->text};
    va_str_t whole[] = {t->call->sid,
                        va_json_get_string(t->call->body, "speaker"),
                        t->text,
                        va_json_get_string(t->call->body, "language"),
                        t->name,
                        json_text(wk_tx_arena(tx), t->latency),
                        wk_printf(wk_tx_arena(tx), "%lld", (long long)t->at_ms)};
    bool ok = t->interrupted ? wk_sql(tx, &wk_sql_media_turn_cut, cut, &row, e)
                             : wk_sql(tx, &wk_sql_media_turn, whole, &row, e);
    return ok && (wk_rows_count(row) == 0 || (publish_switch(tx, t, row, e) &&
                                              publish(tx, t, row, e) && heed(tx, t, row, e)));
}

/* The same for a repeated job; false: none can be made. */
static bool name_turn(wk_arena_t *a, const va_json_t *body, va_str_t sid, va_str_t *name)
{
    int64_t epoch, number;
    if (!va_json_int(va_json_get(body, "epoch"), &epoch) ||
        !va_json_int(va_json_get(body, "turn"), &number)) {
        return false;
    }
    *name = wk_printf(a, "%.*s:%lld:%lld", (int)sid.len, sid.data, (long long)epoch,
                      (long long)number);
    return true;
}

static bool read_turn(wk_ctx_t *ctx, const wk_media_call_t *call, turn_t *t, wk_error_t *e)
{
    wk_arena_t *a = ctx->arena;
    va_str_t speaker = va_json_get_string(call->body, "speaker");
    va_str_t text = wk_clean_text(a, va_json_get_string(call->body, "text"));
    *t = (turn_t){.call = call,
                  .by_agent = va_str_eq(speaker, VA_STR("agent")),
                  .interrupted = va_json_bool(va_json_get(call->body, "interrupted"), false),
                  .latency = latency_of(call->body)};
    if (!name_turn(a, call->body, call->sid, &t->name) ||
        (!t->by_agent && !va_str_eq(speaker, VA_STR("customer")))) {
        return wk_error(e, WK_INVALID, "no such turn");
    }
    if (!va_json_int(va_json_get(call->body, "at_ms"), &t->at_ms)) {
        t->at_ms = wk_now_ms(); /* told by a process that did not say so */
    }
    /* What the caller said in pieces was masked where it was heard. */
    t->text = wk_redact(wk_redactor(a, call->catalogue), a,
                        wk_cut_text(text.data != NULL ? text : VA_STR(""), MAX_TEXT));
    return true;
}

wk_outcome_t wk_media_turn(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    wk_media_call_t call;
    turn_t t;
    (void)reply;
    return wk_media_call_read(ctx, &call, e) && read_turn(ctx, &call, &t, e) &&
                   wk_tx(ctx->db, ctx->arena, ctx->job->org, 0, store, &t, e)
               ? WK_DONE
               : wk_webhook_failed(e);
}

/* ---------------------------------------------------------------- where the time went */

typedef struct {
    va_str_t name;
    const va_json_t *latency;
} timing_t;

/* Of a turn that is not there, nothing is to be kept. */
static bool store_timing(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    const timing_t *t = arg;
    va_str_t params[] = {t->name, json_text(wk_tx_arena(tx), t->latency)};
    return wk_sql_last(tx, &wk_sql_media_turn_timed, params, NULL, e);
}

static bool read_timing(wk_ctx_t *ctx, timing_t *t, wk_error_t *e)
{
    const va_json_t *body;
    if (!wk_webhook_json(ctx, &body, e)) {
        return false;
    }
    va_str_t sid = va_json_get_string(body, "call");
    t->latency = latency_of(body);
    if (t->latency == NULL || ctx->job->org.data == NULL || !wk_webhook_is_id(sid) ||
        !name_turn(ctx->arena, body, sid, &t->name)) {
        return wk_error(e, WK_INVALID, "no timing of a turn");
    }
    return true;
}

wk_outcome_t wk_media_timing(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    timing_t t;
    (void)reply;
    return read_timing(ctx, &t, e) &&
                   wk_tx(ctx->db, ctx->arena, ctx->job->org, 0, store_timing, &t, e)
               ? WK_DONE
               : wk_webhook_failed(e);
}

/* ---------------------------------------------------------------- emergencies */

typedef struct {
    wk_ctx_t *ctx;
    const wk_media_call_t *call;
    va_str_t text, answer;
} alarm_t;

static bool raise_alarm(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    alarm_t *alarm = arg;
    wk_arena_t *a = wk_tx_arena(tx);
    wk_reception_facts_t facts;
    const wk_tool_caller_t *caller = &alarm->call->caller;
    wk_reading_t reading = wk_read_message(a, alarm->call->catalogue, NULL, alarm->text);
    if (!wk_reception_facts(tx, alarm->call->customer, caller->phone, &reading, VA_STR_NULL,
                            &facts, e)) {
        return false;
    }
    const wk_emergency_case_t about = {.business_type = facts.business_type,
                                       .own = facts.emergency_words};
    wk_emergency_t emergency = wk_emergency(a, alarm->call->catalogue, &about, alarm->text);
    const wk_urgent_t urgent = {.customer = alarm->call->customer,
                                .who = caller->phone,
                                .from = caller->phone,
                                .to = caller->shop_phone,
                                .text = alarm->text,
                                .key = alarm->call->sid,
                                .call = caller->call};
    bool risen;
    return wk_urgent_answer(tx, caller->language, &facts, &emergency, &alarm->answer, e) &&
           wk_urgent_call(tx, caller->call, WK_EMERGENCY_URGENT, &risen, e) &&
           (!risen || wk_urgent_raise(alarm->ctx, tx, alarm->call->catalogue, &facts,
                                      &emergency, &urgent, e)) &&
           wk_media_did(tx, alarm->call, WK_DONE_PASSED_ON, e);
}

wk_outcome_t wk_media_emergency(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    wk_media_call_t call;
    va_buf_t text;
    wk_arena_t *a = ctx->arena;
    if (!wk_media_call_read(ctx, &call, e)) {
        return wk_webhook_failed(e);
    }
    alarm_t alarm = {.ctx = ctx, .call = &call};
    alarm.text = wk_redact(wk_redactor(a, call.catalogue), a,
                           wk_clean_text(a, va_json_get_string(call.body, "text")));
    if (!wk_tx(ctx->db, a, ctx->job->org, 0, raise_alarm, &alarm, e)) {
        return wk_webhook_failed(e);
    }
    va_buf_init(&text, wk_mem(a), 512);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_object(w);
    va_json_add_str(w, "say", alarm.answer);
    return wk_media_reply(w, &text, reply, e);
}
