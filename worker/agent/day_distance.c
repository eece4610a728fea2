#include "worker/agent/day_distance.h"

#define WEEK          7
#define MOST_DISTANCE 366 /* days: appointments are made for the coming year */
#define MOST_MONTHS   12

typedef struct {
    const wk_language_t *l;
    wk_reading_t *r;
    size_t at;
    size_t len; /* of the number found, in words; 0: none yet */
    int number;
} amount_t;

typedef enum { DAYS, WEEKS, MONTHS } unit_t;

/* ---------------------------------------------------------------- how many of what */

static void note_number(void *ctx, va_str_t rest, const wk_phrases_t *phrases)
{
    amount_t *n = ctx;
    size_t len = wk_phrases_at(phrases, &n->r->words, n->at);
    if (len > n->len) {
        n->len = len;
        n->number = wk_small_number(rest);
    }
}

/* "10", "ten", "a": the words of the number at n->at. */
static size_t number_at(amount_t *n)
{
    const wk_words_t *words = &n->r->words;
    n->len = 0;
    if (n->at >= words->count) {
        return 0;
    }
    n->number = wk_small_number(words->at[n->at].text);
    if (n->number >= 0) {
        return n->len = 1;
    }
    wk_word_lists(n->l, "number.", note_number, n);
    if (n->len == 0) {
        n->len = wk_phrases_at(wk_word_list(n->l, "distance.one"), words, n->at);
        n->number = 1;
    }
    return n->len;
}

static size_t unit_at(const wk_language_t *l, const wk_words_t *words, size_t i, unit_t *unit)
{
    static const char *const lists[] = {
        [DAYS] = "distance.days", [WEEKS] = "distance.weeks", [MONTHS] = "distance.months"};
    for (*unit = DAYS; *unit <= MONTHS; (*unit)++) {
        size_t len = wk_phrases_at(wk_word_list(l, lists[*unit]), words, i);
        if (len > 0) {
            return len;
        }
    }
    return 0;
}

/* ---------------------------------------------------------------- the day */

typedef struct {
    const wk_words_t *words;
    size_t at;
    bool found;
} idiom_t;

static void look_for_idiom(void *ctx, va_str_t rest, const wk_phrases_t *phrases)
{
    idiom_t *idiom = ctx;
    (void)rest;
    idiom->found = idiom->found || wk_phrases_at(phrases, idiom->words, idiom->at) > 0;
}

/* "Dans quinze jours" is in two weeks: day.ahead has what is not meant by its number. */
static bool is_idiom(const wk_language_t *l, const wk_words_t *words, size_t i)
{
    idiom_t idiom = {words, i, false};
    wk_word_lists(l, "day.ahead.", look_for_idiom, &idiom);
    return idiom.found;
}

static void set(wk_arena_t *a, wk_reading_t *r, int number, unit_t unit)
{
    int days = unit == WEEKS ? number * WEEK : number;
    bool far = unit == MONTHS ? number > MOST_MONTHS : days > MOST_DISTANCE;
    if (far || r->ahead >= 0 || r->day.data != NULL) {
        r->vague = true;
    } else if (unit != MONTHS && days <= WK_DAYS_AHEAD) {
        r->ahead = days;
    } else {
        r->day = wk_printf(a, "+%d %s", unit == MONTHS ? number : days,
                           unit == MONTHS ? "months" : "days");
    }
}

/* The words at i that tell a distance; 0: none do. A phrase leads to it or stands behind it. */
static size_t take(wk_arena_t *a, const wk_language_t *l, wk_reading_t *r, size_t i)
{
    unit_t unit;
    const wk_words_t *words = &r->words;
    size_t lead = wk_phrases_at(wk_word_list(l, "distance.lead"), words, i);
    size_t past = wk_phrases_at(wk_word_list(l, "distance.past_lead"), words, i);
    size_t before = lead > past ? lead : past;
    amount_t n = {.l = l, .r = r, .at = i + before};
    size_t end = n.at + number_at(&n), of = n.len > 0 ? unit_at(l, words, end, &unit) : 0;
    end += of;
    size_t behind = wk_phrases_at(wk_word_list(l, "distance.behind"), words, end);
    size_t ago = wk_phrases_at(wk_word_list(l, "distance.past_behind"), words, end);
    if (of == 0 || before + behind + ago == 0 || !wk_are_unspent(r->spent, i, end - i)) {
        return 0;
    }
    if (past > lead || ago > 0) {
        r->unmeant = true;
    } else {
        set(a, r, n.number, unit);
    }
    return end + (behind > ago ? behind : ago) - i;
}

void wk_read_day_distance(wk_arena_t *a, const wk_language_t *l, wk_reading_t *r)
{
    for (size_t i = 0; i < r->words.count;) {
        size_t n = is_idiom(l, &r->words, i) ? 0 : take(a, l, r, i);
        wk_spend(r->spent, i, n);
        i += n > 0 ? n : 1;
    }
}
