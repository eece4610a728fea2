#include "worker/agent/reception_offer.h"

#include "worker/agent/date.h"
#include "worker/agent/day_reading.h"
#include "worker/agent/reception_answers.h"
#include "worker/agent/reception_consent.h"
#include "worker/agent/reception_number.h"
#include "worker/agent/reception_services.h"
#include "worker/agent/reception_which.h"

/* ---------------------------------------------------------------- looking for times */

/* "Not in the morning", "I can't do mornings": it stands before the half at word i. */
static bool is_half_refused_in(const wk_language_t *l, const wk_reading_t *r, size_t i)
{
    static const char *const lists[] = {"day.except", "wish.refusal", "reschedule.unable"};
    const wk_words_t *words = &r->words;
    while (i > 0 && wk_phrases_at(wk_word_list(l, "time.half_lead"), words, i - 1) == 1) {
        i--;
    }
    bool refused = false;
    for (size_t k = 0; k < sizeof(lists) / sizeof(*lists) && !refused; k++) {
        refused = wk_phrases_end_at(wk_word_list(l, lists[k]), words, i);
    }
    return refused && !wk_words_are_cut(r, i, WK_CLAUSE_SIGNS);
}

/* In the half's own language: "no in the morning" has an English answer, not a Spanish "no". */
static bool is_half_refused(const wk_reception_turn_t *t, size_t i)
{
    bool refused = false;
    for (size_t k = 0; k < wk_catalogue_count(t->c) && !refused; k++) {
        const wk_language_t *l = wk_catalogue_at(t->c, k);
        bool half = wk_phrases_at(wk_word_list(l, "time.half.am"), &t->r->words, i) > 0 ||
                    wk_phrases_at(wk_word_list(l, "time.half.pm"), &t->r->words, i) > 0;
        refused = half && is_half_refused_in(l, t->r, i);
    }
    return refused;
}

/* Who says "good morning" names none. */
wk_half_t wk_half_of_day(const wk_reception_turn_t *t)
{
    const wk_words_t *words = &t->r->words;
    for (size_t i = 0; i < words->count; i++) {
        bool greets = i > 0 && wk_word_list_at(t->c, "intent.greeting", words, i - 1) > 1;
        bool am = wk_word_list_at(t->c, "time.half.am", words, i) > 0,
             pm = wk_word_list_at(t->c, "time.half.pm", words, i) > 0;
        if (!greets && (am || pm)) {
            return am != is_half_refused(t, i) ? WK_MORNING : WK_AFTERNOON;
        }
    }
    return WK_ANY_HALF;
}

/* What check_availability is asked; each but service may be absent. */
typedef struct {
    va_str_t service, appointment, day, after, before;
} times_t;

/* The dates from today on that do not suit; absent: none. */
static va_str_t days_excepted(const wk_reception_turn_t *t)
{
    wk_date_t date;
    va_buf_t days;
    bool known = t->r->excepted && wk_date_parse(t->f->today, &date);
    va_buf_init(&days, wk_mem(t->a), 64);
    for (int i = 0; i <= WK_DAYS_AHEAD && known; i++) {
        va_str_t day = wk_printf(t->a, "%04d-%02d-%02d", date.year, date.month, date.day);
        if (wk_turn_excepts(t, day)) {
            va_buf_add_str(&days, day);
            va_buf_add_char(&days, ' ');
        }
        wk_date_step(&date);
    }
    return days.len > 0 ? va_buf_str(&days) : VA_STR_NULL;
}

