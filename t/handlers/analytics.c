/* analytics.get and analytics.csv: figures of seeded calls. */
#include <stdio.h>

#include "t/handlers/lib/client.h"

#define URI  "/api/analytics"
#define JULY "from=2026-07-01&to=2026-07-31"

static int setup(void **state)
{
    (void)state;
    t_sqlf("DELETE FROM calls; DELETE FROM orders WHERE order_number LIKE 'sale%%'");
    return 0;
}

/*
 * Six of July, one of June: of those of July five are over, two were resolved by the agent, one
 * was transferred, one was taken over by a person, one booked.
 */
static void seed(void)
{
    t_sqlf("INSERT INTO calls (organization_id, customer_id, direction, status, started_at,"
           "    call_type, language, resolution, appointment_booked, satisfaction_score,"
           "    duration_seconds, cost_usd, latency, transferred_at, taken_over_at) VALUES"
           " ('" DOWNTOWN "', '" JOHN "', 'inbound', 'completed', '2026-07-01 12:00-04',"
           "  'service_booking', 'en', 'resolved', true, 8, 100, 0.10, '{\"answer_ms\": 400}',"
           "  NULL, NULL),"
           " ('" DOWNTOWN "', NULL, 'inbound', 'completed', '2026-07-01 23:30-04',"
           "  'order_status', 'fr', 'resolved', false, NULL, 200, 0.20, '{\"answer_ms\": 600}',"
           "  NULL, NULL),"
           " ('" DOWNTOWN "', NULL, 'inbound', 'completed', '2026-07-02 00:30-04',"
           "  'sales_inquiry', 'fr', 'transferred', false, 5, 300, 0.30, '{}', now(), NULL),"
           " ('" DOWNTOWN "', NULL, 'outbound', 'completed', '2026-07-02 12:00-04', NULL, NULL,"
           "  'resolved', false, NULL, NULL, NULL, '{}', NULL, now()),"
           " ('" DOWNTOWN "', NULL, 'outbound', 'no_answer', '2026-07-31 23:59-04', NULL, 'en',"
           "  NULL, false, NULL, NULL, NULL, '{}', NULL, NULL),"
           " ('" DOWNTOWN
           "', NULL, 'inbound', 'in_progress', '2026-07-31 12:00-04', NULL, 'en',"
           "  NULL, false, NULL, NULL, NULL, '{}', NULL, NULL),"
           " ('" DOWNTOWN "', NULL, 'inbound', 'completed', '2026-06-30 23:59-04', NULL, 'en',"
           "  NULL, false, 1, 9999, 99, '{}', NULL, NULL)");
}

static const char *total(const t_answer_t *a, const char *figure)
{
    return t_text(a, wk_printf(t_ctx.arena, "/analytics/totals/%s", figure).data);
}

static void totals_are_those_of_the_time(void **state)
{
    static const char *const expected[][2] = {
        {"total_calls", "6"},
        {"inbound_calls", "4"},
        {"outbound_calls", "2"},
        {"completion_rate", "80.0"},
        {"ai_resolution_rate", "40.0"},
        {"human_transfer_rate", "40.0"},
        {"appointments_booked", "1"},
        {"appointment_conversion_rate", "20.0"},
        {"average_satisfaction", "6.5"},
        {"average_duration_seconds", "200"},
        {"average_answer_ms", "500"},
        {"cost_per_call", "0.2000"},
        {"total_cost", "0.600000"},
        {"costed_calls", "3"},
    };
    (void)state;
    seed();
    t_answer_t a = t_get("analytics.get", URI, JULY);
    assert_status(&a, 200);
    for (size_t i = 0; i < sizeof(expected) / sizeof(*expected); i++) {
        assert_string_equal(total(&a, expected[i][0]), expected[i][1]);
    }
}

/* Half past midnight in Toronto is the next day, though the same in UTC. */
static void days_are_the_shop_s(void **state)
{
    (void)state;
    seed();
    t_answer_t a = t_get("analytics.get", URI, JULY);
    assert_int_equal(t_count(&a, "/analytics/by_day"), 3);
    assert_string_equal(t_text(&a, "/analytics/by_day/0/value"), "2026-07-01");
    assert_string_equal(t_text(&a, "/analytics/by_day/0/total_calls"), "2");
    assert_string_equal(t_text(&a, "/analytics/by_day/1/value"), "2026-07-02");
    assert_string_equal(t_text(&a, "/analytics/by_day/1/total_calls"), "2");
    assert_string_equal(t_text(&a, "/analytics/by_day/2/value"), "2026-07-31");
}

