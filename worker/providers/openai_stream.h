/*
 * One streamed chat completion, without its connection: where it is asked for, what is sent,
 * and what the server-sent events that come say. For whoever waits (openai.c) and whoever does
 * not (worker/voice/engine_pipeline.c).
 */
#ifndef WK_PROVIDERS_OPENAI_STREAM_H
#define WK_PROVIDERS_OPENAI_STREAM_H

#include "worker/providers/openai.h"

const char *wk_openai_chat_url(wk_arena_t *a, const wk_config_t *config);

/* The body; absent: what was given is no JSON. */
va_str_t wk_openai_body(wk_arena_t *a, const wk_config_t *config, const wk_openai_chat_t *chat);

/* Functions as the Realtime API lists them, as chat completions does; both JSON arrays. */
va_str_t wk_openai_tools(wk_arena_t *a, va_str_t functions);

/* A function call as its pieces come. */
typedef struct {
    va_str_t id, name;
    va_buf_t arguments;
} wk_openai_call_stream_t;

typedef struct {
    wk_arena_t *a;
    wk_openai_text_fn on_text;
    void *on_text_ctx;
    va_buf_t line; /* what came behind the last line's end */
    va_buf_t text;
    wk_openai_call_stream_t calls[WK_OPENAI_CALLS];
    size_t n_calls;
    va_str_t finish, problem; /* problem: the code of an error within the stream */
    int64_t in, out;
    bool done, broken, stopped; /* "[DONE]" came; no JSON; on_text wants no more */
} wk_openai_stream_t;

/* on_text may be NULL. The arena keeps the answer. */
void wk_openai_stream_init(wk_openai_stream_t *s, wk_arena_t *a, wk_openai_text_fn on_text,
                           void *ctx);

/* A piece of the body, cut anywhere; false: nothing more is of use. */
bool wk_openai_stream_take(wk_openai_stream_t *s, va_str_t piece);

/* The body has ended; false: the answer is not whole. */
bool wk_openai_stream_end(const wk_openai_stream_t *s, wk_openai_answer_t *answer);

#endif
