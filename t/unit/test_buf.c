#include "core/buf.h"

#include "t/unit/support.h"

static void appends_of_all_kinds(void **state)
{
    va_buf_t b;

    (void)state;
    va_buf_init(&b, &test_mem, 0);
    assert_str(va_buf_str(&b), "");
    va_buf_add(&b, "abc", 2);
    va_buf_add_str(&b, VA_STR("-"));
    va_buf_add_str(&b, VA_STR_NULL);
    va_buf_add_c(&b, "xyz");
    va_buf_add_char(&b, ' ');
    va_buf_add_int(&b, INT64_MIN);
    va_buf_add_char(&b, ' ');
    va_buf_add_int(&b, INT64_MAX);
    assert_str(va_buf_str(&b), "ab-xyz -9223372036854775808 9223372036854775807");
}

static void grows_and_keeps_what_it_has(void **state)
{
    va_buf_t b;

    (void)state;
    va_buf_init(&b, &test_mem, 3);
    for (int i = 0; i < 1000; i++)
        va_buf_add_char(&b, (char)('a' + i % 26));
    assert_int_equal(va_buf_str(&b).len, 1000);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(va_buf_str(&b).data[i], 'a' + i % 26);
    /* Doubling: about ten growths, not a thousand. */
    assert_true(test_memory.allocations < 12);
}

static void limit_holds_and_sticks(void **state)
{
    va_buf_t b;

    (void)state;
    va_buf_init(&b, &test_mem, 0);
    b.max = 5;
    va_buf_add_c(&b, "abcde");
    assert_str(va_buf_str(&b), "abcde");
    va_buf_add_char(&b, 'f');
    assert_int_equal(b.status, VA_ELIMIT);
    assert_absent(va_buf_str(&b));
    va_buf_add_c(&b, "");
    assert_int_equal(b.status, VA_ELIMIT);
    assert_int_equal(b.len, 5);
}

static void length_cannot_wrap(void **state)
{
    va_buf_t b;

    (void)state;
    va_buf_init(&b, &test_mem, 0);
    va_buf_add_char(&b, 'a');
    va_buf_add(&b, "b", SIZE_MAX);
    assert_int_equal(b.status, VA_ELIMIT);
}

static void *refuse(void *ctx, size_t size)
{
    *(size_t *)ctx = size;
    return NULL;
}

static void huge_growth_asks_for_what_is_needed(void **state)
{
    size_t asked = 0;
    const va_alloc_t none = {refuse, &asked};
    va_buf_t b;

    (void)state;
    va_buf_init(&b, &none, 0);
    va_buf_add(&b, "a", SIZE_MAX - 1);
    assert_int_equal(b.status, VA_ENOMEM);
    assert_true(asked == SIZE_MAX - 1);
}

static void memory_runs_out(void **state)
{
    va_buf_t b;

    (void)state;
    test_memory.fail_at = 1;
    va_buf_init(&b, &test_mem, 10);
    assert_int_equal(b.status, VA_ENOMEM);
    va_buf_add_char(&b, 'a');
    assert_absent(va_buf_str(&b));

    test_memory.allocations = 0;
    test_memory.fail_at = 2;
    va_buf_init(&b, &test_mem, 1);
    va_buf_add_c(&b, "ab");
    assert_int_equal(b.status, VA_ENOMEM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(appends_of_all_kinds),
        TEST(grows_and_keeps_what_it_has),
        TEST(limit_holds_and_sticks),
        TEST(length_cannot_wrap),
        TEST(huge_growth_asks_for_what_is_needed),
        TEST(memory_runs_out),
    };

    return RUN("buf", tests);
}
