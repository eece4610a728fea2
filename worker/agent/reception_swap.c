#include "worker/agent/reception_swap.h"

#define MOST_CUTS 8 /* behind which a long message is read anew */

wk_reading_t wk_turn_read_part(const wk_reception_turn_t *t, size_t begin, size_t end)
{
    const wk_words_t *words = &t->r->words;
    if (begin >= end) {
        return wk_read_message(t->a, t->c, t->l, VA_STR(""));
    }
    size_t from = words->at[begin].begin, len = words->at[end - 1].end - from;
    return wk_read_message(t->a, t->c, t->l, va_str(t->r->text.data + from, len));
}

static bool names_moment(const wk_reading_t *r)
{
    return wk_reading_names_a_day(r) || r->time.hour >= 0;
}

/* The first phrase of the list at or behind word *at; false: there is none. */
static bool find(const wk_reception_turn_t *t, const char *list, size_t *at, size_t *len)
{
    for (size_t i = *at; i < t->r->words.count; i++) {
        *len = wk_word_list_at(t->c, list, &t->r->words, i);
        if (*len > 0) {
            *at = i;
            return true;
        }
    }
    return false;
}

/* The words from begin on are the one moment and then the other, which "to" leads to. */
static bool cut_behind(const wk_reception_turn_t *t, size_t begin, bool led, wk_swap_t *swap)
{
    size_t count = t->r->words.count, tried = 0;
    for (size_t i = begin + 1; i < count && tried < MOST_CUTS; i++) {
        bool leads = wk_word_list_at(t->c, "reschedule.to", &t->r->words, i) > 0;
        if (!t->r->spent[i - 1] || (t->r->spent[i] && led) || (led && !leads)) {
            continue;
        }
        tried++;
        swap->from = wk_turn_read_part(t, begin, i);
        swap->to = wk_turn_read_part(t, i, count);
        if (names_moment(&swap->from) && !swap->from.vague && names_moment(&swap->to)) {
            return true;
        }
    }
    return false;
}

/* "Thursday instead of Tuesday", "instead of Tuesday, Thursday" */
static bool swaps_by_place(const wk_reception_turn_t *t, wk_swap_t *swap)
{
    size_t at = 0, len, count = t->r->words.count;
    if (!find(t, "reschedule.in_place_of", &at, &len)) {
        return false;
    }
    swap->to = wk_turn_read_part(t, 0, at);
    swap->from = wk_turn_read_part(t, at + len, count);
    return (names_moment(&swap->to) && names_moment(&swap->from)) ||
           cut_behind(t, at + len, false, swap);
}

/* "Move Tuesday to Thursday", "can we switch from Monday at 10 to Friday" */
static bool swaps_by_verb(const wk_reception_turn_t *t, wk_swap_t *swap)
{
    size_t at = 0, len;
    return find(t, "reschedule.verb", &at, &len) && cut_behind(t, at + len, true, swap);
}

bool wk_turn_swaps(const wk_reception_turn_t *t, wk_swap_t *swap)
{
    return swaps_by_place(t, swap) || swaps_by_verb(t, swap);
}
