/* The number of a day of a month: "the 15th", "le 15", "el día 2". */
#ifndef WK_AGENT_DAY_NUMBER_H
#define WK_AGENT_DAY_NUMBER_H

#include "worker/agent/catalogue.h"

/* "3", "3rd", "1er": a number, in *ends whether one of the language's endings is behind it; 0:
 * none. */
int wk_ordinal(const wk_language_t *l, va_str_t word, bool *ends);

/*
 * The day that word i names by what leads to it, *lead words before it, or by its ending; 0:
 * none. A low number that nothing but "le" leads to may be a choice, and one before a unit
 * counts something.
 */
int wk_day_number(const wk_language_t *l, const wk_words_t *words, size_t i, size_t *lead);

#endif
