/*
 * Text as words that can be compared: lower case, without accents ("Vélo" is "velo"), digits
 * of every script as "0" to "9", cut at everything that is neither letter nor digit ("l'été"
 * is "l", "ete").
 */
#ifndef WK_AGENT_WORDS_H
#define WK_AGENT_WORDS_H

#include "worker/arena.h"

typedef struct {
    va_str_t text;     /* folded */
    size_t begin, end; /* its bytes in the text it was cut from */
} wk_word_t;

typedef struct {
    wk_word_t *at;
    size_t count;
} wk_words_t;

/* The value of a decimal digit of whatever script (Unicode's Nd); -1: it is none. */
int wk_digit(uint32_t code_point);

/* Bytes that are not UTF-8 separate words. The words live in a. */
wk_words_t wk_words(wk_arena_t *a, va_str_t text);

/* A word or several in a row; one written with a '*' behind it is what a word begins with. */
typedef struct {
    wk_words_t words;
    bool *prefix;
} wk_phrase_t;

typedef struct {
    wk_phrase_t *at;
    size_t count;
} wk_phrases_t;

wk_phrase_t wk_phrase(wk_arena_t *a, va_str_t text);

/* True when the phrase stands at word i. */
bool wk_phrase_at(const wk_phrase_t *phrase, const wk_words_t *words, size_t i);

/* The length in words of the longest phrase at word i; 0: none stands there. */
size_t wk_phrases_at(const wk_phrases_t *phrases, const wk_words_t *words, size_t i);

/*
 * The first place, from word from on, where one of the phrases stands, and the longest that
 * does. False, and *at and *len are left alone, when none does.
 */
bool wk_phrases_find(const wk_phrases_t *phrases, const wk_words_t *words, size_t from,
                     size_t *at, size_t *len);

/* One of the phrases ends where word at begins. */
bool wk_phrases_end_at(const wk_phrases_t *phrases, const wk_words_t *words, size_t at);

bool wk_phrases_in(const wk_phrases_t *phrases, const wk_words_t *words);

/* True when one of the phrases is all there is. */
bool wk_phrases_all(const wk_phrases_t *phrases, const wk_words_t *words);

/*
 * One of the denials stands at most four words before word at, in the same clause of the text
 * that the words are of: "not yet booked", but not "no problem, it is booked".
 */
bool wk_phrases_denied(const wk_phrases_t *denials, va_str_t text, const wk_words_t *words,
                       size_t at);

/* The text without characters that Postgres or JSON cannot hold (NUL, broken UTF-8). */
va_str_t wk_clean_text(wk_arena_t *a, va_str_t text);

/* Cut to at most max bytes, at a character's end. */
va_str_t wk_cut_text(va_str_t text, size_t max);

va_str_t wk_trim(va_str_t text);

/* Without control characters, so of one line. */
bool wk_is_line(va_str_t text);

/* Printable ASCII with one @ that has something on either side. */
bool wk_is_email(va_str_t text);

/* A person's name, of at most 120 bytes, at its first space; absent for an empty part. */
void wk_split_name(va_str_t name, va_str_t *first, va_str_t *last);

#endif
