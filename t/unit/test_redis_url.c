#include "worker/redis_url.h"

#include "t/unit/arena.h"

static wk_redis_url_t url;
static wk_error_t e;

static void parse(const char *text)
{
    if (!wk_redis_url_parse(arena, text, &url, &e)) {
        fail_msg("%s: %s", text, e.text);
    }
}

static void test_tcp(void **state)
{
    (void)state;
    parse("redis://localhost");
    assert_int_equal(url.kind, WK_REDIS_TCP);
    assert_string_equal(url.hosts[0].name, "localhost");
    assert_int_equal(url.hosts[0].port, 6379);
    assert_int_equal(url.db, 0);
    assert_null(url.user);
    assert_null(url.password);
    parse("redis://u%3Aser:p%40s/s:w@[::1]:7000/15");
    assert_string_equal(url.hosts[0].name, "::1");
    assert_int_equal(url.hosts[0].port, 7000);
    assert_string_equal(url.user, "u:ser");
    assert_string_equal(url.password, "p@s/s:w");
    assert_int_equal(url.db, 15);
    parse("redis://:secret@h/");
    assert_null(url.user);
    assert_string_equal(url.password, "secret");
}

static void test_unix(void **state)
{
    (void)state;
    parse("unix:/run/redis.sock");
    assert_int_equal(url.kind, WK_REDIS_UNIX);
    assert_string_equal(url.path, "/run/redis.sock");
    parse("unix:/run/redis.sock?db=3");
    assert_string_equal(url.path, "/run/redis.sock");
    assert_int_equal(url.db, 3);
    parse("unix://u:p@/run/redis.sock?db=3");
    assert_string_equal(url.path, "/run/redis.sock");
    assert_string_equal(url.user, "u");
    assert_string_equal(url.password, "p");
}

static void test_sentinel(void **state)
{
    (void)state;
    parse("redis+sentinel://u:p@h1:1,[::2],h3/shop?db=2");
    assert_int_equal(url.kind, WK_REDIS_SENTINEL);
    assert_int_equal(url.n_hosts, 3);
    assert_string_equal(url.hosts[0].name, "h1");
    assert_int_equal(url.hosts[0].port, 1);
    assert_string_equal(url.hosts[1].name, "::2");
    assert_int_equal(url.hosts[1].port, 26379);
    assert_string_equal(url.hosts[2].name, "h3");
    assert_string_equal(url.primary, "shop");
    assert_string_equal(url.password, "p");
    assert_int_equal(url.db, 2);
    parse("redis+sentinel://h1/shop/3"); /* as voiceagent_redis takes it, too */
    assert_int_equal(url.n_hosts, 1);
    assert_string_equal(url.primary, "shop");
    assert_int_equal(url.db, 3);
}

static void test_what_is_none_is_refused_without_repeating_it(void **state)
{
    static const char *const bad[] = {
        "",
        "redis://",
        "rediss://h",
        "http://h",
        "redis://h:0",
        "redis://h:65536",
        "redis://h:x",
        "redis://h:",
        "redis://h/x",
        "redis://h/-1",
        "redis://h/9999999",
        "redis://:secret%4@h",
        "redis://:secret%zz@h",
        "redis://[::1",
        "redis://[::1]7000",
        "redis://[]:1",
        "redis:///0",
        "unix:",
        "unix:relative",
        "unix:/s?db=",
        "unix:/s?db=x",
        "unix:/s?x=1",
        "unix://u:p@rel",
        "redis+sentinel://h1",
        "redis+sentinel://h1/",
        "redis+sentinel:///shop",
        "redis+sentinel://h1,,h2/shop",
        "redis+sentinel://h1/shop?db=a",
        "redis+sentinel://h1/shop/a",
        "redis+sentinel://h1//3",
        "redis+sentinel://1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17/shop"};
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        if (wk_redis_url_parse(arena, bad[i], &url, &e)) {
            fail_msg("%s is taken", bad[i]);
        }
        assert_int_equal(e.code, WK_INVALID);
        assert_null(strstr(e.text, "secret"));
    }
}

#define WITH(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(test_tcp),
        WITH(test_unix),
        WITH(test_sentinel),
        WITH(test_what_is_none_is_refused_without_repeating_it),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
