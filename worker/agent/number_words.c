#include "worker/agent/number_words.h"

#include <limits.h>
#include <stdio.h>

#include "worker/agent/clock_time.h"

#define MOST_DIGITS   20
#define LEAST_ORDER   3 /* digits */
#define LEAST_PHONE   7
#define LEAST_DAY     4 /* "le deux" may be a choice */
#define LEAST_ALONE   4 /* and so may be "two" */
#define MOST_DAY      31
#define LEAST_MINUTES 10 /* "ten thirty", not "two two" */
#define HOURS         24
#define MINUTES       60
#define MOST_LEAD     4  /* words */
#define MOST_BESIDE   12 /* words: who says more says something else */

/* A number that begins at a word. */
typedef struct {
    int value;
    size_t len; /* in words; 0: none begins there */
} number_t;

/* The same, as a list's name has it: of a long message there are many. */
typedef struct {
    unsigned char value, len;
} listed_t;

typedef struct {
    const wk_catalogue_t *c;
    const wk_language_t *l;
    va_str_t text;
    wk_words_t words;
    /* By word, and none behind the last. */
    listed_t *small, *hundreds, *ordinals;
    unsigned char *days, *months; /* how many words are one */
    unsigned char *any_months;    /* the same in whatever language */
    va_buf_t out;
    size_t written;  /* bytes of text that stand in out */
    size_t hour_end; /* the word behind the hour that was written last */
} writer_t;

/* Numbers that stand side by side: "one oh four two", "ten forty two". */
typedef struct {
    size_t begin, end; /* its words */
    int values[2];     /* of the first two */
    size_t parts;
    char digits[MOST_DIGITS + 1];
    size_t len;
    bool spoken; /* one of them is in words */
    bool of_one; /* "the ten thirty one" */
} run_t;

/* ---------------------------------------------------------------- words */

typedef struct {
    const wk_words_t *words;
    listed_t *numbers;
    unsigned char *lens;
    bool any;
} notes_t;

static void note_numbers(void *ctx, va_str_t rest, const wk_phrases_t *phrases)
{
    notes_t *notes = ctx;
    int value = wk_small_number(rest);
    for (size_t i = 0; i < notes->words->count && value >= 0; i++) {
        size_t n = wk_phrases_at(phrases, notes->words, i);
        if (n > notes->numbers[i].len && n <= UCHAR_MAX) {
            notes->numbers[i] = (listed_t){(unsigned char)value, (unsigned char)n};
            notes->any = true;
        }
    }
}

static void note_lens(void *ctx, va_str_t rest, const wk_phrases_t *phrases)
{
    notes_t *notes = ctx;
    (void)rest;
    for (size_t i = 0; i < notes->words->count; i++) {
        size_t n = wk_phrases_at(phrases, notes->words, i);
        if (n > notes->lens[i] && n <= UCHAR_MAX) {
            notes->lens[i] = (unsigned char)n;
        }
    }
}

/* Into numbers; false: there are none. */
static bool find_numbers(const writer_t *w, const char *prefix, listed_t *numbers)
{
    notes_t notes = {.words = &w->words, .numbers = numbers};
    memset(numbers, 0, (w->words.count + 1) * sizeof(*numbers));
    wk_word_lists(w->l, prefix, note_numbers, &notes);
    return notes.any;
}

/* How many words the list's phrase at i takes; 0: none stands there. */
static size_t at(const writer_t *w, const char *list, size_t i)
{
    return wk_phrases_at(wk_word_list(w->l, list), &w->words, i);
}

