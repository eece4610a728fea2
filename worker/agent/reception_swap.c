#include "worker/agent/reception_swap.h"

#define MOST_CUTS  8  /* behind which a long message is read anew */
#define MOST_VERBS 2  /* of them in a language */
#define MOST_GIVEN 16 /* words of what is moved: "my tune-up on Monday at 10 a.m." */

struct wk_last_swap {
    bool known;
    va_str_t text; /* that was asked about */
    bool asked, swaps;
    wk_swap_t swap;
};

wk_reading_t wk_turn_read_part(const wk_reception_turn_t *t, size_t begin, size_t end)
{
    const wk_words_t *words = &t->r->words;
    if (begin >= end) {
        return wk_read_message(t->a, t->c, t->l, VA_STR(""));
    }
    size_t from = words->at[begin].begin, len = words->at[end - 1].end - from;
    wk_reading_t part = wk_read_message(t->a, t->c, t->l, va_str(t->r->text.data + from, len));
    part.asked = t->r->asked || wk_word_list_at(t->c, "wish.opener", words, 0) > 0;
    return part;
}

/* Behind "instead of" are the one moment and then the other. */
static bool cut_behind(const wk_reception_turn_t *t, size_t begin, wk_swap_t *swap)
{
    size_t count = t->r->words.count, tried = 0;
    for (size_t i = begin + 1; i < count && tried < MOST_CUTS; i++) {
        if (!t->r->spent[i - 1]) {
            continue;
        }
        tried++;
        swap->from = wk_turn_read_part(t, begin, i);
        if (!wk_reading_names_a_moment(&swap->from) || swap->from.vague) {
            continue;
        }
        swap->to = wk_turn_read_part(t, i, count);
        if (wk_reading_names_a_moment(&swap->to)) {
            return true;
        }
    }
    return false;
}

/* "Instead of my visit on Tuesday", "instead of 10 on Monday", not "and not able to come,
 * Tuesday". */
static bool begins_with_moment(const wk_reception_turn_t *t, const wk_reading_t *part)
{
    static const char *const lists[] = {"reschedule.object", "service.", NULL};
    size_t i = 0;
    while (i < part->words.count && !part->spent[i]) {
        i++;
    }
    if (i == 0 || i == part->words.count) {
        return i < part->words.count;
    }
    wk_reading_t head =
        wk_read_message(t->a, t->c, t->l, va_str(part->text.data, part->words.at[i - 1].end));
    return wk_reading_is_only(t->a, t->c, &head, lists, true);
}

/* "Thursday instead of Tuesday", "instead of Tuesday, Thursday" */
static bool swaps_by_place(const wk_reception_turn_t *t, wk_swap_t *swap)
{
    size_t at, len, count = t->r->words.count;
    if (!wk_word_list_find(t->c, "reschedule.in_place_of", &t->r->words, 0, &at, &len)) {
        return false;
    }
    swap->by_verb = false;
    swap->from = wk_turn_read_part(t, at + len, count);
    if (!begins_with_moment(t, &swap->from)) {
        return false;
    }
    swap->to = wk_turn_read_part(t, 0, at);
    return (wk_reading_names_a_moment(&swap->to) && wk_reading_names_a_moment(&swap->from)) ||
           cut_behind(t, at + len, swap);
}

/* ---------------------------------------------------------------- by a verb */

/* "It from Monday", "my tune-up on Monday": the day or time of an appointment, and no tire. */
static bool is_of_appointment(const wk_reception_turn_t *t, const wk_reading_t *part)
{
    static const char *const lists[] = {"reschedule.object", "service.", NULL};
    return wk_reading_names_a_moment(part) && !part->vague &&
           wk_reading_is_only(t->a, t->c, part, lists, false);
}

/* "To Thursday": the moment stands at its head. */
static bool is_led(const wk_reception_turn_t *t, const wk_reading_t *part, size_t lead)
{
    size_t i = lead, n = 1;
    const wk_words_t *words = &part->words;
    while (i < words->count && !part->spent[i] && n > 0) {
        n = wk_word_list_at(t->c, "reschedule.object", words, i);
        i += n;
    }
    return i < words->count && part->spent[i];
}

/* A day has the place of a day, and a time that of a time. */
static bool are_alike(const wk_reading_t *from, const wk_reading_t *to)
{
    bool day = wk_reading_names_a_day(to);
    return wk_reading_names_a_day(from) == day && (day || to->time.hour >= 0);
}

/*
 * The words from begin on are the one moment and then the other, which the language's "to"
 * leads to: the last that can, since "a" leads to times too.
 */
static bool moves_behind(const wk_reception_turn_t *t, const wk_language_t *l, size_t begin,
                         wk_swap_t *swap)
{
    bool found = false;
    size_t at, len, count = t->r->words.count, from = begin + 1;
    const wk_phrases_t *to = wk_word_list(l, "reschedule.to");
    for (size_t tried = 0;
         tried < MOST_CUTS && wk_phrases_find(to, &t->r->words, from, &at, &len) &&
         at - begin <= MOST_GIVEN;
         tried++) {
        wk_swap_t cut = {.from = wk_turn_read_part(t, begin, at), .by_verb = true};
        from = at + len;
        if (!is_of_appointment(t, &cut.from)) {
            continue;
        }
        cut.to = wk_turn_read_part(t, at, count);
        if (is_led(t, &cut.to, len) && are_alike(&cut.from, &cut.to)) {
            *swap = cut;
            found = true;
        }
    }
    return found;
}

/* "Move Tuesday to Thursday", "can we switch from Monday at 10 to Friday" */
static bool swaps_by_verb(const wk_reception_turn_t *t, wk_swap_t *swap)
{
    bool swaps = false;
    for (size_t i = 0; i < wk_catalogue_count(t->c) && !swaps; i++) {
        size_t at = 0, len = 0;
        const wk_language_t *l = wk_catalogue_at(t->c, i);
        const wk_phrases_t *verbs = wk_word_list(l, "reschedule.verb");
        for (size_t tried = 0; tried < MOST_VERBS && !swaps &&
                               wk_phrases_find(verbs, &t->r->words, at + len, &at, &len);
             tried++) {
            swaps = moves_behind(t, l, at + len, swap);
        }
    }
    return swaps;
}

wk_last_swap_t *wk_last_swap(wk_arena_t *a)
{
    return wk_alloc(a, sizeof(wk_last_swap_t));
}

static bool is_last(const wk_last_swap_t *last, const wk_reading_t *r)
{
    return last->known && last->text.data == r->text.data && last->text.len == r->text.len &&
           last->asked == r->asked;
}

/* It is asked of the same words a dozen times a message, and takes as many readings. */
bool wk_turn_swaps(const wk_reception_turn_t *t, wk_swap_t *swap)
{
    wk_last_swap_t *last = t->last_swap;
    if (!is_last(last, t->r)) {
        *last = (wk_last_swap_t){.known = true, .text = t->r->text, .asked = t->r->asked};
        last->swaps = swaps_by_place(t, &last->swap) || swaps_by_verb(t, &last->swap);
    }
    *swap = last->swap;
    return last->swaps;
}
