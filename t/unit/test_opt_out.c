/* The carrier's words: the whole message, in any case, and Twilio's own verdict above it. */
#include "worker/agent/opt_out.h"

#include "t/unit/support.h"

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
        {"STOP.", WK_NO_KEYWORD},
        {"STOP ALL", WK_NO_KEYWORD},
        {"don't stop", WK_NO_KEYWORD},
        {"cancel my appointment", WK_NO_KEYWORD},
        {"ST\xc3\x96P", WK_NO_KEYWORD},
        {"\xff", WK_NO_KEYWORD},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        assert_case(wk_keyword(va_str_c(cases[i].body), VA_STR_NULL) == cases[i].keyword,
                    cases[i].body);
    }
    assert_int_equal(wk_keyword(VA_STR_NULL, VA_STR_NULL), WK_NO_KEYWORD);
    assert_int_equal(wk_keyword(va_str("STOP\0", 5), VA_STR_NULL), WK_NO_KEYWORD);
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
        assert_case(wk_keyword(va_str_c(cases[i].body), va_str_c(cases[i].told)) ==
                        cases[i].keyword,
                    cases[i].body);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(keywords_are_the_whole_message),
        TEST(the_carriers_verdict_wins),
    };
    return RUN("opt_out", tests);
}
