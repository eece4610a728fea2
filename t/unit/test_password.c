#include "worker/password.h"

#include "t/unit/arena.h"

#define COST 1

static wk_error_t e;

static bool matches(const char *password, const char *hash)
{
    bool yes;
    if (!wk_password_verify(arena, va_str_c(password), va_str_c(hash), COST, &yes, &e)) {
        fail_msg("%s: %s", hash, e.text);
    }
    return yes;
}

static const char *hash_of(const char *password, int cost)
{
    va_str_t hash;
    if (!wk_password_hash(arena, va_str_c(password), cost, &hash, &e)) {
        fail_msg("%s", e.text);
    }
    return hash.data;
}

/* bcrypt: of Openwall's crypt_blowfish; yescrypt: made by mkpasswd. */
static void hashes_of_others_are_verified(void **state)
{
    static const struct {
        const char *hash, *password;
    } vectors[] = {
        {"$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U"},
        {"$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK", "U*U*"},
        {"$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U"},
        {"$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U"},
        {"$y$j9T$YU069zQfxVdfG1/PBpycR.$00JQVVWaqlRVeBGlvWKmzsSkefJ3VCbTUcqcWGtDzw2",
         "demo-password"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(vectors) / sizeof(*vectors); i++) {
        assert_true(matches(vectors[i].password, vectors[i].hash));
        assert_false(matches("U*U**", vectors[i].hash));
        assert_false(matches("", vectors[i].hash));
    }
}

static void a_hash_is_yescrypt_with_a_salt_of_its_own(void **state)
{
    (void)state;
    const char *a = hash_of("correct horse", COST), *b = hash_of("correct horse", COST);
    assert_int_equal(strncmp(a, "$y$j75$", 7), 0);
    assert_string_not_equal(a, b);
    assert_true(matches("correct horse", a));
    assert_true(matches("correct horse", b));
    assert_false(matches("correct horsf", a));
}

/* Only what the work factor can be trusted of; $2x$ is bcrypt with the sign bug. */
static void other_methods_match_nothing(void **state)
{
    static const char *const hashes[] = {
        NULL,
        "",
        "*",
        "x",
        "$",
        "$y$",
        "$2",
        "$1$abcdefgh$irWbblnpmw.5z7wgBnprh0",
        "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjlO/"
        "O817G3uBnIFNjnQJuesI68OTLiBFdcbYEdFCoEOfaS35inz1",
        "rl0uE0wi41Jdk",
        "$2x$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "U*U",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(hashes) / sizeof(*hashes); i++) {
        assert_false(matches("U*U", hashes[i]));
        assert_false(matches("", hashes[i]));
    }
}

static void a_broken_hash_is_our_fault(void **state)
{
    bool yes = true;
    (void)state;
    assert_false(
        wk_password_verify(arena, VA_STR("x"), VA_STR("$2b$99$garbage"), COST, &yes, &e));
    assert_int_equal(e.code, WK_INTERNAL);
    assert_false(yes);
}

static void a_password_is_text_of_a_certain_length(void **state)
{
    char text[WK_PASSWORD_MAX + 1];
    va_str_t hash;
    bool yes;
    (void)state;
    memset(text, 'x', sizeof(text));
    assert_true(wk_password_hash(arena, va_str(text, WK_PASSWORD_MAX), COST, &hash, &e));
    assert_true(wk_password_verify(arena, va_str(text, WK_PASSWORD_MAX), hash, COST, &yes, &e));
    assert_true(yes);
    text[WK_PASSWORD_MAX - 1] = 'y';
    assert_true(wk_password_verify(arena, va_str(text, WK_PASSWORD_MAX), hash, COST, &yes, &e));
    assert_false(yes);
    assert_false(wk_password_hash(arena, va_str(text, WK_PASSWORD_MAX + 1), COST, &hash, &e));
    assert_int_equal(e.code, WK_INVALID);
    assert_false(wk_password_hash(arena, va_str("a\0b", 3), COST, &hash, &e));
    assert_int_equal(e.code, WK_INVALID);
    assert_false(wk_password_verify(arena, va_str("a\0b", 3), hash, COST, &yes, &e));
}

static void a_cost_beyond_yescrypts_is_refused(void **state)
{
    va_str_t hash;
    (void)state;
    assert_false(wk_password_hash(arena, VA_STR("x"), WK_PASSWORD_COST_MAX + 1, &hash, &e));
    assert_int_equal(e.code, WK_INTERNAL);
    assert_false(wk_password_hash(arena, VA_STR("x"), 0, &hash, &e));
}

static void a_hash_is_outdated_when_a_new_one_is_stronger(void **state)
{
    static const char *const by_cost[] = {NULL,      "$y$j75$", "$y$j85$", "$y$j7T$",
                                          "$y$j8T$", "$y$j9T$", "$y$jAT$", "$y$jBT$",
                                          "$y$jCT$", "$y$jDT$", "$y$jET$", "$y$jFT$"};
    (void)state;
    for (int have = 1; have <= WK_PASSWORD_COST_MAX; have++) {
        va_str_t hash = wk_printf(arena, "%sYU069zQfxVdfG1/PBpycR.$00JQ", by_cost[have]);
        for (int want = 1; want <= WK_PASSWORD_COST_MAX; want++) {
            assert_int_equal(wk_password_outdated(hash, want), have < want);
        }
    }
    assert_true(wk_password_outdated(
        VA_STR("$2b$15$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"), 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(hashes_of_others_are_verified, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_hash_is_yescrypt_with_a_salt_of_its_own, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(other_methods_match_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_broken_hash_is_our_fault, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_password_is_text_of_a_certain_length, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_cost_beyond_yescrypts_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_hash_is_outdated_when_a_new_one_is_stronger, set_up,
                                        tear_down),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
