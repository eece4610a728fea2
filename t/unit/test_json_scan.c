#include "core/json.h"

#include "t/unit/support.h"

#define MAX 8

/* Scans for the pointers, a list ended by NULL, and compares with the values; "-" is absent. */
static void assert_scan(const char *text, const char *const *pointers,
                        const char *const *expected)
{
    va_str_t p[MAX], values[MAX];
    size_t n = 0;

    for (; pointers[n] != NULL; n++)
        p[n] = exact(va_str_c(pointers[n]));
    assert_case(va_json_scan(&test_mem, exact(va_str_c(text)), SIZE_MAX, p, n, values) == VA_OK,
                text);
    for (size_t i = 0; i < n; i++) {
        bool same = strcmp(expected[i], "-") == 0 ? values[i].data == NULL
                                                  : str_is(values[i], expected[i]);

        if (!same)
            fail_msg("%s in %s", pointers[i], text);
    }
}

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

static void members_at_any_depth(void **state)
{
    (void)state;
    assert_scan("{\"type\":\"t\",\"data\":{\"conversation_id\":\"c1\",\"n\":7,\"ok\":true}}",
                LIST("/type", "/data/conversation_id", "/data/n", "/data/ok"),
                LIST("t", "c1", "7", "true"));
    assert_scan("{\"a\":{\"b\":{\"c\":1},\"d\":2},\"e\":3}", LIST("/a/b/c", "/a/d", "/e"),
                LIST("1", "2", "3"));
    assert_scan("{\"a\":{\"x\":1},\"b\":{\"x\":2}}", LIST("/b/x", "/a/x"), LIST("2", "1"));
    assert_scan("{\"f\":false,\"m~n\":1,\"a/b\":2,\"\":3}", LIST("/f", "/m~0n", "/a~1b", "/"),
                LIST("false", "1", "2", "3"));
}

static void what_is_no_scalar_is_absent(void **state)
{
    (void)state;
    assert_scan("{\"z\":null,\"a\":[1],\"o\":{\"x\":1},\"s\":\"\"}",
                LIST("/z", "/a", "/o", "/s", "/missing", "/s/x", "/o/y"),
                LIST("-", "-", "-", "", "-", "-", "-"));
    assert_scan("{\"a\":1}", LIST("a", "", "/a"), LIST("-", "-", "1"));
}

static void elements_of_arrays(void **state)
{
    (void)state;
    assert_scan("[{\"id\":1},[10,[20,21],30],{\"id\":3}]",
                LIST("/0/id", "/2/id", "/1/0", "/1/1/1", "/1/2", "/1/3", "/01"),
                LIST("1", "3", "10", "21", "30", "-", "-"));
    assert_scan("{\"0\":{\"0\":\"x\"},\"l\":[[[]],[],5]}", LIST("/0/0", "/l/2"),
                LIST("x", "5"));
    assert_scan("[[1],[2]]", LIST("/1/0", "/0/0"), LIST("2", "1"));
}

/* A name on the way that is like the next token further down must not match there. */
static void names_match_on_their_own_level_only(void **state)
{
    (void)state;
    assert_scan("{\"x\":{\"b\":1},\"a\":{\"x\":{\"b\":2},\"c\":3},\"b\":4}",
                LIST("/a/b", "/b", "/a/c"), LIST("-", "4", "3"));
    assert_scan("{\"a\":{\"a\":{\"a\":{\"a\":1}}}}", LIST("/a/a", "/a/a/a/a"), LIST("-", "1"));
    assert_scan("{\"deep\":{\"x\":{\"y\":{\"z\":[{\"a\":0}]}}},\"a\":1}", LIST("/a"),
                LIST("1"));
}

static void the_first_of_two_wins(void **state)
{
    (void)state;
    assert_scan("{\"a\":1,\"a\":2,\"b\":3}", LIST("/a", "/b"), LIST("1", "3"));
}

static void text_may_be_cut_off(void **state)
{
    (void)state;
    assert_scan("{\"a\":\"x\",\"b\":{\"c\":1,", LIST("/a", "/b/c"), LIST("x", "1"));
    /* The end of these values is not there: they may go on. */
    assert_scan("{\"a\":12", LIST("/a"), LIST("-"));
    assert_scan("{\"a\":\"xy", LIST("/a"), LIST("-"));
    assert_scan("{\"a\":\"\xc3", LIST("/a"), LIST("-"));
    assert_scan("{\"a\":tru", LIST("/a"), LIST("-"));
    assert_scan("", LIST("/a"), LIST("-"));
}

