/*
 * Finding in the shop's documents what answers a question: by its words, and by its meaning
 * where embeddings are configured (docs/knowledge.md).
 */
#ifndef WK_AGENT_KNOWLEDGE_H
#define WK_AGENT_KNOWLEDGE_H

#include "core/json.h"
#include "worker/context.h"

#define WK_PASSAGES 5

typedef struct {
    va_str_t document, chunk; /* their ids */
    va_str_t title, heading, text;
    va_str_t sentence; /* of text: the one that answers best */
    bool confident;    /* surely about what was asked: its sentence can be said as an answer */
} wk_passage_t;

typedef struct {
    wk_passage_t at[WK_PASSAGES]; /* the best first */
    size_t count;
} wk_passages_t;

/*
 * Before the transaction: the question's embedding. Absent when there is nothing to compare it
 * with, when none are configured, and when the service does not answer at once.
 */
va_str_t wk_knowledge_embedding(wk_ctx_t *ctx, va_str_t organization, va_str_t question);

/* embedding may be absent: then by words alone. Nothing similar: no passages. */
bool wk_knowledge_find(wk_ctx_t *ctx, wk_tx_t *tx, va_str_t question, va_str_t embedding,
                       wk_passages_t *found, wk_error_t *e);

/* [{"document", "chunk"}]: what an answer is made from, for the record of a turn. */
void wk_knowledge_put_sources(va_json_writer_t *w, const wk_passages_t *found);

#endif
