#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "worker/arena.h"

static void test_memory_is_zeroed_and_aligned(void **state)
{
    wk_arena_t *a = wk_arena_new();
    (void)state;
    for (size_t size = 0; size < 20000; size = size * 2 + 1) {
        unsigned char *p = wk_alloc(a, size);
        assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
        for (size_t i = 0; i < size; i++) {
            assert_int_equal(p[i], 0);
        }
        memset(p, 0xff, size);
    }
    wk_arena_free(a);
}

static void test_it_can_be_used_again(void **state)
{
    wk_arena_t *a = wk_arena_new();
    (void)state;
    for (int i = 0; i < 1000; i++) {
        memset(wk_alloc(a, 100000), 1, 100000);
        wk_arena_reset(a);
        assert_int_equal(*(char *)wk_alloc(a, 1), 0);
    }
    wk_arena_free(a);
    wk_arena_free(NULL);
}

static int order[8];
static size_t n_deferred;

static void note(void *p)
{
    order[n_deferred++] = *(int *)p;
}

static void test_deferred_functions_run_last_first(void **state)
{
    static int numbers[] = {1, 2, 3};
    wk_arena_t *a = wk_arena_new();
    (void)state;
    n_deferred = 0;
    wk_defer(a, note, &numbers[0]);
    wk_defer(a, note, &numbers[1]);
    wk_arena_reset(a);
    assert_int_equal(n_deferred, 2);
    assert_int_equal(order[0], 2);
    assert_int_equal(order[1], 1);
    wk_defer(a, note, &numbers[2]);
    wk_arena_free(a);
    assert_int_equal(n_deferred, 3);
    assert_int_equal(order[2], 3);
}

static void test_texts_are_copied(void **state)
{
    char text[] = "abc";
    wk_arena_t *a = wk_arena_new();
    (void)state;
    va_str_t copy = wk_copy(a, va_str(text, 2));
    text[0] = 'x';
    assert_int_equal(copy.len, 2);
    assert_string_equal(copy.data, "ab");
    assert_null(wk_copy(a, VA_STR_NULL).data);
    assert_null(wk_strdup(a, VA_STR_NULL));
    assert_string_equal(wk_strdup(a, VA_STR("")), "");
    assert_string_equal(wk_printf(a, "%d-%s", 7, "b").data, "7-b");
    assert_int_equal(wk_printf(a, "%05000d", 7).len, 5000);
    wk_arena_free(a);
}

static void test_core_allocates_from_it(void **state)
{
    va_buf_t buf;
    wk_arena_t *a = wk_arena_new();
    (void)state;
    va_buf_init(&buf, wk_mem(a), 0);
    for (int i = 0; i < 10000; i++) {
        va_buf_add_char(&buf, 'x');
    }
    assert_int_equal(va_buf_str(&buf).len, 10000);
    wk_arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory_is_zeroed_and_aligned),
        cmocka_unit_test(test_it_can_be_used_again),
        cmocka_unit_test(test_deferred_functions_run_last_first),
        cmocka_unit_test(test_texts_are_copied),
        cmocka_unit_test(test_core_allocates_from_it),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
