/* JSON of our own, or of our size, as most of the worker reads it. */
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

#endif
