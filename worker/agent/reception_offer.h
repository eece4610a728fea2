/*
 * Times that the receptionist offers for an appointment, a new one or one that is moved, and
 * what customers answer to them.
 */
#ifndef WK_AGENT_RECEPTION_OFFER_H
#define WK_AGENT_RECEPTION_OFFER_H

#include "worker/agent/reception_intent.h"
#include "worker/agent/reception_swap.h"

/*
 * Free times of the day or days that the message names, else of day (YYYY-MM-DD; absent: the
 * next that has any); they are offered when the tool has told them. appointment: that is to be
 * moved; absent: a new one.
 */
void wk_look_for_times(wk_reception_turn_t *t, va_str_t service, va_str_t appointment,
                       va_str_t day);

/* The same, on the days behind day alone: that one is named, and is not meant. */
void wk_look_behind_day(wk_reception_turn_t *t, va_str_t service, va_str_t appointment,
                        va_str_t day);

/* A day is named, and it cannot be told which: it has to be asked for. */
bool wk_is_day_unclear(const wk_reception_turn_t *t);

/* Asks for the day of the offer, which stands, or is yet to come; what is wrong with one that
 * was named is said. */
void wk_ask_for_day(wk_reception_turn_t *t, wk_offer_t offer);

/* The half of the day that is named: "Friday morning". */
wk_half_t wk_half_of_day(const wk_reception_turn_t *t);

/* A new appointment is wished for: of the service that is named, or was spoken of last. */
void wk_answer_book(wk_reception_turn_t *t);

/*
 * The shop's policy walk_in; else what holds for any shop with hours, and these; a day books.
 */
void wk_answer_walk_in(wk_reception_turn_t *t);

/* What is given up is one of the days or times that are offered, or the appointment they are
 * for. */
bool wk_is_of_offer(const wk_reception_turn_t *t, const wk_swap_t *swap);

/* The customer was offered times, or asked for their day, and has not answered yet. */
bool wk_has_offer(const wk_reception_turn_t *t);

/* "930 please" where times are offered: t->r, in t's arena, has half past nine for an order's
 * number, to be asked about. */
void wk_heed_bare_time(wk_reception_turn_t *t);

/* Books that time of the offer, or moves the appointment to it; whose it is to be may have to
 * be asked first. */
void wk_take_offered(wk_reception_turn_t *t, va_str_t start);

/* Asks once more about the offer that there is. */
void wk_repeat_offer(wk_reception_turn_t *t);

/* False, and nothing is said, when the message is about something else than the offer. */
bool wk_answer_offer(wk_reception_turn_t *t, wk_intent_t intent);

#endif
