/* The header Range, as browsers and players send it, of a whole of 1000 bytes. */
#include "worker/handlers/range.h"

#include "t/unit/support.h"

static void assert_some(const char *header, int64_t first, int64_t last)
{
    int64_t a, b;
    if (wk_range_read(va_str_c(header), 1000, &a, &b) != WK_RANGE_SOME || a != first ||
        b != last) {
        fail_msg("%s", header);
    }
}

static void assert_kind(const char *header, wk_range_kind_t kind)
{
    int64_t a, b;
    if (wk_range_read(va_str_c(header), 1000, &a, &b) != kind) {
        fail_msg("%s", header);
    }
}

static void one_range_is_what_is_there_of_it(void **state)
{
    (void)state;
    assert_some("bytes=0-", 0, 999);
    assert_some("bytes=0-0", 0, 0);
    assert_some("bytes=0-1", 0, 1);
    assert_some("bytes=999-", 999, 999);
    assert_some("bytes=500-5000", 500, 999);
    assert_some("bytes=500-99999999999999999999999999", 500, 999);
    assert_some("bytes=-1", 999, 999);
    assert_some("bytes=-1000", 0, 999);
    assert_some("bytes=-99999999999999999999999999", 0, 999);
    assert_some("BYTES=5-6", 5, 6);
}

static void what_begins_behind_the_end_is_not_there(void **state)
{
    (void)state;
    assert_kind("bytes=1000-", WK_RANGE_WRONG);
    assert_kind("bytes=1000-2000", WK_RANGE_WRONG);
    assert_kind("bytes=99999999999999999999999999-", WK_RANGE_WRONG);
    assert_kind("bytes=-0", WK_RANGE_WRONG);
}

static void what_cannot_be_read_is_no_range(void **state)
{
    static const char *const headers[] = {
        "",          "bytes",      "bytes=",        "bytes=-",     "bytes=5",
        "bytes=a-b", "bytes=5-4",  "bytes=0-1,5-6", "bytes= 0-1",  "bytes=0-1 ",
        "items=0-1", "bytes=0--1", "bytes=+1-2",    "bytes=0x1-2", "bytes=1-2-3",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(headers) / sizeof(*headers); i++) {
        assert_kind(headers[i], WK_RANGE_NONE);
    }
    int64_t a, b;
    assert_int_equal(wk_range_read(VA_STR_NULL, 1000, &a, &b), WK_RANGE_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_range_is_what_is_there_of_it),
        cmocka_unit_test(what_begins_behind_the_end_is_not_there),
        cmocka_unit_test(what_cannot_be_read_is_no_range),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
