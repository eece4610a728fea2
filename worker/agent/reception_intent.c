#define _GNU_SOURCE /* memmem */
#include "worker/agent/reception_intent.h"

#include <string.h>

#include "worker/agent/reception_answers.h"
#include "worker/agent/reception_consent.h"
#include "worker/agent/reception_move.h"
#include "worker/agent/reception_offer.h"
#include "worker/agent/reception_services.h"
#include "worker/agent/reception_which.h"

#define SHORT_MESSAGE  10 /* words */
#define SHORT_GREETING 4

static const struct {
    const char *name, *words;
} intents[] = {
    [WK_INTENT_WRONG_NUMBER] = {"wrong_number", "intent.wrong_number"},
    [WK_INTENT_WHO] = {"who", "intent.who"},
    [WK_INTENT_HUMAN] = {"human", "intent.human"},
    [WK_INTENT_MESSAGE] = {"message", "intent.message"},
    [WK_INTENT_CANCEL] = {"cancel", "intent.cancel"},
    [WK_INTENT_RESCHEDULE] = {"reschedule", "intent.reschedule"},
    [WK_INTENT_COMPLAINT] = {"complaint", "intent.complaint"},
    [WK_INTENT_APPOINTMENT] = {"appointment", "appointment.own"},
    [WK_INTENT_READY] = {"ready", "intent.ready"},
    [WK_INTENT_POLICY] = {"policy", "intent.policy"},
    [WK_INTENT_PROMOTION] = {"promotion", "intent.promotion"},
    [WK_INTENT_PRICE] = {"price", "intent.price"},
    [WK_INTENT_DURATION] = {"duration", "duration.asked"},
    [WK_INTENT_WALK_IN] = {"visit", "intent.walk_in"},
    [WK_INTENT_BOOK] = {"book", "intent.book"},
    [WK_INTENT_ORDER] = {"order", "intent.order"},
    [WK_INTENT_HOLIDAYS] = {"holidays", "intent.holidays"},
    [WK_INTENT_HOURS] = {"hours", "intent.hours"},
    [WK_INTENT_PHONE] = {"phone", "intent.phone"},
    [WK_INTENT_LOCATION] = {"location", "intent.location"},
    [WK_INTENT_THANKS] = {"thanks", "intent.thanks"},
    [WK_INTENT_GREETING] = {"greeting", "intent.greeting"},
    [WK_INTENT_NONE] = {"none", NULL},
};

/* A day and a time, with words that are polite or wish for them. */
static bool names_only_a_moment(const wk_reception_turn_t *t)
{
    static const char *const beside[] = {"wish.filler", "courtesy", "yes.", NULL};
    return t->r->time.hour >= 0 &&
           (wk_turn_wishes_past(t) || (wk_reading_names_a_day(t->r) &&
                                       wk_reading_is_only(t->a, t->c, t->r, beside, false)));
}

/* "Can I … tomorrow at 3", in a short message that says nothing else we know. */
static bool names_a_whole_moment(const wk_reception_turn_t *t)
{
    return wk_reading_names_a_day(t->r) && t->r->time.hour >= 0 &&
           t->r->words.count <= SHORT_MESSAGE && wk_turn_has(t, "wish.may_i") &&
           !wk_turn_has(t, "wish.denial") && t->dialog->expected == WK_EXPECT_NOTHING;
}

/*
 * A bare day, or a feast, asks for its hours, but where a service was spoken of; a bare number
 * for the order. A day with a time is
 * when somebody would come: behind a booking, in its place.
 */
static wk_intent_t by_what_is_named(const wk_reception_turn_t *t)
{
    const wk_reading_t *r = t->r;
    if (r->order_number.data != NULL) {
        return WK_INTENT_ORDER;
    }
    if (names_only_a_moment(t)) {
        bool instead = t->dialog->booked.data != NULL && t->f->appointments != NULL &&
                       t->dialog->expected == WK_EXPECT_NOTHING;
        return instead ? WK_INTENT_RESCHEDULE : WK_INTENT_BOOK;
    }
    if (wk_reading_names_a_day(r) && t->dialog->service.data != NULL &&
        t->dialog->expected == WK_EXPECT_NOTHING) {
        return WK_INTENT_BOOK;
    }
    if (wk_turn_service(t).data != NULL || names_a_whole_moment(t)) {
        return WK_INTENT_BOOK;
    }
    bool few = r->words.count <= 3;
    return r->weekday != 0 || r->day.data != NULL || (r->span == WK_SPAN_WEEKEND && few) ||
                   (r->ahead >= 0 && few)
               ? WK_INTENT_HOURS
               : WK_INTENT_NONE;
}