static void look(wk_reception_turn_t *t, const times_t *times)
{
    va_buf_t args;
    va_json_writer_t *w = wk_turn_args(t, &args);
    va_json_add_str(w, "service_type", times->service);
    if (times->day.data != NULL) {
        va_json_add_str(w, "preferred_date", times->day);
    }
    if (times->after.data != NULL) {
        va_json_add_str(w, "after", times->after);
    }
    if (times->before.data != NULL) {
        va_json_add_str(w, "before", times->before);
    }
    wk_turn_wish(t, "check_availability", w, &args);
    bool same = times->appointment.data != NULL &&
                va_str_eq(times->appointment, t->dialog->offer.appointment) &&
                va_str_eq(times->service, t->dialog->offer.service);
    t->out.time.hour = -1;
    t->out.refused = days_excepted(t);
    t->out.dialog.offer = (wk_offer_t){.service = times->service,
                                       .appointment = times->appointment,
                                       .becomes = same && t->dialog->offer.becomes};
}

/* The time, or the bare number, that stands behind a phrase of the list: "after 3"; refused:
 * with a "not" before it. */
static wk_clock_time_t time_behind(const wk_reception_turn_t *t, const char *list, bool refused)
{
    const wk_reading_t *r = t->r;
    wk_clock_time_t none = {.hour = -1};
    for (size_t i = 0; i < r->words.count; i++) {
        size_t next = i + wk_word_list_at(t->c, list, &r->words, i);
        bool of_time = r->time.hour >= 0 && i >= r->time.begin && i < r->time.end;
        if (next == i || next >= r->words.count || of_time || /* "quarter after 10" */
            wk_word_list_ends_at(t->c, "wish.refusal", &r->words, i) != refused) {
            continue;
        }
        if (r->time.hour >= 0 && next >= r->time.begin && next < r->time.end) {
            return r->time;
        }
        int number = wk_small_number(r->words.at[next].text);
        if (r->time.hour < 0 && number > 0 && !r->spent[next]) {
            return wk_clock_hour(number);
        }
    }
    return none;
}

/* "Not before 3" is after it. */
static wk_clock_time_t limit(const wk_reception_turn_t *t, const char *list, const char *other)
{
    wk_clock_time_t time = time_behind(t, list, false);
    return time.hour >= 0 ? time : time_behind(t, other, true);
}

/* "After 3" has three o'clock; "before 10" has not ten; after midnight is all of it. false:
 * nothing bounds the day. */
static bool bound(const wk_reception_turn_t *t, va_str_t day, times_t *times)
{
    wk_clock_time_t from = limit(t, "time.from", "time.until"),
                    until = limit(t, "time.until", "time.from");
    if (day.data != NULL && from.hour >= 0 && wk_clock_likely(from) > 0) {
        int minutes = wk_clock_likely(from) - 1;
        times->after = wk_printf(t->a, "%.10sT%02d:%02d", day.data, minutes / 60, minutes % 60);
    }
    if (day.data != NULL && until.hour >= 0) {
        int minutes = wk_clock_likely(until);
        times->before =
            wk_printf(t->a, "%.10sT%02d:%02d", day.data, minutes / 60, minutes % 60);
    }
    return times->after.data != NULL || times->before.data != NULL;
}

static va_str_t end_of(const wk_reception_turn_t *t, va_str_t day)
{
    return wk_printf(t->a, "%.10sT23:59", day.data);
}

static void look_in_days(wk_reception_turn_t *t, va_str_t service, va_str_t appointment,
                         const wk_days_t *days)
{
    va_str_t until = days->until;
    look(t, &(times_t){.service = service,
                       .appointment = appointment,
                       .day = days->from,
                       .before = until.data != NULL ? end_of(t, until) : VA_STR_NULL});
    t->out.half = wk_half_of_day(t);
}

/* The last of the days from this one on that do not suit; all of them: some day. */
static va_str_t last_excepted(const wk_reception_turn_t *t, va_str_t day)
{
    wk_date_t date;
    va_str_t last = day;
    if (!wk_date_parse(day, &date)) {
        return day;
    }
    for (int i = 0; i < WK_DAYS_AHEAD && wk_turn_excepts(t, day); i++) {
        last = day;
        wk_date_step(&date);
        day = wk_printf(t->a, "%04d-%02d-%02d", date.year, date.month, date.day);
    }
    return last;
}

