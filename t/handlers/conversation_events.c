/*
 * conversation_events.store: a conversation as it happens, in the platform's nested shapes and
 * in the flat ones of older set-ups.
 */
#include "t/handlers/lib/texts.h"

#define CONVERSATION "conv_live"
#define CALLER       "+16475550166"

static int setup(void **state)
{
    (void)state;
    t_sqlf("DELETE FROM outbox; DELETE FROM messages; DELETE FROM calls; DELETE FROM call_data;"
           "DELETE FROM webhook_events; DELETE FROM unrouted_events; DELETE FROM tasks;"
           "DELETE FROM effects;"
           "DELETE FROM customers WHERE id NOT IN ('" JOHN "', '" SARAH "')");
    t_log_forget();
    return 0;
}

static t_answer_t tell(const char *body)
{
    return t_ask(&(t_ask_t){.type = "conversation_events.store", .body = body});
}

/* An event of Downtown's agent; members: its others, with a comma before them. */
static t_answer_t event(const char *type, const char *members)
{
    return tell(wk_printf(t_ctx.arena,
                          "{\"type\":\"%s\",\"agent_id\":\"agent_downtown\","
                          "\"conversation_id\":\"" CONVERSATION "\"%s}",
                          type, members)
                    .data);
}

static void must(const char *type, const char *members)
{
    t_answer_t a = event(type, members);
    assert_done(&a);
}

static int64_t count(const char *from_where)
{
    return t_sqlf_int("SELECT count(*) FROM %s", from_where);
}

/* The members of the one event of that type that was published. */
static const char *published(const char *type, const char *members)
{
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM outbox WHERE type = '%s'", type), 1);
    return t_sqlf("SELECT concat_ws('|', %s) FROM outbox WHERE type = '%s'", members, type);
}

/* ---------------------------------------------------------------- turns */

static void both_shapes_of_a_turn_are_read(void **state)
{
    static const char *const turns[][2] = {
        {",\"transcript\":\"Hello\",\"confidence\":0.9,\"event_id\":1",
         ",\"response\":\"Hi\",\"tools_used\":[\"lookup_order\"],\"event_id\":2"},
        {",\"user_transcription_event\":{\"user_transcript\":\"Hello\",\"event_id\":1}",
         ",\"agent_response_event\":{\"agent_response\":\"Hi\",\"event_id\":2}"},
    };
    for (size_t i = 0; i < 2; i++) {
        setup(state);
        must("user_transcript", turns[i][0]);
        must("agent_response", turns[i][1]);
        assert_string_equal(t_sqlf("SELECT string_agg(concat_ws(' ', speaker, direction,"
                                   "    content), '|' ORDER BY speaker DESC) FROM messages"),
                            "customer inbound Hello|agent outbound Hi");
        assert_string_equal(
            published("user_transcript", "data ->> 'transcript', data ? 'confidence'"),
            "Hello|t");
        assert_string_equal(published("agent_response", "data ->> 'response'"), "Hi");
    }
}

static void a_repetition_changes_nothing(void **state)
{
    static const char *const events[][2] = {
        {"user_transcript", ",\"transcript\":\"Hello\""},
        {"user_transcript", ",\"transcript\":\"Yes\",\"event_id\":5"},
        {"agent_response", ",\"response\":\"Hi\",\"event_id\":6"},
        {"client_tool_call", ",\"tool_name\":\"display_product\",\"tool_call_id\":\"t1\""},
        {"conversation_initiation_metadata", ""},
        {"transfer_initiated", ",\"reason\":\"asked\""},
        {"conversation_ended", ",\"reason\":\"done\""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(events) / sizeof(*events); i++) {
        must(events[i][0], events[i][1]);
        int64_t published_once = count("outbox"), kept = count("messages");
        must(events[i][0], events[i][1]);
        assert_int_equal(count("outbox"), published_once);
        assert_int_equal(count("messages"), kept);
    }
    assert_int_equal(count("calls"), 1);
}

static void an_empty_turn_is_none(void **state)
{
    static const char *const members[] = {"", ",\"transcript\":\"\",\"response\":\"\"",
                                          ",\"transcript\":[],\"response\":{}"};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        must("user_transcript", members[i]);
        must("agent_response", members[i]);
    }
    assert_int_equal(count("messages"), 0);
}

