/* What this process counts (metrics.h), told to Redis once a second without waiting. */
#ifndef WK_VOICE_COUNTERS_H
#define WK_VOICE_COUNTERS_H

#include "worker/voice/voice.h"

typedef struct wk_counters wk_counters_t;

wk_counters_t *wk_counters_start(wk_voice_t *voice);

/* What was counted since it was told last, a second at most, is lost. */
void wk_counters_stop(wk_counters_t *c);

#endif
