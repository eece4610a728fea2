/* Days told by how far from today they are: "in two weeks", "dans 10 jours", "en un mes". */
#ifndef WK_AGENT_DAY_DISTANCE_H
#define WK_AGENT_DAY_DISTANCE_H

#include "worker/agent/message_reading.h"

/*
 * Into the reading's ahead, day and vague, and the words it took into spent. "Two weeks ago" is
 * taken too, and no day: it is unmeant.
 */
void wk_read_day_distance(wk_arena_t *a, const wk_language_t *l, wk_reading_t *r);

#endif
