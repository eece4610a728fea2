/*
 * How many calls there are: a slot a call in its organization, and one among the voice
 * processes for a call with media (docs/protocol.md, "Calls"). Slots run out by themselves, so
 * that a call whose end nobody told does not keep its place for ever.
 */
#ifndef WK_ADMISSION_H
#define WK_ADMISSION_H

#include "worker/arena.h"
#include "worker/redis.h"

#define WK_ADMISSION_HOLD_MS 30000 /* from the answer to the first sign of life behind it */

typedef enum {
    WK_ADMITTED,
    WK_ADMISSION_FULL,     /* the organization has as many calls as it may */
    WK_ADMISSION_NO_VOICE, /* admitted, but no voice process has room for its media */
} wk_admission_t;

typedef struct {
    va_str_t organization, call; /* CallSid */
    int64_t limit;               /* calls of the organization at once; 0: it goes on already */
    int64_t hold_ms;
    bool media;
} wk_admission_request_t;

/*
 * Reserves, or prolongs: the same call is the same slot. One whose state says that it has ended
 * is admitted without a slot: work for it may end later than it.
 */
bool wk_admission_reserve(wk_redis_t *r, wk_arena_t *a, const wk_admission_request_t *request,
                          wk_admission_t *result, wk_error_t *e);

/* The call is over. A second time does nothing. */
bool wk_admission_release(wk_redis_t *r, wk_arena_t *a, va_str_t organization, va_str_t call,
                          wk_error_t *e);

#endif