static void a_correction_replaces_what_was_meant(void **state)
{
    static const char *const shapes[] = {
        ",\"corrected_agent_response\":\"We are op\",\"event_id\":3",
        ",\"agent_response_correction_event\":{\"original_agent_response\":\"We are open until "
        "six\",\"corrected_agent_response\":\"We are op\",\"event_id\":3}"};
    for (size_t i = 0; i < 2; i++) {
        setup(state);
        must("agent_response", ",\"response\":\"We are open until six\",\"event_id\":3");
        must("agent_response_correction", shapes[i]);
        assert_string_equal(t_sqlf("SELECT concat_ws('|', content, interrupted) FROM messages"),
                            "We are op|t");
        assert_string_equal(
            t_sqlf("SELECT concat_ws('|', data ->> 'response', data -> 'toolsUsed') FROM outbox"
                   " WHERE data ->> 'corrected' = 'true'"),
            "We are op|[]");
    }
}

static void a_correction_of_nothing_is_let_pass(void **state)
{
    (void)state;
    must("agent_response_correction", ",\"corrected_agent_response\":\"x\",\"event_id\":9");
    assert_int_equal(count("messages"), 0);
    assert_int_equal(count("outbox WHERE type = 'agent_response'"), 0);
}

static void a_turns_language_is_known(void **state)
{
    static const char *const languages[][2] = {
        {"fr", "fr"}, {"fr-CA", "fr"}, {"FR", "fr"}, {"klingon", ""}, {"xx", ""}};
    for (size_t i = 0; i < sizeof(languages) / sizeof(*languages); i++) {
        setup(state);
        must("user_transcript",
             wk_printf(t_ctx.arena, ",\"transcript\":\"Bonjour\",\"language\":\"%s\"",
                       languages[i][0])
                 .data);
        assert_string_equal(t_sqlf("SELECT coalesce(language, '') FROM messages"),
                            languages[i][1]);
    }
}

static void a_confidence_that_is_none_is_left_out(void **state)
{
    static const char *const values[] = {"1.5", "-1", "\"high\"", "null"};
    for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
        setup(state);
        must("user_transcript",
             wk_printf(t_ctx.arena, ",\"transcript\":\"Hello\",\"confidence\":%s", values[i])
                 .data);
        assert_int_equal(count("messages WHERE confidence IS NULL"), 1);
    }
}

/* JSON has numbers that no database holds. */
static void a_confidence_of_hardly_anything_is_none_at_all(void **state)
{
    static const char *const values[] = {"1e-999999", "1e-40", "0.8765432109876543210e0"};
    for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
        setup(state);
        must("user_transcript",
             wk_printf(t_ctx.arena, ",\"transcript\":\"Hello\",\"confidence\":%s", values[i])
                 .data);
        assert_string_equal(t_sqlf("SELECT confidence FROM messages"),
                            i < 2 ? "0.000" : "0.877");
        assert_string_equal(
            published("user_transcript", "round((data ->> 'confidence')::numeric, 3)"),
            i < 2 ? "0.000" : "0.877");
    }
}

/* ---------------------------------------------------------------- tools, transfers, the end */

static void a_client_tool_is_shown_live(void **state)
{
    static const char *const shapes[] = {
        ",\"tool_name\":\"display_product\",\"parameters\":{\"sku\":\"B1\"},"
        "\"result\":\"shown\",\"tool_call_id\":\"t1\"",
        ",\"client_tool_call\":{\"tool_name\":\"display_product\",\"tool_call_id\":\"t1\","
        "\"parameters\":{\"sku\":\"B1\"},\"result\":\"shown\"}"};
    for (size_t i = 0; i < 2; i++) {
        setup(state);
        must("client_tool_call", shapes[i]);
        assert_string_equal(published("client_tool_executed",
                                      "data ->> 'toolName', data -> 'parameters' ->> 'sku',"
                                      " data ->> 'result'"),
                            "display_product|B1|shown");
    }
}