void wk_look_behind_day(wk_reception_turn_t *t, va_str_t service, va_str_t appointment,
                        va_str_t day)
{
    look(t, &(times_t){.service = service,
                       .appointment = appointment,
                       .day = day,
                       .after = end_of(t, day)});
}

void wk_look_for_times(wk_reception_turn_t *t, va_str_t service, va_str_t appointment,
                       va_str_t day)
{
    va_str_t date;
    wk_days_t days;
    if (wk_turn_days(t, &days)) {
        look_in_days(t, service, appointment, &days);
        return;
    }
    date = wk_turn_date(t, &date) == WK_DAY_NONE ? day : date;
    if (date.data == NULL && wk_turn_excepts(t, t->f->today)) {
        wk_look_behind_day(t, service, appointment, last_excepted(t, t->f->today));
        t->out.time = t->r->time;
        t->out.half = wk_half_of_day(t);
        return;
    }
    times_t times = {.service = service, .appointment = appointment, .day = date};
    bool bounded = bound(t, date, &times);
    look(t, &times);
    t->out.wanted = date;
    if (!bounded) {
        t->out.time = t->r->time;
        t->out.half = wk_half_of_day(t);
    }
}

bool wk_is_day_unclear(const wk_reception_turn_t *t)
{
    va_str_t date;
    wk_days_t days;
    return wk_turn_date(t, &date) == WK_DAY_UNCLEAR && !wk_turn_days(t, &days);
}

void wk_ask_for_day(wk_reception_turn_t *t, wk_offer_t offer)
{
    const char *fault = wk_turn_day_fault(t);
    if (fault != NULL) {
        wk_turn_add_text(t, fault);
    }
    wk_turn_add_text(t, "reply.which_day");
    t->out.dialog.expected = WK_EXPECT_SLOT;
    t->out.dialog.offer = offer;
}

/* That is named, or was spoken of last. */
static va_str_t service_wished(wk_reception_turn_t *t)
{
    wk_services_t wished = wk_services_wished(t);
    va_str_t service = wished.count > 0 ? wished.at[0] : t->dialog->service;
    t->out.dialog.service = service;
    return service.data != NULL ? service : VA_STR("general");
}

static void book(wk_reception_turn_t *t, va_str_t service)
{
    if (wk_is_day_unclear(t)) {
        wk_ask_for_day(t, (wk_offer_t){.service = service});
    } else {
        t->out.before = va_buf_str(&t->text);
        wk_look_for_times(t, service, VA_STR_NULL, VA_STR_NULL);
    }
}

void wk_answer_book(wk_reception_turn_t *t)
{
    wk_swap_t swap;
    va_str_t service = service_wished(t);
    wk_pass_on_the_rest(t, service);
    wk_reception_turn_t turn = *t;
    if (wk_turn_swaps(t, &swap)) { /* "Saturday rather than Friday" */
        turn.r = &swap.to;
    }
    book(&turn, service);
    t->text = turn.text;
    t->out = turn.out;
}

static bool is_ever_open(const wk_reception_turn_t *t)
{
    const va_json_t *day = wk_fact_at(t->f->week, 0);
    while (day != NULL && wk_fact_text(day, 2).data == NULL) {
        day = day->next;
    }
    return day != NULL;
}

void wk_answer_walk_in(wk_reception_turn_t *t)
{
    va_str_t policy = va_json_get_string(t->f->policies, "walk_in");
    bool opens = is_ever_open(t);
    if (policy.len > 0) {
        wk_turn_add(t, policy);
    } else {
        wk_turn_add_text(t, opens ? "reply.walk_in" : "reply.walk_in_never");
    }
    if (opens) {
        wk_answer_hours(t);
    }
    if (wk_has_offer(t)) {
        return;
    }
    wk_turn_add_text(t, "reply.walk_in_book");
    t->out.dialog.expected = WK_EXPECT_SLOT;
    t->out.dialog.offer = (wk_offer_t){.service = service_wished(t)};
}

