#include "worker/agent/reception_offer.h"

#include "worker/agent/appointment.h"
#include "worker/agent/reception_answers.h"
#include "worker/agent/reception_consent.h"
#include "worker/agent/wording.h"

/* ---------------------------------------------------------------- looking for times */

/* Who says "good morning" names none. */
wk_half_t wk_half_of_day(const wk_reception_turn_t *t)
{
    const wk_words_t *words = &t->r->words;
    for (size_t i = 0; i < words->count; i++) {
        bool greets = i > 0 && wk_word_list_at(t->c, "intent.greeting", words, i - 1) > 1;
        if (!greets && wk_word_list_at(t->c, "time.half.am", words, i) > 0) {
            return WK_MORNING;
        }
        if (!greets && wk_word_list_at(t->c, "time.half.pm", words, i) > 0) {
            return WK_AFTERNOON;
        }
    }
    return WK_ANY_HALF;
}

void wk_look_for_times(wk_reception_turn_t *t, va_str_t service, va_str_t appointment,
                       va_str_t day)
{
    va_buf_t args;
    va_str_t date;
    date = wk_turn_date(t, &date) == WK_DAY_NONE ? day : date;
    va_json_writer_t *w = wk_turn_args(t, &args);
    va_json_add_str(w, "service_type", service);
    if (date.data != NULL) {
        va_json_add_str(w, "preferred_date", date);
    }
    wk_turn_wish(t, "check_availability", w, &args);
    t->out.wanted = date;
    t->out.half = wk_half_of_day(t);
    bool same = appointment.data != NULL &&
                va_str_eq(appointment, t->dialog->offer.appointment) &&
                va_str_eq(service, t->dialog->offer.service);
    t->out.dialog.offer = (wk_offer_t){.service = service,
                                       .appointment = appointment,
                                       .becomes = same && t->dialog->offer.becomes};
}

/* The offer stands, or is yet to come: its day is asked for. */
static void ask_for_day(wk_reception_turn_t *t, wk_offer_t offer)
{
    wk_turn_add_text(t, "reply.which_day");
    t->out.dialog.expected = WK_EXPECT_SLOT;
    t->out.dialog.offer = offer;
}

void wk_answer_book(wk_reception_turn_t *t)
{
    va_str_t date, service = wk_read_service(t->c, &t->r->words);
    service = service.data != NULL ? service : t->dialog->service;
    t->out.dialog.service = service;
    service = service.data != NULL ? service : VA_STR("general");
    if (wk_turn_date(t, &date) == WK_DAY_UNCLEAR) {
        ask_for_day(t, (wk_offer_t){.service = service});
    } else {
        wk_look_for_times(t, service, VA_STR_NULL, VA_STR_NULL);
    }
}

/* ---------------------------------------------------------------- taking a time */

static void take_offered(wk_reception_turn_t *t, va_str_t start)
{
    va_buf_t args;
    const wk_offer_t *offer = &t->dialog->offer;
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
        wk_turn_wish(t, "book_appointment", w, &args);
    }
    t->out.dialog.offer = *offer;
}

/* The one time that a "yes" takes. */
static void ask_about_time(wk_reception_turn_t *t, va_str_t start)
{
    wk_offer_t offer = t->dialog->offer;
    offer.slots[0] = start;
    offer.count = 1;
    wk_turn_add(t, wk_word_time_question(t->a, t->l, &offer));
    t->out.dialog.expected = WK_EXPECT_SLOT;
    t->out.dialog.offer = offer;
}

static void take_or_ask(wk_reception_turn_t *t, va_str_t start, bool sure)
{
    if (sure) {
        take_offered(t, start);
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
        ask_for_day(t, *offer);
    } else if (offer->count == 1) {
        ask_about_time(t, offer->slots[0]);
    } else {
        wk_turn_add(t,
                    wk_say(t->a, t->l, t->dialog->spoken ? "speech.slots" : "reply.slots",
                           {"service", wk_word_for(t->a, t->l, "appointment", offer->service)},
                           {"slots", wk_word_offer(t->a, t->l, offer)}));
        t->out.dialog.expected = WK_EXPECT_SLOT;
        t->out.dialog.offer = *offer;
    }
}

/* ---------------------------------------------------------------- answers */

/* Another service than the offer's is another wish. */
static bool is_other_service(const wk_reception_turn_t *t)
{
    va_str_t service = wk_read_service(t->c, &t->r->words);
    return service.data != NULL && t->dialog->offer.appointment.data == NULL &&
           !va_str_eq(service, t->dialog->offer.service);
}

static bool answer_other_day(wk_reception_turn_t *t, va_str_t date)
{
    if (date.data == NULL) {
        ask_for_day(t, t->dialog->offer);
        return true;
    }
    bool other = is_other_service(t);
    wk_look_for_times(t, other ? wk_read_service(t->c, &t->r->words) : t->dialog->offer.service,
                      t->dialog->offer.appointment, VA_STR_NULL);
    return true;
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
    if (offer->count == 1 && t->dialog->expected == WK_EXPECT_SLOT && !t->refuses &&
        wk_is_yes(t)) {
        take_or_ask(t, offer->slots[0], !t->dialog->old);
    } else if (day == WK_DAY_UNCLEAR || (day == WK_DAY_ONE && is_other_service(t))) {
        return (pick.only || open) && answer_other_day(t, date);
    } else if (is_other_service(t)) {
        return false;
    } else if (pick.kind == WK_PICK_SURE) {
        take_or_ask(t, pick.start, !t->dialog->old && !t->refuses);
    } else if (pick.kind == WK_PICK_PERHAPS && (pick.only || open)) {
        ask_about_time(t, pick.start);
    } else if (open && day == WK_DAY_NONE && offer->count > 0 &&
               wk_half_of_day(t) != WK_ANY_HALF) {
        wk_look_for_times(t, offer->service, offer->appointment,
                          va_str(offer->slots[0].data, 10));
    } else {
        return day == WK_DAY_ONE && (pick.only || open) && answer_other_day(t, date);
    }
    return true;
}

/* "None of those", "not on Friday" where Friday was offered: which day then? */
static bool wants_none_of_them(const wk_reception_turn_t *t)
{
    va_str_t date;
    const wk_offer_t *offer = &t->dialog->offer;
    bool its_day = wk_turn_date(t, &date) == WK_DAY_ONE && offer->count > 0 &&
                   va_str_eq(date, va_str(offer->slots[0].data, 10));
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

bool wk_answer_offer(wk_reception_turn_t *t, wk_intent_t intent)
{
    wk_reading_t rest;
    wk_reception_turn_t turn = *t;
    const wk_offer_t *offer = &t->dialog->offer;
    if (!may_be_about_offer(intent) || !wk_has_offer(t)) {
        return false;
    }
    wk_cut_refusal(&turn, &rest);
    if (turn.refuses && wk_is_polite_only(&turn)) {
        wk_answer_no(t);
        return true;
    }
    bool none = wants_none_of_them(&turn);
    bool answered = !none && answer_choice(&turn, intent);
    if (none || (!answered && turn.refuses && offer->count == 1)) {
        ask_for_day(&turn, *offer);
        answered = true;
    }
    t->text = turn.text;
    t->out = turn.out;
    if (answered) {
        t->out.intent = offer->appointment.data != NULL ? "reschedule" : "book";
    }
    return answered;
}
