/* send_sms, trigger_followup, create_lead, get_customer_history: for whom, and once. */
#include <stdio.h>

#include "t/handlers/lib/texts.h"

#define CALL_SID "CA00000000000000000000000000000f0f"

/* John calls Downtown; the carrier attests his number. */
static int setup(void **state)
{
    t_texts_setup(state);
    t_sqlf("DELETE FROM calls; UPDATE customers SET notes = NULL;"
           "INSERT INTO calls (organization_id, caller_number, called_number, twilio_call_sid,"
           "    stir_verstat, status)"
           " VALUES ('" DOWNTOWN "', '" JOHN_NUMBER "', '" DOWNTOWN_NUMBER "', '" CALL_SID "',"
           "    'TN-Validation-Passed-A', 'in_progress')");
    return 0;
}

static t_answer_t tool(const char *name, const char *body)
{
    return t_ask(
        &(t_ask_t){.type = "tools.call",
                   .uri = wk_printf(t_ctx.arena, "/api/elevenlabs/tools/%s", name).data,
                   .scheme = "bearer",
                   .headers = {"x-va-agent", "agent_downtown", "x-va-call", CALL_SID},
                   .body = body});
}

static void assert_said(const t_answer_t *a, const char *member, const char *expected)
{
    assert_status(a, 200);
    assert_string_equal(t_text(a, member), expected);
}

static int64_t count(const char *from_where)
{
    return t_sqlf_int("SELECT count(*) FROM %s", from_where);
}

static void a_text_is_sent_once(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        t_answer_t a = tool("send_sms", "{\"message\":\"Our address: 123 Queen\"}");
        assert_said(&a, "/success", "true");
    }
    assert_int_equal(
        count("messages WHERE content = 'Our address: 123 Queen' AND to_number = '" JOHN_NUMBER
              "' AND from_number = '" DOWNTOWN_NUMBER "'"),
        1);
    assert_int_equal(count("outbox WHERE type = 'sms.send'"), 1);
}

static void who_wants_no_texts_gets_none(void **state)
{
    (void)state;
    t_sqlf("INSERT INTO consents (organization_id, channel, address, granted, source)"
           " VALUES ('" DOWNTOWN "', 'sms', '" JOHN_NUMBER "', false, 'keyword')");
    t_answer_t a = tool("send_sms", "{\"message\":\"hello\"}");
    assert_said(&a, "/error/code", "no_consent");
    assert_int_equal(count("messages") + count("effects"), 0);
}

static void a_caller_nobody_attests_learns_and_sends_nothing(void **state)
{
    (void)state;
    t_sqlf("UPDATE calls SET stir_verstat = NULL");
    t_answer_t a = tool("send_sms", "{\"message\":\"hello\"}");
    assert_said(&a, "/error/code", "verification_needed");
    a = tool("get_customer_history", "{}");
    assert_said(&a, "/error/code", "verification_needed");
    assert_int_equal(count("messages") + count("effects"), 0);
}

static void a_followup_is_one_task(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        t_answer_t a = tool("trigger_followup", "{\"reason\":\"wants a quote\"}");
        assert_said(&a, "/success", "true");
    }
    assert_int_equal(count("tasks WHERE kind = 'followup' AND customer_id = '" JOHN
                           "' AND body = 'wants a quote'"),
                     1);
}

static void a_lead_is_noted_without_touching_what_is_known(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        t_answer_t a = tool("create_lead", "{\"first_name\":\"Jack\",\"email\":\"x@y.example\","
                                           "\"interest\":\"a gravel bike\"}");
        assert_said(&a, "/lead_id", JOHN);
    }
    assert_string_equal(t_sqlf("SELECT name || ' ' || email || ' ' || notes FROM customers"
                               " WHERE id = '" JOHN "'"),
                        "John Tremblay john.tremblay@customer.example a gravel bike");
}

static void the_customer_s_own_history_is_told(void **state)
{
    (void)state;
    t_sqlf("UPDATE customers SET interaction_count = 3 WHERE id = '" JOHN "'");
    t_answer_t a = tool("get_customer_history", "{\"phone\":\"" SARAH_NUMBER "\"}");
    assert_said(&a, "/customer/lead_id", JOHN);
    assert_string_equal(t_text(&a, "/customer/tier"), "vip");
    assert_string_equal(t_text(&a, "/message"), "John Tremblay has been in touch 3 times.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_is_sent_once),
        cmocka_unit_test(who_wants_no_texts_gets_none),
        cmocka_unit_test(a_caller_nobody_attests_learns_and_sends_nothing),
        cmocka_unit_test(a_followup_is_one_task),
        cmocka_unit_test(a_lead_is_noted_without_touching_what_is_known),
        cmocka_unit_test(the_customer_s_own_history_is_told),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return t_client_main(tests, sizeof(tests) / sizeof(*tests), setup);
}
