/* What a model may answer about a call: the words that are stored, and no others. */
#include "worker/agent/call_review.h"

#include "t/unit/catalogue.h"

static const char good[] =
    "{\"summary\":\"Wants a gravel bike.\",\"call_type\":\"sales_inquiry\","
    "\"outcome\":\"product_inquiry\",\"resolution\":\"followup_needed\","
    "\"sentiment\":\"positive\",\"satisfaction\":9,\"intents\":[\"price\"],"
    "\"unanswered_questions\":[\"Is it in stock in blue?\"],"
    "\"customer_satisfaction\":\"success\",\"customer_satisfaction_rationale\":\"Thanked.\","
    "\"information_completeness\":\"failure\",\"information_completeness_rationale\":\"Stock."
    "\","
    "\"lead_qualification\":\"unknown\",\"lead_qualification_rationale\":\"\","
    "\"next_steps_clear\":\"success\",\"next_steps_clear_rationale\":\"A text.\","
    "\"lead_score\":65,\"lead_score_reasons\":[\"budget\",\"kind\"],\"followup\":\"sms\","
    "\"followup_hours\":20,\"bike_type\":\"gravel\",\"budget_range\":\"2000\","
    "\"purchase_timeline\":null,\"primary_use_case\":null,\"bike_size\":null,"
    "\"brand_preference\":null,\"customer_name\":\"Ann Lee\",\"customer_email\":null}";

static bool reads(const char *answer, wk_review_t *review)
{
    wk_error_t e = {.code = WK_OK};
    bool ok = wk_review_read(arena, redactor, va_str_c(answer), review, &e);
    assert_true(ok || e.code == WK_REFUSED);
    return ok;
}

/* The good one with a part of it replaced. */
static const char *with(const char *part, const char *by)
{
    const char *at = strstr(good, part);
    assert_non_null(at);
    return wk_printf(arena, "%.*s%s%s", (int)(at - good), good, by, at + strlen(part)).data;
}

static void assert_text(va_str_t s, const char *expected)
{
    if (!va_str_eq(s, va_str_c(expected))) {
        fail_msg("\"%.*s\", not \"%s\"", (int)s.len, s.len > 0 ? s.data : "", expected);
    }
}

static void a_whole_answer_is_taken(void **state)
{
    wk_review_t r;
    (void)state;
    assert_true(reads(good, &r));
    assert_text(r.summary, "Wants a gravel bike.");
    assert_string_equal(r.call_type, "sales_inquiry");
    assert_string_equal(r.outcome, "product_inquiry");
    assert_string_equal(r.resolution, "followup_needed");
    assert_string_equal(r.sentiment, "positive");
    assert_int_equal(r.satisfaction, 9);
    assert_int_equal(r.lead_score, 65);
    assert_text(r.unanswered, "[\"Is it in stock in blue?\"]");
    assert_text(r.lead_reasons, "[\"budget\",\"kind\"]");
    assert_string_equal(r.criteria[1].criterion, "information_completeness");
    assert_string_equal(r.criteria[1].result, "failure");
    assert_text(r.criteria[1].rationale, "Stock.");
    assert_null(r.criteria[2].rationale.data);
    assert_int_equal(r.n_data, 3);
    assert_string_equal(r.data[2].name, "customer_name");
    assert_string_equal(r.followup, "sms");
    assert_int_equal(r.followup_hours, 20);
}

static void nothing_that_tells_is_null(void **state)
{
    wk_review_t r;
    (void)state;
    assert_true(reads(with("\"satisfaction\":9", "\"satisfaction\":null"), &r));
    assert_int_equal(r.satisfaction, 0);
}

static void what_is_out_of_bounds_is_no_review(void **state)
{
    static const char *const cases[][2] = {
        {"\"sales_inquiry\"", "\"Sales_Inquiry\""},
        {"\"product_inquiry\"", "\"refund_granted\""},
        {"\"followup_needed\"", "\"solved\""},
        {"\"positive\"", "\"ecstatic\""},
        {"\"satisfaction\":9", "\"satisfaction\":11"},
        {"\"satisfaction\":9", "\"satisfaction\":0"},
        {"\"satisfaction\":9", "\"satisfaction\":8.5"},
        {"\"satisfaction\":9", "\"satisfaction\":\"9\""},
        {"\"lead_score\":65", "\"lead_score\":101"},
        {"\"lead_score\":65", "\"lead_score\":-1"},
        {"\"lead_score\":65", "\"lead_score\":null"},
        {"\"followup\":\"sms\"", "\"followup\":\"email the owner\""},
        {"\"followup_hours\":20", "\"followup_hours\":721"},
        {"\"next_steps_clear\":\"success\"", "\"next_steps_clear\":\"yes\""},
        {"\"intents\":[\"price\"]", "\"intents\":\"price\""},
        {"\"intents\":[\"price\"]", "\"intents\":[1]"},
        {"\"intents\":[\"price\"]", "\"intents\":[1,2,3,4,5,6,7,8,9,10,11]"},
        {"\"bike_type\":\"gravel\"", "\"bike_type\":{\"x\":1}"},
        {"\"summary\":\"Wants a gravel bike.\",", ""},
        {"\"summary\":", "\"phone_number\":\"+14165550000\",\"summary\":"},
        {"\"summary\":\"Wants a gravel bike.\"", "\"zummary\":\"Wants a gravel bike.\""},
    };
    wk_review_t r;
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        if (reads(with(cases[i][0], cases[i][1]), &r)) {
            fail_msg("%s was taken", cases[i][1]);
        }
    }
}

static void what_is_no_json_is_no_review(void **state)
{
    static const char *const answers[] = {
        "", "I cannot help with that.", "[]", "null", "{", "{}", "```json\n{}\n```",
    };
    wk_review_t r;
    (void)state;
    for (size_t i = 0; i < sizeof(answers) / sizeof(*answers); i++) {
        assert_false(reads(answers[i], &r));
    }
}

static void a_longer_text_than_asked_for_is_no_review(void **state)
{
    char long_text[1100];
    wk_review_t r;
    (void)state;
    memset(long_text, 'x', sizeof(long_text) - 1);
    long_text[sizeof(long_text) - 1] = '\0';
    assert_false(reads(with("Wants a gravel bike.", long_text), &r));
}

static void a_card_number_is_masked(void **state)
{
    wk_review_t r;
    (void)state;
    assert_true(reads(with("Wants a gravel bike.", "Paid by 4111 1111 1111 1111."), &r));
    assert_text(r.summary, "Paid by **** **** **** ****.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_answer_is_taken),
        cmocka_unit_test(nothing_that_tells_is_null),
        cmocka_unit_test(what_is_out_of_bounds_is_no_review),
        cmocka_unit_test(what_is_no_json_is_no_review),
        cmocka_unit_test(a_longer_text_than_asked_for_is_no_review),
        cmocka_unit_test(a_card_number_is_masked),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
