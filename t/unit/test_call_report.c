/* Reports of finished conversations: both shapes, and what no report should be able to do. */
#include "worker/agent/call_report.h"

#include "t/unit/catalogue.h"
#include "worker/agent/promise.h"

static wk_report_t read_text(va_str_t text)
{
    wk_error_t e;
    wk_report_t r;
    assert_true(wk_report_read(arena, redactor, parse_json(text), &r, &e));
    return r;
}

/* A report with these members, a comma between them. */
static wk_report_t report(const char *members)
{
    return read_text(wk_printf(arena, "{\"conversation_id\":\"c\"%s%s}",
                               members[0] != '\0' ? "," : "", members));
}

/* ---------------------------------------------------------------- the call */

static void the_platforms_report_is_read(void **state)
{
    (void)state;
    wk_report_t r = report(
        "\"agent_id\":\"a\",\"status\":\"done\",\"has_audio\":true,\"metadata\":{"
        "\"start_time_unix_secs\":1788264001,\"call_duration_secs\":47,\"cost\":300,"
        "\"termination_reason\":\"hung up\",\"main_language\":\"fr\",\"phone_call\":{"
        "\"direction\":\"outbound\",\"call_sid\":\"CA1\",\"agent_number\":\"+14165550001\","
        "\"external_number\":\"+16475550100\"}},\"analysis\":{\"call_successful\":\"failure\","
        "\"transcript_summary\":\"s\"}");
    assert_str(r.conversation, "c");
    assert_str(r.agent_id, "a");
    assert_str(r.status, "done");
    assert_str(r.call_sid, "CA1");
    assert_true(r.outbound && r.has_audio && r.failed);
    assert_str(r.shop_number, "+14165550001");
    assert_str(r.customer_number, "+16475550100");
    assert_str(r.language, "fr");
    assert_str(r.end_reason, "hung up");
    assert_str(r.summary, "s");
    assert_int_equal(r.started_at, 1788264001);
    assert_int_equal(r.seconds, 47);
    assert_int_equal(r.credits, 300);
    assert_absent(r.cost_usd);
}

static void the_flat_report_is_read(void **state)
{
    (void)state;
    wk_report_t r =
        report("\"phone_number\":\"+16475550100\",\"duration\":61,\"cost_usd\":0.42,"
               "\"transcript\":\"I want a bike\",\"metadata\":{\"called_number\":"
               "\"+14165550001\",\"call_sid\":\"CA2\"},\"analysis\":{\"summary\":"
               "\"s\",\"data_collection\":[{\"field_name\":\"budget\","
               "\"field_value\":2000}]}");
    assert_str(r.customer_number, "+16475550100");
    assert_str(r.shop_number, "+14165550001");
    assert_str(r.call_sid, "CA2");
    assert_str(r.cost_usd, "0.420000");
    assert_int_equal(r.seconds, 61);
    assert_int_equal(r.n_turns, 1);
    assert_str(r.turns[0].speaker, "customer");
    assert_str(r.turns[0].text, "I want a bike");
    assert_true(r.customer_spoke);
    static const char *const names[] = {"budget", NULL};
    assert_str(wk_report_datum(&r, names), "2000");
    assert_str(r.data[0].value_type, "integer");
}

static void what_is_not_told_is_not_known(void **state)
{
    (void)state;
    wk_report_t r = report("");
    assert_absent(r.status);
    assert_absent(r.call_sid);
    assert_absent(r.language);
    assert_false(r.outbound || r.has_audio || r.failed || r.customer_spoke || r.booked ||
                 r.transferred);
    assert_int_equal(r.started_at, 0);
    assert_int_equal(r.seconds, -1);
    assert_int_equal(r.credits, -1);
    assert_int_equal(r.n_turns + r.n_data + r.n_evaluations, 0);
    assert_str(r.analysis, "{}");
    assert_str(wk_report_transcript(arena, &r), "[]");
}

