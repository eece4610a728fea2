#include "worker/arena.h"

#include <obstack.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#define obstack_chunk_alloc wk_chunk_alloc
#define obstack_chunk_free  free

#if defined(__SANITIZE_ADDRESS__)
#define WK_ARENA_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WK_ARENA_ASAN 1
#endif
#endif

typedef struct deferred deferred_t;

struct deferred {
    void (*fn)(void *);
    void *ptr;
    deferred_t *next;
};

struct wk_arena {
    struct obstack stack;
    void *bottom; /* the first object: freeing it empties the stack */
    deferred_t *deferred;
    va_alloc_t mem;
};

static void *wk_chunk_alloc(size_t size)
{
    void *chunk = malloc(size);
    if (chunk == NULL) {
        fputs("voiceagent-worker: out of memory\n", stderr);
        abort();
    }
    return chunk;
}

static void *mem_alloc(void *ctx, size_t size)
{
    return wk_alloc(ctx, size);
}

wk_arena_t *wk_arena_new(void)
{
    wk_arena_t *a = wk_chunk_alloc(sizeof(*a));
    obstack_begin(&a->stack, 0);
    obstack_alignment_mask(&a->stack) = _Alignof(max_align_t) - 1;
    a->bottom = obstack_alloc(&a->stack, 1);
    a->deferred = NULL;
    a->mem = (va_alloc_t){mem_alloc, a};
    return a;
}

static void run_deferred(wk_arena_t *a)
{
    while (a->deferred != NULL) {
        deferred_t *d = a->deferred;
        a->deferred = d->next;
        d->fn(d->ptr);
    }
}

void wk_arena_free(wk_arena_t *a)
{
    if (a == NULL) {
        return;
    }
    run_deferred(a);
    obstack_free(&a->stack, NULL);
    free(a);
}

void wk_arena_reset(wk_arena_t *a)
{
    run_deferred(a);
    obstack_free(&a->stack, a->bottom);
    a->bottom = obstack_alloc(&a->stack, 1);
}

void *wk_alloc(wk_arena_t *a, size_t size)
{
#ifdef WK_ARENA_ASAN
    /* One malloc an object, so that the sanitizer sees an overrun of any of them. */
    void *p = wk_chunk_alloc(size > 0 ? size : 1);
    wk_defer(a, free, p);
#else
    void *p = obstack_alloc(&a->stack, size);
#endif
    return memset(p, 0, size);
}

void wk_defer(wk_arena_t *a, void (*fn)(void *), void *ptr)
{
    deferred_t *d = obstack_alloc(&a->stack, sizeof(*d));
    *d = (deferred_t){fn, ptr, a->deferred};
    a->deferred = d;
}

va_str_t wk_copy(wk_arena_t *a, va_str_t s)
{
    return va_str(wk_strdup(a, s), s.len);
}

char *wk_strdup(wk_arena_t *a, va_str_t s)
{
    if (s.data == NULL) {
        return NULL;
    }
    char *copy = wk_alloc(a, s.len + 1);
    memcpy(copy, s.data, s.len);
    return copy;
}

va_str_t wk_printf(wk_arena_t *a, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len < 0) {
        fprintf(stderr, "voiceagent-worker: bad format \"%s\"\n", format);
        abort();
    }
    char *text = wk_alloc(a, (size_t)len + 1);
    vsnprintf(text, (size_t)len + 1, format, again);
    va_end(again);
    return va_str(text, (size_t)len);
}

va_str_t wk_decimal(wk_arena_t *a, int64_t n)
{
    return wk_printf(a, "%lld", (long long)n);
}

const va_alloc_t *wk_mem(wk_arena_t *a)
{
    return &a->mem;
}
