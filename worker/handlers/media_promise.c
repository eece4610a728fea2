/*
 * media.promise: what the agent of a live call said, judged when all its tools have answered
 * (promise.h). A claim without its deed is a person's business, and the words that put it right
 * are the reply.
 */
#include "worker/agent/context.h"
#include "worker/agent/promise.h"
#include "worker/agent/redact.h"
#include "worker/agent/task.h"
#include "worker/handlers/handlers.h"
#include "worker/handlers/media_call.h"
#include "worker/handlers/webhook.h"
#include "worker/metrics.h"
#include "worker/store/media.h"

#define MAX_TEXT 4000 /* bytes */

typedef struct {
    wk_media_call_t call;
    wk_ctx_t *ctx;
    va_str_t text;
    va_str_t name; /* of the claims: those of the same turn, judged once more, are the same */
    wk_context_t context;
    const char *broken; /* NULL: nothing */
    bool known;         /* they were judged before */
} promise_t;

static bool read_said(promise_t *p, wk_error_t *e)
{
    int64_t epoch, turn;
    wk_arena_t *a = p->ctx->arena;
    const va_json_t *body = p->call.body;
    va_str_t text = wk_clean_text(a, va_json_get_string(body, "text"));
    if (text.len == 0 || !va_json_int(va_json_get(body, "epoch"), &epoch) ||
        !va_json_int(va_json_get(body, "turn"), &turn)) {
        return wk_error(e, WK_INVALID, "nothing was said");
    }
    p->name = wk_printf(a, "%lld:%lld", (long long)epoch, (long long)turn);
    p->text = wk_redact(wk_redactor(a, p->call.catalogue), a, wk_cut_text(text, MAX_TEXT));
    return true;
}

static bool read_context(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    promise_t *p = arg;
    return wk_context_read(tx, p->call.customer, &p->call.caller, &p->context, e);
}

/* The customer's words before the claims were told: what comes later asks for none of them. */
static bool read_asked(wk_tx_t *tx, const promise_t *p, wk_stands_t *stands, wk_error_t *e)
{
    wk_rows_t *rows;
    wk_arena_t *a = wk_tx_arena(tx);
    va_str_t params[] = {p->call.caller.call,
                         wk_printf(a, "%lld", (long long)p->ctx->job->enqueued_ms)};
    if (!wk_sql(tx, &wk_sql_media_heard, params, &rows, e)) {
        return false;
    }
    for (size_t i = 0; i < wk_rows_count(rows); i++) {
        stands->again &= ~(wk_promise_read(wk_cell_json(a, rows, i, "behind")) &
                           wk_promise_asked(a, p->call.catalogue, wk_cell(rows, i, "heard"),
                                            stands->appointments));
    }
    return true;
}

/* Holds the call's row until the commit. */
static bool read_deeds(wk_tx_t *tx, promise_t *p, wk_stands_t *stands, wk_error_t *e)
{
    wk_rows_t *row;
    wk_arena_t *a = wk_tx_arena(tx);
    va_str_t params[] = {p->call.caller.call, p->name};
    if (!wk_sql(tx, &wk_sql_media_deeds, params, &row, e)) {
        return false;
    }
    if (wk_rows_count(row) == 0) {
        return wk_error(e, WK_NOT_FOUND, "the call is gone");
    }
    va_str_t verdict = wk_cell(row, 0, "verdict");
    p->known = verdict.data != NULL;
    p->broken = verdict.len > 0 ? wk_strdup(a, verdict) : NULL;
    *stands = (wk_stands_t){.done = wk_promise_read(wk_cell_json(a, row, 0, "did")),
                            .again = wk_promise_read(wk_cell_json(a, row, 0, "deeds")),
                            .appointments = p->context.appointments};
    return p->known || stands->again == 0 || read_asked(tx, p, stands, e);
}

static bool raise_alarm(wk_tx_t *tx, const promise_t *p, wk_error_t *e)
{
    const wk_media_call_t *call = &p->call;
    const wk_task_t task = {.kind = "alarm",
                            .key =
                                wk_printf(wk_tx_arena(tx), "said:%.*s:%.*s", (int)call->sid.len,
                                          call->sid.data, (int)p->name.len, p->name.data),
                            .priority = "high",
                            .title = "task.said",
                            .body = "task.said_aloud_body",
                            .text = p->text,
                            .who = call->caller.phone,
                            .customer = call->customer};
    return wk_task_raise(p->ctx, tx, &task, e);
}

static bool judge(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    promise_t *p = arg;
    wk_stands_t stands = {0};
    if (!read_deeds(tx, p, &stands, e)) {
        return false;
    }
    if (p->known) {
        return true;
    }
    p->broken = wk_promise_broken(wk_tx_arena(tx), p->call.catalogue, p->text, &stands);
    va_str_t params[] = {p->call.caller.call, p->name,
                         va_str_c(p->broken != NULL ? p->broken : "")};
    return (p->broken == NULL || raise_alarm(tx, p, e)) &&
           wk_sql(tx, &wk_sql_media_judged, params, NULL, e);
}

/* The other words of said.not_… are for texts and for the ear alike. */
static va_str_t honest(const promise_t *p)
{
    const wk_language_t *l =
        wk_catalogue_pick(p->call.catalogue, va_json_get_string(p->call.body, "language"),
                          wk_language_code(p->call.caller.language));
    const char *own = wk_printf(p->ctx->arena, "speech.not_%s", p->broken).data;
    va_str_t spoken = wk_text_if_any(l, own);
    return spoken.len > 0 ? spoken
                          : wk_text(l, wk_printf(p->ctx->arena, "said.not_%s", p->broken).data);
}

wk_outcome_t wk_media_promise(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    va_buf_t text;
    promise_t p = {.ctx = ctx};
    if (!wk_media_call_read(ctx, &p.call, e) || !read_said(&p, e) ||
        !wk_tx(ctx->db, ctx->arena, ctx->job->org, 0, read_context, &p, e) ||
        !wk_tx(ctx->db, ctx->arena, ctx->job->org, 0, judge, &p, e)) {
        return wk_webhook_failed(e);
    }
    va_buf_init(&text, wk_mem(ctx->arena), 256);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_object(w);
    if (p.broken != NULL) {
        wk_count("voiceagent_promises_broken_total", "claim", va_str_c(p.broken), NULL,
                 VA_STR_NULL, p.known ? 0 : 1);
        va_json_add_str(w, "say", honest(&p));
    }
    return wk_media_reply(w, &text, reply, e);
}