/* ---------------------------------------------------------------- taking a time */

void wk_take_offered(wk_reception_turn_t *t, va_str_t start)
{
    va_buf_t args;
    const wk_offer_t *offer = &t->dialog->offer;
    if (offer->appointment.data == NULL && wk_ask_whose_time(t, start)) {
        return;
    }
    va_json_writer_t *w = wk_turn_args(t, &args);
    va_json_add_str(w, "appointment_datetime", start);
    if (offer->appointment.data != NULL) {
        va_json_add_str(w, "appointment_id", offer->appointment);
        if (offer->becomes) {
            va_json_add_str(w, "service_type", offer->service);
        }
        wk_turn_wish(t, "reschedule_appointment", w, &args);
    } else {
        va_json_add_str(w, "service_type", offer->service);
        if (t->f->unreachable && t->r->phone.data != NULL) {
            va_json_add_str(w, "customer_phone", t->r->phone);
        }
        wk_turn_wish(t, "book_appointment", w, &args);
    }
    t->out.dialog.offer = *offer;
}

static bool is_of_offer(const wk_offer_t *offer, va_str_t start)
{
    size_t i = 0;
    while (i < offer->count && !va_str_eq(offer->slots[i], start)) {
        i++;
    }
    return i < offer->count;
}

/* Whether it is free is not known: it is looked at before it is asked about. */
static void look_at_time(wk_reception_turn_t *t, va_str_t start)
{
    const wk_offer_t *offer = &t->dialog->offer;
    va_str_t day = va_str(start.data, 10);
    look(t,
         &(times_t){.service = offer->service, .appointment = offer->appointment, .day = day});
    t->out.wanted = day;
    t->out.time = (wk_clock_time_t){.hour = wk_small_number(va_str(start.data + 11, 2)),
                                    .minute = wk_small_number(va_str(start.data + 14, 2)),
                                    .certain = true};
}

/* The one time that a "yes" takes. */
static void ask_about_time(wk_reception_turn_t *t, va_str_t start)
{
    wk_offer_t offer = t->dialog->offer;
    if (!is_of_offer(&offer, start)) {
        look_at_time(t, start);
        return;
    }
    offer.slots[0] = start;
    offer.count = 1;
    wk_turn_add(
        t, wk_word_time_question(t->a, t->l, &offer, wk_turn_service_word(t, offer.service)));
    t->out.dialog.expected = WK_EXPECT_SLOT;
    t->out.dialog.offer = offer;
}

static void take_or_ask(wk_reception_turn_t *t, va_str_t start, bool sure)
{
    if (sure) {
        wk_take_offered(t, start);
    } else {
        ask_about_time(t, start);
    }
}

/* ---------------------------------------------------------------- one that stands */

bool wk_has_offer(const wk_reception_turn_t *t)
{
    return t->dialog->offer.service.data != NULL &&
           (t->dialog->expected == WK_EXPECT_SLOT || t->dialog->expected == WK_EXPECT_CALLBACK);
}

void wk_repeat_offer(wk_reception_turn_t *t)
{
    const wk_offer_t *offer = &t->dialog->offer;
    if (offer->count == 0) {
        wk_ask_for_day(t, *offer);
    } else if (offer->count == 1) {
        ask_about_time(t, offer->slots[0]);
    } else {
        va_str_t service = wk_turn_service_word(t, offer->service);
        wk_turn_add(t, wk_word_offered(t->a, t->l, offer, service, t->dialog->spoken));
        t->out.dialog.expected = WK_EXPECT_SLOT;
        t->out.dialog.offer = *offer;
    }
}

/* That of all its times; absent: they are of several. */
static va_str_t day_of(const wk_offer_t *offer)
{
    return wk_offer_is_of_one_day(offer) ? va_str(offer->slots[0].data, 10) : VA_STR_NULL;
}

