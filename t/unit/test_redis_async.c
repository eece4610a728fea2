/* Redis from a loop: a server that is gone without a word is noticed, and one that takes
 * nothing any more is left.
 */
#include "worker/clock.h"
#include "worker/voice/redis_async.h"

#include "t/unit/support.h"

#include "t/unit/redis_fake.h"

#define SUBSCRIBED "*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n"
#define MESSAGE    "*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$5\r\nhello\r\n"

static uv_loop_t loop;
static wk_aredis_t *redis;
static int ready, messages;
static int deaf_from; /* the first connection answers so many subscriptions */
static int subscribed;

static const char *refusal; /* what the first connection says to a write */

static void fake_command(fake_client_t *client, const va_str_t *argv, size_t argc)
{
    if (refusal != NULL && fake.connections == 1 && va_str_eq(argv[0], VA_STR("SET"))) {
        fake_reply(client, refusal);
        return;
    }
    if (argc != 2 || !va_str_eq(argv[0], VA_STR("SUBSCRIBE"))) {
        fake_reply(client, "+OK\r\n");
        return;
    }
    subscribed++;
    if (fake.connections > 1 || subscribed <= deaf_from) {
        fake_reply(client, SUBSCRIBED);
        fake_reply(client, MESSAGE);
    }
}

static void on_ready(void *ctx)
{
    (void)ctx;
    ready++;
}

static void on_message(void *ctx, va_str_t text)
{
    (void)ctx;
    assert_true(va_str_eq(text, VA_STR("hello")));
    messages++;
}

static int asked, answered; /* writes */

static void on_answer(void *ctx, const redisReply *reply)
{
    (void)ctx;
    asked = 0;
    answered += reply != NULL;
}

/* As the heartbeat does: again and again, until one is taken. */
static void write_until_taken(int64_t ms)
{
    static const va_str_t set[] = {{"SET", 3}, {"k", 1}, {"v", 1}};
    int64_t until = wk_monotonic_ms() + ms;
    while (answered == 0 && wk_monotonic_ms() < until) {
        if (asked == 0) {
            asked = 1;
            wk_aredis_command(redis, set, 3, on_answer, NULL);
        }
        uv_run(&loop, UV_RUN_NOWAIT);
        usleep(1000);
    }
}

static int set_up(void **state)
{
    static const wk_aredis_listener_t listener = {on_ready, on_message};
    (void)state;
    ready = messages = subscribed = 0;
    uv_loop_init(&loop);
    fake_start(&loop);
    redis = wk_aredis_new(&loop, fake.url);
    wk_aredis_listen(redis, "c", &listener, NULL);
    return 0;
}

static int set_up_commands(void **state)
{
    (void)state;
    asked = answered = 0;
    uv_loop_init(&loop);
    fake_start(&loop);
    redis = wk_aredis_new(&loop, fake.url);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    wk_aredis_close(redis);
    fake_stop();
    uv_run(&loop, UV_RUN_DEFAULT);
    return uv_loop_close(&loop);
}

/* It never ends: a host that is gone sends nothing, not even that. */
static void a_channel_whose_server_falls_silent_is_listened_to_anew(void **state)
{
    (void)state;
    deaf_from = 1;
    run_until(&loop, &ready, 2, 8000);
    assert_int_equal(ready, 2);
    assert_int_equal(fake.connections, 2);
    assert_true(messages >= 2);
}

static void a_subscription_without_an_answer_is_made_anew(void **state)
{
    (void)state;
    deaf_from = 0;
    run_until(&loop, &ready, 1, 8000);
    assert_int_equal(ready, 1);
    assert_int_equal(fake.connections, 2);
}

static void a_channel_that_nothing_is_told_over_stays_and_is_ready_once(void **state)
{
    (void)state;
    deaf_from = 100;
    run_until(&loop, &subscribed, 4, 8000);
    assert_int_equal(subscribed, 4);
    assert_int_equal(ready, 1);
    assert_int_equal(fake.connections, 1);
}

/* The primary has become a replica, and hangs up on nobody. Redis before 7 has more words. */
static void a_server_that_takes_nothing_any_more_is_left(void **state)
{
    static const char *const refusals[] = {
        "-READONLY You can't write against a read only replica.\r\n",
        "-ERR Error running script (call to f_1): @user_script:1: -READONLY You can't "
        "write\r\n"};
    for (size_t i = 0; i < sizeof(refusals) / sizeof(*refusals); i++) {
        refusal = refusals[i];
        write_until_taken(8000);
        assert_int_equal(answered, 1);
        assert_int_equal(fake.connections, 2);
        refusal = NULL;
        if (i == 0) {
            assert_int_equal(tear_down(state), 0);
            set_up_commands(state);
        }
    }
}

/* What passes by itself does not: the same server takes it later. */
static void a_server_that_is_full_is_kept(void **state)
{
    (void)state;
    refusal = "-OOM command not allowed when used memory > 'maxmemory'.\r\n";
    write_until_taken(50);
    refusal = NULL;
    write_until_taken(8000);
    assert_int_equal(answered, 1);
    assert_int_equal(fake.connections, 1);
}

#define ASYNC(f)   cmocka_unit_test_setup_teardown(f, set_up, tear_down)
#define COMMAND(f) cmocka_unit_test_setup_teardown(f, set_up_commands, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ASYNC(a_channel_whose_server_falls_silent_is_listened_to_anew),
        ASYNC(a_subscription_without_an_answer_is_made_anew),
        ASYNC(a_channel_that_nothing_is_told_over_stays_and_is_ready_once),
        COMMAND(a_server_that_takes_nothing_any_more_is_left),
        COMMAND(a_server_that_is_full_is_kept),
    };
    return RUN("redis_async", tests);
}
