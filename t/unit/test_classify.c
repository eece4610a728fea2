/* What a call was about and how it ended: the fixed words that are stored, and the figures. */
#include "worker/agent/classify.h"

#include "t/unit/catalogue.h"

static wk_report_t report(const char *members)
{
    wk_error_t e;
    wk_report_t r;
    va_str_t text = wk_printf(arena, "{\"conversation_id\":\"c\"%s%s}",
                              members[0] != '\0' ? "," : "", members);
    assert_true(wk_report_read(arena, redactor, parse_json(text), &r, &e));
    return r;
}

static wk_verdict_t judge(const char *members)
{
    wk_report_t r = report(members);
    return wk_classify(arena, catalogue, &r);
}

static wk_verdict_t of_summary(const char *summary)
{
    return judge(wk_printf(arena,
                           "\"transcript\":[{\"role\":\"user\",\"message\":\"x\"}],"
                           "\"analysis\":{\"summary\":\"%s\"}",
                           summary)
                     .data);
}

static wk_verdict_t of_data(const char *data)
{
    return judge(
        wk_printf(arena, "\"analysis\":{\"data_collection_results\":{%s}}", data).data);
}

/* ---------------------------------------------------------------- words */

static void the_type_is_by_the_words(void **state)
{
    static const char *const cases[][2] = {
        {"The customer asked about the status of an order", "order_status"},
        {"Wants a tune-up on Friday", "service_booking"},
        {"Asked for the price of a gravel bike", "sales_inquiry"},
        {"Asked for the hours", "store_info"},
        {"Is unhappy with a repair and wants to complain", "complaint"},
        {"Small talk", "general_support"},
        {"", "general_support"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        assert_case(strcmp(of_summary(cases[i][0]).call_type, cases[i][1]) == 0, cases[i][0]);
    }
}

static void the_outcome_is_by_the_words(void **state)
{
    static const char *const cases[][2] = {
        {"An appointment was scheduled", "appointment_booked"},
        {"Wants a refund", "complaint"},
        {"Told the tracking of the parcel", "order_status"},
        {"Had a problem with the brakes", "technical_support"},
        {"Talked about a model", "product_inquiry"},
        {"Told the hours", "information_only"},
        {"Nothing came of it", "other"},
        {"", "other"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        assert_case(strcmp(of_summary(cases[i][0]).outcome, cases[i][1]) == 0, cases[i][0]);
    }
}

static void who_is_written_to_asked_for_it(void **state)
{
    static const struct {
        const char *said;
        bool wished;
    } cases[] = {
        {"Great. Could you text me tomorrow what a gravel bike costs?", true},
        {"Please send me a message when it is there", true},
        {"Pouvez-vous m'écrire le prix demain ?", true},
        {"¿Me puede escribir cuánto cuesta?", true},
        {"Please don't text me", false},
        {"Ne m'écrivez pas, pas besoin de m'écrire", false},
        {"I got your text message", false},
        {"", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        assert_case(wk_wishes_followup(arena, catalogue, va_str_c(cases[i].said)) ==
                        cases[i].wished,
                    cases[i].said);
    }
}

static void the_resolution_is_one_of_four(void **state)
{
    static const char *const cases[][2] = {
        {"\"transcript\":[{\"role\":\"user\",\"message\":\"hi\"}]", "resolved"},
        {"", "abandoned"},
        {"\"transcript\":[{\"role\":\"agent\",\"message\":\"Hello?\"}]", "abandoned"},
        {"\"transcript\":[{\"role\":\"user\",\"message\":\"hi\"}],\"analysis\":{"
         "\"call_successful\":\"failure\"}",
         "followup_needed"},
        {"\"transcript\":[{\"role\":\"user\",\"message\":\"hi\"}],\"analysis\":{\"summary\":"
         "\"The shop will call back\"}",
         "followup_needed"},
        {"\"transcript\":[{\"role\":\"user\",\"message\":\"hi\"}],\"analysis\":{\"summary\":"
         "\"All questions were answered, no follow-up needed\"}",
         "resolved"},
        {"\"transcript\":[{\"role\":\"user\",\"message\":\"hi\"}],\"analysis\":{\"summary\":"
         "\"No problem with the bike. The customer will call again\"}",
         "resolved"},
        {"\"transcript\":[{\"role\":\"user\",\"message\":\"hi\"}],\"analysis\":{\"summary\":"
         "\"Aucun suivi à faire, le client rappellera\"}",
         "resolved"},
        {"\"transcript\":[{\"role\":\"user\",\"message\":\"hi\"}],\"analysis\":{\"summary\":"
         "\"No price was given, the shop is to get back to the customer\"}",
         "followup_needed"},
        {"\"transcript\":[{\"role\":\"user\",\"message\":\"hi\"}],\"analysis\":{\"summary\":"
         "\"Was transferred to a technician\",\"call_successful\":\"failure\"}",
         "transferred"},
        {"\"transcript\":[{\"role\":\"agent\",\"tool_calls\":[{\"tool_name\":"
         "\"transfer_call\"}]}]",
         "transferred"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        wk_verdict_t v = judge(cases[i][0]);
        assert_case(strcmp(v.resolution, cases[i][1]) == 0, cases[i][0]);
        assert_int_equal(v.human_needed, strcmp(cases[i][1], "transferred") == 0);
    }
}

/* ---------------------------------------------------------------- figures */

#define DATUM(name, value) "\"" name "\":{\"value\":" value "}"

static void satisfaction_is_from_one_to_ten(void **state)
{
    static const struct {
        const char *value;
        int satisfaction;
        const char *sentiment; /* NULL: nothing tells */
    } cases[] = {
        {"9", 9, "positive"},
        {"\"9/10\"", 9, "positive"},
        {"10", 10, "positive"},
        {"\"8\"", 8, "positive"},
        {"5", 5, "neutral"},
        {"4", 4, "negative"},
        {"1", 1, "negative"},
        {"0", 0, NULL},
        {"11", 0, NULL},
        {"100", 0, NULL},
        {"-3", 0, NULL},
        {"\"good\"", 0, NULL},
        {"1000000000000", 0, NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        wk_verdict_t v = of_data(
            wk_printf(arena, DATUM("customer_satisfaction_rating", "%s"), cases[i].value).data);
        assert_case(v.satisfaction == cases[i].satisfaction, cases[i].value);
        assert_case((v.sentiment == NULL) == (cases[i].sentiment == NULL), cases[i].value);
        assert_case(v.sentiment == NULL || strcmp(v.sentiment, cases[i].sentiment) == 0,
                    cases[i].value);
    }
}

static void what_was_said_wins_over_what_was_judged(void **state)
{
    (void)state;
#define JUDGED(result, data)                                                                   \
    "\"analysis\":{\"evaluation_criteria_results\":{\"customer_satisfaction\":{\"result\":"    \
    "\"" result "\"}},\"data_collection_results\":{" data "}}"
    assert_int_equal(judge(JUDGED("success", "")).satisfaction, 8);
    assert_int_equal(judge(JUDGED("failure", "")).satisfaction, 3);
    assert_int_equal(judge(JUDGED("unknown", "")).satisfaction, 0);
    assert_int_equal(judge(JUDGED("failure", DATUM("satisfaction", "9"))).satisfaction, 9);
    assert_string_equal(
        judge(JUDGED("success", DATUM("customer_sentiment", "\"Negative\""))).sentiment,
        "negative");
    assert_string_equal(judge(JUDGED("success", DATUM("sentiment", "\"so so\""))).sentiment,
                        "positive");
}

static void the_lead_score_is_the_guides(void **state)
{
    static const struct {
        const char *data;
        int score;
    } cases[] = {
        {"", 0},
        {DATUM("budget_range", "\"2000\""), 20},
        {DATUM("bike_type", "\"road\""), 15},
        {DATUM("purchase_timeline", "\"May\""), 15},
        {DATUM("customer_email", "\"a@b.example\""), 10},
        {DATUM("appointment_booked", "true"), 25},
        {DATUM("sentiment", "\"positive\""), 15},
        {DATUM("budget", "\"\""), 0},
        {DATUM("budget", "1") "," DATUM("bike_interest", "\"r\"") "," DATUM(
             "timeline",
             "1") "," DATUM("email", "\"e\"") "," DATUM("appointment_booked",
                                                        "\"true\"") "," DATUM("sentiment",
                                                                              "\"positive\""),
         100},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        assert_case(of_data(cases[i].data).lead_score == cases[i].score, cases[i].data);
    }
}

static void a_booking_is_the_outcome(void **state)
{
    (void)state;
    wk_verdict_t v =
        judge("\"transcript\":[{\"role\":\"agent\",\"tool_calls\":[{\"tool_name\":"
              "\"book_appointment\"}]}],\"analysis\":{\"summary\":\"A complaint\"}");
    assert_true(v.booked);
    assert_string_equal(v.outcome, "appointment_booked");
    assert_int_equal(v.lead_score, 25);
    assert_false(of_data(DATUM("appointment_booked", "\"no\"")).booked);
}

static void without_criteria_there_is_no_score(void **state)
{
    (void)state;
    assert_true(judge("").success_score < 0);
    assert_true(judge("\"analysis\":{\"evaluation_criteria_results\":{\"a\":{\"result\":"
                      "\"success\"},\"b\":{\"result\":\"unknown\"}}}")
                    .success_score == 50);
}

static void data_has_a_type(void **state)
{
    static const char *const cases[][2] = {{"bike_type", "bike_interest"},
                                           {"BUDGET_RANGE", "bike_interest"},
                                           {"customer_email", "contact_info"},
                                           {"satisfaction", "satisfaction"},
                                           {"lead_score", "lead"},
                                           {"shoe_size", "other"},
                                           {"", "other"}};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        assert_string_equal(wk_datum_type(va_str_c(cases[i][0])), cases[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_type_is_by_the_words),           TEST(the_outcome_is_by_the_words),
        TEST(who_is_written_to_asked_for_it),     TEST(the_resolution_is_one_of_four),
        TEST(satisfaction_is_from_one_to_ten),    TEST(what_was_said_wins_over_what_was_judged),
        TEST(the_lead_score_is_the_guides),       TEST(a_booking_is_the_outcome),
        TEST(without_criteria_there_is_no_score), TEST(data_has_a_type),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
