/* analytics.get and analytics.csv: figures of seeded calls. */
#include <libpq-fe.h>
#include <stdio.h>

#include "t/handlers/lib/client.h"
#include "worker/store/analytics.h"

#define URI  "/api/analytics"
#define JULY "from=2026-07-01&to=2026-07-31"

static int setup(void **state)
{
    (void)state;
    t_sqlf("DELETE FROM calls; DELETE FROM messages; DELETE FROM appointments;"
           "DELETE FROM orders WHERE order_number LIKE 'sale%%'");
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
           "  'service_booking', 'en', 'resolved', true, 8, 100, 0.10, '{}',"
           "  NULL, NULL),"
           " ('" DOWNTOWN "', NULL, 'inbound', 'completed', '2026-07-01 23:30-04',"
           "  'order_status', 'fr', 'resolved', false, NULL, 200, 0.20, '{}',"
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
    assert_string_equal(t_text(&a, "/analytics/funnel/sales"), "1");
}

/* Each thing that a call of July left in the book, in the order of the hours. */
static void the_funnel_counts_appointments_not_calls(void **state)
{
    (void)state;
    seed();
    t_sqlf(
        "WITH call AS (SELECT id FROM calls WHERE customer_id = '" JOHN "'),"
        " made (id, hour, status, by, held, was, in_call, at, source) AS (VALUES"
        "    (1, 8, 'confirmed', NULL, false, NULL::int, true, '2026-07-01 12:01-04', 'agent'),"
        "    (2, 9, 'confirmed', NULL, false, NULL, false, '2026-07-01 12:00-04', 'agent'),"
        "    (3, 10, 'cancelled', 'reschedule', false, NULL, true, '2026-07-01 12:00-04', "
        "'agent'),"
        "    (4, 11, 'confirmed', NULL, false, 3, true, '2026-07-01 12:01-04', 'agent'),"
        "    (5, 12, 'cancelled', 'reschedule', true, NULL, true, '2026-07-01 12:00-04', "
        "'agent'),"
        "    (6, 13, 'cancelled', 'expiry', true, NULL, true, '2026-07-01 12:00-04', 'agent'),"
        "    (7, 14, 'confirmed', NULL, false, NULL, false, '2026-07-01 11:00-04', 'agent'),"
        "    (8, 15, 'confirmed', NULL, false, NULL, false, '2026-07-01 12:00-04', 'staff'))"
        " INSERT INTO appointments (id, organization_id, customer_id, call_id, status,"
        "    cancelled_by, hold_expires_at, rescheduled_from, source, created_at, starts_at,"
        "    ends_at)"
        " SELECT lpad(m.id::text, 32, '0')::uuid, '" DOWNTOWN "', '" JOHN "',"
        "    CASE WHEN in_call THEN call.id END, status, by,"
        "    CASE WHEN held THEN at::timestamptz END, lpad(was::text, 32, '0')::uuid, source,"
        "    at::timestamptz, '2026-07-09'::timestamptz + make_interval(hours => hour),"
        "    '2026-07-09'::timestamptz + make_interval(hours => hour + 1)"
        "   FROM made m, call ORDER BY m.id;"
        "UPDATE calls SET ended_at = started_at + interval '2 minutes'"
        " WHERE customer_id = '" JOHN "'");
    t_answer_t a = t_get("analytics.get", URI, JULY);
    assert_string_equal(t_text(&a, "/analytics/funnel/appointments"), "3");
}

/* ---------------------------------------------------------------- of the requirements */

static const char *of_july(const char *figure)
{
    t_answer_t a = t_get("analytics.get", URI, JULY);
    return wk_strdup(t_ctx.arena, va_str_c(total(&a, figure)));
}

/* A call of John's, completed and resolved, but for what more says. */
static void call(const char *started, const char *columns, const char *values)
{
    t_sqlf("INSERT INTO calls (organization_id, customer_id, status, call_type, resolution,"
           "    started_at%s) VALUES ('" DOWNTOWN "', '" JOHN "', 'completed',"
           "    'service_booking', 'resolved', '2026-07-%s-04'%s)",
           columns, started, values);
}

/* Who was rung; whom the platform rang itself nobody knows of. */
static void a_transfer_succeeds_when_somebody_takes_it(void **state)
{
    (void)state;
    assert_string_equal(of_july("transfer_success_rate"), "null");
    call("01 12:00", ", transferred_at", ", now()");
    assert_string_equal(of_july("transfer_success_rate"), "null");
    call("02 12:00", ", metadata", ", '{\"rung\": true}'");
    call("03 12:00", ", metadata", ", '{\"rung\": true, \"accepted\": 2}'");
    call("04 12:00", ", metadata, taken_over_at", ", '{\"rung\": true}', now()");
    assert_string_equal(of_july("transfer_success_rate"), "66.7");
}

