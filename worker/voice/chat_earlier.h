/*
 * What was said in a call so long ago that a model is told of it as one text: a line for each
 * utterance. Of a talk longer than that the beginning stays, where people say who they are and
 * what they call for, and the end; what is between them goes. Pure.
 */
#ifndef WK_VOICE_CHAT_EARLIER_H
#define WK_VOICE_CHAT_EARLIER_H

#include "worker/arena.h"
#include "worker/voice/bytes.h"

#define WK_EARLIER_FIRST (8 << 10)  /* bytes of the beginning */
#define WK_EARLIER_LAST  (40 << 10) /* behind it; both are more than half an hour of talk */
#define WK_EARLIER_LINE  2000       /* of one utterance */

/* All zero is one of a call in which nothing was said so long ago. */
typedef struct {
    wk_bytes_t first, last;
    bool gap; /* something between them was forgotten */
} wk_earlier_t;

void wk_earlier_free(wk_earlier_t *earlier);

void wk_earlier_add(wk_earlier_t *earlier, va_str_t who, va_str_t text);

/* Lives in a; empty: nothing. */
va_str_t wk_earlier_text(wk_arena_t *a, const wk_earlier_t *earlier);

#endif