static void no_more_than_the_limit_is_read(void **state)
{
    const va_str_t text = VA_STR("{\"a\":123,\"b\":456}");
    const va_str_t pointers[] = {VA_STR("/a"), VA_STR("/b")};
    va_str_t values[2];

    (void)state;
    for (size_t limit = 0; limit <= text.len; limit++) {
        assert_int_equal(va_json_scan(&test_mem, exact(text), limit, pointers, 2, values),
                         VA_OK);
        assert_true(str_is(values[0], "123") == (limit >= 9));
        assert_true(str_is(values[1], "456") == (limit >= 17));
        assert_true(values[0].data == NULL || limit >= 9);
        assert_true(values[1].data == NULL || limit >= 17);
    }
}

static void errors_before_the_members_are_told(void **state)
{
    static const char *const bad[] = {
        "x",
        "{a",
        "{\"x\":01,\"a\":1}",
        "{\"x\" 1}",
        "[}",
        "{\"x\":\"\xff\",\"a\":1}",
        "{\"a\":\"\\ud800\\udc00\\udc00\"}",
        "{\"a\":\"\xc0\x80\"}",
        "{\"a\":\"\xed\xa0\x80\"}",
    };
    const va_str_t pointers[] = {VA_STR("/a"), VA_STR("/b")};
    va_str_t values[2];

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        assert_case(va_json_scan(&test_mem, exact(va_str_c(bad[i])), SIZE_MAX, pointers, 2,
                                 values) == VA_ESYNTAX,
                    bad[i]);
        assert_absent(values[0]);
    }
    /* One was found, and goes with the error before the other. */
    assert_int_equal(
        va_json_scan(&test_mem, VA_STR("{\"a\":1,x"), SIZE_MAX, pointers, 2, values),
        VA_ESYNTAX);
    assert_absent(values[0]);
}

static void errors_behind_the_members_are_not_seen(void **state)
{
    (void)state;
    assert_scan("{\"a\":1,\"b\":[2],nonsense", LIST("/a"), LIST("1"));
    assert_scan("{\"o\":{},nonsense", LIST("/o"), LIST("-"));
}

static void nothing_asked_nothing_read(void **state)
{
    (void)state;
    assert_int_equal(va_json_scan(&test_mem, VA_STR("nonsense"), SIZE_MAX, NULL, 0, NULL),
                     VA_OK);
    assert_int_equal(test_memory.allocations, 0);
    assert_scan("nonsense", LIST("no pointer"), LIST("-"));
}

static void the_value_itself(void **state)
{
    (void)state;
    assert_scan("\"x\"", LIST("", "/a"), LIST("x", "-"));
    assert_scan("true", LIST(""), LIST("true"));
    assert_scan("[\"x\"]", LIST(""), LIST("-"));
}

static void values_do_not_point_into_the_text(void **state)
{
    va_str_t text = exact(VA_STR("{\"a\":\"plain\",\"b\":\"esc\\u0061ped\"}"));
    const va_str_t pointers[] = {VA_STR("/a"), VA_STR("/b")};
    va_str_t values[2];

    (void)state;
    assert_int_equal(va_json_scan(&test_mem, text, SIZE_MAX, pointers, 2, values), VA_OK);
    memset((char *)text.data, '!', text.len);
    assert_str(values[0], "plain");
    assert_str(values[1], "escaped");
}

static void deep_documents(void **state)
{
    size_t depth = 30000;
    va_buf_t text;
    const va_str_t pointer = VA_STR("/1");
    va_str_t value;

    (void)state;
    va_buf_init(&text, &test_mem, 0);
    va_buf_add_char(&text, '[');
    for (size_t i = 0; i < depth; i++)
        va_buf_add_char(&text, '[');
    for (size_t i = 0; i < depth; i++)
        va_buf_add_char(&text, ']');
    va_buf_add_c(&text, ",7 ]");
    assert_int_equal(va_json_scan(&test_mem, va_buf_str(&text), SIZE_MAX, &pointer, 1, &value),
                     VA_OK);
    assert_str(value, "7");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(members_at_any_depth),
        TEST(what_is_no_scalar_is_absent),
        TEST(elements_of_arrays),
        TEST(names_match_on_their_own_level_only),
        TEST(the_first_of_two_wins),
        TEST(text_may_be_cut_off),
        TEST(no_more_than_the_limit_is_read),
        TEST(errors_before_the_members_are_told),
        TEST(errors_behind_the_members_are_not_seen),
        TEST(nothing_asked_nothing_read),
        TEST(the_value_itself),
        TEST(values_do_not_point_into_the_text),
        TEST(deep_documents),
    };

    return RUN("json_scan", tests);
}
