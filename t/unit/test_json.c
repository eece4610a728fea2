#include "core/json.h"

#include <math.h>

#include "t/unit/support.h"

static va_status_t parse_with(const char *text, size_t len, va_json_limits_t limits,
                              const va_json_t **root)
{
    va_str_t copy = exact(va_str(text, len));
    va_status_t status = va_json_parse(&test_mem, copy, &limits, root);

    /* The tree must not point into the text. */
    if (len > 0)
        memset((char *)copy.data, '!', len);

    return status;
}

static va_status_t parse(const char *text, const va_json_t **root)
{
    return parse_with(text, strlen(text), VA_JSON_LIMITS_DEFAULT, root);
}

static const va_json_t *parsed(const char *text)
{
    const va_json_t *root;

    assert_case(parse(text, &root) == VA_OK, text);
    return root;
}

static void every_type(void **state)
{
    const va_json_t *root = parsed(" {\"s\":\"x\",\"n\":-1.5e3,\"t\":true,\"f\":false,\"z\":"
                                   "null,\"a\":[1,[],{}],\"o\":{}} ");
    const va_json_t *a = va_json_get(root, "a");

    (void)state;
    assert_int_equal(root->type, VA_JSON_OBJECT);
    assert_int_equal(root->count, 7);
    assert_str(va_json_get_string(root, "s"), "x");
    assert_int_equal(va_json_get(root, "n")->type, VA_JSON_NUMBER);
    assert_str(va_json_get(root, "n")->text, "-1.5e3");
    assert_int_equal(va_json_get(root, "t")->type, VA_JSON_TRUE);
    assert_int_equal(va_json_get(root, "f")->type, VA_JSON_FALSE);
    assert_int_equal(va_json_get(root, "z")->type, VA_JSON_NULL);
    assert_int_equal(va_json_get(root, "o")->count, 0);
    assert_null(va_json_get(root, "o")->first);
    assert_int_equal(a->count, 3);
    assert_str(a->first->text, "1");
    assert_int_equal(a->first->next->type, VA_JSON_ARRAY);
    assert_int_equal(a->first->next->next->type, VA_JSON_OBJECT);
    assert_null(a->first->next->next->next);
    assert_str(root->first->name, "s");
    assert_str(root->first->next->name, "n");
}

static void scalars_at_the_top(void **state)
{
    (void)state;
    assert_int_equal(parsed("12")->type, VA_JSON_NUMBER);
    assert_str(parsed("12")->text, "12");
    assert_str(parsed("\"\"")->text, "");
    assert_int_equal(parsed("null")->type, VA_JSON_NULL);
    assert_int_equal(parsed("true")->type, VA_JSON_TRUE);
}

static void syntax_errors(void **state)
{
    static const char *const bad[] = {
        "",
        " ",
        "{",
        "}",
        "[",
        "[1,]",
        "[1 2]",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{a:1}",
        "{'a':1}",
        "{1:1}",
        "nul",
        "nulll",
        "True",
        "NaN",
        "Infinity",
        "-",
        "+1",
        "01",
        "-01",
        "1.",
        ".5",
        "1e",
        "1e+",
        "0x10",
        "1 2",
        "{} {}",
        "[]]",
        "[] x",
        "\"",
        "\"\\\"",
        "\"\\x41\"",
        "\"\\u12\"",
        "\"\\u12g4\"",
        "\"\t\"",
        "\"\n\"",
        "\"\x01\"",
        "// c\n1",
        "/* c */ 1",
        "[1]//",
        "\xef\xbb\xbf{}",
        "\"a\" \"b\"",
        "[,1]",
        "[1,,2]",
        "{\"a\" 1}",
        "{\"a\":1 \"b\":2}",
        "{\"a\":1}}",
        "tru",
        "[\"a\"",
        "{\"a\":[}",
        "\\",
        "[\\]",
    };
    const va_json_t *root;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        root = (const va_json_t *)&bad;
        assert_case(parse(bad[i], &root) == VA_ESYNTAX, bad[i]);
        assert_case(root == NULL, bad[i]);
    }
    assert_int_equal(parse_with("{}\0", 3, VA_JSON_LIMITS_DEFAULT, &root), VA_ESYNTAX);
    assert_int_equal(parse_with("\"a\0b\"", 5, VA_JSON_LIMITS_DEFAULT, &root), VA_ESYNTAX);
    assert_int_equal(va_json_parse(&test_mem, VA_STR_NULL, &VA_JSON_LIMITS_DEFAULT, &root),
                     VA_ESYNTAX);
}

