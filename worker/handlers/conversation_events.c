/*
 * conversation_events.store: a conversation of an ElevenLabs agent as it happens, in the shapes
 * of the platform's WebSocket or in the flat one of the bike store guide (section 5).
 */
#include "core/hmac.h"
#include "worker/agent/call.h"
#include "worker/agent/erasure.h"
#include "worker/agent/event.h"
#include "worker/agent/recording.h"
#include "worker/agent/redact_recent.h"
#include "worker/agent/urgent.h"
#include "worker/handlers/handlers.h"
#include "worker/handlers/webhook.h"
#include "worker/store/calls.h"
#include "worker/store/messages.h"
#include "worker/store/webhooks.h"

#define MAX_TEXT 20000

typedef struct {
    wk_ctx_t *ctx;
    const wk_catalogue_t *catalogue;
    const va_json_t *data; /* of the event, without its envelope */
    va_str_t type;
    va_str_t name; /* of this very event, within its conversation */
    wk_call_told_t told;
} live_t;

typedef bool store_fn(wk_tx_t *tx, live_t *ev, wk_call_t *call, wk_error_t *e);

/* ---------------------------------------------------------------- members */

static va_str_t any(const live_t *ev, const char *const *pointers)
{
    va_str_t value = VA_STR_NULL;
    for (; *pointers != NULL && value.data == NULL; pointers++) {
        value = va_json_scalar(va_json_pointer(ev->data, va_str_c(*pointers)));
    }
    return value;
}

#define ANY(ev, ...) any((ev), (const char *const[]){__VA_ARGS__, NULL})

static va_str_t text_of(const live_t *ev, const char *const *pointers)
{
    va_str_t text = wk_clean_text(ev->ctx->arena, any(ev, pointers));
    return wk_cut_text(text.data != NULL ? text : VA_STR(""), MAX_TEXT);
}

#define TEXT_OF(ev, ...) text_of((ev), (const char *const[]){__VA_ARGS__, NULL})

/* Absent for an empty one. */
static va_str_t masked_or_null(const live_t *ev, va_str_t text)
{
    wk_arena_t *a = ev->ctx->arena;
    return text.len > 0 ? wk_redact(wk_redactor(a, ev->catalogue), a, text) : VA_STR_NULL;
}

static va_str_t json_of(const live_t *ev, const va_json_t *value)
{
    va_buf_t text;
    va_buf_init(&text, wk_mem(ev->ctx->arena), 256);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_put_value(w, value);
    return va_json_writer_end(w) == VA_OK ? va_buf_str(&text) : VA_STR_NULL;
}

/* The two letters of "fr" and "fr-CA"; absent for anything else. */
static va_str_t language_of(const live_t *ev)
{
    va_str_t language = ANY(ev, "/language");
    const wk_language_t *l = wk_catalogue_find(ev->catalogue, language);
    return l != NULL ? wk_language_code(l) : VA_STR_NULL;
}

/* As digits that the database reads: JSON has numbers that are too small for it. */
static va_str_t confidence_of(const live_t *ev)
{
    double n;
    const va_json_t *value = va_json_get(ev->data, "confidence");
    return va_json_double(value, &n) && n >= 0 && n <= 1 ? wk_printf(ev->ctx->arena, "%.3g", n)
                                                         : VA_STR_NULL;
}

/*
 * Its number within the conversation; without one the body's hash, so that a repeated delivery
 * is known again.
 */
static bool name_event(live_t *ev, const char *kind, wk_error_t *e)
{
    uint8_t digest[32];
    wk_arena_t *a = ev->ctx->arena;
    va_str_t conversation = ev->told.conversation;
    va_str_t id =
        ANY(ev, "/event_id", "/user_transcription_event/event_id",
            "/agent_response_event/event_id", "/agent_response_correction_event/event_id",
            "/position", "/client_tool_call/tool_call_id", "/tool_call_id");
    if (id.data == NULL) {
        if (va_sha256(ev->ctx->job->body, digest) != VA_OK) {
            return wk_error(e, WK_INTERNAL, "a digest cannot be computed");
        }
        uint64_t n;
        memcpy(&n, digest, sizeof(n));
        id = wk_printf(a, "h%016llx", (unsigned long long)n);
    }
    ev->name = wk_printf(a, "%.*s:%s:%.*s", (int)conversation.len, conversation.data, kind,
                         (int)(id.len < 80 ? id.len : 80), id.data);
    return true;
}

