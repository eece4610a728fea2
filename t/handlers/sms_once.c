/*
 * A text is answered exactly once: whatever the provider does, and wherever the worker dies
 * (crash.h). When nobody can tell whether an answer was sent, it is not sent again, and a
 * person hears of it.
 */
#include <stdio.h>

#include "t/handlers/lib/deaths.h"
#include "t/handlers/lib/texts.h"
#include "worker/agent/sms.h"

#define MAX_VISITS 200

static int64_t count(const char *from_where)
{
    return t_sqlf_int("SELECT count(*) FROM %s", from_where);
}

static const char *effect_state(void)
{
    return t_sqlf("SELECT state FROM effects");
}

static t_answer_t deliver(const char *sid, int attempt)
{
    return t_deliver(&(t_text_t){
        .sid = sid, .from = STRANGER, .body = "What are your hours?", .attempt = attempt});
}

/* As the queue would, but without its waiting. How many runs it took. */
static int run_until_done(const char *sid)
{
    for (int attempt = 2; attempt <= WK_SMS_ATTEMPTS; attempt++) {
        t_answer_t a = deliver(sid, attempt);
        if (a.end.how == WK_END_ACK) {
            return attempt;
        }
        assert_again(&a);
        t_texts_wait(11000);
    }
    fail_msg("not done after %d attempts", WK_SMS_ATTEMPTS);
    return 0;
}

static void assert_answered_once(void)
{
    assert_int_equal(t_twilio_sent(STRANGER), 1);
    assert_string_equal(
        t_sqlf(
            "SELECT concat_ws(' ',"
            "    (SELECT string_agg(direction || ':' || (provider_message_id IS NOT NULL), ' '"
            "                       ORDER BY direction) FROM messages),"
            "    (SELECT string_agg(state, ' ') FROM effects),"
            "    (SELECT string_agg(type, ' ' ORDER BY type) FROM outbox),"
            "    (SELECT count(*) FROM tasks),"
            "    (SELECT interaction_count FROM customers WHERE phone_number = '" STRANGER
            "'))"),
        "inbound:true outbound:true done shopify.customer sms_received sms_sent 0 1");
}

/* ---------------------------------------------------------------- deaths */

static bool dies_at(const char *point, int visit, const char *sid)
{
    const char *form =
        t_text_form(&(t_text_t){.sid = sid, .from = STRANGER, .body = "What are your hours?"});
    return t_dies_at(point, visit,
                     &(t_ask_t){.type = "sms.receive",
                                .scheme = "twilio",
                                .content_type = "application/x-www-form-urlencoded",
                                .body = form});
}

static void dies_at_every_visit_of(const char *point)
{
    int deaths = 0;
    for (int visit = 1; visit < MAX_VISITS; visit++) {
        t_texts_setup(NULL);
        const char *sid = t_text_sid();
        bool died = dies_at(point, visit, sid);
        t_texts_wait(11000);
        run_until_done(sid);
        assert_answered_once();
        if (!died) {
            break;
        }
        deaths++;
    }
    printf("# %d deaths at %s\n", deaths, point);
    assert_in_range(deaths, 1, MAX_VISITS - 2);
}

static void it_dies_around_the_handler(void **state)
{
    (void)state;
    dies_at_every_visit_of("handler.before");
    dies_at_every_visit_of("handler.after");
}

static void it_dies_around_each_query(void **state)
{
    (void)state;
    dies_at_every_visit_of("db.before");
    dies_at_every_visit_of("db.after");
}

static void it_dies_around_each_commit(void **state)
{
    (void)state;
    dies_at_every_visit_of("commit.before");
    dies_at_every_visit_of("commit.after");
}

static void it_dies_around_the_request(void **state)
{
    (void)state;
    dies_at_every_visit_of("sms.before");
    dies_at_every_visit_of("http.before");
    dies_at_every_visit_of("http.after");
    dies_at_every_visit_of("sms.after");
}

/* Its heir dies too, at every place again. */
static void the_run_that_asks_the_provider_dies(void **state)
{
    static const char *const points[] = {"http.before", "http.after", "commit.before",
                                         "commit.after"};
    for (size_t i = 0; i < sizeof(points) / sizeof(*points); i++) {
        bool died = true;
        for (int visit = 1; died && visit < MAX_VISITS; visit++) {
            t_texts_setup(state);
            const char *sid = t_text_sid();
            assert_true(dies_at("sms.after", 1, sid));
            t_texts_wait(11000);
            died = dies_at(points[i], visit, sid);
            t_texts_wait(11000);
            run_until_done(sid);
            assert_answered_once();
        }
    }
}

