#include "core/json.h"

#include "t/unit/support.h"

static va_buf_t buf;
static va_json_writer_t *w;

static void begin(void)
{
    va_buf_init(&buf, &test_mem, 0);
    w = va_json_writer_new(&buf);
    assert_non_null(w);
}

static void every_kind_of_value(void **state)
{
    (void)state;
    begin();
    va_json_object(w);
    va_json_add_str(w, "s", VA_STR("x"));
    va_json_add_str(w, "absent", VA_STR_NULL);
    va_json_add_str(w, "empty", VA_STR(""));
    va_json_add_c(w, "c", "y");
    va_json_add_c(w, "none", NULL);
    va_json_add_int(w, "i", INT64_MIN);
    va_json_add_bool(w, "t", true);
    va_json_add_bool(w, "f", false);
    va_json_key_n(w, va_str("key!", 3));
    va_json_array(w);
    va_json_put_number(w, VA_STR("1.50e+3"));
    va_json_put_value(w, NULL);
    va_json_put_raw(w, VA_STR("{\"r\": 1}"));
    va_json_object(w);
    va_json_object_end(w);
    va_json_array(w);
    va_json_array_end(w);
    va_json_put_c(w, "z");
    va_json_array_end(w);
    va_json_object_end(w);
    assert_int_equal(va_json_writer_end(w), VA_OK);
    assert_str(va_buf_str(&buf),
               "{\"s\":\"x\",\"absent\":null,\"empty\":\"\",\"c\":\"y\",\"none\":null,"
               "\"i\":-9223372036854775808,\"t\":true,\"f\":false,"
               "\"key\":[1.50e+3,null,{\"r\": 1},{},[],\"z\"]}");
}

static void output_is_appended(void **state)
{
    (void)state;
    va_buf_init(&buf, &test_mem, 0);
    va_buf_add_c(&buf, "data: ");
    w = va_json_writer_new(&buf);
    va_json_put_int(w, 1);
    assert_int_equal(va_json_writer_end(w), VA_OK);
    assert_str(va_buf_str(&buf), "data: 1");
}

static void strings_are_escaped(void **state)
{
    (void)state;
    begin();
    va_json_array(w);
    va_json_put_str(w, VA_STR("\"\\/\b\f\n\r\t\x01\x1f\x7f"));
    va_json_put_str(w, VA_STR("a\0b"));
    va_json_put_str(w, VA_STR("\xc3\xa9\xf0\x9f\x9a\xb2"));
    va_json_array_end(w);
    assert_int_equal(va_json_writer_end(w), VA_OK);
    assert_str(va_buf_str(&buf),
               "[\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001F\x7f\",\"a\\u0000b\","
               "\"\xc3\xa9\xf0\x9f\x9a\xb2\"]");
}

static void put_invalid_text(void)
{
    va_json_put_str(w, VA_STR("\xc3"));
}

static void put_surrogate(void)
{
    va_json_put_str(w, VA_STR("\xed\xa0\x80"));
}

static void put_invalid_name(void)
{
    va_json_object(w);
    va_json_add_int(w, "\xff", 1);
    va_json_object_end(w);
}

static void put_two_documents(void)
{
    va_json_put_int(w, 1);
    va_json_put_int(w, 2);
}

static void put_nothing(void)
{
}

static void put_open_array(void)
{
    va_json_array(w);
}

static void put_value_without_name(void)
{
    va_json_object(w);
    va_json_put_c(w, "x");
    va_json_object_end(w);
}

static void put_name_without_value(void)
{
    va_json_object(w);
    va_json_key(w, "x");
    va_json_object_end(w);
}

static void put_two_names(void)
{
    va_json_object(w);
    va_json_key(w, "x");
    va_json_key(w, "y");
}

static void put_name_in_array(void)
{
    va_json_array(w);
    va_json_key(w, "x");
    va_json_array_end(w);
}

static void put_name_at_the_top(void)
{
    va_json_key(w, "x");
}

static void put_wrong_end(void)
{
    va_json_array(w);
    va_json_object_end(w);
}

static void put_other_wrong_end(void)
{
    va_json_object(w);
    va_json_array_end(w);
}

static void put_end_without_begin(void)
{
    va_json_array_end(w);
}

static void put_end_too_many(void)
{
    va_json_object(w);
    va_json_object_end(w);
    va_json_object_end(w);
}

static void put_bad_number(void)
{
    va_json_put_number(w, VA_STR("01"));
}

static void numbers_follow_the_grammar(void **state)
{
    static const char *const good[] = {"0",        "-0",   "10",  "1.0",
                                       "-1.5e+10", "2E-3", "0.0", "1e05"};
    static const char *const bad[] = {
        "-",  "+1",  ".5", "1.", "1.e1", "1e",    "1e+",
        "1x", "0x1", "1 ", " 1", "--1",  "1.2.3", "00",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
        begin();
        va_json_put_number(w, va_str_c(good[i]));
        assert_case(va_json_writer_end(w) == VA_OK, good[i]);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        begin();
        va_json_put_number(w, va_str_c(bad[i]));
        assert_case(va_json_writer_end(w) == VA_ESYNTAX, bad[i]);
    }
    begin();
    va_json_put_number(w, VA_STR("1\0"));
    assert_int_equal(va_json_writer_end(w), VA_ESYNTAX);
}

