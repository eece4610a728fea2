/*
 * Sound between telephony's mu-law at 8 kHz and PCM of 16 bits, little endian, at another rate:
 * for an engine that does not speak mu-law. One for each direction; pieces of one sound are
 * given in their order, and what comes out lags behind by a few milliseconds.
 */
#ifndef WK_VOICE_TRANSCODE_H
#define WK_VOICE_TRANSCODE_H

#include "worker/arena.h"

typedef struct wk_transcode wk_transcode_t;

wk_transcode_t *wk_transcode_to_pcm(int rate);
wk_transcode_t *wk_transcode_to_mulaw(int rate);

/* NULL is allowed. */
void wk_transcode_free(wk_transcode_t *t);

/* Another sound begins: nothing of the one before is in it. */
void wk_transcode_reset(wk_transcode_t *t);

/* The next piece, cut anywhere: half a sample waits for its other half. What comes out lives in
   a. */
va_str_t wk_transcode(wk_transcode_t *t, wk_arena_t *a, va_str_t sound);

#endif
