#include "worker/agent/receptionist.h"

#include <string.h>

#include "worker/agent/reception_answers.h"
#include "worker/agent/reception_appointment.h"
#include "worker/agent/reception_asides.h"
#include "worker/agent/reception_consent.h"
#include "worker/agent/reception_correction.h"
#include "worker/agent/reception_intent.h"
#include "worker/agent/reception_move.h"
#include "worker/agent/reception_number.h"
#include "worker/agent/reception_offer.h"
#include "worker/agent/reception_services.h"
#include "worker/agent/reception_swap.h"

#define MISSES_BEFORE_HUMAN 2
#define MISSES_BEFORE_CALL  3
#define SHORT_WISH          7 /* words, for somebody */
#define SHORT_QUESTION      2 /* words, which may be about what is offered */

/* Asks once more what is not answered yet; false: nothing is. */
static bool ask_again(wk_reception_turn_t *t)
{
    bool cancel = wk_is_asked_to_cancel(t), number = wk_is_asked_for_number(t);
    if (cancel) {
        wk_ask_to_cancel_again(t);
    } else if (number) {
        wk_ask_for_number_again(t);
    } else if (wk_has_offer(t)) {
        wk_repeat_offer(t);
    }
    return cancel || number || wk_has_offer(t);
}

/* Not understood, the shop's documents may know; the answer at hand is for when they do not. */
static void look_into_knowledge(wk_reception_turn_t *t)
{
    va_buf_t args;
    va_json_writer_t *w = wk_turn_args(t, &args);
    va_json_add_str(w, "query", wk_cut_text(t->r->text, WK_ARG_TEXT_MAX));
    wk_turn_wish(t, "search_knowledge", w, &args);
}

/* "Do you sell helmets?", where times are offered. */
static bool is_other_question(const wk_reception_turn_t *t)
{
    return wk_turn_is_question(t) && t->r->words.count > SHORT_QUESTION &&
           !wk_turn_names_a_moment(t) && t->r->numbers == 0;
}

/* "No", "I'll think about it, thanks", "I'm good", and nothing else. */
static bool says_no(const wk_reception_turn_t *t)
{
    static const char *const lists[] = {"no.alone", "courtesy", NULL};
    return wk_turn_is_all(t, "intent.no") ||
           (wk_turn_has(t, "no.alone") && wk_reading_is_only(t->a, t->c, t->r, lists, false));
}

static void answer(wk_reception_turn_t *t, wk_intent_t intent);

/* "Do you sell helmets": understood as a question, which people can answer at once. */
static bool asks_of_shop(const wk_reception_turn_t *t)
{
    return t->dialog->expected == WK_EXPECT_NOTHING &&
           wk_word_list_at(t->c, "question.of_shop", &t->r->words, 0) > 0;
}

static void answer_nothing(wk_reception_turn_t *t)
{
    if (says_no(t)) {
        wk_answer_no(t);
        return;
    }
    if (t->dialog->misses > 0 && t->dialog->expected == WK_EXPECT_NOTHING && wk_is_yes(t)) {
        wk_ask_for_message(t); /* which was what he could do instead */
        return;
    }
    t->out.dialog.misses = t->dialog->misses + 1;
    if (t->dialog->misses >= MISSES_BEFORE_CALL && t->dialog->expected == WK_EXPECT_CALLBACK) {
        answer(t, WK_INTENT_HUMAN); /* who is not understood is not asked for ever */
        return;
    }
    bool asked = wk_is_asked_to_cancel(t); /* which counts by itself */
    bool lost = t->out.dialog.misses >= MISSES_BEFORE_HUMAN || asks_of_shop(t);
    if (lost && !asked) {
        wk_turn_add_text(t, "reply.fallback_human");
        wk_turn_expect_callback(t);
        t->out.dialog.offer = wk_has_offer(t) || wk_is_asked_for_number(t)
                                  ? t->dialog->offer
                                  : t->out.dialog.offer;
    } else if (wk_has_offer(t) && is_other_question(t)) {
        wk_turn_add_text(t, "reply.cannot_answer");
        wk_repeat_offer(t);
    } else if (!ask_again(t)) {
        wk_turn_add_text(t, "reply.fallback");
    }
    if (t->f->knows && t->r->words.count > 0) {
        look_into_knowledge(t);
    }
}

