#include "worker/sound.h"

#include <stdlib.h>
#include <string.h>

#include "worker/crash.h"
#include "worker/secretbox.h"
#include "worker/store/recordings.h"

static wk_secret_place_t place_of(wk_arena_t *a, va_str_t organization, va_str_t recording,
                                  int64_t n)
{
    return (wk_secret_place_t){
        "recording_chunks", "sealed", organization,
        wk_printf(a, "%.*s:%lld", (int)recording.len, recording.data, (long long)n)};
}

/* ---------------------------------------------------------------- storing */

void wk_sound_begin(wk_sound_t *s, wk_ctx_t *ctx, va_str_t organization, va_str_t recording)
{
    *s = (wk_sound_t){.ctx = ctx,
                      .organization = organization,
                      .recording = recording,
                      .arena = wk_arena_new(),
                      .piece = wk_alloc(ctx->arena, WK_SOUND_PIECE)};
}

static bool put_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    wk_rows_t *rows;
    wk_sound_t *s = arg;
    wk_arena_t *a = s->arena;
    const wk_config_t *config = s->ctx->config;
    va_str_t sealed;
    wk_secret_place_t place = place_of(a, s->organization, s->recording, s->n);
    if (!wk_secret_seal(config, a, &place, va_str(s->piece, s->len), &sealed, e)) {
        return false;
    }
    va_str_t params[] = {s->recording, wk_printf(a, "%lld", (long long)s->n),
                         wk_secret_key_id(config), wk_printf(a, "%zu", s->len), sealed};
    if (!wk_sql(tx, &wk_sql_recording_put_piece, params, &rows, e)) {
        return false;
    }
    s->unwanted = wk_rows_count(rows) == 0;
    return !s->unwanted || wk_error(e, WK_CONFLICT, "the recording is not wanted any more");
}

static bool put_piece(wk_sound_t *s)
{
    wk_crash_point("recording.piece");
    bool ok = wk_tx(s->ctx->db, s->arena, s->organization, 0, put_tx, s, &s->error);
    wk_arena_reset(s->arena);
    s->n += ok;
    s->bytes += ok ? (int64_t)s->len : 0;
    s->len = 0;
    return ok;
}

bool wk_sound_add(void *sound, va_str_t bytes)
{
    wk_sound_t *s = sound;
    while (bytes.len > 0) {
        size_t room = WK_SOUND_PIECE - s->len;
        size_t n = bytes.len < room ? bytes.len : room;
        memcpy(s->piece + s->len, bytes.data, n);
        s->len += n;
        bytes = va_str(bytes.data + n, bytes.len - n);
        if (s->len == WK_SOUND_PIECE && !put_piece(s)) {
            return false;
        }
    }
    return true;
}

bool wk_sound_end(wk_sound_t *s, bool whole)
{
    bool ok = whole && (s->len == 0 || put_piece(s));
    wk_arena_free(s->arena);
    s->arena = NULL;
    return ok;
}

/* ---------------------------------------------------------------- playing */

static bool open_piece(const wk_config_t *config, wk_arena_t *a, va_str_t organization,
                       va_str_t recording, const wk_rows_t *rows, size_t row, va_str_t *plain,
                       wk_error_t *e)
{
    wk_secret_place_t place =
        place_of(a, organization, recording, wk_cell_int(rows, row, "n", -1));
    return wk_secret_open(config, a, &place, wk_cell(rows, row, "sealed"), plain, e);
}

bool wk_sound_read(wk_tx_t *tx, const wk_config_t *config, va_str_t recording, int64_t first,
                   int64_t last, va_str_t *bytes, wk_error_t *e)
{
    wk_rows_t *rows;
    wk_arena_t *a = wk_tx_arena(tx);
    int64_t from = first / WK_SOUND_PIECE, to = last / WK_SOUND_PIECE;
    va_str_t params[] = {recording, wk_printf(a, "%lld", (long long)from),
                         wk_printf(a, "%lld", (long long)to)};
    if (!wk_sql(tx, &wk_sql_recording_pieces, params, &rows, e)) {
        return false;
    }
    va_buf_t all;
    va_buf_init(&all, wk_mem(a), (size_t)(to - from + 1) * WK_SOUND_PIECE);
    for (size_t i = 0; i < wk_rows_count(rows); i++) {
        va_str_t plain;
        if (!open_piece(config, a, wk_tx_organization(tx), recording, rows, i, &plain, e)) {
            return false;
        }
        va_buf_add_str(&all, plain);
    }
    size_t skip = (size_t)(first - from * WK_SOUND_PIECE), n = (size_t)(last - first + 1);
    if (all.status != VA_OK || all.len < skip + n) {
        return wk_error(e, WK_INTERNAL, "a recording lacks some of its pieces");
    }
    *bytes = va_str(va_buf_str(&all).data + skip, n);
    return true;
}

/* ---------------------------------------------------------------- another key */

bool wk_sound_seal_again(const wk_config_t *config, wk_arena_t *a, va_str_t organization,
                         const wk_rows_t *rows, size_t row, va_str_t *sealed, wk_error_t *e)
{
    va_str_t plain, recording = wk_cell(rows, row, "recording_id");
    wk_secret_place_t place =
        place_of(a, organization, recording, wk_cell_int(rows, row, "n", -1));
    return open_piece(config, a, organization, recording, rows, row, &plain, e) &&
           wk_secret_seal(config, a, &place, plain, sealed, e);
}
