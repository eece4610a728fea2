/*
 * What the unit tests of core/ share: memory that is checked and can run out,
 * texts and their comparison, and the vector files. Tests run from the root of
 * the repository.
 */
#ifndef TEST_SUPPORT_H
#define TEST_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base.h"
#include "core/json.h"

/* One malloc() an allocation, so that the sanitizers and valgrind see its ends. */
struct test_block {
    struct test_block *next;
    _Alignas(max_align_t) char data[];
};

struct test_memory {
    struct test_block *blocks;
    size_t allocations;
    size_t fail_at; /* the allocation that fails, counted from 1; 0: none does */
};

static struct test_memory test_memory;

static inline void *test_alloc(void *ctx, size_t size)
{
    struct test_memory *m = ctx;

    m->allocations++;
    if (m->allocations == m->fail_at)
        return NULL;

    struct test_block *b = malloc(sizeof(*b) + size);

    if (b == NULL)
        return NULL;

    b->next = m->blocks;
    m->blocks = b;
    memset(b->data, 0xa5, size);

    return b->data;
}

static const va_alloc_t test_mem = {test_alloc, &test_memory};

static inline void test_free_all(void)
{
    while (test_memory.blocks != NULL) {
        struct test_block *b = test_memory.blocks;

        test_memory.blocks = b->next;
        free(b);
    }
    test_memory = (struct test_memory){.blocks = NULL};
}

static inline int test_teardown(void **state)
{
    (void)state;
    test_free_all();
    return 0;
}

/* A test whose allocations go when it ends. */
#define TEST(function) cmocka_unit_test_teardown(function, test_teardown)

#define RUN(name, tests)                                                                       \
    (cmocka_set_message_output(CM_OUTPUT_TAP),                                                 \
     cmocka_run_group_tests_name((name), (tests), NULL, NULL))

/* Which case of a table fails is told by assert_case(); its message goes to standard error. */
#define assert_case(condition, name)                                                           \
    do {                                                                                       \
        if (!(condition))                                                                      \
            fail_msg("%s: %s", (name), #condition);                                            \
    } while (0)

static inline bool str_is(va_str_t s, const char *expected)
{
    return s.data != NULL && va_str_eq(s, va_str_c(expected));
}

#define assert_str(actual, expected)                                                           \
    do {                                                                                       \
        va_str_t actual_ = (actual);                                                           \
        if (!str_is(actual_, (expected)))                                                      \
            fail_msg("\"%.*s\" is not \"%s\"", (int)actual_.len,                               \
                     actual_.data != NULL ? actual_.data : "(absent)", (expected));            \
    } while (0)

#define assert_absent(actual) assert_null((actual).data)

/* A copy with nothing behind it, not even a terminator. */
static inline va_str_t exact(va_str_t s)
{
    char *copy = test_alloc(&test_memory, s.len);

    if (s.len > 0)
        memcpy(copy, s.data, s.len);

    return va_str(copy, s.len);
}

static inline va_str_t read_file(const char *path)
{
    FILE *f = fopen(path, "rb");

    if (f == NULL)
        fail_msg("cannot open %s: run from the root of the repository", path);
    assert_int_equal(fseek(f, 0, SEEK_END), 0);

    long size = ftell(f);

    assert_true(size > 0);
    rewind(f);

    char *data = test_alloc(&test_memory, (size_t)size);

    assert_int_equal(fread(data, 1, (size_t)size, f), size);
    fclose(f);

    return va_str(data, (size_t)size);
}

static inline const va_json_t *parse_json(va_str_t text)
{
    const va_json_t *root;

    assert_int_equal(va_json_parse(&test_mem, text, &VA_JSON_LIMITS_DEFAULT, &root), VA_OK);
    return root;
}

static inline const va_json_t *read_json(const char *path)
{
    return parse_json(read_file(path));
}

/* A member that must be there. */
static inline const va_json_t *need(const va_json_t *object, const char *name)
{
    const va_json_t *value = va_json_get(object, name);

    if (value == NULL)
        fail_msg("no member \"%s\"", name);

    return value;
}

static inline va_str_t need_string(const va_json_t *object, const char *name)
{
    const va_json_t *value = need(object, name);

    assert_int_equal(value->type, VA_JSON_STRING);
    return value->text;
}

static inline int64_t need_int(const va_json_t *object, const char *name)
{
    int64_t n;

    assert_true(va_json_int(need(object, name), &n));
    return n;
}

#endif