static void what_the_first_call_settled_is_not_called_about_again(void **state)
{
    (void)state;
    call("01 12:00", "", "");
    assert_string_equal(of_july("first_call_resolution_rate"), "100.0");
    call("09 12:00", "", ""); /* more than a week later */
    assert_string_equal(of_july("first_call_resolution_rate"), "100.0");
    call("15 12:00", "", ""); /* is no first call, and the one before settled nothing */
    assert_string_equal(of_july("first_call_resolution_rate"), "50.0");
    t_sqlf("UPDATE calls SET call_type = 'order_status' WHERE started_at > '2026-07-10'");
    assert_string_equal(of_july("first_call_resolution_rate"), "100.0");
    t_sqlf("UPDATE calls SET resolution = 'followup_needed' WHERE started_at > '2026-07-10'");
    assert_string_equal(of_july("first_call_resolution_rate"), "66.7");
    t_sqlf("UPDATE calls SET transferred_at = now() WHERE started_at > '2026-07-10'");
    assert_string_equal(of_july("first_call_resolution_rate"), "100.0");
    t_sqlf("UPDATE calls SET direction = 'outbound'");
    assert_string_equal(of_july("first_call_resolution_rate"), "null");
}

static void who_wanted_an_appointment_has_one_or_not(void **state)
{
    (void)state;
    call("01 12:00", ", appointment_booked", ", true");
    call("02 12:00", "", "");
    call("03 12:00", ", ended_at", ", '2026-07-03 12:03-04'");
    t_sqlf("INSERT INTO appointments (organization_id, customer_id, status, cancelled_by,"
           "    cancelled_at, starts_at, ends_at) VALUES ('" DOWNTOWN "', '" JOHN "',"
           "    'cancelled', 'customer', '2026-07-03 12:02-04', '2026-07-09 10:00-04',"
           "    '2026-07-09 11:00-04')");
    assert_string_equal(of_july("scheduling_success_rate"), "50.0");
    t_sqlf("UPDATE calls SET call_type = 'store_info' WHERE NOT appointment_booked");
    assert_string_equal(of_july("scheduling_success_rate"), "100.0");
}

static void automation_needs_nobody_by_type(void **state)
{
    (void)state;
    call("01 12:00", "", "");
    call("02 12:00", ", human_escalation_required", ", true");
    call("03 12:00", ", taken_over_at", ", now()");
    t_sqlf("INSERT INTO calls (organization_id, status, call_type, resolution, started_at)"
           " VALUES ('" DOWNTOWN "', 'completed', 'store_info', 'resolved', '2026-07-04'),"
           "    ('" DOWNTOWN "', 'completed', 'store_info', 'abandoned', '2026-07-05'),"
           "    ('" DOWNTOWN "', 'no_answer', 'store_info', NULL, '2026-07-06')");
    t_answer_t a = t_get("analytics.get", URI, JULY);
    assert_string_equal(t_text(&a, "/analytics/by_type/0/value"), "service_booking");
    assert_string_equal(t_text(&a, "/analytics/by_type/0/automation_rate"), "33.3");
    assert_string_equal(t_text(&a, "/analytics/by_type/1/automation_rate"), "50.0");
    assert_string_equal(total(&a, "automation_rate"), "40.0");
}

static void satisfaction_is_shown_of_five_too(void **state)
{
    (void)state;
    call("01 12:00", ", satisfaction_score", ", 9");
    call("02 12:00", ", satisfaction_score", ", 8");
    assert_string_equal(of_july("average_satisfaction"), "8.5");
    assert_string_equal(of_july("average_satisfaction_of_5"), "4.3");
}

static void handling_lasts_from_the_answer_to_the_end(void **state)
{
    (void)state;
    call("01 12:00", ", duration_seconds, ended_at", ", 100, '2026-07-01 13:00-04'");
    call("02 12:00", ", answered_at, ended_at",
         ", '2026-07-02 12:01-04', '2026-07-02 12:06-04'");
    t_sqlf("INSERT INTO calls (organization_id, status, duration_seconds, started_at)"
           " VALUES ('" DOWNTOWN "', 'failed', 7, '2026-07-03')");
    assert_string_equal(of_july("average_handle_seconds"), "200");
}

/* ---------------------------------------------------------------- of what was said */

static void said(const char *started, const char *speaker, const char *language,
                 const char *after, const char *more)
{
    t_sqlf("INSERT INTO messages (organization_id, call_id, customer_id, channel, direction,"
           "    speaker, content, language, occurred_at, latency, provider)"
           " SELECT organization_id, id, customer_id, 'voice', 'outbound', '%s', '-', '%s',"
           "    started_at + interval '%s', %s FROM calls WHERE started_at = '2026-07-%s-04'",
           speaker, language, after, more, started);
}

#define NO_TIMES "'{}', 'voice'"

static void the_first_word_answers_the_call(void **state)
{
    (void)state;
    call("01 12:00", "", "");
    call("02 12:00", "", "");
    call("03 12:00", ", direction", ", 'outbound'");
    said("01 12:00", "agent", "en", "2 seconds", NO_TIMES);
    said("01 12:00", "agent", "en", "9 seconds", NO_TIMES);
    said("02 12:00", "agent", "en", "9 seconds",
         "'{\"received_ms\": 0, \"written_ms\": 120}', 'twilio'");
    said("03 12:00", "agent", "en", "30 seconds", NO_TIMES);
    assert_string_equal(of_july("average_answer_ms"), "1060");
}

