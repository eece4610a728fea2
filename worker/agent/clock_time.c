#include "worker/agent/clock_time.h"

#include <string.h>

#include "worker/agent/day_number.h"

#define LAST_AT_NIGHT 6 /* "2 h" is mostly the afternoon's where shops are closed at night */
#define FIRST_MORNING 8 /* "at 7" without more is the evening, "at 8" the morning */

static const wk_clock_time_t no_time = {.hour = -1};

/* ---------------------------------------------------------------- numbers */

/* The digits a word begins with, at most two of them; returns how many. */
static size_t leading_number(va_str_t word, int *value)
{
    size_t n = 0;
    *value = 0;
    while (n < word.len && word.data[n] >= '0' && word.data[n] <= '9') {
        *value = *value * 10 + (word.data[n] - '0');
        if (++n > 2) {
            return 0;
        }
    }
    return n;
}

int wk_small_number(va_str_t word)
{
    int value;
    size_t n = leading_number(word, &value);
    return n > 0 && n == word.len ? value : -1;
}

int wk_clock_likely(wk_clock_time_t t)
{
    int hour = !t.certain && t.hour < FIRST_MORNING ? t.hour + 12 : t.hour;
    return hour * 60 + t.minute;
}

wk_clock_time_t wk_clock_hour(int hour)
{
    return hour >= 0 && hour < 24 ? (wk_clock_time_t){.hour = hour, .certain = hour > 12}
                                  : no_time;
}

/* ---------------------------------------------------------------- halves of the day */

static char half_of(va_str_t word)
{
    return va_str_eq(word, VA_STR("am")) ? 'a' : va_str_eq(word, VA_STR("pm")) ? 'p' : 0;
}

/* "a.m." is two words with a point between. */
static bool is_pointed(va_str_t text, const wk_words_t *words, size_t i)
{
    return i + 1 < words->count && va_str_eq(words->at[i + 1].text, VA_STR("m")) &&
           words->at[i].end + 1 == words->at[i + 1].begin && text.data[words->at[i].end] == '.';
}

/* How many words at i tell the half of the day; *half: 'a' or 'p'. */
static size_t half_at(const wk_catalogue_t *c, va_str_t text, const wk_words_t *words, size_t i,
                      char *half)
{
    if (i >= words->count) {
        return 0;
    }
    va_str_t word = words->at[i].text;
    size_t morning = wk_word_list_at(c, "time.am", words, i);
    size_t later = wk_word_list_at(c, "time.pm", words, i);
    if ((*half = half_of(word)) != 0) {
        return 1;
    }
    if (word.len == 1 && (word.data[0] == 'a' || word.data[0] == 'p') &&
        is_pointed(text, words, i)) {
        *half = word.data[0];
        return 2;
    }
    *half = morning > later ? 'a' : 'p';
    return morning > later ? morning : later;
}

/* "In the morning", not "a.m." */
static bool is_half_in_words(const wk_catalogue_t *c, const wk_words_t *words, size_t i)
{
    return wk_word_list_at(c, "time.am", words, i) > 0 ||
           wk_word_list_at(c, "time.pm", words, i) > 0;
}

static void set_half(wk_clock_time_t *t, char half)
{
    if (t->hour <= 12) {
        t->hour = t->hour % 12 + (half == 'p' ? 12 : 0);
    }
    t->certain = t->written = t->halved = true;
}

/* How many words at i tell the later half of the day; behind a day fewer are enough. */
static size_t later_at(const wk_catalogue_t *c, const wk_words_t *words, const bool *spent,
                       const wk_clock_time_t *t, size_t i)
{
    size_t n = wk_word_list_at(c, "time.later", words, i);
    bool behind_day = i > 0 && spent[i - 1] && i != t->end;
    return n == 0 && behind_day ? wk_word_list_at(c, "time.later_that_day", words, i) : n;
}

/* Between them stands nothing but a day, and what leads to a time. */
static bool are_beside(const wk_catalogue_t *c, const wk_words_t *words, const bool *spent,
                       size_t from, size_t to)
{
    size_t i = from;
    while (i < to) {
        size_t n = spent[i] ? 1 : wk_word_list_at(c, "time.at", words, i);
        n = n > 0 ? n : wk_word_list_at(c, "time.for", words, i);
        if (n == 0) {
            return false;
        }
        i += n;
    }
    return from <= to;
}