/* "I can't do Monday", where there is one on Monday. */
static bool is_unable_then(const wk_reception_turn_t *t)
{
    return wk_turn_has(t, "reschedule.unable") && wk_reading_names_a_day(t->r) &&
           !wk_turn_is_question(t) && !wk_wishes_instead(t) && wk_all_named(t).count == 1;
}

/* "Cancel my order" is about the order; who cannot make it means an appointment that he has. */
static bool names_cancelling(const wk_reception_turn_t *t)
{
    bool order =
        t->r->order_number.data != NULL || wk_turn_has(t, intents[WK_INTENT_ORDER].words);
    bool absent = (wk_turn_has(t, "cancel.absence") || is_unable_then(t) || wk_drops_own(t) ||
                   wk_keeps_own(t)) &&
                  wk_fact_at(t->f->appointments, 0) != NULL &&
                  t->dialog->expected != WK_EXPECT_SLOT &&
                  !wk_intent_named(t, WK_INTENT_RESCHEDULE);
    bool named = wk_turn_has(t, intents[WK_INTENT_CANCEL].words);
    bool cancels = wk_turn_has(t, "cancel.plain") || (!order && (named || absent));
    bool moves = named && wk_is_denied(t, intents[WK_INTENT_CANCEL].words) &&
                 wk_intent_named(t, WK_INTENT_RESCHEDULE); /* "don't cancel, change it to …" */
    return cancels && !moves;
}

/* Of money a person decides; what the rule is, is a question for the shop's policies. */
static bool wants_refund(const wk_reception_turn_t *t)
{
    return wk_turn_has(t, "transfer.refund") && !wk_turn_is_question(t) &&
           !wk_turn_has(t, "intent.policy") && !wk_turn_has(t, "wish.question");
}

/* "Can I have somebody", not "can someone come and fix the tap". */
static bool wants_somebody(const wk_reception_turn_t *t)
{
    return wk_turn_has(t, "human.somebody") && wk_turn_service(t).data == NULL &&
           !wk_turn_has(t, intents[WK_INTENT_BOOK].words);
}

/* "What does a tune-up cost", not "the bike cost 3000". */
static bool has_price_words(const wk_reception_turn_t *t)
{
    bool asks = wk_turn_is_question(t) || wk_turn_has(t, "price.asked");
    return !wk_turn_has(t, "price.other") && (wk_turn_has(t, intents[WK_INTENT_PRICE].words) ||
                                              (asks && wk_turn_has(t, "price.cost")));
}

/* "I'm running late": people are told, unless it is a wish that can be had at once. */
static bool tells_of_delay(const wk_reception_turn_t *t)
{
    return wk_turn_has(t, "message.late") && !wk_turn_is_question(t) &&
           t->r->order_number.data == NULL && !wk_turn_has(t, intents[WK_INTENT_ORDER].words) &&
           !wk_intent_named(t, WK_INTENT_CANCEL) && !wk_intent_named(t, WK_INTENT_RESCHEDULE);
}

/* "Can I come on Monday", not "when do you close, I'd come by". */
static bool wants_to_come(const wk_reception_turn_t *t)
{
    return wk_turn_has(t, "book.visit") && !wk_intent_named(t, WK_INTENT_HOURS) &&
           !wk_turn_has(t, intents[WK_INTENT_LOCATION].words);
}

/* "How long does a tune-up take", not "how long is the wait for one". */
static bool asks_duration(const wk_reception_turn_t *t)
{
    return wk_turn_has(t, intents[WK_INTENT_DURATION].words) &&
           !wk_turn_has(t, "duration.other") && wk_service_meant(t).data != NULL &&
           !wk_turn_names_a_moment(t) && !wk_intent_named(t, WK_INTENT_HOURS);
}

/* "Book a tune-up on Friday at 2, and is my order ready?" */
static bool wishes_to_come_beside(const wk_reception_turn_t *t)
{
    return wk_turn_has(t, "wish.to_book") && wk_services_named(t).count > 0 &&
           wk_turn_names_a_moment(t) && t->r->order_number.data == NULL;
}

/* What is asked about an order, the hours or the place may have such words too. */
static bool asks_price(const wk_reception_turn_t *t)
{
    bool service =
        wk_turn_service(t).data != NULL || wk_turn_has(t, intents[WK_INTENT_BOOK].words);
    bool other = t->r->order_number.data != NULL;
    for (wk_intent_t i = WK_INTENT_PRICE + 1; i <= WK_INTENT_LOCATION && !other; i++) {
        other = wk_intent_named(t, i);
    }
    return has_price_words(t) && (service || !other);
}