/* One of its times is of that day. */
static bool has_day(const wk_offer_t *offer, va_str_t date)
{
    size_t i = 0;
    while (i < offer->count && !va_str_eq(date, va_str(offer->slots[i].data, 10))) {
        i++;
    }
    return i < offer->count;
}

/*
 * A time written without a sign: "930", "1030", not the number of an order: "1042". "Ten thirty
 * one" is the one of half past ten, where that is offered. *minute: of it.
 */
static bool is_bare_time(const wk_offer_t *offer, va_str_t number, int *minute)
{
    bool offered = false;
    if (number.len < 3 || number.len > 4) {
        return false;
    }
    int hour = wk_small_number(va_str(number.data, number.len - 2));
    *minute = wk_small_number(va_str(number.data + number.len - 2, 2));
    wk_clock_time_t before = {.hour = hour, .minute = *minute - 1};
    for (size_t i = 0; i < offer->count && *minute % 10 == 1; i++) {
        offered = offered || wk_clock_time_is(before, va_str(offer->slots[i].data + 11, 5));
    }
    *minute -= offered;
    return hour >= 1 && hour < 24 && *minute >= 0 && *minute < 60 && *minute % 5 == 0;
}

void wk_heed_bare_time(wk_reception_turn_t *t)
{
    int minute;
    const wk_reading_t *r = t->r;
    va_str_t number = r->order_number;
    if (!wk_has_offer(t) || t->dialog->offer.count == 0 || r->order_named ||
        !is_bare_time(&t->dialog->offer, number, &minute)) {
        return;
    }
    int hour = (int)number.len - 2, before = (int)(number.data - r->text.data),
        behind = (int)r->text.len - before - (int)number.len;
    va_str_t text = wk_printf(t->a, "%.*s%.*s:%02d%.*s", before, r->text.data, hour,
                              number.data, minute, behind, number.data + number.len);
    wk_reading_t *timed = wk_alloc(t->a, sizeof(*timed));
    *timed = wk_read_message(t->a, t->c, t->l, text);
    timed->phone = r->phone;
    timed->email = r->email;
    timed->time.doubtful = true;
    t->r = timed;
}

/* ---------------------------------------------------------------- answers */

/* Another service than the offer's is another wish. */
static bool is_other_service(const wk_reception_turn_t *t)
{
    va_str_t service = wk_turn_service(t);
    return service.data != NULL && t->dialog->offer.appointment.data == NULL &&
           !va_str_eq(service, t->dialog->offer.service);
}

static bool answer_other_day(wk_reception_turn_t *t)
{
    if (wk_is_day_unclear(t)) {
        wk_ask_for_day(t, t->dialog->offer);
        return true;
    }
    bool other = is_other_service(t);
    wk_look_for_times(t, other ? wk_turn_service(t) : t->dialog->offer.service,
                      t->dialog->offer.appointment, VA_STR_NULL);
    return true;
}

/* "Also a repair": the offer is not given up for it. */
static bool answer_one_more(wk_reception_turn_t *t)
{
    wk_services_t named = wk_services_named(t);
    wk_pass_on(t, t->dialog->offer.service, &named);
    wk_repeat_offer(t);
    return true;
}

/* A weekday near the appointment that is moved is another than the one of that name to come. */
static bool is_far_weekday(const wk_reception_turn_t *t, va_str_t date)
{
    va_str_t coming;
    wk_reception_turn_t turn = *t;
    turn.near = VA_STR_NULL;
    return t->near.data != NULL && wk_turn_date(&turn, &coming) == WK_DAY_ONE &&
           !va_str_eq(coming, date);
}

/*
 * A time was chosen, may have been, or another day is asked for; false: the message is about
 * something else. A question for the hours names days and times too.
 */
