/*
 * What event streams cost nginx: nothing for an event that was sent, a bounded amount for a
 * client that does not read, and hardly anything for what was asked before they opened.
 */
#include "t/load/lib/fixture.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BURST  200
#define WINDOW 400

static t_nginx_t nginx;
static t_feed_t feed;
static t_streams_t streams;

static void begin(const char *org, const char *server, size_t clients)
{
    snprintf(feed.org, sizeof(feed.org), "%s", org);
    t_nginx_start(&nginx, &t_store, 1, server);
    t_streams_init(&streams, nginx.port, clients);
    for (size_t i = 0; i < clients; i++) {
        streams.all[i].feed = &feed;
        streams.all[i].location = "/all";
    }
}

static void finish(void)
{
    t_streams_free(&streams);
    t_feed_free(&feed);
    assert_int_equal(t_nginx_stop(&nginx), 0);
}

static pid_t worker(void)
{
    pid_t pid = 0;
    assert_int_equal(t_nginx_workers(&nginx, false, &pid, 1), 1);
    return pid;
}

static void publish_until(size_t events, size_t padding)
{
    while (feed.n < events) {
        t_publish(&t_publisher, &feed, BURST, padding);
        assert_true(t_streams_within(&streams, WINDOW));
    }
}

/* ---------------------------------------------------------------- many events */

#define CLIENTS      10
#define MARKS        10
#define EVENTS       50000 /* VA_LOAD_EVENTS says otherwise */
#define TOLERANCE_KB 256   /* a byte lost with each event sent would be more */

static size_t how_many_events(void)
{
    const char *given = getenv("VA_LOAD_EVENTS");
    size_t n = given != NULL ? strtoul(given, NULL, 10) : EVENTS;
    return n / MARKS / BURST * MARKS * BURST;
}

static void events_that_were_sent_leave_nothing_behind(void **state)
{
    size_t events = how_many_events();
    long first = 0, now = 0;
    (void)state;
    begin("million", T_EVENTS("/all", "", ""), CLIENTS);
    for (size_t i = 0; i < CLIENTS; i++) {
        t_stream_open(&streams, &streams.all[i], 0);
    }
    assert_true(t_streams_within(&streams, 0));
    for (size_t mark = 1; mark <= MARKS; mark++) {
        publish_until(mark * (events / MARKS), 300);
        now = t_memory_kb(worker());
        first = mark == 1 ? now : first;
        printf("# after %zu events: %ld KB\n", feed.n, now);
    }
    assert_true(t_streams_within(&streams, 0));
    assert_true(t_streams_perfect(&streams));
    assert_int_equal(streams.seen, events * CLIENTS);
    assert_true(now <= first + TOLERANCE_KB);
    finish();
}

/* ---------------------------------------------------------------- slow clients */

#define SLOW        100
#define FAST        20
#define SLOW_EVENTS 3000 /* three times what is kept for those who come back */
#define PADDING     2000
#define PER_SLOW_KB 32

/* Of nginx, when all were connected. */
static size_t files;

/* All of them read at first, and then only the last FAST of the set. */
static void publish_to_slow_and_fast(const char *org, const char *server)
{
    begin(org, server, SLOW + FAST);
    for (size_t i = 0; i < SLOW + FAST; i++) {
        t_stream_open(&streams, &streams.all[i], i < SLOW ? 4096 : 0);
    }
    assert_true(t_streams_within(&streams, 0));
    files = t_open_files(worker());
    publish_until(SLOW_EVENTS, PADDING);
    assert_true(t_streams_within(&streams, 0));
    long before = t_memory_kb(worker());
    for (size_t i = 0; i < SLOW; i++) {
        t_stream_idle(&streams, &streams.all[i], true);
    }
    publish_until(2 * SLOW_EVENTS, PADDING);
    assert_true(t_streams_within(&streams, 0));
    long after = t_memory_kb(worker());
    printf("# %ld KB; %ld KB with %d clients that do not read\n", before, after, SLOW);
    assert_true(after - before <= SLOW * PER_SLOW_KB);
    assert_true(t_streams_perfect(&streams));
    assert_int_equal(streams.seen, SLOW_EVENTS * (SLOW + 2 * FAST));
}

/* What they have not taken is told by a resync once they read on. */
static void who_does_not_read_costs_little_and_slows_nobody(void **state)
{
    (void)state;
    publish_to_slow_and_fast("slow", T_EVENTS("/all", "", "send_timeout 10m;"));
    for (size_t i = 0; i < SLOW; i++) {
        t_stream_idle(&streams, &streams.all[i], false);
    }
    assert_true(t_streams_within(&streams, 0));
    assert_int_equal(streams.resyncs, SLOW);
    assert_int_equal(streams.doubled + streams.foreign + streams.cut, 0);
    finish();
}

static bool only_the_fast_are_left(void *arg)
{
    (void)arg;
    t_streams_read(&streams, 0);
    return t_open_files(worker()) == files - SLOW;
}