static void a_transfer_is_told_once(void **state)
{
    (void)state;
    must("transfer_initiated",
         ",\"transfer_number\":\"+14165550010\",\"reason\":\"wants a custom build\"");
    must("transfer_initiated", ",\"transfer_number\":\"+14165550011\",\"reason\":\"again\"");
    assert_string_equal(t_sqlf("SELECT concat_ws('|', transferred_to, transfer_reason,"
                               "    human_escalation_required) FROM calls"),
                        "+14165550010|wants a custom build|t");
    assert_string_equal(
        published("transfer_initiated", "data ->> 'destination', data ->> 'reason'"),
        "+14165550010|wants a custom build");
}

static void the_end_is_told_once_with_its_reason(void **state)
{
    (void)state;
    must("conversation_initiation_metadata", ",\"phone_number\":\"" CALLER "\"");
    assert_string_equal(t_sqlf("SELECT status || ' ' || caller_number FROM calls"),
                        "in_progress " CALLER);
    must("conversation_ended", ",\"reason\":\"caller hung up\"");
    must("user_transcript", ",\"transcript\":\"too late\",\"event_id\":77");
    assert_string_equal(t_sqlf("SELECT status || ' ' || end_reason FROM calls"),
                        "completed caller hung up");
    assert_int_equal(count("outbox WHERE type = 'call_ended'"), 1);
    assert_int_equal(count("outbox WHERE type = 'conversation_started'"), 1);
}

/* ---------------------------------------------------------------- masked */

#define CARD "4111 1111 1111 1111"

static void no_card_number_leaves(void **state)
{
    static const char *const events[][2] = {
        {"user_transcript", ",\"transcript\":\"It is " CARD "\",\"event_id\":1"},
        {"agent_response", ",\"response\":\"So " CARD "\",\"event_id\":2"},
        {"agent_response_correction",
         ",\"corrected_agent_response\":\"So " CARD " r\",\"event_id\":2"},
        {"client_tool_call",
         ",\"tool_name\":\"pay\",\"parameters\":{\"n\":\"" CARD "\",\"m\":4111111111111111},"
         "\"result\":[\"" CARD "\"],\"event_id\":3"},
        {"transfer_initiated", ",\"reason\":\"card " CARD "\",\"destination\":\"" CARD "\""},
        {"conversation_ended", ",\"reason\":\"card " CARD "\""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(events) / sizeof(*events); i++) {
        must(events[i][0], events[i][1]);
    }
    const char *kept =
        t_sqlf("SELECT concat_ws('|', (SELECT string_agg(c::text, '|') FROM calls c),"
               "    (SELECT string_agg(m::text, '|') FROM messages m),"
               "    (SELECT string_agg(w::text, '|') FROM webhook_events w),"
               "    (SELECT string_agg(o.data::text, '|') FROM outbox o))");
    assert_has(kept, "****");
    assert_has_not(kept, "1111");
    assert_int_equal(t_logged("1111 1111"), 0);
}

static void a_number_said_in_parts_is_masked_at_once(void **state)
{
    static const char *const said[] = {"my card is 4111", "1111", "1111", "1111 thanks"};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        must(
            "user_transcript",
            wk_printf(t_ctx.arena, ",\"transcript\":\"%s\",\"event_id\":%zu", said[i], i).data);
        assert_int_equal(count("messages WHERE content ~ '[0-9]{4}'"), 0);
        assert_int_equal(count("outbox WHERE data ->> 'transcript' ~ '[0-9]{4}'"), 0);
    }
}

/* ---------------------------------------------------------------- whose */

