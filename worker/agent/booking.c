#define _GNU_SOURCE /* memmem */
#include "worker/agent/booking.h"

#include <stdlib.h>
#include <string.h>

#include "worker/agent/wording.h"

#define DATE      10 /* characters */
#define MAX_SLOTS 32 /* of a tool's answer that are looked at */

/* ---------------------------------------------------------------- what a message names */

va_str_t wk_read_service(const wk_catalogue_t *c, const wk_words_t *words)
{
    return wk_word_list_named_in_any(c, "service.", words);
}

/* ---------------------------------------------------------------- slots */

/* "2026-11-28T09:00:00-05:00" */
static bool is_start(va_str_t start)
{
    return start.len >= 16 && start.len < 40 && start.data[10] == 'T';
}

static va_str_t time_of(va_str_t start)
{
    return is_start(start) ? va_str(start.data + 11, 5) : VA_STR("");
}

static int minutes_of(va_str_t start)
{
    return is_start(start) ? wk_small_number(va_str(start.data + 11, 2)) * 60 +
                                 wk_small_number(va_str(start.data + 14, 2))
                           : -1;
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

static bool is_refused(va_str_t start, va_str_t refused)
{
    return refused.len > 0 && memmem(refused.data, refused.len, start.data, DATE) != NULL;
}

/* Into starts, of MAX_SLOTS; returns how many. */
static size_t read_starts(const va_json_t *slots, va_str_t refused, va_str_t *starts)
{
    size_t n = 0;
    const va_json_t *slot = va_json_is(slots, VA_JSON_ARRAY) ? slots->first : NULL;
    for (; slot != NULL && n < MAX_SLOTS; slot = slot->next) {
        va_str_t start = va_json_get_string(slot, "start");
        if (is_start(start) && !is_refused(start, refused)) {
            starts[n++] = start;
        }
    }
    return n;
}

static size_t first_day(const va_str_t *starts, size_t n)
{
    size_t first = 0;
    while (first < n && same_day(starts[first], starts[0])) {
        first++;
    }
    return first;
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

#define NOON 12 /* o'clock */

wk_half_t wk_half_of(va_str_t time)
{
    return wk_small_number(wk_cut_text(time, 2)) < NOON ? WK_MORNING : WK_AFTERNOON;
}

/* The starts of that half, at their beginning; returns how many: all where it has none. */
static size_t leave_half(va_str_t *starts, size_t n, wk_half_t half)
{
    size_t left = 0;
    for (size_t i = 0; i < n && half != WK_ANY_HALF; i++) {
        if (wk_half_of(time_of(starts[i])) == half) {
            starts[left++] = starts[i];
        }
    }
    return left > 0 ? left : n;
}

/* How many of the starts, those to offer being at their beginning. */
static size_t leave_wished(va_str_t *starts, size_t n, const wk_offer_wish_t *wish)
{
    if (wish->time.hour >= 0) {
        return first_day(starts, n);
    }
    if (wish->day) {
        return leave_half(starts, first_day(starts, n), wish->half);
    }
    n = leave_half(starts, n, wish->half);
    size_t first = first_day(starts, n), few = n < WK_OFFERED ? n : WK_OFFERED;
    return first > few ? first : few;
}

void wk_offer_choose(wk_offer_t *offer, const va_json_t *slots, const wk_offer_wish_t *wish)
{
    va_str_t starts[MAX_SLOTS];
    size_t n = leave_wished(starts, read_starts(slots, wish->refused, starts), wish);
    bool timed = wish->time.hour >= 0;
    offer->count = n < WK_OFFERED ? n : WK_OFFERED;
    size_t from = timed && n > WK_OFFERED ? nearest(starts, n, wish->time) : 0;
    for (size_t i = 0; i < offer->count; i++) {
        bool spread = !timed && n > WK_OFFERED;
        offer->slots[i] = starts[spread ? i * (n - 1) / (WK_OFFERED - 1) : from + i];
    }
}

/* ---------------------------------------------------------------- choice */

static const char *const choice_words[] = {"choice.filler", "courtesy", "choice.", "yes.word",
                                           NULL};
static const char *const time_words[] = {
    "wish.filler",     "courtesy",        "intent.book",        "service.", "reschedule.it",
    "reschedule.that", "reschedule.make", "reschedule.instead", "wish.but", NULL};

#define PLACES (WK_OFFERED + 1) /* and the last one */

/* Which places are named; gives whether any is said to suit, of whose words ("either of the
 * two") none is a place.
 */
static bool read_places(const wk_catalogue_t *c, const wk_words_t *words, bool named[PLACES])
{
    static const char *const lists[PLACES] = {"choice.1", "choice.2", "choice.3",
                                              "choice.last"};
    bool any = false;
    for (size_t i = 0; i < words->count; i++) {
        size_t len = wk_word_list_at(c, "choice.any", words, i);
        any = any || len > 0;
        for (size_t k = 0; k < PLACES && len == 0; k++) {
            named[k] = named[k] || wk_word_list_at(c, lists[k], words, i) > 0;
        }
        i += len > 0 ? len - 1 : 0;
    }
    return any;
}

/*
 * The one time of the list that is named by its place in it; 0: none, or more than one. "One"
 * is a place only where no other is named: "the second one". Of those to whom any suits the
 * first is taken, unless one is named: "the second one is fine either way".
 */
static size_t choice_of(const wk_catalogue_t *c, const wk_offer_t *offer, const wk_reading_t *r)
{
    bool named[PLACES] = {false};
    bool any = read_places(c, &r->words, named);
    size_t choice = 0, n = 0;
    for (size_t k = 0; k < PLACES; k++) {
        if (named[k]) {
            choice = k < WK_OFFERED ? k + 1 : offer->count;
            n++;
        }
    }
    bool first = n == 0 && (any || wk_reading_has(c, r, "choice.one"));
    return n == 1 ? choice : first ? 1 : 0;
}

/* "Is 10 ok": who speaks, or writes in haste, sets no question mark. */
static bool is_question(const wk_catalogue_t *c, const wk_reading_t *r)
{
    return wk_word_list_at(c, "wish.opener", &r->words, 0) > 0 || r->asked ||
           wk_reading_has(c, r, "wish.question");
}

bool wk_offer_is_of_one_day(const wk_offer_t *offer)
{
    for (size_t i = 1; i < offer->count; i++) {
        if (!same_day(offer->slots[i], offer->slots[0])) {
            return false;
        }
    }
    return true;
}

/* Of several days the last: those before it were gone by. */
static va_str_t other_time(wk_arena_t *a, const wk_offer_t *offer, wk_clock_time_t t,
                           va_str_t date)
{
    va_str_t day = date.len >= 10 ? date : offer->slots[offer->count - 1];
    int minutes = wk_clock_likely(t);
    return wk_printf(a, "%.10sT%02d:%02d", day.data, minutes / 60, minutes % 60);
}

static va_str_t start_at(wk_arena_t *a, const wk_offer_t *offer, wk_clock_time_t t,
                         va_str_t date)
{
    for (size_t i = 0; i < offer->count; i++) {
        bool that_day = date.data == NULL || same_day(offer->slots[i], date);
        if (that_day && wk_clock_time_is(t, time_of(offer->slots[i]))) {
            return offer->slots[i];
        }
    }
    return other_time(a, offer, t, date);
}

/* "at 10" where ten o'clock is offered; "for 2" may be for two bicycles. */
static bool is_offered(const wk_offer_t *offer, wk_clock_time_t t)
{
    for (size_t i = 0; i < offer->count && !t.doubtful; i++) {
        if (wk_clock_time_is(t, time_of(offer->slots[i]))) {
            return true;
        }
    }
    return false;
}

/* "Next Tuesday", "in two weeks", "the 15th": it may have been meant otherwise. */
static bool is_reckoned(const wk_reading_t *r)
{
    return r->next || r->ahead > 2 || r->span != WK_SPAN_NONE ||
           (r->day.data != NULL && (r->day.data[0] == '+' || r->day.len == 2));
}

/* What is said is a time; beside it nothing, a day, or anything. */
static wk_pick_t pick_time(wk_arena_t *a, const wk_catalogue_t *c, const wk_offer_t *offer,
                           const wk_reading_t *r, va_str_t date)
{
    wk_pick_t pick = {WK_PICK_NONE, VA_STR_NULL, wk_reading_is_only(a, c, r, time_words, true)};
    wk_clock_time_t t = r->time;
    bool but = wk_reading_has(c, r, "wish.but"); /* "yes, but at 11" */
    bool any_day = date.data == NULL && !wk_offer_is_of_one_day(offer);
    bool doubtful =
        t.doubtful || but || r->numbers > 0 || is_question(c, r) || is_reckoned(r) || any_day;
    if (t.hour < 0 && pick.only && r->numbers == 1) {
        t = wk_clock_hour(r->number);
        doubtful = but || wk_reading_names_a_day(r) || is_question(c, r) ||
                   t.hour <= WK_OFFERED || any_day;
    }
    if (t.hour < 0 || r->vague) {
        return pick;
    }
    bool may_be = (t.written || is_offered(offer, t)) && !wk_reading_has(c, r, "wish.denial");
    pick.kind = pick.only && !doubtful ? WK_PICK_SURE
                : pick.only || may_be  ? WK_PICK_PERHAPS
                                       : WK_PICK_NONE;
    pick.start = pick.kind != WK_PICK_NONE ? start_at(a, offer, t, date) : VA_STR_NULL;
    return pick;
}

wk_pick_t wk_offer_pick(wk_arena_t *a, const wk_catalogue_t *c, const wk_offer_t *offer,
                        const wk_reading_t *r, va_str_t date)
{
    if (offer->count == 0) {
        return (wk_pick_t){WK_PICK_NONE, VA_STR_NULL,
                           wk_reading_is_only(a, c, r, time_words, true)};
    }
    size_t choice = !wk_reading_names_a_day(r) && r->time.hour < 0 ? choice_of(c, offer, r) : 0;
    if (choice >= 1 && choice <= offer->count &&
        wk_reading_is_only(a, c, r, choice_words, false)) {
        return (wk_pick_t){is_question(c, r) ? WK_PICK_PERHAPS : WK_PICK_SURE,
                           offer->slots[choice - 1], true};
    }
    return pick_time(a, c, offer, r, date);
}

/* ---------------------------------------------------------------- words and state */

/* "1) Saturday, November 28 at 9:00 AM; 2) …" */
static va_str_t word_slots(wk_arena_t *a, const wk_language_t *l, const wk_offer_t *offer)
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

va_str_t wk_word_offered(wk_arena_t *a, const wk_language_t *l, const wk_offer_t *offer,
                         va_str_t service, bool spoken)
{
    const wk_param_t params[] = {
        {"service", service}, {"slots", word_slots(a, l, offer)}, {NULL, VA_STR_NULL}};
    const char *name = spoken ? "speech.slots" : "reply.slots";
    return wk_fill(a, wk_text_of_kind(l, name, offer->service), params);
}

va_str_t wk_word_time_question(wk_arena_t *a, const wk_language_t *l, const wk_offer_t *offer,
                               va_str_t service)
{
    va_str_t start = offer->slots[0];
    const wk_slot_t slot = {start, va_str(start.data, 10), va_str(start.data + 11, 5)};
    const wk_param_t params[] = {
        {"service", service}, {"moment", wk_word_slot(a, l, &slot)}, {NULL, VA_STR_NULL}};
    return wk_fill(a, wk_text_of_kind(l, "reply.time_ask", offer->service), params);
}

void wk_offer_write(va_json_writer_t *w, const wk_offer_t *offer)
{
    va_json_object(w);
    va_json_add_str(w, "service", offer->service);
    va_json_add_str(w, "appointment", offer->appointment);
    if (offer->becomes) {
        va_json_add_bool(w, "becomes", true);
    }
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
                        .appointment = va_json_get_string(state, "appointment"),
                        .becomes = va_json_bool(va_json_get(state, "becomes"), false)};
    const va_json_t *slots = va_json_get(state, "slots");
    const va_json_t *slot = va_json_is(slots, VA_JSON_ARRAY) ? slots->first : NULL;
    for (; slot != NULL && offer.count < WK_OFFERED; slot = slot->next) {
        if (is_start(va_json_string(slot))) {
            offer.slots[offer.count++] = va_json_string(slot);
        }
    }
    return offer;
}
