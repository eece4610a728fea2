/* The receptionist and the appointments that stand: when they are, and cancelling them. */
#ifndef WK_AGENT_RECEPTION_APPOINTMENT_H
#define WK_AGENT_RECEPTION_APPOINTMENT_H

#include "worker/agent/reception_intent.h"

/*
 * A yes to what was not asked: to the booking just made, or to the text that confirmed or
 * reminded. What stands is said; false: there is nothing.
 */
bool wk_answer_agreement(wk_reception_turn_t *t);

/* When the coming ones are. */
void wk_answer_appointment(wk_reception_turn_t *t);

/* The appointment is to be cancelled; nothing else is said, and nothing is asked. */
bool wk_is_plain_cancel(const wk_reception_turn_t *t);

/* Only the letter, and a wish that says nothing else, act; whatever may mean it is asked. */
void wk_answer_cancel(wk_reception_turn_t *t);

/*
 * The customer was asked whether to cancel, and of what he was asked about something is not
 * over or cancelled.
 */
bool wk_is_asked_to_cancel(const wk_reception_turn_t *t);

/*
 * The answer was not clear; behind the second it is let go, and a person is offered. One that
 * names some of several is asked about those.
 */
void wk_ask_to_cancel_again(wk_reception_turn_t *t);

/* False, and nothing is said, when the message does not answer it. */
bool wk_answer_cancel_question(wk_reception_turn_t *t, wk_intent_t intent);

#endif