static void the_number_says_whose_it_is_without_an_agent(void **state)
{
    (void)state;
    t_answer_t a = tell("{\"type\":\"user_transcript\",\"conversation_id\":\"" CONVERSATION
                        "\",\"called_number\":\"+1 416-555-0002\",\"transcript\":\"Hello\"}");
    assert_done(&a);
    assert_int_equal(count("calls WHERE organization_id = '" UPTOWN "'"), 1);
}

static void nobodys_event_is_noted_without_its_words(void **state)
{
    (void)state;
    t_answer_t a = tell("{\"type\":\"user_transcript\",\"agent_id\":\"agent_nobody\","
                        "\"conversation_id\":\"c\",\"transcript\":\"my secret\"}");
    assert_done(&a);
    assert_string_equal(t_sqlf("SELECT kind || ' ' || key FROM unrouted_events"),
                        "agent agent_nobody");
    assert_int_equal(count("calls"), 0);
    assert_int_equal(count("unrouted_events u WHERE u::text LIKE '%%secret%%'"), 0);
}

static void an_envelope_is_opened(void **state)
{
    (void)state;
    t_answer_t a =
        tell("{\"type\":\"user_transcript\",\"data\":{\"agent_id\":\"agent_downtown\","
             "\"conversation_id\":\"" CONVERSATION "\",\"transcript\":\"Hello\"}}");
    assert_done(&a);
    assert_int_equal(count("messages WHERE content = 'Hello'"), 1);
}

/* ---------------------------------------------------------------- none */

static void what_nobody_needs_is_let_pass(void **state)
{
    static const char *const types[] = {"ping", "audio", "vad_score", "of_tomorrow"};
    (void)state;
    for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
        must(types[i], "");
    }
    assert_int_equal(count("calls"), 0);
}

static void what_is_no_event_is_given_up(void **state)
{
    static const char *const bodies[] = {
        "",
        "{",
        "[]",
        "{}",
        "{\"type\":\"user_transcript\",\"transcript\":\"x\"}",
        "{\"type\":\"user_transcript\",\"conversation_id\":\"a b\",\"transcript\":\"x\"}",
        "{\"type\":\"user_transcript\",\"conversation_id\":\"\",\"transcript\":\"x\"}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(bodies) / sizeof(*bodies); i++) {
        t_answer_t a = tell(bodies[i]);
        if (a.end.how != WK_END_BURY) {
            fail_msg("%s is taken for an event", bodies[i]);
        }
    }
    assert_int_equal(count("calls"), 0);
}

/* ---------------------------------------------------------------- emergencies */

#define FIRE "Help, the battery of my e-bike is on fire in my house"

static const char *level(void)
{
    return t_sqlf("SELECT string_agg(emergency_level, ' ') FROM calls");
}

/* The agent is not ours: it can neither tell of an emergency nor keep one to itself. */
static void an_emergency_told_to_the_agent_pages_once_a_call(void **state)
{
    (void)state;
    must("user_transcript", ",\"caller_id\":\"" CALLER "\",\"called_number\":\"" DOWNTOWN_NUMBER
                            "\",\"transcript\":\"" FIRE "\",\"event_id\":1");
    must("user_transcript", ",\"transcript\":\"" FIRE "\",\"event_id\":1");
    must("user_transcript",
         ",\"transcript\":\"It is burning, there is a fire!\",\"event_id\":2");
    assert_string_equal(level(), "urgent");
    assert_string_equal(published("emergency", "data ->> 'emergencyLevel', data ->> 'topic',"
                                               " data ->> 'phoneNumber', data ->> 'message'"),
                        "urgent|fire|" CALLER "|" FIRE);
    assert_int_equal(count("messages WHERE template = 'page' AND to_number = '+14165550010'"),
                     1);
    assert_int_equal(count("tasks WHERE kind = 'emergency' AND priority = 'urgent'"), 1);
    assert_string_equal(
        t_sqlf("SELECT priority FROM customers WHERE phone_number = '" CALLER "'"), "urgent");
}