static void types_and_languages_have_theirs(void **state)
{
    (void)state;
    seed();
    t_answer_t a = t_get("analytics.get", URI, JULY);
    assert_int_equal(t_count(&a, "/analytics/by_type"), 4);
    assert_string_equal(t_text(&a, "/analytics/by_type/2/value"), "service_booking");
    assert_string_equal(t_text(&a, "/analytics/by_type/2/appointment_conversion_rate"),
                        "100.0");
    assert_string_equal(t_text(&a, "/analytics/by_type/3/value"), "unknown");
    assert_int_equal(t_count(&a, "/analytics/by_language"), 3);
    assert_string_equal(t_text(&a, "/analytics/by_language/1/value"), "fr");
    assert_string_equal(t_text(&a, "/analytics/by_language/1/average_duration_seconds"), "250");
}

static void the_funnel_ends_with_orders_of_callers(void **state)
{
    (void)state;
    seed();
    t_sqlf("INSERT INTO orders (organization_id, customer_id, order_number, placed_at) VALUES"
           " ('" DOWNTOWN "', '" JOHN "', 'sale1', '2026-07-03'),"
           " ('" DOWNTOWN "', '" JOHN "', 'sale2', '2026-06-30'),"
           " ('" DOWNTOWN "', '" JOHN "', 'sale3', '2026-08-02')");
    t_answer_t a = t_get("analytics.get", URI, JULY);
    assert_string_equal(t_text(&a, "/analytics/funnel/inquiries"), "2");
    assert_string_equal(t_text(&a, "/analytics/funnel/appointments"), "1");
    assert_string_equal(t_text(&a, "/analytics/funnel/sales"), "1");
}

static void without_calls_there_is_nothing_to_divide(void **state)
{
    (void)state;
    t_answer_t a = t_get("analytics.get", URI, NULL);
    assert_status(&a, 200);
    assert_string_equal(total(&a, "total_calls"), "0");
    assert_string_equal(total(&a, "ai_resolution_rate"), "null");
    assert_string_equal(total(&a, "total_cost"), "null"); /* not known is not nothing */
    assert_string_equal(total(&a, "costed_calls"), "0");
    assert_int_equal(t_count(&a, "/analytics/by_day"), 0);
}

static void without_a_time_it_is_the_last_month(void **state)
{
    (void)state;
    t_sqlf("INSERT INTO calls (organization_id, status, started_at) VALUES"
           " ('" DOWNTOWN "', 'completed', now() - interval '29 days'),"
           " ('" DOWNTOWN "', 'completed', now() - interval '31 days')");
    t_answer_t a = t_get("analytics.get", URI, NULL);
    assert_string_equal(total(&a, "total_calls"), "1");
}

static void only_managers_see_it(void **state)
{
    (void)state;
    t_answer_t a = t_get_as("nobody", DOWNTOWN, "manager", "analytics.get", URI, NULL);
    assert_status(&a, 200);
    a = t_get_as("nobody", DOWNTOWN, "staff", "analytics.get", URI, NULL);
    assert_error(&a, 403, "role");
    a = t_get_as("nobody", DOWNTOWN, "staff", "analytics.csv", URI ".csv", NULL);
    assert_status(&a, 403);
}

static void each_shop_sees_its_own(void **state)
{
    (void)state;
    seed();
    t_answer_t a = t_get_as(UMA, UPTOWN, "admin", "analytics.get", URI, JULY);
    assert_string_equal(total(&a, "total_calls"), "0");
}

static void a_time_that_is_none_is_refused(void **state)
{
    (void)state;
    t_answer_t a = t_get("analytics.get", URI, "from=yesterday");
    assert_error(&a, 400, "bad_request");
}

static void a_spreadsheet_has_the_same_figures(void **state)
{
    (void)state;
    seed();
    t_answer_t a = t_get("analytics.csv", URI ".csv", JULY);
    assert_status(&a, 200);
    assert_true(va_str_eq(a.type, VA_STR("text/csv; charset=utf-8")));
    const char *text = wk_strdup(t_ctx.arena, a.body);
    assert_non_null(strstr(text, "dimension,value,total_calls,inbound_calls,"));
    assert_non_null(strstr(text, "\r\ntotal,,6,4,2,80.0,40.0,40.0,1,20.0,6.5,200,500,0.2000,"));
    assert_non_null(strstr(text, "\r\nday,2026-07-02,2,1,1,100.0,"));
    assert_non_null(strstr(text, "\r\nlanguage,fr,2,2,0,"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(totals_are_those_of_the_time),
        cmocka_unit_test(days_are_the_shop_s),
        cmocka_unit_test(types_and_languages_have_theirs),
        cmocka_unit_test(the_funnel_ends_with_orders_of_callers),
        cmocka_unit_test(without_calls_there_is_nothing_to_divide),
        cmocka_unit_test(without_a_time_it_is_the_last_month),
        cmocka_unit_test(only_managers_see_it),
        cmocka_unit_test(each_shop_sees_its_own),
        cmocka_unit_test(a_time_that_is_none_is_refused),
        cmocka_unit_test(a_spreadsheet_has_the_same_figures),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return t_client_main(tests, sizeof(tests) / sizeof(*tests), setup);
}
