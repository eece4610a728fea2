/*
 * voiceagent_events with thousands of clients: each sees every event it should see, once and
 * in order, whatever comes in between. Judged by the ids, at each client.
 */
#include "t/load/lib/fixture.h"

#include <stdlib.h>

#define ORGS 4

/* Behind the head by at most that, before more is published: a ring holds a thousand. */
#define WINDOW 400

static const char *const server = T_EVENTS("/all", "", "")
    T_EVENTS("/customer", "customer=$arg_customer", "") T_EVENTS("/call", "call=$arg_call", "")
        T_EVENTS("/both", "customer=$arg_customer call=$arg_call", "");

static t_nginx_t nginx;
static t_feed_t feeds[ORGS];
static t_streams_t streams;
static int tests;

static unsigned draw(unsigned n)
{
    return (unsigned)rand_r(&t_publisher.seed) % n;
}

/* Half of the clients see all, the others by customer, by call, or by both. */
static void choose_filter(t_stream_t *s)
{
    static const char *const locations[] = {"/all",      "/all",  "/all",
                                            "/customer", "/call", "/both"};
    s->location = locations[draw(6)];
    if (s->location[1] != 'a' && s->location[2] != 'a') {
        s->customer = (int)draw(T_CUSTOMERS);
    }
    if (s->location[2] == 'a' || s->location[1] == 'b') {
        s->call = s->location[1] == 'a' ? T_ANY : (int)draw(T_CALLS);
    }
}

/* Over all organizations; they are connected when this returns. */
static void open_streams(size_t n)
{
    t_streams_init(&streams, nginx.port, n);
    for (size_t i = 0; i < n; i++) {
        t_stream_t *s = &streams.all[i];
        s->feed = &feeds[i % ORGS];
        choose_filter(s);
        t_stream_open(&streams, s, 0);
        if (i % 256 == 0) {
            t_streams_read(&streams, 0);
        }
    }
    assert_true(t_streams_within(&streams, 0));
}

static void publish_everywhere(size_t count)
{
    for (size_t i = 0; i < ORGS; i++) {
        t_publish(&t_publisher, &feeds[i], count, 100);
    }
}

/* Each test has its own organizations. */
static int begin(void **state)
{
    (void)state;
    tests++;
    for (size_t i = 0; i < ORGS; i++) {
        snprintf(feeds[i].org, sizeof(feeds[i].org), "shop-%d-%zu", tests, i);
    }
    t_nginx_start(&nginx, &t_store, 2, server);
    return 0;
}

static int finish(void **state)
{
    (void)state;
    t_streams_free(&streams);
    for (size_t i = 0; i < ORGS; i++) {
        t_feed_free(&feeds[i]);
    }
    return t_nginx_stop(&nginx);
}

/* ---------------------------------------------------------------- reconnects */

#define CLIENTS    5000
#define EVENTS     2000 /* of each organization */
#define BURST      25
#define RECONNECTS 500

static void hang_up(t_stream_t **victims, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        do {
            victims[i] = &streams.all[draw(CLIENTS)];
        } while (victims[i]->fd < 0);
        t_stream_hang_up(victims[i], draw(2) == 0);
    }
}

static void clients_that_come_back_miss_nothing(void **state)
{
    const size_t rounds = EVENTS / BURST;
    t_stream_t *victims[RECONNECTS];
    (void)state;
    if (!t_room_for(CLIENTS)) {
        skip();
    }
    open_streams(CLIENTS);
    for (size_t round = 0, gone = 0; round < rounds; round++) {
        size_t n = RECONNECTS * (round + 1) / rounds - gone;
        publish_everywhere(BURST / 2);
        t_streams_read(&streams, 0);
        hang_up(victims, n);
        publish_everywhere(BURST - BURST / 2);
        for (size_t i = 0; i < n; i++) {
            t_stream_open(&streams, victims[i], 0);
        }
        gone += n;
        assert_true(t_streams_within(&streams, WINDOW));
    }
    assert_true(t_streams_within(&streams, 0));
    assert_int_equal(feeds[0].n, EVENTS);
    assert_true(t_streams_perfect(&streams));
    printf("# %zu events seen by %d clients\n", streams.seen, CLIENTS);
}

/* ---------------------------------------------------------------- reload */

#define RELOAD_CLIENTS 1000

static bool all_left(void *arg)
{
    pid_t pids[8];
    (void)arg;
    t_streams_read(&streams, 0);
    return t_nginx_workers(&nginx, true, pids, 8) == 0;
}

static bool old_ones_leave(void *arg)
{
    pid_t pids[8];
    (void)arg;
    return t_nginx_workers(&nginx, true, pids, 8) == 2 &&
           t_nginx_workers(&nginx, false, pids, 8) == 2;
}

static int by_value(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

/* How many different times to come back the clients were told. */
static size_t distinct_retries(void)
{
    int retries[RELOAD_CLIENTS];
    size_t n = 1;
    for (size_t i = 0; i < RELOAD_CLIENTS; i++) {
        retries[i] = streams.all[i].retry;
    }
    qsort(retries, RELOAD_CLIENTS, sizeof(*retries), by_value);
    assert_in_range(retries[0], 2000, 3999);
    assert_in_range(retries[RELOAD_CLIENTS - 1], 2000, 3999);
    for (size_t i = 1; i < RELOAD_CLIENTS; i++) {
        n += retries[i] != retries[i - 1];
    }
    return n;
}

static void a_reload_sends_everybody_over_and_nobody_misses_anything(void **state)
{
    (void)state;
    if (!t_room_for(RELOAD_CLIENTS)) {
        skip();
    }
    open_streams(RELOAD_CLIENTS);
    assert_true(distinct_retries() > RELOAD_CLIENTS / 4);
    publish_everywhere(20);
    t_nginx_reload(&nginx);
    assert_true(t_until(old_ones_leave, NULL, 60000));
    streams.reopen = true;
    for (int i = 0; !all_left(NULL) && i < 6000; i++) {
        t_publish(&t_publisher, &feeds[i % ORGS], 1, 100);
        t_streams_read(&streams, 10);
    }
    assert_true(t_until(all_left, NULL, 60000));
    publish_everywhere(20);
    assert_true(t_streams_within(&streams, 0));
    assert_int_equal(streams.ended, RELOAD_CLIENTS);
    assert_true(t_streams_perfect(&streams));
}

/* ---------------------------------------------------------------- Redis */

#define REDIS_CLIENTS 500

static void a_redis_that_was_killed_goes_on_where_it_was(void **state)
{
    (void)state;
    if (!t_room_for(REDIS_CLIENTS)) {
        skip();
    }
    open_streams(REDIS_CLIENTS);
    for (int i = 0; i < 3; i++) {
        publish_everywhere(50);
        t_redis_stop(&t_store);
        t_redis_restart(&t_store);
        t_publisher_open(&t_publisher, &t_store);
        publish_everywhere(50);
    }
    assert_true(t_streams_within(&streams, 0));
    assert_true(t_streams_perfect(&streams));
    assert_int_equal(streams.ended, 0);
}

int main(void)
{
    const struct CMUnitTest all[] = {
        cmocka_unit_test_setup_teardown(clients_that_come_back_miss_nothing, begin, finish),
        cmocka_unit_test_setup_teardown(
            a_reload_sends_everybody_over_and_nobody_misses_anything, begin, finish),
        cmocka_unit_test_setup_teardown(a_redis_that_was_killed_goes_on_where_it_was, begin,
                                        finish),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(all, t_load_setup, NULL);
}
