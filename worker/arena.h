/*
 * The memory of one job (or one command): everything allocated while it runs
 * lives here and goes with it. Not for use from two threads.
 *
 * There is no failure to handle: when the system has no memory left the process
 * ends, its supervisor starts another and the leases of its jobs run out.
 */
#ifndef WK_ARENA_H
#define WK_ARENA_H

#include "core/base.h"
#include "core/buf.h"

typedef struct wk_arena wk_arena_t;

wk_arena_t *wk_arena_new(void);

/* Runs the deferred functions, last first, then frees everything. NULL is allowed. */
void wk_arena_free(wk_arena_t *a);

/* As wk_arena_free(), but the arena stays for the next job. */
void wk_arena_reset(wk_arena_t *a);

/* Zeroed, aligned for any object. */
void *wk_alloc(wk_arena_t *a, size_t size);

/* fn(ptr) runs when the arena is freed or reset: for objects of other libraries. */
void wk_defer(wk_arena_t *a, void (*fn)(void *), void *ptr);

/* Copies, terminated. An absent string stays absent (NULL). */
char *wk_strdup(wk_arena_t *a, va_str_t s);
va_str_t wk_copy(wk_arena_t *a, va_str_t s);

va_str_t wk_printf(wk_arena_t *a, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* "-17" */
va_str_t wk_decimal(wk_arena_t *a, int64_t n);

/* The arena as the allocator core/ asks for; valid as long as the arena. */
const va_alloc_t *wk_mem(wk_arena_t *a);

#endif
