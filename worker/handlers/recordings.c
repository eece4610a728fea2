/*
 * Recordings of calls:
 *   recording.status    the carrier tells what became of one
 *   recording.stop      the caller does not want it
 *   recordings.settle   of one shop, those that the carrier may still have
 *   recordings.get      one is played, in pieces of bounded size
 */
#include "worker/store/recordings.h"
#include "worker/agent/recording.h"
#include "worker/clock.h"
#include "worker/handlers/audit.h"
#include "worker/handlers/call_named.h"
#include "worker/handlers/caller.h"
#include "worker/handlers/handlers.h"
#include "worker/handlers/range.h"
#include "worker/handlers/reply.h"
#include "worker/handlers/request.h"
#include "worker/handlers/webhook.h"
#include "worker/log.h"
#include "worker/sound.h"

#define BATCH     "20" /* of a run; the next one comes in half a minute */
#define RUN_MS    5000 /* then no further one is begun: the thread is for all shops */
#define MAX_PIECE ((int64_t)8 * WK_SOUND_PIECE) /* of an answer to a range */

/* What fails is tried again by recordings.settle, as long as the call is known. */
static bool look(wk_ctx_t *ctx, va_str_t organization, va_str_t sid, va_str_t told, bool *known,
                 wk_error_t *e)
{
    if (wk_recording_collect(ctx, organization, sid, told, known, e)) {
        return true;
    }
    if (*known) {
        wk_log(WK_WARN, "a recording is tried again later", WK_S("call", sid),
               WK_C("error", e->text));
    }
    return false;
}

/* ---------------------------------------------------------------- recording.status */

/*
 * Which call, and whose: of a call we know nothing more is believed, since the carrier is
 * asked.
 */
wk_outcome_t wk_recording_status(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    bool known;
    va_form_t form, args;
    (void)reply;
    if (!wk_webhook_form(ctx, &form, e)) {
        return wk_webhook_failed(e);
    }
    (void)va_form_parse(wk_mem(ctx->arena), ctx->job->http_args, &args);
    va_str_t organization = va_form_get(&args, "o"), sid = va_form_get(&form, "CallSid");
    if (!wk_webhook_is_id(sid) || !wk_is_uuid(organization)) {
        wk_error(e, WK_INVALID, "a recording without its call");
        return WK_GIVE_UP;
    }
    va_str_t told = va_form_get(&form, "RecordingSid");
    told = wk_webhook_is_id(told) ? told : VA_STR_NULL;
    return look(ctx, organization, sid, told, &known, e) || known ? WK_DONE : WK_AGAIN;
}

/* ---------------------------------------------------------------- recording.stop */

wk_outcome_t wk_recording_stop(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    bool known;
    va_str_t sid;
    (void)reply;
    if (!wk_webhook_names(ctx, "call", wk_webhook_is_id, &sid, e)) {
        return wk_webhook_failed(e);
    }
    return look(ctx, ctx->job->org, sid, VA_STR_NULL, &known, e) || known ? WK_DONE : WK_AGAIN;
}

/* ---------------------------------------------------------------- recordings.settle */

typedef struct {
    wk_rows_t *rows;
} unsettled_t;

static bool unsettled_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    unsettled_t *u = arg;
    va_str_t most = VA_STR(BATCH);
    return wk_sql_last(tx, &wk_sql_recordings_unsettled, &most, &u->rows, e);
}

wk_outcome_t wk_recordings_settle(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    unsettled_t u;
    (void)reply;
    if (!wk_tx(ctx->db, ctx->arena, ctx->job->org, 0, unsettled_tx, &u, e)) {
        return wk_webhook_failed(e);
    }
    int64_t end = wk_monotonic_ms() + RUN_MS;
    for (size_t i = 0; i < wk_rows_count(u.rows) && wk_monotonic_ms() < end; i++) {
        bool known;
        (void)look(ctx, ctx->job->org, wk_cell(u.rows, i, "sid"), VA_STR_NULL, &known, e);
    }
    return WK_DONE;
}

/* ---------------------------------------------------------------- recordings.get */