void wk_move_to_later_half(const wk_catalogue_t *c, const wk_words_t *words, bool *spent,
                           wk_clock_time_t *t)
{
    for (size_t i = 0; i < words->count && t->hour >= 1 && !t->halved; i++) {
        size_t n = later_at(c, words, spent, t, i);
        if (n > 0 && (are_beside(c, words, spent, i + n, t->begin) ||
                      are_beside(c, words, spent, t->end, i))) {
            t->doubtful = t->doubtful || t->hour == 12;
            t->hour += t->hour < 12 ? 12 : 0;
            t->certain = t->halved = true;
            wk_spend(spent, i, n);
        }
    }
}

/* ---------------------------------------------------------------- written times */

/* What follows the hour in its own word: "h", "h30", "am". */
static bool read_rest(va_str_t rest, wk_clock_time_t *t)
{
    int minute;
    if (half_of(rest) != 0) {
        set_half(t, half_of(rest));
        return true;
    }
    if (va_str_eq(rest, VA_STR("ish"))) { /* "3ish" */
        t->doubtful = t->written = true;
        return true;
    }
    if (rest.len == 0 || rest.data[0] != 'h') {
        return rest.len == 0;
    }
    size_t n = leading_number(va_str(rest.data + 1, rest.len - 1), &minute);
    t->minute = minute;
    t->certain = t->hour < 1 || t->hour > LAST_AT_NIGHT;
    t->written = true;
    return rest.len == 1 || (n == 2 && rest.len == 3);
}

/* "10:30", "09:30", "10:30pm": the minutes are the word behind the colon. */
static bool read_minutes(va_str_t text, const wk_words_t *words, size_t i, wk_clock_time_t *t)
{
    int minute;
    if (i + 1 >= words->count || words->at[i + 1].begin != words->at[i].end + 1 ||
        text.data[words->at[i].end] != ':') {
        return false;
    }
    va_str_t word = words->at[i + 1].text;
    size_t n = leading_number(word, &minute);
    char half = n == 2 ? half_of(va_str(word.data + n, word.len - n)) : 0;
    if (n != 2 || (word.len > n && half == 0)) {
        return false;
    }
    t->minute = minute;
    t->written = true;
    t->certain = words->at[i].text.len == 2;
    if (half != 0) {
        set_half(t, half);
    }
    return true;
}

/* "10 h 30", but not "10 h, 16 h": the value of word i behind the unit; -1: it is no minute. */
static int minute_behind_unit(const wk_catalogue_t *c, const wk_words_t *words, size_t i)
{
    bool beside = i < words->count && words->at[i].text.len == 2 &&
                  words->at[i].begin == words->at[i - 1].end + 1 &&
                  wk_word_list_at(c, "time.unit", words, i + 1) == 0;
    return beside ? wk_small_number(words->at[i].text) : -1;
}

static const struct {
    const char *list;
    int quarters;
} quarter_parts[] = {{"time.and_half", 2}, {"time.and_quarter", 1}, {"time.less_quarter", -1}};
#define QUARTER_PARTS (sizeof(quarter_parts) / sizeof(*quarter_parts))

/* How many words at i are added to an hour, or taken from it: "y media"; *quarters. */
static size_t quarters_at(const wk_catalogue_t *c, const wk_words_t *words, size_t i,
                          int *quarters)
{
    size_t n = 0;
    for (size_t k = 0; k < QUARTER_PARTS && n == 0; k++) {
        n = wk_word_list_at(c, quarter_parts[k].list, words, i);
        *quarters = quarter_parts[k].quarters;
    }
    return n;
}

/* "Midi moins le quart": a word that is no noon by itself ("après-midi"). */
static size_t noon_of_part(const wk_catalogue_t *c, const wk_words_t *words, size_t i)
{
    int quarters;
    size_t n = wk_word_list_at(c, "time.noon_of_part", words, i);
    return n > 0 && quarters_at(c, words, i + n, &quarters) > 0 ? n : 0;
}

/* The words at i that are a written time; 0: none. *plain: a number that nothing but words for
 * the half of the day make one. */