static void escapes_are_decoded(void **state)
{
    const va_json_t *root =
        parsed("{\"k\\u0065y\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\uD83D\\uDEB2\"}");
    const va_json_t *nul = parsed("[\"a\\u0000b\",\"\\u0000\"]");

    (void)state;
    assert_str(va_json_get_string(root, "key"), "\"\\/\b\f\n\r\t\xc3\xa9\xf0\x9f\x9a\xb2");
    assert_int_equal(nul->first->text.len, 3);
    assert_memory_equal(nul->first->text.data, "a\0b", 4);
    assert_int_equal(nul->first->next->text.len, 1);
}

static void long_string_with_escapes(void **state)
{
    va_buf_t text;
    const va_json_t *root;

    (void)state;
    va_buf_init(&text, &test_mem, 0);
    va_buf_add_char(&text, '"');
    for (int i = 0; i < 20000; i++)
        va_buf_add_c(&text, "\\u00e9x");
    va_buf_add_char(&text, '"');
    assert_int_equal(parse_with(text.data, text.len, VA_JSON_LIMITS_DEFAULT, &root), VA_OK);
    assert_int_equal(root->text.len, 60000);
    assert_memory_equal(root->text.data + 59997, "\xc3\xa9x", 3);
}

/* yajl would make '?', a wrong character, or bytes that are not UTF-8 of these. */
static void lone_surrogates_are_refused(void **state)
{
    static const char *const bad[] = {
        "\"\\ud800\"",
        "\"\\udc00\"",
        "\"\\ud800x\"",
        "\"\\ud800\\u0041\"",
        "\"\\ud800\\ud800\"",
        "\"\\udc00\\ud800\"",
        "\"\\ud83d\\n\"",
        "\"\\uDBFF\"",
        "\"\\udfff\"",
        "{\"\\ud800\":1}",
        "\"\\ud83d\\ud83d\\ude00\"",
        "\"\\\\\\ud800\"",
        "\"\\ud83d\\u\"",
    };
    const va_json_t *root;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        assert_case(parse(bad[i], &root) == VA_ESYNTAX, bad[i]);
    assert_str(parsed("\"\\ud7ff\\ue000\"")->text, "\xed\x9f\xbf\xee\x80\x80");
    assert_str(parsed("\"\\udbff\\udfff\"")->text, "\xf4\x8f\xbf\xbf");
    /* A backslash that is escaped itself begins no escape. */
    assert_str(parsed("\"\\\\ud800\"")->text, "\\ud800");
}

static void invalid_utf8_is_refused(void **state)
{
    static const char *const bad[] = {
        "\"\xff\"",
        "\"\xc3\"",
        "\"\xc0\x80\"",
        "\"\xed\xa0\x80\"",
        "\"\xf4\x90\x80\x80\"",
        "{\"\xc3\":1}",
        "{\"\xe2\x98\":1}",
        "\"\xe0\x80\xaf\"",
    };
    const va_json_t *root;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        assert_case(parse(bad[i], &root) == VA_ESYNTAX, bad[i]);
    assert_str(parsed("\"\xf0\x9f\x9a\xb2\"")->text, "\xf0\x9f\x9a\xb2");
}

static void member_names_are_unique(void **state)
{
    const va_json_t *root;

    (void)state;
    assert_int_equal(parse("{\"a\":1,\"b\":2,\"a\":3}", &root), VA_ESYNTAX);
    assert_int_equal(parse("{\"a\":1,\"\\u0061\":3}", &root), VA_ESYNTAX);
    assert_int_equal(parse("{\"x\":{\"a\":1,\"a\":1}}", &root), VA_ESYNTAX);
    assert_int_equal(parse("{\"\":1,\"\":1}", &root), VA_ESYNTAX);
    assert_int_equal(parsed("{\"a\":{\"a\":1},\"b\":{\"a\":1}}")->count, 2);
    assert_int_equal(parsed("{\"a\":1,\"a\\u0000\":1,\"A\":1}")->count, 3);
}

/* n members "m0", "m1" …, and at the end the one that is given. */
static va_str_t object_of(int n, int last)
{
    va_buf_t text;

    va_buf_init(&text, &test_mem, 0);
    va_buf_add_char(&text, '{');
    for (int i = 0; i < n; i++) {
        va_buf_add_c(&text, "\"m");
        va_buf_add_int(&text, i);
        va_buf_add_c(&text, "\":0,");
    }
    va_buf_add_c(&text, "\"m");
    va_buf_add_int(&text, last);
    va_buf_add_c(&text, "\":0}");

    return va_buf_str(&text);
}

