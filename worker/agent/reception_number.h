/*
 * At which number the customer can be reached, where nobody knows one: a number was withheld,
 * or a chat's visitor told none. Without it nobody can call him back, nor is a time his.
 */
#ifndef WK_AGENT_RECEPTION_NUMBER_H
#define WK_AGENT_RECEPTION_NUMBER_H

#include "worker/agent/reception_intent.h"

/* Behind what was promised: asks for it, unless it is known, or told by this very message. */
void wk_ask_for_number(wk_reception_turn_t *t);

/* The time was chosen; false, and nothing is said, where it is known whose it is to be. */
bool wk_ask_whose_time(wk_reception_turn_t *t, va_str_t start);

bool wk_is_asked_for_number(const wk_reception_turn_t *t);

/* The message tells it, or what came with it. */
bool wk_is_number_known(const wk_reception_turn_t *t);

/* Once more, with the time it is for. */
void wk_ask_for_number_again(wk_reception_turn_t *t);

/*
 * To be called before the intent of the message is looked for: what an asked for number stands
 * beside is read without it, and is an answer to the time that the number was asked for.
 */
void wk_heed_number(wk_reception_turn_t *t);

/*
 * The number that was asked for, alone or with courtesies: the time is taken; an old one is
 * asked about once more. Without a time people get the number, whatever else is said. False: it
 * is not known yet, or more is said that is to be answered.
 */
bool wk_answer_number(wk_reception_turn_t *t, wk_intent_t intent);

#endif
