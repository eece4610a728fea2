#include "worker/agent/day_number.h"

#include "worker/agent/clock_time.h"

#define LEAST_ORDINAL 4 /* "the 2nd" may be a choice */
#define MOST_DAY      31
#define MOST_LEAD     3 /* words before a day of a month */

/* How many words directly before word i are of the list. */
static size_t led_by(const wk_language_t *l, const char *list, const wk_words_t *words,
                     size_t i)
{
    const wk_phrases_t *phrases = wk_word_list(l, list);
    for (size_t n = 1; n <= i && n <= MOST_LEAD; n++) {
        if (wk_phrases_at(phrases, words, i - n) == n) {
            return n;
        }
    }
    return 0;
}

int wk_ordinal(const wk_language_t *l, va_str_t word, bool *ends)
{
    size_t n = 0;
    while (n < word.len && word.data[n] >= '0' && word.data[n] <= '9') {
        n++;
    }
    va_str_t rest = va_str(word.data + n, word.len - n);
    *ends = rest.len > 0;
    bool known = !*ends;
    for (size_t i = 0; !known && wk_word_at(l, "date.suffix", i).data != NULL; i++) {
        known = va_str_eq(rest, wk_word_at(l, "date.suffix", i));
    }
    int value = known ? wk_small_number(va_str(word.data, n)) : 0;
    return value > 0 ? value : 0;
}

/* "el 50 por ciento", "le 15 rue Clark", "le 29 pouces": a number of something else. */
static bool counts_something(const wk_language_t *l, const wk_words_t *words, size_t i)
{
    return wk_phrases_at(wk_word_list(l, "number_unit"), words, i + 1) > 0 ||
           wk_phrases_at(wk_word_list(l, "date.counted"), words, i + 1) > 0;
}

int wk_day_number(const wk_language_t *l, const wk_words_t *words, size_t i, size_t *lead)
{
    bool ends;
    int n = wk_ordinal(l, words->at[i].text, &ends);
    size_t on = led_by(l, "date.on", words, i), surely = led_by(l, "date.surely_on", words, i);
    bool is_day = surely > 0 || (n >= LEAST_ORDINAL && (ends || on > 0));
    *lead = surely > on ? surely : on;
    return is_day && n <= MOST_DAY && !counts_something(l, words, i) ? n : 0;
}