static void without_a_conversation_it_is_none(void **state)
{
    static const char *const texts[] = {"{}",
                                        "[]",
                                        "null",
                                        "7",
                                        "{\"conversation_id\":\"\"}",
                                        "{\"conversation_id\":7}",
                                        "{\"conversation_id\":null}"};
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        wk_report_t r;
        wk_error_t e = {.code = WK_OK};
        assert_case(!wk_report_read(arena, redactor, parse_json(va_str_c(texts[i])), &r, &e),
                    texts[i]);
        assert_int_equal(e.code, WK_INVALID);
    }
}

/* Every member of every wrong kind: none is believed, none is fatal. */
static void members_of_another_kind_are_passed_over(void **state)
{
    static const char *const members[] = {"agent_id",     "status",    "transcript", "metadata",
                                          "analysis",     "has_audio", "cost_usd",   "duration",
                                          "phone_number", "direction", "language"};
    static const char *const values[] = {"null",
                                         "true",
                                         "-1",
                                         "1e999",
                                         "\"\"",
                                         "[]",
                                         "{}",
                                         "[null,7,\"x\",[[]]]",
                                         "{\"phone_call\":[]}"};
    (void)state;
    for (size_t m = 0; m < sizeof(members) / sizeof(*members); m++) {
        for (size_t v = 0; v < sizeof(values) / sizeof(*values); v++) {
            wk_report_t r = report(wk_printf(arena, "\"%s\":%s", members[m], values[v]).data);
            assert_str(r.conversation, "c");
            assert_true(r.seconds >= -1 && r.credits >= -1);
        }
    }
}

/* Figures that no column holds would make the report a dead job. */
static void figures_out_of_bounds_are_not_believed(void **state)
{
    static const char *const values[] = {"-1", "-3", "1e12", "99999999999999999999", "1e999"};
    (void)state;
    for (size_t v = 0; v < sizeof(values) / sizeof(*values); v++) {
        wk_report_t r = report(wk_printf(arena,
                                         "\"metadata\":{\"call_duration_secs\":%s,\"cost\":%s,"
                                         "\"start_time_unix_secs\":%s},\"cost_usd\":%s",
                                         values[v], values[v], values[v], values[v])
                                   .data);
        assert_int_equal(r.seconds, -1);
        assert_int_equal(r.credits, -1);
        assert_int_equal(r.started_at, 0);
        assert_absent(r.cost_usd);
    }
    assert_str(report("\"cost_usd\":1e-99999").cost_usd, "0.000000");
}

/* ---------------------------------------------------------------- turns */

static void turns_are_read_by_any_of_their_names(void **state)
{
    (void)state;
    wk_report_t r = report(
        "\"transcript\":[{\"role\":\"agent\",\"message\":\"Hi\",\"time_in_call_secs\":0},"
        "{\"role\":\"user\",\"message\":\"Hello\",\"time_in_call_secs\":2.5},"
        "{\"speaker\":\"customer\",\"text\":\"again\"},{\"role\":\"agent\",\"content\":\"Yes\","
        "\"interrupted\":true},{\"role\":\"agent\",\"message\":null}]");
    assert_int_equal(r.n_turns, 5);
    assert_str(r.turns[0].speaker, "agent");
    assert_str(r.turns[1].speaker, "customer");
    assert_int_equal(r.turns[1].offset_ms, 2500);
    assert_str(r.turns[2].text, "again");
    assert_true(r.turns[3].interrupted);
    assert_str(r.turns[4].text, "");
    assert_str(r.turns[4].tools, "[]");
    assert_true(r.customer_spoke);
}

static void times_that_are_none_are_zero(void **state)
{
    static const char *const times[] = {"-1", "1e9", "1e308", "\"2\"", "null", "true"};
    (void)state;
    for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++) {
        wk_report_t r = report(
            wk_printf(arena, "\"transcript\":[{\"role\":\"user\",\"time_in_call_secs\":%s}]",
                      times[i])
                .data);
        assert_int_equal(r.turns[0].offset_ms, 0);
    }
}

