#include "worker/agent/message_reading.h"

#include "core/phone.h"
#include "worker/agent/day_reading.h"
#include "worker/agent/number_words.h"

#include <string.h>

#define MIN_ORDER_DIGITS  2 /* of a number behind "order"; fewer are a quantity */
#define MIN_ALONE_DIGITS  3
#define MAX_ORDER_NUMBER  40
#define MAX_FOREIGN_WORDS 3 /* of a phrase of order.foreign */
#define POSTCODE          6 /* characters */

static bool is_order_character(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           c == '-';
}

/* The order number text begins with: letters, digits and '-', some of them digits. */
static va_str_t number_at(va_str_t text, size_t min_digits)
{
    size_t len = 0, digits = 0;
    while (len < text.len && len <= MAX_ORDER_NUMBER && is_order_character(text.data[len])) {
        digits += text.data[len] >= '0' && text.data[len] <= '9';
        len++;
    }
    while (len > 0 && text.data[len - 1] == '-') {
        len--;
    }
    return digits >= min_digits && len <= MAX_ORDER_NUMBER ? va_str(text.data, len)
                                                           : VA_STR_NULL;
}

static va_str_t number_behind_hash(va_str_t text)
{
    const char *end = text.data + text.len;
    const char *hash = text.len > 0 ? memchr(text.data, '#', text.len) : NULL;
    while (hash != NULL) {
        const char *p = hash + 1;
        while (p < end && *p == ' ') {
            p++;
        }
        va_str_t number = number_at(va_str(p, (size_t)(end - p)), 1);
        if (number.data != NULL) {
            return number;
        }
        hash = memchr(hash + 1, '#', (size_t)(end - hash - 1));
    }
    return VA_STR_NULL;
}

/* "no" is also what a refusal begins with; "No. 1042" and "n° 1042" have a sign behind it. */
static bool leads_to_number(const wk_reading_t *r, const wk_phrases_t *abbreviated, size_t at)
{
    size_t end = r->words.at[at].end;
    va_str_t rest = va_str(r->text.data + end, r->text.len - end);
    return wk_phrases_at(abbreviated, &r->words, at) == 0 ||
           (rest.len > 0 && rest.data[0] == '.') ||
           (rest.len > 1 && memcmp(rest.data, "\xc2\xb0", 2) == 0);
}

/*
 * Word at is of such a phrase: "phone number", "call back number", "número telefónico". In
 * whatever language: "número" reads as French "numéro" too.
 */
static bool is_foreign(const wk_catalogue_t *c, const wk_words_t *words, size_t at)
{
    for (size_t before = 0; before < MAX_FOREIGN_WORDS && before <= at; before++) {
        if (wk_word_list_at(c, "order.foreign", words, at - before) > before) {
            return true;
        }
    }
    return false;
}

/*
 * Behind a word such as "order" or "number", at most one word between; what names a day or a
 * time is none.
 */
static va_str_t number_behind_word(const wk_catalogue_t *c, const wk_language_t *l,
                                   const wk_reading_t *r)
{
    size_t at = 0, len;
    const wk_phrases_t *words = wk_word_list(l, "order.words");
    const wk_phrases_t *abbreviated = wk_word_list(l, "order.abbreviated");
    for (size_t from = 0; wk_phrases_find(words, &r->words, from, &at, &len); from = at + len) {
        bool foreign = is_foreign(c, &r->words, at);
        size_t end = !foreign && leads_to_number(r, abbreviated, at) ? at + len + 2 : 0;
        for (size_t i = at + len; i < end && i < r->words.count && !r->spent[i]; i++) {
            size_t begin = r->words.at[i].begin;
            va_str_t number =
                number_at(va_str(r->text.data + begin, r->text.len - begin), MIN_ORDER_DIGITS);
            if (number.data != NULL) {
                return number;
            }
        }
    }
    return VA_STR_NULL;
}

/* A message that is nothing but a number. */
static va_str_t number_alone(const wk_reading_t *r)
{
    va_str_t number = number_at(r->text, MIN_ALONE_DIGITS);
    return number.len == r->text.len ? number : VA_STR_NULL;
}

static bool is_long_number(va_str_t word)
{
    size_t digits = 0;
    while (digits < word.len && word.data[digits] >= '0' && word.data[digits] <= '9') {
        digits++;
    }
    return digits == word.len && digits >= MIN_ALONE_DIGITS && digits <= MAX_ORDER_NUMBER;
}

/* "It's 1042, thanks": beside its digits words that are polite or lead to it; a phone is none.
 */
