/* Times, days, money and lists as people of three languages say them. */
#include "worker/agent/wording.h"

#include "t/unit/catalogue.h"

static const wk_language_t *en, *fr, *es;

static int set_up_languages(void **state)
{
    if (set_up(state) != 0) {
        return -1;
    }
    en = wk_catalogue_find(catalogue, VA_STR("en"));
    fr = wk_catalogue_find(catalogue, VA_STR("fr"));
    es = wk_catalogue_find(catalogue, VA_STR("es"));
    return 0;
}

static void times_are_said(void **state)
{
    static const char *const cases[][3] = {
        {"08:00", "8:00 AM", "8 h"},      {"00:00", "12:00 AM", "0 h"},
        {"12:00", "12:00 PM", "12 h"},    {"12:30", "12:30 PM", "12 h 30"},
        {"23:59", "11:59 PM", "23 h 59"}, {"24:00", "12:00 AM", "0 h"},
    };
    static const char *const none[] = {"",      "8:00",  "8h",    "25:00",
                                       "12:60", "ab:cd", "12-30", "12:30:00"};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        assert_str(wk_word_time(arena, en, va_str_c(cases[i][0])), cases[i][1]);
        assert_str(wk_word_time(arena, fr, va_str_c(cases[i][0])), cases[i][2]);
    }
    for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++) {
        assert_str(wk_word_time(arena, en, va_str_c(none[i])), none[i]);
    }
}

static void dates_are_said(void **state)
{
    static const char *const cases[][4] = {
        {"2026-11-24", "Tuesday, November 24", "mardi 24 novembre", "martes 24 de noviembre"},
        {"2026-08-01", "Saturday, August 1", "samedi 1er ao\xc3\xbbt",
         "s\xc3\xa1"
         "bado 1 de agosto"},
        {"2024-02-29", "Thursday, February 29", "jeudi 29 f\xc3\xa9vrier",
         "jueves 29 de febrero"},
        {"1970-01-01", "Thursday, January 1", "jeudi 1er janvier", "jueves 1 de enero"},
        {"2100-03-01", "Monday, March 1", "lundi 1er mars", "lunes 1 de marzo"},
    };
    static const char *const none[] = {"",           "soon",       "2026-13-01", "2026-00-10",
                                       "2026-01-00", "2026-01-32", "26-01-01"};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        assert_str(wk_word_date(arena, en, va_str_c(cases[i][0])), cases[i][1]);
        assert_str(wk_word_date(arena, fr, va_str_c(cases[i][0])), cases[i][2]);
        assert_str(wk_word_date(arena, es, va_str_c(cases[i][0])), cases[i][3]);
    }
    for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++) {
        assert_str(wk_word_date(arena, en, va_str_c(none[i])), none[i]);
    }
}

