/*
 * Which day or days of the shop's calendar a message means. Of facts: that of today, by the
 * shop's clock, and the days from it on.
 */
#ifndef WK_AGENT_RECEPTION_DAYS_H
#define WK_AGENT_RECEPTION_DAYS_H

#include "worker/agent/reception_turn.h"

/* The day that was asked about, [date, weekday, opens, closes]; NULL: none in particular. */
const va_json_t *wk_turn_day(const wk_reception_turn_t *t);

typedef enum { WK_DAY_NONE, WK_DAY_ONE, WK_DAY_UNCLEAR } wk_named_day_t;

/* The date of the day that the message names, *date absent when it names none that is clear. */
wk_named_day_t wk_turn_date(const wk_reception_turn_t *t, va_str_t *date);

/* The message says of the date that it does not suit: "any day but Friday". */
bool wk_turn_excepts(const wk_reception_turn_t *t, va_str_t date);

/* "Yesterday at 10", "a tune-up last Monday": of a day that is past nothing is told but that it
 * is wished for. */
bool wk_turn_wishes_past(const wk_reception_turn_t *t);

/* The text that says why it is not clear: it is past, or in no calendar; NULL: neither. */
const char *wk_turn_day_fault(const wk_reception_turn_t *t);

/* Dates; until absent: it is open. */
typedef struct {
    va_str_t from, until;
} wk_days_t;

/* "This weekend": the message names several days by one word, and no day of them. */
bool wk_turn_days(const wk_reception_turn_t *t, wk_days_t *days);

/* A day or a time of day, clear or not. */
bool wk_turn_names_a_moment(const wk_reception_turn_t *t);

#endif
