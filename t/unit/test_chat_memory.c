/* What a model is told of a call: in an order that the service takes, and as it was heard. */
#include "worker/voice/chat_memory.h"

#include "core/json.h"

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

static void the_oldest_are_forgotten_with_their_tools(void **state)
{
    const va_json_t *list;

    (void)state;
    wk_chat_call(m, VA_STR("old"), VA_STR("c1"), VA_STR("look"), VA_STR("{}"));
    for (int i = 0; i < WK_CHAT_MEMORY_MAX; i++)
        wk_chat_user(m, VA_STR("again"));
    wk_chat_result(m, VA_STR("c1"), VA_STR("too late"));
    assert_int_equal(
        va_json_parse(wk_mem(a), va_str_c(told(NULL)), &VA_JSON_LIMITS_DEFAULT, &list), VA_OK);
    assert_int_equal(list->count, 1 + WK_CHAT_MEMORY_MAX);
    assert_null(strstr(told(NULL), "c1"));
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(what_was_said_in_its_order),
        WITH(only_what_was_heard_is_remembered),
        WITH(a_result_stands_behind_its_call),
        WITH(the_last_result_is_one_only_until_somebody_speaks),
        WITH(the_oldest_are_forgotten_with_their_tools),
    };

    return RUN("chat_memory", tests);
}
