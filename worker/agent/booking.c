#include "worker/agent/booking.h"

#include <stdlib.h>
#include <string.h>

#include "worker/agent/appointment.h"

#define MAX_SLOTS     32 /* of a tool's answer that are looked at */
#define FIRST_MORNING 8  /* "at 7" without more is the evening, "at 8" the morning */

/* ---------------------------------------------------------------- what a message names */

va_str_t wk_read_service(const wk_catalogue_t *c, const wk_words_t *words)
{
    return wk_word_list_named_in_any(c, "service.", words);
}

/* ---------------------------------------------------------------- time of day */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static size_t digits_at(va_str_t text, size_t i)
{
    size_t n = 0;
    while (i + n < text.len && is_digit(text.data[i + n])) {
        n++;
    }
    return n;
}

/* At most four digits. */
static int number_at(va_str_t text, size_t i, size_t n)
{
    int value = 0;
    for (size_t k = 0; k < n && k < 4; k++) {
        value = value * 10 + (text.data[i + k] - '0');
    }
    return value;
}

static size_t past_spaces(va_str_t text, size_t i)
{
    while (i < text.len && text.data[i] == ' ') {
        i++;
    }
    return i;
}

/* 'a' or 'p' when "am", "p.m." … stands at i; 0: neither. */
static char half_at(va_str_t text, size_t i)
{
    if (i >= text.len) {
        return 0;
    }
    char half = (char)(text.data[i] | 0x20);
    size_t m = i + 1 < text.len && text.data[i + 1] == '.' ? i + 2 : i + 1;
    bool is = (half == 'a' || half == 'p') && m < text.len && (text.data[m] | 0x20) == 'm' &&
              (m + 1 >= text.len ||
               !((text.data[m + 1] | 0x20) >= 'a' && (text.data[m + 1] | 0x20) <= 'z'));
    return is ? half : 0;
}

/* The time whose hour's n digits stand at i; hour -1: it is none, but a number. */
static wk_clock_time_t time_at(va_str_t text, size_t i, size_t n)
{
    wk_clock_time_t t = {.hour = number_at(text, i, n)};
    bool told = false;
    i += n;
    if (i < text.len && (text.data[i] == ':' || (text.data[i] | 0x20) == 'h')) {
        told = true;
        t.certain = text.data[i] != ':' || n == 2; /* "14 h", "09:30" */
        i++;
        if (digits_at(text, i) == 2) {
            t.minute = number_at(text, i, 2);
            i += 2;
        }
    }
    char half = half_at(text, past_spaces(text, i));
    if (half != 0 && t.hour <= 12) {
        told = t.certain = true;
        t.hour = t.hour % 12 + (half == 'p' ? 12 : 0);
    }
    bool h_apart = past_spaces(text, i) > i && past_spaces(text, i) < text.len &&
                   (text.data[past_spaces(text, i)] | 0x20) == 'h';
    if (h_apart) {
        told = t.certain = true; /* "14 h", "14 heures" */
    }
    return told && t.hour < 24 && t.minute < 60 ? t : (wk_clock_time_t){.hour = -1};
}

/* "at 10": the words that lead to a bare hour. */
static wk_clock_time_t bare_time(const wk_catalogue_t *c, const wk_words_t *words)
{
    for (size_t i = 0; i < wk_catalogue_count(c); i++) {
        size_t at = 0, len;
        const wk_phrases_t *lead = wk_word_list(wk_catalogue_at(c, i), "time.at");
        for (size_t from = 0; wk_phrases_find(lead, words, from, &at, &len); from = at + len) {
            if (at + len >= words->count) {
                break;
            }
            va_str_t word = words->at[at + len].text;
            if (word.len <= 2 && digits_at(word, 0) == word.len && number_at(word, 0, 2) < 24) {
                return (wk_clock_time_t){.hour = number_at(word, 0, word.len),
                                         .certain = number_at(word, 0, word.len) > 12};
            }
        }
    }
    return (wk_clock_time_t){.hour = -1};
}

