#include "worker/agent/reception_number.h"

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

/* Whoever promised to call has a task already: the number is another. */
static void pass_on(wk_reception_turn_t *t)
{
    wk_turn_add_text(t, "reply.number_taken");
    t->out.task = t->out.intent = "message";
}

bool wk_answer_number(wk_reception_turn_t *t)
{
    if (t->r->phone.data == NULL) {
        return false;
    }
    if (t->dialog->offer.count == 1) {
        wk_take_offered(t, t->dialog->offer.slots[0]);
        t->out.intent = "book";
    } else {
        pass_on(t);
    }
    return true;
}
