/* JSON of our own, or of our size, as most of the worker reads and writes it. */
#ifndef WK_JSON_H
#define WK_JSON_H

#include "core/json.h"
#include "worker/arena.h"

/*
 * The tree of the text, in a; NULL for an absent or empty one, for what is no JSON, and for
 * what is larger than VA_JSON_LIMITS_DEFAULT. Who has to tell those apart, or has limits of his
 * own, takes va_json_parse().
 */
const va_json_t *wk_json_parse(wk_arena_t *a, va_str_t text);

/* An object that is written in a: the writer of its members, until wk_json_end(). */
va_json_writer_t *wk_json_begin(wk_arena_t *a, va_buf_t *text);

/* Its text; absent when it could not be written, as with a member that is no UTF-8. */
va_str_t wk_json_end(va_json_writer_t *w, const va_buf_t *text);

#endif
