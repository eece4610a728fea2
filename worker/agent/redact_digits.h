/*
 * The digits of a text, written or spoken, and what the words before them say they are of. A
 * part of redact.h: for redact.c and redact_live.c.
 */
#ifndef WK_AGENT_REDACT_DIGITS_H
#define WK_AGENT_REDACT_DIGITS_H

#include "worker/agent/redact.h"

#define WK_MIN_CARD 12
#define WK_MAX_CARD 19
#define WK_MAX_GAP  5 /* other words between two parts of one number */

#define WK_MAX_TRAILING 8 /* digits behind a card number: expiry and code */
#define WK_MAX_ROW      (16 + WK_MAX_TRAILING)

typedef struct {
    const wk_phrase_t *phrase;
    int value;
    size_t language;
} wk_number_word_t;

typedef struct {
    wk_number_word_t *at;
    size_t count, room;
} wk_number_words_t;

#define WK_NUMBER_LANGUAGES 64
#define WK_NUMBER_MAX       99

struct wk_redactor {
    wk_arena_t *arena;
    wk_number_words_t numbers, times;
    wk_phrases_t joints, cards, codes, data, others, units, orders; /* of all languages */
    /* By language: a word of its own for the value. */
    bool has[WK_NUMBER_LANGUAGES][WK_NUMBER_MAX + 1];
    size_t language; /* while it is filled */
    wk_number_words_t *filling;
};

/* What words say about the digits behind them. */
typedef enum {
    WK_NAMES_NOTHING,
    WK_NAMES_CARD,
    WK_NAMES_CARD_DATA, /* expiry, code */
    WK_NAMES_OTHER,     /* an order, a phone, a day, an amount */
} wk_naming_t;

/* Digits that were written, or spoken as one number, together. */
typedef struct {
    size_t turn, begin, end; /* bytes of the turn's text */
    size_t word, behind;     /* the first of them, and the one behind the last */
    char digits[WK_MAX_ROW + 1];
    size_t len;        /* of digits; 0 when hidden is not */
    size_t hidden;     /* digits that were masked earlier: stars */
    size_t gap;        /* other words since the group before, of the same speaker */
    wk_naming_t named; /* by the last of these words that names anything */
    bool masked, spoken;
} wk_digits_t;

typedef struct {
    wk_digits_t *at;
    size_t count, room;
} wk_digit_groups_t;

typedef struct {
    const wk_redactor_t *r;
    wk_arena_t *a;
    bool stars;        /* they stand for digits: one each */
    size_t gap;        /* since the last digits, of this turn and those before */
    wk_naming_t named; /* since then, in this turn */
} wk_digits_reader_t;

/* Adds the groups of one turn to groups; the reader's gap goes on from turn to turn. */
void wk_digits_read(wk_digits_reader_t *reader, va_str_t text, const wk_words_t *words,
                    size_t turn, wk_digit_groups_t *groups);

/* A whole number, with its check digit. */
bool wk_is_card(const char *digits, size_t len);

/* One of the usual length, with its expiry or code glued behind it. */
bool wk_leads_with_card(const char *digits, size_t len);

/* As far as the digits go (one at least) it can be the beginning of one. */
bool wk_begins_card(const char *digits, size_t len);

/*
 * Reads turns and marks what is a card number, its expiry and its code. The groups of whoever
 * said the last turn (n > 0), of all his turns.
 */
wk_digit_groups_t wk_digits_mark(const wk_redactor_t *r, wk_arena_t *a, const wk_turn_t *turns,
                                 size_t n);

/* The first group, of those in order, at word of the turn or behind it. */
size_t wk_digits_from(const wk_digit_groups_t *g, size_t turn, size_t word);

/* The text with each masked group of that turn replaced: a star a digit. New texts live in a.
 */
va_str_t wk_digits_hide(wk_arena_t *a, va_str_t text, const wk_digit_groups_t *groups,
                        size_t turn);

#endif
