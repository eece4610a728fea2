/*
 * One message answered by a language model: it is asked, the tools it calls are run with
 * the customer's real level, it is asked again, for a few rounds and within a time limit.
 *
 * Nothing is open in the database while the model is asked. What the model claims and no tool
 * did is not said (promise.h).
 */
#ifndef WK_AGENT_DIALOG_H
#define WK_AGENT_DIALOG_H

#include "worker/agent/context.h"
#include "worker/agent/tools.h"
#include "worker/agent/transfer.h"

#define WK_DIALOG_ROUNDS 5 /* questions to the model for one message */

typedef struct {
    wk_ctx_t *ctx;
    const wk_catalogue_t *catalogue;
    const wk_context_t *context;
    const wk_tool_caller_t *caller; /* its language is the talk's */
    va_str_t key;                   /* of the message */
    va_str_t text;                  /* of the customer, masked */
} wk_converse_t;

typedef struct {
    va_str_t text; /* the answer */
    const char
        *broken;   /* what it claimed and did not do; it was replaced then. NULL: nothing */
    va_str_t said; /* what the model had said instead, then */
    va_str_t promised[4]; /* what the tools promised for later */
    size_t n_promised;
    wk_destination_t transfer; /* of a call: it is to be put through; number absent: not */
    va_str_t transfer_reason;
    bool waits;                    /* nothing is said now, and the text is empty */
    va_str_t ends;                 /* why the call is to end; absent: it goes on */
    int64_t tokens_in, tokens_out; /* that the model took, also without an answer */
    va_str_t citations;            /* JSON list: the knowledge it was given; absent: none */
    va_str_t used;                 /* JSON list: the tools that answered it; absent: none */
} wk_conversed_t;

/*
 * False when the model gives no answer (*e says why) and nothing was done yet: somebody else
 * has to answer. What tools did before a failure is told as they told it.
 */
bool wk_converse(const wk_converse_t *in, wk_conversed_t *out, wk_error_t *e);

#endif
