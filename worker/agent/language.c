#include "worker/agent/language.h"

#define CLEAR_WORDS 2 /* that many telling words are no accident */

bool wk_language_offered(const va_json_t *codes, const wk_language_t *l)
{
    const va_json_t *code = codes != NULL ? codes->first : NULL;
    while (code != NULL && !va_str_eq(va_json_string(code), wk_language_code(l))) {
        code = code->next;
    }
    return code != NULL;
}

static bool is_shared(const wk_catalogue_t *c, const wk_language_state_t *s,
                      const wk_language_t *own, const wk_words_t *words, size_t at)
{
    for (size_t i = 0; i < wk_catalogue_count(c); i++) {
        const wk_language_t *l = wk_catalogue_at(c, i);
        if (l != own && wk_language_offered(s->offered, l) &&
            wk_phrases_at(wk_word_list(l, "language.marks"), words, at) > 0) {
            return true;
        }
    }
    return false;
}

const wk_language_t *wk_language_named(wk_arena_t *a, const wk_catalogue_t *c, va_str_t said)
{
    const wk_language_t *l = wk_catalogue_find(c, said);
    wk_words_t words = wk_words(a, said);
    for (size_t i = 0; l == NULL && i < wk_catalogue_count(c); i++) {
        const wk_language_t *other = wk_catalogue_at(c, i);
        l = wk_phrases_all(wk_word_list(other, "language.names"), &words) ? other : NULL;
    }
    return l;
}

static const wk_language_t *requested(const wk_catalogue_t *c, const wk_language_state_t *s,
                                      const wk_words_t *words)
{
    for (size_t i = 0; i < wk_catalogue_count(c); i++) {
        const wk_language_t *l = wk_catalogue_at(c, i);
        if (wk_language_offered(s->offered, l) &&
            (wk_phrases_in(wk_word_list(l, "language.request"), words) ||
             wk_phrases_all(wk_word_list(l, "language.names"), words))) {
            return l;
        }
    }
    return NULL;
}

typedef struct {
    const wk_language_t *language;
    size_t words; /* that tell of it */
    size_t own;   /* of these, those that are of no other */
    double share; /* of what is own of any */
} evidence_t;

static evidence_t evidence_of(const wk_catalogue_t *c, const wk_language_state_t *s,
                              const wk_language_t *l, const wk_words_t *words)
{
    evidence_t found = {.language = l};
    size_t at = 0, len;
    const wk_phrases_t *marks = wk_word_list(l, "language.marks");
    for (size_t from = 0; wk_phrases_find(marks, words, from, &at, &len); from = at + len) {
        found.words++;
        found.own += !is_shared(c, s, l, words, at);
    }
    return found;
}

/* More words are of a language that the shop does not speak: they tell of none that it does. */
static bool is_rather_another(const wk_catalogue_t *c, const wk_language_state_t *s,
                              const wk_words_t *words, size_t found)
{
    for (size_t i = 0; i < wk_catalogue_count(c); i++) {
        const wk_language_t *l = wk_catalogue_at(c, i);
        if (!wk_language_offered(s->offered, l) && evidence_of(c, s, l, words).words > found) {
            return true;
        }
    }
    return false;
}

/* The language most of the words are of that tell one from another; NULL: none do. */
static evidence_t strongest(const wk_catalogue_t *c, const wk_language_state_t *s,
                            const wk_words_t *words)
{
    evidence_t best = {.language = NULL};
    size_t all = 0;
    for (size_t i = 0; i < wk_catalogue_count(c); i++) {
        const wk_language_t *l = wk_catalogue_at(c, i);
        if (!wk_language_offered(s->offered, l)) {
            continue;
        }
        evidence_t found = evidence_of(c, s, l, words);
        all += found.own;
        if (found.own > best.own || (found.own == best.own && found.own > 0 && l == s->now)) {
            best = found;
        }
    }
    best.share = all > 0 ? (double)best.own / (double)all : 0;
    return is_rather_another(c, s, words, best.words) ? (evidence_t){.language = NULL} : best;
}

wk_language_choice_t wk_language_choose(const wk_catalogue_t *c, const wk_language_state_t *s,
                                        const wk_words_t *words)
{
    wk_language_choice_t choice = {.language = s->now};
    const wk_language_t *asked_for = requested(c, s, words);
    if (asked_for != NULL) {
        return (wk_language_choice_t){
            .language = asked_for, .requested = true, .told_in = asked_for};
    }
    evidence_t found = strongest(c, s, words);
    choice.told_in = found.language;
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
