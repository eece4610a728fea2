/* What a model is told of a call: in an order that the service takes, and as it was heard. */
#include "worker/voice/chat_memory.h"

#include <stdio.h>

#include "core/json.h"
#include "worker/voice/chat_earlier.h"

#include "t/unit/support.h"

static wk_arena_t *a;
static wk_chat_memory_t *m;

static int set_up(void **state)
{
    (void)state;
    a = wk_arena_new();
    m = wk_chat_memory_new();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    wk_chat_memory_free(m);
    wk_arena_free(a);
    return 0;
}

static const char *told(const char *now)
{
    return wk_copy(a, wk_chat_messages(a, m, VA_STR("S"), va_str_c(now))).data;
}

static void what_was_said_in_its_order(void **state)
{
    (void)state;
    wk_chat_agent(m, VA_STR("1"), VA_STR("Hello. "));
    wk_chat_agent(m, VA_STR("1"), VA_STR("How are you?"));
    wk_chat_user(m, VA_STR("fine"));
    assert_string_equal(told(NULL),
                        "[{\"role\":\"system\",\"content\":\"S\"},"
                        "{\"role\":\"assistant\",\"content\":\"Hello. How are you?\"},"
                        "{\"role\":\"user\",\"content\":\"fine\"}]");
    assert_non_null(strstr(told("N"), "fine\"},{\"role\":\"system\",\"content\":\"N\"}]"));
}

static void only_what_was_heard_is_remembered(void **state)
{
    wk_cut_t half = {VA_STR("1"), 500, 1000}, nothing = {VA_STR("2"), 0, 1000};

    (void)state;
    wk_chat_agent(m, VA_STR("1"), VA_STR("one two six ten"));
    wk_chat_agent(m, VA_STR("2"), VA_STR("never heard"));
    wk_chat_cut(m, &half);
    wk_chat_cut(m, &nothing);
    assert_string_equal(told(NULL), "[{\"role\":\"system\",\"content\":\"S\"},"
                                    "{\"role\":\"assistant\",\"content\":\"one two\"}]");
}

static void a_result_stands_behind_its_call(void **state)
{
    (void)state;
    wk_chat_call(m, VA_STR("1"), VA_STR("c1"), VA_STR("look"), VA_STR("{}"));
    wk_chat_user(m, VA_STR("well?"));
    assert_non_null(strstr(told(NULL), "\"content\":null,\"tool_calls\":[{\"id\":\"c1\""));
    assert_non_null(
        strstr(told(NULL), "\"tool_call_id\":\"c1\",\"content\":\"{\\\"success\\\":false"));
    wk_chat_result(m, VA_STR("c1"), VA_STR("found"));
    assert_non_null(strstr(told(NULL), "\"tool_call_id\":\"c1\",\"content\":\"found\"},"
                                       "{\"role\":\"user\",\"content\":\"well?\"}]"));
}

static void the_last_result_is_one_only_until_somebody_speaks(void **state)
{
    (void)state;
    wk_chat_call(m, VA_STR("1"), VA_STR("c1"), VA_STR("look"), VA_STR("{}"));
    assert_null(wk_chat_last_result(m).data);
    wk_chat_result(m, VA_STR("c1"), VA_STR("found"));
    assert_true(va_str_eq(wk_chat_last_result(m), VA_STR("found")));
    wk_chat_user(m, VA_STR("thanks"));
    assert_null(wk_chat_last_result(m).data);
    assert_true(va_str_eq(wk_chat_last_user(m), VA_STR("thanks")));
}

/* The 49th utterance: what came before is one text, and no call without its result. */
static void what_is_too_long_ago_is_told_as_one_text(void **state)
{
    const va_json_t *list;

    (void)state;
    wk_chat_user(m, VA_STR("my name is Zoë"));
    wk_chat_call(m, VA_STR("old"), VA_STR("c1"), VA_STR("look"), VA_STR("{\"n\":1042}"));
    wk_chat_result(m, VA_STR("c1"), VA_STR("shipped"));
    wk_chat_agent(m, VA_STR("old"), VA_STR("It is on its way."));
    for (int i = 0; i < WK_CHAT_MEMORY_MAX - 2; i++) {
        wk_chat_user(m, VA_STR("again"));
    }
    assert_null(strstr(told(NULL), "Earlier"));
    wk_chat_user(m, VA_STR("once more"));
    assert_non_null(strstr(told(NULL), "{\"role\":\"user\",\"content\":\"Earlier in this "
                                       "call:\\nuser: my name is Zoë\\n\"},"));
    wk_chat_user(m, VA_STR("and more"));
    assert_non_null(strstr(told(NULL), "assistant: It is on its way.\\nlook: "
                                       "{\\\"n\\\":1042}\\ntool: shipped\\n\"}"));
    assert_null(strstr(told(NULL), "c1"));
    assert_int_equal(
        va_json_parse(wk_mem(a), va_str_c(told(NULL)), &VA_JSON_LIMITS_DEFAULT, &list), VA_OK);
    assert_int_equal(list->count, 2 + WK_CHAT_MEMORY_MAX);
    /* With the rank of instructions there are the shop's, and nothing that a caller said. */
    assert_null(strstr(told(NULL) + 1, "},{\"role\":\"system\""));
}

/* Half an hour of talk loses nothing; of four hours the beginning and the end stay. */
static void of_a_very_long_talk_beginning_and_end_stay(void **state)
{
    char text[64];
    (void)state;
    wk_chat_user(m, VA_STR("my name is Zoe"));
    for (int i = 0; i < 400; i++) {
        snprintf(text, sizeof(text), "sentence number %d of half an hour, as they are", i);
        wk_chat_user(m, va_str_c(text));
    }
    const char *all = told(NULL);
    for (int i = 0; i < 400; i++) {
        snprintf(text, sizeof(text), "sentence number %d of", i);
        assert_non_null(strstr(all, text));
    }
    for (int i = 400; i < 3000; i++) {
        snprintf(text, sizeof(text), "sentence number %d of half an hour, as they are", i);
        wk_chat_user(m, va_str_c(text));
    }
    all = told(NULL);
    assert_non_null(strstr(all, "my name is Zoe\\nuser: sentence number 0 of"));
    assert_non_null(strstr(all, "\\n(some of it is forgotten)\\nuser: sentence number 2"));
    assert_non_null(strstr(all, "sentence number 2900 of"));
    assert_true(strlen(all) < WK_EARLIER_FIRST + WK_EARLIER_LAST + (16 << 10));
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(what_was_said_in_its_order),
        WITH(only_what_was_heard_is_remembered),
        WITH(a_result_stands_behind_its_call),
        WITH(the_last_result_is_one_only_until_somebody_speaks),
        WITH(what_is_too_long_ago_is_told_as_one_text),
        WITH(of_a_very_long_talk_beginning_and_end_stay),
    };

    return RUN("chat_memory", tests);
}