static bool answer_choice(wk_reception_turn_t *t, wk_intent_t intent)
{
    va_str_t date;
    const wk_offer_t *offer = &t->dialog->offer;
    wk_named_day_t day = wk_turn_date(t, &date);
    wk_pick_t pick = wk_offer_pick(t->a, t->c, offer, t->r, date);
    bool open = intent == WK_INTENT_NONE || intent == WK_INTENT_BOOK ||
                intent == WK_INTENT_THANKS || intent == WK_INTENT_GREETING ||
                (intent == WK_INTENT_HOURS && !wk_intent_named(t, WK_INTENT_HOURS));
    bool agrees = !t->refuses && wk_is_yes(t) && !is_other_service(t);
    if (agrees && offer->count == 1 && t->dialog->expected == WK_EXPECT_SLOT) {
        take_or_ask(t, offer->slots[0], !t->dialog->old);
    } else if (agrees && offer->count == 0) {
        wk_look_for_times(t, offer->service, offer->appointment, VA_STR_NULL);
    } else if (is_other_service(t) && wk_reading_has_beside(t->c, t->r, "wish.also")) {
        return answer_one_more(t);
    } else if (day == WK_DAY_UNCLEAR || (day == WK_DAY_ONE && is_other_service(t))) {
        return (pick.only || open) && answer_other_day(t);
    } else if (is_other_service(t)) {
        return false;
    } else if (pick.kind == WK_PICK_SURE) {
        take_or_ask(t, pick.start, !t->dialog->old && !t->refuses && !is_far_weekday(t, date));
    } else if (pick.kind == WK_PICK_PERHAPS && (pick.only || open)) {
        ask_about_time(t, pick.start);
    } else if (open && day == WK_DAY_NONE && offer->count > 0 &&
               wk_half_of_day(t) != WK_ANY_HALF) {
        wk_look_for_times(t, offer->service, offer->appointment, day_of(offer));
    } else {
        return day == WK_DAY_ONE && (pick.only || open) && answer_other_day(t);
    }
    return true;
}

/* A phrase of the list, or a word of the other with nothing else. */
static bool asks_for(const wk_reception_turn_t *t, const char *list, const char *alone)
{
    const char *const lists[] = {alone, "courtesy", "yes.", NULL};
    return wk_turn_has(t, list) || (wk_turn_has(t, alone) && !wk_turn_has(t, "choice.1") &&
                                    wk_reading_is_only(t->a, t->c, t->r, lists, false));
}

/* Than that of the offer; "another day" names none. */
static bool names_another_day(const wk_reception_turn_t *t)
{
    va_str_t date;
    const wk_reading_t *r = t->r;
    bool its_own = wk_turn_date(t, &date) == WK_DAY_ONE && t->dialog->offer.count > 0 &&
                   va_str_eq(date, va_str(t->dialog->offer.slots[0].data, 10));
    return !its_own &&
           (r->weekday != 0 || r->ahead >= 0 || r->day.data != NULL || r->span != WK_SPAN_NONE);
}

/* "Anything after 3?": of the day that is named, or was offered last. */
static bool look_within(wk_reception_turn_t *t)
{
    va_str_t date;
    times_t times = {.day = VA_STR_NULL};
    const wk_offer_t *offer = &t->dialog->offer;
    if (offer->count == 0 || is_other_service(t)) {
        return false;
    }
    va_str_t day = va_str(offer->slots[offer->count - 1].data, 10);
    bool within = bound(t, wk_turn_date(t, &date) == WK_DAY_NONE ? day : date, &times);
    if (within) {
        wk_look_for_times(t, offer->service, offer->appointment, day);
    }
    return within;
}

