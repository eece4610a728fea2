/*
 * Whether a message says yes or no to what it was asked, or to what it names itself.
 */
#ifndef WK_AGENT_RECEPTION_CONSENT_H
#define WK_AGENT_RECEPTION_CONSENT_H

#include "worker/agent/reception_days.h"

/* To an offer of a time, or of a call back. */
bool wk_is_yes(const wk_reception_turn_t *t);

/* Stricter, as what was given up cannot be had back: "ok" alone may close the talk. */
bool wk_is_yes_to_cancel(const wk_reception_turn_t *t);

/*
 * "Please don't …", "no quiero …": the refusal stands directly before the wish, a phrase of the
 * list. Further away it may say why: "I can't come please cancel".
 */
bool wk_is_denied(const wk_reception_turn_t *t, const char *list);

/*
 * "No, 10:30 please": what is behind the no is read for itself. t then refuses, and reads
 * *rest, which has to last as long as t; both are left alone when there is nothing to cut.
 */
void wk_cut_refusal(wk_reception_turn_t *t, wk_reading_t *rest);

/* No day, number or time, and nothing else but courtesies, a yes or a no. */
bool wk_is_polite_only(const wk_reception_turn_t *t);

#endif
