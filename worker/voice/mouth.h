/*
 * Says a text that comes in pieces: each sentence of it is spoken by the configured service
 * while the next is still written.
 */
#ifndef WK_VOICE_MOUTH_H
#define WK_VOICE_MOUTH_H

#include "worker/voice/engine.h"

typedef struct wk_mouth wk_mouth_t;

/* Each may hush the mouth; none may free it. */
typedef struct {
    void (*words)(void *ctx, va_str_t sentence); /* before its first sound */
    void (*sound)(void *ctx, va_str_t mulaw);
    void (*done)(void *ctx); /* all of the text was said */
    void (*failed)(void *ctx, const char *why);
} wk_mouth_events_t;

/* NULL: there is nobody who can be asked to speak as the setup wants it, which has to live as
 * long; so has events. */
wk_mouth_t *wk_mouth_new(const wk_media_engine_setup_t *setup, const wk_mouth_events_t *events,
                         void *ctx);
void wk_mouth_free(wk_mouth_t *m);

/* Another text begins; what is left of the one before is not said. */
void wk_mouth_begin(wk_mouth_t *m);
void wk_mouth_hush(wk_mouth_t *m);

/* What has been added is said from wk_mouth_speak() on. */
void wk_mouth_add(wk_mouth_t *m, va_str_t words);
void wk_mouth_speak(wk_mouth_t *m);

/* Nothing more is added: the rest is said as it is. */
void wk_mouth_end(wk_mouth_t *m);

/* Nothing more will come of a sentence that was begun: it is not said. False: there is no whole
 * one, and none is being said. */
bool wk_mouth_break_off(wk_mouth_t *m);

#endif
