/*
 * What a call cost: by the prices that are configured, part by part, exactly, and as what is
 * learnt of the call later says; what a report says itself counts more.
 */
#include "t/handlers/lib/texts.h"

#define CALL "d0000000-0000-4000-8000-0000000000c1"
#define SID  "CA00000000000000000000000000000042"

/* Three begun minutes, and two and a twelfth; a report of the platform's may tell credits. */
static int setup(void **state)
{
    int failed = t_texts_setup(state);
    t_openai();
    t_sqlf("DELETE FROM campaign_runs; DELETE FROM calls; DELETE FROM call_status_events;"
           "DELETE FROM webhook_events; DELETE FROM messages;"
           "UPDATE organizations SET plan = 'PRO', engines = '{receptionist}';"
           "INSERT INTO calls (id, organization_id, customer_id, caller_number, called_number,"
           "    twilio_call_sid, engine, status, analyzed_at, resolution, started_at, ended_at,"
           "    duration_seconds)"
           " VALUES ('" CALL "', '" DOWNTOWN "', '" JOHN "', '" JOHN_NUMBER "',"
           "    '" DOWNTOWN_NUMBER "', '" SID "', 'realtime', 'completed', now(), 'resolved',"
           "    now() - interval '5 minutes', now() - interval '2 minutes', 125)");
    t_config.price_telephony_in = "0.0085";
    t_config.price_telephony_out = "0.014";
    t_config.price_realtime = "0.06";
    t_config.price_elevenlabs = "0.08";
    t_config.price_sms_segment = "0.0079";
    t_config.price_elevenlabs_credit = t_config.price_tokens_in = t_config.price_tokens_out =
        NULL;
    return failed;
}

static void concluded(void)
{
    t_answer_t a = t_ask(&(t_ask_t){.type = "calls.conclude",
                                    .org = DOWNTOWN,
                                    .scheme = "internal",
                                    .body = "{\"call\":\"" CALL "\"}"});
    assert_done(&a);
}

static const char *cost(void)
{
    return t_sqlf("SELECT costs || jsonb_build_object('usd', cost_usd) FROM calls"
                  " WHERE id = '" CALL "'");
}

static void text(const char *status, int segments, const char *ago)
{
    t_sqlf("INSERT INTO messages (organization_id, customer_id, channel, direction, speaker,"
           "    content, status, segments, occurred_at)"
           " VALUES ('" DOWNTOWN "', '" JOHN "', 'sms', 'outbound', 'agent', '-', '%s', %d,"
           "    now() - interval '%s')",
           status, segments, ago);
}

/* ---------------------------------------------------------------- by the prices */

static void each_part_has_its_price(void **state)
{
    (void)state;
    text("delivered", 2, "3 minutes");
    text("queued", 1, "80 seconds"); /* the confirmation comes behind the last word */
    text("failed", 4, "3 minutes");
    text("delivered", 8, "30 seconds");
    text("delivered", 8, "6 minutes");
    concluded();
    assert_string_equal(cost(), "{\"sms\": 0.023700, \"usd\": 0.174200, \"engine\": 0.125000,"
                                " \"telephony\": 0.025500}");
}

/* He calls again within a minute: of a text behind that the second call is the cause. */
static void a_text_is_of_one_call(void **state)
{
    (void)state;
    text("delivered", 1, "3 minutes");
    text("delivered", 2, "90 seconds");
    t_sqlf("INSERT INTO calls (organization_id, customer_id, started_at)"
           " VALUES ('" DOWNTOWN "', '" JOHN "', now() - interval '100 seconds')");
    concluded();
    assert_has(cost(), "\"sms\": 0.007900");
}

static void a_call_that_was_made_costs_what_making_one_costs(void **state)
{
    (void)state;
    t_sqlf("UPDATE calls SET direction = 'outbound', duration_seconds = 60");
    concluded();
    assert_string_equal(cost(),
                        "{\"usd\": 0.074000, \"engine\": 0.060000, \"telephony\": 0.014000}");
}

