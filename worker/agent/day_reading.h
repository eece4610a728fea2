/* The days a message names: "Saturday", "après-demain", "el 15", "2026-12-03", "this weekend".
 */
#ifndef WK_AGENT_DAY_READING_H
#define WK_AGENT_DAY_READING_H

#include "worker/agent/message_reading.h"

/*
 * Into the reading's weekday to impossible, and the words it took into spent. The
 * days of the language spoken (NULL: none in particular); of another only where it names none.
 */
void wk_read_days(wk_arena_t *a, const wk_catalogue_t *c, const wk_language_t *spoken,
                  wk_reading_t *r);

#define WK_CLAUSE_SIGNS ",.;:!?\n" /* that end a part of a sentence, or all of it */

/* One of the signs stands before word i, and one word before them. */
bool wk_words_are_cut(const wk_reading_t *r, size_t i, const char *signs);

#endif
