/*
 * The texts for people and the words people use, a file a language (conf/messages/en.json):
 *
 *   {"language": "en", "name": "English",
 *    "texts": {"name of a text": "Hello {customer}!", …},
 *    "words": {"name of a list": ["a word", "begin*", "several words in a row"], …}}
 *
 * Adding a language is adding a file. A text that a file lacks is English's.
 */
#ifndef WK_AGENT_CATALOGUE_H
#define WK_AGENT_CATALOGUE_H

#include "worker/agent/words.h"
#include "worker/config.h"

typedef struct wk_catalogue wk_catalogue_t;
typedef struct wk_language wk_language_t;

/*
 * Every *.json of the folder; fails for a file that is not as above, and without an en.json.
 * The result is freed by wk_catalogue_free().
 */
wk_catalogue_t *wk_catalogue_load(const char *dir, wk_error_t *e);
void wk_catalogue_free(wk_catalogue_t *c);

/* That of config->messages_dir, loaded once a process by whoever asks first. From any thread.
 */
const wk_catalogue_t *wk_catalogue(const wk_config_t *config, wk_error_t *e);

size_t wk_catalogue_count(const wk_catalogue_t *c);
const wk_language_t *wk_catalogue_at(const wk_catalogue_t *c, size_t i);

/* By "fr", "FR" or "fr-CA"; NULL when there is no file for it. */
const wk_language_t *wk_catalogue_find(const wk_catalogue_t *c, va_str_t code);

/* The first of the codes that there is a file for, else English. */
const wk_language_t *wk_catalogue_pick(const wk_catalogue_t *c, va_str_t first,
                                       va_str_t second);

va_str_t wk_language_code(const wk_language_t *l);

/* A text the program counts on: empty, and an alert is logged, when somebody removed it. */
va_str_t wk_text(const wk_language_t *l, const char *name);

/* Whether its own file has it. */
bool wk_has_text(const wk_language_t *l, const char *name);

/* For each text of its own file. */
void wk_texts(const wk_language_t *l, void (*fn)(void *ctx, va_str_t name, va_str_t text),
              void *ctx);

/* For names made of data ("order.shipped"): absent when there is none. */
va_str_t wk_text_if_any(const wk_language_t *l, const char *name);

/*
 * The text as it is of a kind, of business or of appointment (absent: any): that of
 * "name.bike_shop" where the language has one, else that of the name.
 */
va_str_t wk_text_of_kind(const wk_language_t *l, const char *name, va_str_t kind);

/* The words of that name; none when the language has none. */
const wk_phrases_t *wk_word_list(const wk_language_t *l, const char *name);

/* Entry i of a word list as it was written; absent beyond. */
va_str_t wk_word_at(const wk_language_t *l, const char *name, size_t i);

/* For each word list whose name begins with prefix, with what follows the prefix. */
void wk_word_lists(const wk_language_t *l, const char *prefix,
                   void (*fn)(void *ctx, va_str_t rest, const wk_phrases_t *words), void *ctx);

/*
 * What follows the prefix in the name of the list, in whatever language, that has a match among
 * the words: "5" of "weekday.5"; the longest match counts, the first of equals. Absent: none
 * has.
 */
va_str_t wk_word_list_named_in_any(const wk_catalogue_t *c, const char *prefix,
                                   const wk_words_t *words);

/*
 * By the list of that name, in whatever language: whether one of its phrases is among the
 * words; whether the words are nothing else than one; how many words from that place on the
 * longest takes (0: none).
 */
bool wk_word_list_in(const wk_catalogue_t *c, const char *list, const wk_words_t *words);
bool wk_word_list_is_all(const wk_catalogue_t *c, const char *list, const wk_words_t *words);
size_t wk_word_list_at(const wk_catalogue_t *c, const char *list, const wk_words_t *words,
                       size_t i);

/*
 * The first place, from word from on, where one of its phrases stands, and the longest that
 * does. False, and *at and *len are left alone, when none does.
 */
bool wk_word_list_find(const wk_catalogue_t *c, const char *list, const wk_words_t *words,
                       size_t from, size_t *at, size_t *len);

/* Whether one of its phrases ends where word at begins. */
bool wk_word_list_ends_at(const wk_catalogue_t *c, const char *list, const wk_words_t *words,
                          size_t at);

typedef struct {
    const char *name;
    va_str_t value; /* absent reads as empty */
} wk_param_t;

/* The text with each {name} replaced. The list of parameters ends with a name of NULL. */
va_str_t wk_fill(wk_arena_t *a, va_str_t text, const wk_param_t *params);

/* wk_say(a, l, "greeting.hello", {"customer", name}, {"shop", shop}) */
#define wk_say(a, l, name, ...)                                                                \
    wk_fill((a), wk_text((l), (name)), (const wk_param_t[]){__VA_ARGS__, {NULL, VA_STR_NULL}})

#endif
