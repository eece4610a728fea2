#include "core/yajl_memory.h"

#include <stddef.h>
#include <stdlib.h>

/* Stands before each block yajl gets, on a list without a head of its own. */
struct va_yajl_block {
    struct va_yajl_block *next;
    struct va_yajl_block **link; /* what points here */
    _Alignas(max_align_t) char data[];
};

static struct va_yajl_block *block_of(void *data)
{
    return (struct va_yajl_block *)((char *)data - offsetof(struct va_yajl_block, data));
}

static void put_on_list(va_yajl_memory_t *m, struct va_yajl_block *b)
{
    b->next = m->blocks;
    b->link = &m->blocks;
    if (b->next != NULL)
        b->next->link = &b->next;
    m->blocks = b;
}

static void take_off_list(struct va_yajl_block *b)
{
    *b->link = b->next;
    if (b->next != NULL)
        b->next->link = b->link;
}

/* b, if not NULL, is off the list, and freed when it cannot grow. */
static void *resize(va_yajl_memory_t *m, struct va_yajl_block *b, size_t size)
{
    struct va_yajl_block *resized = realloc(b, sizeof(*b) + size);

    if (resized == NULL) {
        free(b);
        longjmp(m->exhausted, 1);
    }
    put_on_list(m, resized);

    return resized->data;
}

static void *yajl_malloc(void *ctx, size_t size)
{
    return resize(ctx, NULL, size);
}

static void *yajl_realloc(void *ctx, void *data, size_t size)
{
    struct va_yajl_block *b = NULL;

    if (data != NULL) {
        b = block_of(data);
        take_off_list(b);
    }

    return resize(ctx, b, size);
}

static void yajl_free_block(void *ctx, void *data)
{
    (void)ctx;

    take_off_list(block_of(data));
    free(block_of(data));
}

bool va_yajl_run(va_yajl_memory_t *m, void (*fn)(void *ctx, yajl_alloc_funcs *funcs), void *ctx)
{
    yajl_alloc_funcs funcs = {yajl_malloc, yajl_realloc, yajl_free_block, m};

    if (setjmp(m->exhausted) != 0)
        return false;

    fn(ctx, &funcs);
    return true;
}

void va_yajl_release(va_yajl_memory_t *m)
{
    while (m->blocks != NULL) {
        struct va_yajl_block *b = m->blocks;

        take_off_list(b);
        free(b);
    }
}
