/*
 * calls.settle: a call whose end nobody told is asked about, its end is kept as its callback
 * would have been, and one that lives beyond the longest time is ended.
 */
#include <stdio.h>

#include "t/handlers/lib/deaths.h"
#include "t/handlers/lib/texts.h"

#define SID  "CA0123456789abcdef0123456789abcdef"
#define PATH "\"path\":\"/Calls/" SID ".json$\""

static int setup(void **state)
{
    int result = t_texts_setup(state);
    t_twilio();
    t_sqlf("DELETE FROM takeovers; DELETE FROM calls; DELETE FROM call_status_events;"
           "DELETE FROM messages; DELETE FROM tasks; DELETE FROM outbox;"
           "UPDATE organizations SET max_call_seconds = 1800 WHERE id = '" DOWNTOWN "';"
           "INSERT INTO calls (organization_id, customer_id, status, engine, twilio_call_sid,"
           "                   caller_number, called_number, started_at)"
           " VALUES ('" DOWNTOWN "', '" JOHN "', 'in_progress', 'receptionist', '" SID "',"
           "         '" JOHN_NUMBER "', '" DOWNTOWN_NUMBER "', now() - interval '10 minutes');"
           "UPDATE calls SET look_at = now()");
    t_redis(t_ctx.redis, t_ctx.arena, "FLUSHALL");
    t_redis(t_ctx.redis, t_ctx.arena, "HSET va:call:{" SID "} status live epoch 1");
    return result;
}

static void carrier_answers(const char *method, const char *status)
{
    t_twilio_script(wk_printf(t_ctx.arena,
                              "{\"method\":\"%s\"," PATH
                              ",\"status\":200,\"body\":{\"sid\":\"" SID "\","
                              "\"status\":\"%s\",\"duration\":\"42\","
                              "\"end_time\":\"Mon, 16 Aug 2027 03:45:01 +0000\"}}",
                              method, status)
                        .data);
}

static t_ask_t settling(const char *organization)
{
    return (t_ask_t){.type = "calls.settle", .org = organization, .scheme = "internal"};
}

static void settle(void)
{
    t_ask_t ask = settling(DOWNTOWN);
    t_answer_t a = t_ask(&ask);
    assert_done(&a);
}

static int requests(const char *method)
{
    int n = 0;
    const va_json_t *r = t_twilio_ask("GET", "/_sim/requests", NULL)->first;
    for (; r != NULL; r = r->next) {
        n += t_eq(va_json_get_string(r, "path"),
                  "/2010-04-01/Accounts/" TWILIO_ACCOUNT "/Calls/" SID ".json") &&
             t_eq(va_json_get_string(r, "method"), method);
    }
    return n;
}

static const char *call(void)
{
    return t_sqlf("SELECT concat_ws(' ', status, duration_seconds, end_reason,"
                  "    look_at IS NOT NULL) FROM calls");
}

static int64_t told(const char *type)
{
    return t_sqlf_int("SELECT count(DISTINCT coalesce(dedup, id::text)) FROM outbox"
                      " WHERE type = '%s'",
                      type);
}

static void assert_ended_once(void)
{
    assert_string_equal(call(), "completed 42 f");
    assert_string_equal(t_sqlf("SELECT ended_at = '2027-08-16 03:45:01+00' FROM calls"), "t");
    assert_int_equal(told("call_ended"), 1);
    assert_int_equal(told("calls.conclude"), 1);
    assert_int_equal(t_redis_int(t_ctx.redis, "HEXISTS va:call:{" SID "} ended"), 1);
}

/* ---------------------------------------------------------------- over */

static void the_end_that_nobody_told_is_found(void **state)
{
    (void)state;
    carrier_answers("GET", "completed");
    settle();
    assert_ended_once();
    settle(); /* it is not asked about again */
    assert_int_equal(requests("GET"), 1);
    t_answer_t a = t_ask(&(t_ask_t){
        .type = "call_status.store",
        .scheme = "twilio",
        .content_type = "application/x-www-form-urlencoded",
        .body = "CallSid=" SID "&CallStatus=completed&From=%2B14165559876&To=%2B14165550001"
                "&Direction=inbound&SequenceNumber=3&CallDuration=42"});
    assert_done(&a);
    assert_int_equal(told("call_ended"), 1);
    assert_int_equal(told("calls.conclude"), 1);
}

static void one_that_was_never_answered_is_found_too(void **state)
{
    (void)state;
    t_sqlf("UPDATE calls SET status = 'in_progress', direction = 'outbound',"
           "    caller_number = called_number, called_number = caller_number");
    carrier_answers("GET", "no-answer");
    settle();
    assert_string_equal(
        t_sqlf("SELECT concat_ws(' ', status, direction, called_number) FROM calls"),
        "no_answer outbound " JOHN_NUMBER);
}

static void one_that_goes_on_is_left_alone(void **state)
{
    (void)state;
    carrier_answers("GET", "in-progress");
    settle();
    assert_string_equal(call(), "in_progress t");
    assert_string_equal(
        t_sqlf("SELECT look_at BETWEEN now() + interval '1 minute'"
               "                   AND now() + interval '2 minutes' FROM calls"),
        "t");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM outbox"), 0);
    settle(); /* not due yet */
    assert_int_equal(requests("GET"), 1);
    assert_int_equal(requests("POST"), 0);
}

/* The carrier's answers are behind its calls: what it does not know has not ended. */
static void one_that_the_carrier_does_not_know_has_not_ended(void **state)
{
    (void)state;
    settle();
    assert_int_equal(requests("GET"), 1);
    assert_string_equal(call(), "in_progress t");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM outbox"), 0);
    t_sqlf("UPDATE calls SET look_at = now()");
    carrier_answers("GET", "completed");
    settle();
    assert_ended_once();
}

