#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "worker/db_error.h"
#include "worker/error.h"

static void test_an_error_is_set_whole(void **state)
{
    wk_error_t e;
    (void)state;
    memset(&e, 0xff, sizeof(e));
    assert_false(wk_error(&e, WK_REFUSED, "no %s", "money"));
    assert_int_equal(e.code, WK_REFUSED);
    assert_int_equal(e.retry_after_ms, 0);
    assert_string_equal(e.sqlstate, "");
    assert_string_equal(e.detail, "");
    assert_string_equal(e.text, "no money");
}

static void test_context_goes_before(void **state)
{
    wk_error_t e;
    (void)state;
    wk_error(&e, WK_UNAVAILABLE, "refused");
    e.retry_after_ms = 5;
    assert_false(wk_error_wrap(&e, "connect to %s", "host"));
    wk_error_wrap(&e, "order");
    assert_string_equal(e.text, "order: connect to host: refused");
    assert_int_equal(e.code, WK_UNAVAILABLE);
    assert_int_equal(e.retry_after_ms, 5);
}

static void test_long_texts_are_cut_at_the_end(void **state)
{
    char many[1000];
    wk_error_t e;
    (void)state;
    memset(many, 'x', sizeof(many) - 1);
    many[sizeof(many) - 1] = '\0';
    wk_error(&e, WK_INTERNAL, "%s", many);
    assert_int_equal(strlen(e.text), sizeof(e.text) - 1);
    wk_error_wrap(&e, "a");
    assert_int_equal(strlen(e.text), sizeof(e.text) - 1);
    assert_memory_equal(e.text, "a: xxx", 6);
    wk_error_wrap(&e, "%s", many);
    assert_int_equal(strlen(e.text), sizeof(e.text) - 1);
    wk_error(&e, WK_INTERNAL, "end");
    wk_error_wrap(&e, "%.*s", (int)sizeof(e.text) - 6, many);
    assert_string_equal(e.text + strlen(e.text) - 5, ": end");
}

static void test_codes_have_names_and_some_pass(void **state)
{
    (void)state;
    for (int code = WK_OK; code <= WK_INTERNAL; code++) {
        wk_error_t e = {.code = (wk_code_t)code};
        assert_true(strlen(wk_code_name(e.code)) > 0);
        assert_int_equal(wk_error_retryable(&e), code == WK_UNAVAILABLE || code == WK_TIMEOUT);
    }
    assert_string_equal(wk_code_name(WK_NOT_FOUND), "not_found");
}

static void test_sqlstates_have_classes(void **state)
{
    static const struct {
        const char *sqlstate;
        wk_code_t code;
        bool fatal;
    } cases[] = {
        {"23505", WK_CONFLICT, false},    {"23P01", WK_CONFLICT, false},
        {"40001", WK_UNAVAILABLE, false}, {"40P01", WK_UNAVAILABLE, false},
        {"55P03", WK_UNAVAILABLE, false}, {"55000", WK_CONFLICT, false},
        {"57014", WK_TIMEOUT, false},     {"57P01", WK_UNAVAILABLE, true},
        {"08006", WK_UNAVAILABLE, true},  {"53300", WK_UNAVAILABLE, false},
        {"25006", WK_UNAVAILABLE, true},  {"22P02", WK_INVALID, false},
        {"42501", WK_FORBIDDEN, false},   {"P0002", WK_NOT_FOUND, false},
        {"42P01", WK_INTERNAL, false},    {"XX000", WK_INTERNAL, false},
        {"", WK_INTERNAL, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        assert_int_equal(wk_sqlstate_code(cases[i].sqlstate), cases[i].code);
        assert_int_equal(wk_sqlstate_fatal(cases[i].sqlstate), cases[i].fatal);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_error_is_set_whole),
        cmocka_unit_test(test_context_goes_before),
        cmocka_unit_test(test_long_texts_are_cut_at_the_end),
        cmocka_unit_test(test_codes_have_names_and_some_pass),
        cmocka_unit_test(test_sqlstates_have_classes),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