wk_clock_time_t wk_read_time(const wk_catalogue_t *c, va_str_t text, const wk_words_t *words)
{
    for (size_t i = 0; i < text.len;) {
        size_t n = digits_at(text, i);
        if (n == 1 || n == 2) {
            wk_clock_time_t t = time_at(text, i, n);
            if (t.hour >= 0) {
                return t;
            }
        }
        i += n > 0 ? n : 1;
    }
    return bare_time(c, words);
}

/* ---------------------------------------------------------------- slots */

/* "2026-11-28T09:00:00-05:00" */
static bool is_start(va_str_t start)
{
    return start.len >= 16 && start.len < 40 && start.data[10] == 'T';
}

static int minutes_of(va_str_t start)
{
    return is_start(start) ? number_at(start, 11, 2) * 60 + number_at(start, 14, 2) : -1;
}

static bool is_minute(wk_clock_time_t t, int at)
{
    int minutes = t.hour * 60 + t.minute;
    return at == minutes || (!t.certain && t.hour < 12 && at == minutes + 12 * 60);
}

static bool is_at(va_str_t start, wk_clock_time_t t)
{
    return is_minute(t, minutes_of(start));
}

bool wk_clock_time_is(wk_clock_time_t t, va_str_t time)
{
    return time.len == 5 && is_minute(t, number_at(time, 0, 2) * 60 + number_at(time, 3, 2));
}

static int distance(va_str_t start, wk_clock_time_t t)
{
    int minutes = t.hour * 60 + t.minute, at = minutes_of(start);
    int far = abs(at - minutes), other = abs(at - minutes - 12 * 60);
    return !t.certain && t.hour < 12 && other < far ? other : far;
}

static bool same_day(va_str_t a, va_str_t b)
{
    return a.len >= 10 && b.len >= 10 && memcmp(a.data, b.data, 10) == 0;
}

/* The starts of the first day; returns how many. */
static size_t first_day(const va_json_t *slots, va_str_t *starts)
{
    size_t n = 0;
    const va_json_t *slot = va_json_is(slots, VA_JSON_ARRAY) ? slots->first : NULL;
    for (; slot != NULL && n < MAX_SLOTS; slot = slot->next) {
        va_str_t start = va_json_get_string(slot, "start");
        if (is_start(start) && (n == 0 || same_day(start, starts[0]))) {
            starts[n++] = start;
        }
    }
    return n;
}

/* Where the WK_OFFERED in a row begin that are nearest to the time. */
static size_t nearest(const va_str_t *starts, size_t n, wk_clock_time_t wanted)
{
    size_t best = 0;
    for (size_t i = 1; i < n; i++) {
        if (distance(starts[i], wanted) < distance(starts[best], wanted)) {
            best = i;
        }
    }
    size_t from = best > 0 ? best - 1 : 0;
    return from + WK_OFFERED <= n ? from : n - WK_OFFERED;
}

void wk_offer_choose(wk_offer_t *offer, const va_json_t *slots, wk_clock_time_t wanted)
{
    va_str_t starts[MAX_SLOTS];
    size_t n = first_day(slots, starts);
    offer->count = n < WK_OFFERED ? n : WK_OFFERED;
    size_t from = wanted.hour >= 0 && n > WK_OFFERED ? nearest(starts, n, wanted) : 0;
    for (size_t i = 0; i < offer->count; i++) {
        bool spread = wanted.hour < 0 && n > WK_OFFERED;
        offer->slots[i] = starts[spread ? i * (n - 1) / (WK_OFFERED - 1) : from + i];
    }
}

/* ---------------------------------------------------------------- choice */

/* 1 to WK_OFFERED; 0: none. Only a short message is an answer to a list. */
static size_t choice_of(const wk_catalogue_t *c, const wk_words_t *words)
{
    va_str_t number =
        words->count <= 4 ? wk_word_list_named_in_any(c, "choice.", words) : VA_STR_NULL;
    return number.len == 1 && is_digit(number.data[0]) ? (size_t)(number.data[0] - '0') : 0;
}

