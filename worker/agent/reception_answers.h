/*
 * The receptionist's answers that tell, or pass on to people, and change nothing: each adds its
 * sentences to the turn.
 */
#ifndef WK_AGENT_RECEPTION_ANSWERS_H
#define WK_AGENT_RECEPTION_ANSWERS_H

#include "worker/agent/reception_turn.h"

/* Of the day that was asked about, of now, or of the week. */
void wk_answer_hours(wk_reception_turn_t *t);
void wk_answer_holidays(wk_reception_turn_t *t);

void wk_answer_location(wk_reception_turn_t *t);

/* The shop's number; without one a call back is offered. */
void wk_answer_phone(wk_reception_turn_t *t);

/* The shop has a policy about what the message names, or any where it names none. */
bool wk_has_policy(const wk_reception_turn_t *t);
void wk_answer_policy(wk_reception_turn_t *t);

/*
 * That is named; where the message says "it" alone, the one that times were offered for, or
 * that was spoken of or booked last. Absent: none.
 */
va_str_t wk_service_meant(const wk_reception_turn_t *t);

/*
 * Of the service that is meant. False: it is not
 * known, which is said, and a call back is offered. Who names a day as well is offered its
 * times.
 */
bool wk_answer_price(wk_reception_turn_t *t);

/* Of the service that is named; of one that is not known a call back is offered. */
void wk_answer_duration(wk_reception_turn_t *t);

/* Whether the bike of the last visit is ready; while it is not, a call back is offered. */
void wk_answer_ready(wk_reception_turn_t *t);

/* Those of today. */
void wk_answer_promotion(wk_reception_turn_t *t);

/*
 * Of an order that is another's and of one that does not exist the same is said: nobody
 * learns which numbers are orders.
 */
void wk_answer_order(wk_reception_turn_t *t);

/* What is written on the order that was asked about; false: the message names nothing of it. */
bool wk_answer_proof(wk_reception_turn_t *t);

/* Promises a call back, once. */
void wk_answer_human(wk_reception_turn_t *t);

/* Asks whether somebody shall call back, and tells the number. */
void wk_offer_person(wk_reception_turn_t *t);

/* Who answers is no person: that is said, and one is offered. */
void wk_answer_who(wk_reception_turn_t *t);

/* What is written next is the message. */
void wk_ask_for_message(wk_reception_turn_t *t);

/* Nobody is kept who meant to write to somebody else. */
void wk_answer_wrong_number(wk_reception_turn_t *t);

/* A call back is offered. */
void wk_answer_complaint(wk_reception_turn_t *t);

/* It is passed on to people. */
void wk_take_message(wk_reception_turn_t *t);

/* Takes the message behind a colon, or that of a delay; else asks for it. */
void wk_answer_message(wk_reception_turn_t *t);

void wk_answer_greeting(wk_reception_turn_t *t);

/* What was asked is declined; the intent is "no". */
void wk_answer_no(wk_reception_turn_t *t);

#endif
