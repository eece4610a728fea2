/* The carrier's words: the whole message, in any case, and Twilio's own verdict above it. */
#include "worker/agent/opt_out.h"

#include "t/unit/catalogue.h"

static void keywords_are_the_whole_message(void **state)
{
    static const struct {
        const char *body;
        wk_keyword_t keyword;
    } cases[] = {
        {"STOP", WK_STOP},
        {"stop", WK_STOP},
        {" Stop\r\n", WK_STOP},
        {"STOPALL", WK_STOP},
        {"unsubscribe", WK_STOP},
        {"END", WK_STOP},
        {"quit", WK_STOP},
        {"REVOKE", WK_STOP},
        {"OPTOUT", WK_STOP},
        {"CANCEL", WK_CANCEL},
        {"START", WK_START},
        {"unstop", WK_START},
        {"YES", WK_YES},
        {"HELP", WK_HELP},
        {"info", WK_HELP},
        {"", WK_NO_KEYWORD},
        {"C", WK_NO_KEYWORD},
        {"R", WK_NO_KEYWORD},
        {"stop it", WK_NO_KEYWORD},
        {"STOP.", WK_STOP_IN_WORDS},
        {"Stop!", WK_STOP_IN_WORDS},
        {"STOP ALL", WK_STOP_IN_WORDS},
        {"Stop please", WK_STOP_IN_WORDS},
        {"Please stop texting me.", WK_STOP_IN_WORDS},
        {"unsubscribe me", WK_STOP_IN_WORDS},
        {"arr\xc3\xaat", WK_STOP_IN_WORDS},
        {"Arr\xc3\xaatez svp", WK_STOP_IN_WORDS},
        {"ne m'\xc3\xa9"
         "crivez plus",
         WK_STOP_IN_WORDS},
        {"d\xc3\xa9sabonnez-moi!", WK_STOP_IN_WORDS},
        {"ALTO", WK_STOP_IN_WORDS},
        {"parar", WK_STOP_IN_WORDS},
        {"No me escriban m\xc3\xa1s", WK_STOP_IN_WORDS},
        {"quiero darme de baja", WK_STOP_IN_WORDS},
        {"don't stop", WK_NO_KEYWORD},
        {"Where do I stop with my bike?", WK_NO_KEYWORD},
        {"my brakes won't stop me", WK_NO_KEYWORD},
        {"ne m'\xc3\xa9"
         "crivez pas avant demain",
         WK_NO_KEYWORD},
        {"para ma\xc3\xb1"
         "ana",
         WK_NO_KEYWORD},
        {"cancel my appointment", WK_NO_KEYWORD},
        {"\xff", WK_NO_KEYWORD},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        assert_case(wk_keyword(arena, catalogue, va_str_c(cases[i].body), VA_STR_NULL) ==
                        cases[i].keyword,
                    cases[i].body);
    }
    assert_int_equal(wk_keyword(arena, catalogue, VA_STR_NULL, VA_STR_NULL), WK_NO_KEYWORD);
}

/* An account may have words of its own ("ARRET"): only Twilio knows them. */
static void the_carriers_verdict_wins(void **state)
{
    static const struct {
        const char *body, *told;
        wk_keyword_t keyword;
    } cases[] = {
        {"ARRET", "STOP", WK_STOP},    {"ARRET", "stop", WK_STOP},
        {"aide", "HELP", WK_HELP},     {"debut", "START", WK_START},
        {"CANCEL", "STOP", WK_CANCEL}, {"YES", "START", WK_START},
        {"STOP", "HELP", WK_HELP},     {"STOP", "", WK_STOP},
        {"STOP", "NEWS", WK_STOP},     {"hello", "NEWS", WK_NO_KEYWORD},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        assert_case(wk_keyword(arena, catalogue, va_str_c(cases[i].body),
                               va_str_c(cases[i].told)) == cases[i].keyword,
                    cases[i].body);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(keywords_are_the_whole_message),
        TEST(the_carriers_verdict_wins),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