static void member_names_of_large_objects_are_unique(void **state)
{
    static const int sizes[] = {1, 15, 16, 17, 1000, 50000};
    const va_json_t *root;

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        int n = sizes[i];

        assert_int_equal(
            va_json_parse(&test_mem, object_of(n, n), &VA_JSON_LIMITS_DEFAULT, &root), VA_OK);
        assert_int_equal(root->count, n + 1);
        assert_int_equal(
            va_json_parse(&test_mem, object_of(n, n - 1), &VA_JSON_LIMITS_DEFAULT, &root),
            VA_ESYNTAX);
        assert_int_equal(
            va_json_parse(&test_mem, object_of(n, n / 2), &VA_JSON_LIMITS_DEFAULT, &root),
            VA_ESYNTAX);
    }
}

static void limits_hold(void **state)
{
    const va_json_t *root;

    (void)state;
    assert_int_equal(parse_with("[12]", 4, (va_json_limits_t){4, 2, 2}, &root), VA_OK);
    assert_int_equal(parse_with("[12]", 4, (va_json_limits_t){3, 2, 2}, &root), VA_ELIMIT);
    assert_int_equal(parse_with("[12]", 4, (va_json_limits_t){4, 1, 2}, &root), VA_ELIMIT);
    assert_int_equal(parse_with("[12]", 4, (va_json_limits_t){4, 2, 1}, &root), VA_ELIMIT);
    assert_int_equal(parse_with("1", 1, (va_json_limits_t){4, 1, 1}, &root), VA_OK);
    assert_int_equal(parse_with("[]", 2, (va_json_limits_t){4, 1, 1}, &root), VA_OK);
    assert_int_equal(parse_with("{}", 2, (va_json_limits_t){4, 1, 1}, &root), VA_OK);
    assert_int_equal(parse_with("[[]]", 4, (va_json_limits_t){4, 1, 9}, &root), VA_ELIMIT);
    assert_int_equal(parse_with("[[],[]]", 7, (va_json_limits_t){9, 2, 9}, &root), VA_OK);
    assert_int_equal(parse_with("{\"a\":{\"b\":1}}", 13, (va_json_limits_t){99, 3, 9}, &root),
                     VA_OK);
    assert_int_equal(parse_with("{\"a\":{\"b\":1}}", 13, (va_json_limits_t){99, 2, 9}, &root),
                     VA_ELIMIT);
}

static void deep_nesting_is_stopped_early(void **state)
{
    size_t n = 500000;
    char *text = test_alloc(&test_memory, n);
    const va_json_t *root;

    (void)state;
    memset(text, '[', n);
    size_t before = test_memory.allocations;

    assert_int_equal(va_json_parse(&test_mem, va_str(text, n), &VA_JSON_LIMITS_DEFAULT, &root),
                     VA_ELIMIT);
    assert_true(test_memory.allocations - before <= 32);
}

static void whole_numbers(void **state)
{
    static const struct {
        const char *text;
        int64_t value;
    } good[] = {
        {"0", 0},
        {"-0", 0},
        {"0.000", 0},
        {"0e999999999999", 0},
        {"1.0", 1},
        {"1e3", 1000},
        {"1E+3", 1000},
        {"1200e-2", 12},
        {"0.5e1", 5},
        {"0.00012e5", 12},
        {"-12.50e1", -125},
        {"100000000000000000000e-20", 1},
        {"1.00000000000000000000000000000000000000000000", 1},
        {"820982911946154508", 820982911946154508},
        {"9223372036854775807", INT64_MAX},
        {"-9223372036854775808", INT64_MIN},
        {"922337203685477580.7e1", INT64_MAX},
        {"-0.9223372036854775808e19", INT64_MIN},
    };
    static const char *const bad[] = {
        "0.5",
        "1e-1",
        "9223372036854775808",
        "-9223372036854775809",
        "18446744073709551616",
        "99999999999999999999999999",
        "1e19",
        "1e999999999999",
        "1e-999999999999",
        "-1.5",
        "123456789012345678901234567890e-29",
        "18446744073709551615e1",
        "\"1\"",
        "true",
        "null",
        "[1]",
    };
    int64_t n;

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
        n = -1;
        assert_case(va_json_int(parsed(good[i].text), &n), good[i].text);
        assert_case(n == good[i].value, good[i].text);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        assert_case(!va_json_int(parsed(bad[i]), &n), bad[i]);
    assert_false(va_json_int(NULL, &n));
}