typedef struct {
    wk_ctx_t *ctx;
    va_str_t call;
    int64_t size, first, last;
    va_str_t type, bytes;
    wk_range_kind_t range;
} play_t;

static bool note_play(wk_tx_t *tx, const play_t *p, const wk_caller_t *caller, wk_error_t *e)
{
    va_buf_t data;
    va_buf_init(&data, wk_mem(p->ctx->arena), 64);
    va_json_writer_t *w = va_json_writer_new(&data);
    va_json_object(w);
    va_json_add_int(w, "first", p->first);
    va_json_add_int(w, "last", p->last);
    va_json_object_end(w);
    wk_audit_t entry = {.actor = wk_audit_actor(caller->role),
                        .user_id = caller->user_id,
                        .action = "recording_played",
                        .entity = "call",
                        .entity_id = p->call,
                        .data =
                            va_json_writer_end(w) == VA_OK ? va_buf_str(&data) : VA_STR_NULL};
    return wk_audit(p->ctx, tx, &entry, e);
}

/* A whole one goes as such where an answer has room for it; a range may be answered in part. */
static bool choose_range(play_t *p, wk_error_t *e)
{
    p->range =
        wk_range_read(wk_request_header(p->ctx->job, "range"), p->size, &p->first, &p->last);
    if (p->range == WK_RANGE_NONE) {
        p->first = 0;
        p->last = p->size - 1;
        return p->size <= VA_REPLY_MAX_BYTES ||
               wk_refuse(
                   e, WK_R_BAD_REQUEST,
                   "The recording has %lld bytes: ask for ranges of it (Range: bytes=0-).",
                   (long long)p->size);
    }
    if (p->range == WK_RANGE_SOME && p->last - p->first >= MAX_PIECE) {
        p->last = p->first + MAX_PIECE - 1;
    }
    return true;
}

/* Nobody hears a byte of it that is not noted. */
static bool play_tx(wk_tx_t *tx, const wk_caller_t *caller, void *arg, wk_error_t *e)
{
    wk_rows_t *rows;
    play_t *p = arg;
    if (!wk_call_named(tx, p->call, &p->call, e) ||
        !wk_sql(tx, &wk_sql_recording_of_call, &p->call, &rows, e) ||
        !wk_request_found(rows, e)) {
        return false;
    }
    p->size = wk_cell_int(rows, 0, "bytes", 0);
    p->type = wk_cell(rows, 0, "media_type");
    if (!choose_range(p, e)) {
        return false;
    }
    return p->range == WK_RANGE_WRONG ||
           (note_play(tx, p, caller, e) &&
            wk_sound_read(tx, p->ctx->config, wk_cell(rows, 0, "id"), p->first, p->last,
                          &p->bytes, e));
}

static void tell_ranges(const play_t *p, va_reply_t *reply)
{
    wk_arena_t *a = p->ctx->arena;
    wk_reply_header(p->ctx, reply, "cache-control", VA_STR("no-store"));
    wk_reply_header(p->ctx, reply, "accept-ranges", VA_STR("bytes"));
    if (p->range != WK_RANGE_NONE) {
        wk_reply_header(p->ctx, reply, "content-range",
                        p->range == WK_RANGE_WRONG
                            ? wk_printf(a, "bytes */%lld", (long long)p->size)
                            : wk_printf(a, "bytes %lld-%lld/%lld", (long long)p->first,
                                        (long long)p->last, (long long)p->size));
    }
}

wk_outcome_t wk_recordings_get(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    play_t p = {.ctx = ctx, .call = wk_request_id(ctx, 2)};
    if (!wk_caller_tx(ctx, WK_FROM_MANAGER, play_tx, &p, e)) {
        return wk_reply_error(ctx, reply, e);
    }
    static const int statuses[] = {
        [WK_RANGE_NONE] = 200, [WK_RANGE_SOME] = 206, [WK_RANGE_WRONG] = 416};
    reply->status = statuses[p.range];
    reply->type = p.type;
    reply->body = p.bytes;
    tell_ranges(&p, reply);
    return WK_DONE;
}
