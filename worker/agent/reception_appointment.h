/*
 * The receptionist and the appointments that stand: which one is meant, cancelling it, moving
 * it.
 */
#ifndef WK_AGENT_RECEPTION_APPOINTMENT_H
#define WK_AGENT_RECEPTION_APPOINTMENT_H

#include "worker/agent/reception_intent.h"

/*
 * "Change it to 4 pm", where an appointment was booked or moved in this talk and nothing was
 * asked since.
 */
bool wk_changes_what_was_booked(const wk_reception_turn_t *t);

/*
 * A yes to what was not asked: to the booking just made, or to the text that confirmed or
 * reminded. What stands is said; false: there is nothing.
 */
bool wk_answer_agreement(wk_reception_turn_t *t);

/* Of what was booked in this talk; absent: nothing was, or whose it is cannot be told. */
va_str_t wk_service_booked(const wk_reception_turn_t *t);

/* When the coming ones are. */
void wk_answer_appointment(wk_reception_turn_t *t);

/* Only the letter, and a wish that says nothing else, act; whatever may mean it is asked. */
void wk_answer_cancel(wk_reception_turn_t *t);

/* Free times are looked for; it stands until one of them is chosen. */
void wk_answer_reschedule(wk_reception_turn_t *t);

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