/* It may be meant as an answer: what was asked is asked again. */
static void answer_courtesy(wk_reception_turn_t *t, wk_intent_t intent)
{
    if (wk_has_offer(t)) {
        t->out.dialog.misses = t->dialog->misses;
    }
    if (intent == WK_INTENT_THANKS && wk_has_offer(t) && wk_turn_has(t, "intent.goodbye")) {
        wk_answer_no(t);
        return;
    }
    if (ask_again(t)) {
        return;
    }
    if (intent == WK_INTENT_THANKS) {
        wk_turn_add_text(t, "reply.thanks");
    } else {
        wk_answer_greeting(t);
    }
}

/* The shop's documents may know what its list of services does not. */
static void answer_price(wk_reception_turn_t *t)
{
    if (!wk_answer_price(t) && t->f->knows && t->out.tool == NULL) {
        look_into_knowledge(t);
    }
}

/* To nothing that was asked; with a service it is a wish for one. */
static bool is_agreement(const wk_reception_turn_t *t, wk_intent_t intent)
{
    bool service = wk_turn_service(t).data != NULL;
    return (intent == WK_INTENT_NONE || (intent == WK_INTENT_BOOK && !service)) &&
           t->dialog->expected == WK_EXPECT_NOTHING && wk_is_yes(t);
}

static void answer(wk_reception_turn_t *t, wk_intent_t intent)
{
    static void (*const answers[])(wk_reception_turn_t *) = {
        [WK_INTENT_WRONG_NUMBER] = wk_answer_wrong_number,
        [WK_INTENT_WHO] = wk_answer_who,
        [WK_INTENT_HUMAN] = wk_answer_human,
        [WK_INTENT_MESSAGE] = wk_answer_message,
        [WK_INTENT_COMPLAINT] = wk_answer_complaint,
        [WK_INTENT_ORDER] = wk_answer_order,
        [WK_INTENT_CANCEL] = wk_answer_cancel,
        [WK_INTENT_RESCHEDULE] = wk_answer_reschedule,
        [WK_INTENT_WALK_IN] = wk_answer_walk_in,
        [WK_INTENT_BOOK] = wk_answer_book,
        [WK_INTENT_APPOINTMENT] = wk_answer_appointment,
        [WK_INTENT_READY] = wk_answer_ready,
        [WK_INTENT_POLICY] = wk_answer_policy,
        [WK_INTENT_PROMOTION] = wk_answer_promotion,
        [WK_INTENT_PRICE] = answer_price,
        [WK_INTENT_DURATION] = wk_answer_duration,
        [WK_INTENT_HOLIDAYS] = wk_answer_holidays,
        [WK_INTENT_HOURS] = wk_answer_hours,
        [WK_INTENT_PHONE] = wk_answer_phone,
        [WK_INTENT_LOCATION] = wk_answer_location,
        [WK_INTENT_NONE] = answer_nothing,
    };
    t->out.intent = wk_intent_name(intent);
    if (is_agreement(t, intent) && wk_answer_agreement(t)) {
        t->out.intent = wk_intent_name(WK_INTENT_APPOINTMENT);
    } else if (intent == WK_INTENT_THANKS || intent == WK_INTENT_GREETING) {
        answer_courtesy(t, intent);
    } else {
        answers[intent](t);
    }
}

/* Who was asked for his message says it, whoever he wants to be called by; who asks for a
 * person in a word ("agent", 0), or to speak to one, leaves none. */
static bool is_message(const wk_reception_turn_t *t, wk_intent_t intent)
{
    static const char *const lists[] = {"intent.human", "human.somebody", "wish.filler",
                                        "courtesy", NULL};
    if (intent == WK_INTENT_HUMAN) {
        return wk_turn_has(t, "message.callback") ||
               (t->r->words.count > SHORT_WISH && !wk_turn_has(t, "message.person") &&
                !wk_reading_is_only(t->a, t->c, t->r, lists, false));
    }
    return intent != WK_INTENT_CANCEL && intent != WK_INTENT_RESCHEDULE &&
           t->r->words.count > 0;
}

/* It names none, and there is none that could be meant. */
static bool means_no_appointment(const wk_reception_turn_t *t)
{
    return wk_fact_at(t->f->appointments, 0) == NULL && t->dialog->booked.data == NULL &&
           !wk_turn_has(t, "cancel.plain") && !wk_turn_is_letter(t, "letter.cancel");
}

