/*
 * A service that speaks: a text to be spoken is one HTTP request, whose answer is sound without
 * a head, played as it comes. Each provider's file has its own; speaker.c has the table.
 */
#ifndef WK_PROVIDERS_SPEAKER_H
#define WK_PROVIDERS_SPEAKER_H

#include "worker/arena.h"
#include "worker/config.h"

#define WK_SPEECH_HEADERS 4

typedef struct {
    va_str_t text;
    va_str_t voice;    /* the provider's name of it; absent: the configured one */
    va_str_t language; /* of the text, two letters */
} wk_speech_text_t;

typedef struct {
    const char *url;
    const char *headers[WK_SPEECH_HEADERS]; /* NULL at the end */
    va_str_t body;
} wk_speech_request_t;

typedef struct {
    const char *name; /* as in [voice] speech and agent_configs.speech */
    int pcm_hz;       /* its sound: PCM of 16 bits, little endian, at that rate; 0: mu-law at
                         8 kHz, as telephony plays it */

    /* Whether it can be asked at all. voice: the shop's own, or absent. */
    bool (*configured)(const wk_config_t *config, va_str_t voice);

    /* False: the text cannot be written as JSON, or there is no voice for it. */
    bool (*request)(wk_arena_t *a, const wk_config_t *config, const wk_speech_text_t *speech,
                    wk_speech_request_t *request);
} wk_speaker_t;

extern const wk_speaker_t wk_speaker_deepgram, wk_speaker_elevenlabs, wk_speaker_openai;

/* By its name; NULL: there is none of that name. */
const wk_speaker_t *wk_speaker_find(va_str_t name);

#endif
