/* Times as clients write them: ISO 8601, with a zone or by the shop's clock. */
#ifndef WK_MOMENT_H
#define WK_MOMENT_H

#include "worker/arena.h"

/* For SQL's instant_of(wall, zone). */
typedef struct {
    va_str_t wall; /* "2026-03-08 02:30:00.5"; absent: none was given */
    va_str_t zone; /* "UTC"; absent: the shop's own */
} wk_moment_t;

/*
 * ISO 8601 (RFC 3339, or without a zone or without a time: the shop's). A date alone is
 * its beginning; with whole_days its end, so that a range to a day has that day in it.
 */
bool wk_moment_parse(wk_arena_t *a, va_str_t text, bool whole_days, wk_moment_t *moment);

#endif
