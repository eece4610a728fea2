/* Comparison of JSON trees, and their text. */
#ifndef FUZZ_TREE_H
#define FUZZ_TREE_H

#include "core/json.h"
#include "t/fuzz/fuzz.h"

static inline bool same_tree(const va_json_t *a, const va_json_t *b)
{
    if (a->type != b->type || a->count != b->count || !va_str_eq(a->text, b->text) ||
        !va_str_eq(a->name, b->name))
        return false;

    const va_json_t *x = a->first, *y = b->first;

    for (; x != NULL && y != NULL; x = x->next, y = y->next) {
        if (!same_tree(x, y))
            return false;
    }

    return x == NULL && y == NULL;
}

static inline va_str_t tree_text(const va_json_t *root)
{
    va_buf_t out;

    va_buf_init(&out, &fuzz_mem, 0);

    va_json_writer_t *w = va_json_writer_new(&out);

    va_json_put_value(w, root);
    CHECK(va_json_writer_end(w) == VA_OK);

    return va_buf_str(&out);
}

#endif
