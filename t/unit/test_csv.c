/* CSV: quoted where it must be, and no text a spreadsheet would run. */
#include "worker/handlers/csv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "worker/arena.h"

static const char *field(const char *text)
{
    static wk_arena_t *a;
    va_buf_t out;
    wk_arena_free(a);
    a = wk_arena_new();
    va_buf_init(&out, wk_mem(a), 64);
    wk_csv_field(&out, va_str_c(text), true);
    va_buf_add_char(&out, '\0');
    return out.data;
}

static void a_plain_text_stays_as_it_is(void **state)
{
    (void)state;
    assert_string_equal(field("order_status"), "order_status");
    assert_string_equal(field(""), "");
    assert_string_equal(field("Vélo bleu"), "Vélo bleu");
}

static void what_would_break_the_line_is_quoted(void **state)
{
    (void)state;
    assert_string_equal(field("a,b"), "\"a,b\"");
    assert_string_equal(field("say \"hi\""), "\"say \"\"hi\"\"\"");
    assert_string_equal(field("two\r\nlines"), "\"two\r\nlines\"");
}

static void a_formula_is_a_text(void **state)
{
    (void)state;
    assert_string_equal(field("=1+1"), "'=1+1");
    assert_string_equal(field("+1 416 555"), "'+1 416 555");
    assert_string_equal(field("-1+cmd"), "'-1+cmd");
    assert_string_equal(field("@SUM(A1)"), "'@SUM(A1)");
    assert_string_equal(field("\t=1"), "'\t=1");
    assert_string_equal(field("=HYPERLINK(\"x\",\"y\")"),
                        "\"'=HYPERLINK(\"\"x\"\",\"\"y\"\")\"");
}

static void a_number_is_a_number(void **state)
{
    (void)state;
    assert_string_equal(field("-1.5"), "-1.5");
    assert_string_equal(field("40.0"), "40.0");
    assert_string_equal(field("-"), "'-");
}

static void fields_are_separated_and_lines_end(void **state)
{
    wk_arena_t *a = wk_arena_new();
    va_buf_t out;
    (void)state;
    va_buf_init(&out, wk_mem(a), 64);
    wk_csv_field(&out, VA_STR("a"), true);
    wk_csv_field(&out, VA_STR_NULL, false);
    wk_csv_field(&out, VA_STR("b"), false);
    wk_csv_end_line(&out);
    assert_true(va_str_eq(va_buf_str(&out), VA_STR("a,,b\r\n")));
    wk_arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_text_stays_as_it_is),
        cmocka_unit_test(what_would_break_the_line_is_quoted),
        cmocka_unit_test(a_formula_is_a_text),
        cmocka_unit_test(a_number_is_a_number),
        cmocka_unit_test(fields_are_separated_and_lines_end),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
