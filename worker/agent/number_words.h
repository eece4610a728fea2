/*
 * Numbers in words, "ten thirty", "mille quarante-deux", where a time of day, a day of a month,
 * an order or a phone is meant: who speaks is not always written down in digits.
 */
#ifndef WK_AGENT_NUMBER_WORDS_H
#define WK_AGENT_NUMBER_WORDS_H

#include "worker/agent/catalogue.h"

/*
 * The text with such numbers in digits: "at 10:30", "order 1042". A number in words that may be
 * something else stays as it is ("the first two", "at once"); what leads to a number and the
 * number are of one language. The text itself where there is none. *words: those of the result.
 */
va_str_t wk_write_numbers(wk_arena_t *a, const wk_catalogue_t *c, va_str_t text,
                          wk_words_t *words);

#endif
