#include "worker/agent/knowledge.h"

#include <stdlib.h>

#include "core/base64.h"
#include "core/hmac.h"
#include "worker/agent/words.h"
#include "worker/log.h"
#include "worker/providers/embeddings.h"
#include "worker/store/knowledge.h"

#define MAX_QUESTION 1000 /* bytes */
#define TIMEOUT_MS   1500 /* of its embedding: somebody waits for the answer */
#define LEAST_WORDS  "0.34"
#define LEAST_NEAR   "0.35"
#define SURE_WORDS   0.6 /* of the question, in one sentence */
#define SURE_NEAR    0.6

/* ---------------------------------------------------------------- embedding */

typedef struct {
    va_str_t model, digest, embedding;
    bool embedded;
} question_t;

static bool look_up_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    wk_rows_t *rows;
    question_t *q = arg;
    va_str_t params[] = {q->model, q->digest};
    if (!wk_sql_last(tx, &wk_sql_knowledge_question, params, &rows, e)) {
        return false;
    }
    q->embedded = wk_cell_bool(rows, 0, "embedded");
    q->embedding = wk_cell(rows, 0, "embedding");
    return true;
}

static bool keep_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    const question_t *q = arg;
    va_str_t params[] = {q->model, q->digest, q->embedding};
    return wk_sql(tx, &wk_sql_knowledge_questions_forget, NULL, NULL, e) &&
           wk_sql_last(tx, &wk_sql_knowledge_question_keep, params, NULL, e);
}

static bool digest_of(wk_arena_t *a, va_str_t text, va_str_t *digest)
{
    uint8_t bytes[32];
    char *hex = wk_alloc(a, 2 * sizeof(bytes));
    if (va_sha256(text, bytes) != VA_OK) {
        return false;
    }
    va_hex_encode(hex, bytes, sizeof(bytes));
    *digest = va_str(hex, 2 * sizeof(bytes));
    return true;
}

/* What cannot be kept is asked for once more the next time. */
static void ask(wk_ctx_t *ctx, va_str_t organization, va_str_t question, question_t *q)
{
    wk_error_t e;
    if (!wk_embeddings(ctx, &question, 1, TIMEOUT_MS, &q->embedding, &e)) {
        wk_log(WK_WARN, "a question is looked up by its words alone", WK_C("error", e.text));
        q->embedding = VA_STR_NULL;
    } else if (!wk_tx(ctx->db, ctx->arena, organization, 0, keep_tx, q, &e)) {
        wk_log(WK_WARN, "the embedding of a question is not kept", WK_C("error", e.text));
    }
}

va_str_t wk_knowledge_embedding(wk_ctx_t *ctx, va_str_t organization, va_str_t question)
{
    wk_error_t e;
    va_str_t text = wk_trim(wk_cut_text(question, MAX_QUESTION));
    question_t q = {.model = va_str_c(ctx->config->openai_embedding_model)};
    if (!wk_embeddings_configured(ctx->config) || text.len == 0 ||
        !digest_of(ctx->arena, text, &q.digest) ||
        !wk_tx(ctx->db, ctx->arena, organization, 0, look_up_tx, &q, &e)) {
        return VA_STR_NULL;
    }
    if (q.embedded && q.embedding.data == NULL) {
        ask(ctx, organization, text, &q);
    }
    return q.embedded ? q.embedding : VA_STR_NULL;
}

/* ---------------------------------------------------------------- search */

static bool at_least(const wk_rows_t *rows, size_t row, const char *column, double least)
{
    va_str_t text = wk_cell(rows, row, column);
    return text.data != NULL && strtod(text.data, NULL) >= least;
}

static wk_passage_t passage_of(const wk_rows_t *rows, size_t i)
{
    return (wk_passage_t){.document = wk_cell(rows, i, "document"),
                          .chunk = wk_cell(rows, i, "chunk"),
                          .title = wk_cell(rows, i, "title"),
                          .heading = wk_cell(rows, i, "heading"),
                          .text = wk_cell(rows, i, "content"),
                          .sentence = wk_trim(wk_cell(rows, i, "sentence")),
                          .confident = at_least(rows, i, "sentence_has", SURE_WORDS) ||
                                       at_least(rows, i, "similarity", SURE_NEAR)};
}

bool wk_knowledge_find(wk_ctx_t *ctx, wk_tx_t *tx, va_str_t question, va_str_t embedding,
                       wk_passages_t *found, wk_error_t *e)
{
    wk_rows_t *rows;
    va_str_t params[] = {wk_cut_text(question, MAX_QUESTION),
                         embedding,
                         va_str_c(ctx->config->openai_embedding_model),
                         VA_STR(LEAST_WORDS),
                         VA_STR(LEAST_NEAR),
                         wk_printf(ctx->arena, "%d", WK_PASSAGES)};
    found->count = 0;
    if (!wk_sql(tx, &wk_sql_knowledge_search, params, &rows, e)) {
        return wk_error_wrap(e, "knowledge");
    }
    for (; found->count < wk_rows_count(rows) && found->count < WK_PASSAGES; found->count++) {
        found->at[found->count] = passage_of(rows, found->count);
    }
    return true;
}

void wk_knowledge_put_sources(va_json_writer_t *w, const wk_passages_t *found)
{
    va_json_array(w);
    for (size_t i = 0; i < found->count; i++) {
        va_json_object(w);
        va_json_add_str(w, "document", found->at[i].document);
        va_json_add_str(w, "chunk", found->at[i].chunk);
        va_json_object_end(w);
    }
    va_json_array_end(w);
}
