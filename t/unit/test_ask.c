/* Questions to the workers whose answer was published while nobody listened. */
#include "worker/voice/ask.h"

#include "t/unit/support.h"

#include "t/unit/redis_fake.h"

#define WAIT_MS 60000 /* of a question; its answer has to come long before */
#define DONE    "{\"v\":1,\"id\":\"a\",\"status\":200,\"type\":\"text/plain\",\"body\":\"done\"}"

static uv_loop_t loop;
static wk_aredis_t *redis;
static wk_asks_t *asks;
static fake_client_t *listening;
static int asked, answered, status, looks, lost_looks;

/* The job ends at once; its reply is published when the channel has just been lost. */
static void fake_command(fake_client_t *client, const va_str_t *argv, size_t argc)
{
    static char stored[160];
    (void)argc;
    if (va_str_eq(argv[0], VA_STR("SUBSCRIBE"))) {
        fake_reply(client, "*3\r\n$9\r\nsubscribe\r\n$16\r\nva:reply:process\r\n:1\r\n");
        listening = client;
    } else if (va_str_eq(argv[0], VA_STR("EVAL"))) {
        asked++;
        fake_reply(client, "+NEW\r\n");
        fake_hang_up(listening);
    } else if (!va_str_eq(argv[0], VA_STR("GET"))) {
        fake_reply(client, "+OK\r\n");
    } else if (looks++ < lost_looks) {
        fake_hang_up(client);
    } else {
        snprintf(stored, sizeof(stored), "$%zu\r\n%s\r\n", strlen(DONE), DONE);
        fake_reply(client, stored);
    }
}

static void on_answer(void *ctx, const va_reply_t *reply)
{
    (void)ctx;
    answered++;
    status = reply != NULL ? reply->status : 0;
}

static int set_up(void **state)
{
    (void)state;
    asked = answered = status = looks = lost_looks = 0;
    listening = NULL;
    uv_loop_init(&loop);
    fake_start(&loop);
    redis = wk_aredis_new(&loop, fake.url);
    asks = wk_asks_new(&loop, fake.url, "process", redis);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    wk_asks_close(asks);
    wk_aredis_close(redis);
    fake_stop();
    uv_run(&loop, UV_RUN_DEFAULT);
    return uv_loop_close(&loop);
}

static void ask(void)
{
    const wk_question_t question = {.queue = WK_REALTIME,
                                    .type = "media.tool",
                                    .organization = VA_STR("shop"),
                                    .body = VA_STR("{}"),
                                    .wait_ms = WAIT_MS};
    run_until(&loop, &fake.connections, 2, 3000);
    while (listening == NULL) {
        uv_run(&loop, UV_RUN_ONCE);
    }
    wk_ask(asks, &question, on_answer, NULL);
    run_until(&loop, &answered, 1, 6000);
}

static void it_is_looked_for_when_the_channel_is_back(void **state)
{
    (void)state;
    ask();
    assert_int_equal(answered, 1);
    assert_int_equal(status, 200);
    assert_int_equal(asked, 1);
}

static void a_look_that_is_lost_is_made_again(void **state)
{
    (void)state;
    lost_looks = 2;
    ask();
    assert_int_equal(answered, 1);
    assert_int_equal(status, 200);
    assert_int_equal(looks, 3);
    assert_int_equal(asked, 1);
}

#define ASYNC(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ASYNC(it_is_looked_for_when_the_channel_is_back),
        ASYNC(a_look_that_is_lost_is_made_again),
    };
    return RUN("ask", tests);
}
