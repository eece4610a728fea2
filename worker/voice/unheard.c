#include "worker/voice/unheard.h"

#include <stdlib.h>

#include "core/mulaw.h"
#include "worker/voice/playout.h"

#define LOUD                                                                                   \
    1000 /* of 32,767, on the average of a piece: speech on a phone is above, a room below */

static bool is_loud(va_str_t mulaw)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < mulaw.len; i++) {
        sum += (uint64_t)abs(va_mulaw_decode((uint8_t)mulaw.data[i]));
    }
    return sum >= (uint64_t)LOUD * mulaw.len;
}

void wk_unheard_given(wk_unheard_t *u, va_str_t mulaw)
{
    if (u->loud_ms < WK_UNHEARD_LOUD_MS && mulaw.len > 0 && is_loud(mulaw)) {
        u->loud_ms += (unsigned)(mulaw.len / WK_PLAYOUT_RATE);
    }
}

void wk_unheard_told(wk_unheard_t *u)
{
    *u = (wk_unheard_t){0};
}

unsigned wk_unheard_beat(wk_unheard_t *u)
{
    return u->loud_ms >= WK_UNHEARD_LOUD_MS ? ++u->beats : 0;
}
