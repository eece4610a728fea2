/* What models and queries send to a tool: the schema they are given, and what is let through.
 */
#include "worker/agent/tool_args.h"

#include "t/unit/arena.h"

static const char *const colours[] = {"red", "dark blue", NULL};

static va_str_t meant(wk_arena_t *a, const wk_catalogue_t *c, va_str_t text)
{
    (void)a;
    (void)c;
    return va_str_eq(text, VA_STR("rouge")) ? VA_STR("red") : VA_STR_NULL;
}

static const wk_arg_t table[] = {
    {.name = "name", .type = WK_ARG_TEXT, .description = "who", .required = true},
    {.name = "short", .type = WK_ARG_TEXT, .description = "a few letters", .max = 5},
    {.name = "days", .type = WK_ARG_INTEGER, .description = "how many", .min = 1, .max = 60},
    {.name = "any", .type = WK_ARG_INTEGER, .description = "any number"},
    {.name = "price", .type = WK_ARG_NUMBER, .description = "in dollars", .min = 0, .max = 100},
    {.name = "weight", .type = WK_ARG_NUMBER, .description = "any"},
    {.name = "sure", .type = WK_ARG_BOOLEAN, .description = "really"},
    {.name = "colour",
     .type = WK_ARG_TEXT,
     .description = "which",
     .words = colours,
     .meant = meant},
    {.name = "tags", .type = WK_ARG_TEXTS, .description = "some"},
    {.name = "more", .type = WK_ARG_OBJECT, .description = "anything"},
    {.name = NULL},
};

/* The problem with it; NULL: there is none. */
static const char *problem_with(const va_json_t *object)
{
    va_str_t problem = VA_STR_NULL;
    bool ok = wk_args_check(arena, NULL, table, object, &problem);
    assert_int_equal(ok, problem.data == NULL);
    return ok ? NULL : wk_strdup(arena, problem);
}

/* ---------------------------------------------------------------- schema */

static void the_schema_is_a_models(void **state)
{
    static const wk_arg_t some[] = {
        {.name = "name", .type = WK_ARG_TEXT, .description = "a \"name\"", .required = true},
        {.name = "days",
         .type = WK_ARG_INTEGER,
         .description = "how many",
         .min = 1,
         .max = 60},
        {.name = "any", .type = WK_ARG_NUMBER, .description = "a number"},
        {.name = "colour", .type = WK_ARG_TEXT, .description = "which", .words = colours},
        {.name = "tags", .type = WK_ARG_TEXTS, .description = "some", .required = true},
        {.name = NULL},
    };
    va_buf_t text;
    (void)state;
    va_buf_init(&text, wk_mem(arena), 64);
    va_json_writer_t *w = va_json_writer_new(&text);
    wk_args_schema(w, some);
    assert_int_equal(va_json_writer_end(w), VA_OK);
    assert_str(va_buf_str(&text),
               "{\"type\":\"object\",\"properties\":{"
               "\"name\":{\"type\":\"string\",\"description\":\"a \\\"name\\\"\"},"
               "\"days\":{\"type\":\"integer\",\"description\":\"how many\",\"minimum\":1,"
               "\"maximum\":60},"
               "\"any\":{\"type\":\"number\",\"description\":\"a number\"},"
               "\"colour\":{\"type\":\"string\",\"description\":\"which\","
               "\"enum\":[\"red\",\"dark blue\"]},"
               "\"tags\":{\"type\":\"array\",\"description\":\"some\","
               "\"items\":{\"type\":\"string\"}}},\"required\":[\"name\",\"tags\"]}");
}

static void a_tool_without_arguments_has_a_schema(void **state)
{
    static const wk_arg_t none[] = {{.name = NULL}};
    va_buf_t text;
    (void)state;
    va_buf_init(&text, wk_mem(arena), 64);
    va_json_writer_t *w = va_json_writer_new(&text);
    wk_args_schema(w, none);
    assert_int_equal(va_json_writer_end(w), VA_OK);
    assert_str(va_buf_str(&text), "{\"type\":\"object\",\"properties\":{},\"required\":[]}");
}

/* ---------------------------------------------------------------- check */