/* ---------------------------------------------------------------- the provider's faults */

/* What every provider's faults come to is in faults.c. */

/* Done all the same, or not: the provider is asked, and never sent twice. */
static void an_answer_that_tells_nothing_is_looked_into(void **state)
{
    static const char *const faults[] = {
        "{\"path\":\"Messages\",\"method\":\"POST\",\"status\":503,\"body\":\"<html>\"%s}",
        "{\"path\":\"Messages\",\"method\":\"POST\",\"drop\":true%s}",
        "{\"path\":\"Messages\",\"method\":\"POST\",\"status\":201,"
        "\"body\":\"{\\\"sid\\\": \\\"SM12\"%s}",
        "{\"path\":\"Messages\",\"method\":\"POST\",\"status\":201,\"body\":\"{}\"%s}",
    };
    for (size_t i = 0; i < 2 * sizeof(faults) / sizeof(*faults); i++) {
        t_texts_setup(state);
        const char *sid = t_text_sid();
        const char *fault = faults[i / 2];
        const char *hole = strstr(fault, "%s");
        t_twilio_script(wk_printf(t_ctx.arena, "%.*s%s}", (int)(hole - fault), fault,
                                  i % 2 == 0 ? ",\"effect\":true" : "")
                            .data);
        t_answer_t a = deliver(sid, 1);
        assert_again(&a);
        assert_true(a.end.delay_ms >= 10000); /* longer than a request may take */
        a = deliver(sid, 2);                  /* too early: it may still be under way */
        assert_again(&a);
        assert_int_equal(t_twilio_requests("GET"), 0);
        t_texts_wait(11000);
        run_until_done(sid);
        assert_answered_once();
    }
}

static void a_provider_that_is_away_is_tried_again(void **state)
{
    (void)state;
    const char *sid = t_text_sid(), *base = t_config.twilio_base_url;
    t_config.twilio_base_url = "http://127.0.0.1:9";
    t_answer_t a = deliver(sid, 1);
    t_config.twilio_base_url = base;
    assert_again(&a);
    assert_int_equal(run_until_done(sid), 2);
    assert_answered_once();
}

/* The carrier knows of a STOP that never reached us. */
static void an_opt_out_at_the_carrier_is_noted(void **state)
{
    (void)state;
    const char *sid = t_text_sid();
    t_twilio_script(
        "{\"path\":\"Messages\",\"status\":400,\"body\":{\"code\":21610,"
        "\"message\":\"Attempt to send to unsubscribed recipient\",\"status\":400}}");
    t_answer_t a = deliver(sid, 1);
    assert_done(&a);
    assert_string_equal(effect_state(), "failed");
    assert_string_equal(t_sqlf("SELECT granted || ' ' || source FROM consents"),
                        "false carrier");
    assert_string_equal(t_sqlf("SELECT status || ' ' || error_code FROM messages"
                               " WHERE direction = 'outbound'"),
                        "failed 21610");
    assert_int_equal(count("tasks"), 0); /* it is the customer's wish */
    a = deliver(t_text_sid(), 1);
    assert_done(&a);
    assert_int_equal(t_twilio_requests("POST"), 1); /* and is heeded from now on */
}

static void a_refused_login_is_an_alarm_and_loses_no_text(void **state)
{
    (void)state;
    const char *sid = t_text_sid();
    t_twilio_script("{\"path\":\"Messages\",\"status\":401,\"times\":2,\"body\":"
                    "{\"code\":20003,\"message\":\"Authenticate\",\"status\":401}}");
    t_answer_t a = deliver(sid, 1);
    assert_again(&a);
    a = deliver(sid, 2);
    assert_again(&a);
    assert_int_equal(count("tasks WHERE kind = 'alarm' AND priority = 'high'"), 1);
    assert_true(t_logged("\"alert\"") > 0);
    a = deliver(sid, 3); /* the password was mended */
    assert_done(&a);
    assert_int_equal(t_twilio_sent(STRANGER), 1);
    assert_string_equal(effect_state(), "done");
}

static void a_refusal_for_good_is_a_task(void **state)
{
    (void)state;
    t_twilio_script("{\"path\":\"Messages\",\"status\":400,\"body\":{\"code\":21614,"
                    "\"message\":\"not a mobile\",\"status\":400}}");
    t_answer_t a = deliver(t_text_sid(), 1);
    assert_done(&a);
    assert_string_equal(effect_state(), "failed");
    assert_int_equal(count("tasks WHERE kind = 'alarm' AND status = 'open'"), 1);
}

