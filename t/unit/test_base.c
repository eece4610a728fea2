#include "core/base.h"

#include "t/unit/support.h"

static void copies_are_terminated(void **state)
{
    va_str_t copy = va_str_dup(&test_mem, va_str("abcdef", 3));

    (void)state;
    assert_int_equal(copy.len, 3);
    assert_string_equal(copy.data, "abc");

    copy = va_str_dup(&test_mem, VA_STR_NULL);
    assert_int_equal(copy.len, 0);
    assert_string_equal(copy.data, "");
}

static void copy_tells_when_memory_is_out(void **state)
{
    (void)state;
    test_memory.fail_at = 1;
    assert_absent(va_str_dup(&test_mem, VA_STR("abc")));
}

static void equality_is_of_bytes(void **state)
{
    (void)state;
    assert_true(va_str_eq(VA_STR("a\0b"), VA_STR("a\0b")));
    assert_false(va_str_eq(VA_STR("a\0b"), VA_STR("a\0c")));
    assert_false(va_str_eq(VA_STR("ab"), VA_STR("abc")));
    assert_true(va_str_eq(VA_STR_NULL, VA_STR("")));
    assert_absent(va_str_c(NULL));
}

static void case_is_ignored_for_ascii_alone(void **state)
{
    (void)state;
    assert_true(va_str_ieq(VA_STR("Content-TYPE"), VA_STR("content-type")));
    assert_false(va_str_ieq(VA_STR("abc"), VA_STR("abd")));
    assert_false(va_str_ieq(VA_STR("abc"), VA_STR("abcd")));
    /* '[' and '{' differ in the same bit as letters do; so do the bytes of É and é. */
    assert_false(va_str_ieq(VA_STR("["), VA_STR("{")));
    assert_false(va_str_ieq(VA_STR("@"), VA_STR("`")));
    assert_false(va_str_ieq(VA_STR("\xc3\x89"), VA_STR("\xc3\xa9")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(copies_are_terminated),
        TEST(copy_tells_when_memory_is_out),
        TEST(equality_is_of_bytes),
        TEST(case_is_ignored_for_ascii_alone),
    };

    return RUN("base", tests);
}