/* "Anything later?", "another day?": than those that were offered. */
static bool look_beyond(wk_reception_turn_t *t)
{
    const wk_offer_t *offer = &t->dialog->offer;
    bool later = asks_for(t, "offer.later", "offer.later_alone"),
         sooner = wk_turn_has(t, "offer.sooner"),
         earlier = sooner || asks_for(t, "offer.earlier", "offer.earlier_alone"),
         other_day = wk_turn_has(t, "offer.other_day");
    if (later + earlier + other_day != 1 || offer->count == 0 || t->r->time.hour >= 0 ||
        names_another_day(t)) {
        return false;
    }
    va_str_t first = offer->slots[0], last = offer->slots[offer->count - 1];
    va_str_t day = va_str(earlier ? first.data : last.data, 10);
    times_t times = {.service = offer->service,
                     .appointment = offer->appointment,
                     .day = sooner ? VA_STR_NULL : day,
                     .after = later       ? va_str(last.data, 16)
                              : other_day ? end_of(t, day)
                                          : VA_STR_NULL,
                     .before = earlier ? va_str(first.data, 16) : VA_STR_NULL};
    look(t, &times);
    t->out.half = wk_half_of_day(t);
    if (!other_day) {
        t->out.wanted = times.day;
        t->out.beyond = *offer;
        t->out.none = later ? "reply.none_later" : "reply.none_earlier";
    }
    return true;
}

/* None of its times is chosen any more. */
static wk_offer_t without_times(const wk_offer_t *offer)
{
    return (wk_offer_t){.service = offer->service,
                        .appointment = offer->appointment,
                        .becomes = offer->becomes};
}

/* Its times of other days than that. */
static wk_offer_t without_day(const wk_offer_t *offer, va_str_t date)
{
    wk_offer_t left = without_times(offer);
    for (size_t i = 0; i < offer->count; i++) {
        if (!va_str_eq(date, va_str(offer->slots[i].data, 10))) {
            left.slots[left.count++] = offer->slots[i];
        }
    }
    return left;
}

static void repeat_rest(wk_reception_turn_t *t, const wk_offer_t *rest)
{
    wk_dialog_t *dialog = wk_alloc(t->a, sizeof(*dialog));
    *dialog = *t->dialog;
    dialog->offer = *rest;
    wk_reception_turn_t turn = *t;
    turn.dialog = dialog;
    wk_repeat_offer(&turn);
    t->text = turn.text;
    t->out = turn.out;
}

/* "Not Friday" to times of other days too: those stand. */
static bool refuses_other_day(wk_reception_turn_t *t)
{
    va_str_t date;
    static const char *const lists[] = {"wish.refusal", "courtesy", "time.at", NULL};
    const wk_offer_t *offer = &t->dialog->offer;
    bool refuses = t->r->time.hour < 0 && !wk_turn_is_question(t) &&
                   wk_turn_has(t, "wish.refusal") && wk_turn_date(t, &date) == WK_DAY_ONE &&
                   wk_reading_is_only(t->a, t->c, t->r, lists, false);
    wk_offer_t rest = refuses ? without_day(offer, date) : without_times(offer);
    if (rest.count > 0) {
        repeat_rest(t, &rest);
    }
    return rest.count > 0;
}

/* "Any day but Friday", and no other is named. */
static bool answer_excepted(wk_reception_turn_t *t)
{
    const wk_reading_t *r = t->r;
    const wk_offer_t *offer = &t->dialog->offer;
    if (!r->excepted || wk_reading_names_a_day(r) || is_other_service(t) ||
        wk_intent_named(t, WK_INTENT_HOURS)) {
        return false;
    }
    if (offer->count == 0) {
        wk_look_for_times(t, offer->service, offer->appointment, VA_STR_NULL);
        return true;
    }
    va_str_t day = va_str(offer->slots[offer->count - 1].data, 10);
    if (r->not_weekdays == 0 && r->not_ahead == 0) {
        wk_ask_for_day(t, without_times(offer));
    } else if (wk_turn_excepts(t, day)) {
        wk_look_behind_day(t, offer->service, offer->appointment, last_excepted(t, day));
        t->out.time = r->time;
        t->out.half = wk_half_of_day(t);
    } else if (r->time.hour < 0) {
        wk_repeat_offer(t);
    } else {
        return false;
    }
    return true;
}