static va_str_t number_politely_alone(wk_arena_t *a, const wk_catalogue_t *c,
                                      const wk_reading_t *r)
{
    static const char *const lists[] = {"reach.words", "courtesy", "yes.", "order.words", NULL};
    size_t at = 0;
    while (at < r->words.count && !is_long_number(r->words.at[at].text)) {
        at++;
    }
    if (at == r->words.count || r->phone.data != NULL || r->spent[at]) {
        return VA_STR_NULL;
    }
    r->spent[at] = true;
    bool alone = wk_reading_is_only(a, c, r, lists, false);
    r->spent[at] = false;
    return alone ? va_str(r->text.data + r->words.at[at].begin,
                          r->words.at[at].end - r->words.at[at].begin)
                 : VA_STR_NULL;
}

/* ---------------------------------------------------------------- what is written on an order
 */

static bool is_address_character(char c)
{
    return is_order_character(c) || c == '.' || c == '_' || c == '+' || c == '%';
}

va_str_t wk_email_in(va_str_t text)
{
    const char *at = text.len > 0 ? memchr(text.data, '@', text.len) : NULL;
    if (at == NULL) {
        return VA_STR_NULL;
    }
    const char *from = at, *to = at + 1, *end = text.data + text.len;
    while (from > text.data && is_address_character(from[-1])) {
        from--;
    }
    while (to < end && is_address_character(*to)) {
        to++;
    }
    while (to > at + 1 && to[-1] == '.') {
        to--; /* of the sentence */
    }
    size_t domain = (size_t)(to - at - 1);
    bool whole = from < at && domain > 0 && memchr(at + 1, '.', domain) != NULL;
    return whole ? va_str(from, (size_t)(to - from)) : VA_STR_NULL;
}

static va_str_t phone_in(wk_arena_t *a, va_str_t text)
{
    char number[VA_PHONE_MAX + 1];
    return va_phone_find(number, text) ? wk_copy(a, va_str_c(number)) : VA_STR_NULL;
}

/* A letter and a digit by turns, six in all. */
static bool is_postcode(va_str_t s)
{
    bool is = s.len == POSTCODE;
    for (size_t i = 0; is && i < s.len; i++) {
        bool letter = s.data[i] >= 'a' && s.data[i] <= 'z';
        bool digit = s.data[i] >= '0' && s.data[i] <= '9';
        is = i % 2 == 0 ? letter : digit;
    }
    return is;
}

/* In one word, in two, or spelt. */
static va_str_t postcode_in(wk_arena_t *a, const wk_words_t *words)
{
    for (size_t i = 0; i < words->count; i++) {
        va_buf_t joined;
        va_buf_init(&joined, wk_mem(a), POSTCODE + 1);
        for (size_t j = i; j < words->count && joined.len < POSTCODE; j++) {
            va_buf_add_str(&joined, wk_cut_text(words->at[j].text, POSTCODE + 1));
        }
        if (is_postcode(va_buf_str(&joined))) {
            return va_buf_str(&joined);
        }
    }
    return VA_STR_NULL;
}

static bool is_a_date(const wk_reading_t *r)
{
    return r->words.count > 0 && r->spent[0];
}

/* "10 heures ou 14 heures": the unit of the second is no question for the hours. */
static void spend_units(const wk_catalogue_t *c, wk_reading_t *r)
{
    for (size_t i = 0; i + 1 < r->words.count && r->time.hour >= 0; i++) {
        size_t n = wk_small_number(r->words.at[i].text) >= 0
                       ? wk_word_list_at(c, "time.unit", &r->words, i + 1)
                       : 0;
        wk_spend(r->spent, i + 1, n);
    }
}

static void count_numbers(wk_reading_t *r)
{
    for (size_t i = 0; i < r->words.count; i++) {
        int number = r->spent[i] ? -1 : wk_small_number(r->words.at[i].text);
        if (number >= 0) {
            r->number = r->numbers == 0 ? number : r->number;
            r->numbers++;
        }
    }
}

/* "Anything but Friday at 10" wishes for no ten o'clock. */
static void drop_excepted_time(const wk_catalogue_t *c, wk_reading_t *r)
{
    size_t at = r->excepted_end;
    size_t begin = r->time.begin, lead = wk_word_list_at(c, "time.at", &r->words, at);
    if (r->excepted && r->time.hour >= 0 && (begin == at || begin == at + lead) &&
        !wk_words_are_cut(r, at, ".,;!?\n")) {
        r->time = (wk_clock_time_t){.hour = -1};
    }
}

