#include "worker/providers/openai.h"

#include <stdio.h>

#include "worker/clock.h"
#include "worker/metrics.h"
#include "worker/providers/openai_error.h"
#include "worker/providers/openai_stream.h"

#define MAX_BYTES (4 << 20) /* of a stream, its envelopes included */

/* ---------------------------------------------------------------- errors */

/* An answer has no effect outside: whatever became of the request, it may be asked again. */
static bool broken_off(const wk_openai_stream_t *s, bool late, wk_error_t *e)
{
    if (s->problem.data != NULL) {
        wk_error(e, wk_openai_class(500, s->problem), "OpenAI: the answer ended with an error");
        snprintf(e->detail, sizeof(e->detail), "%.*s",
                 (int)(s->problem.len < 31 ? s->problem.len : 31), s->problem.data);
        return false;
    }
    if (s->stopped) {
        return wk_error(e, WK_REFUSED, "OpenAI: the answer was not wanted any more");
    }
    return wk_error(e, late ? WK_TIMEOUT : WK_UNAVAILABLE, "OpenAI: %s",
                    late ? "no whole answer in time" : "the answer is broken off or no JSON");
}

/* ---------------------------------------------------------------- chat */

static bool on_piece(void *ctx, va_str_t piece)
{
    return wk_openai_stream_take(ctx, piece);
}

static void count(const wk_openai_stream_t *s, const char *outcome, int64_t ms)
{
    wk_count("voiceagent_llm_requests_total", "outcome", va_str_c(outcome), NULL, VA_STR_NULL,
             1);
    wk_count("voiceagent_llm_tokens_total", "direction", VA_STR("in"), NULL, VA_STR_NULL,
             s->in);
    wk_count("voiceagent_llm_tokens_total", "direction", VA_STR("out"), NULL, VA_STR_NULL,
             s->out);
    wk_observe_ms("voiceagent_llm_seconds", "outcome", va_str_c(outcome), ms);
}

static bool ask(wk_ctx_t *ctx, const wk_openai_chat_t *chat, wk_openai_stream_t *s,
                wk_error_t *e)
{
    wk_http_response_t res;
    const char *headers[] = {
        "Content-Type: application/json", "Accept: text/event-stream",
        wk_printf(ctx->arena, "Authorization: Bearer %s", ctx->config->openai_api_key).data,
        NULL};
    wk_http_request_t req = {.method = "POST",
                             .url = wk_openai_chat_url(ctx->arena, ctx->config),
                             .headers = headers,
                             .body = wk_openai_body(ctx->arena, ctx->config, chat),
                             .timeout_ms = chat->timeout_ms,
                             .max_bytes = MAX_BYTES,
                             .on_piece = on_piece,
                             .on_piece_ctx = s};
    int64_t began = wk_monotonic_ms();
    if (req.body.data == NULL) {
        return wk_error(e, WK_INTERNAL, "OpenAI: the request cannot be written");
    }
    if (!wk_http(ctx->http, ctx->arena, &req, &res, e)) {
        bool reached = e->code == WK_UNKNOWN;
        return reached ? broken_off(s, wk_monotonic_ms() - began >= chat->timeout_ms, e)
                       : wk_error_wrap(e, "OpenAI");
    }
    return (res.status >= 200 && res.status < 300) || wk_openai_refused(ctx, &res, e);
}

bool wk_openai_chat(wk_ctx_t *ctx, const wk_openai_chat_t *chat, wk_openai_answer_t *answer,
                    wk_error_t *e)
{
    wk_openai_stream_t s;
    int64_t began = wk_monotonic_ms();
    *answer = (wk_openai_answer_t){.in = 0};
    if (ctx->config->openai_api_key == NULL) {
        return wk_error(e, WK_INTERNAL, "OpenAI: no key is configured");
    }
    wk_openai_stream_init(&s, ctx->arena, chat->on_text, chat->on_text_ctx);
    bool ok =
        ask(ctx, chat, &s, e) && (wk_openai_stream_end(&s, answer) || broken_off(&s, false, e));
    answer->in = s.in;
    answer->out = s.out;
    count(&s, ok ? "answered" : wk_code_name(e->code), wk_monotonic_ms() - began);
    return ok;
}