#define TOOL(name, error)                                                                      \
    "\"transcript\":[{\"role\":\"agent\",\"message\":\"m\",\"tool_calls\":[{\"request_id\":"   \
    "\"1\",\"tool_name\":\"" name "\"}]},{\"role\":\"agent\",\"tool_results\":["               \
    "{\"request_id\":\"1\",\"is_error\":" error "}]}]"

#define ANSWERED(tool, body)                                                                   \
    "\"transcript\":[{\"role\":\"agent\",\"tool_calls\":[{\"request_id\":\"1\",\"tool_name\":" \
    "\"" tool "\"}]},{\"role\":\"agent\",\"tool_results\":[{\"request_id\":\"1\","             \
    "\"is_error\":false,\"result_value\":\"" body "\"}]}]"

/* Refusals of ours are no error to the platform. */
static void a_tools_answer_tells_what_was_done(void **state)
{
    static const struct {
        const char *members;
        unsigned done;
        bool booked;
    } cases[] = {
        {ANSWERED("book_appointment", "{\\\"success\\\":true}"), WK_DONE_BOOKED, true},
        {ANSWERED("book_appointment", "{\\\"success\\\":true,\\\"confirmation_sent\\\":true}"),
         WK_DONE_BOOKED | WK_DONE_TEXTED, true},
        {ANSWERED("book_appointment", "{\\\"success\\\":false}"), 0, false},
        {ANSWERED("book_appointment", "{\\\"status\\\":\\\"pending\\\"}"), 0, false},
        {ANSWERED("send_sms", "sent"), WK_DONE_TEXTED, false},
        {ANSWERED("transfer_to_number", "[]"), WK_DONE_PASSED_ON, false},
        {ANSWERED("lookup_order", "{\\\"success\\\":true}"), 0, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        wk_report_t r = report(cases[i].members);
        assert_case(r.turns[0].done == cases[i].done, cases[i].members);
        assert_case(r.booked == cases[i].booked, cases[i].members);
    }
}

static void a_tool_counts_when_it_succeeded(void **state)
{
    static const struct {
        const char *members;
        bool booked, transferred;
    } cases[] = {
        {TOOL("book_appointment", "false"), true, false},
        {TOOL("book_appointment", "true"), false, false},
        {TOOL("transfer_to_number", "false"), false, true},
        {TOOL("transfer_to_human", "false"), false, true},
        {TOOL("transfer_call", "true"), false, false},
        {TOOL("lookup_order", "false"), false, false},
        {"\"transcript\":[{\"tool_calls\":[{\"tool_name\":\"book_appointment\","
         "\"tool_has_been_called\":false}]}]",
         false, false},
        {"\"transcript\":[{\"tool_calls\":[{\"tool_name\":\"book_appointment\"}]}]", true,
         false},
        {"\"transcript\":[{\"tool_calls\":{\"tool_name\":\"book_appointment\"}}]", false,
         false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        wk_report_t r = report(cases[i].members);
        assert_case(r.booked == cases[i].booked, cases[i].members);
        assert_case(r.transferred == cases[i].transferred, cases[i].members);
    }
    wk_report_t r = report(TOOL("a\\\"b", "false"));
    assert_str(r.turns[0].tools, "[\"a\\\"b\"]");
}

static void the_transcript_is_json(void **state)
{
    (void)state;
    wk_report_t r =
        report("\"transcript\":[{\"role\":\"user\",\"message\":\"\\\"quoted\\\"\\n\","
               "\"time_in_call_secs\":1}]");
    assert_str(
        wk_report_transcript(arena, &r),
        "[{\"speaker\":\"customer\",\"text\":\"\\\"quoted\\\"\\n\",\"offset_ms\":1000}]");
}

/* More turns than a call has, and a turn longer than anybody speaks. */
static void a_huge_report_has_an_end(void **state)
{
    va_buf_t text;
    (void)state;
    va_buf_init(&text, wk_mem(arena), 1 << 18);
    va_buf_add_c(&text, "\"transcript\":[{\"role\":\"user\",\"message\":\"");
    for (size_t i = 0; i < 12000; i++) {
        va_buf_add_c(&text, "\xc3\xa9 ");
    }
    va_buf_add_c(&text, "\"}");
    for (size_t i = 0; i < 5500; i++) {
        va_buf_add_c(&text, ",{\"role\":\"user\"}");
    }
    va_buf_add_c(&text, "]");
    va_buf_add_char(&text, '\0');
    wk_report_t r = report(text.data);
    assert_int_equal(r.n_turns, 5000);
    assert_true(r.turns[0].text.len <= 20000 && r.turns[0].text.len > 19990);
}

/* ---------------------------------------------------------------- analysis */

static void data_is_read_in_both_shapes(void **state)
{
    static const char *const email[] = {"customer_email", "EMAIL", NULL};
    static const char *const none[] = {"nothing", NULL};
    (void)state;
    wk_report_t r = report(
        "\"analysis\":{\"data_collection_results\":{\"x\":{\"data_collection_id\":\"email\","
        "\"value\":\"a@b.example\"},\"bike_type\":{\"value\":\"road\"},\"sure\":{\"value\":"
        "true},"
        "\"n\":{\"value\":1.5},\"empty\":{\"value\":\"\"},\"null\":{\"value\":null},"
        "\"list\":{\"value\":[1]},\"odd\":7}}");
    assert_int_equal(r.n_data, 4);
    assert_str(wk_report_datum(&r, email), "a@b.example");
    assert_str(r.data[1].name, "bike_type");
    assert_str(r.data[2].value_type, "boolean");
    assert_str(r.data[3].value_type, "number");
    assert_absent(wk_report_datum(&r, none));
}

static void verdicts_are_one_of_three(void **state)
{
    (void)state;
    wk_report_t r = report("\"analysis\":{\"evaluation_criteria_results\":{"
                           "\"a\":{\"result\":\"success\",\"rationale\":\"r\"},"
                           "\"b\":{\"result\":\"failure\"},\"c\":{\"result\":\"unknown\"},"
                           "\"d\":{\"result\":\"perhaps\"},\"e\":{\"result\":1},\"f\":null}}");
    assert_int_equal(r.n_evaluations, 3);
    assert_str(r.evaluations[0].criterion, "a");
    assert_str(r.evaluations[0].rationale, "r");
    assert_str(r.evaluations[2].result, "unknown");
}

static void no_card_number_is_left_in_any_text(void **state)
{
    (void)state;
    wk_report_t r = report(
        "\"metadata\":{\"termination_reason\":\"4111 1111 1111 1111\"},"
        "\"transcript\":[{\"role\":\"user\",\"message\":\"4111 1111\"},{\"role\":\"user\","
        "\"message\":\"1111 1111\"}],\"analysis\":{\"transcript_summary\":\"4111111111111111\","
        "\"x\":[4111111111111111],\"data_collection_results\":{\"n\":{\"value\":"
        "4111111111111111}},\"evaluation_criteria_results\":{\"c\":{\"result\":\"success\","
        "\"rationale\":\"4111-1111-1111-1111\"}}}");
    va_str_t texts[] = {r.end_reason, r.turns[0].text, r.turns[1].text,           r.summary,
                        r.analysis,   r.data[0].value, r.evaluations[0].rationale};
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        assert_null(strstr(wk_strdup(arena, texts[i]), "111"));
        assert_non_null(memchr(texts[i].data, '*', texts[i].len));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_platforms_report_is_read),
        TEST(the_flat_report_is_read),
        TEST(what_is_not_told_is_not_known),
        TEST(without_a_conversation_it_is_none),
        TEST(members_of_another_kind_are_passed_over),
        TEST(figures_out_of_bounds_are_not_believed),
        TEST(turns_are_read_by_any_of_their_names),
        TEST(times_that_are_none_are_zero),
        TEST(a_tool_counts_when_it_succeeded),
        TEST(a_tools_answer_tells_what_was_done),
        TEST(the_transcript_is_json),
        TEST(a_huge_report_has_an_end),
        TEST(data_is_read_in_both_shapes),
        TEST(verdicts_are_one_of_three),
        TEST(no_card_number_is_left_in_any_text),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
