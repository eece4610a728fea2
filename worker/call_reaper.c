#include "worker/call_reaper.h"

#include "worker/clock.h"
#include "worker/log.h"
#include "worker/metrics.h"
#include "worker/queue.h"

#include "scripts.h"

#define REMEMBERED_S 3600 /* that a call has its job, of that epoch */

/* handled: CallSid and epoch of each. */
static redisReply *ask(wk_ctx_t *ctx, const va_str_t *handled, size_t n, wk_error_t *e)
{
    static const va_str_t keys[] = {
        {"va:voice:leases", 15}, {"va:voice:processes", 18}, {"va:voice:lost", 13}};
    redisReply *reply =
        wk_redis_script(ctx->redis, &wk_script_voice_reap, keys, 3, handled, n, e);
    if (reply == NULL) {
        wk_error_wrap(e, "voice processes");
    }
    return reply;
}

static va_str_t body_of(wk_arena_t *a, va_str_t call, va_str_t epoch)
{
    va_buf_t text;
    va_buf_init(&text, wk_mem(a), 96);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_object(w);
    va_json_add_str(w, "call", call);
    va_json_key(w, "epoch");
    va_json_put_number(w, epoch);
    va_json_object_end(w);
    return va_json_writer_end(w) == VA_OK ? va_buf_str(&text) : VA_STR_NULL;
}

static bool push_job(wk_ctx_t *ctx, va_str_t call, va_str_t organization, va_str_t epoch,
                     wk_error_t *e)
{
    bool known;
    va_str_t id = wk_printf(ctx->arena, "redirect-%.*s-%.*s", (int)call.len, call.data,
                            (int)epoch.len, epoch.data);
    va_job_t job = {.id = id,
                    .type = VA_STR("phone.redirect"),
                    .org = organization,
                    .lane = organization,
                    .dedup = id,
                    .enqueued_ms = wk_now_ms(),
                    .trace = call,
                    .auth_scheme = VA_STR("internal"),
                    .body = body_of(ctx->arena, call, epoch)};
    return wk_queue_push(ctx->redis, WK_REALTIME, &job, REMEMBERED_S, ctx->arena, &known, e);
}

/* lost: CallSid, organization and epoch in turn. */
static bool push_jobs(wk_ctx_t *ctx, const redisReply *lost, va_str_t *handled, wk_error_t *e)
{
    for (size_t i = 0; i + 2 < lost->elements; i += 3) {
        va_str_t call = wk_redis_str(lost->element[i]);
        va_str_t epoch = wk_redis_str(lost->element[i + 2]);
        if (!push_job(ctx, call, wk_redis_str(lost->element[i + 1]), epoch, e)) {
            return false;
        }
        handled[i / 3 * 2] = call;
        handled[i / 3 * 2 + 1] = epoch;
        wk_log(WK_WARN, "a voice process fell silent with a call", WK_S("call", call));
        wk_count("voiceagent_calls_lost_total", NULL, VA_STR_NULL, NULL, VA_STR_NULL, 1);
    }
    return true;
}

static bool handle(wk_ctx_t *ctx, const redisReply *lost, wk_error_t *e)
{
    va_str_t *handled = wk_alloc(ctx->arena, (lost->elements + 1) * sizeof(*handled));
    if (!push_jobs(ctx, lost, handled, e)) {
        return false;
    }
    redisReply *reply = ask(ctx, handled, lost->elements / 3 * 2, e);
    freeReplyObject(reply);
    return reply != NULL;
}

bool wk_reap_calls(wk_ctx_t *ctx, wk_error_t *e)
{
    redisReply *lost = ask(ctx, NULL, 0, e);
    if (lost == NULL) {
        return false;
    }
    bool ok = lost->type != REDIS_REPLY_ARRAY || lost->elements == 0 || handle(ctx, lost, e);
    freeReplyObject(lost);
    return ok;
}
