/* calls.outcome: who says what came of a call, and that no guess replaces it. */
#include "t/handlers/lib/client.h"

#define CALL         "d0000000-0000-4000-8000-0000000000c1"
#define SID          "CA00000000000000000000000000000c01"
#define CONVERSATION "conv_outcome"

static int setup(void **state)
{
    (void)state;
    t_sqlf("DELETE FROM audit_log; DELETE FROM effects; DELETE FROM calls;"
           "INSERT INTO calls (id, organization_id, direction, called_number, status, outcome)"
           " VALUES ('" CALL "', '" DOWNTOWN "', 'inbound', '+14165550001', 'completed',"
           "    'other')");
    return 0;
}

static t_ask_t saying(const char *id, const char *role, const char *call, const char *body)
{
    return (t_ask_t){.type = "calls.outcome",
                     .id = id,
                     .method = "POST",
                     .uri = wk_printf(t_ctx.arena, "/api/calls/%s/outcome", call).data,
                     .body = body,
                     .claims =
                         t_claims(strcmp(role, "admin") == 0 ? DANA : JOHN, DOWNTOWN, role),
                     .org = DOWNTOWN};
}

static t_answer_t say(const char *role, const char *body)
{
    t_ask_t ask = saying(NULL, role, CALL, body);
    return t_ask(&ask);
}

static const char *outcome(void)
{
    return t_sqlf("SELECT outcome FROM calls WHERE id = '" CALL "'");
}

static void what_a_person_says_stays(void **state)
{
    (void)state;
    t_answer_t a = say("staff", "{\"outcome\":\"complaint\"}");
    assert_status(&a, 200);
    assert_string_equal(t_text(&a, "/call/outcome"), "complaint");
    assert_string_equal(t_text(&a, "/call/id"), CALL);
    t_sqlf("UPDATE calls SET outcome = 'order_status', summary = 'Guessed' WHERE id = '" CALL
           "'");
    assert_string_equal(outcome(), "complaint");
    assert_string_equal(t_sqlf("SELECT summary FROM calls WHERE id = '" CALL "'"), "Guessed");
    a = say("admin", "{\"outcome\":\"information_only\"}");
    assert_status(&a, 200);
    assert_string_equal(outcome(), "information_only");
    assert_string_equal(t_sqlf("SELECT string_agg(action || ' ' || entity_id, ', ')"
                               "  FROM audit_log"),
                        "outcome_set " CALL ", outcome_set " CALL);
}

static void an_outcome_is_read_as_people_write_it(void **state)
{
    (void)state;
    t_answer_t a = say("staff", "{\"outcome\":\"Complaint\"}");
    assert_status(&a, 200);
    assert_string_equal(outcome(), "complaint");
    a = say("staff", "{\"outcome\":\"Appointment booked\"}");
    assert_status(&a, 200);
    assert_string_equal(t_text(&a, "/call/outcome"), "appointment_booked");
}

static void a_call_is_named_as_the_carrier_does(void **state)
{
    (void)state;
    t_sqlf("UPDATE calls SET twilio_call_sid = '" SID "' WHERE id = '" CALL "'");
    t_ask_t ask = saying(NULL, "staff", SID, "{\"outcome\":\"complaint\"}");
    t_answer_t a = t_ask(&ask);
    assert_string_equal(t_text(&a, "/call/id"), CALL);
    assert_string_equal(outcome(), "complaint");
    assert_string_equal(t_sqlf("SELECT entity_id FROM audit_log"), CALL);
}

static void a_saying_that_is_done_again_undoes_no_later_one(void **state)
{
    (void)state;
    t_ask_t first = saying("first", "admin", CALL, "{\"outcome\":\"complaint\"}");
    t_answer_t a = t_ask(&first);
    assert_status(&a, 200);
    a = say("staff", "{\"outcome\":\"product_inquiry\"}");
    assert_status(&a, 200);
    a = t_ask(&first);
    assert_status(&a, 200);
    assert_string_equal(t_text(&a, "/call/outcome"), "product_inquiry");
    assert_string_equal(outcome(), "product_inquiry");
}

