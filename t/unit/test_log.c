#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/json.h"
#include "worker/arena.h"
#include "worker/log.h"

static char path[] = "/tmp/voiceagent-log-XXXXXX";
static wk_arena_t *a;

static int setup(void **state)
{
    (void)state;
    a = wk_arena_new();
    assert_int_equal(truncate(path, 0), 0);
    wk_log_context(VA_STR_NULL, VA_STR_NULL, VA_STR_NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    wk_arena_free(a);
    return 0;
}

/* The one line that was logged; NULL when there is none. */
static const va_json_t *logged(void)
{
    char *text = wk_alloc(a, 100000);
    const va_json_t *root;
    FILE *f = fopen(path, "re");
    assert_non_null(f);
    size_t n = fread(text, 1, 99999, f);
    fclose(f);
    if (n == 0) {
        return NULL;
    }
    assert_int_equal(text[n - 1], '\n');
    assert_int_equal(
        va_json_parse(wk_mem(a), va_str(text, n - 1), &VA_JSON_LIMITS_DEFAULT, &root), VA_OK);
    return root;
}

static void field_is(const char *name, const char *expected)
{
    va_str_t text = va_json_scalar(va_json_get(logged(), name));
    assert_int_equal(text.len, strlen(expected));
    assert_memory_equal(text.data, expected, text.len);
}

static void test_a_line_is_a_json_object(void **state)
{
    (void)state;
    wk_log(WK_WARN, "a \"message\"\n", WK_C("text", "line\nend"), WK_I("number", -5));
    field_is("level", "warn");
    field_is("message", "a \"message\"\n");
    field_is("text", "line\nend");
    field_is("number", "-5");
    va_str_t time = va_json_get_string(logged(), "time");
    assert_int_equal(time.len, strlen("2026-01-01T00:00:00.000Z"));
    assert_null(va_json_get(logged(), "job"));
}

static void test_a_line_says_what_is_worked_on(void **state)
{
    char long_id[200];
    (void)state;
    memset(long_id, 'x', sizeof(long_id));
    wk_log_context(va_str(long_id, sizeof(long_id)), VA_STR("sms.send"), VA_STR("trace-1"));
    wk_log_context_org(VA_STR("org-1"));
    wk_log(WK_INFO, "message");
    field_is("type", "sms.send");
    field_is("trace", "trace-1");
    field_is("org", "org-1");
    assert_in_range(va_json_get_string(logged(), "job").len, 40, 199);
}

static void test_less_important_lines_are_left_out(void **state)
{
    (void)state;
    wk_log(WK_DEBUG, "message");
    assert_null(logged());
    wk_log(WK_ALERT, "message");
    field_is("level", "alert");
}

static void test_phone_numbers_keep_four_digits(void **state)
{
    (void)state;
    wk_log(WK_INFO, "m", WK_PHONE("a", VA_STR("+14165551234")), WK_PHONE("b", VA_STR("123")),
           WK_PHONE("c", VA_STR_NULL));
    field_is("a", "***1234");
    field_is("b", "***");
    field_is("c", "***");
}

static void test_any_bytes_can_be_logged(void **state)
{
    (void)state;
    wk_log(WK_INFO, "m", WK_S("bad", VA_STR("a\xff\0é")), WK_S("good", VA_STR("é")),
           WK_S("none", VA_STR_NULL));
    field_is("bad", "a????");
    field_is("good", "é");
    field_is("none", "");
}

static void test_long_values_are_cut_between_characters(void **state)
{
    char *text = wk_alloc(a, 50001);
    (void)state;
    for (int i = 0; i < 25000; i++) {
        memcpy(text + 2 * i, "é", 2);
    }
    wk_log(WK_INFO, "m", WK_S("text", va_str(text + 1, 49999)));
    field_is("message", "m");
    assert_int_equal(truncate(path, 0), 0);
    wk_log(WK_INFO, "m", WK_S("text", va_str(text, 50000)));
    va_str_t cut = va_json_get_string(logged(), "text");
    assert_in_range(cut.len, 1000, 4000);
    assert_memory_equal(cut.data, text, cut.len);
}

static void test_many_long_values_never_stop_a_log(void **state)
{
    wk_field_t fields[20];
    char *text = wk_alloc(a, 2001);
    (void)state;
    memset(text, 1, 2000); /* each becomes six characters */
    for (int i = 0; i < 20; i++) {
        fields[i] = WK_C("text", text);
    }
    errno = EINTR;
    wk_log_fields(WK_INFO, "m", fields, 20);
    assert_int_equal(errno, EINTR);
    assert_non_null(logged());
}

static void test_a_moved_file_is_opened_again(void **state)
{
    char moved[64];
    (void)state;
    snprintf(moved, sizeof(moved), "%s.1", path);
    wk_log(WK_INFO, "before");
    assert_int_equal(rename(path, moved), 0);
    wk_log(WK_INFO, "still before");
    wk_log_reopen();
    wk_log(WK_INFO, "after");
    field_is("message", "after");
    unlink(moved);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_line_is_a_json_object),
        TEST(test_a_line_says_what_is_worked_on),
        TEST(test_less_important_lines_are_left_out),
        TEST(test_phone_numbers_keep_four_digits),
        TEST(test_any_bytes_can_be_logged),
        TEST(test_long_values_are_cut_between_characters),
        TEST(test_many_long_values_never_stop_a_log),
        TEST(test_a_moved_file_is_opened_again),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    close(mkstemp(path));
    if (!wk_log_open(path, WK_INFO)) {
        return 1;
    }
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    return failed;
}
