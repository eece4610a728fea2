#include "worker/agent/promise.h"

#include <string.h>

#define DENIAL_REACH 4 /* words: "not yet booked", "I was not able to book" */

static const struct {
    const char *name, *words;
    unsigned behind; /* any of these makes it true */
} claims[] = {
    {"booked", "said.booked", WK_DONE_BOOKED | WK_DONE_MOVED},
    {"moved", "said.moved", WK_DONE_MOVED},
    {"cancelled", "said.cancelled", WK_DONE_CANCELLED},
    {"texted", "said.texted", WK_DONE_TEXTED},
    {"passed_on", "said.passed_on", WK_DONE_PASSED_ON},
};

/* "No problem, you are booked" denies nothing. */
static bool same_clause(va_str_t text, size_t from, size_t to)
{
    for (size_t i = from; i < to && i < text.len; i++) {
        if (strchr(".,!?;\n", text.data[i]) != NULL) {
            return false;
        }
    }
    return true;
}

static bool is_denied(const wk_language_t *l, va_str_t text, const wk_words_t *words, size_t at)
{
    const wk_phrases_t *denials = wk_word_list(l, "said.denial");
    for (size_t i = at > DENIAL_REACH ? at - DENIAL_REACH : 0; i < at; i++) {
        if (wk_phrases_at(denials, words, i) > 0 &&
            same_clause(text, words->at[i].end, words->at[at].begin)) {
            return true;
        }
    }
    return false;
}

static bool claims_it(const wk_language_t *l, const char *list, va_str_t text,
                      const wk_words_t *words)
{
    size_t at = 0, len = 0;
    const wk_phrases_t *phrases = wk_word_list(l, list);
    for (size_t from = 0; wk_phrases_find(phrases, words, from, &at, &len); from = at + len) {
        if (!is_denied(l, text, words, at)) {
            return true;
        }
    }
    return false;
}

const char *wk_promise_broken(wk_arena_t *a, const wk_catalogue_t *c, va_str_t text,
                              unsigned done)
{
    wk_words_t words = wk_words(a, text);
    for (size_t i = 0; i < sizeof(claims) / sizeof(*claims); i++) {
        for (size_t k = 0; (done & claims[i].behind) == 0 && k < wk_catalogue_count(c); k++) {
            if (claims_it(wk_catalogue_at(c, k), claims[i].words, text, &words)) {
                return claims[i].name;
            }
        }
    }
    return NULL;
}