static void what_was_not_by_telephone_has_no_telephony(void **state)
{
    (void)state;
    t_sqlf("UPDATE calls SET twilio_call_sid = NULL");
    concluded();
    assert_string_equal(cost(), "{\"usd\": 0.125000, \"engine\": 0.125000}");
}

/* Not known is not nothing. */
static void without_a_price_it_is_not_known(void **state)
{
    (void)state;
    t_config.price_realtime = NULL;
    concluded();
    assert_string_equal(cost(), "{\"usd\": null, \"engine\": null, \"telephony\": 0.025500}");
    setup(state);
    t_config.price_realtime = "0";
    concluded();
    assert_string_equal(cost(),
                        "{\"usd\": 0.025500, \"engine\": 0.000000, \"telephony\": 0.025500}");
}

static void a_sum_nobody_believes_is_not_known(void **state)
{
    (void)state;
    t_config.price_realtime = "999.999999999";
    t_sqlf("UPDATE calls SET duration_seconds = 1000000");
    concluded();
    assert_string_equal(t_sqlf("SELECT coalesce(cost_usd::text, 'unknown')"
                               "  FROM calls WHERE concluded_at IS NOT NULL"),
                        "unknown");
}

/* Ten tenths are one, as they are not in binary. */
static void money_is_counted_in_decimals(void **state)
{
    (void)state;
    t_config.price_realtime = "0.1";
    t_config.price_telephony_in = "0.7";
    t_sqlf("UPDATE calls SET duration_seconds = 180");
    concluded();
    assert_string_equal(cost(),
                        "{\"usd\": 2.400000, \"engine\": 0.300000, \"telephony\": 2.100000}");
}

static void the_credits_of_a_report_count_more_than_its_minutes(void **state)
{
    (void)state;
    t_sqlf("UPDATE calls SET engine = 'elevenlabs', metadata = '{\"credits\": 300}'");
    t_config.price_elevenlabs_credit = "0.0001";
    concluded();
    assert_string_equal(cost(),
                        "{\"usd\": 0.055500, \"engine\": 0.030000, \"telephony\": 0.025500}");
    t_config.price_elevenlabs_credit = NULL;
    concluded();
    assert_has(cost(), "\"engine\": 0.166667");
}

/* ---------------------------------------------------------------- the model */

static void what_a_model_took_for_a_call_is_part_of_it(void **state)
{
    (void)state;
    t_sqlf("UPDATE organizations SET engines = '{elevenlabs}';"
           "UPDATE calls SET transcript ="
           "    '[{\"speaker\":\"customer\",\"text\":\"What does a gravel bike cost?\"}]'");
    t_openai_ask("POST", "/_sim/model", "{\"answers\":[{\"text\":\"I would rather not.\"}]}");
    t_config.price_tokens_in = "400";
    t_config.price_tokens_out = "800";
    concluded();
    assert_string_equal(t_sqlf("SELECT concat_ws(' ', tokens_in > 100, tokens_out > 0,"
                               "    (costs ->> 'tokens')::numeric"
                               "        = (tokens_in * 400 + tokens_out * 800) / 1000000.0,"
                               "    cost_usd = (costs ->> 'tokens')::numeric + 0.1505)"
                               "  FROM calls"),
                        "t t t t");
    concluded();
    assert_string_equal(t_sqlf("SELECT tokens_out < 20 FROM calls"), "t"); /* once */
}

static void tokens_without_a_price_are_not_known(void **state)
{
    (void)state;
    t_sqlf("UPDATE calls SET tokens_in = 5");
    t_config.price_tokens_out = "8";
    concluded();
    assert_has(cost(), "\"usd\": null");
    assert_has(cost(), "\"tokens\": null");
}

/* ---------------------------------------------------------------- what comes later */

static void ended(const char *seconds)
{
    t_answer_t a = t_ask(&(t_ask_t){.type = "call_status.store",
                                    .scheme = "twilio",
                                    .content_type = "application/x-www-form-urlencoded",
                                    .body = wk_printf(t_ctx.arena,
                                                      "CallSid=" SID "&From=%%2B16475550123"
                                                      "&To=%%2B14165550001&Direction=inbound"
                                                      "&CallStatus=completed&SequenceNumber=3"
                                                      "&CallDuration=%s",
                                                      seconds)
                                                .data});
    assert_done(&a);
}