/* ---------------------------------------------------------------- nobody can tell */

static const char *unknown_text(void)
{
    const char *sid = t_text_sid();
    t_twilio_script("[{\"path\":\"Messages\",\"method\":\"POST\",\"drop\":true},"
                    "{\"path\":\"Messages\",\"method\":\"GET\",\"status\":500,\"times\":20}]");
    t_answer_t a = deliver(sid, 1);
    for (int attempt = 2; attempt <= WK_SMS_ATTEMPTS; attempt++) {
        assert_again(&a);
        t_texts_wait(11000);
        a = deliver(sid, attempt);
    }
    assert_done(&a);
    return sid;
}

static void what_nobody_can_tell_is_a_task_and_an_alarm(void **state)
{
    (void)state;
    const char *sid = unknown_text();
    assert_string_equal(effect_state(), "unknown");
    assert_int_equal(count("tasks WHERE kind = 'alarm' AND status = 'open'"), 1);
    assert_true(t_logged("\"alert\"") > 0);
    t_twilio_script("[]");
    t_answer_t a = deliver(sid, 1); /* replayed by an operator */
    assert_done(&a);
    assert_int_equal(t_twilio_requests("POST"), 1);
}

static void a_late_callback_settles_it(void **state)
{
    (void)state;
    unknown_text();
    t_answer_t a = t_ask(&(t_ask_t){
        .type = "sms_status.store",
        .args = wk_printf(t_ctx.arena, "e=%s", t_sqlf("SELECT id FROM effects")).data,
        .scheme = "twilio",
        .content_type = "application/x-www-form-urlencoded",
        .body = "MessageSid=SMlate&MessageStatus=delivered&From=%2B14165550001"
                "&To=%2B16475550123"});
    assert_done(&a);
    assert_string_equal(effect_state(), "done");
    assert_string_equal(t_sqlf("SELECT status || ' ' || provider_message_id FROM messages"
                               " WHERE direction = 'outbound'"),
                        "delivered SMlate");
    assert_int_equal(count("outbox WHERE type = 'sms_sent'"), 1);
}

/* ---------------------------------------------------------------- long after */

/* A text of which only the ledger still knows is none that came just now. */
static void assert_told_again_changes_nothing(const char *text)
{
    const char *sid = t_text_sid();
    t_text_t told = {.sid = sid, .from = STRANGER, .body = text};
    t_answer_t a = t_deliver(&told);
    assert_done(&a);
    int sent = t_twilio_sent(STRANGER);
    t_sqlf("DELETE FROM messages; DELETE FROM outbox; DELETE FROM consents;"
           "DELETE FROM consent_states");
    told.attempt = 1;
    a = t_deliver(&told);
    assert_done(&a);
    assert_int_equal(t_twilio_sent(STRANGER), sent);
    assert_string_equal(t_sqlf("SELECT concat_ws(' ', (SELECT count(*) FROM messages),"
                               "    (SELECT count(*) FROM consents),"
                               "    (SELECT count(*) FROM outbox))"),
                        "0 0 0");
}

static void a_text_told_again_behind_the_sweep_is_not_answered(void **state)
{
    (void)state;
    assert_told_again_changes_nothing("What are your hours?");
}

static void nor_does_its_keyword_count(void **state)
{
    (void)state;
    assert_told_again_changes_nothing("START");
    assert_told_again_changes_nothing("STOP");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_dies_around_the_handler),
        cmocka_unit_test(it_dies_around_each_query),
        cmocka_unit_test(it_dies_around_each_commit),
        cmocka_unit_test(it_dies_around_the_request),
        cmocka_unit_test(the_run_that_asks_the_provider_dies),
        cmocka_unit_test(an_answer_that_tells_nothing_is_looked_into),
        cmocka_unit_test(a_provider_that_is_away_is_tried_again),
        cmocka_unit_test(an_opt_out_at_the_carrier_is_noted),
        cmocka_unit_test(a_refused_login_is_an_alarm_and_loses_no_text),
        cmocka_unit_test(a_refusal_for_good_is_a_task),
        cmocka_unit_test(what_nobody_can_tell_is_a_task_and_an_alarm),
        cmocka_unit_test(a_late_callback_settles_it),
        cmocka_unit_test(a_text_told_again_behind_the_sweep_is_not_answered),
        cmocka_unit_test(nor_does_its_keyword_count),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return t_client_main(tests, sizeof(tests) / sizeof(*tests), t_texts_setup);
}