/* "None of those", "not on Friday" where Friday was offered: which day then? */
static bool wants_none_of_them(const wk_reception_turn_t *t)
{
    va_str_t date;
    const wk_offer_t *offer = &t->dialog->offer;
    bool its_day = wk_turn_date(t, &date) == WK_DAY_ONE && has_day(offer, date);
    return t->r->time.hour < 0 &&
           (its_day ? wk_turn_has(t, "wish.denial")
                    : wk_turn_has(t, "offer.none") && !wk_reading_names_a_day(t->r));
}

static bool may_be_about_offer(wk_intent_t intent)
{
    return intent == WK_INTENT_NONE || intent == WK_INTENT_HOURS || intent == WK_INTENT_BOOK ||
           intent == WK_INTENT_ORDER || intent == WK_INTENT_THANKS ||
           intent == WK_INTENT_GREETING;
}

/* The appointment that the offered times are to move; NULL: none. */
static const va_json_t *row_moved(const wk_reception_turn_t *t)
{
    va_str_t id = t->dialog->offer.appointment;
    const va_json_t *row = id.data != NULL ? wk_fact_at(t->f->appointments, 0) : NULL;
    while (row != NULL && !va_str_eq(wk_fact_text(row, 0), id)) {
        row = row->next;
    }
    return row;
}

/* It is said of that appointment. */
static bool is_of_what_is_moved(const wk_reception_turn_t *from, va_str_t date)
{
    const va_json_t *row = row_moved(from);
    return row != NULL && wk_row_fits(from, row, date);
}

bool wk_is_of_offer(const wk_reception_turn_t *t, const wk_swap_t *swap)
{
    va_str_t date;
    const wk_offer_t *offer = &t->dialog->offer;
    wk_reception_turn_t turn = *t;
    turn.r = &swap->from;
    wk_named_day_t day = wk_turn_date(&turn, &date);
    bool moves = offer->appointment.data != NULL;
    bool fits =
        moves ? day != WK_DAY_UNCLEAR && is_of_what_is_moved(&turn, date) : !swap->by_verb;
    for (size_t i = 0; i < offer->count && !fits; i++) {
        va_str_t slot = offer->slots[i];
        fits = day == WK_DAY_NONE ? wk_clock_time_is(swap->from.time, va_str(slot.data + 11, 5))
                                  : va_str_eq(date, va_str(slot.data, 10));
    }
    return fits;
}

bool wk_answer_offer(wk_reception_turn_t *t, wk_intent_t intent)
{
    wk_swap_t swap;
    wk_reading_t rest;
    wk_reception_turn_t turn = *t;
    const wk_offer_t *offer = &t->dialog->offer;
    if (!may_be_about_offer(intent) || !wk_has_offer(t)) {
        return false;
    }
    turn.near = t->near.data != NULL ? t->near : wk_fact_text(row_moved(t), 2);
    wk_cut_refusal(&turn, &rest);
    if (wk_turn_swaps(&turn, &swap) && wk_is_of_offer(&turn, &swap)) {
        turn.r = &swap.to;
    }
    if (turn.refuses && wk_is_polite_only(&turn)) {
        wk_answer_no(t);
        return true;
    }
    bool beyond = look_within(&turn) || answer_excepted(&turn) || look_beyond(&turn) ||
                  refuses_other_day(&turn),
         none = !beyond && wants_none_of_them(&turn);
    bool answered = beyond || (!none && answer_choice(&turn, intent));
    if (none || (!answered && turn.refuses && offer->count == 1)) {
        wk_ask_for_day(&turn, without_times(offer));
        answered = true;
    }
    t->text = turn.text;
    t->out = turn.out;
    if (answered) {
        t->out.intent = offer->appointment.data != NULL ? "reschedule" : "book";
    }
    return answered;
}
