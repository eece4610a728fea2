/*
 * Chat completions as OpenAI defines them and others speak them, always streamed
 * (server-sent events), with function calls. Address, key and model come from the
 * configuration.
 */
#ifndef WK_PROVIDERS_OPENAI_H
#define WK_PROVIDERS_OPENAI_H

#include "worker/context.h"

#define WK_OPENAI_CALLS 8 /* function calls of one answer; more is refused */

/* Each piece of the text as it comes; false ends the answer. */
typedef bool (*wk_openai_text_fn)(void *ctx, va_str_t piece);

typedef struct {
    const char *model;       /* NULL: the configured one */
    va_str_t messages;       /* a JSON array, as the API takes it */
    va_str_t tools;          /* the same; absent: none */
    const char *schema_name; /* of schema */
    va_str_t schema;    /* the answer is JSON of this JSON Schema, strictly; absent: text */
    int64_t max_tokens; /* of the answer; 0: the model's own limit */
    int timeout_ms;     /* to its last word */
    wk_openai_text_fn on_text; /* may be NULL */
    void *on_text_ctx;
} wk_openai_chat_t;

typedef struct {
    va_str_t id, name, arguments; /* arguments: the text the model wrote, meant to be JSON */
} wk_openai_call_t;

typedef struct {
    va_str_t text; /* empty when there are only calls */
    wk_openai_call_t calls[WK_OPENAI_CALLS];
    size_t n_calls;
    va_str_t finish; /* "stop", "length", "tool_calls", "content_filter" */
    int64_t in, out; /* tokens, also of a failure; 0 when the service does not tell */
} wk_openai_answer_t;

/*
 * Asks once. On failure e->detail is the service's code, when it gave one, and e->code:
 *
 *   WK_UNAVAILABLE  not reached, 429 (e->retry_after_ms), 5xx, or broken off: it may be asked
 *                   again
 *   WK_TIMEOUT      not whole in time
 *   WK_FORBIDDEN    our key is refused
 *   WK_INVALID      longer than the model can read (context_length_exceeded)
 *   WK_REFUSED      refused for another reason: the quota, the model, what was asked
 *   WK_INTERNAL     no key is configured
 */
bool wk_openai_chat(wk_ctx_t *ctx, const wk_openai_chat_t *chat, wk_openai_answer_t *answer,
                    wk_error_t *e);

#endif
