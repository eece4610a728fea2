/*
 * What was said in a call and in the talk before it, for an engine that goes on with it. Pure;
 * of a very long talk the oldest is forgotten.
 */
#ifndef WK_VOICE_TRANSCRIPT_H
#define WK_VOICE_TRANSCRIPT_H

#include "worker/voice/bytes.h"
#include "worker/voice/engine.h"

#define WK_TRANSCRIPT_MAX (32 << 10) /* bytes of all texts; about an hour of talk */

/* All zero is one of a call in which nothing was said. */
typedef struct {
    wk_bytes_t lines;
    size_t n; /* utterances */
} wk_transcript_t;

void wk_transcript_free(wk_transcript_t *t);

void wk_transcript_add(wk_transcript_t *t, bool by_agent, va_str_t text);

/* The same of a talk before the call: an engine is told of it, and nothing in the call answers
 * or goes on with it. */
void wk_transcript_add_earlier(wk_transcript_t *t, bool by_agent, va_str_t text);

/* Of what the agent said last in these words only that much was heard; nothing: it is no line.
 */
void wk_transcript_cut(wk_transcript_t *t, va_str_t said, va_str_t heard);

/* What the caller said last in the call, newest first; how many, at most max, which is not 0.
 * Valid until the next change. */
size_t wk_transcript_heard(const wk_transcript_t *t, va_str_t *texts, size_t max);

/* What the agent said last in the call, if the caller said nothing since; else absent. Valid as
 * long. */
va_str_t wk_transcript_asked(const wk_transcript_t *t);

/* Oldest first, n of them; one block of memory with their texts in it, to be freed by free().
 */
wk_said_t *wk_transcript_copy(const wk_transcript_t *t, size_t *n);

#endif