static void a_duration_that_is_told_late_is_counted(void **state)
{
    (void)state;
    t_sqlf("UPDATE calls SET duration_seconds = NULL");
    concluded();
    assert_string_equal(cost(), "{\"usd\": null, \"engine\": null, \"telephony\": null}");
    ended("61");
    assert_string_equal(cost(),
                        "{\"usd\": 0.078000, \"engine\": 0.061000, \"telephony\": 0.017000}");
    ended("61");
    assert_has(cost(), "\"usd\": 0.078000");
}

static void before_its_conclusion_a_call_has_no_cost(void **state)
{
    (void)state;
    ended("200");
    assert_string_equal(cost(), "{\"usd\": null}");
}

static void report(const char *more)
{
    t_answer_t a = t_ask(&(t_ask_t){
        .type = "post_call.store",
        .body =
            wk_printf(t_ctx.arena,
                      "{\"conversation_id\":\"conv_c\",\"phone_number\":\"" JOHN_NUMBER "\","
                      "\"transcript\":\"Bye\",\"metadata\":{\"called_number\":"
                      "\"" DOWNTOWN_NUMBER "\",\"call_sid\":\"" SID "\"}%s}",
                      more)
                .data});
    assert_done(&a);
}

static void what_the_report_says_itself_counts(void **state)
{
    (void)state;
    concluded();
    report(",\"duration\":300,\"cost_usd\":0.42");
    assert_string_equal(cost(), "{\"usd\": 0.420000, \"reported\": 0.420000}");
    concluded();
    ended("301");
    assert_string_equal(cost(), "{\"usd\": 0.420000, \"reported\": 0.420000}");
}

static void a_report_without_a_cost_brings_its_seconds(void **state)
{
    (void)state;
    concluded();
    report(",\"duration\":300");
    assert_string_equal(cost(),
                        "{\"usd\": 0.342500, \"engine\": 0.300000, \"telephony\": 0.042500}");
}

/* The platform's row, with the report, and the carrier's turn out to be one call. */
static void a_reported_cost_outlives_the_row_it_came_with(void **state)
{
    (void)state;
    concluded();
    t_sqlf("INSERT INTO calls (organization_id, elevenlabs_conversation_id, status, cost_usd,"
           "    costs, tokens_in) VALUES ('" DOWNTOWN "', 'conv_c', 'completed', 0.42,"
           "    '{\"reported\": 0.42}', 7)");
    report("");
    assert_string_equal(cost(), "{\"usd\": 0.420000, \"reported\": 0.42}");
    assert_int_equal(t_sqlf_int("SELECT tokens_in FROM calls"), 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_part_has_its_price),
        cmocka_unit_test(a_text_is_of_one_call),
        cmocka_unit_test(a_call_that_was_made_costs_what_making_one_costs),
        cmocka_unit_test(what_was_not_by_telephone_has_no_telephony),
        cmocka_unit_test(without_a_price_it_is_not_known),
        cmocka_unit_test(a_sum_nobody_believes_is_not_known),
        cmocka_unit_test(money_is_counted_in_decimals),
        cmocka_unit_test(the_credits_of_a_report_count_more_than_its_minutes),
        cmocka_unit_test(what_a_model_took_for_a_call_is_part_of_it),
        cmocka_unit_test(tokens_without_a_price_are_not_known),
        cmocka_unit_test(a_duration_that_is_told_late_is_counted),
        cmocka_unit_test(before_its_conclusion_a_call_has_no_cost),
        cmocka_unit_test(what_the_report_says_itself_counts),
        cmocka_unit_test(a_report_without_a_cost_brings_its_seconds),
        cmocka_unit_test(a_reported_cost_outlives_the_row_it_came_with),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return t_client_main(tests, sizeof(tests) / sizeof(*tests), setup);
}
