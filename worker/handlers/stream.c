/*
 * What nginx asks before and at the beginning of an event stream: may this token see what the
 * path names, which call that is (the answer's text: its events carry our id), and what stood
 * before the first live event. The path says which of three it is:
 *
 *   /api/stream/conversation/{customer}, /api/sse/conversation/{customer}
 *   /api/stream/call/{call}
 *   /api/stream/organization
 */
#include <stdio.h>
#include <time.h>

#include "worker/clock.h"
#include "worker/handlers/call_named.h"
#include "worker/handlers/caller.h"
#include "worker/handlers/handlers.h"
#include "worker/handlers/page.h"
#include "worker/handlers/reply.h"
#include "worker/handlers/request.h"
#include "worker/store/call_sessions.h"
#include "worker/store/conversations.h"
#include "worker/store/leads.h"

#define MAX_MESSAGES   50
#define MAX_LIVE_CALLS 100
#define MAX_LIST_BYTES (192 * 1024) /* of an event's list: a snapshot has 256 KiB */

typedef struct {
    wk_ctx_t *ctx;
    enum { CUSTOMER, CALL, ORGANIZATION } kind;
    va_str_t id;
    va_str_t customer; /* whose conversation it is; absent: nobody's, or everybody's */
    va_str_t organization;
    wk_rows_t *lead, *call, *messages, *live;
} stream_t;

static bool read_path(wk_ctx_t *ctx, stream_t *s, wk_error_t *e)
{
    va_str_t what = wk_request_segment(ctx->job, 2);
    *s = (stream_t){.ctx = ctx, .kind = ORGANIZATION, .id = wk_request_id(ctx, 3)};
    if (va_str_eq(what, VA_STR("organization"))) {
        return true;
    }
    s->kind = va_str_eq(what, VA_STR("call")) ? CALL : CUSTOMER;
    return s->kind == CALL || wk_request_known_id(s->id, e);
}

/* ---------------------------------------------------------------- may it be seen */

static bool name_call(wk_tx_t *tx, stream_t *s, wk_error_t *e)
{
    return s->kind != CALL || wk_call_named(tx, s->id, &s->id, e);
}

static bool authorize_tx(wk_tx_t *tx, const wk_caller_t *caller, void *arg, wk_error_t *e)
{
    stream_t *s = arg;
    wk_rows_t *rows;
    (void)caller;
    if (s->kind == ORGANIZATION) {
        return true;
    }
    const wk_sql_t *sql = s->kind == CALL ? &wk_sql_call_exists : &wk_sql_lead_exists;
    if (!name_call(tx, s, e) || !wk_sql_last(tx, sql, &s->id, &rows, e) ||
        !wk_request_found(rows, e)) {
        return false;
    }
    s->id =
        wk_cell(rows, 0, "id"); /* as the channel has it, in whatever case it was asked for */
    return true;
}

wk_outcome_t wk_stream_authorize(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    stream_t s;
    if (!read_path(ctx, &s, e) || !wk_caller_tx(ctx, WK_FROM_STAFF, authorize_tx, &s, e)) {
        return wk_reply_error(ctx, reply, e);
    }
    reply->status = 200;
    reply->type = VA_STR("text/plain");
    reply->body = s.id;
    return WK_DONE;
}

/* ---------------------------------------------------------------- reading the snapshot */

static bool read_messages(wk_tx_t *tx, stream_t *s, const wk_sql_t *sql, bool by_call,
                          wk_error_t *e)
{
    va_str_t limit = wk_printf(s->ctx->arena, "%d", MAX_MESSAGES);
    va_str_t of_call[] = {limit, s->id};
    va_str_t of_customer[] = {limit, VA_STR_NULL, VA_STR_NULL, s->id};
    return wk_sql(tx, sql, by_call ? of_call : of_customer, &s->messages, e);
}

static bool read_live(wk_tx_t *tx, stream_t *s, int limit, wk_error_t *e)
{
    va_str_t params[] = {s->customer, wk_printf(s->ctx->arena, "%d", limit)};
    return wk_sql_last(tx, &wk_sql_calls_live, params, &s->live, e);
}

static bool read_customer(wk_tx_t *tx, stream_t *s, wk_error_t *e)
{
    s->customer = s->id;
    return wk_sql(tx, &wk_sql_lead_status, &s->id, &s->lead, e) &&
           wk_request_found(s->lead, e) &&
           read_messages(tx, s, &wk_sql_conversation_messages, false, e) &&
           read_live(tx, s, 1, e);
}

