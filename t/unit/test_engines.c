#include "worker/agent/engines.h"

#include "t/unit/support.h"

static wk_config_t bare, full;

static const char *next(const char *chain, const char *after, const wk_config_t *config,
                        const char *plan)
{
    const wk_engines_entry_t *engine = wk_engines_next(
        parse_json(va_str_c(chain)), va_str_c(after), config, va_str_c(plan), VA_STR("agent"));

    return engine->name;
}

#define CHAIN "[\"realtime\",\"elevenlabs\",\"receptionist\"]"

static void what_is_not_configured_is_passed_over(void **state)
{
    (void)state;
    assert_string_equal(next(CHAIN, NULL, &bare, "PRO"), "receptionist");
    assert_string_equal(next(CHAIN, NULL, &full, "PRO"), "realtime");
}

static void media_and_platforms_are_of_the_plan_pro(void **state)
{
    (void)state;
    assert_string_equal(next(CHAIN, NULL, &full, "BASIC"), "receptionist");
    assert_string_equal(next("[\"gather\"]", NULL, &full, "FREE"), "gather");
}

static void the_chain_goes_on_behind_the_one_that_failed(void **state)
{
    (void)state;
    assert_string_equal(next(CHAIN, "realtime", &full, "PRO"), "elevenlabs");
    assert_string_equal(next(CHAIN, "elevenlabs", &full, "PRO"), "receptionist");
}

static void the_talk_by_twiml_is_always_last(void **state)
{
    (void)state;
    assert_string_equal(next(CHAIN, "receptionist", &full, "PRO"), "gather");
    assert_string_equal(next("[\"realtime\"]", "realtime", &full, "PRO"), "gather");
    assert_string_equal(next("[]", NULL, &full, "PRO"), "gather");
    assert_string_equal(next("[\"livekit\", 7]", NULL, &full, "PRO"), "gather");
}

static void each_needs_its_own_services(void **state)
{
    wk_config_t hears = {.deepgram_api_key = "key"};

    (void)state;
    assert_string_equal(next("[\"realtime\",\"pipeline\"]", NULL, &hears, "PRO"), "pipeline");
    assert_string_equal(next("[\"pipeline\",\"realtime\"]", NULL, &full, "PRO"), "realtime");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_not_configured_is_passed_over),
        TEST(media_and_platforms_are_of_the_plan_pro),
        TEST(the_chain_goes_on_behind_the_one_that_failed),
        TEST(the_talk_by_twiml_is_always_last),
        TEST(each_needs_its_own_services),
    };

    full.openai_api_key = full.elevenlabs_api_key = "key";
    return RUN("engines", tests);
}
