#include "worker/agent/language.h"

#define CLEAR_WORDS 2 /* that many telling words are no accident */

static bool is_offered(const wk_language_state_t *s, const wk_language_t *l)
{
    const va_json_t *code = s->offered != NULL ? s->offered->first : NULL;
    while (code != NULL && !va_str_eq(va_json_string(code), wk_language_code(l))) {
        code = code->next;
    }
    return code != NULL;
}

static size_t telling_words(const wk_language_t *l, const wk_words_t *words)
{
    size_t n = 0, at = 0, len;
    const wk_phrases_t *marks = wk_word_list(l, "language.marks");
    for (size_t from = 0; wk_phrases_find(marks, words, from, &at, &len); from = at + len) {
        n++;
    }
    return n;
}

static const wk_language_t *requested(const wk_catalogue_t *c, const wk_language_state_t *s,
                                      const wk_words_t *words)
{
    for (size_t i = 0; i < wk_catalogue_count(c); i++) {
        const wk_language_t *l = wk_catalogue_at(c, i);
        if (is_offered(s, l) && (wk_phrases_in(wk_word_list(l, "language.request"), words) ||
                                 wk_phrases_all(wk_word_list(l, "language.names"), words))) {
            return l;
        }
    }
    return NULL;
}

typedef struct {
    const wk_language_t *language;
    size_t words;
    double share; /* of all telling words */
} evidence_t;

/* The language most of the telling words are of; NULL when there are none. */
static evidence_t strongest(const wk_catalogue_t *c, const wk_language_state_t *s,
                            const wk_words_t *words)
{
    evidence_t best = {.language = NULL};
    size_t all = 0;
    for (size_t i = 0; i < wk_catalogue_count(c); i++) {
        const wk_language_t *l = wk_catalogue_at(c, i);
        size_t n = is_offered(s, l) ? telling_words(l, words) : 0;
        all += n;
        if (n > best.words || (n == best.words && n > 0 && l == s->now)) {
            best = (evidence_t){.language = l, .words = n};
        }
    }
    best.share = all > 0 ? (double)best.words / (double)all : 0;
    return best;
}

wk_language_choice_t wk_language_choose(const wk_catalogue_t *c, const wk_language_state_t *s,
                                        const wk_words_t *words)
{
    wk_language_choice_t choice = {.language = s->now};
    const wk_language_t *asked_for = requested(c, s, words);
    if (asked_for != NULL) {
        return (wk_language_choice_t){.language = asked_for, .requested = true};
    }
    evidence_t found = strongest(c, s, words);
    if (!s->detects || found.language == NULL || found.language == s->now ||
        found.share < s->threshold) {
        return choice;
    }
    va_str_t code = wk_language_code(found.language);
    if (found.words >= CLEAR_WORDS || !s->settled || va_str_eq(s->hint, code)) {
        choice.language = found.language;
    } else {
        choice.hint = code;
    }
    return choice;
}