static void find_dates(const writer_t *w)
{
    notes_t days = {.words = &w->words, .lens = w->days},
            months = {.words = &w->words, .lens = w->months},
            any_months = {.words = &w->words, .lens = w->any_months};
    memset(w->days, 0, w->words.count + 1);
    memset(w->months, 0, w->words.count + 1);
    memset(w->any_months, 0, w->words.count + 1);
    wk_word_lists(w->l, "weekday.", note_lens, &days);
    note_lens(&days, VA_STR_NULL, wk_word_list(w->l, "day.today"));
    note_lens(&days, VA_STR_NULL, wk_word_list(w->l, "day.tomorrow"));
    wk_word_lists(w->l, "month.", note_lens, &months);
    for (size_t i = 0; i < w->words.count; i++) {
        if (w->months[i] > 0 && at(w, "date.month_verb", i) > 0) {
            w->months[i] = 0; /* "the first may work" */
        }
    }
    for (size_t i = 0; i < wk_catalogue_count(w->c); i++) {
        wk_word_lists(wk_catalogue_at(w->c, i), "month.", note_lens, &any_months);
    }
}

/* A phrase of the list ends before word i. */
static bool is_led(const writer_t *w, const char *list, size_t i)
{
    size_t n = 1;
    while (n <= i && n <= MOST_LEAD && at(w, list, i - n) != n) {
        n++;
    }
    return n <= i && n <= MOST_LEAD;
}

/* Nothing but a blank or a hyphen stands before word i. */
static bool is_beside(const writer_t *w, size_t i)
{
    size_t from = i > 0 ? w->words.at[i - 1].end : 0;
    bool beside = i > 0 && i < w->words.count;
    for (size_t k = from; beside && k < w->words.at[i].begin; k++) {
        beside = w->text.data[k] == ' ' || w->text.data[k] == '-';
    }
    return beside;
}

/* ---------------------------------------------------------------- numbers */

/* "dix sept" is 17 in a language without a word for it. */
static number_t below_twenty(const writer_t *w, size_t i)
{
    listed_t first = w->small[i], second = w->small[i + first.len];
    number_t n = {first.value, first.len}, more = {second.value, second.len};
    bool joins = n.len > 0 && n.value == 10 && more.len > 0 && more.value >= 7 &&
                 more.value <= 9 && wk_word_list(w->l, "number.17")->count == 0;
    return joins ? (number_t){n.value + more.value, n.len + more.len} : n;
}

/* "forty two", "treinta y uno", "soixante et onze" */
static number_t below_hundred(const writer_t *w, size_t i)
{
    number_t n = below_twenty(w, i);
    size_t behind = i + n.len, joint = n.len > 0 ? at(w, "number_and", behind) : 0;
    number_t more = below_twenty(w, behind + joint);
    bool tens = n.len > 0 && n.value >= 20 && n.value % 10 == 0;
    bool unit = more.value >= 1 && more.value <= 9;
    bool teen = (n.value == 60 || n.value == 80) && more.value >= 10 && more.value <= 19;
    return tens && more.len > 0 && (unit || teen)
               ? (number_t){n.value + more.value, n.len + joint + more.len}
               : n;
}

/* What is above, and the rest: "two hundred and five". */
static number_t with_rest(const writer_t *w, size_t i, number_t above,
                          number_t (*rest_at)(const writer_t *, size_t))
{
    size_t behind = i + above.len, joint = at(w, "number_and", behind);
    number_t rest = rest_at(w, behind + joint);
    return rest.len > 0 ? (number_t){above.value + rest.value, above.len + joint + rest.len}
                        : above;
}

static number_t below_thousand(const writer_t *w, size_t i)
{
    number_t hundreds = {w->hundreds[i].value * 100, w->hundreds[i].len};
    return hundreds.len > 0 ? with_rest(w, i, hundreds, below_hundred) : below_hundred(w, i);
}

/* "mil cuarenta y dos" */
static number_t number_at(const writer_t *w, size_t i)
{
    number_t n = below_thousand(w, i);
    size_t thousand = at(w, "number_thousand", i + n.len);
    if (thousand == 0) {
        return n;
    }
    number_t above = {(n.len > 0 ? n.value : 1) * 1000, n.len + thousand};
    return with_rest(w, i, above, below_thousand);
}

