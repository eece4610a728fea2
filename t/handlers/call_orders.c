/*
 * One call, told of by four: our greeting, the platform's live events, the carrier's callbacks
 * and the report at the end. In whatever order, and however often, they arrive, the same is
 * known in the end.
 */
#include <stdio.h>
#include <stdlib.h>

#include "t/handlers/lib/client.h"

#define SID          "CA00000000000000000000000000000001"
#define CONVERSATION "conv_orders"
#define CALLER       "+16475550111"

#define FORM "application/x-www-form-urlencoded"

static int setup(void **state)
{
    (void)state;
    t_sqlf("DELETE FROM outbox; DELETE FROM messages; DELETE FROM calls; DELETE FROM call_data;"
           "DELETE FROM evaluations; DELETE FROM webhook_events; DELETE FROM unrouted_events;"
           "DELETE FROM call_status_events;"
           "DELETE FROM customers WHERE id NOT IN ('" JOHN "', '" SARAH "')");
    t_log_forget();
    return 0;
}

/* ---------------------------------------------------------------- who tells */

static const t_ask_t told[] = {
    {.type = "calls.begin",
     .scheme = "internal",
     .org = DOWNTOWN,
     .body = "{\"call_sid\":\"" SID "\",\"agent_id\":\"agent_downtown\",\"caller_id\":\"" CALLER
             "\",\"called_number\":\"+14165550001\",\"language\":\"en\","
             "\"variables\":{\"customer_name\":\"V\"},\"context\":\"before\"}"},
    {.type = "conversation_events.store",
     .body = "{\"type\":\"conversation_initiation_metadata\",\"agent_id\":\"agent_downtown\","
             "\"conversation_id\":\"" CONVERSATION "\",\"phone_number\":\"" CALLER "\"}"},
    {.type = "conversation_events.store",
     .body =
         "{\"type\":\"user_transcript\",\"agent_id\":\"agent_downtown\","
         "\"conversation_id\":\"" CONVERSATION "\",\"transcript\":\"Hello\",\"event_id\":1}"},
    {.type = "call_status.store",
     .content_type = FORM,
     .body = "CallSid=" SID "&CallStatus=in-progress&SequenceNumber=2&Direction=inbound"
             "&From=%2B16475550111&To=%2B14165550001"
             "&Timestamp=Tue%2C+01+Sep+2026+12%3A00%3A02+%2B0000"},
    {.type = "call_status.store",
     .content_type = FORM,
     .body = "CallSid=" SID "&CallStatus=completed&SequenceNumber=3&Direction=inbound"
             "&From=%2B16475550111&To=%2B14165550001&CallDuration=45"
             "&Timestamp=Tue%2C+01+Sep+2026+12%3A00%3A50+%2B0000"},
    {.type = "post_call.store",
     .body = "{\"type\":\"post_call_transcription\",\"event_timestamp\":1788264060,\"data\":{"
             "\"agent_id\":\"agent_downtown\",\"conversation_id\":\"" CONVERSATION "\","
             "\"status\":\"done\",\"transcript\":["
             "{\"role\":\"agent\",\"message\":\"Hi\",\"time_in_call_secs\":0},"
             "{\"role\":\"user\",\"message\":\"Hello\",\"time_in_call_secs\":2}],"
             "\"metadata\":{\"start_time_unix_secs\":1788264001,\"call_duration_secs\":47,"
             "\"cost\":300,\"termination_reason\":\"caller hung up\",\"main_language\":\"en\","
             "\"phone_call\":{\"type\":\"twilio\",\"direction\":\"inbound\",\"call_sid\":\"" SID
             "\",\"agent_number\":\"+14165550001\",\"external_number\":\"" CALLER "\"}},"
             "\"analysis\":{\"call_successful\":\"success\",\"transcript_summary\":"
             "\"Asked for the price of a bike\","
             "\"evaluation_criteria_results\":{\"helpful\":{\"criteria_id\":\"helpful\","
             "\"result\":\"success\",\"rationale\":\"yes\"}},"
             "\"data_collection_results\":{\"budget_range\":{\"data_collection_id\":"
             "\"budget_range\",\"value\":\"2000\"},\"bike_type\":{\"data_collection_id\":"
             "\"bike_type\",\"value\":\"gravel\"},\"customer_email\":{\"data_collection_id\":"
             "\"customer_email\",\"value\":\"a@b.example\"}}}}}"},
};

