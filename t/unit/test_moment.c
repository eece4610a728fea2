#include "worker/moment.h"

#include "t/unit/arena.h"

static void assert_moment(const char *text, bool whole_days, const char *wall, const char *zone)
{
    wk_moment_t m;
    if (!wk_moment_parse(arena, va_str_c(text), whole_days, &m)) {
        fail_msg("%s is refused", text);
    }
    assert_string_equal(m.wall.data, wall);
    if (zone == NULL) {
        assert_null(m.zone.data);
    } else {
        assert_string_equal(m.zone.data, zone);
    }
}

static void a_time_without_a_zone_is_the_shops(void **state)
{
    (void)state;
    assert_moment("2026-03-08T02:30", false, "2026-03-08 02:30:00", NULL);
    assert_moment("2026-03-08 02:30:59", false, "2026-03-08 02:30:59", NULL);
    assert_moment("2026-03-08t02:30:59.5", false, "2026-03-08 02:30:59.5", NULL);
    assert_moment("2026-03-08T02:30:59.123456789", false, "2026-03-08 02:30:59.123456", NULL);
    assert_moment("2026-03-08T02:30", true, "2026-03-08 02:30:00", NULL);
}

static void a_date_is_its_beginning_or_its_end(void **state)
{
    (void)state;
    assert_moment("2026-03-08", false, "2026-03-08 00:00:00", NULL);
    assert_moment("2026-03-08", true, "2026-03-09 00:00:00", NULL);
    assert_moment("2026-12-31", true, "2027-01-01 00:00:00", NULL);
    assert_moment("2028-02-28", true, "2028-02-29 00:00:00", NULL);
    assert_moment("2026-02-28", true, "2026-03-01 00:00:00", NULL);
    assert_moment("2000-02-29", false, "2000-02-29 00:00:00", NULL);
}

static void an_offset_is_taken_off(void **state)
{
    (void)state;
    assert_moment("2026-03-08T02:30:00Z", false, "2026-03-08 02:30:00", "UTC");
    assert_moment("2026-03-08T02:30:00.25z", false, "2026-03-08 02:30:00.25", "UTC");
    assert_moment("2026-03-08T02:30+05:30", false, "2026-03-07 21:00:00", "UTC");
    assert_moment("2026-03-08T02:30+0530", false, "2026-03-07 21:00:00", "UTC");
    assert_moment("2026-03-08T02:30-05", false, "2026-03-08 07:30:00", "UTC");
    assert_moment("2026-03-08T02:30 05:30", false, "2026-03-07 21:00:00", "UTC");
    assert_moment("2026-12-31T23:59:59-05:00", false, "2027-01-01 04:59:59", "UTC");
    assert_moment("2028-03-01T00:00-00:00", false, "2028-03-01 00:00:00", "UTC");
    assert_moment("2028-03-01T00:00+14:00", false, "2028-02-29 10:00:00", "UTC");
}

static void everything_else_is_refused(void **state)
{
    static const char *const wrong[] = {"",
                                        "2026",
                                        "2026-3-8",
                                        "26-03-08",
                                        "2026/03/08",
                                        "2026-00-01",
                                        "2026-13-01",
                                        "2026-01-00",
                                        "2026-01-32",
                                        "2026-04-31",
                                        "2026-02-29",
                                        "2100-02-29",
                                        "1899-12-31",
                                        "2201-01-01",
                                        "2026-03-08T",
                                        "2026-03-08T2:30",
                                        "2026-03-08T24:00",
                                        "2026-03-08T02:60",
                                        "2026-03-08T02:30:60",
                                        "2026-03-08T02:30:",
                                        "2026-03-08T02:30:00.",
                                        "2026-03-08T02",
                                        "2026-03-08T02:30:00.Z",
                                        "2026-03-08T02:30ZZ",
                                        "2026-03-08T02:30+",
                                        "2026-03-08T02:30+5",
                                        "2026-03-08T02:30+24:00",
                                        "2026-03-08T02:30+05:60",
                                        "2026-03-08T02:30+05:",
                                        "2026-03-08Z",
                                        "2026-03-08x",
                                        " 2026-03-08",
                                        "2026-03-08 ",
                                        "now",
                                        "infinity",
                                        "-2026-03-08",
                                        "+2026-03-08",
                                        "2026-03-08'; --"};
    wk_moment_t m;
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        if (wk_moment_parse(arena, va_str_c(wrong[i]), false, &m)) {
            fail_msg("\"%s\" is read as %s", wrong[i], m.wall.data);
        }
        assert_null(m.wall.data);
    }
    assert_false(wk_moment_parse(arena, va_str("2026-03-08\0", 11), false, &m));
    assert_false(wk_moment_parse(arena, va_str("2026\00003-08", 10), false, &m));
}

/* A text is not terminated: nothing behind its end counts. */
static void a_text_ends_where_it_ends(void **state)
{
    wk_moment_t m;
    (void)state;
    assert_true(wk_moment_parse(arena, va_str("2026-03-08T02:30", 10), false, &m));
    assert_string_equal(m.wall.data, "2026-03-08 00:00:00");
    assert_false(wk_moment_parse(arena, va_str("2026-03-08T02:30", 15), false, &m));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_time_without_a_zone_is_the_shops, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_date_is_its_beginning_or_its_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_offset_is_taken_off, set_up, tear_down),
        cmocka_unit_test_setup_teardown(everything_else_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_text_ends_where_it_ends, set_up, tear_down),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
