#include "worker/agent/reception_correction.h"

#include <string.h>

#include "worker/agent/day_reading.h"
#include "worker/agent/reception_offer.h"
#include "worker/agent/reception_services.h"
#include "worker/agent/reception_swap.h"

typedef struct {
    const wk_reception_turn_t *t;
    size_t at, behind; /* the words of the correction */
    bool weak;         /* they are often said without correcting anything */
    wk_reading_t first, second;
    char *text; /* of the message, with blanks for what is not meant */
    bool blanked;
} correction_t;

static bool is_number(const wk_reading_t *r, size_t i)
{
    return !r->spent[i] && wk_small_number(r->words.at[i].text) >= 0;
}

/* "10 actually 11", "Monday actually Tuesday": who speaks sets no sign. */
static bool is_between_moments(const wk_reception_turn_t *t, size_t i, size_t n)
{
    const wk_reading_t *r = t->r;
    size_t behind = i + n;
    behind += behind < r->words.count ? wk_word_list_at(t->c, "time.at", &r->words, behind) : 0;
    return i > 0 && behind < r->words.count && (r->spent[i - 1] || is_number(r, i - 1)) &&
           (r->spent[behind] || is_number(r, behind));
}

/* "Actually" may correct where a part of the sentence ends before it, or between two moments,
 * as "no wait" does everywhere; 0: none stands there. */
static size_t correction_at(const wk_reception_turn_t *t, size_t i, bool *weak)
{
    const wk_words_t *words = &t->r->words;
    size_t strong = wk_word_list_at(t->c, "wish.correction", words, i),
           n = wk_word_list_at(t->c, "wish.correction_weak", words, i);
    *weak = strong == 0 && n > 0;
    bool corrects =
        wk_words_are_cut(t->r, i, ",.;:!?-\n") || (n > 0 && is_between_moments(t, i, n));
    return !*weak ? strong : corrects ? n : 0;
}

/* The last that stands between others; false: there is none. */
static bool find_correction(correction_t *c)
{
    const wk_words_t *words = &c->t->r->words;
    bool found = false;
    for (size_t i = 1; i + 1 < words->count;) {
        bool weak;
        size_t n = correction_at(c->t, i, &weak);
        if (n > 0 && i + n < words->count) {
            c->at = i;
            c->behind = i + n;
            c->weak = weak;
            found = true;
        }
        i += n > 0 ? n : 1;
    }
    return found;
}

static void blank(correction_t *c, size_t begin, size_t end)
{
    const wk_words_t *words = &c->t->r->words;
    memset(c->text + words->at[begin].begin, ' ',
           words->at[end - 1].end - words->at[begin].begin);
}

/* Before the correction the words of the day, or those of the time. */
static void blank_moment(correction_t *c, bool day)
{
    const wk_reading_t *r = &c->first;
    for (size_t i = 0; i < c->at; i++) {
        bool of_time = r->time.hour >= 0 && i >= r->time.begin && i < r->time.end;
        if (r->spent[i] && of_time != day) {
            blank(c, i, i + 1);
            c->blanked = true;
        }
    }
}

/* "10, no wait, 11" */
static void blank_numbers(correction_t *c)
{
    for (size_t i = 0; i < c->at; i++) {
        if (is_number(&c->first, i)) {
            blank(c, i, i + 1);
            c->blanked = true;
        }
    }
}

static void blank_phrases(correction_t *c, const char *const *lists)
{
    for (; *lists != NULL; lists++) {
        for (size_t i = 0; i < c->at; i++) {
            size_t n = wk_word_list_at(c->t->c, *lists, &c->t->r->words, i);
            if (n > 0 && i + n <= c->at) {
                blank(c, i, i + n);
                c->blanked = true;
            }
        }
    }
}

static void blank_services(correction_t *c, const wk_reception_turn_t *first)
{
    const bool *named = wk_service_words(first);
    for (size_t i = 0; i < c->at; i++) {
        if (named[i]) {
            blank(c, i, i + 1);
            c->blanked = true;
        }
    }
}

/* Each names one, and not the same. */
static bool name_other_services(const wk_reception_turn_t *first,
                                const wk_reception_turn_t *second)
{
    wk_services_t was = wk_services_named(first), is = wk_services_named(second);
    return was.count == 1 && is.count == 1 && !va_str_eq(was.at[0], is.at[0]);
}

static bool has_any(const wk_reception_turn_t *t, const char *const *lists)
{
    while (*lists != NULL && !wk_turn_has(t, *lists)) {
        lists++;
    }
    return *lists != NULL;
}

static const char *const halves[] = {"time.am", "time.pm", "time.half.am", "time.half.pm",
                                     NULL};
static const char *const choices[] = {"choice.1", "choice.2", "choice.3", "choice.last", NULL};
static const char *const deeds[] = {"intent.cancel", "reschedule.it", "reschedule.verb", NULL};

static bool has_any_at(const correction_t *c, const char *const *lists, size_t i)
{
    while (*lists != NULL && wk_word_list_at(c->t->c, *lists, &c->second.words, i) == 0) {
        lists++;
    }
    return *lists != NULL;
}

/* "Monday, actually Friday", not "Monday, actually I'm busy on Friday". */
static bool begins_with_what_is_new(const correction_t *c)
{
    wk_reception_turn_t second = *c->t;
    second.r = &c->second;
    const bool *services = wk_service_words(&second);
    size_t i = 0, n = 1;
    bool is_new = false;
    while (i < c->second.words.count && n > 0 && !is_new) {
        is_new = c->second.spent[i] || is_number(&c->second, i) || services[i] ||
                 has_any_at(c, halves, i) || has_any_at(c, choices, i) ||
                 has_any_at(c, deeds, i);
        n = wk_word_list_at(c->t->c, "wish.filler", &c->second.words, i);
        i += n;
    }
    return is_new;
}

static void blank_what_is_corrected(correction_t *c)
{
    wk_reception_turn_t first = *c->t, second = *c->t;
    first.r = &c->first;
    second.r = &c->second;
    if (wk_reading_names_a_day(&c->second) && wk_reading_names_a_day(&c->first)) {
        blank_moment(c, true);
    }
    if (c->second.time.hour >= 0 && c->first.time.hour >= 0) {
        blank_moment(c, false);
    }
    if (c->second.numbers == 1 && c->first.numbers == 1) {
        blank_numbers(c);
    }
    if (wk_half_of_day(&first) != WK_ANY_HALF && wk_half_of_day(&second) != WK_ANY_HALF) {
        blank_phrases(c, halves);
    }
    if (has_any(&first, choices) && has_any(&second, choices)) {
        blank_phrases(c, choices);
    }
    if (name_other_services(&first, &second)) {
        blank_services(c, &first);
    }
    if (has_any(&first, deeds) && has_any(&second, deeds)) {
        blank_phrases(c, deeds);
    }
}

void wk_heed_correction(wk_reception_turn_t *t)
{
    correction_t c = {.t = t};
    if (!find_correction(&c)) {
        return;
    }
    c.first = wk_turn_read_part(t, 0, c.at);
    c.second = wk_turn_read_part(t, c.behind, t->r->words.count);
    if (c.weak && !begins_with_what_is_new(&c)) {
        return;
    }
    c.text = wk_strdup(t->a, t->r->text);
    blank_what_is_corrected(&c);
    if (c.blanked) {
        blank(&c, c.at, c.behind);
        wk_reading_t *left = wk_alloc(t->a, sizeof(*left));
        *left = wk_read_message(t->a, t->c, t->l, va_str(c.text, t->r->text.len));
        t->r = left;
    }
}