/* "Cancel that", and nothing else. */
static bool cancels_offer(const wk_reception_turn_t *t)
{
    static const char *const lists[] = {"intent.cancel", "intent.no", "courtesy", "offer.it",
                                        NULL};
    return wk_turn_has(t, "intent.cancel") && means_no_appointment(t) &&
           !wk_is_denied(t, "intent.cancel") &&
           wk_reading_is_only(t->a, t->c, t->r, lists, false);
}

static bool names_other_service(const wk_reception_turn_t *t)
{
    wk_services_t named = wk_services_named(t);
    return named.count > 1 ||
           (named.count == 1 && !va_str_eq(named.at[0], t->dialog->offer.service));
}

/* "Don't book it", and nothing that may be a choice. */
static bool refuses_offer(const wk_reception_turn_t *t)
{
    static const char *const lists[] = {"wish.refusal", "intent.book", "intent.no",
                                        "courtesy",     "offer.it",    NULL};
    return wk_is_denied(t, "intent.book") && !names_other_service(t) &&
           wk_reading_is_only(t->a, t->c, t->r, lists, false);
}

/* None of the times that are offered is wanted, nor the one that a number was asked for. */
static bool gives_up_offer(const wk_reception_turn_t *t)
{
    bool offered = wk_has_offer(t) || (wk_is_asked_for_number(t) && t->dialog->offer.count > 0);
    return offered && (cancels_offer(t) || refuses_offer(t)) && t->r->numbers == 0 &&
           !wk_turn_names_a_moment(t) && !wk_turn_is_question(t);
}

/* "Don't book the first one, book the second": leaves what is said behind the refusal. */
static void cut_what_is_given_up(wk_reception_turn_t *t, wk_reading_t *rest)
{
    va_str_t text = t->r->text;
    size_t len = strcspn(wk_strdup(t->a, text), ",;.!");
    wk_reception_turn_t first = *t, behind = *t;
    wk_reading_t head = wk_read_message(t->a, t->c, t->l, va_str(text.data, len));
    first.r = &head;
    if (len < text.len && (cancels_offer(&first) || wk_is_denied(&first, "intent.book"))) {
        *rest =
            wk_read_message(t->a, t->c, t->l, va_str(text.data + len + 1, text.len - len - 1));
        behind.r = rest;
        t->r = wk_is_polite_only(&behind) ? t->r : rest;
    }
}

/* "No repair, only a tune-up" */
static bool answer_service_behind(wk_reception_turn_t *t, wk_intent_t intent)
{
    va_str_t service = wk_turn_service(t);
    if (intent != WK_INTENT_BOOK || service.data == NULL || !wk_has_offer(t)) {
        return false;
    }
    if (va_str_eq(service, t->dialog->offer.service)) {
        wk_repeat_offer(t);
    } else {
        wk_answer_book(t);
    }
    t->out.intent = wk_intent_name(WK_INTENT_BOOK);
    return true;
}

/* "Don't book the first one" takes none, and gives up no other. */
static bool keeps_offer(wk_reception_turn_t *t, wk_intent_t intent)
{
    bool keeps = intent == WK_INTENT_BOOK && wk_has_offer(t) &&
                 wk_is_denied(t, "intent.book") && !names_other_service(t) &&
                 !wk_turn_is_question(t);
    if (keeps) {
        wk_repeat_offer(t);
        t->out.intent = wk_intent_name(intent);
    }
    return keeps;
}

/* What is behind a refusal is asked about before it is booked; behind that of another service
 * it is a choice like any other. */
static bool answer_offer(wk_reception_turn_t *t, wk_intent_t intent)
{
    wk_reading_t rest;
    wk_reception_turn_t turn = *t;
    cut_what_is_given_up(&turn, &rest);
    bool cut = turn.r != t->r, service = cut && wk_turn_service(&turn).data != NULL;
    turn.refuses = !service && (cut || wk_is_denied(t, "intent.book"));
    wk_intent_t behind = cut ? wk_intent_of(&turn) : intent;
    bool answered =
        wk_answer_offer(&turn, behind) || (cut && answer_service_behind(&turn, behind));
    if (answered) {
        t->text = turn.text;
        t->out = turn.out;
    }
    return answered || keeps_offer(t, intent);
}