static void what_fits_is_let_through(void **state)
{
    static const char *const members[] = {
        "\"days\":1",
        "\"days\":60",
        "\"days\":\"7\"",
        "\"days\":\" 7 \"",
        "\"days\":null",
        "\"days\":\"\"",
        "\"any\":-9223372036854775808",
        "\"price\":0",
        "\"price\":99.5",
        "\"price\":\"1e2\"",
        "\"weight\":-1.5e-3",
        "\"sure\":true",
        "\"sure\":\"FALSE\"",
        "\"sure\":\" true \"",
        "\"colour\":\"red\"",
        "\"colour\":\"rouge\"",
        "\"colour\":\" Dark BLUE \"",
        "\"tags\":[]",
        "\"tags\":[\"a\",7,true]",
        "\"more\":{}",
        "\"more\":{\"deep\":[1]}",
        "\"short\":\"12345\"",
        "\"short\":\"\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\"", /* characters, not bytes */
        "\"short\":12345",
        "\"invented\":[1,2,{\"days\":\"x\"}]",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++) {
        const char *problem =
            problem_with(parse_json(wk_printf(arena, "{\"name\":\"V\",%s}", members[i])));
        if (problem != NULL) {
            fail_msg("%s: %s", members[i], problem);
        }
    }
}

static void what_does_not_fit_is_named(void **state)
{
    static const char *const cases[][2] = {
        {"{}", "name is missing: who"},
        {"{\"name\":null}", "name is missing: who"},
        {"{\"name\":\" \\t\\n\"}", "name is missing: who"},
        {"{\"name\":[]}", "name must be a text."},
        {"{\"name\":{}}", "name must be a text."},
        {"{\"name\":\"V\",\"short\":\"123456\"}", "short is too long."},
        {"{\"name\":\"V\",\"days\":0}", "days must be from 1 to 60."},
        {"{\"name\":\"V\",\"days\":61}", "days must be from 1 to 60."},
        {"{\"name\":\"V\",\"days\":\"61\"}", "days must be from 1 to 60."},
        {"{\"name\":\"V\",\"days\":1.5}", "days must be a whole number."},
        {"{\"name\":\"V\",\"days\":\"seven\"}", "days must be a whole number."},
        {"{\"name\":\"V\",\"days\":\"7 days\"}", "days must be a whole number."},
        {"{\"name\":\"V\",\"days\":\"0x10\"}", "days must be a whole number."},
        {"{\"name\":\"V\",\"days\":[7]}", "days must be a whole number."},
        {"{\"name\":\"V\",\"days\":true}", "days must be a whole number."},
        {"{\"name\":\"V\",\"any\":9223372036854775808}", "any must be a whole number."},
        {"{\"name\":\"V\",\"any\":\"99999999999999999999999999999999999\"}",
         "any must be a whole number."},
        {"{\"name\":\"V\",\"weight\":\"nan\"}", "weight must be a number."},
        {"{\"name\":\"V\",\"weight\":\"inf\"}", "weight must be a number."},
        {"{\"name\":\"V\",\"weight\":\"0x1f\"}", "weight must be a number."},
        {"{\"name\":\"V\",\"weight\":\"1e999\"}", "weight must be a number."},
        {"{\"name\":\"V\",\"weight\":\"1\\u0000\"}", "weight must be a number."},
        {"{\"name\":\"V\",\"price\":-0.01}", "price must be from 0 to 100."},
        {"{\"name\":\"V\",\"price\":100.5}", "price must be from 0 to 100."},
        {"{\"name\":\"V\",\"sure\":1}", "sure must be true or false."},
        {"{\"name\":\"V\",\"sure\":\"yes\"}", "sure must be true or false."},
        {"{\"name\":\"V\",\"colour\":\"green\"}", "colour must be one of: red, dark blue."},
        {"{\"name\":\"V\",\"tags\":\"a\"}", "tags must be a list of texts."},
        {"{\"name\":\"V\",\"tags\":[\"a\",{}]}", "tags must be a list of texts."},
        {"{\"name\":\"V\",\"more\":[]}", "more must be an object."},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        const char *problem = problem_with(parse_json(va_str_c(cases[i][0])));
        if (problem == NULL || strcmp(problem, cases[i][1]) != 0) {
            fail_msg("%s: %s", cases[i][0], problem != NULL ? problem : "(let through)");
        }
    }
}

static void a_text_ends_somewhere(void **state)
{
    (void)state;
    for (size_t len = WK_ARG_TEXT_MAX; len <= WK_ARG_TEXT_MAX + 1; len++) {
        char *text = wk_alloc(arena, len + 1);
        memset(text, 'x', len);
        const va_json_t *object = parse_json(wk_printf(arena, "{\"name\":\"%s\"}", text));
        assert_int_equal(problem_with(object) == NULL, len <= WK_ARG_TEXT_MAX);
    }
}