static size_t written_at(const wk_catalogue_t *c, va_str_t text, const wk_words_t *words,
                         size_t i, wk_clock_time_t *t, bool *plain)
{
    char half;
    size_t taken = 1, unit, noon = wk_word_list_at(c, "time.noon", words, i);
    va_str_t word = words->at[i].text;
    *t = no_time;
    *plain = false;
    noon = noon > 0 ? noon : noon_of_part(c, words, i);
    if (noon > 0) {
        *t = (wk_clock_time_t){.hour = 12, .certain = true, .written = true};
        return noon;
    }
    size_t n = leading_number(word, &t->hour);
    if (n == 0 || !read_rest(va_str(word.data + n, word.len - n), t)) {
        return 0;
    }
    if (word.len == n && read_minutes(text, words, i, t)) {
        taken = 2;
    } else if (word.len == n && (unit = wk_word_list_at(c, "time.clock", words, i + 1)) > 0) {
        taken += unit; /* "2 o'clock" may be either half's */
        t->written = true;
    } else if (word.len == n && (unit = wk_word_list_at(c, "time.unit", words, i + 1)) > 0) {
        taken += unit;
        t->certain = word.len == 2 || t->hour < 1 || t->hour > LAST_AT_NIGHT;
        t->written = true;
        int minute = minute_behind_unit(c, words, i + taken);
        if (minute >= 0) {
            t->minute = minute;
            taken++;
        }
    }
    size_t more = half_at(c, text, words, i + taken, &half);
    *plain = !t->written && more > 0 && is_half_in_words(c, words, i + taken);
    if (more > 0) {
        t->doubtful = t->doubtful ||
                      (t->hour == 12 && wk_word_list_at(c, "time.pm", words, i + taken) > 0);
        set_half(t, half);
    }
    return t->written && t->hour < 24 && t->minute < 60 ? taken + more : 0;
}

bool wk_are_unspent(const bool *spent, size_t i, size_t n)
{
    for (size_t k = i; k < i + n; k++) {
        if (spent[k]) {
            return false;
        }
    }
    return true;
}

void wk_spend(bool *spent, size_t i, size_t n)
{
    for (size_t k = i; k < i + n; k++) {
        spent[k] = true;
    }
}

/* A quarter before the hour is one of the hour before. */
static void set_quarters(wk_clock_time_t *t, int quarters)
{
    if (quarters < 0) {
        t->hour = t->hour == 1 && !t->certain ? 12 : (t->hour + 23) % 24;
    }
    t->minute = (quarters + 4) % 4 * 15;
    t->written = true;
}

/* "Half past 2" */
static const struct {
    const char *list;
    int quarters;
} quarter_leads[] = {{"time.half_past", 2}, {"time.quarter_past", 1}, {"time.quarter_to", -1}};
#define QUARTER_LEADS (sizeof(quarter_leads) / sizeof(*quarter_leads))

/* Before a full hour that is written: "half past 2 pm". */
static void add_quarters_before(const wk_catalogue_t *c, const wk_words_t *words, bool *spent,
                                wk_clock_time_t *t)
{
    for (size_t i = 0; i < t->begin && t->minute == 0; i++) {
        for (size_t k = 0; k < QUARTER_LEADS; k++) {
            size_t n = wk_word_list_at(c, quarter_leads[k].list, words, i);
            if (n > 0 && i + n == t->begin && wk_are_unspent(spent, i, n)) {
                set_quarters(t, quarter_leads[k].quarters);
                wk_spend(spent, i, n);
                t->begin = i;
                return;
            }
        }
    }
}

/* Behind a full hour: "y media", "et quart", "menos cuarto", and the half of the day behind. */
static void add_quarters(const wk_catalogue_t *c, const wk_words_t *words, bool *spent,
                         wk_clock_time_t *t)
{
    int quarters = 0;
    bool whole = t->hour >= 0 && t->minute == 0;
    size_t half, n = whole ? quarters_at(c, words, t->end, &quarters) : 0;
    if (n == 0 || !wk_are_unspent(spent, t->end, n)) {
        return;
    }
    set_quarters(t, quarters);
    wk_spend(spent, t->end, n);
    t->end += n;
    half = wk_word_list_at(c, "time.am", words, t->end);
    n = half > 0 ? half : wk_word_list_at(c, "time.pm", words, t->end);
    if (n > 0 && wk_are_unspent(spent, t->end, n)) {
        wk_spend(spent, t->end, n);
        t->end += n;
        set_half(t, half > 0 ? 'a' : 'p');
    }
}

typedef struct {
    const wk_words_t *words;
    size_t at;
    bool ends; /* a phrase of the lists ends before word at */
} behind_t;

static void look_before(void *ctx, va_str_t rest, const wk_phrases_t *phrases)
{
    behind_t *b = ctx;
    (void)rest;
    b->ends = b->ends || wk_phrases_at(phrases, b->words, b->at - 1) == 1;
}

/* "3 décembre", "3 de diciembre": the month that ends before word at has its day. */
static bool has_day_before(const wk_words_t *words, size_t at)
{
    int day;
    return (at >= 2 && leading_number(words->at[at - 2].text, &day) > 0) ||
           (at >= 3 && leading_number(words->at[at - 3].text, &day) > 0);
}

/* "El 15 por la tarde": a day of a month, in whatever language. */
static bool is_day_number(const wk_catalogue_t *c, const wk_words_t *words, size_t at)
{
    bool is = false;
    for (size_t i = 0; i < wk_catalogue_count(c) && !is; i++) {
        size_t lead;
        is = wk_day_number(wk_catalogue_at(c, i), words, at, &lead) > 0;
    }
    return is;
}

