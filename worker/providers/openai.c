#include "worker/providers/openai.h"

#include <stdio.h>
#include <string.h>

#include "core/json.h"
#include "worker/clock.h"
#include "worker/metrics.h"
#include "worker/providers/openai_error.h"

#define BASE_URL  "https://api.openai.com/v1"
#define MAX_BYTES (4 << 20) /* of a stream, its envelopes included */
#define MAX_LINE  (256 << 10)

static const va_json_limits_t limits = {MAX_LINE, 32, 20000};

/* ---------------------------------------------------------------- request */

static void put_schema(va_json_writer_t *w, const wk_openai_chat_t *chat)
{
    va_json_key(w, "response_format");
    va_json_object(w);
    va_json_add_c(w, "type", "json_schema");
    va_json_key(w, "json_schema");
    va_json_object(w);
    va_json_add_c(w, "name", chat->schema_name);
    va_json_add_bool(w, "strict", true);
    va_json_key(w, "schema");
    va_json_put_raw(w, chat->schema);
    va_json_object_end(w);
    va_json_object_end(w);
}

static va_str_t body_of(wk_ctx_t *ctx, const wk_openai_chat_t *chat)
{
    va_buf_t text;
    va_buf_init(&text, wk_mem(ctx->arena), 8192);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_object(w);
    va_json_add_c(w, "model", chat->model != NULL ? chat->model : ctx->config->openai_model);
    va_json_key(w, "messages");
    va_json_put_raw(w, chat->messages);
    if (chat->tools.data != NULL) {
        va_json_key(w, "tools");
        va_json_put_raw(w, chat->tools);
    }
    if (chat->schema.data != NULL) {
        put_schema(w, chat);
    }
    if (chat->max_tokens > 0) {
        va_json_add_int(w, "max_completion_tokens", chat->max_tokens);
    }
    va_json_add_bool(w, "stream", true);
    va_json_key(w, "stream_options");
    va_json_object(w);
    va_json_add_bool(w, "include_usage", true);
    va_json_object_end(w);
    va_json_object_end(w);
    return va_json_writer_end(w) == VA_OK ? va_buf_str(&text) : VA_STR_NULL;
}

/* ---------------------------------------------------------------- stream */

/* A call as its pieces come. */
typedef struct {
    va_str_t id, name;
    va_buf_t arguments;
} call_t;

typedef struct {
    wk_arena_t *a;
    const wk_openai_chat_t *chat;
    va_buf_t line; /* what came behind the last line's end */
    va_buf_t text;
    call_t calls[WK_OPENAI_CALLS];
    size_t n_calls;
    va_str_t finish, problem; /* problem: the code of an error within the stream */
    int64_t in, out;
    bool done, broken, stopped; /* "[DONE]" came; no JSON; on_text wants no more */
} stream_t;

/* id and name come with the first piece of an index, arguments in pieces. */
static void take_call(stream_t *s, const va_json_t *delta)
{
    int64_t index = 0;
    const va_json_t *function = va_json_get(delta, "function");
    if (!va_json_int(va_json_get(delta, "index"), &index) || index < 0 ||
        index >= WK_OPENAI_CALLS) {
        s->broken = true;
        return;
    }
    while (s->n_calls <= (size_t)index) {
        va_buf_init(&s->calls[s->n_calls++].arguments, wk_mem(s->a), 128);
    }
    call_t *call = &s->calls[index];
    va_str_t id = va_json_get_string(delta, "id"), name = va_json_get_string(function, "name");
    call->id = id.len > 0 ? id : call->id;
    call->name = name.len > 0 ? name : call->name;
    va_buf_add_str(&call->arguments, va_json_get_string(function, "arguments"));
}

static void take_text(stream_t *s, va_str_t piece)
{
    if (piece.len == 0) {
        return;
    }
    va_buf_add_str(&s->text, piece);
    if (s->chat->on_text != NULL && !s->chat->on_text(s->chat->on_text_ctx, piece)) {
        s->stopped = true;
    }
}

static void take_choice(stream_t *s, const va_json_t *choice)
{
    const va_json_t *delta = va_json_get(choice, "delta");
    const va_json_t *calls = va_json_get(delta, "tool_calls");
    const va_json_t *call = va_json_is(calls, VA_JSON_ARRAY) ? calls->first : NULL;
    va_str_t finish = va_json_get_string(choice, "finish_reason");
    for (; call != NULL; call = call->next) {
        take_call(s, call);
    }
    take_text(s, va_json_get_string(delta, "content"));
    take_text(s, va_json_get_string(delta, "refusal"));
    s->finish = finish.data != NULL ? finish : s->finish;
}