/* The platform need not say who called whom. */
static void an_emergency_pages_where_no_number_is_told(void **state)
{
    (void)state;
    must("user_transcript", ",\"transcript\":\"" FIRE "\"");
    assert_int_equal(
        count("messages WHERE template = 'page' AND from_number = '" DOWNTOWN_NUMBER "'"), 1);
}

static void what_is_heard_so_far_is_enough(void **state)
{
    (void)state;
    must("tentative_user_transcript",
         ",\"tentative_user_transcription_event\":{\"user_transcript\":\"there is a fire in\","
         "\"event_id\":3}");
    assert_string_equal(level(), "urgent");
    assert_int_equal(count("messages WHERE template = 'page'"), 1);
    assert_int_equal(count("messages WHERE speaker = 'customer'"), 0);
    must("user_transcript", ",\"transcript\":\"there is a fire in my shed\",\"event_id\":3");
    assert_int_equal(count("messages WHERE template = 'page'"), 1);
}

static void what_is_no_emergency_pages_nobody(void **state)
{
    (void)state;
    must("user_transcript", ",\"transcript\":\"Do you still have the fire sale?\"");
    assert_string_equal(level(), "normal");
    must("user_transcript", ",\"transcript\":\"I need my bike asap\"");
    assert_string_equal(level(), "high");
    assert_int_equal(count("messages WHERE template = 'page'"), 0);
    assert_int_equal(count("outbox WHERE type = 'emergency'"), 0);
}

/* Two names of one call become one row: what one of them was told of is not told again. */
static void a_merged_call_is_as_urgent_as_the_worst(void **state)
{
    (void)state;
    must("user_transcript", ",\"call_sid\":\"CAfire\",\"transcript\":\"Hello\",\"event_id\":1");
    t_sqlf("UPDATE calls SET elevenlabs_conversation_id = NULL");
    must("user_transcript", ",\"transcript\":\"" FIRE "\",\"event_id\":2");
    assert_int_equal(count("calls"), 2);
    must("user_transcript",
         ",\"call_sid\":\"CAfire\",\"transcript\":\"" FIRE "\",\"event_id\":3");
    assert_string_equal(level(), "urgent");
    assert_int_equal(count("outbox WHERE type = 'emergency'"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_emergency_told_to_the_agent_pages_once_a_call),
        cmocka_unit_test(an_emergency_pages_where_no_number_is_told),
        cmocka_unit_test(what_is_heard_so_far_is_enough),
        cmocka_unit_test(what_is_no_emergency_pages_nobody),
        cmocka_unit_test(a_merged_call_is_as_urgent_as_the_worst),
        cmocka_unit_test(both_shapes_of_a_turn_are_read),
        cmocka_unit_test(a_repetition_changes_nothing),
        cmocka_unit_test(an_empty_turn_is_none),
        cmocka_unit_test(a_correction_replaces_what_was_meant),
        cmocka_unit_test(a_correction_of_nothing_is_let_pass),
        cmocka_unit_test(a_turns_language_is_known),
        cmocka_unit_test(a_confidence_that_is_none_is_left_out),
        cmocka_unit_test(a_confidence_of_hardly_anything_is_none_at_all),
        cmocka_unit_test(a_client_tool_is_shown_live),
        cmocka_unit_test(a_transfer_is_told_once),
        cmocka_unit_test(the_end_is_told_once_with_its_reason),
        cmocka_unit_test(no_card_number_leaves),
        cmocka_unit_test(a_number_said_in_parts_is_masked_at_once),
        cmocka_unit_test(the_number_says_whose_it_is_without_an_agent),
        cmocka_unit_test(nobodys_event_is_noted_without_its_words),
        cmocka_unit_test(an_envelope_is_opened),
        cmocka_unit_test(what_nobody_needs_is_let_pass),
        cmocka_unit_test(what_is_no_event_is_given_up),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return t_client_main(tests, sizeof(tests) / sizeof(*tests), setup);
}
