/*
 * That this process lives, told to Redis twice a second with the calls it has: whoever binds a
 * stream finds the living, and whoever misses one knows that its calls need another. A process
 * that could not tell it for long enough that others may think it dead ends its streams itself,
 * so that no call is ever two processes'.
 */
#ifndef WK_VOICE_HEARTBEAT_H
#define WK_VOICE_HEARTBEAT_H

#include "worker/voice/voice.h"

#define WK_BEAT_MS  500
#define WK_LEASE_MS 2000 /* for others we are dead then */
#define WK_FENCE_MS 1500 /* and for ourselves some time before */

typedef struct wk_heartbeat wk_heartbeat_t;

/* listen: where nginx finds us; copied. */
wk_heartbeat_t *wk_heartbeat_start(wk_voice_t *voice, const char *listen);

/* Tells what has changed without waiting for the next beat. */
void wk_heartbeat_now(wk_heartbeat_t *h);

/* Leaves the registry for good; true once Redis has said so. To be called until it is. */
bool wk_heartbeat_leave(wk_heartbeat_t *h);

void wk_heartbeat_stop(wk_heartbeat_t *h);

#endif
