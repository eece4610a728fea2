/*
 * What a message names, whatever language it is in: an order, a day, a time of day.
 */
#ifndef WK_AGENT_MESSAGE_READING_H
#define WK_AGENT_MESSAGE_READING_H

#include "worker/agent/clock_time.h"

#define WK_DAYS_AHEAD 14

/* Several days by one word. */
typedef enum {
    WK_SPAN_NONE,
    WK_SPAN_THIS_WEEK,
    WK_SPAN_WEEKEND,
    WK_SPAN_NEXT_WEEK,
    WK_SPAN_NEXT_MONTH,
} wk_span_t;

/* What a message names, in whatever language. */
typedef struct {
    va_str_t text; /* trimmed */
    wk_words_t words;
    bool asked;            /* it is a question, by its mark */
    bool *spent;           /* by word: it names the day or the time */
    va_str_t order_number; /* absent: none */
    bool order_named;      /* the number stands behind a word such as "order", or a '#' */
    va_str_t email;        /* absent: none */
    va_str_t phone;        /* E.164; absent: none */
    va_str_t postcode;     /* as in Canada, "m5v2t6"; absent: none */
    int weekday;           /* 1 Monday to 7 Sunday; 0: none */
    unsigned weekdays;     /* all that are named, 1 << weekday each */
    bool next;             /* that of "next Tuesday" */
    int ahead;             /* 0 today, 1 tomorrow, at most WK_DAYS_AHEAD; -1: none of them */
    va_str_t day;  /* a date or a feast: of the year, "MM-DD", of a month, "DD", or as far
                      from today as an interval of SQL, "+2 months"; absent: none */
    int year;      /* of day; 0: it was not said */
    bool excepted; /* days are named that do not suit, which the fields above have not: */
    unsigned not_weekdays; /* those of them that are weekdays, 1 << weekday each */
    unsigned not_ahead;    /* or so far ahead, 1 << ahead each */
    size_t excepted_end;   /* the word behind them */
    bool unmeant;          /* days are named that are past, or none: "last week", "any day" */
    bool past;             /* of these some are past */
    wk_span_t span;        /* beside a weekday: that of these days */
    bool vague;            /* a day is named that none of these tells, or more than one */
    bool impossible;       /* vague, since no month has it: "February 30" */
    wk_clock_time_t time;
    int number;     /* the first bare number of one or two digits; -1: none */
    size_t numbers; /* how many there are */
} wk_reading_t;

/* spoken: the language of the talk, whose days count first; NULL: it is not known. */
wk_reading_t wk_read_message(wk_arena_t *a, const wk_catalogue_t *c,
                             const wk_language_t *spoken, va_str_t text);

/*
 * Whether nothing is said but a day, a time and words of the lists, all of them of one
 * language; days that do not suit, or are past or none, are something else. A list's name that
 * ends with '.' stands for all that begin with it; the last is NULL. with_numbers: a bare
 * number is nothing else either.
 */
bool wk_reading_is_only(wk_arena_t *a, const wk_catalogue_t *c, const wk_reading_t *r,
                        const char *const *lists, bool with_numbers);

/* Where an email address stands in the text; absent: there is none. */
va_str_t wk_email_in(va_str_t text);

bool wk_reading_names_a_day(const wk_reading_t *r);

/* A day or a time of day, clear or not. */
bool wk_reading_names_a_moment(const wk_reading_t *r);

/* One of the list's phrases is said, in whatever language. */
bool wk_reading_has(const wk_catalogue_t *c, const wk_reading_t *r, const char *list);

/* The same, beside the day and the time: the hours of "10 heures" are no "heures". */
bool wk_reading_has_beside(const wk_catalogue_t *c, const wk_reading_t *r, const char *list);

#endif
