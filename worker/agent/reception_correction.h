/* What somebody corrects while he speaks: "Thursday, no wait, Friday". */
#ifndef WK_AGENT_RECEPTION_CORRECTION_H
#define WK_AGENT_RECEPTION_CORRECTION_H

#include "worker/agent/reception_turn.h"

/*
 * Where words like "no wait", or behind a sign and before what is new "actually", stand between
 * two days, times, halves of a day or things to be done with an appointment, the first of them
 * is not read: t->r is what is left, in t's arena.
 */
void wk_heed_correction(wk_reception_turn_t *t);

#endif
