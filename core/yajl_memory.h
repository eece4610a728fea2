/*
 * Internal to the JSON files: malloc() for yajl, which writes through what its
 * allocator returns without looking. Where memory runs out, yajl is left by a
 * jump; what it holds is on a list here and freed whatever state it is in.
 */
#ifndef VA_YAJL_MEMORY_H
#define VA_YAJL_MEMORY_H

#include <setjmp.h>
#include <stdbool.h>
#include <yajl/yajl_common.h>

typedef struct {
    struct va_yajl_block *blocks;
    jmp_buf exhausted;
} va_yajl_memory_t;

/*
 * Calls fn(ctx, funcs); false when memory ran out on the way. m is zeroed before
 * the first call, must not move while yajl holds memory, and keeps that memory
 * until it is released.
 */
bool va_yajl_run(va_yajl_memory_t *m, void (*fn)(void *ctx, yajl_alloc_funcs *funcs),
                 void *ctx);
void va_yajl_release(va_yajl_memory_t *m);

#endif