static void what_is_no_object_lacks_everything(void **state)
{
    (void)state;
    assert_string_equal(problem_with(NULL), "name is missing: who");
    assert_string_equal(problem_with(parse_json(VA_STR("[1]"))), "name is missing: who");
}

/* ---------------------------------------------------------------- forms */

static const va_json_t *of_form(const char *text)
{
    va_form_t form;
    assert_int_equal(va_form_parse(wk_mem(arena), exact(va_str_c(text)), &form), VA_OK);
    return wk_args_of_form(arena, table, &form);
}

static void a_query_is_read_like_an_object(void **state)
{
    (void)state;
    const va_json_t *o = of_form("name=J%C3%A9r%C3%B4me&days=7&e5=1&sure=true&days=9&x=1");
    assert_null(problem_with(o));
    assert_int_equal(o->count, 3);
    assert_str(wk_arg_text(o, "name"), "J\xc3\xa9r\xc3\xb4me");
    assert_int_equal(wk_arg_int(o, "days", 0), 7);
    assert_true(wk_arg_bool(o, "sure", false));
    assert_absent(wk_arg_text(o, "x"));
}

/* Decoded values lie side by side: each ends where it ends, the last one too. */
static void a_number_of_a_query_ends_where_it_ends(void **state)
{
    static const char *const queries[] = {"name=V&weight=7&9=1", "name=V&weight=7&e9=1",
                                          "name=V&9=1&weight=7"};
    (void)state;
    for (size_t i = 0; i < sizeof(queries) / sizeof(*queries); i++) {
        const va_json_t *o = of_form(queries[i]);
        assert_case(problem_with(o) == NULL, queries[i]);
        assert_int_equal(wk_arg_int(o, "weight", 0), 7);
    }
}

static void a_query_is_checked_like_an_object(void **state)
{
    (void)state;
    assert_string_equal(problem_with(of_form("name=&days=7")), "name is missing: who");
    assert_string_equal(problem_with(of_form("name=V&days=seven")),
                        "days must be a whole number.");
    assert_string_equal(problem_with(of_form("name=V&tags=a")),
                        "tags must be a list of texts.");
}

/* ---------------------------------------------------------------- reading */

static void what_is_missing_reads_as_the_fallback(void **state)
{
    static const char *const objects[] = {"{}", "{\"x\":null}", "{\"x\":\"\"}",
                                          "{\"x\":\"  \"}"};
    (void)state;
    for (size_t i = 0; i < sizeof(objects) / sizeof(*objects); i++) {
        const va_json_t *o = parse_json(va_str_c(objects[i]));
        assert_absent(wk_arg_text(o, "x"));
        assert_int_equal(wk_arg_int(o, "x", 42), 42);
        assert_true(wk_arg_bool(o, "x", true));
        assert_false(wk_arg_bool(o, "x", false));
    }
}

static void what_is_there_reads_as_it_is(void **state)
{
    (void)state;
    const va_json_t *o = parse_json(VA_STR("{\"t\":\" two words \",\"n\":\" -7 \",\"m\":8,"
                                           "\"b\":\" TRUE \",\"c\":false,\"d\":\"false\","
                                           "\"q\":12.50}"));
    assert_str(wk_arg_text(o, "t"), "two words");
    assert_str(wk_arg_text(o, "q"), "12.50");
    assert_int_equal(wk_arg_int(o, "n", 0), -7);
    assert_int_equal(wk_arg_int(o, "m", 0), 8);
    assert_true(wk_arg_bool(o, "b", false));
    assert_false(wk_arg_bool(o, "c", true));
    assert_false(wk_arg_bool(o, "d", true));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_schema_is_a_models),
        TEST(a_tool_without_arguments_has_a_schema),
        TEST(what_fits_is_let_through),
        TEST(what_does_not_fit_is_named),
        TEST(a_text_ends_somewhere),
        TEST(what_is_no_object_lacks_everything),
        TEST(a_query_is_read_like_an_object),
        TEST(a_number_of_a_query_ends_where_it_ends),
        TEST(a_query_is_checked_like_an_object),
        TEST(what_is_missing_reads_as_the_fallback),
        TEST(what_is_there_reads_as_it_is),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
