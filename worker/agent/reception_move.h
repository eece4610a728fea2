/* The receptionist moves appointments that stand to other times, or makes them another service.
 */
#ifndef WK_AGENT_RECEPTION_MOVE_H
#define WK_AGENT_RECEPTION_MOVE_H

#include "worker/agent/reception_intent.h"
#include "worker/agent/reception_swap.h"

/*
 * "Change it to 4 pm", where an appointment was booked or moved in this talk and nothing was
 * asked since.
 */
bool wk_changes_what_was_booked(const wk_reception_turn_t *t);

/* What is given up is a day or time on which one stands. */
bool wk_is_of_appointment(const wk_reception_turn_t *t, const wk_swap_t *swap);

/* "The first one": of those that are told, chosen as a time that is offered; NULL: none. */
const va_json_t *wk_row_by_place(const wk_reception_turn_t *t);

/* Free times are looked for; it stands until one of them is chosen. */
void wk_answer_reschedule(wk_reception_turn_t *t);

/* To the question which is to be moved; false, and nothing is said: it does not tell. */
bool wk_answer_which_to_move(wk_reception_turn_t *t);

/* "Move my repair": a verb for it, with an appointment that he has as its object. */
bool wk_moves_own(const wk_reception_turn_t *t);

/* "Drop my repair", "keep my appointment" */
bool wk_drops_own(const wk_reception_turn_t *t);
bool wk_keeps_own(const wk_reception_turn_t *t);

/* "Move it to Tuesday" of who has but one; "Monday's an hour later"; "same time next week". */
bool wk_moves_what_is_told(const wk_reception_turn_t *t);

/* "I can't do Monday, what about Tuesday?": of who cannot, what he would have instead. */
bool wk_wishes_instead(const wk_reception_turn_t *t);

/* Who cannot come on the day of his appointment names another. */
bool wk_comes_another_day(const wk_reception_turn_t *t);

/* "The repair", where times are offered to move another appointment; false: it is not that. */
bool wk_answer_other_moved(wk_reception_turn_t *t);

#endif