static bool add_part(run_t *run, int value, va_str_t digits)
{
    if (run->len + digits.len > MOST_DIGITS) {
        return false;
    }
    if (run->parts < 2) {
        run->values[run->parts] = value;
    }
    memcpy(run->digits + run->len, digits.data, digits.len);
    run->len += digits.len;
    run->parts++;
    return true;
}

/* "Sept 15" and "le 15 sept" name a day: there "sept" is no seven. */
static bool is_month_of_day(const writer_t *w, size_t i)
{
    size_t behind = i + w->any_months[i];
    return behind > i &&
           ((i > 0 && wk_small_number(w->words.at[i - 1].text) >= 0) ||
            (behind < w->words.count && wk_small_number(w->words.at[behind].text) >= 0));
}

/* Of written ones those of one or two digits: "1 oh 4 2". */
static run_t run_at(const writer_t *w, size_t i)
{
    char digits[16];
    run_t run = {.begin = i, .end = i};
    while (run.end < w->words.count && (run.end == i || is_beside(w, run.end)) &&
           !is_month_of_day(w, run.end)) {
        number_t n = number_at(w, run.end);
        va_str_t written = w->words.at[run.end].text;
        int len = n.len > 0 ? snprintf(digits, sizeof(digits), "%d", n.value) : 0;
        bool spoken = n.len > 0;
        va_str_t text = spoken ? va_str(digits, (size_t)len) : written;
        if ((!spoken && wk_small_number(written) < 0) ||
            !add_part(&run, spoken ? n.value : wk_small_number(written), text)) {
            break;
        }
        run.spoken = run.spoken || spoken;
        run.end += spoken ? n.len : 1;
    }
    return run;
}

/* ---------------------------------------------------------------- what it is */

static bool is_led_by_order(const writer_t *w, size_t i)
{
    bool abbreviated = is_led(w, "order.abbreviated", i);
    return (is_led(w, "order.words", i) && !abbreviated) ||
           (i > 0 && is_led(w, "order.words", i - 1) && !is_led(w, "order.abbreviated", i - 1));
}

static bool is_led_by_time(const writer_t *w, size_t i)
{
    static const char *const lists[] = {"time.spoken", "time.half_past", "time.quarter_past",
                                        "time.quarter_to"};
    bool led = false;
    for (size_t k = 0; k < sizeof(lists) / sizeof(*lists) && !led; k++) {
        led = is_led(w, lists[k], i);
    }
    return led;
}

/* Before "heures": any phrase that leads to a time. */
static bool may_lead_to_hours(const writer_t *w, size_t i)
{
    return is_led_by_time(w, i) || is_led(w, "time.at", i) || is_led(w, "time.for", i) ||
           is_led(w, "time.from", i) || is_led(w, "time.until", i);
}

/* "O'clock", "pm", "p.m." */
static bool is_clock_at(const writer_t *w, size_t i)
{
    va_str_t word = i < w->words.count ? w->words.at[i].text : VA_STR("");
    bool pointed = i + 1 < w->words.count &&
                   (va_str_eq(word, VA_STR("a")) || va_str_eq(word, VA_STR("p"))) &&
                   va_str_eq(w->words.at[i + 1].text, VA_STR("m"));
    return at(w, "time.clock", i) > 0 || va_str_eq(word, VA_STR("am")) ||
           va_str_eq(word, VA_STR("pm")) || pointed;
}

/* "In the morning", "y media", "moins le quart" */
static bool is_half_at(const writer_t *w, size_t i)
{
    return at(w, "time.am", i) > 0 || at(w, "time.pm", i) > 0 ||
           at(w, "time.and_half", i) > 0 || at(w, "time.and_quarter", i) > 0 ||
           at(w, "time.less_quarter", i) > 0;
}

/* A day stands directly before the run, or behind it ("at one on Friday"). */
static bool is_beside_day(const writer_t *w, const run_t *run)
{
    bool day =
        w->days[run->end] > 0 || (run->end < w->words.count && w->days[run->end + 1] > 0);
    for (size_t n = 1; n <= run->begin && n <= MOST_LEAD && !day; n++) {
        day = w->days[run->begin - n] == n;
    }
    return day;
}

