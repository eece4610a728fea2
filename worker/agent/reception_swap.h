/*
 * One day or time in the place of another, in one message: "Thursday instead of Tuesday", "move
 * Tuesday to Thursday".
 */
#ifndef WK_AGENT_RECEPTION_SWAP_H
#define WK_AGENT_RECEPTION_SWAP_H

#include "worker/agent/reception_days.h"

/* Its two parts, each read for itself. */
typedef struct {
    wk_reading_t from, to;
    bool by_verb; /* "move": it is of an appointment that stands */
} wk_swap_t;

/* What wk_turn_swaps() found last, for a turn and its parts; in a. */
wk_last_swap_t *wk_last_swap(wk_arena_t *a);

/* False, and swap is undefined: the message says nothing of the kind. */
bool wk_turn_swaps(const wk_reception_turn_t *t, wk_swap_t *swap);

/* The words from begin to end of the message, read for themselves; of a question, a question.
 */
wk_reading_t wk_turn_read_part(const wk_reception_turn_t *t, size_t begin, size_t end);

#endif
