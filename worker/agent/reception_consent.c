#include "worker/agent/reception_consent.h"

#include "worker/agent/day_reading.h"

static bool names_a_time(const wk_reception_turn_t *t)
{
    return t->r->numbers > 0 || wk_turn_names_a_moment(t);
}

/* ---------------------------------------------------------------- yes */

/*
 * A yes, with words that are polite or repeat what was asked; nothing that may be another wish:
 * no number, day, time, question or denial.
 */
static bool is_yes_of(const wk_reception_turn_t *t, const char *list, const char *const *beside)
{
    return wk_turn_has(t, list) && !names_a_time(t) && !wk_turn_has(t, "wish.denial") &&
           wk_reading_is_only(t->a, t->c, t->r, beside, false);
}

bool wk_is_yes(const wk_reception_turn_t *t)
{
    static const char *const beside[] = {"yes.", "courtesy", "intent.book", "service.", NULL};
    return !wk_turn_is_question(t) &&
           (wk_turn_is_all(t, "intent.yes") || is_yes_of(t, "yes.word", beside));
}

bool wk_is_yes_to_cancel(const wk_reception_turn_t *t)
{
    static const char *const beside[] = {"intent.confirm",
                                         "intent.cancel",
                                         "cancel.plain",
                                         "letter.cancel",
                                         "courtesy",
                                         "appointment.words",
                                         NULL};
    return !wk_turn_is_question(t) &&
           (is_yes_of(t, "intent.confirm", beside) || is_yes_of(t, "intent.cancel", beside) ||
            wk_turn_is_letter(t, "letter.cancel"));
}

/* ---------------------------------------------------------------- no */

/* "Annulez pas", "annulez-le pas": directly behind the words that end before word at, or behind
 * what they are of. */
static bool is_refused_behind(const wk_reception_turn_t *t, const wk_language_t *l, size_t at)
{
    size_t n = 1;
    const wk_words_t *words = &t->r->words;
    const wk_phrases_t *refusals = wk_word_list(l, "wish.refusal_behind");
    while (n > 0 && at < words->count && !wk_words_are_cut(t->r, at, WK_CLAUSE_SIGNS) &&
           wk_phrases_at(refusals, words, at) == 0) {
        n = wk_phrases_at(wk_word_list(l, "reschedule.object"), words, at);
        at += n;
    }
    return n > 0 && at < words->count && !wk_words_are_cut(t->r, at, WK_CLAUSE_SIGNS);
}

/* "Cancel it, actually no": the last that is said, behind word at. */
static bool is_taken_back(const wk_reception_turn_t *t, const wk_language_t *l, size_t at)
{
    const wk_words_t *words = &t->r->words;
    const wk_phrases_t *phrases = wk_word_list(l, "wish.taken_back");
    while (at < words->count && at + wk_phrases_at(phrases, words, at) != words->count) {
        at++;
    }
    return at < words->count;
}

bool wk_is_denied(const wk_reception_turn_t *t, const char *list)
{
    for (size_t i = 0; i < wk_catalogue_count(t->c); i++) {
        const wk_language_t *l = wk_catalogue_at(t->c, i);
        size_t at = 0, len = 0;
        if (wk_phrases_find(wk_word_list(l, list), &t->r->words, 0, &at, &len) &&
            (wk_phrases_end_at(wk_word_list(l, "wish.refusal"), &t->r->words, at) ||
             is_refused_behind(t, l, at + len) || is_taken_back(t, l, at + len))) {
            return true;
        }
    }
    return false;
}

void wk_cut_refusal(wk_reception_turn_t *t, wk_reading_t *rest)
{
    const wk_words_t *words = &t->r->words;
    size_t len = wk_word_list_at(t->c, "intent.no", words, 0);
    /* "no puedo" is one word of refusal and no answer before another */
    bool unable = wk_word_list_at(t->c, "reschedule.unable", words, 0) > len;
    if (len > 0 && len < words->count && !unable) {
        size_t begin = words->at[len].begin;
        *rest = wk_read_message(t->a, t->c, t->l,
                                va_str(t->r->text.data + begin, t->r->text.len - begin));
        t->r = rest;
        t->refuses = true;
    }
}

bool wk_is_polite_only(const wk_reception_turn_t *t)
{
    static const char *const lists[] = {"courtesy", "intent.thanks", "intent.no", "yes.", NULL};
    return !names_a_time(t) && wk_reading_is_only(t->a, t->c, t->r, lists, false);
}