/* "Heures vingt", behind the run's hour: how many words; 0: no minutes stand there. */
static size_t unit_and_minutes_at(const writer_t *w, const run_t *run)
{
    size_t unit = at(w, "time.unit", run->end);
    number_t minutes = unit > 0 ? number_at(w, run->end + unit) : (number_t){0, 0};
    return minutes.len > 0 && minutes.value < MINUTES ? unit + minutes.len : 0;
}

/* How many words correct what stands before them; 0: none do. */
static size_t correction_at(const writer_t *w, size_t i)
{
    size_t strong = at(w, "wish.correction", i), weak = at(w, "wish.correction_weak", i);
    return strong > weak ? strong : weak;
}

/* What is said in one go: before a correction, or behind it. */
static void find_part(const writer_t *w, const run_t *run, size_t *begin, size_t *end)
{
    *begin = 0;
    *end = w->words.count;
    for (size_t i = 0; i < run->begin; i++) {
        size_t n = correction_at(w, i);
        *begin = n > 0 && i + n <= run->begin && i + n > *begin ? i + n : *begin;
    }
    for (size_t i = w->words.count; i > run->end; i--) {
        *end = correction_at(w, i - 1) > 0 ? i - 1 : *end;
    }
}

/* Beside the run nothing is said but courtesies, and what leads to a number. */
static bool is_alone(const writer_t *w, const run_t *run)
{
    size_t begin, end, minutes = unit_and_minutes_at(w, run);
    static const char *const lists[] = {
        "reschedule.instead", "choice.filler",    "reschedule.make",  "courtesy",
        "intent.yes",         "yes.word",         "yes.filler",       "reach.words",
        "time.spoken",        "talk.backchannel", "order.words",      "time.unit",
        "time.and_half",      "time.am",          "time.and_quarter", "time.pm",
        "time.less_quarter"};
    if (w->words.count - (run->end - run->begin) > MOST_BESIDE) {
        return false;
    }
    find_part(w, run, &begin, &end);
    size_t i = begin, n = 1;
    while (i < end && n > 0) {
        n = i == run->begin ? run->end - run->begin : i == run->end ? minutes : 0;
        for (size_t k = 0; k < sizeof(lists) / sizeof(*lists) && i != run->begin; k++) {
            size_t len = at(w, lists[k], i);
            n = len > n && (i > run->begin || i + len <= run->begin) ? len : n;
        }
        i += n;
    }
    return n > 0;
}

/* One number that can be an hour, or one and its minutes. */
static bool can_be_time(const run_t *run)
{
    return run->parts <= 2 && run->values[0] < HOURS &&
           (run->parts == 1 || (run->values[1] >= LEAST_MINUTES && run->values[1] < MINUTES)) &&
           run->len <= 4;
}

/* "Ten oh five" */
static bool has_small_minutes(const run_t *run)
{
    return run->parts == 3 && run->values[0] < HOURS && run->values[1] == 0 &&
           run->digits[run->len - 2] == '0';
}

/* "Y veinte" at i, behind an hour: *minutes, and how many words; 0: none stand there. */
static size_t and_minutes_at(const writer_t *w, size_t i, int *minutes)
{
    size_t joint = at(w, "time.and", i);
    number_t n = joint > 0 ? number_at(w, i + joint) : (number_t){0, 0};
    bool are = n.len > 0 && n.value < MINUTES && (n.value % 5 == 0 || n.value >= LEAST_MINUTES);
    *minutes = n.value;
    return are ? joint + n.len : 0;
}

/* "Las dos y veinte" */
static bool has_article_and_minutes(const writer_t *w, const run_t *run)
{
    int minutes;
    return run->parts == 1 && is_led(w, "time.article", run->begin) &&
           and_minutes_at(w, run->end, &minutes) > 0;
}

