#include "worker/agent/reception_number.h"

#include <string.h>

#include "core/phone.h"
#include "worker/agent/reception_answers.h"
#include "worker/agent/reception_offer.h"

static void ask(wk_reception_turn_t *t)
{
    wk_turn_add_text(t, "reply.number_ask");
    t->out.dialog.expected = WK_EXPECT_NUMBER;
}

void wk_ask_for_number(wk_reception_turn_t *t)
{
    if (t->f->unreachable && t->r->phone.data == NULL) {
        ask(t);
    }
}

bool wk_ask_whose_time(wk_reception_turn_t *t, va_str_t start)
{
    bool unknown = t->f->unreachable && t->f->nameless && t->r->phone.data == NULL;
    if (unknown) {
        ask(t);
        t->out.dialog.offer = t->dialog->offer;
        t->out.dialog.offer.slots[0] = start;
        t->out.dialog.offer.count = 1;
    }
    return unknown;
}

bool wk_is_asked_for_number(const wk_reception_turn_t *t)
{
    return t->dialog->expected == WK_EXPECT_NUMBER;
}

void wk_ask_for_number_again(wk_reception_turn_t *t)
{
    ask(t);
    t->out.dialog.offer = t->dialog->offer;
}

bool wk_is_number_known(const wk_reception_turn_t *t)
{
    return !t->f->unreachable || t->r->phone.data != NULL;
}

static void blank(char *text, va_str_t whole, va_str_t part)
{
    if (part.len > 0) {
        memset(text + (part.data - whole.data), ' ', part.len);
    }
}

/* What else is said. The number and the address stay known. */
static wk_reading_t without_number(const wk_reception_turn_t *t)
{
    const wk_reading_t *r = t->r;
    char number[VA_PHONE_MAX + 1], *text = wk_strdup(t->a, r->text);
    va_str_t where = VA_STR_NULL;
    (void)va_phone_locate(number, r->text, &where);
    blank(text, r->text, where);
    blank(text, r->text, wk_email_in(r->text));
    wk_reading_t rest = wk_read_message(t->a, t->c, t->l, va_str(text, r->text.len));
    rest.phone = r->phone;
    rest.email = r->email;
    return rest;
}

/* Nothing but courtesies, and words that lead to a number. */
static bool says_no_more(const wk_reception_turn_t *t, const wk_reading_t *rest)
{
    static const char *const beside[] = {"reach.words", "reach.back", "courtesy",
                                         "yes.",        "intent.yes", NULL};
    wk_reception_turn_t turn = *t;
    turn.r = rest;
    return rest->words.count == 0 ||
           (!wk_turn_is_question(&turn) && !wk_turn_has(&turn, "wish.denial") &&
            !wk_turn_names_a_moment(&turn) && rest->numbers == 0 &&
            wk_reading_is_only(t->a, t->c, rest, beside, false));
}

void wk_heed_number(wk_reception_turn_t *t)
{
    if (!wk_is_asked_for_number(t) || !wk_is_number_known(t)) {
        return;
    }
    wk_reading_t *rest = wk_alloc(t->a, sizeof(*rest));
    *rest = without_number(t);
    if (says_no_more(t, rest)) {
        return;
    }
    t->r = rest;
    t->beside_number = true;
    if (t->dialog->offer.count == 1) {
        wk_dialog_t *dialog = wk_alloc(t->a, sizeof(*dialog));
        *dialog = *t->dialog;
        dialog->expected = WK_EXPECT_SLOT;
        dialog->misses = 0;
        t->dialog = dialog;
    }
}

/* Whoever promised to call has a task already: the number is another. */
static void pass_on(wk_reception_turn_t *t)
{
    wk_turn_add_text(t, "reply.number_taken");
    t->out.task = t->out.intent = "message";
}

/* "Call me back at 416…": the number takes the time, and people still call. */
static void heed_wish_for_call(wk_reception_turn_t *t)
{
    if (wk_turn_has(t, "reach.back")) {
        wk_answer_human(t);
        t->out.before = va_str(wk_strdup(t->a, va_buf_str(&t->text)), t->text.len);
    }
}

/* People read it with the number. */
static bool is_for_people(wk_intent_t intent)
{
    return intent == WK_INTENT_NONE || intent == WK_INTENT_HUMAN ||
           intent == WK_INTENT_MESSAGE || intent == WK_INTENT_THANKS ||
           intent == WK_INTENT_GREETING;
}

bool wk_answer_number(wk_reception_turn_t *t, wk_intent_t intent)
{
    const wk_dialog_t *dialog = t->dialog;
    if (!wk_is_number_known(t)) {
        return false;
    }
    if (dialog->offer.count != 1) {
        pass_on(t);
        return is_for_people(intent) || !t->beside_number;
    }
    if (dialog->old) {
        wk_repeat_offer(t);
    } else {
        heed_wish_for_call(t);
        wk_take_offered(t, dialog->offer.slots[0]);
    }
    t->out.intent = "book";
    return true;
}