static void what_is_wrong_changes_nothing(void **state)
{
    static const char *const wrong[] = {"{}", "{\"outcome\":\"sold\"}", "{\"outcome\":null}",
                                        "{\"outcome\":\"other\",\"summary\":\"x\"}"};
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        t_answer_t a = say("admin", wrong[i]);
        assert_error(&a, 400, "bad_request");
        assert_non_null(strstr(t_text(&a, "/error/message"), "outcome"));
    }
    t_answer_t a = say("service_tech", "{\"outcome\":\"complaint\"}");
    assert_error(&a, 403, "role");
    assert_string_equal(outcome(), "other");
}

static void the_call_is_one_of_the_shop(void **state)
{
    static const char *const calls[] = {"no-id", JOHN, CALL};
    (void)state;
    t_sqlf("UPDATE calls SET organization_id = '" UPTOWN "'");
    for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
        t_ask_t ask = saying(NULL, "admin", calls[i], "{\"outcome\":\"complaint\"}");
        t_answer_t a = t_ask(&ask);
        assert_error(&a, 404, "not_found");
    }
    assert_string_equal(outcome(), "other");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM audit_log"), 0);
}

/* ---------------------------------------------------------------- two rows, one call */

/* The carrier's row, and the platform's; each with an outcome and when a person said it. */
static void two_rows(const char *carriers, const char *platforms)
{
    t_sqlf("DELETE FROM calls;"
           "INSERT INTO calls (organization_id, direction, called_number, twilio_call_sid,"
           "                   elevenlabs_conversation_id, outcome, outcome_set_at)"
           " VALUES ('" DOWNTOWN "', 'outbound', '+16475550155', '" SID "', NULL, %s),"
           "        ('" DOWNTOWN "', 'outbound', '+16475550155', NULL, '" CONVERSATION "', %s)",
           carriers, platforms);
}

static void they_turn_out_to_be_one(void)
{
    t_answer_t a = t_ask(
        &(t_ask_t){.type = "post_call.store",
                   .body = "{\"type\":\"call_initiation_failure\",\"data\":{\"agent_id\":"
                           "\"agent_downtown\",\"conversation_id\":\"" CONVERSATION
                           "\",\"failure_reason\":\"busy\",\"metadata\":{\"type\":\"twilio\","
                           "\"body\":{\"CallSid\":\"" SID "\",\"From\":\"+14165550001\","
                           "\"To\":\"+16475550155\"}}}}"});
    assert_int_equal(a.end.how, WK_END_ACK);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM calls"), 1);
}

static void of_two_rows_of_a_call_the_later_word_of_a_person_stays(void **state)
{
    static const struct {
        const char *carriers, *platforms, *left;
    } cases[] = {
        {"'other', NULL", "'complaint', '2026-11-20'", "complaint 2026-11-20"},
        {"'complaint', '2026-11-20'", "'other', NULL", "complaint 2026-11-20"},
        {"NULL, NULL", "'complaint', '2026-11-20'", "complaint 2026-11-20"},
        {"'other', '2026-11-20'", "'complaint', '2026-11-21'", "complaint 2026-11-21"},
        {"'complaint', '2026-11-21'", "'other', '2026-11-20'", "complaint 2026-11-21"},
        {"'other', NULL", "'complaint', NULL", "other"},
        {"NULL, NULL", "'complaint', NULL", "complaint"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        two_rows(cases[i].carriers, cases[i].platforms);
        they_turn_out_to_be_one();
        assert_string_equal(
            t_sqlf("SELECT concat_ws(' ', outcome, outcome_set_at::date) FROM calls"),
            cases[i].left);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_person_says_stays),
        cmocka_unit_test(an_outcome_is_read_as_people_write_it),
        cmocka_unit_test(a_call_is_named_as_the_carrier_does),
        cmocka_unit_test(a_saying_that_is_done_again_undoes_no_later_one),
        cmocka_unit_test(what_is_wrong_changes_nothing),
        cmocka_unit_test(the_call_is_one_of_the_shop),
        cmocka_unit_test(of_two_rows_of_a_call_the_later_word_of_a_person_stays),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return t_client_main(tests, sizeof(tests) / sizeof(*tests), setup);
}
