#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "worker/secretbox.h"

#define ONE "one:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define TWO "two:ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8="

static const wk_config_t old_key = {.encryption_keys = ONE};
static const wk_config_t both_keys = {.encryption_keys = TWO "," ONE};
static const wk_config_t new_key = {.encryption_keys = TWO};
static const wk_config_t no_key = {.encryption_keys = NULL};

static const wk_secret_place_t place = {"integrations",
                                        "refresh_token",
                                        {"11111111-1111-4111-8111-111111111111", 36},
                                        {"google_calendar", 15}};

static int make_arena(void **state)
{
    *state = wk_arena_new();
    return 0;
}

static int free_arena(void **state)
{
    wk_arena_free(*state);
    return 0;
}

static va_str_t sealed(wk_arena_t *a, const wk_config_t *c, const char *plain)
{
    va_str_t out;
    wk_error_t e;
    assert_true(wk_secret_seal(c, a, &place, va_str_c(plain), &out, &e));
    return out;
}

static bool opens(wk_arena_t *a, const wk_config_t *c, const wk_secret_place_t *at,
                  va_str_t value, const char *plain)
{
    va_str_t out;
    wk_error_t e;
    if (!wk_secret_open(c, a, at, value, &out, &e)) {
        assert_int_equal(e.code, WK_INTERNAL);
        assert_null(out.data);
        return false;
    }
    return va_str_eq(out, va_str_c(plain));
}

static void test_what_was_sealed_opens(void **state)
{
    va_str_t value = sealed(*state, &old_key, "1//refresh");
    assert_memory_equal(value.data, "\\x036f6e65", 10); /* 3, "one" */
    assert_int_equal(value.len, 2 + 2 * (1 + 3 + 12 + 16 + 10));
    assert_true(opens(*state, &old_key, &place, value, "1//refresh"));
    assert_true(opens(*state, &old_key, &place, sealed(*state, &old_key, ""), ""));
}

static void test_no_two_are_alike(void **state)
{
    va_str_t a = sealed(*state, &old_key, "same"), b = sealed(*state, &old_key, "same");
    assert_false(va_str_eq(a, b));
}

static void test_an_absent_value_stays_absent(void **state)
{
    va_str_t out;
    wk_error_t e;
    assert_true(wk_secret_seal(&old_key, *state, &place, VA_STR_NULL, &out, &e));
    assert_null(out.data);
    assert_true(wk_secret_open(&old_key, *state, &place, VA_STR_NULL, &out, &e));
    assert_null(out.data);
}

static void test_keys_rotate(void **state)
{
    va_str_t value = sealed(*state, &old_key, "secret");
    assert_true(opens(*state, &both_keys, &place, value, "secret"));
    assert_false(opens(*state, &new_key, &place, value, "secret"));
    assert_true(
        opens(*state, &new_key, &place, sealed(*state, &both_keys, "secret"), "secret"));
    assert_true(va_str_eq(wk_secret_key_id(&both_keys), VA_STR("two")));
    assert_null(wk_secret_key_id(&no_key).data);
}

static void test_without_a_key_nothing_is_stored(void **state)
{
    va_str_t out;
    wk_error_t e;
    assert_false(wk_secret_seal(&no_key, *state, &place, VA_STR("secret"), &out, &e));
    assert_null(out.data);
}

static void test_it_opens_nowhere_else(void **state)
{
    va_str_t value = sealed(*state, &old_key, "secret");
    wk_secret_place_t other[4] = {place, place, place, place};
    other[0].table = "sync_tokens";
    other[1].column = "access_token";
    other[2].organization = VA_STR("22222222-2222-4222-8222-222222222222");
    other[3].row = VA_STR("shopify");
    for (size_t i = 0; i < 4; i++) {
        assert_false(opens(*state, &old_key, &other[i], value, "secret"));
    }
}

static void test_a_changed_value_does_not_open(void **state)
{
    va_str_t value = sealed(*state, &old_key, "secret");
    for (size_t i = 2; i < value.len; i++) {
        char *text = wk_strdup(*state, value);
        text[i] = text[i] == '0' ? '1' : '0';
        assert_false(opens(*state, &old_key, &place, va_str(text, value.len), "secret"));
    }
    for (size_t n = 0; n < value.len; n++) {
        assert_false(opens(*state, &old_key, &place, va_str(value.data, n), "secret"));
    }
    assert_false(opens(*state, &old_key, &place, VA_STR("\\xzz"), "secret"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_was_sealed_opens),
        cmocka_unit_test(test_no_two_are_alike),
        cmocka_unit_test(test_an_absent_value_stays_absent),
        cmocka_unit_test(test_keys_rotate),
        cmocka_unit_test(test_without_a_key_nothing_is_stored),
        cmocka_unit_test(test_it_opens_nowhere_else),
        cmocka_unit_test(test_a_changed_value_does_not_open),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, make_arena, free_arena);
}