/* The words behind it say that it is a time, or those before it; "one" is more often not. */
static bool is_time(const writer_t *w, const run_t *run)
{
    size_t unit = at(w, "time.unit", run->end);
    bool one = run->parts == 1 && run->values[0] == 1, led = is_led_by_time(w, run->begin);
    bool last = run->end == w->words.count || !is_beside(w, run->end);
    bool counts = at(w, "number_unit", run->end) > 0 || at(w, "date.counted", run->end) > 0;
    if (!can_be_time(run) && !has_small_minutes(run)) {
        return false;
    }
    return run->of_one || is_clock_at(w, run->end) || has_article_and_minutes(w, run) ||
           (is_half_at(w, run->end + unit) && (led || !one || unit > 0)) ||
           (led && !counts && (last || !one || is_beside_day(w, run))) ||
           (unit > 0 && (w->hour_end > 0 || may_lead_to_hours(w, run->begin) ||
                         is_beside_day(w, run) || is_alone(w, run))) ||
           (run->parts > 1 && run->values[1] % 5 == 0 && run->values[0] <= HOURS / 2 &&
            (is_beside_day(w, run) || is_alone(w, run)));
}

/* "Quince de diciembre", "December fifteen" */
static bool is_beside_month(const writer_t *w, size_t begin, size_t end)
{
    bool month = w->months[end + at(w, "date.joint", end)] > 0;
    for (size_t n = 1; n <= begin && n <= MOST_LEAD && !month; n++) {
        month = w->months[begin - n] == n;
    }
    return month;
}

/* "Le quinze", "on the fifteenth" */
static bool is_led_by_day(const writer_t *w, size_t begin, int value)
{
    return value >= LEAST_DAY &&
           (is_led(w, "date.on", begin) || is_led(w, "date.surely_on", begin));
}

static bool is_day(const writer_t *w, size_t begin, size_t end, int value)
{
    return value >= 1 && value <= MOST_DAY && at(w, "number_unit", end) == 0 &&
           (is_beside_month(w, begin, end) || is_led_by_day(w, begin, value));
}

/* ---------------------------------------------------------------- writing */

static void write_at(writer_t *w, size_t begin, size_t end, va_str_t digits)
{
    size_t from = w->words.at[begin].begin;
    va_buf_add(&w->out, w->text.data + w->written, from - w->written);
    va_buf_add_str(&w->out, digits);
    w->written = w->words.at[end - 1].end;
}

/* "10", "10:30"; the minutes may stand behind an "and": "a las diez y treinta". */
static size_t write_time(wk_arena_t *a, writer_t *w, const run_t *run)
{
    int minutes;
    size_t end = run->end, behind = and_minutes_at(w, end, &minutes);
    int minute = run->parts == 3   ? run->digits[run->len - 1] - '0'
                 : run->parts == 2 ? run->values[1]
                 : run->of_one     ? 0
                                   : -1;
    if (minute < 0 && behind > 0 &&
        (is_led_by_time(w, run->begin) || has_article_and_minutes(w, run))) {
        minute = minutes;
        end += behind;
    }
    write_at(w, run->begin, end,
             minute >= 0 ? wk_printf(a, "%d:%02d", run->values[0], minute)
                         : wk_printf(a, "%d", run->values[0]));
    w->hour_end = end;
    return end;
}

/* The number at i, in words or in digits. */
static number_t any_number_at(const writer_t *w, size_t i)
{
    number_t n = number_at(w, i);
    int written = n.len == 0 && i < w->words.count ? wk_small_number(w->words.at[i].text) : -1;
    return written >= 0 ? (number_t){written, 1} : n;
}

static bool is_hour(number_t n)
{
    return n.len > 0 && n.value >= 1 && n.value <= HOURS / 2;
}

/* Of an hour, minutes below nought being of the one before. */
static void write_minutes(wk_arena_t *a, writer_t *w, size_t begin, size_t end, int hour,
                          int minutes)
{
    if (minutes < 0) {
        hour = hour > 1 ? hour - 1 : HOURS / 2;
        minutes += MINUTES;
    }
    write_at(w, begin, end, wk_printf(a, "%d:%02d", hour, minutes));
}

