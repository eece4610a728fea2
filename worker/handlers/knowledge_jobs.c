/*
 * knowledge.index: an uploaded document is read and cut into pieces, which are found by their
 * words from then on.
 * knowledge.embed: some of its pieces get their embeddings, and the next job the next.
 *
 * A job names the revision it is for. When the document was replaced or deleted meanwhile there
 * is nothing for it to do, and each writes once, in one transaction: what dies before it has
 * changed nothing.
 */
#include "worker/store/knowledge.h"

#include "core/base64.h"
#include "worker/agent/words.h"
#include "worker/crash.h"
#include "worker/extraction.h"
#include "worker/handlers/handlers.h"
#include "worker/handlers/knowledge_pieces.h"
#include "worker/handlers/request.h"
#include "worker/handlers/webhook.h"
#include "worker/providers/embeddings.h"

#define EMBED_MS        15000
#define MAX_EMBED_BYTES 6000 /* of a piece: a model reads 8000 tokens and takes no more */

typedef struct {
    wk_ctx_t *ctx;
    va_str_t document, revision;
    wk_rows_t *rows;
    wk_pieces_t pieces;
    const char *failure; /* why it cannot be read, for the shop; NULL: it can */
} index_t;

static bool read_job(wk_ctx_t *ctx, va_str_t *document, va_str_t *revision, wk_error_t *e)
{
    const va_json_t *body;
    if (!wk_webhook_json(ctx, &body, e)) {
        return false;
    }
    *document = va_json_get_string(body, "document");
    *revision = va_json_scalar(va_json_get(body, "revision"));
    return wk_is_uuid(*document) || wk_error(e, WK_INVALID, "no document is named");
}

/* ---------------------------------------------------------------- read */

static bool load_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    index_t *x = arg;
    va_str_t params[] = {x->document, x->revision};
    return wk_sql_last(tx, &wk_sql_knowledge_waiting, params, &x->rows, e);
}

static bool upload_of(index_t *x, va_str_t *bytes, wk_error_t *e)
{
    va_str_t base64 = wk_cell(x->rows, 0, "content");
    uint8_t *to = wk_alloc(x->ctx->arena, VA_BASE64_MAX(base64.len) + 1);
    size_t len = 0;
    if (va_base64_decode(to, &len, base64) != VA_OK) {
        return wk_error(e, WK_INTERNAL, "an upload that is no base64");
    }
    *bytes = va_str((const char *)to, len);
    return true;
}

/* False: it may be tried again. What is wrong with the document is x->failure. */
static bool read_document(index_t *x, wk_error_t *e)
{
    va_str_t bytes;
    wk_arena_t *a = x->ctx->arena;
    va_str_t source = wk_cell(x->rows, 0, "source");
    if (!upload_of(x, &bytes, e)) {
        return false;
    }
    if (wk_extract(x->ctx, source.data, bytes, &x->pieces.text, e) &&
        wk_pieces_make(x->ctx, x->rows, &x->pieces, e)) {
        return true;
    }
    x->failure = e->code == WK_REFUSED ? wk_strdup(a, va_str_c(e->text)) : NULL;
    return x->failure != NULL;
}

/* ---------------------------------------------------------------- write */

static bool write_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    index_t *x = arg;
    wk_rows_t *rows;
    bool failed = x->failure != NULL;
    va_str_t read[] = {x->document, x->revision,
                       failed ? VA_STR_NULL : wk_pieces_shown(x->ctx, &x->pieces),
                       x->pieces.language};
    va_str_t failure[] = {x->document, x->revision, va_str_c(x->failure)};
    if (!wk_sql(tx, failed ? &wk_sql_knowledge_failed : &wk_sql_knowledge_read,
                failed ? failure : read, &rows, e)) {
        return false;
    }
    if (wk_rows_count(rows) == 0) {
        return true; /* replaced or deleted while it was read */
    }
    return (failed || wk_pieces_write(x->ctx, tx, x->document, x->revision, &x->pieces, e)) &&
           wk_sql(tx, &wk_sql_knowledge_forget_upload, &x->document, NULL, e);
}

