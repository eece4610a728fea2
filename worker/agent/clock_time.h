/* Times of day as people write them: "10:30", "10h30", "2 pm", "a las 10 de la mañana". */
#ifndef WK_AGENT_CLOCK_TIME_H
#define WK_AGENT_CLOCK_TIME_H

#include "worker/agent/catalogue.h"

/* A time of day; hour is -1 when none was named. */
typedef struct {
    int hour, minute;
    bool certain;  /* it was said which half of the day, or written with 24 hours */
    bool halved;   /* it was said which half */
    bool written;  /* as a time: with minutes, a unit, or the half of the day */
    bool doubtful; /* a bare number behind "for" or "around" is perhaps no time, or not exactly;
                      twelve in the later half of the day may be noon or midnight */
    size_t begin, end; /* its words */
} wk_clock_time_t;

/*
 * The first time that is written as one; the words it takes are marked in spent, an array of
 * as many as there are words. Words that are marked already are no part of it.
 */
wk_clock_time_t wk_read_written_time(const wk_catalogue_t *c, va_str_t text,
                                     const wk_words_t *words, bool *spent);

/* A bare number behind "at" or a word like it. */
wk_clock_time_t wk_read_bare_time(const wk_catalogue_t *c, const wk_words_t *words,
                                  bool *spent);

/*
 * "This afternoon at 2", "ce soir 8 h": the words for the later half of the day stand beside
 * the time, with nothing but a day between, or behind a day. To be asked when the days are
 * marked in spent.
 */
void wk_move_to_later_half(const wk_catalogue_t *c, const wk_words_t *words, bool *spent,
                           wk_clock_time_t *t);

/* n words from i on. */
void wk_spend(bool *spent, size_t i, size_t n);
bool wk_are_unspent(const bool *spent, size_t i, size_t n);

/* A bare number as an hour. */
wk_clock_time_t wk_clock_hour(int hour);

/* Minutes from midnight on; "3" is of the afternoon where it is not said, "8" of the morning.
 */
int wk_clock_likely(wk_clock_time_t t);

/* The value of a word of one or two digits; -1: it is none. */
int wk_small_number(va_str_t word);

/* Whether it is that time, "HH:MM"; an hour of which the half of the day is not certain may be
 * either. */
bool wk_clock_time_is(wk_clock_time_t t, va_str_t time);

#endif