/* "December 2 in the afternoon": a day, and no two o'clock; "le 10 h du matin" is ten o'clock.
 */
static bool is_day_of_month(const wk_catalogue_t *c, const wk_words_t *words, size_t i,
                            bool plain)
{
    behind_t b = {words, i, false};
    for (size_t k = 0; i > 0 && k < wk_catalogue_count(c); k++) {
        wk_word_lists(wk_catalogue_at(c, k), "month.", look_before, &b);
    }
    return (plain && is_day_number(c, words, i)) ||
           (b.ends && wk_small_number(words->at[i].text) > 0 && !has_day_before(words, i));
}

wk_clock_time_t wk_read_written_time(const wk_catalogue_t *c, va_str_t text,
                                     const wk_words_t *words, bool *spent)
{
    for (size_t i = 0; i < words->count; i++) {
        bool plain;
        wk_clock_time_t t;
        size_t n = written_at(c, text, words, i, &t, &plain);
        if (n > 0 && wk_are_unspent(spent, i, n) &&
            !(t.halved && is_day_of_month(c, words, i, plain))) {
            wk_spend(spent, i, n);
            t.begin = i;
            t.end = i + n;
            add_quarters_before(c, words, spent, &t);
            add_quarters(c, words, spent, &t);
            return t;
        }
    }
    return no_time;
}

/* ---------------------------------------------------------------- bare hours */

static wk_clock_time_t led_by(const wk_catalogue_t *c, const char *list,
                              const wk_words_t *words, bool *spent)
{
    for (size_t i = 0; i < words->count; i++) {
        size_t n = wk_word_list_at(c, list, words, i);
        if (n == 0 || i + n >= words->count || !wk_are_unspent(spent, i, n + 1)) {
            continue;
        }
        wk_clock_time_t t = wk_clock_hour(wk_small_number(words->at[i + n].text));
        if (t.hour >= 0) {
            wk_spend(spent, i, n + 1);
            t.begin = i;
            t.end = i + n + 1;
            return t;
        }
    }
    return no_time;
}

static wk_clock_time_t read_quarters(const wk_catalogue_t *c, const wk_words_t *words,
                                     bool *spent)
{
    wk_clock_time_t t = no_time;
    for (size_t i = 0; i < QUARTER_LEADS && t.hour < 0; i++) {
        t = led_by(c, quarter_leads[i].list, words, spent);
        if (t.hour >= 0) {
            set_quarters(&t, quarter_leads[i].quarters);
        }
    }
    return t;
}

/* "3 y cuarto": the hour that quarters are added to; they may count something else, too: "2 y
 * media horas". */
static wk_clock_time_t read_hour_of_quarters(const wk_catalogue_t *c, const wk_words_t *words,
                                             bool *spent)
{
    for (size_t i = 0; i + 1 < words->count; i++) {
        int quarters;
        wk_clock_time_t t = wk_clock_hour(wk_small_number(words->at[i].text));
        size_t n = t.hour > 0 ? quarters_at(c, words, i + 1, &quarters) : 0;
        if (n > 0 && wk_are_unspent(spent, i, n + 1) &&
            wk_word_list_at(c, "number_unit", words, i + 1 + n) == 0) {
            wk_spend(spent, i, 1);
            t.begin = i;
            t.end = i + 1;
            return t;
        }
    }
    return no_time;
}

wk_clock_time_t wk_read_bare_time(const wk_catalogue_t *c, const wk_words_t *words, bool *spent)
{
    wk_clock_time_t t = read_quarters(c, words, spent);
    if (t.hour >= 0) {
        return t;
    }
    t = read_hour_of_quarters(c, words, spent);
    if (t.hour >= 0) {
        add_quarters(c, words, spent, &t);
        return t;
    }
    t = led_by(c, "time.at", words, spent);
    if (t.hour < 0) {
        t = led_by(c, "time.for", words, spent);
        t.doubtful = true;
    }
    add_quarters(c, words, spent, &t);
    return t;
}

/* ---------------------------------------------------------------- comparing */

bool wk_clock_time_is(wk_clock_time_t t, va_str_t time)
{
    if (time.len != 5) {
        return false;
    }
    int minutes = t.hour * 60 + t.minute;
    int at =
        wk_small_number(va_str(time.data, 2)) * 60 + wk_small_number(va_str(time.data + 3, 2));
    return at == minutes || (!t.certain && t.hour < 12 && at == minutes + 12 * 60);
}