static void put_absent_number(void)
{
    va_json_put_number(w, VA_STR_NULL);
}

static void put_empty_raw(void)
{
    va_json_array(w);
    va_json_put_raw(w, VA_STR_NULL);
    va_json_array_end(w);
}

static void errors_are_told(void **state)
{
    static const struct {
        const char *name;
        void (*put)(void);
    } cases[] = {
        {"invalid UTF-8", put_invalid_text},
        {"surrogate", put_surrogate},
        {"invalid UTF-8 in a name", put_invalid_name},
        {"two documents", put_two_documents},
        {"no document", put_nothing},
        {"open array", put_open_array},
        {"value without name", put_value_without_name},
        {"name without value", put_name_without_value},
        {"two names", put_two_names},
        {"name in array", put_name_in_array},
        {"name at the top", put_name_at_the_top},
        {"array ended as object", put_wrong_end},
        {"object ended as array", put_other_wrong_end},
        {"end without begin", put_end_without_begin},
        {"one end too many", put_end_too_many},
        {"bad number", put_bad_number},
        {"absent number", put_absent_number},
        {"empty raw text", put_empty_raw},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        begin();
        cases[i].put();
        assert_case(va_json_writer_end(w) == VA_ESYNTAX, cases[i].name);
    }
}

static void errors_stick(void **state)
{
    size_t len;

    (void)state;
    begin();
    va_json_array(w);
    va_json_key(w, "wrong");
    len = buf.len;
    va_json_put_int(w, 1);
    va_json_put_c(w, "x");
    va_json_put_bool(w, true);
    va_json_put_null(w);
    va_json_put_number(w, VA_STR("1"));
    va_json_put_raw(w, VA_STR("1"));
    va_json_put_value(w, &(va_json_t){.type = VA_JSON_NULL});
    va_json_object(w);
    va_json_object_end(w);
    va_json_key(w, "a");
    va_json_array_end(w);
    assert_int_equal(buf.len, len);
    assert_int_equal(va_json_writer_end(w), VA_ESYNTAX);
}

static va_status_t nest(int depth)
{
    begin();
    for (int i = 0; i < depth; i++)
        va_json_array(w);
    for (int i = 0; i < depth; i++)
        va_json_array_end(w);

    return va_json_writer_end(w);
}

static void depth_is_limited(void **state)
{
    (void)state;
    assert_int_equal(nest(127), VA_OK);
    assert_int_equal(nest(128), VA_ELIMIT);
    assert_int_equal(nest(1000), VA_ELIMIT);
}

static void limit_of_the_buffer_is_told(void **state)
{
    (void)state;
    begin();
    buf.max = 10;
    va_json_put_c(w, "0123456789");
    assert_int_equal(va_json_writer_end(w), VA_ELIMIT);
}

static void without_writer_nothing_happens(void **state)
{
    (void)state;
    w = NULL;
    va_json_object(w);
    va_json_add_int(w, "a", 1);
    va_json_add_str(w, "b", VA_STR("x"));
    va_json_add_bool(w, "c", true);
    va_json_put_value(w, &(va_json_t){.type = VA_JSON_NULL});
    va_json_put_number(w, VA_STR("1"));
    va_json_object_end(w);
    assert_int_equal(va_json_writer_end(w), VA_ENOMEM);
}

static void parsed_trees_come_back(void **state)
{
    static const char *const documents[] = {
        "null",
        "\"\"",
        "[]",
        "{}",
        "[1,-0.50,1e400,820982911946154508,true,false,null,\"a\\u0000\\\"\"]",
        "{\"a\":{\"b\":[{\"c\":[]},{}]},\"\":\"\\n\",\"\xc3\xa9\":\"\xf0\x9f\x9a\xb2\"}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(documents) / sizeof(*documents); i++) {
        begin();
        va_json_put_value(w, parse_json(va_str_c(documents[i])));
        assert_int_equal(va_json_writer_end(w), VA_OK);
        assert_str(va_buf_str(&buf), documents[i]);
    }
}

static void tree_deeper_than_the_writer(void **state)
{
    const va_json_limits_t deep = {1 << 20, 100000, 100000};
    size_t n = 20000;
    char *text = test_alloc(&test_memory, 2 * n);
    const va_json_t *root;

    (void)state;
    memset(text, '[', n);
    memset(text + n, ']', n);
    assert_int_equal(va_json_parse(&test_mem, va_str(text, 2 * n), &deep, &root), VA_OK);
    begin();
    va_json_put_value(w, root);
    assert_int_equal(va_json_writer_end(w), VA_ELIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_kind_of_value),
        TEST(output_is_appended),
        TEST(strings_are_escaped),
        TEST(errors_are_told),
        TEST(numbers_follow_the_grammar),
        TEST(errors_stick),
        TEST(depth_is_limited),
        TEST(limit_of_the_buffer_is_told),
        TEST(without_writer_nothing_happens),
        TEST(parsed_trees_come_back),
        TEST(tree_deeper_than_the_writer),
    };

    return RUN("json_writer", tests);
}