static void near_days_have_a_word(void **state)
{
    static const char *const cases[][3] = {
        {"2026-12-31", "2026-12-31", "today"},
        {"2027-01-01", "2026-12-31", "tomorrow"},
        {"2027-01-02", "2026-12-31", "Saturday, January 2"},
        {"2026-12-30", "2026-12-31", "Wednesday, December 30"},
        {"2024-03-01", "2024-02-29", "tomorrow"},
        {"2026-12-31", "", "Thursday, December 31"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        assert_str(wk_word_day(arena, en, va_str_c(cases[i][0]), va_str_c(cases[i][1])),
                   cases[i][2]);
    }
    assert_str(wk_word_moment(arena, en, VA_STR("2027-01-01 08:00"), VA_STR("2026-12-31")),
               "tomorrow at 8:00 AM");
    assert_str(wk_word_moment(arena, fr, VA_STR("2027-01-01 08:30"), VA_STR("2026-12-31")),
               "demain \xc3\xa0 8 h 30");
    assert_str(wk_word_moment(arena, en, VA_STR("soon"), VA_STR("2026-12-31")), "soon");
}

static void money_is_grouped(void **state)
{
    static const char *const cases[][2] = {
        {"0", "0 CAD"},
        {"5.00", "5.00 CAD"},
        {"999.99", "999.99 CAD"},
        {"2485.94", "2,485.94 CAD"},
        {"1234567", "1,234,567 CAD"},
        {"-1234.5", "-1,234.5 CAD"},
        {"-123.00", "-123.00 CAD"},
        {"", " CAD"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        assert_str(wk_word_money(arena, en, va_str_c(cases[i][0]), VA_STR("CAD")), cases[i][1]);
    }
    assert_str(wk_word_money(arena, es, VA_STR("2485.94"), VA_STR("EUR")), "2.485,94 EUR");
}

static void lists_are_joined(void **state)
{
    static const char *const english[] = {"", "a", "a and b", "a, b, and c", "a, b, c, and d"};
    const va_str_t items[] = {VA_STR("a"), VA_STR("b"), VA_STR("c"), VA_STR("d")};
    (void)state;
    for (size_t n = 0; n <= 4; n++) {
        assert_str(wk_word_list_of(arena, en, items, n), english[n]);
    }
    assert_str(wk_word_list_of(arena, fr, items, 3), "a, b et c");
}

static void the_programs_words_are_readable(void **state)
{
    (void)state;
    assert_str(wk_word_for(arena, en, "tier", VA_STR("vip")), "VIP");
    assert_str(wk_word_for(arena, en, "nothing", VA_STR("two_words_more")), "two words more");
    assert_int_equal(wk_word_for(arena, en, "nothing", VA_STR("")).len, 0);
}

/* ---------------------------------------------------------------- opening hours */

#define DAY(name)           "\"" name "\":{\"open\":\"08:00\",\"close\":\"18:00\"}"
#define MONDAY_TO_WEDNESDAY DAY("monday") "," DAY("tuesday") "," DAY("wednesday")
#define WORKING             MONDAY_TO_WEDNESDAY "," DAY("thursday") "," DAY("friday")

/* Of each: the hours, the week, the days, the hours alone. */
static void a_week_is_said_shortly(void **state)
{
    static const char *const cases[][4] = {

        {"{}", "by appointment only", "by appointment only", "by appointment only"},
        {"{" WORKING "}", "Monday through Friday 8:00 AM to 6:00 PM", "Monday through Friday",
         "8:00 AM to 6:00 PM"},
        {"{" WORKING ",\"saturday\":{\"open\":\"09:00\",\"close\":\"17:00\"},"
         "\"sunday\":{\"closed\":true}}",
         "Monday through Friday 8:00 AM to 6:00 PM and Saturday 9:00 AM to 5:00 PM",
         "Monday through Saturday",
         "Monday through Friday 8:00 AM to 6:00 PM and Saturday 9:00 AM to 5:00 PM"},
        {"{" DAY("monday") "," DAY("tuesday") "," DAY("sunday") "}",
         "Monday and Tuesday 8:00 AM to 6:00 PM and Sunday 8:00 AM to 6:00 PM",
         "Monday, Tuesday, and Sunday", "8:00 AM to 6:00 PM"},
        {"{\"monday\":{\"open\":\"00:00\",\"close\":\"24:00\"}}", "Monday 24 hours", "Monday",
         "24 hours"},
        {"[]", "by appointment only", "by appointment only", "by appointment only"},
        {"{\"monday\":7,\"tuesday\":{\"open\":8}}", "by appointment only",
         "by appointment only", "by appointment only"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        wk_week_t week = wk_week(parse_json(va_str_c(cases[i][0])));
        assert_str(wk_word_week(arena, en, &week), cases[i][1]);
        assert_str(wk_word_open_days(arena, en, &week), cases[i][2]);
        assert_str(wk_word_open_hours(arena, en, &week), cases[i][3]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(times_are_said),         TEST(dates_are_said),
        TEST(near_days_have_a_word),  TEST(money_is_grouped),
        TEST(lists_are_joined),       TEST(the_programs_words_are_readable),
        TEST(a_week_is_said_shortly),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, set_up_languages, tear_down);
}