/* What is written as a time first: "3 décembre 10 h" has one number that can be a day. */
static void read_moment(wk_arena_t *a, const wk_catalogue_t *c, const wk_language_t *spoken,
                        wk_reading_t *r)
{
    r->spent = wk_alloc(a, (r->words.count + 1) * sizeof(*r->spent));
    r->time = wk_read_written_time(c, r->text, &r->words, r->spent);
    wk_read_days(a, c, spoken, r);
    if (r->time.hour < 0) {
        r->time = wk_read_bare_time(c, &r->words, r->spent);
    }
    wk_move_to_later_half(c, &r->words, r->spent, &r->time);
    drop_excepted_time(c, r);
    spend_units(c, r);
    count_numbers(r);
}

wk_reading_t wk_read_message(wk_arena_t *a, const wk_catalogue_t *c,
                             const wk_language_t *spoken, va_str_t text)
{
    wk_reading_t r = {.ahead = -1, .number = -1};
    r.text = wk_write_numbers(a, c, wk_trim(text), &r.words);
    r.asked = r.text.len > 0 && memchr(r.text.data, '?', r.text.len) != NULL;
    read_moment(a, c, spoken, &r);
    r.email = wk_copy(a, wk_email_in(r.text));
    r.phone = phone_in(a, r.text);
    r.postcode = postcode_in(a, &r.words);
    r.order_number = number_behind_hash(r.text);
    for (size_t i = 0; i < wk_catalogue_count(c) && r.order_number.data == NULL; i++) {
        r.order_number = number_behind_word(c, wk_catalogue_at(c, i), &r);
    }
    r.order_named = r.order_number.data != NULL;
    if (!r.order_named && !is_a_date(&r)) {
        r.order_number = number_alone(&r);
    }
    if (r.order_number.data == NULL) {
        r.order_number = number_politely_alone(a, c, &r);
    }
    return r;
}

/* ---------------------------------------------------------------- nothing else */

typedef struct {
    const wk_words_t *words;
    size_t *covers; /* by word: how many from there on */
} cover_t;

static void cover(void *ctx, va_str_t rest, const wk_phrases_t *phrases)
{
    cover_t *s = ctx;
    (void)rest;
    for (size_t i = 0; i < s->words->count; i++) {
        size_t n = wk_phrases_at(phrases, s->words, i);
        s->covers[i] = n > s->covers[i] ? n : s->covers[i];
    }
}

static void cover_by(const wk_language_t *l, const char *list, cover_t *s)
{
    if (list[strlen(list) - 1] == '.') {
        wk_word_lists(l, list, cover, s);
    } else {
        cover(s, VA_STR_NULL, wk_word_list(l, list));
    }
}

static bool is_covered(const wk_reading_t *r, const size_t *covers, bool with_numbers)
{
    for (size_t i = 0; i < r->words.count;) {
        bool number = with_numbers && wk_small_number(r->words.at[i].text) >= 0;
        size_t n = r->spent[i] ? 1 : covers[i];
        if (n == 0 && !number) {
            return false;
        }
        i += n > 0 ? n : 1;
    }
    return r->words.count > 0;
}

bool wk_reading_is_only(wk_arena_t *a, const wk_catalogue_t *c, const wk_reading_t *r,
                        const char *const *lists, bool with_numbers)
{
    bool only = false;
    for (size_t i = 0; i < wk_catalogue_count(c) && !only && !r->excepted && !r->unmeant; i++) {
        cover_t s = {&r->words, wk_alloc(a, (r->words.count + 1) * sizeof(size_t))};
        for (size_t k = 0; lists[k] != NULL; k++) {
            cover_by(wk_catalogue_at(c, i), lists[k], &s);
        }
        only = is_covered(r, s.covers, with_numbers);
    }
    return only;
}

bool wk_reading_has(const wk_catalogue_t *c, const wk_reading_t *r, const char *list)
{
    return wk_word_list_in(c, list, &r->words);
}

bool wk_reading_names_a_day(const wk_reading_t *r)
{
    return r->vague || r->weekday != 0 || r->ahead >= 0 || r->day.data != NULL ||
           r->span != WK_SPAN_NONE;
}

bool wk_reading_names_a_moment(const wk_reading_t *r)
{
    return wk_reading_names_a_day(r) || r->time.hour >= 0;
}

bool wk_reading_has_beside(const wk_catalogue_t *c, const wk_reading_t *r, const char *list)
{
    size_t at, len;
    for (size_t i = 0; i < wk_catalogue_count(c); i++) {
        const wk_phrases_t *words = wk_word_list(wk_catalogue_at(c, i), list);
        for (size_t from = 0; wk_phrases_find(words, &r->words, from, &at, &len);
             from = at + len) {
            if (!r->spent[at]) {
                return true;
            }
        }
    }
    return false;
}
