/*
 * What a voice process is told while it works, on a channel of its own,
 * va:voice:control:<process>: "yield <CallSid> <epoch>", a person has that call now
 * (scripts/call_takeover.lua). Whoever says so waits for the answer; what is missed here is
 * noticed with the next heartbeat.
 */
#ifndef WK_VOICE_CONTROL_H
#define WK_VOICE_CONTROL_H

#include "worker/voice/voice.h"

typedef struct wk_control wk_control_t;

/* voice must outlive it. */
wk_control_t *wk_control_start(wk_voice_t *voice);
void wk_control_stop(wk_control_t *control);

/* Answers that the process is silent in the call. how: "cleared" or "closed". */
void wk_control_yielded(wk_voice_t *voice, va_str_t call, int64_t epoch, const char *how);

#endif
