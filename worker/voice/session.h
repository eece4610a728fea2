/*
 * One call: the carrier's media stream on one side, an engine on the other, and between them
 * who speaks when (talk.h). It lives from the handshake of the stream to its end:
 *
 *   waiting    for the carrier's `start`
 *   claiming   the call's state: its epoch rises, an older stream of it is nobody's
 *   briefing   a worker says what the engine is to know
 *   opening    the engine
 *   talking
 *   leaving    what the call goes on with is written; then the stream is closed
 *   yielding   a person takes the call: the carrier is told to play nothing more of the agent,
 *              and the stream is closed when it has said so
 *   closed     waiting for what the loop still holds, and for words of the caller's that the
 *              engine had not told yet
 *
 * Whatever goes wrong ends in the stream's end, behind which the carrier comes back through the
 * re-entry door: a call is never left in silence.
 */
#ifndef WK_VOICE_SESSION_H
#define WK_VOICE_SESSION_H

#include "worker/voice/voice.h"

/* Of a listening socket where somebody waits. */
void wk_session_accept(wk_voice_t *voice, uv_stream_t *listener);

/* What the time decides. */
void wk_session_tick(wk_session_t *s, int64_t now);

wk_session_t *wk_session_next(const wk_session_t *s);

/* Which call it has, once claimed; absent before. */
typedef struct {
    va_str_t call, organization;
    int64_t epoch;
    int64_t began_ms; /* the stream, monotonic */
} wk_session_claim_t;

wk_session_claim_t wk_session_claim(const wk_session_t *s);

/*
 * The stream of that call that has not ended, the newest if there are several; NULL: none is
 * here. epoch: only the one that has claimed it under that; 0: any, claimed or not.
 */
wk_session_t *wk_session_of(const wk_voice_t *voice, va_str_t call, int64_t epoch);

/*
 * Somebody else has the call, or nobody knows who: not a word more, and nothing is written but
 * where the time of our own turns went; what they claimed is handed to be judged.
 */
void wk_session_fence(wk_session_t *s);

/*
 * A person has the call, since that epoch: not a word more. control.h answers when that is
 * certain, and the stream ends.
 */
void wk_session_yield(wk_session_t *s, int64_t epoch);

/* Its stream has ended, and words that the caller said before are waited for, not for long. */
bool wk_session_awaits_last_words(const wk_session_t *s);

/* The process ends: the call goes on elsewhere as soon as nobody is cut off by it. */
void wk_session_hand_over(wk_session_t *s);

#endif