static void floating_numbers(void **state)
{
    double d;

    (void)state;
    assert_true(va_json_double(parsed("-1.5e3"), &d));
    assert_true(d == -1500.0);
    assert_true(va_json_double(parsed("1e-400"), &d));
    assert_true(fabs(d) < 1e-300);
    assert_false(va_json_double(parsed("1e400"), &d));
    assert_false(va_json_double(parsed("-1e400"), &d));
    assert_false(va_json_double(parsed("\"1\""), &d));
    assert_false(va_json_double(NULL, &d));
}

static void access_takes_anything(void **state)
{
    const va_json_t *root =
        parsed("{\"s\":\"\",\"n\":1.50,\"t\":true,\"f\":false,\"z\":null,\"a\":[]}");

    (void)state;
    assert_null(va_json_get(NULL, "a"));
    assert_null(va_json_get(va_json_get(root, "a"), "a"));
    assert_null(va_json_get(root, "missing"));
    assert_non_null(va_json_get_n(root, va_str("sxx", 1)));
    assert_str(va_json_string(va_json_get(root, "s")), "");
    assert_absent(va_json_string(va_json_get(root, "n")));
    assert_absent(va_json_string(NULL));
    assert_str(va_json_scalar(va_json_get(root, "n")), "1.50");
    assert_str(va_json_scalar(va_json_get(root, "t")), "true");
    assert_str(va_json_scalar(va_json_get(root, "f")), "false");
    assert_str(va_json_scalar(va_json_get(root, "s")), "");
    assert_absent(va_json_scalar(va_json_get(root, "z")));
    assert_absent(va_json_scalar(va_json_get(root, "a")));
    assert_absent(va_json_scalar(NULL));
    assert_true(va_json_bool(va_json_get(root, "t"), false));
    assert_false(va_json_bool(va_json_get(root, "f"), true));
    assert_true(va_json_bool(va_json_get(root, "s"), true));
    assert_false(va_json_bool(NULL, false));
    assert_false(va_json_is(NULL, VA_JSON_NULL));
    assert_true(va_json_is(va_json_get(root, "z"), VA_JSON_NULL));
}

/* RFC 6901 section 5, and what is no pointer. */
static void pointers(void **state)
{
    const va_json_t *root =
        parsed("{\"foo\":[\"bar\",\"baz\"],\"\":0,\"a/b\":1,\"c%d\":2,\"e^f\":3,\"g|h\":4,"
               "\"i\\\\j\":5,\"k\\\"l\":6,\" \":7,\"m~n\":8,\"x\":{\"\":{\"y\":9}},\"0\":10}");
    static const struct {
        const char *pointer;
        const char *text;
    } good[] = {
        {"/foo/0", "bar"}, {"/foo/1", "baz"}, {"/", "0"},     {"/a~1b", "1"}, {"/c%d", "2"},
        {"/e^f", "3"},     {"/g|h", "4"},     {"/i\\j", "5"}, {"/k\"l", "6"}, {"/ ", "7"},
        {"/m~0n", "8"},    {"/x//y", "9"},    {"/0", "10"},
    };
    static const char *const none[] = {
        "foo",
        "/fo",
        "/fooo",
        "/foo/2",
        "/foo/-",
        "/foo/00",
        "/foo/01",
        "/foo/",
        "/foo/0/0",
        "/foo/1a",
        "/m~n",
        "/a~2b",
        "/m~",
        "/x/y",
        "/c",
        "/foo//0",
        "/foo/+1",
        "/foo/99999999999999999999",
        "/nothing/at/all",
    };

    (void)state;
    assert_ptr_equal(va_json_pointer(root, VA_STR("")), root);
    assert_int_equal(va_json_pointer(root, VA_STR("/foo"))->type, VA_JSON_ARRAY);
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
        const va_json_t *v = va_json_pointer(root, exact(va_str_c(good[i].pointer)));

        assert_case(v != NULL && str_is(v->text, good[i].text), good[i].pointer);
    }
    for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++)
        assert_case(va_json_pointer(root, exact(va_str_c(none[i]))) == NULL, none[i]);
    assert_null(va_json_pointer(NULL, VA_STR("/a")));
    assert_null(va_json_pointer(NULL, VA_STR("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_type),
        TEST(scalars_at_the_top),
        TEST(syntax_errors),
        TEST(escapes_are_decoded),
        TEST(long_string_with_escapes),
        TEST(lone_surrogates_are_refused),
        TEST(invalid_utf8_is_refused),
        TEST(member_names_are_unique),
        TEST(member_names_of_large_objects_are_unique),
        TEST(limits_hold),
        TEST(deep_nesting_is_stopped_early),
        TEST(whole_numbers),
        TEST(floating_numbers),
        TEST(access_takes_anything),
        TEST(pointers),
    };

    return RUN("json", tests);
}
