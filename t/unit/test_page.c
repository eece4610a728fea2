#include "worker/handlers/page.h"

#include "t/unit/arena.h"

#include "core/base64.h"

#define LIST VA_STR("leads.list")

static void a_cursor_leads_back_to_its_row(void **state)
{
    static const int64_t keys[] = {0, 1, 255, 256, 1767225600000001, ((int64_t)1 << 53)};
    static const char *const ids[] = {"00000000-0000-0000-0000-000000000000",
                                      "ffffffff-ffff-ffff-ffff-ffffffffffff",
                                      "01234567-89ab-cdef-fedc-ba9876543210"};
    char expected[32];
    va_str_t us, id;
    (void)state;
    for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
        for (size_t k = 0; k < sizeof(ids) / sizeof(*ids); k++) {
            va_str_t cursor = wk_cursor_encode(arena, LIST, keys[i], va_str_c(ids[k]));
            assert_int_equal(cursor.len, 36);
            assert_true(wk_cursor_decode(arena, LIST, cursor, &us, &id));
            snprintf(expected, sizeof(expected), "%lld", (long long)keys[i]);
            assert_string_equal(us.data, expected);
            assert_string_equal(id.data, ids[k]);
        }
    }
    va_str_t upper =
        wk_cursor_encode(arena, LIST, 1, VA_STR("01234567-89AB-CDEF-FEDC-BA9876543210"));
    assert_true(wk_cursor_decode(arena, LIST, upper, &us, &id));
    assert_string_equal(id.data, ids[2]);
}

static void a_cursor_needs_no_escape(void **state)
{
    (void)state;
    va_str_t cursor = wk_cursor_encode(arena, LIST, ((int64_t)1 << 53) - 1,
                                       VA_STR("fbfbfbfb-fbfb-fbfb-fbfb-fbfbfbfbfbfb"));
    for (size_t i = 0; i < cursor.len; i++) {
        assert_non_null(
            memchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
                   cursor.data[i], 64));
    }
}

static va_str_t encoded(const uint8_t *bytes, size_t n)
{
    char *text = wk_alloc(arena, VA_BASE64_LEN(n));
    return va_str(text, va_base64url_encode(text, bytes, n));
}

static void what_is_no_cursor_is_refused(void **state)
{
    uint8_t bytes[64] = {0};
    size_t len;
    va_str_t us, id;
    (void)state;
    va_str_t first =
        wk_cursor_encode(arena, LIST, 0, VA_STR("00000000-0000-0000-0000-000000000000"));
    assert_int_equal(va_base64url_decode(bytes, &len, first), VA_OK);
    for (size_t n = 0; n < sizeof(bytes); n++) {
        assert_int_equal(wk_cursor_decode(arena, LIST, encoded(bytes, n), &us, &id), n == 27);
    }
    bytes[1] = 0x20; /* 2^53 */
    assert_true(wk_cursor_decode(arena, LIST, encoded(bytes, 27), &us, &id));
    bytes[7] = 1;
    assert_false(wk_cursor_decode(arena, LIST, encoded(bytes, 27), &us, &id));
    bytes[0] = 0xff; /* before 1970, were it signed */
    assert_false(wk_cursor_decode(arena, LIST, encoded(bytes, 27), &us, &id));
    assert_false(wk_cursor_decode(arena, LIST, VA_STR("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
                                  &us, &id));
    assert_false(wk_cursor_decode(arena, LIST, VA_STR("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA "),
                                  &us, &id));
    assert_false(wk_cursor_decode(arena, LIST, VA_STR("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA+/"),
                                  &us, &id));
    assert_false(wk_cursor_decode(arena, LIST, VA_STR_NULL, &us, &id));
}

static void a_cursor_of_another_list_is_none(void **state)
{
    va_str_t us, id;
    (void)state;
    va_str_t cursor =
        wk_cursor_encode(arena, LIST, 7, VA_STR("01234567-89ab-cdef-fedc-ba9876543210"));
    assert_true(wk_cursor_decode(arena, LIST, cursor, &us, &id));
    assert_false(wk_cursor_decode(arena, VA_STR("calls.list"), cursor, &us, &id));
    assert_false(wk_cursor_decode(arena, VA_STR(""), cursor, &us, &id));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_cursor_leads_back_to_its_row, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_cursor_needs_no_escape, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_cursor_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_cursor_of_another_list_is_none, set_up, tear_down),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
