/*
 * A text to be spoken, as one HTTP request whose answer is mu-law at 8 kHz, a byte a sample,
 * without a head: what telephony plays as it comes. Each provider's file makes its own.
 */
#ifndef WK_PROVIDERS_SPEECH_REQUEST_H
#define WK_PROVIDERS_SPEECH_REQUEST_H

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

/* False: the text cannot be written as JSON. */
typedef bool wk_speech_request_fn(wk_arena_t *a, const wk_config_t *config,
                                  const wk_speech_text_t *speech, wk_speech_request_t *request);

wk_speech_request_fn wk_deepgram_speak, wk_elevenlabs_speak;

#endif