wk_outcome_t wk_knowledge_index(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    index_t x = {.ctx = ctx};
    (void)reply;
    if (!read_job(ctx, &x.document, &x.revision, e) ||
        !wk_tx(ctx->db, ctx->arena, ctx->job->org, 0, load_tx, &x, e)) {
        return wk_webhook_failed(e);
    }
    if (wk_rows_count(x.rows) == 0) {
        return WK_DONE;
    }
    if (!read_document(&x, e)) {
        return wk_webhook_failed(e);
    }
    wk_crash_point("knowledge.read");
    return wk_tx(ctx->db, ctx->arena, ctx->job->org, 0, write_tx, &x, e) ? WK_DONE
                                                                         : wk_webhook_failed(e);
}

/* ---------------------------------------------------------------- embeddings */

typedef struct {
    wk_ctx_t *ctx;
    va_str_t document, revision, model;
    wk_rows_t *rows;
    va_str_t vectors[WK_EMBEDDINGS_MAX];
} embed_t;

static bool pieces_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    embed_t *m = arg;
    va_str_t params[] = {m->document, m->revision, m->model,
                         wk_printf(m->ctx->arena, "%d", WK_EMBEDDINGS_MAX)};
    return wk_sql_last(tx, &wk_sql_knowledge_not_embedded, params, &m->rows, e);
}

static va_str_t vectors_json(const embed_t *m)
{
    va_buf_t text;
    va_buf_init(&text, wk_mem(m->ctx->arena), 64 << 10);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_array(w);
    for (size_t i = 0; i < wk_rows_count(m->rows); i++) {
        va_json_object(w);
        va_json_add_str(w, "id", wk_cell(m->rows, i, "id"));
        va_json_add_str(w, "embedding", m->vectors[i]);
        va_json_object_end(w);
    }
    va_json_array_end(w);
    return va_json_writer_end(w) == VA_OK ? va_buf_str(&text) : VA_STR_NULL;
}

/* Pieces that are gone by now get none, and when there were fewer than asked for, that is all.
 */
static bool embed_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    embed_t *m = arg;
    va_str_t params[] = {m->model, vectors_json(m)};
    return wk_sql(tx, &wk_sql_knowledge_embed, params, NULL, e) &&
           (wk_rows_count(m->rows) < WK_EMBEDDINGS_MAX ||
            wk_pieces_embed(m->ctx, tx, m->document, m->revision, e));
}

static bool ask(embed_t *m, wk_error_t *e)
{
    va_str_t texts[WK_EMBEDDINGS_MAX];
    size_t n = wk_rows_count(m->rows);
    for (size_t i = 0; i < n; i++) {
        texts[i] = wk_cut_text(wk_cell(m->rows, i, "text"), MAX_EMBED_BYTES);
    }
    return wk_embeddings(m->ctx, texts, n, EMBED_MS, m->vectors, e);
}

wk_outcome_t wk_knowledge_embed(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    embed_t m = {.ctx = ctx, .model = va_str_c(ctx->config->openai_embedding_model)};
    (void)reply;
    if (!wk_embeddings_configured(ctx->config)) {
        return WK_DONE; /* not any more */
    }
    if (!read_job(ctx, &m.document, &m.revision, e) ||
        !wk_tx(ctx->db, ctx->arena, ctx->job->org, 0, pieces_tx, &m, e)) {
        return wk_webhook_failed(e);
    }
    if (wk_rows_count(m.rows) == 0) {
        return WK_DONE;
    }
    if (!ask(&m, e)) {
        return wk_webhook_failed(e);
    }
    wk_crash_point("knowledge.embedded");
    return wk_tx(ctx->db, ctx->arena, ctx->job->org, 0, embed_tx, &m, e) ? WK_DONE
                                                                         : wk_webhook_failed(e);
}