/* "Thursday instead of Tuesday": of an appointment, unless it is of the times that are offered;
 * "do your hours change from Monday to Friday" asks for them. */
static bool swaps_days(const wk_reception_turn_t *t)
{
    wk_swap_t swap;
    if (wk_intent_named(t, WK_INTENT_HOURS) || !wk_turn_swaps(t, &swap)) {
        return false;
    }
    if (wk_has_offer(t)) {
        return !wk_is_of_offer(t, &swap) && wk_is_of_appointment(t, &swap);
    }
    return swap.by_verb || wk_fact_at(t->f->appointments, 0) != NULL;
}

/* "Saturday rather than Friday" of who has no appointment is when he would come. */
static bool prefers_day(const wk_reception_turn_t *t)
{
    wk_swap_t swap;
    return !wk_has_offer(t) && wk_fact_at(t->f->appointments, 0) == NULL &&
           !wk_intent_named(t, WK_INTENT_HOURS) && wk_turn_swaps(t, &swap) && !swap.by_verb;
}

/* "My appointment is on Monday?", "I confirm my appointment on Monday at 10": that of its day,
 * and no wish for another. */
static bool names_its_moment(const wk_reception_turn_t *t)
{
    bool sure, other = false;
    for (wk_intent_t i = WK_INTENT_READY; i <= WK_INTENT_LOCATION && !other; i++) {
        other = i != WK_INTENT_BOOK && i != WK_INTENT_APPOINTMENT && wk_intent_named(t, i);
    }
    (void)wk_appointment_meant(t, &sure);
    return sure && wk_reading_names_a_day(t->r) && wk_services_named(t).count == 0 &&
           !wk_turn_has(t, "wish.also") && !wk_turn_has(t, "wish.denial") &&
           !wk_turn_has(t, "reschedule.unable") && !wk_turn_has(t, "wish.may_i") && !other &&
           t->dialog->expected == WK_EXPECT_NOTHING;
}

/* Whoever swears and asks gets his answer: "what are your hours, you idiots". */
static bool names_what_is_answered(const wk_reception_turn_t *t)
{
    bool named = false;
    for (wk_intent_t i = WK_INTENT_APPOINTMENT; i <= WK_INTENT_LOCATION && !named; i++) {
        named = wk_intent_named(t, i);
    }
    return named || wk_turn_names_a_moment(t);
}

bool wk_intent_named(const wk_reception_turn_t *t, wk_intent_t intent)
{
    switch (intent) {
    case WK_INTENT_HUMAN:
        return wk_turn_has(t, intents[intent].words) || wants_refund(t) || wants_somebody(t);
    case WK_INTENT_MESSAGE:
        return wk_turn_has(t, intents[intent].words) || tells_of_delay(t);
    case WK_INTENT_COMPLAINT: /* how an order stands says more */
        return (wk_turn_has(t, intents[intent].words) &&
                !wk_turn_has(t, intents[WK_INTENT_ORDER].words)) ||
               (wk_turn_has(t, "complaint.insult") && !names_what_is_answered(t));
    case WK_INTENT_READY:
        return wk_turn_has(t, intents[intent].words) && t->r->order_number.data == NULL &&
               !wk_turn_has(t, intents[WK_INTENT_ORDER].words) &&
               !wk_turn_has(t, intents[WK_INTENT_BOOK].words);
    case WK_INTENT_DURATION:
        return asks_duration(t);
    case WK_INTENT_ORDER: /* beside a wish to come: people tell of it */
        return wk_turn_has(t, intents[intent].words) && !wishes_to_come_beside(t);
    case WK_INTENT_BOOK:
        return wk_turn_has(t, intents[intent].words) || wants_to_come(t) || prefers_day(t);
    case WK_INTENT_CANCEL:
        return names_cancelling(t);
    case WK_INTENT_RESCHEDULE:
        return wk_turn_has(t, intents[intent].words) || wk_changes_what_was_booked(t) ||
               swaps_days(t) || wk_moves_own(t) || wk_comes_another_day(t) ||
               wk_moves_what_is_told(t) ||
               (wk_turn_has(t, "reschedule.it") && wk_turn_has(t, "appointment.own"));
    case WK_INTENT_APPOINTMENT:
        return wk_turn_has(t, "appointment.own") &&
               (wk_turn_has(t, "appointment.asked") || names_its_moment(t));
    case WK_INTENT_POLICY:
        return wk_turn_has(t, intents[intent].words) && wk_has_policy(t);
    case WK_INTENT_PRICE:
        return asks_price(t);
    case WK_INTENT_HOURS:
        return wk_reading_has_beside(t->c, t->r, intents[WK_INTENT_HOURS].words);
    default:
        return wk_turn_has(t, intents[intent].words);
    }
}