static void take_chunk(stream_t *s, va_str_t json)
{
    const va_json_t *chunk;
    if (va_json_parse(wk_mem(s->a), json, &limits, &chunk) != VA_OK) {
        s->broken = true;
        return;
    }
    const va_json_t *error = va_json_get(chunk, "error"), *usage = va_json_get(chunk, "usage");
    const va_json_t *choices = va_json_get(chunk, "choices");
    if (va_json_is(error, VA_JSON_OBJECT)) {
        va_str_t code = va_json_get_string(error, "code");
        s->problem = code.len > 0 ? code : VA_STR("error");
        return;
    }
    if (va_json_is(choices, VA_JSON_ARRAY) && choices->first != NULL) {
        take_choice(s, choices->first);
    }
    (void)va_json_int(va_json_get(usage, "prompt_tokens"), &s->in);
    (void)va_json_int(va_json_get(usage, "completion_tokens"), &s->out);
}

/* "data: {…}", "data: [DONE]"; comments and other fields mean nothing here. */
static void take_line(stream_t *s, va_str_t line)
{
    if (line.len > 0 && line.data[line.len - 1] == '\r') {
        line.len--;
    }
    if (line.len < 5 || memcmp(line.data, "data:", 5) != 0) {
        return;
    }
    size_t from = line.len > 5 && line.data[5] == ' ' ? 6 : 5;
    va_str_t data = va_str(line.data + from, line.len - from);
    if (va_str_eq(data, VA_STR("[DONE]"))) {
        s->done = true;
    } else if (data.len > 0) {
        take_chunk(s, data);
    }
}

static bool on_piece(void *ctx, va_str_t piece)
{
    stream_t *s = ctx;
    while (piece.len > 0) {
        const char *end = memchr(piece.data, '\n', piece.len);
        size_t len = end != NULL ? (size_t)(end - piece.data) : piece.len;
        va_buf_add(&s->line, piece.data, len);
        if (end == NULL) {
            break;
        }
        take_line(s, s->line.status == VA_OK ? va_str(s->line.data, s->line.len) : VA_STR(""));
        s->line.len = 0;
        piece = va_str(end + 1, piece.len - len - 1);
    }
    s->broken = s->broken || s->line.status != VA_OK || s->text.status != VA_OK;
    return !s->broken && !s->stopped && s->problem.data == NULL;
}

/* ---------------------------------------------------------------- errors */

/* An answer has no effect outside: whatever became of the request, it may be asked again. */
static bool broken_off(const stream_t *s, bool late, wk_error_t *e)
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

static bool complete(const stream_t *s, wk_openai_answer_t *answer)
{
    *answer = (wk_openai_answer_t){.text = va_buf_str(&s->text),
                                   .n_calls = s->n_calls,
                                   .finish = s->finish,
                                   .in = s->in,
                                   .out = s->out};
    for (size_t i = 0; i < s->n_calls; i++) {
        const call_t *call = &s->calls[i];
        if (call->id.len == 0 || call->name.len == 0) {
            return false;
        }
        answer->calls[i] =
            (wk_openai_call_t){call->id, call->name, va_buf_str(&call->arguments)};
    }
    return s->done && s->finish.data != NULL && answer->text.data != NULL;
}

static void count(const stream_t *s, const char *outcome, int64_t ms)
{
    wk_count("voiceagent_llm_requests_total", "outcome", va_str_c(outcome), NULL, VA_STR_NULL,
             1);
    wk_count("voiceagent_llm_tokens_total", "direction", VA_STR("in"), NULL, VA_STR_NULL,
             s->in);
    wk_count("voiceagent_llm_tokens_total", "direction", VA_STR("out"), NULL, VA_STR_NULL,
             s->out);
    wk_observe_ms("voiceagent_llm_seconds", "outcome", va_str_c(outcome), ms);
}

static bool ask(wk_ctx_t *ctx, const wk_openai_chat_t *chat, stream_t *s, wk_error_t *e)
{
    wk_http_response_t res;
    const char *base = ctx->config->openai_base_url;
    const char *headers[] = {
        "Content-Type: application/json", "Accept: text/event-stream",
        wk_printf(ctx->arena, "Authorization: Bearer %s", ctx->config->openai_api_key).data,
        NULL};
    wk_http_request_t req = {
        .method = "POST",
        .url =
            wk_printf(ctx->arena, "%s/chat/completions", base != NULL ? base : BASE_URL).data,
        .headers = headers,
        .body = body_of(ctx, chat),
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
    stream_t s = {.a = ctx->arena, .chat = chat};
    int64_t began = wk_monotonic_ms();
    if (ctx->config->openai_api_key == NULL) {
        return wk_error(e, WK_INTERNAL, "OpenAI: no key is configured");
    }
    va_buf_init(&s.line, wk_mem(ctx->arena), 1024);
    s.line.max = MAX_LINE;
    va_buf_init(&s.text, wk_mem(ctx->arena), 512);
    bool ok = ask(ctx, chat, &s, e) && (complete(&s, answer) || broken_off(&s, false, e));
    count(&s, ok ? "answered" : wk_code_name(e->code), wk_monotonic_ms() - began);
    return ok;
}