/* *is_new: this event was not stored before. */
static bool note_once(wk_tx_t *tx, const live_t *ev, va_str_t key, bool *is_new, wk_error_t *e)
{
    wk_rows_t *rows;
    va_str_t params[] = {VA_STR("elevenlabs"), ev->type, key};
    if (!wk_sql(tx, &wk_sql_webhook_note, params, &rows, e)) {
        return false;
    }
    *is_new = wk_rows_affected(rows) == 1;
    return true;
}

static void begin_event(wk_event_t *out, wk_tx_t *tx, const live_t *ev, const wk_call_t *call,
                        const char *type)
{
    wk_event_begin(out, tx, type, call->customer, call->id);
    va_json_add_str(out->json, "conversationId", ev->told.conversation);
}

/* ---------------------------------------------------------------- turns */

/* Nothing of a card number leaves this function, not even the first part of one. */
static bool masked(wk_tx_t *tx, const live_t *ev, const wk_call_t *call, va_str_t *text,
                   wk_error_t *e)
{
    wk_rows_t *rows;
    wk_arena_t *a = ev->ctx->arena;
    if (!wk_sql(tx, &wk_sql_turn_recent, &call->id, &rows, e)) {
        return false;
    }
    *text = wk_redact_recent(wk_redactor(a, ev->catalogue), a, *text, rows);
    return true;
}

static bool insert_turn(wk_tx_t *tx, const live_t *ev, const wk_call_t *call, va_str_t speaker,
                        va_str_t text, va_str_t tools, bool *is_new, wk_error_t *e)
{
    wk_rows_t *rows;
    va_str_t params[] = {call->id,        call->customer,    speaker, text,
                         language_of(ev), confidence_of(ev), tools,   ev->name};
    if (!wk_sql(tx, &wk_sql_turn_insert, params, &rows, e)) {
        return false;
    }
    *is_new = wk_rows_count(rows) == 1;
    return true;
}

static bool look_for_emergency(wk_tx_t *tx, const live_t *ev, const wk_call_t *call,
                               va_str_t text, bool partial, wk_error_t *e)
{
    const wk_heard_t heard = {.call = call, .texts = &text, .n = 1, .partial = partial};
    return wk_urgent_heard(ev->ctx, tx, ev->catalogue, &heard, e);
}

/* What is heard so far is no turn yet, but an emergency in it need not wait for its end. */
static bool watch_tentative(wk_tx_t *tx, live_t *ev, wk_call_t *call, wk_error_t *e)
{
    va_str_t text = TEXT_OF(ev, "/transcript", "/user_transcript",
                            "/tentative_user_transcription_event/user_transcript");
    return text.len == 0 ||
           (masked(tx, ev, call, &text, e) && look_for_emergency(tx, ev, call, text, true, e));
}

static bool store_user_transcript(wk_tx_t *tx, live_t *ev, wk_call_t *call, wk_error_t *e)
{
    bool is_new, declined;
    wk_event_t out;
    va_str_t text = TEXT_OF(ev, "/transcript", "/user_transcript",
                            "/user_transcription_event/user_transcript");
    if (text.len == 0) {
        return true;
    }
    if (!name_event(ev, "user", e) || !masked(tx, ev, call, &text, e) ||
        !insert_turn(tx, ev, call, VA_STR("customer"), text, VA_STR_NULL, &is_new, e)) {
        return false;
    }
    if (!is_new) {
        return true;
    }
    begin_event(&out, tx, ev, call, "user_transcript");
    va_json_add_str(out.json, "transcript", text);
    wk_event_confidence(&out, confidence_of(ev));
    va_json_add_str(out.json, "language", language_of(ev));
    return wk_event_end(&out, e) &&
           wk_recording_heed(tx, ev->catalogue, call->id, text, &declined, e) &&
           look_for_emergency(tx, ev, call, text, false, e);
}

static bool store_agent_response(wk_tx_t *tx, live_t *ev, wk_call_t *call, wk_error_t *e)
{
    bool is_new;
    wk_event_t out;
    wk_arena_t *a = ev->ctx->arena;
    const va_json_t *list = va_json_get(ev->data, "tools_used");
    va_str_t tools = va_json_is(list, VA_JSON_ARRAY) ? json_of(ev, list) : VA_STR("[]");
    va_str_t text =
        TEXT_OF(ev, "/response", "/agent_response", "/agent_response_event/agent_response");
    if (text.len == 0) {
        return true;
    }
    text = wk_redact(wk_redactor(a, ev->catalogue), a, text);
    if (!name_event(ev, "agent", e) ||
        !insert_turn(tx, ev, call, VA_STR("agent"), text, tools, &is_new, e)) {
        return false;
    }
    if (!is_new) {
        return true;
    }
    begin_event(&out, tx, ev, call, "agent_response");
    va_json_add_str(out.json, "response", text);
    va_json_key(out.json, "toolsUsed");
    va_json_put_raw(out.json, tools);
    return wk_event_end(&out, e);
}

