/*
 * The sound of a recording as it is kept: pieces of WK_SOUND_PIECE bytes, the last one shorter,
 * each encrypted by itself, so that neither storing nor playing holds more than some of them.
 */
#ifndef WK_SOUND_H
#define WK_SOUND_H

#include "worker/context.h"

#define WK_SOUND_PIECE 65536

typedef struct {
    wk_ctx_t *ctx;
    va_str_t organization, recording; /* recordings.id */
    wk_arena_t *arena;                /* of one piece */
    char *piece;
    size_t len;
    int64_t n, bytes; /* pieces and bytes that are stored */
    bool unwanted;    /* nobody wants it any more: declined, erased, over */
    wk_error_t error; /* of the piece that could not be stored */
} wk_sound_t;

void wk_sound_begin(wk_sound_t *s, wk_ctx_t *ctx, va_str_t organization, va_str_t recording);

/* Takes what comes, in any sizes; a wk_http_piece_fn. False: it could not be stored, see s. */
bool wk_sound_add(void *sound, va_str_t bytes);

/* The last piece; frees what wk_sound_begin() made. Call it whatever happened. */
bool wk_sound_end(wk_sound_t *s, bool whole);

/* Bytes first to last, both included, which are there. */
bool wk_sound_read(wk_tx_t *tx, const wk_config_t *config, va_str_t recording, int64_t first,
                   int64_t last, va_str_t *bytes, wk_error_t *e);

/* Encrypts anew what row `row` of pieces_to_rotate holds. */
bool wk_sound_seal_again(const wk_config_t *config, wk_arena_t *a, va_str_t organization,
                         const wk_rows_t *rows, size_t row, va_str_t *sealed, wk_error_t *e);

#endif