static bool read_call(wk_tx_t *tx, stream_t *s, wk_error_t *e)
{
    if (!name_call(tx, s, e) || !wk_sql(tx, &wk_sql_call_summary, &s->id, &s->call, e) ||
        !wk_request_found(s->call, e)) {
        return false;
    }
    s->customer = wk_cell(s->call, 0, "customer_id");
    return read_messages(tx, s, &wk_sql_call_turns, true, e);
}

static bool snapshot_tx(wk_tx_t *tx, const wk_caller_t *caller, void *arg, wk_error_t *e)
{
    stream_t *s = arg;
    s->organization = caller->organization;
    switch (s->kind) {
    case CUSTOMER:
        return read_customer(tx, s, e);
    case CALL:
        return read_call(tx, s, e);
    case ORGANIZATION:
        break;
    }
    return read_live(tx, s, MAX_LIVE_CALLS, e);
}

/* ---------------------------------------------------------------- writing it */

static va_str_t iso_now(wk_arena_t *a)
{
    char text[32];
    struct tm t;
    int64_t ms = wk_now_ms();
    time_t seconds = (time_t)(ms / 1000);
    gmtime_r(&seconds, &t);
    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &t);
    return wk_printf(a, "%s.%03dZ", text, (int)(ms % 1000));
}

/* One event: its data is a JSON object on one line, as the writer makes them. */
static va_json_writer_t *event_begin(const stream_t *s, va_buf_t *out, const char *type)
{
    va_buf_add_c(out, "event: ");
    va_buf_add_c(out, type);
    va_buf_add_c(out, "\ndata: ");
    va_json_writer_t *w = va_json_writer_new(out);
    va_json_object(w);
    va_json_add_c(w, "type", type);
    va_json_add_str(w, "organizationId", s->organization);
    va_json_add_str(w, "leadId", s->customer);
    if (s->kind == CALL) {
        va_json_add_str(w, "callId", s->id);
    }
    va_json_add_str(w, "timestamp", iso_now(s->ctx->arena));
    return w;
}

static void event_end(va_buf_t *out, va_json_writer_t *w)
{
    va_json_object_end(w);
    va_status_t status = va_json_writer_end(w);
    va_buf_add_c(out, "\n\n");
    if (out->status == VA_OK) {
        out->status = status;
    }
}

/* A row's item, or null: what was shown from an earlier snapshot does not stand any more. */
static void put_item_event(const stream_t *s, va_buf_t *out, const char *type,
                           const char *member, const wk_rows_t *rows)
{
    va_json_writer_t *w = event_begin(s, out, type);
    va_json_key(w, member);
    if (wk_rows_count(rows) > 0) {
        va_json_put_raw(w, wk_cell(rows, 0, "item"));
    } else {
        va_json_put_null(w);
    }
    event_end(out, w);
}

static void put_list_event(const stream_t *s, va_buf_t *out, const char *type,
                           const char *member, const wk_items_t *items)
{
    va_json_writer_t *w = event_begin(s, out, type);
    wk_page_put_items(w, member, items);
    event_end(out, w);
}

static void put_history(const stream_t *s, va_buf_t *out)
{
    const wk_items_t items = {s->messages, MAX_MESSAGES, MAX_LIST_BYTES, true};
    put_list_event(s, out, "conversation_history", "messages", &items);
}

static void put_snapshot(const stream_t *s, va_buf_t *out)
{
    const wk_items_t live = {s->live, MAX_LIVE_CALLS, MAX_LIST_BYTES, false};
    switch (s->kind) {
    case CUSTOMER:
        put_history(s, out);
        put_item_event(s, out, "lead_status", "lead", s->lead);
        put_item_event(s, out, "active_call", "call", s->live);
        break;
    case CALL:
        put_history(s, out);
        put_item_event(s, out, "active_call", "call", s->call);
        break;
    case ORGANIZATION:
        put_list_event(s, out, "active_calls", "calls", &live);
        break;
    }
}

wk_outcome_t wk_stream_snapshot(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    stream_t s;
    va_buf_t out;
    if (!read_path(ctx, &s, e) || !wk_caller_tx(ctx, WK_FROM_STAFF, snapshot_tx, &s, e)) {
        return wk_reply_error(ctx, reply, e);
    }
    va_buf_init(&out, wk_mem(ctx->arena), 4096);
    put_snapshot(&s, &out);
    if (out.status != VA_OK) {
        wk_error(e, WK_INTERNAL, "a snapshot cannot be written: %d", out.status);
        return wk_reply_error(ctx, reply, e);
    }
    reply->status = 200;
    reply->type = VA_STR("text/event-stream");
    reply->body = va_buf_str(&out);
    return WK_DONE;
}
