/*
 * What a language model is told before it answers a customer: who it is and what it must not
 * do, the shop, the customer, what was promised, the summary, what the shop's documents say
 * about the message, and the last messages of one thread over calls, texts and chat.
 *
 * Orders are not among it: who may hear of one is for the tools to decide, and what a model
 * was not told it cannot be talked into telling.
 */
#ifndef WK_AGENT_CONTEXT_H
#define WK_AGENT_CONTEXT_H

#include "worker/agent/knowledge.h"
#include "worker/agent/personalization.h"
#include "worker/agent/tool.h"

#define WK_CONTEXT_TOKENS   6000 /* of all that is told, the message to be answered included */
#define WK_CONTEXT_MESSAGES 8    /* of the thread, as far as they fit */
#define WK_CONTEXT_THREAD   50   /* of the thread at most in `messages` below */

typedef struct {
    wk_caller_facts_t facts;
    va_str_t agent_name, persona, system_prompt, personality, model, summary;
    int64_t max_tokens; /* of an answer */
    const va_json_t *destinations, *policies, *commitments, *messages, *questions;
    wk_passages_t knowledge;       /* the caller's to find (knowledge.h) */
    const va_json_t *appointments; /* for wk_promise_broken() */
} wk_context_t;

/*
 * With the last statements of the transaction. Of a caller whose number nobody vouches for no
 * more than his words in this call or chat, and his language; and nobody is told what was
 * written in a chat by somebody who gave his number.
 */
bool wk_context_read(wk_tx_t *tx, va_str_t customer, const wk_tool_caller_t *caller,
                     wk_context_t *context, wk_error_t *e);

/* What the model is told of itself, the shop and the customer; the first message of a request.
 */
va_str_t wk_context_instructions(wk_arena_t *a, const wk_catalogue_t *c, const wk_language_t *l,
                                 const wk_context_t *context, const char *channel);

/* About how many tokens a text is for a model; rather too many. */
size_t wk_tokens(va_str_t text);

/*
 * The messages of a request, a JSON array without its brackets, so that more can follow: the
 * system's, the thread's, and text as the customer's. What does not fit in tokens is left
 * out, the oldest messages first; text itself never is.
 */
va_str_t wk_context_messages(wk_arena_t *a, const wk_catalogue_t *c, const wk_language_t *l,
                             const wk_context_t *context, const char *channel, va_str_t text,
                             size_t tokens);

#endif
