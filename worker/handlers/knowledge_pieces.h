/*
 * A text that has been read, as the pieces it is found by. Uploaded documents and pages of web
 * sites share it.
 */
#ifndef WK_HANDLERS_KNOWLEDGE_PIECES_H
#define WK_HANDLERS_KNOWLEDGE_PIECES_H

#include "worker/agent/chunk.h"
#include "worker/context.h"

typedef struct {
    va_str_t text; /* as wk_extract() gives it */
    va_str_t language;
    wk_chunks_t chunks;
} wk_pieces_t;

/*
 * Cuts p->text and tells its language; shop: language shop_language languages
 * (store/knowledge.h). WK_REFUSED with a sentence for the shop when there is nothing in it, or
 * too much.
 */
bool wk_pieces_make(wk_ctx_t *ctx, const wk_rows_t *shop, wk_pieces_t *p, wk_error_t *e);

/* The text without the marks of headings. */
va_str_t wk_pieces_shown(wk_ctx_t *ctx, const wk_pieces_t *p);

/* In place of the document's older pieces; the job that embeds them goes with it. */
bool wk_pieces_write(wk_ctx_t *ctx, wk_tx_t *tx, va_str_t document, va_str_t revision,
                     const wk_pieces_t *p, wk_error_t *e);

/* The job that embeds the next of its pieces. */
bool wk_pieces_embed(wk_ctx_t *ctx, wk_tx_t *tx, va_str_t document, va_str_t revision,
                     wk_error_t *e);

#endif