/* The answer to what was asked last; false: it is none, and the message stands for itself. */
static bool answer_expected(wk_reception_turn_t *t, wk_intent_t intent)
{
    if (t->dialog->expected == WK_EXPECT_NOTHING) {
        return false;
    }
    if (says_no(t) || gives_up_offer(t)) {
        wk_answer_no(t);
        return true;
    }
    bool proof = t->dialog->expected == WK_EXPECT_PROOF;
    bool agrees = wk_is_yes(t) && !wk_turn_has(t, "intent.book");
    if ((t->dialog->expected == WK_EXPECT_CALLBACK || proof) && agrees) {
        answer(t, WK_INTENT_HUMAN);
        return true;
    }
    if (proof) {
        return wk_answer_proof(t);
    }
    if (wk_is_asked_for_number(t)) {
        return wk_answer_number(t, intent);
    }
    if (wk_has_offer(t)) {
        return wk_answer_other_moved(t) || answer_offer(t, intent);
    }
    if (t->dialog->expected == WK_EXPECT_CANCEL) {
        return wk_answer_cancel_question(t, intent);
    }
    if (t->dialog->expected == WK_EXPECT_MOVE) {
        return wk_answer_which_to_move(t);
    }
    if (t->dialog->expected == WK_EXPECT_MESSAGE && is_message(t, intent)) {
        wk_take_message(t);
        t->out.intent = "message";
        return true;
    }
    return false;
}

/* Nothing but the wish for the other language was said. */
static bool is_language_only(const wk_language_choice_t *choice, wk_intent_t intent)
{
    return choice->requested && (intent == WK_INTENT_NONE || intent == WK_INTENT_GREETING ||
                                 intent == WK_INTENT_THANKS);
}

static bool only_looks(const char *tool)
{
    return tool == NULL || strcmp(tool, "search_knowledge") == 0;
}

/* Whoever speaks of the appointment answers, whatever he says. */
static bool is_an_answer(const char *intent)
{
    return strcmp(intent, "no") == 0 || strcmp(intent, "cancel") == 0 ||
           strcmp(intent, "reschedule") == 0;
}

/* "No, don't book it, have somebody call me" */
static bool would_rather_be_called(const wk_reception_turn_t *t)
{
    return strcmp(t->out.intent, "human") == 0 &&
           (wk_word_list_at(t->c, "intent.no", &t->r->words, 0) > 0 ||
            wk_is_denied(t, "intent.book"));
}

/* A question in between does not take back what was asked; a "no" does. */
static void keep_question(wk_reception_turn_t *t)
{
    if (!only_looks(t->out.tool) || strcmp(t->out.intent, "no") == 0 ||
        would_rather_be_called(t) || t->out.dialog.expected != WK_EXPECT_NOTHING) {
        return;
    }
    if (t->dialog->expected == WK_EXPECT_PROOF && strcmp(t->out.intent, "human") != 0) {
        t->out.dialog.expected = WK_EXPECT_PROOF;
        t->out.dialog.order = t->dialog->order;
    } else if (t->dialog->expected == WK_EXPECT_SLOT ||
               (wk_is_asked_for_number(t) && !wk_is_number_known(t))) {
        t->out.dialog.expected = t->dialog->expected;
        t->out.dialog.offer = t->dialog->offer;
    } else if (t->dialog->expected == WK_EXPECT_CANCEL && !is_an_answer(t->out.intent)) {
        t->out.dialog.expected = WK_EXPECT_CANCEL;
        t->out.dialog.cancels = t->dialog->cancels;
    } else if (t->dialog->expected == WK_EXPECT_MOVE && !is_an_answer(t->out.intent)) {
        t->out.dialog.expected = WK_EXPECT_MOVE;
        t->out.dialog.moves_to = t->dialog->moves_to;
    }
}

/* Wholly that: an address beside it is an answer to what an emergency asks. */
static bool is_about_appointment(const wk_reception_turn_t *t, wk_intent_t intent)
{
    static const char *const lists[] = {"intent.reschedule", "reschedule.it", "appointment.own",
                                        "wish.filler",       "courtesy",      NULL};
    bool moves = intent == WK_INTENT_RESCHEDULE && wk_turn_has(t, "appointment.own") &&
                 wk_reading_is_only(t->a, t->c, t->r, lists, false);
    return wk_turn_is_letter(t, "letter.cancel") || wk_turn_is_letter(t, "letter.reschedule") ||
           moves || (intent == WK_INTENT_CANCEL && wk_is_plain_cancel(t));
}

