#include "worker/agent/message_reading.h"

#include <string.h>

#define MIN_ORDER_DIGITS 2 /* of a number behind "order"; fewer are a quantity */
#define MAX_ORDER_NUMBER 40

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

/* Behind a word such as "order" or "number", at most one word between. */
static va_str_t number_behind_word(const wk_language_t *l, const wk_reading_t *r)
{
    size_t at = 0, len;
    const wk_phrases_t *words = wk_word_list(l, "order.words");
    for (size_t from = 0; wk_phrases_find(words, &r->words, from, &at, &len); from = at + len) {
        for (size_t i = at + len; i < at + len + 2 && i < r->words.count; i++) {
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
    va_str_t number = number_at(r->text, 3);
    return number.len == r->text.len ? number : VA_STR_NULL;
}

static void read_in(const wk_language_t *l, wk_reading_t *r)
{
    va_str_t weekday = wk_word_list_named(l, "weekday.", &r->words),
             day = wk_word_list_named(l, "feast.", &r->words);
    if (r->order_number.data == NULL) {
        r->order_number = number_behind_word(l, r);
    }
    if (r->weekday == 0 && weekday.len == 1) {
        r->weekday = weekday.data[0] - '0';
    }
    if (r->ahead < 0 && wk_phrases_in(wk_word_list(l, "day.tomorrow"), &r->words)) {
        r->ahead = 1;
    } else if (r->ahead < 0 && wk_phrases_in(wk_word_list(l, "day.today"), &r->words)) {
        r->ahead = 0;
    }
    if (r->day.data == NULL && day.len == 5) {
        r->day = day;
    }
}

wk_reading_t wk_read_message(wk_arena_t *a, const wk_catalogue_t *c, va_str_t text)
{
    wk_reading_t r = {.text = wk_trim(text), .ahead = -1};
    r.words = wk_words(a, r.text);
    r.order_number = number_behind_hash(r.text);
    for (size_t i = 0; i < wk_catalogue_count(c); i++) {
        read_in(wk_catalogue_at(c, i), &r);
    }
    if (r.order_number.data == NULL) {
        r.order_number = number_alone(&r);
    }
    return r;
}
