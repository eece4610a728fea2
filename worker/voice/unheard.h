/*
 * Whether a service that is given the caller's sound hears him: one that answers pings may be
 * dead behind them. Who is loud for some time is heard by one that works, which tells something
 * of it; where it tells nothing, that is suspected. Silence says nothing.
 *
 * Pure. What counts are beats, one a second, and not the time: a process that was kept from the
 * processor finds one of them late, and blames nobody.
 */
#ifndef WK_VOICE_UNHEARD_H
#define WK_VOICE_UNHEARD_H

#include "core/base.h"

#define WK_UNHEARD_LOUD_MS 600 /* in all, since it told something: he speaks */

/* All zero: it has told all. */
typedef struct {
    unsigned loud_ms;
    unsigned beats;
} wk_unheard_t;

/* It was given that, mu-law. */
void wk_unheard_given(wk_unheard_t *u, va_str_t mulaw);

/* It told something. */
void wk_unheard_told(wk_unheard_t *u);

/* Once a second: the beats since he has been loud for so long and nothing was told; 0: he was
 * not.
 */
unsigned wk_unheard_beat(wk_unheard_t *u);

#endif