/* A message that is nothing but an hour. */
static wk_clock_time_t hour_alone(const wk_words_t *words)
{
    va_str_t word = words->count == 1 ? words->at[0].text : VA_STR("");
    bool is = word.len > 0 && word.len <= 2 && digits_at(word, 0) == word.len &&
              number_at(word, 0, word.len) < 24;
    return is ? (wk_clock_time_t){.hour = number_at(word, 0, word.len),
                                  .certain = number_at(word, 0, word.len) > 12}
              : (wk_clock_time_t){.hour = -1};
}

static va_str_t other_time(wk_arena_t *a, const wk_offer_t *offer, wk_clock_time_t t,
                           va_str_t date)
{
    va_str_t day = date.len >= 10 ? date : offer->slots[0];
    int hour = !t.certain && t.hour < FIRST_MORNING ? t.hour + 12 : t.hour;
    return wk_printf(a, "%.10sT%02d:%02d", day.data, hour, t.minute);
}

va_str_t wk_offer_pick(wk_arena_t *a, const wk_catalogue_t *c, const wk_offer_t *offer,
                       va_str_t text, const wk_words_t *words, va_str_t date)
{
    wk_clock_time_t t = wk_read_time(c, text, words);
    size_t choice = t.hour < 0 ? choice_of(c, words) : 0;
    if (offer->count == 0) {
        return VA_STR_NULL;
    }
    if (choice >= 1 && choice <= offer->count && date.data == NULL) {
        return offer->slots[choice - 1];
    }
    t = t.hour < 0 ? hour_alone(words) : t;
    if (t.hour < 0) {
        return VA_STR_NULL;
    }
    for (size_t i = 0; i < offer->count; i++) {
        bool that_day = date.data == NULL || same_day(offer->slots[i], date);
        if (that_day && is_at(offer->slots[i], t)) {
            return offer->slots[i];
        }
    }
    return other_time(a, offer, t, date);
}

/* ---------------------------------------------------------------- words and state */

va_str_t wk_word_offer(wk_arena_t *a, const wk_language_t *l, const wk_offer_t *offer)
{
    va_buf_t text;
    va_buf_init(&text, wk_mem(a), 160);
    for (size_t i = 0; i < offer->count; i++) {
        va_str_t start = offer->slots[i];
        wk_slot_t slot = {start, va_str(start.data, 10), va_str(start.data + 11, 5)};
        va_buf_add_str(&text, wk_printf(a, "%s%zu) ", i > 0 ? "; " : "", i + 1));
        va_buf_add_str(&text, wk_word_slot(a, l, &slot));
    }
    return va_buf_str(&text);
}

void wk_offer_write(va_json_writer_t *w, const wk_offer_t *offer)
{
    va_json_object(w);
    va_json_add_str(w, "service", offer->service);
    va_json_add_str(w, "appointment", offer->appointment);
    va_json_key(w, "slots");
    va_json_array(w);
    for (size_t i = 0; i < offer->count; i++) {
        va_json_put_str(w, offer->slots[i]);
    }
    va_json_array_end(w);
    va_json_object_end(w);
}

wk_offer_t wk_offer_read(const va_json_t *state)
{
    wk_offer_t offer = {.service = va_json_get_string(state, "service"),
                        .appointment = va_json_get_string(state, "appointment")};
    const va_json_t *slots = va_json_get(state, "slots");
    const va_json_t *slot = va_json_is(slots, VA_JSON_ARRAY) ? slots->first : NULL;
    for (; slot != NULL && offer.count < WK_OFFERED; slot = slot->next) {
        if (is_start(va_json_string(slot))) {
            offer.slots[offer.count++] = va_json_string(slot);
        }
    }
    return offer;
}