static void while_the_carrier_does_not_answer_it_is_asked_again(void **state)
{
    (void)state;
    t_twilio_script("{\"method\":\"GET\"," PATH ",\"status\":503,\"body\":{}}");
    settle();
    assert_string_equal(call(), "in_progress t");
    t_sqlf("UPDATE calls SET look_at = now()");
    carrier_answers("GET", "completed");
    settle();
    assert_ended_once();
}

static void a_shop_asks_about_its_own(void **state)
{
    (void)state;
    t_ask_t ask = settling(UPTOWN);
    t_answer_t a = t_ask(&ask);
    assert_done(&a);
    assert_int_equal(requests("GET"), 0);
}

/* ---------------------------------------------------------------- too long */

static void began_ago(const char *ago)
{
    t_sqlf("UPDATE calls SET started_at = now() - interval '%s', look_at = now()", ago);
}

static void one_beyond_the_longest_time_is_ended(void **state)
{
    (void)state;
    began_ago("31 minutes"); /* somebody may still be saying so */
    carrier_answers("GET", "in-progress");
    settle();
    assert_int_equal(requests("POST"), 0);
    assert_string_equal(t_sqlf("SELECT look_at <= now() + interval '1 minute' FROM calls"),
                        "t");
    began_ago("33 minutes");
    carrier_answers("GET", "in-progress");
    carrier_answers("POST", "completed");
    settle();
    assert_int_equal(requests("POST"), 1);
    assert_string_equal(call(), "in_progress limit t"); /* until it is told, or asked about */
    assert_string_equal(t_sqlf("SELECT look_at <= now() + interval '30 seconds' FROM calls"),
                        "t");
    t_sqlf("UPDATE calls SET look_at = now()");
    carrier_answers("GET", "completed");
    settle();
    assert_string_equal(call(), "completed 42 limit f");
    assert_int_equal(requests("POST"), 1);
}

static void one_that_ends_meanwhile_is_no_trouble(void **state)
{
    (void)state;
    began_ago("33 minutes");
    carrier_answers("GET", "in-progress");
    t_twilio_script("{\"method\":\"POST\"," PATH ",\"status\":400,\"body\":{\"code\":21220}}");
    settle();
    assert_string_equal(call(), "in_progress limit t");
}

static void people_talk_as_long_as_they_like(void **state)
{
    static const char *const has[] = {
        "INSERT INTO takeovers (organization_id, customer_id, call_id, channel, state)"
        " SELECT organization_id, customer_id, id, 'text', 'held' FROM calls",
        "DELETE FROM takeovers; UPDATE calls SET metadata = '{\"accepted\": 4}'"};
    (void)state;
    for (size_t i = 0; i < sizeof(has) / sizeof(*has); i++) {
        t_sqlf("%s", has[i]);
        began_ago("1 hour");
        carrier_answers("GET", "in-progress");
        settle();
        assert_int_equal(requests("POST"), 0);
    }
    /* The caller is back from that person. */
    t_sqlf(
        "INSERT INTO messages (organization_id, call_id, customer_id, channel, direction,"
        "    speaker, content, provider, provider_message_id)"
        " SELECT organization_id, id, customer_id, 'voice', 'outbound', 'agent', '', 'twilio',"
        "    '" SID ":4' FROM calls");
    began_ago("1 hour");
    carrier_answers("GET", "in-progress");
    carrier_answers("POST", "completed");
    settle();
    assert_int_equal(requests("POST"), 1);
}

/* ---------------------------------------------------------------- deaths */

static void dies_at_every_visit_of(const char *point)
{
    int deaths = 0;
    for (int visit = 1; visit < 20; visit++) {
        setup(NULL);
        carrier_answers("GET", "completed");
        t_ask_t ask = settling(DOWNTOWN);
        bool died = t_dies_at(point, visit, &ask);
        bool unknown =
            t_sqlf_int("SELECT count(*) FROM calls WHERE status = 'in_progress'") == 1;
        if (unknown) {
            t_sqlf("UPDATE calls SET look_at = now()"); /* when it is due again */
            carrier_answers("GET", "completed");
        }
        settle();
        assert_ended_once();
        if (!died) {
            break;
        }
        deaths++;
    }
    printf("# %d deaths at %s\n", deaths, point);
    assert_in_range(deaths, 1, 18);
}

static void wherever_it_dies_the_end_is_kept_once(void **state)
{
    (void)state;
    dies_at_every_visit_of("http.after");
    dies_at_every_visit_of("look.before");
    dies_at_every_visit_of("look.after");
    dies_at_every_visit_of("commit.before");
    dies_at_every_visit_of("commit.after");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_end_that_nobody_told_is_found),
        cmocka_unit_test(one_that_was_never_answered_is_found_too),
        cmocka_unit_test(one_that_goes_on_is_left_alone),
        cmocka_unit_test(one_that_the_carrier_does_not_know_has_not_ended),
        cmocka_unit_test(while_the_carrier_does_not_answer_it_is_asked_again),
        cmocka_unit_test(a_shop_asks_about_its_own),
        cmocka_unit_test(one_beyond_the_longest_time_is_ended),
        cmocka_unit_test(one_that_ends_meanwhile_is_no_trouble),
        cmocka_unit_test(people_talk_as_long_as_they_like),
        cmocka_unit_test(wherever_it_dies_the_end_is_kept_once),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return t_client_main(tests, sizeof(tests) / sizeof(*tests), setup);
}