/* "Twenty past two", "ten to three", but neither "nine to five" nor "from ten to three". */
static size_t write_minutes_before(wk_arena_t *a, writer_t *w, size_t i)
{
    number_t n = any_number_at(w, i);
    size_t past = n.len > 0 ? at(w, "time.minutes_past", i + n.len) : 0,
           to = n.len > 0 ? at(w, "time.minutes_to", i + n.len) : 0;
    number_t hour = any_number_at(w, i + n.len + past + to);
    bool digits = number_at(w, i).len == 0;
    bool range = to > 0 && (is_led(w, "time.from", i) || is_led(w, "time.between", i) ||
                            (digits && n.value < 20 && !is_led_by_time(w, i)));
    if (past + to == 0 || n.value % 5 != 0 || n.value < 5 || n.value >= MINUTES / 2 ||
        !is_hour(hour) || range) {
        return i;
    }
    size_t end = i + n.len + past + to + hour.len;
    if (at(w, "number_unit", end) > 0 || at(w, "date.counted", end) > 0) {
        return i; /* "five to ten minutes", "ten to twelve people" */
    }
    write_minutes(a, w, i, end, hour.value, to > 0 ? -n.value : n.value);
    return end;
}

/* "Trois heures moins dix", "las tres menos veinte" */
static size_t write_minutes_less(wk_arena_t *a, writer_t *w, size_t i)
{
    number_t hour = any_number_at(w, i);
    size_t unit = is_hour(hour) ? at(w, "time.unit", i + hour.len) : 0,
           less = is_hour(hour) ? at(w, "time.less", i + hour.len + unit) : 0;
    number_t n = less > 0 ? any_number_at(w, i + hour.len + unit + less) : (number_t){0, 0};
    if (n.len == 0 || n.value < 1 || n.value > MINUTES / 2) {
        return i;
    }
    size_t end = i + hour.len + unit + less + n.len;
    write_minutes(a, w, i, end, hour.value, -n.value);
    return end;
}

/* "The ten thirty one" is the one of half past ten. */
static void leave_out_the_one(const writer_t *w, run_t *run)
{
    bool one = run->parts == 2 && run->values[0] >= LEAST_ALONE && run->end > run->begin + 1 &&
               is_led(w, "number_of_one", run->begin) &&
               at(w, "number_one", run->end - 1) == 1 && w->small[run->end - 1].value == 1;
    if (!one) {
        return;
    }
    run->of_one = true;
    run->end--;
    run->values[1]--;
    run->len--;
    if (run->values[1] == 0) { /* "the ten one" */
        run->parts = 1;
    } else {
        run->digits[run->len++] = '0';
    }
}

/* "dix heures trente": the unit of the hour that was written ends where the run begins. */
static bool are_minutes(const writer_t *w, const run_t *run)
{
    size_t unit = w->hour_end > 0 ? at(w, "time.unit", w->hour_end) : 0;
    return unit > 0 && w->hour_end + unit == run->begin && run->parts == 1 &&
           run->values[0] < MINUTES;
}

/* "Oh ten please" is no time and no number with a nought before it. */
static bool begins_with_sigh(const run_t *run, bool order)
{
    return run->digits[0] == '0' && !order && run->len < LEAST_PHONE;
}