/* The platform's events keep their order among themselves: their jobs share a serial. */
static const size_t tellers[][2] = {{0, 0}, {1, 2}, {3, 3}, {4, 4}, {5, 5}};

#define N_TELLERS (sizeof(tellers) / sizeof(*tellers))

static void tell(size_t teller)
{
    for (size_t i = tellers[teller][0]; i <= tellers[teller][1]; i++) {
        t_answer_t a = t_ask(&told[i]);
        if (a.end.how != WK_END_ACK) {
            fail_msg("%s: %.*s", told[i].type, (int)a.end.reason.len, a.end.reason.data);
        }
    }
}

/* What does not depend on the clock of this test. */
static const char *known(void)
{
    return t_sqlf(
        "SELECT string_agg(concat_ws('|', direction, caller_number, called_number, "
        "twilio_call_sid,"
        "    elevenlabs_conversation_id, agent_id, engine, language, status, started_at,"
        "    answered_at, duration_seconds, end_reason, conversation_context, "
        "dynamic_variables,"
        "    transcript, summary, call_type, outcome, resolution, success_score, lead_score,"
        "    appointment_booked, has_audio, metadata, (SELECT concat_ws(',', phone_number,"
        "        interaction_count, lead_status, lead_score, email, bike_interest) FROM "
        "customers c"
        "      WHERE c.id = s.customer_id),"
        "    (SELECT string_agg(concat_ws(',', speaker, position, content), ';'"
        "                       ORDER BY position) FROM messages m WHERE m.call_id = s.id),"
        "    (SELECT string_agg(field_name || field_value, ';' ORDER BY field_name)"
        "       FROM call_data d WHERE d.call_id = s.id),"
        "    (SELECT string_agg(criterion || result, ';') FROM evaluations v"
        "      WHERE v.call_id = s.id)), E'\\n') FROM calls s");
}

static void assert_events(void)
{
    assert_string_equal(t_sqlf("SELECT concat_ws(' ',"
                               "    count(*) FILTER (WHERE type = 'call_ended'),"
                               "    count(*) FILTER (WHERE type = 'call_completed'),"
                               "    count(*) FILTER (WHERE type = 'conversation_started'))"
                               "  FROM outbox"),
                        "1 1 1");
}

/* ---------------------------------------------------------------- orders */

static const char *expected;
static int orders;

static void check(const size_t *order, const char *how)
{
    const char *now = known();
    orders++;
    if (expected == NULL) {
        expected = strdup(now);
    }
    if (strcmp(now, expected) != 0) {
        fail_msg("%s %zu%zu%zu%zu%zu:\n%s\nnot\n%s", how, order[0], order[1], order[2],
                 order[3], order[4], now, expected);
    }
    assert_events();
}

static void run(const size_t *order)
{
    setup(NULL);
    for (size_t i = 0; i < N_TELLERS; i++) {
        tell(order[i]);
    }
    check(order, "once");
    wk_arena_reset(t_ctx.arena);
}

static void permute(size_t *order, size_t from)
{
    if (from == N_TELLERS) {
        run(order);
        return;
    }
    for (size_t i = from; i < N_TELLERS; i++) {
        size_t kept = order[from];
        order[from] = order[i];
        order[i] = kept;
        permute(order, from + 1);
        order[i] = order[from];
        order[from] = kept;
    }
}

