/* robots.txt: the examples of RFC 9309 and what else its sections 2.2 and 5 say. */
#include "worker/agent/robots.h"

#include <string.h>
#include <time.h>

#include "t/unit/support.h"

static bool allows(const char *text, const char *path)
{
    return wk_robots_allows(va_str_c(text), VA_STR("voiceagent"), va_str_c(path));
}

static void the_longest_rule_decides(void **state)
{
    static const struct {
        const char *rules, *path;
        bool allowed;
    } cases[] = {
        {"Disallow: /private", "/", true},
        {"Disallow: /private", "/private", false},
        {"Disallow: /private", "/private/x", false},
        {"Disallow: /private/", "/private", true},
        {"Disallow: /Private", "/private", true},
        {"Disallow:", "/x", true},
        {"Disallow: /", "/x", false},
        {"Disallow: /shop\nAllow: /shop/open", "/shop/open/1", true},
        {"Allow: /shop/open\nDisallow: /shop", "/shop/other", false},
        {"Disallow: /p\nAllow: /p", "/p", true},
        {"Allow: /example/page/\nDisallow: /example/page/disallowed.gif",
         "/example/page/disallowed.gif", false},
        {"Disallow: /*.pdf$", "/a/b.pdf", false},
        {"Disallow: /*.pdf$", "/a/b.pdf?x=1", true},
        {"Disallow: /*.pdf", "/a/b.pdf?x=1", false},
        {"Disallow: /a*b*c", "/aXbYc", false},
        {"Disallow: /a*b*c$", "/aXbYcZ", true},
        {"Disallow: /a*b*c$", "/abcbc", false},
        {"Disallow: /a*b*bc$", "/abbbc", false},
        {"Disallow: /a*bb$", "/ab", true},
        {"Disallow: /ab*b$", "/ab", true},
        {"Disallow: /ab*b$", "/abb", false},
        {"Disallow: /**x", "/yx", false},
        {"Disallow: /x*$", "/xy", false},
        {"Disallow: *$", "/xy", false},
        {"Disallow: /*?", "/x?y", false},
        {"Disallow: /*?", "/x", true},
        {"Disallow: *", "/x", false},
        {"Disallow: /$", "/", false},
        {"Disallow: /$", "/x", true},
        {"Disallow: /%7Ejoe", "/~joe", false},
        {"Disallow: /~joe", "/%7ejoe", false},
        {"Disallow: /a%3cd", "/a%3Cd", false},
        {"Disallow: /a%2Fb", "/a/b", true},
        {"Disallow: /caf\xc3\xa9", "/caf%C3%A9", false},
        {"Disallow: /x # Allow: /x", "/x", false},
        {"  disallow :\t/x  \r", "/x", false},
        {"Disallow /x", "/x", true},
        {"Noindex: /x", "/x", true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char text[256];
        snprintf(text, sizeof(text), "User-agent: *\n%s\n", cases[i].rules);
        if (allows(text, cases[i].path) != cases[i].allowed) {
            fail_msg("%s: %s", cases[i].rules, cases[i].path);
        }
    }
}

static void groups_of_the_agent_come_before_those_of_all(void **state)
{
    (void)state;
    assert_true(allows("", "/x"));
    assert_true(allows("Disallow: /", "/x")); /* said to nobody */
    assert_true(allows("User-agent: other\nDisallow: /", "/x"));
    assert_true(
        allows("User-agent: *\nDisallow: /\n\nUser-agent: voiceagent\nDisallow: /y", "/x"));
    assert_false(
        allows("User-agent: *\nAllow: /\nUser-agent: VoiceAgent/1.0\nDisallow: /", "/x"));
    assert_true(allows("User-agent: voiceagentx\nDisallow: /", "/x"));
    assert_false(allows("User-agent: other\nUser-agent: voiceagent\nDisallow: /", "/x"));
    assert_false(allows("User-agent: voiceagent\nUser-agent: other\nDisallow: /", "/x"));
    assert_true(
        allows("User-agent: voiceagent\nDisallow: /a\nUser-agent: other\nDisallow: /", "/x"));
    /* several groups are one */
    assert_false(
        allows("User-agent: voiceagent\nDisallow: /a\n\nUser-agent: other\nDisallow:\n\n"
               "User-agent: voiceagent\nDisallow: /b",
               "/b"));
    assert_false(allows("\xef\xbb\xbfUser-agent: *\r\nDisallow: /\r\n", "/x"));
    assert_false(allows("User-agent: *\nSitemap: /s\nUser-agent: other\nDisallow: /", "/x"));
    assert_true(allows("User-agent: voiceagent\n", "/x"));
}

static void a_path_that_is_too_long_is_not_allowed(void **state)
{
    char path[WK_ROBOTS_PATH + 2] = "/";
    (void)state;
    memset(path + 1, '%', sizeof(path) - 2);
    path[WK_ROBOTS_PATH] = '\0';
    assert_true(allows("User-agent: *\nDisallow: /x", path));
    path[WK_ROBOTS_PATH] = 'x';
    path[WK_ROBOTS_PATH + 1] = '\0';
    assert_false(allows("", path));
}

static int delay(const char *text)
{
    return wk_robots_delay_ms(va_str_c(text), VA_STR("voiceagent"), 10000);
}

static void delays_have_a_bound(void **state)
{
    (void)state;
    assert_int_equal(delay("User-agent: *\nCrawl-delay: 2"), 2000);
    assert_int_equal(delay("User-agent: *\nCrawl-delay: 0.5"), 500);
    assert_int_equal(delay("User-agent: *\nCrawl-delay: 86400"), 10000);
    assert_int_equal(delay("User-agent: *\nCrawl-delay: -1"), 0);
    assert_int_equal(delay("User-agent: *\nCrawl-delay: nan"), 0);
    assert_int_equal(delay("User-agent: *\nCrawl-delay: inf"), 10000);
    assert_int_equal(delay("User-agent: *\nCrawl-delay: soon"), 0);
    assert_int_equal(delay("User-agent: other\nCrawl-delay: 2"), 0);
    assert_int_equal(delay("User-agent: *\nCrawl-delay: 2\nUser-agent: voiceagent\nAllow: /"),
                     0);
}

/* As much text as is read, of rules that all begin with one text, for a path of one letter. */
static double seconds_for(const char *rule)
{
    static char text[WK_ROBOTS_BYTES], path[WK_ROBOTS_PATH];
    struct timespec begin, end;
    size_t len = (size_t)snprintf(text, sizeof(text), "User-agent: *\n");
    memset(path, 'a', sizeof(path));
    path[0] = '/';
    while (len + 1100 < sizeof(text)) {
        len += (size_t)snprintf(text + len, 100, "Disallow: %s", rule);
        memset(text + len, 'a', 900);
        len += 900;
        len += (size_t)snprintf(text + len, 100, "b\n");
    }
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
    assert_true(
        wk_robots_allows(va_str(text, len), VA_STR("voiceagent"), va_str(path, sizeof(path))));
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
    return (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9;
}

/* A site that wants to keep its readers busy: each of its rules nearly matches everywhere. */
static void no_rule_costs_much_more_than_another(void **state)
{
    (void)state;
    double plain = seconds_for("/other/");
    assert_true(seconds_for("*") < 20 * plain);
    assert_true(seconds_for("*a*a*a*a*") < 20 * plain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_longest_rule_decides),
        cmocka_unit_test(groups_of_the_agent_come_before_those_of_all),
        cmocka_unit_test(a_path_that_is_too_long_is_not_allowed),
        cmocka_unit_test(delays_have_a_bound),
        cmocka_unit_test(no_rule_costs_much_more_than_another),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