/* The customer cut the agent short: what was really heard takes the place of what was meant. */
static bool store_correction(wk_tx_t *tx, live_t *ev, wk_call_t *call, wk_error_t *e)
{
    wk_event_t out;
    wk_rows_t *rows;
    wk_arena_t *a = ev->ctx->arena;
    va_str_t text = TEXT_OF(ev, "/corrected_agent_response",
                            "/agent_response_correction_event/corrected_agent_response");
    text = wk_redact(wk_redactor(a, ev->catalogue), a, text);
    if (!name_event(ev, "agent", e)) {
        return false;
    }
    va_str_t params[] = {ev->name, text};
    if (!wk_sql(tx, &wk_sql_turn_correct, params, &rows, e)) {
        return false;
    }
    if (wk_rows_count(rows) == 0) {
        return true;
    }
    begin_event(&out, tx, ev, call, "agent_response");
    va_json_add_str(out.json, "response", text);
    va_json_add_bool(out.json, "corrected", true);
    va_json_key(out.json, "toolsUsed");
    va_json_put_raw(out.json, wk_cell(rows, 0, "tools_used"));
    return wk_event_end(&out, e);
}

/* ---------------------------------------------------------------- the call */

static bool store_start(wk_tx_t *tx, live_t *ev, wk_call_t *call, wk_error_t *e)
{
    bool is_new;
    wk_event_t out;
    if (!note_once(tx, ev, ev->told.conversation, &is_new, e) ||
        !wk_call_advance(tx, call, "in_progress", 0, VA_STR_NULL, e)) {
        return false;
    }
    if (!is_new) {
        return true;
    }
    begin_event(&out, tx, ev, call, "conversation_started");
    va_json_add_str(out.json, "phoneNumber", ev->told.caller);
    return wk_event_end(&out, e);
}

static bool store_end(wk_tx_t *tx, live_t *ev, wk_call_t *call, wk_error_t *e)
{
    va_str_t reason = TEXT_OF(ev, "/reason", "/end_reason", "/termination_reason");
    return wk_call_advance(tx, call, "completed", 0, masked_or_null(ev, reason), e);
}

static bool store_transfer(wk_tx_t *tx, live_t *ev, wk_call_t *call, wk_error_t *e)
{
    wk_event_t out;
    wk_rows_t *rows;
    va_str_t to = TEXT_OF(ev, "/transfer_number", "/destination", "/transfer_to");
    va_str_t reason = TEXT_OF(ev, "/reason", "/transfer_reason");
    va_str_t params[] = {call->id, masked_or_null(ev, to), masked_or_null(ev, reason)};
    if (!wk_sql(tx, &wk_sql_call_transferred, params, &rows, e)) {
        return false;
    }
    if (wk_rows_count(rows) == 0) {
        return true;
    }
    begin_event(&out, tx, ev, call, "transfer_initiated");
    va_json_add_str(out.json, "reason", params[2]);
    va_json_add_str(out.json, "destination", params[1]);
    return wk_event_end(&out, e);
}

static va_str_t masked_json(const live_t *ev, const char *flat, const char *nested)
{
    wk_arena_t *a = ev->ctx->arena;
    const va_json_t *value = va_json_get(ev->data, flat);
    value = value != NULL ? value : va_json_pointer(ev->data, va_str_c(nested));
    va_str_t text = wk_redact_json(wk_redactor(a, ev->catalogue), a, value);
    return text.data != NULL ? text : VA_STR("null");
}

static bool store_tool(wk_tx_t *tx, live_t *ev, wk_call_t *call, wk_error_t *e)
{
    bool is_new;
    wk_event_t out;
    if (!name_event(ev, "tool", e) || !note_once(tx, ev, ev->name, &is_new, e)) {
        return false;
    }
    if (!is_new) {
        return true;
    }
    begin_event(&out, tx, ev, call, "client_tool_executed");
    va_json_add_str(out.json, "toolName",
                    TEXT_OF(ev, "/tool_name", "/client_tool_call/tool_name"));
    va_json_key(out.json, "parameters");
    va_json_put_raw(out.json, masked_json(ev, "parameters", "/client_tool_call/parameters"));
    va_json_key(out.json, "result");
    va_json_put_raw(out.json, masked_json(ev, "result", "/client_tool_call/result"));
    return wk_event_end(&out, e);
}

