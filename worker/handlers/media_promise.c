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

#define MAX_TEXT 4000 /* bytes */

typedef struct {
    wk_media_call_t call;
    wk_ctx_t *ctx;
    va_str_t text;
    int64_t epoch, turn;
    wk_context_t context;
    const char *broken; /* NULL: nothing */
} promise_t;

static bool read_said(promise_t *p, wk_error_t *e)
{
    wk_arena_t *a = p->ctx->arena;
    const va_json_t *body = p->call.body;
    va_str_t text = wk_clean_text(a, va_json_get_string(body, "text"));
    if (text.len == 0 || !va_json_int(va_json_get(body, "epoch"), &p->epoch) ||
        !va_json_int(va_json_get(body, "turn"), &p->turn)) {
        return wk_error(e, WK_INVALID, "nothing was said");
    }
    p->text = wk_redact(wk_redactor(a, p->call.catalogue), a, wk_cut_text(text, MAX_TEXT));
    return true;
}

static bool read_context(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    promise_t *p = arg;
    return wk_context_read(tx, p->call.customer, &p->call.caller, &p->context, e);
}

static bool raise_alarm(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    const promise_t *p = arg;
    const wk_media_call_t *call = &p->call;
    const wk_task_t task = {.kind = "alarm",
                            .key = wk_printf(wk_tx_arena(tx), "said:%.*s:%lld:%lld",
                                             (int)call->sid.len, call->sid.data,
                                             (long long)p->epoch, (long long)p->turn),
                            .priority = "high",
                            .title = "task.said",
                            .body = "task.said_aloud_body",
                            .text = p->text,
                            .who = call->caller.phone,
                            .customer = call->customer};
    return wk_task_raise(p->ctx, tx, &task, e);
}

static bool judge(promise_t *p, wk_error_t *e)
{
    wk_ctx_t *ctx = p->ctx;
    va_str_t organization = ctx->job->org;
    if (!wk_tx(ctx->db, ctx->arena, organization, 0, read_context, p, e)) {
        return false;
    }
    p->broken = wk_promise_broken(ctx->arena, p->call.catalogue, p->text, p->call.done,
                                  p->context.appointments);
    return p->broken == NULL || wk_tx(ctx->db, ctx->arena, organization, 0, raise_alarm, p, e);
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
    if (!wk_media_call_read(ctx, &p.call, e) || !read_said(&p, e) || !judge(&p, e)) {
        return wk_webhook_failed(e);
    }
    va_buf_init(&text, wk_mem(ctx->arena), 256);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_object(w);
    if (p.broken != NULL) {
        wk_count("voiceagent_promises_broken_total", "claim", va_str_c(p.broken), NULL,
                 VA_STR_NULL, 1);
        va_json_add_str(w, "say", honest(&p));
    }
    return wk_media_reply(w, &text, reply, e);
}