/* The run at i in digits, where it is a number that is meant so; the word to go on at. */
static size_t write_run(wk_arena_t *a, writer_t *w, size_t i)
{
    run_t run = run_at(w, i);
    leave_out_the_one(w, &run);
    va_str_t digits = va_str(run.digits, run.len);
    if (run.parts == 0 || !run.spoken) {
        return run.parts == 0 ? i + 1 : run.end;
    }
    bool order = run.len >= LEAST_ORDER && is_led_by_order(w, run.begin);
    if (begins_with_sigh(&run, order)) {
        return i + 1;
    }
    if (order || run.len >= LEAST_PHONE) {
        write_at(w, run.begin, run.end, digits);
    } else if (are_minutes(w, &run)) {
        write_at(w, run.begin, run.end, wk_printf(a, "%02d", run.values[0]));
    } else if (is_time(w, &run)) {
        return write_time(a, w, &run);
    } else if (run.parts == 1 && is_day(w, run.begin, run.end, run.values[0])) {
        write_at(w, run.begin, run.end, digits);
    } else if ((run.len >= LEAST_ORDER ||
                (run.parts == 1 && run.values[0] >= LEAST_ALONE && run.values[0] < HOURS)) &&
               is_alone(w, &run)) {
        write_at(w, run.begin, run.end, digits);
    }
    return run.end;
}

/* "December fifteenth", and with its ending "on the twenty first": it tells a day there. */
static size_t write_ordinal(wk_arena_t *a, writer_t *w, size_t i)
{
    number_t n = {w->ordinals[i].value, w->ordinals[i].len};
    if (n.len == 0 || !is_day(w, i, i + n.len, n.value)) {
        return i;
    }
    size_t suffixes = wk_word_list(w->l, "date.suffix")->count;
    bool ends = suffixes > 0 && !is_beside_month(w, i, i + n.len);
    va_str_t suffix = ends ? wk_word_at(w->l, "date.suffix", suffixes - 1) : VA_STR("");
    write_at(w, i, i + n.len, wk_printf(a, "%d%.*s", n.value, (int)suffix.len, suffix.data));
    return i + n.len;
}

/* In the words of one language; false: there is none. */
static bool write_in(wk_arena_t *a, writer_t *w)
{
    bool small = find_numbers(w, "number.", w->small),
         hundreds = find_numbers(w, "number_hundreds.", w->hundreds),
         ordinals = find_numbers(w, "number_ordinal.", w->ordinals);
    w->written = w->hour_end = 0;
    if (!small && !hundreds && !ordinals &&
        !wk_phrases_in(wk_word_list(w->l, "number_thousand"), &w->words) &&
        !wk_phrases_in(wk_word_list(w->l, "time.minutes_past"), &w->words) &&
        !wk_phrases_in(wk_word_list(w->l, "time.minutes_to"), &w->words) &&
        !wk_phrases_in(wk_word_list(w->l, "time.less"), &w->words)) {
        return false;
    }
    find_dates(w);
    va_buf_init(&w->out, wk_mem(a), w->text.len + MOST_DIGITS);
    for (size_t i = 0; i < w->words.count;) {
        size_t polite = at(w, "courtesy", i); /* "mil gracias" counts nothing */
        size_t behind = polite > 0 ? i + polite : write_ordinal(a, w, i);
        behind = behind > i ? behind : write_minutes_before(a, w, i);
        behind = behind > i ? behind : write_minutes_less(a, w, i);
        i = behind > i ? behind : write_run(a, w, i);
    }
    va_buf_add(&w->out, w->text.data + w->written, w->text.len - w->written);
    return w->written > 0;
}

va_str_t wk_write_numbers(wk_arena_t *a, const wk_catalogue_t *c, va_str_t text,
                          wk_words_t *words)
{
    writer_t w = {.c = c, .text = text, .words = wk_words(a, text)};
    size_t room = w.words.count + 1;
    w.small = wk_alloc(a, room * sizeof(*w.small));
    w.hundreds = wk_alloc(a, room * sizeof(*w.hundreds));
    w.ordinals = wk_alloc(a, room * sizeof(*w.ordinals));
    w.days = wk_alloc(a, room);
    w.months = wk_alloc(a, room);
    w.any_months = wk_alloc(a, room);
    for (size_t i = 0; i < wk_catalogue_count(c) && w.words.count > 0; i++) {
        w.l = wk_catalogue_at(c, i);
        if (write_in(a, &w)) {
            w.text = va_buf_str(&w.out);
            w.words = wk_words(a, w.text); /* no more than before: room is left */
        }
    }
    *words = w.words;
    return w.text;
}