static void the_same_is_known_in_any_order(void **state)
{
    size_t order[N_TELLERS] = {0, 1, 2, 3, 4};
    (void)state;
    permute(order, 0);
    printf("# %d orders\n", orders);
    assert_int_equal(orders, 120);
    assert_non_null(strstr(expected, "2026-09-01 12:00:01"));
    assert_non_null(strstr(expected, "gravel"));
    assert_null(strchr(expected, '\n')); /* one row */
}

static void a_repetition_changes_nothing(void **state)
{
    static const size_t again[][N_TELLERS] = {{0, 1, 2, 3, 4}, {4, 3, 2, 1, 0}};
    (void)state;
    run(again[0]);
    for (size_t n = 0; n < 2; n++) {
        for (size_t i = 0; i < N_TELLERS; i++) {
            tell(again[n][i]);
        }
        check(again[n], "again");
    }
}

static void nothing_of_another_shop_changes(void **state)
{
    static const size_t order[N_TELLERS] = {0, 1, 2, 3, 4};
    static const char others[] =
        "SELECT concat((SELECT count(*) FROM calls WHERE organization_id = '" UPTOWN "'),"
        "    (SELECT string_agg(md5(c::text), '' ORDER BY id) FROM customers c"
        "      WHERE organization_id = '" UPTOWN "'),"
        "    (SELECT count(*) FROM outbox WHERE organization_id = '" UPTOWN "'))";
    (void)state;
    char *before = strdup(t_sqlf("%s", others));
    run(order);
    assert_string_equal(t_sqlf("%s", others), before);
    free(before);
}

static void an_outbound_call_is_one_whoever_tells_first(void **state)
{
    static const t_ask_t first = {
        .type = "conversation_events.store",
        .body = "{\"type\":\"user_transcript\",\"agent_id\":\"agent_downtown\","
                "\"conversation_id\":\"conv_out\",\"transcript\":\"Yes?\",\"event_id\":1}"};
    static const t_ask_t report = {
        .type = "post_call.store",
        .body =
            "{\"type\":\"post_call_transcription\",\"data\":{\"agent_id\":\"agent_downtown\","
            "\"conversation_id\":\"conv_out\",\"status\":\"done\",\"transcript\":[],"
            "\"metadata\":{\"start_time_unix_secs\":1788264001,\"call_duration_secs\":5,"
            "\"phone_call\":{\"direction\":\"outbound\",\"call_sid\":\"CAout\","
            "\"agent_number\":\"+14165550001\",\"external_number\":\"" CALLER "\"}}}}"};
    for (int reversed = 0; reversed < 2; reversed++) {
        setup(state);
        t_ask(reversed ? &report : &first);
        t_ask(reversed ? &first : &report);
        assert_string_equal(t_sqlf("SELECT string_agg(concat_ws(' ', direction, caller_number,"
                                   "    called_number, status), '|') FROM calls"),
                            "outbound +14165550001 " CALLER " completed");
    }
}

static void nobodys_agent_is_noted(void **state)
{
    (void)state;
    t_answer_t a = t_ask(&(t_ask_t){
        .type = "post_call.store",
        .body = "{\"type\":\"post_call_transcription\",\"data\":{\"agent_id\":\"agent_nobody\","
                "\"conversation_id\":\"c1\",\"status\":\"done\",\"transcript\":[]}}"});
    assert_int_equal(a.end.how, WK_END_ACK);
    assert_string_equal(t_sqlf("SELECT kind || ' ' || key FROM unrouted_events"),
                        "agent agent_nobody");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM calls"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_is_known_in_any_order),
        cmocka_unit_test(a_repetition_changes_nothing),
        cmocka_unit_test(nothing_of_another_shop_changes),
        cmocka_unit_test(an_outbound_call_is_one_whoever_tells_first),
        cmocka_unit_test(nobodys_agent_is_noted),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return t_client_main(tests, sizeof(tests) / sizeof(*tests), setup);
}