static void who_does_not_read_for_long_is_let_go(void **state)
{
    (void)state;
    publish_to_slow_and_fast("let-go", T_EVENTS("/all", "", "send_timeout 4s;"));
    assert_true(t_until(only_the_fast_are_left, NULL, 60000));
    for (size_t i = 0; i < SLOW; i++) {
        t_stream_hang_up(&streams.all[i], false);
        t_stream_open(&streams, &streams.all[i], 0);
        streams.all[i].idle = false;
    }
    assert_true(t_streams_within(&streams, 0));
    assert_int_equal(streams.resyncs, SLOW);
    assert_int_equal(streams.lost, 0);
    t_publish(&t_publisher, &feed, BURST, 0);
    assert_true(t_streams_within(&streams, 0));
    assert_int_equal(streams.doubled + streams.foreign + streams.cut, 0);
    assert_int_equal(streams.seen, SLOW_EVENTS * (SLOW + 2 * FAST) + BURST * (SLOW + FAST));
    finish();
}

/* ---------------------------------------------------------------- what was asked before */

#define CAREFUL    1000 /* clients of either kind */
#define AT_ONCE    50   /* of them: what waits at the same time is not what is measured */
#define PER_ASK_KB 1    /* a wait and its reply that stay take two and more */

/* What stands in the member of a job, which is in the document's first level alone. */
static void member(const char *job, const char *name, char *value, size_t size)
{
    char pattern[32];
    snprintf(pattern, sizeof(pattern), "\"%s\":\"", name);
    const char *p = strstr(job, pattern);
    assert_non_null(p);
    p += strlen(pattern);
    snprintf(value, size, "%.*s", (int)strcspn(p, "\""), p);
}

/* As a worker that grants everything and has nothing to tell. */
static void answer_jobs(size_t count)
{
    char id[64], channel[200];
    for (size_t i = 0; i < count; i++) {
        redisReply *taken = redisCommand(t_publisher.c, "BRPOP va:{realtime}:in 60");
        assert_non_null(taken);
        assert_int_equal(taken->type, REDIS_REPLY_ARRAY);
        member(taken->element[1]->str, "id", id, sizeof(id));
        member(taken->element[1]->str, "reply", channel, sizeof(channel));
        freeReplyObject(taken);
        freeReplyObject(redisCommand(t_publisher.c,
                                     "PUBLISH %s {\"v\":1,\"id\":\"%s\",\"status\":200,"
                                     "\"type\":\"text/plain\",\"body\":\"\"}",
                                     channel, id));
    }
}

static bool all_are_greeted(void *arg)
{
    (void)arg;
    t_streams_read(&streams, 0);
    for (size_t i = 0; i < streams.n; i++) {
        if (streams.all[i].fd >= 0 && streams.all[i].last_id[0] == '\0') {
            return false;
        }
    }
    return true;
}

/* What nginx grew by. Each has a path of its own, so that an answer is nobody else's. */
static long open_streams(size_t from, const char *place, size_t jobs)
{
    static char paths[2 * CAREFUL][32];
    long before = t_memory_kb(worker());
    for (size_t i = from; i < from + CAREFUL; i++) {
        snprintf(paths[i], sizeof(paths[i]), "%s/%zu", place, i);
        streams.all[i].location = paths[i];
        t_stream_open(&streams, &streams.all[i], 0);
        if ((i + 1) % AT_ONCE == 0) {
            answer_jobs(jobs * AT_ONCE);
            assert_true(t_until(all_are_greeted, NULL, 60000));
        }
    }
    return t_memory_kb(worker()) - before;
}

static void what_was_asked_before_leaves_hardly_anything(void **state)
{
    (void)state;
    if (!t_room_for(2 * CAREFUL)) {
        return;
    }
    begin("asked",
          "request_pool_size 512;\n" T_EVENTS("/plain", "", "")
              T_EVENTS("/asked", "snapshot=tell", "voiceagent_authorize may.see timeout=60s;"),
          2 * CAREFUL);
    long plain = open_streams(0, "/plain", 0);
    long asked = open_streams(CAREFUL, "/asked", 2);
    printf("# %ld KB for %d clients, %ld KB for those a worker was asked about\n", plain,
           CAREFUL, asked);
    assert_true(asked - plain <= CAREFUL * PER_ASK_KB);
    assert_int_equal(streams.refused + streams.cut + streams.ended, 0);
    finish();
}

int main(void)
{
    const struct CMUnitTest all[] = {
        cmocka_unit_test(events_that_were_sent_leave_nothing_behind),
        cmocka_unit_test(who_does_not_read_costs_little_and_slows_nobody),
        cmocka_unit_test(who_does_not_read_for_long_is_let_go),
        cmocka_unit_test(what_was_asked_before_leaves_hardly_anything),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(all, t_load_setup, NULL);
}
