/*
 * Bytes on their way: appended behind, taken in front. Grows to what it ever held and keeps
 * that, so that a call that runs allocates no more. There is no failure to handle: without
 * memory the process ends, as with worker/arena.h.
 */
#ifndef WK_VOICE_BYTES_H
#define WK_VOICE_BYTES_H

#include "core/base.h"

typedef struct {
    char *data;
    size_t begin, len, cap; /* data + begin is the first of len bytes */
} wk_bytes_t;

/* Room for len more behind; what is written there counts after wk_bytes_added(). */
char *wk_bytes_room(wk_bytes_t *b, size_t len);
void wk_bytes_added(wk_bytes_t *b, size_t len);

void wk_bytes_add(wk_bytes_t *b, const void *data, size_t len);

/* Valid until the next change. */
va_str_t wk_bytes_str(const wk_bytes_t *b);

/* Takes len in front; no more than there are. */
void wk_bytes_take(wk_bytes_t *b, size_t len);

/* Takes len out of the middle, from the offset at on. */
void wk_bytes_cut(wk_bytes_t *b, size_t at, size_t len);

/* Gives the memory back; empty then, and may be used again. */
void wk_bytes_free(wk_bytes_t *b);

#endif
