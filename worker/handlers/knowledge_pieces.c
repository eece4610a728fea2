#include "worker/handlers/knowledge_pieces.h"

#include "worker/agent/language.h"
#include "worker/agent/words.h"
#include "worker/extraction.h"
#include "worker/outbox.h"
#include "worker/providers/embeddings.h"
#include "worker/store/knowledge.h"

#define MAX_CHUNKS    5000
#define TELLING_BYTES 8000 /* of a text, by which its language is told */
#define TELLING_SHARE 0.5

/* The one it was uploaded with, else that of its words, else the shop's. */
static bool tell_language(wk_ctx_t *ctx, const wk_rows_t *shop, wk_pieces_t *p, wk_error_t *e)
{
    wk_arena_t *a = ctx->arena;
    const wk_catalogue_t *c = wk_catalogue(ctx->config, e);
    p->language = wk_cell(shop, 0, "language");
    if (p->language.data != NULL || c == NULL) {
        return c != NULL;
    }
    wk_words_t words = wk_words(a, wk_cut_text(p->text, TELLING_BYTES));
    wk_language_state_t state = {
        .now = wk_catalogue_pick(c, wk_cell(shop, 0, "shop_language"), VA_STR_NULL),
        .offered = wk_cell_json(a, shop, 0, "languages"),
        .threshold = TELLING_SHARE,
        .detects = true};
    p->language = wk_language_code(wk_language_choose(c, &state, &words).language);
    return true;
}

bool wk_pieces_make(wk_ctx_t *ctx, const wk_rows_t *shop, wk_pieces_t *p, wk_error_t *e)
{
    p->chunks = wk_chunks(ctx->arena, p->text);
    if (p->chunks.count == 0) {
        return wk_error(e, WK_REFUSED, "The document holds headings and no text.");
    }
    if (p->chunks.count > MAX_CHUNKS) {
        return wk_error(e, WK_REFUSED, "The document is too long: upload it in parts.");
    }
    return tell_language(ctx, shop, p, e);
}

static va_str_t chunks_json(wk_ctx_t *ctx, const wk_pieces_t *p)
{
    va_buf_t text;
    va_buf_init(&text, wk_mem(ctx->arena), 2 * p->text.len + 4096);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_array(w);
    for (size_t i = 0; i < p->chunks.count; i++) {
        va_json_object(w);
        va_json_add_int(w, "position", (int64_t)i);
        va_json_add_str(w, "heading", p->chunks.at[i].heading);
        va_json_add_str(w, "content", p->chunks.at[i].text);
        va_json_object_end(w);
    }
    va_json_array_end(w);
    return va_json_writer_end(w) == VA_OK ? va_buf_str(&text) : VA_STR_NULL;
}

/* A shop reads its document without the marks of headings. */
va_str_t wk_pieces_shown(wk_ctx_t *ctx, const wk_pieces_t *p)
{
    char *text = wk_strdup(ctx->arena, p->text);
    size_t len = 0;
    for (size_t i = 0; i < p->text.len; i++) {
        if (text[i] != WK_HEADING) {
            text[len++] = text[i];
        }
    }
    return va_str(text, len);
}

bool wk_pieces_embed(wk_ctx_t *ctx, wk_tx_t *tx, va_str_t document, va_str_t revision,
                     wk_error_t *e)
{
    va_buf_t text;
    va_buf_init(&text, wk_mem(ctx->arena), 128);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_object(w);
    va_json_add_str(w, "document", document);
    va_json_key(w, "revision");
    va_json_put_number(w, revision);
    va_json_object_end(w);
    (void)va_json_writer_end(w);
    return wk_outbox_job(tx, WK_BULK, "knowledge.embed", VA_STR_NULL, document, VA_STR_NULL,
                         va_buf_str(&text), e);
}

bool wk_pieces_write(wk_ctx_t *ctx, wk_tx_t *tx, va_str_t document, va_str_t revision,
                     const wk_pieces_t *p, wk_error_t *e)
{
    va_str_t params[] = {document, p->language, chunks_json(ctx, p)};
    return wk_sql(tx, &wk_sql_knowledge_forget_chunks, &document, NULL, e) &&
           wk_sql(tx, &wk_sql_knowledge_chunks, params, NULL, e) &&
           (!wk_embeddings_configured(ctx->config) ||
            wk_pieces_embed(ctx, tx, document, revision, e));
}
