/*
 * Deepgram's streaming speech to text (v1) over WebSocket: its address, what it is told beside
 * the sound, and what it tells, as JSON texts. No socket and no state here;
 * worker/voice/engine_pipeline.c has both. Its text to speech is wk_speaker_deepgram
 * (speaker.h).
 *
 * Sound is sent as binary messages of mu-law at 8 kHz; an empty one would end the session.
 */
#ifndef WK_PROVIDERS_DEEPGRAM_H
#define WK_PROVIDERS_DEEPGRAM_H

#include "core/json.h"
#include "worker/arena.h"
#include "worker/config.h"

#define WK_DEEPGRAM_MESSAGE_MAX (256 << 10) /* bytes of one of its messages */
#define WK_DEEPGRAM_QUIET_MS                                                                   \
    4000 /* without sound it is told that more will come: within 10 s */

/* silence_ms: of silence that end what is said. */
const char *wk_deepgram_url(wk_arena_t *a, const wk_config_t *config, int64_t silence_ms);

/* The value of the header Authorization. */
const char *wk_deepgram_authorization(wk_arena_t *a, const wk_config_t *config);

#define WK_DEEPGRAM_KEEP_ALIVE "{\"type\":\"KeepAlive\"}"
#define WK_DEEPGRAM_CLOSE      "{\"type\":\"CloseStream\"}"

typedef enum {
    WK_DG_OTHER,   /* nothing that we need to know */
    WK_DG_WORDS,   /* what is heard since the words before that are settled */
    WK_DG_SILENCE, /* nobody has spoken for a while (utterance_end_ms) */
    WK_DG_ERROR,   /* text: why */
} wk_deepgram_kind_t;

typedef struct {
    wk_deepgram_kind_t kind;
    va_str_t text;
    bool settled;      /* these words will not change any more; the next are behind them */
    bool ends;         /* the speaker has paused behind them */
    int64_t voiced_ms; /* where the last word ends, in ms of the sound it was given; -1: there
                          is none, or it is not known */
} wk_deepgram_event_t;

/* VA_ESYNTAX: not a message of it. The texts live in mem. */
va_status_t wk_deepgram_read(const va_alloc_t *mem, va_str_t text, wk_deepgram_event_t *event);

#endif
