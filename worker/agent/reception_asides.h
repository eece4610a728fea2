/*
 * Questions that a message asks beside its main wish: "A tune-up on Friday please, and where
 * are you?" They are cut out of what the wish is read from, and answered with it.
 */
#ifndef WK_AGENT_RECEPTION_ASIDES_H
#define WK_AGENT_RECEPTION_ASIDES_H

#include "worker/agent/reception_intent.h"

#define WK_MOST_ASIDES 3

typedef struct {
    wk_reading_t main; /* of the message without them */
    wk_reading_t at[WK_MOST_ASIDES];
    wk_intent_t intents[WK_MOST_ASIDES]; /* none twice */
    size_t count;
    bool unknown; /* there is one more question, that nothing here answers */
} wk_asides_t;

wk_asides_t wk_asides_of(const wk_reception_turn_t *t);

/* Adds the answer of each to that of the main wish, before what a tool is to answer. */
void wk_answer_asides(wk_reception_turn_t *t, const wk_asides_t *asides,
                      void (*answer)(wk_reception_turn_t *, wk_intent_t));

#endif