/* The greeting is nobody's answer, and a platform's report has one language for all. */
static void the_language_is_right_when_the_first_answer_is_in_it(void **state)
{
    (void)state;
    for (int day = 1; day <= 4; day++) {
        const char *started = wk_printf(t_ctx.arena, "%02d 12:00", day).data;
        call(started, ", language", day == 3 ? ", 'en'" : ", 'fr'");
        said(started, "agent", "en", "1 second", NO_TIMES);
        said(started, "customer", "fr", "3 seconds",
             day == 4 ? "'{}', 'elevenlabs'" : NO_TIMES);
        said(started, "agent", day == 2 ? "en" : "fr", "5 seconds",
             day == 4 ? "'{}', 'elevenlabs'" : NO_TIMES);
        said(started, "agent", day == 3 ? "en" : "fr", "9 seconds", NO_TIMES);
    }
    assert_string_equal(of_july("language_accuracy_rate"), "33.3");
}

#define TIMES(written)                                                                         \
    "'{\"caller_ended_ms\": 1000, \"end_detected_ms\": 1500, \"tool_called_ms\": 1700,"        \
    "  \"tool_answered_ms\": 1800, \"asked_ms\": 1830, \"first_sound_ms\": 2000,"              \
    "  \"written_ms\": " written "}', 'voice'"

/* Tools, asking and sending are ours: 100 + 30 + what is behind the first sound. */
static void waits_are_those_of_the_turns_of_the_shop(void **state)
{
    (void)state;
    call("01 12:00", "", "");
    said("01 12:00", "agent", "en", "1 second", NO_TIMES);
    for (int i = 0; i < 19; i++) {
        said("01 12:00", "agent", "en", "5 seconds", TIMES("2010"));
    }
    said("01 12:00", "agent", "en", "6 seconds", TIMES("9010"));
    assert_string_equal(of_july("p95_response_ms"), "1360");
    assert_string_equal(of_july("p95_own_ms"), "490");
    said("01 12:00", "agent", "en", "7 seconds",
         "'{\"caller_ended_ms\": \"x\", \"written_ms\": []}', 'voice'");
    t_answer_t a = t_get("analytics.get", URI, JULY);
    assert_string_equal(t_text(&a, "/analytics/by_day/0/p95_own_ms"), "490");
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
    assert_non_null(strstr(text, "\r\ntotal,,6,4,2,80.0,40.0,40.0,1,20.0,6.5,200,,0.2000,"));
    assert_non_null(strstr(text, "\r\nday,2026-07-02,2,1,1,100.0,"));
    assert_non_null(strstr(text, "\r\nlanguage,fr,2,2,0,"));
    assert_non_null(strstr(text, ",average_satisfaction_of_5,average_handle_seconds,"
                                 "p95_response_ms,p95_own_ms\r\n"));
}

/* A shop has millions of them. */
static void the_turns_of_a_call_are_read_once(void **state)
{
    (void)state;
    int places = 0;
    PGconn *db = PQconnectdb(t_postgres.super_url);
    PQclear(PQexec(db, "SET search_path = voiceagent, public"));
    PQclear(PQexec(
        db, wk_printf(t_ctx.arena, "PREPARE figures AS %s", wk_sql_analytics.text).data));
    PGresult *plan = PQexec(db, "EXPLAIN EXECUTE figures(NULL, NULL, NULL, NULL)");
    assert_int_equal(PQresultStatus(plan), PGRES_TUPLES_OK);
    for (int i = 0; i < PQntuples(plan); i++) {
        places += strstr(PQgetvalue(plan, i, 0), " on messages") != NULL;
    }
    assert_int_equal(places, 1);
    PQclear(plan);
    PQfinish(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(totals_are_those_of_the_time),
        cmocka_unit_test(days_are_the_shop_s),
        cmocka_unit_test(types_and_languages_have_theirs),
        cmocka_unit_test(the_funnel_ends_with_orders_of_callers),
        cmocka_unit_test(the_funnel_counts_appointments_not_calls),
        cmocka_unit_test(a_transfer_succeeds_when_somebody_takes_it),
        cmocka_unit_test(what_the_first_call_settled_is_not_called_about_again),
        cmocka_unit_test(who_wanted_an_appointment_has_one_or_not),
        cmocka_unit_test(automation_needs_nobody_by_type),
        cmocka_unit_test(satisfaction_is_shown_of_five_too),
        cmocka_unit_test(handling_lasts_from_the_answer_to_the_end),
        cmocka_unit_test(the_first_word_answers_the_call),
        cmocka_unit_test(the_language_is_right_when_the_first_answer_is_in_it),
        cmocka_unit_test(waits_are_those_of_the_turns_of_the_shop),
        cmocka_unit_test(the_turns_of_a_call_are_read_once),
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
