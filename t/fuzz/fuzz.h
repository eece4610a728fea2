/* What the fuzz targets share: memory of one run, input taken in parts, and the check. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdio.h>
#include <stdlib.h>

#include "core/base.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A property that does not hold ends the run as a crash does. */
#define CHECK(condition)                                                                       \
    do {                                                                                       \
        if (!(condition)) {                                                                    \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                    \
            abort();                                                                           \
        }                                                                                      \
    } while (0)

struct fuzz_block {
    struct fuzz_block *next;
    _Alignas(max_align_t) char data[];
};

static struct fuzz_block *fuzz_blocks;

/* One malloc() each, so that the sanitizer sees the ends. */
static inline void *fuzz_alloc(void *ctx, size_t size)
{
    struct fuzz_block *b = malloc(sizeof(*b) + size);

    (void)ctx;
    CHECK(b != NULL);
    b->next = fuzz_blocks;
    fuzz_blocks = b;

    return b->data;
}

static const va_alloc_t fuzz_mem = {fuzz_alloc, NULL};

static inline void fuzz_free_all(void)
{
    while (fuzz_blocks != NULL) {
        struct fuzz_block *b = fuzz_blocks;

        fuzz_blocks = b->next;
        free(b);
    }
}

/* A copy with nothing behind it. */
static inline va_str_t fuzz_exact(va_str_t s)
{
    char *copy = fuzz_alloc(NULL, s.len);

    if (s.len > 0)
        memcpy(copy, s.data, s.len);

    return va_str(copy, s.len);
}

/* Cuts what is before the next byte 0xff off the input, which no text in UTF-8 has. */
static inline va_str_t fuzz_take(va_str_t *input)
{
    const char *end = input->len > 0 ? memchr(input->data, 0xff, input->len) : NULL;
    size_t len = end != NULL ? (size_t)(end - input->data) : input->len;
    va_str_t part = fuzz_exact(va_str(input->data, len));
    size_t skip = end != NULL ? len + 1 : len;

    input->data += skip;
    input->len -= skip;

    return part;
}

#endif