/* ---------------------------------------------------------------- the event */

static const struct {
    const char *type;
    store_fn *store;
} types[] = {
    {"conversation_initiation_metadata", store_start},
    {"user_transcript", store_user_transcript},
    {"tentative_user_transcript", watch_tentative},
    {"agent_response", store_agent_response},
    {"agent_response_correction", store_correction},
    {"client_tool_call", store_tool},
    {"transfer_initiated", store_transfer},
    {"conversation_ended", store_end},
};

/* NULL for what nobody has to know: audio, pings, scores, and what comes to be one day. */
static store_fn *store_of(va_str_t type)
{
    for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
        if (va_str_eq(type, va_str_c(types[i].type))) {
            return types[i].store;
        }
    }
    return NULL;
}

static bool read_live(wk_ctx_t *ctx, live_t *ev, wk_error_t *e)
{
    const va_json_t *body;
    if (!wk_webhook_json(ctx, &body, e)) {
        return false;
    }
    const va_json_t *data = va_json_get(body, "data");
    ev->type = va_json_get_string(body, "type");
    ev->data = va_json_is(data, VA_JSON_OBJECT) ? data : body;
    ev->told = (wk_call_told_t){
        .conversation = ANY(ev, "/conversation_id",
                            "/conversation_initiation_metadata_event/conversation_id"),
        .call_sid = ANY(ev, "/call_sid"),
        .agent_id = ANY(ev, "/agent_id"),
        .caller = wk_webhook_number(ctx->arena, ANY(ev, "/phone_number", "/caller_id")),
        .called = wk_webhook_number(ctx->arena, ANY(ev, "/called_number")),
        .engine = VA_STR("elevenlabs"),
        .language = language_of(ev),
        .started_at = ctx->job->enqueued_ms / 1000,
        .told_at = ctx->job->enqueued_ms / 1000,
    };
    if (ev->type.len == 0) {
        return wk_error(e, WK_INVALID, "an event without a type");
    }
    if (store_of(ev->type) != NULL && !wk_webhook_is_id(ev->told.conversation)) {
        return wk_error(e, WK_INVALID, "%.*s without a conversation", (int)ev->type.len,
                        ev->type.data);
    }
    if (!wk_webhook_is_id(ev->told.call_sid)) {
        ev->told.call_sid = VA_STR_NULL;
    }
    if (!wk_webhook_is_id(ev->told.agent_id)) {
        ev->told.agent_id = VA_STR_NULL;
    }
    return true;
}

static bool store_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    live_t *ev = arg;
    wk_call_t call;
    bool erased;
    return wk_erasure_of_call(tx, ev->told.call_sid, ev->told.conversation, &erased, e) &&
           (erased || (wk_call_open(tx, &ev->told, &call, e) &&
                       store_of(ev->type)(tx, ev, &call, e) && wk_call_close(tx, &call, e)));
}

/* By the agent, else by the number that was called. */
static bool find_organization(wk_ctx_t *ctx, const live_t *ev, va_str_t *organization,
                              wk_error_t *e)
{
    return wk_webhook_organization(ctx, "agent", ev->told.agent_id, organization, e) &&
           (organization->data != NULL ||
            wk_webhook_organization(ctx, "number", ev->told.called, organization, e));
}

wk_outcome_t wk_conversation_events_store(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    live_t ev = {.ctx = ctx, .catalogue = wk_catalogue(ctx->config, e)};
    va_str_t organization;
    (void)reply;
    if (ev.catalogue == NULL || !read_live(ctx, &ev, e)) {
        return wk_webhook_failed(e);
    }
    if (store_of(ev.type) == NULL) {
        return WK_DONE;
    }
    if (!find_organization(ctx, &ev, &organization, e)) {
        return wk_webhook_failed(e);
    }
    if (organization.data == NULL) {
        return wk_webhook_unrouted(ctx, "agent", ev.told.agent_id, e);
    }
    if (!wk_webhook_speaks_for(ctx, organization, e)) {
        return wk_webhook_failed(e);
    }
    return wk_tx(ctx->db, ctx->arena, organization, 0, store_tx, &ev, e) ? WK_DONE
                                                                         : wk_webhook_failed(e);
}