/* What signs alone say, as a thumb does: the first that is one of these. */
static wk_intent_t said_by_signs(const wk_reception_turn_t *t)
{
    static const struct {
        const char *sign; /* UTF-8 */
        wk_intent_t intent;
    } signs[] = {
        {"👍", WK_INTENT_THANKS},    {"👌", WK_INTENT_THANKS},    {"🙏", WK_INTENT_THANKS},
        {"👏", WK_INTENT_THANKS},    {"🎉", WK_INTENT_THANKS},    {"😀", WK_INTENT_THANKS},
        {"😃", WK_INTENT_THANKS},    {"😄", WK_INTENT_THANKS},    {"😁", WK_INTENT_THANKS},
        {"😊", WK_INTENT_THANKS},    {"🙂", WK_INTENT_THANKS},    {"😍", WK_INTENT_THANKS},
        {"🥰", WK_INTENT_THANKS},    {"😎", WK_INTENT_THANKS},    {"💪", WK_INTENT_THANKS},
        {"❤", WK_INTENT_THANKS},     {"✅", WK_INTENT_THANKS},    {"👋", WK_INTENT_GREETING},
        {"😡", WK_INTENT_COMPLAINT}, {"😠", WK_INTENT_COMPLAINT}, {"🤬", WK_INTENT_COMPLAINT},
        {"😤", WK_INTENT_COMPLAINT}, {"👎", WK_INTENT_COMPLAINT}, {"😢", WK_INTENT_COMPLAINT},
        {"😭", WK_INTENT_COMPLAINT}, {"🖕", WK_INTENT_COMPLAINT},
    };
    va_str_t text = t->r->text;
    for (size_t i = 0; i < sizeof(signs) / sizeof(*signs) && t->r->words.count == 0; i++) {
        if (text.len > 0 && memmem(text.data, text.len, signs[i].sign, strlen(signs[i].sign))) {
            return signs[i].intent;
        }
    }
    return WK_INTENT_NONE;
}

/* "Hey, did I leave my helmet with you?" is no greeting to be greeted back alone. */
static bool is_question_beyond_courtesy(const wk_reception_turn_t *t)
{
    static const char *const lists[] = {"courtesy", "intent.thanks", "intent.greeting",
                                        "wish.filler", NULL};
    return wk_turn_is_question(t) && t->r->words.count > SHORT_GREETING &&
           !wk_reading_is_only(t->a, t->c, t->r, lists, false);
}

wk_intent_t wk_intent_of(const wk_reception_turn_t *t)
{
    if (va_str_eq(t->r->text, VA_STR("0"))) {
        return WK_INTENT_HUMAN;
    }
    if (wk_turn_is_letter(t, "letter.cancel") || wk_turn_is_letter(t, "letter.reschedule")) {
        return wk_turn_is_letter(t, "letter.cancel") ? WK_INTENT_CANCEL : WK_INTENT_RESCHEDULE;
    }
    wk_intent_t signs = said_by_signs(t);
    if (signs != WK_INTENT_NONE) {
        return signs;
    }
    for (wk_intent_t i = WK_INTENT_WRONG_NUMBER; i <= WK_INTENT_LOCATION; i++) {
        if (wk_intent_named(t, i)) {
            return i;
        }
    }
    if (wk_turn_has(t, "farewell.until") && !wk_turn_is_question(t)) {
        return WK_INTENT_THANKS;
    }
    wk_intent_t named_one = by_what_is_named(t);
    if (named_one != WK_INTENT_NONE) {
        return named_one;
    }
    return is_question_beyond_courtesy(t)                      ? WK_INTENT_NONE
           : wk_turn_has(t, intents[WK_INTENT_THANKS].words)   ? WK_INTENT_THANKS
           : wk_turn_has(t, intents[WK_INTENT_GREETING].words) ? WK_INTENT_GREETING
                                                               : WK_INTENT_NONE;
}

const char *wk_intent_name(wk_intent_t intent)
{
    return intents[intent].name;
}