/* A person can be had at every moment; and what was said besides goes to people as well. */
static void answer_urgent_human(wk_reception_turn_t *t)
{
    answer(t, WK_INTENT_HUMAN);
    t->out.task = t->out.task != NULL ? t->out.task : "message";
    t->out.dialog.urgent = t->dialog->urgent;
}

/* Where somebody is in danger, an answer to what was asked of him goes to people as it is. */
static bool answer_urgent(wk_reception_turn_t *t, wk_intent_t intent)
{
    bool other =
        intent != WK_INTENT_NONE && intent != WK_INTENT_THANKS && intent != WK_INTENT_GREETING;
    bool courtesy = wk_turn_has(t, "intent.goodbye") || wk_turn_is_all(t, "courtesy");
    if (t->dialog->urgent == 0 || t->r->text.len == 0 || courtesy ||
        (other && t->dialog->urgent < WK_URGENT_ANSWERS && intent != WK_INTENT_HUMAN) ||
        is_about_appointment(t, intent)) {
        return false;
    }
    if (intent == WK_INTENT_HUMAN && !is_message(t, intent)) {
        answer_urgent_human(t);
        return true;
    }
    wk_turn_add_text(t, "reply.message_taken");
    t->out.task = "message";
    t->out.intent = "message";
    t->out.dialog.urgent = t->dialog->urgent - 1;
    return true;
}

/* Behind a letter the questions of the emergency are open as before. */
static void keep_urgency(wk_reception_turn_t *t)
{
    if (t->out.tool != NULL && strcmp(t->out.tool, "cancel_appointment") == 0) {
        t->out.dialog.urgent = t->dialog->urgent;
    }
}

static void answer_all(wk_reception_turn_t *t, wk_intent_t intent, const wk_asides_t *asides)
{
    if (answer_urgent(t, intent) || answer_expected(t, intent)) {
        t->out.certain = true;
    } else {
        va_str_t said = va_str(wk_strdup(t->a, va_buf_str(&t->text)), t->text.len);
        answer(t, intent);
        t->out.before = t->out.tool != NULL && t->out.before.len == 0 ? said : t->out.before;
        t->out.certain = t->out.certain || intent == WK_INTENT_HUMAN;
    }
    wk_answer_asides(t, asides, answer);
    keep_question(t);
    keep_urgency(t);
}

wk_reception_t wk_receive(wk_arena_t *a, const wk_catalogue_t *c, const wk_reading_t *reading,
                          const wk_reception_facts_t *facts, const wk_dialog_t *dialog,
                          const wk_language_t *now, bool settled, va_str_t customer)
{
    wk_language_state_t state = {.now = now,
                                 .settled = settled,
                                 .offered = facts->languages,
                                 .threshold = facts->language_confidence,
                                 .detects = facts->language_detection,
                                 .hint = dialog->hint};
    wk_language_choice_t choice = wk_language_choose(c, &state, &reading->words);
    wk_reception_turn_t t = {.a = a,
                             .c = c,
                             .l = choice.language,
                             .r = reading,
                             .f = facts,
                             .dialog = dialog,
                             .customer = customer,
                             .last_swap = wk_last_swap(a)};
    t.out = (wk_reception_t){.language = choice.language,
                             .requested = choice.requested,
                             .told_in = choice.told_in,
                             .services = facts->services,
                             .dialog = {.hint = choice.hint,
                                        .service = dialog->service,
                                        .booked = dialog->booked,
                                        .booked_ms = dialog->booked_ms}};
    va_buf_init(&t.text, wk_mem(a), 320);
    wk_heed_correction(&t);
    wk_asides_t asides = wk_asides_of(&t);
    t.r = &asides.main;
    wk_heed_number(&t);
    wk_heed_bare_time(&t);
    wk_intent_t intent = wk_intent_of(&t);
    if (is_language_only(&choice, intent)) {
        wk_turn_add_text(&t, "reply.language");
        t.out.intent = "language";
    } else {
        answer_all(&t, intent, &asides);
    }
    t.out.text = va_buf_str(&t.text);
    return t.out;
}
