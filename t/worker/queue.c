/* The queue's single rules, each by example; queue_model.c has all of them at once. */
#include <stdio.h>
#include <stdlib.h>

#include "t/worker/lib/fixture.h"
#include "worker/clock.h"

#include "scripts.h"

#define P "va:{default}:"

static t_redis_t server;
static wk_redis_t *r;
static wk_arena_t *a;
static wk_queue_limits_t limits;

static const wk_queue_t all[] = {WK_REALTIME, WK_DEFAULT, WK_BULK};
static const wk_queue_t only[] = {WK_DEFAULT};

static int setup(void **state)
{
    (void)state;
    limits = (wk_queue_limits_t){.lease_ms = 60000, .lane_cap = 0, .max_stalls = 3};
    a = wk_arena_new();
    t_redis(r, a, "FLUSHALL");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    wk_arena_free(a);
    return 0;
}

static wk_lease_t take(void)
{
    wk_lease_t lease;
    bool found;
    assert_ok(wk_queue_take(r, only, 1, &limits, a, &lease, &found, &t_e));
    return found ? lease : (wk_lease_t){.id = VA_STR("")};
}

static bool end(const wk_lease_t *l, wk_end_t how)
{
    bool lost;
    assert_ok(wk_queue_end(r, l, &how, &limits, &lost, &t_e));
    return !lost;
}

static bool ack(const wk_lease_t *l, const char *reply)
{
    return end(l, (wk_end_t){.how = WK_END_ACK, .reply = va_str_c(reply)});
}

static wk_reaped_t reap(int interval_ms)
{
    wk_reaped_t reaped;
    assert_ok(wk_queue_reap(r, WK_DEFAULT, &limits, interval_ms, a, &reaped, &t_e));
    return reaped;
}

/* push.lua itself: NEW, or {word, id, reply}. */
static redisReply *push(const char *id, const char *document, const char *dedup,
                        const char *channel)
{
    va_str_t key = VA_STR(P);
    va_str_t args[] = {va_str_c(id), va_str_c(document), va_str_c(dedup), VA_STR("60"),
                       va_str_c(channel)};
    redisReply *reply = wk_redis_script(r, &wk_script_push, &key, 1, args, 5, &t_e);
    if (reply != NULL) {
        wk_defer(a, freeReplyObject, reply);
    }
    return reply;
}

static const char *word(redisReply *reply)
{
    return reply->type == REDIS_REPLY_STRING ? reply->str : reply->element[0]->str;
}

/* ---------------------------------------------------------------- push and replies */

static void test_a_key_is_new_then_running_then_done(void **state)
{
    static const char doc[] = "{\"v\":1,\"id\":\"a\",\"type\":\"t\",\"dedup\":\"k\"}";
    (void)state;
    assert_string_equal(word(push("a", doc, "k", "")), "NEW");
    redisReply *reply = push("b", doc, "k", "");
    assert_string_equal(word(reply), "RUNNING");
    assert_string_equal(reply->element[1]->str, "a");
    wk_lease_t l = take();
    assert_string_equal(word(push("b", doc, "k", "")), "RUNNING");
    assert_true(ack(&l, "the reply"));
    reply = push("b", doc, "k", "");
    assert_string_equal(word(reply), "DONE");
    assert_string_equal(reply->element[1]->str, "a");
    assert_string_equal(reply->element[2]->str, "the reply");
    t_redis(r, a, "DEL " P "res:a");
    reply = push("b", doc, "k", "");
    assert_string_equal(word(reply), "DONE");
    assert_string_equal(reply->element[2]->str, "");
    assert_int_equal(t_redis_int(r, "LLEN " P "in"), 0);
}

static void test_a_key_that_expired_is_not_ended_by_the_job_before(void **state)
{
    static const char first[] = "{\"v\":1,\"id\":\"a\",\"type\":\"t\",\"dedup\":\"k\"}";
    static const char second[] = "{\"v\":1,\"id\":\"b\",\"type\":\"t\",\"dedup\":\"k\"}";
    (void)state;
    push("a", first, "k", "");
    wk_lease_t l = take();
    t_redis(r, a, "DEL " P "seen:k");
    assert_string_equal(word(push("b", second, "k", "")), "NEW");
    assert_true(ack(&l, "a's"));
    redisReply *reply = push("c", second, "k", "");
    assert_string_equal(word(reply), "RUNNING");
    assert_string_equal(reply->element[1]->str, "b");
}

/* A second connection that listens to some channels. */
static redisContext *listen_to(const char *channels)
{
    char command[200];
    void *reply;
    redisContext *c = redisConnect("127.0.0.1", server.port);
    redisSetTimeout(c, (struct timeval){20, 0});
    int len = snprintf(command, sizeof(command), "SUBSCRIBE %s", channels);
    assert_true(len > 0);
    redisReply *first = redisCommand(c, command);
    freeReplyObject(first);
    for (const char *p = strchr(channels, ' '); p != NULL; p = strchr(p + 1, ' ')) {
        assert_int_equal(redisGetReply(c, &reply), REDIS_OK);
        freeReplyObject(reply);
    }
    return c;
}

/* The next message is text, on the channel; channel NULL: nothing more before "end". */
static void hears(redisContext *c, const char *channel, const char *text)
{
    void *reply;
    assert_int_equal(redisGetReply(c, &reply), REDIS_OK);
    redisReply *m = reply;
    assert_string_equal(m->element[1]->str, channel);
    assert_string_equal(m->element[2]->str, text);
    freeReplyObject(reply);
}

static void test_everybody_who_waits_hears_once(void **state)
{
    static const char doc[] =
        "{\"v\":1,\"id\":\"a\",\"type\":\"t\",\"dedup\":\"k\",\"reply\":\"c1\"}";
    (void)state;
    redisContext *c = listen_to("c1 c2 c3");
    push("a", doc, "k", "c1");
    push("b", doc, "k", "c2");
    push("c", doc, "k", "c2");
    push("d", doc, "k", "c1");
    push("e", doc, "k", "c3");
    wk_lease_t l = take();
    assert_true(t_redis_int(r, "TTL " P "wait:a") > 0);
    assert_true(ack(&l, "r"));
    t_redis(r, a, "PUBLISH c1 end");
    hears(c, "c2", "r");
    hears(c, "c1", "r");
    hears(c, "c3", "r");
    hears(c, "c1", "end");
    assert_int_equal(t_redis_int(r, "EXISTS " P "wait:a"), 0);
    assert_true(t_redis_int(r, "TTL " P "res:a") > 500);
    redisFree(c);
}

static void test_a_large_reply_is_stored_and_its_id_told(void **state)
{
    static const char doc[] = "{\"v\":1,\"id\":\"a\",\"type\":\"t\",\"reply\":\"c1\"}";
    (void)state;
    redisContext *c = listen_to("c1");
    push("a", doc, "", "");
    wk_lease_t l = take();
    char *reply = wk_alloc(a, 70001);
    memset(reply, 'x', 70000);
    assert_true(ack(&l, reply));
    void *message;
    assert_int_equal(redisGetReply(c, &message), REDIS_OK);
    const char *text = ((redisReply *)message)->element[2]->str;
    assert_non_null(strstr(text, "\"stored\":true"));
    assert_non_null(strstr(text, "\"id\":\"a\""));
    freeReplyObject(message);
    assert_int_equal(t_redis_int(r, "STRLEN " P "res:a"), 70000);
    redisFree(c);
}

/* ---------------------------------------------------------------- intake */

static void test_an_unreadable_document_is_buried_and_stops_nobody(void **state)
{
    static const char *const documents[] = {"{",
                                            "[]",
                                            "1",
                                            "{\"v\":1}",
                                            "{\"id\":\"x\"}",
                                            "{\"v\":\"1\",\"id\":\"x\"}",
                                            "{\"v\":1,\"id\":7}"};
    const size_t n = sizeof(documents) / sizeof(*documents);
    (void)state;
    for (size_t i = 0; i < n; i++) {
        push("?", documents[i], "", "");
    }
    t_push(r, WK_DEFAULT, "good", "l", NULL);
    assert_str(take().id, "good");
    wk_dead_t dead[10];
    size_t count;
    assert_ok(wk_queue_dead_list(r, WK_DEFAULT, 0, 10, a, dead, &count, &t_e));
    assert_int_equal(count, n);
    assert_str(dead[0].reason, "unreadable");
    assert_true(t_redis_int(r, "TTL " P "job:%.*s", (int)dead[0].id.len, dead[0].id.data) >
                86400);
}

static void test_a_document_pushed_twice_is_one_job(void **state)
{
    (void)state;
    t_push(r, WK_DEFAULT, "a", "l", NULL);
    t_push(r, WK_DEFAULT, "a", "l", NULL);
    wk_lease_t l = take();
    assert_str(take().id, "");
    assert_true(ack(&l, NULL));
}

/* 1: pushed, 0: the last one has not ended. */
static long long push_alone(const char *id)
{
    va_job_t job = {.id = va_str_c(id),
                    .type = VA_STR("test.nothing"),
                    .lane = VA_STR("l"),
                    .dedup = VA_STR("sweep")};
    assert_ok(wk_queue_send_push_alone(r, WK_DEFAULT, &job, 60, a, &t_e));
    redisReply *reply = wk_redis_reply(r, &t_e);
    assert_non_null(reply);
    assert_int_equal(reply->type, REDIS_REPLY_INTEGER);
    long long pushed = reply->integer;
    freeReplyObject(reply);
    return pushed;
}

static void test_periodic_work_is_queued_once_until_it_has_ended(void **state)
{
    (void)state;
    assert_int_equal(push_alone("s1"), 1);
    assert_int_equal(push_alone("s2"), 0);
    wk_lease_t l = take();
    assert_str(l.id, "s1");
    assert_int_equal(push_alone("s3"), 0);
    assert_true(end(&l, (wk_end_t){.how = WK_END_RETRY, .reason = VA_STR("later")}));
    assert_int_equal(push_alone("s4"), 0);
    (void)reap(0);
    l = take();
    assert_str(l.id, "s1");
    assert_true(ack(&l, ""));
    assert_int_equal(push_alone("s5"), 1);
    l = take();
    assert_str(l.id, "s5");
    assert_true(end(&l, (wk_end_t){.how = WK_END_BURY, .reason = VA_STR("given up")}));
    assert_int_equal(push_alone("s6"), 1);
    assert_str(take().id, "s6");
}

static void test_a_newer_version_waits_for_a_newer_worker(void **state)
{
    static const char doc[] = "{\"v\":2,\"id\":\"a\",\"type\":\"t\"}";
    (void)state;
    push("a", doc, "", "");
    assert_str(take().id, "");
    assert_int_equal(t_redis_int(r, "ZCARD " P "later"), 1);
    t_redis(r, a, "ZADD " P "later 0 a");
    assert_int_equal(reap(0).promoted, 0);
    assert_int_equal(t_redis_int(r, "ZCARD " P "later"), 1);

    /* A worker that knows version 2. */
    t_redis(r, a, "ZADD " P "later 0 a");
    va_str_t key = VA_STR(P);
    va_str_t reap_args[] = {VA_STR("0"), VA_STR("3"), VA_STR("2"), VA_STR("0"), VA_STR("1000")};
    freeReplyObject(wk_redis_script(r, &wk_script_reap, &key, 1, reap_args, 5, &t_e));
    va_str_t take_args[] = {VA_STR("token"), VA_STR("1000"), VA_STR("0"), VA_STR("2")};
    redisReply *reply = wk_redis_script(r, &wk_script_take, &key, 1, take_args, 4, &t_e);
    assert_non_null(reply);
    assert_int_equal(reply->elements, 5);
    assert_string_equal(reply->element[1]->str, "a");
    assert_int_equal(reply->element[3]->integer, 1);
    freeReplyObject(reply);
}

static void test_a_newer_version_is_buried_after_a_day(void **state)
{
    static const char doc[] = "{\"v\":2,\"id\":\"a\",\"type\":\"t\",\"dedup\":\"k\"}";
    (void)state;
    push("a", doc, "k", "");
    take();
    t_redis(r, a, "ZADD " P "later 0 a");
    t_redis(r, a, "HSET " P "job:a since %lld", (long long)wk_now_ms() - 86400000 - 1000);
    wk_reaped_t reaped = reap(0);
    assert_int_equal(reaped.n_buried, 1);
    assert_str(reaped.buried[0], "a");
    assert_int_equal(t_redis_int(r, "ZCARD " P "dead"), 1);
    assert_string_equal(word(push("b", doc, "k", "")), "DONE"); /* nobody waits for it */
}

/* Commands that Redis has carried out since CONFIG RESETSTAT. */
static long commands_done(void)
{
    redisReply *info = t_redis(r, a, "INFO commandstats");
    long calls = 0;
    for (const char *at = strstr(info->str, "calls="); at != NULL; at = strstr(at, "calls=")) {
        at += strlen("calls=");
        calls += strtol(at, NULL, 10);
    }
    return calls;
}

/* Else a backlog of many callers would block Redis at each scrape. */
static void test_figures_cost_the_same_however_many_lanes_wait(void **state)
{
    wk_queue_stats_t s[WK_QUEUES];
    (void)state;
    for (int i = 0; i < 300; i++) {
        char id[16];
        snprintf(id, sizeof(id), "j%d", i);
        t_push(r, WK_DEFAULT, id, id, NULL);
    }
    for (int i = 0; i < 20; i++) {
        take();
    }
    t_redis(r, a, "CONFIG RESETSTAT");
    assert_ok(wk_queue_stats(r, s, &t_e));
    assert_in_range(commands_done(), 1, 50);
    assert_int_equal(s[WK_DEFAULT].ready, 280);
    assert_int_equal(s[WK_DEFAULT].held, 20);
    assert_true(s[WK_DEFAULT].oldest_ms > 0);
}

/* By a worker that knows nothing of the set. */
static void test_what_was_taken_unnoted_is_forgotten(void **state)
{
    wk_queue_stats_t s[WK_QUEUES];
    (void)state;
    t_push(r, WK_DEFAULT, "held", "l", NULL);
    take();
    t_push(r, WK_DEFAULT, "dead", "l", NULL);
    wk_lease_t dead = take();
    assert_true(end(&dead, (wk_end_t){.how = WK_END_BURY}));
    t_push(r, WK_DEFAULT, "later", "l", NULL);
    wk_lease_t later = take();
    assert_true(end(&later, (wk_end_t){.how = WK_END_RETRY, .delay_ms = 3600000}));
    t_push(r, WK_DEFAULT, "next", "l", NULL);
    t_push(r, WK_DEFAULT, "last", "l", NULL);
    take();
    t_redis(r, a, "ZADD " P "ready 1 gone 2 held 3 dead 4 later");
    (void)reap(0);
    assert_ok(wk_queue_stats(r, s, &t_e));
    assert_int_equal(s[WK_DEFAULT].ready, 1);
}

static void test_a_backlog_is_worked_off_without_a_new_bell(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++) {
        char id[16];
        snprintf(id, sizeof(id), "j%d", i);
        t_push(r, WK_DEFAULT, id, "l", NULL);
    }
    for (int i = 0; i < 100; i++) {
        char id[16];
        snprintf(id, sizeof(id), "j%d", i);
        assert_true(t_redis_int(r, "LLEN " P "bell") > 0);
        assert_str(take().id, id);
    }
    assert_int_equal(t_redis_int(r, "LLEN " P "bell"), 0);
}

/* Many large documents do not come in at once. */
static void test_intake_is_bounded_in_bytes(void **state)
{
    char *document = wk_alloc(a, 400000);
    (void)state;
    for (int i = 0; i < 8; i++) {
        int n =
            snprintf(document, 400000, "{\"v\":1,\"id\":\"j%d\",\"type\":\"t\",\"x\":\"", i);
        memset(document + n, 'x', 300000);
        memcpy(document + n + 300000, "\"}", 3);
        push("?", document, "", "");
    }
    assert_str(take().id, "j0");
    assert_int_equal(t_redis_int(r, "LLEN " P "in"), 4);
}

/* ---------------------------------------------------------------- lanes and serials */

static void test_lanes_take_turns(void **state)
{
    static const char *const expected[] = {"a1", "b1", "c1", "a2", "a3", "a4"};
    (void)state;
    t_push(r, WK_DEFAULT, "a1", "a", NULL);
    t_push(r, WK_DEFAULT, "a2", "a", NULL);
    t_push(r, WK_DEFAULT, "a3", "a", NULL);
    t_push(r, WK_DEFAULT, "a4", "a", NULL);
    t_push(r, WK_DEFAULT, "b1", "b", NULL);
    t_push(r, WK_DEFAULT, "c1", "c", NULL);
    for (size_t i = 0; i < 6; i++) {
        assert_str(take().id, expected[i]);
    }
}

static void test_a_lane_has_its_share_at_most(void **state)
{
    (void)state;
    limits.lane_cap = 2;
    for (int i = 0; i < 4; i++) {
        char id[16];
        snprintf(id, sizeof(id), "a%d", i);
        t_push(r, WK_DEFAULT, id, "a", NULL);
    }
    wk_lease_t first = take();
    take();
    assert_str(take().id, "");
    t_push(r, WK_DEFAULT, "b", "b", NULL);
    assert_str(take().id, "b");
    assert_int_equal(t_redis_int(r, "ZCARD " P "lanes"), 0);
    assert_true(ack(&first, NULL));
    assert_str(take().id, "a2");
    assert_str(take().id, "");
}

static void test_a_lowered_cap_holds_at_once_and_a_raised_one_soon(void **state)
{
    (void)state;
    for (int i = 0; i < 6; i++) {
        char id[16];
        snprintf(id, sizeof(id), "a%d", i);
        t_push(r, WK_DEFAULT, id, "a", NULL);
    }
    limits.lane_cap = 3;
    wk_lease_t first = take();
    assert_str(take().id, "a1");
    limits.lane_cap = 1;
    t_push(r, WK_DEFAULT, "b", "b", NULL);
    assert_str(take().id, "b");
    assert_str(take().id, "");
    limits.lane_cap = 3;
    assert_true(ack(&first, NULL));
    assert_str(take().id, "a2");
    assert_str(take().id, "a3");
    assert_str(take().id, "");
}

static void test_a_serial_goes_from_one_to_the_next(void **state)
{
    (void)state;
    t_push(r, WK_DEFAULT, "s1", "a", "s");
    t_push(r, WK_DEFAULT, "s2", "b", "s");
    t_push(r, WK_DEFAULT, "s3", "a", "s");
    t_push(r, WK_DEFAULT, "x1", "b", NULL);
    t_push(r, WK_DEFAULT, "x2", "b", NULL);
    wk_lease_t s1 = take();
    assert_str(s1.id, "s1");
    assert_str(take().id, "x1");
    assert_true(ack(&s1, NULL));
    wk_lease_t s2 = take();
    assert_str(s2.id, "s2"); /* at the front of its lane: before x2 */
    assert_str(take().id, "x2");
    assert_str(take().id, "");
    assert_true(end(&s2, (wk_end_t){.how = WK_END_BURY, .reason = VA_STR("no")}));
    wk_lease_t s3 = take();
    assert_str(s3.id, "s3");
    assert_true(ack(&s3, NULL));
    assert_int_equal(t_redis_int(r, "EXISTS " P "serial:s"), 0);
}

static void test_a_retry_keeps_its_serial(void **state)
{
    (void)state;
    t_push(r, WK_DEFAULT, "s1", "a", "s");
    t_push(r, WK_DEFAULT, "s2", "a", "s");
    wk_lease_t s1 = take();
    assert_true(end(&s1, (wk_end_t){.how = WK_END_RETRY, .delay_ms = 3600000}));
    assert_str(take().id, "");
    t_redis(r, a, "ZADD " P "later 0 s1");
    assert_int_equal(reap(0).promoted, 1);
    s1 = take();
    assert_str(s1.id, "s1");
    assert_int_equal(s1.attempt, 2);
    assert_true(ack(&s1, NULL));
    assert_str(take().id, "s2");
}

static void test_the_preferred_queue_comes_first(void **state)
{
    static const wk_queue_t reverse[] = {WK_BULK, WK_DEFAULT};
    wk_lease_t lease;
    bool found;
    (void)state;
    t_push(r, WK_BULK, "b", "l", NULL);
    t_push(r, WK_DEFAULT, "d1", "l", NULL);
    t_push(r, WK_DEFAULT, "d2", "l", NULL);
    t_push(r, WK_REALTIME, "r", "l", NULL);
    assert_ok(wk_queue_take(r, all, 3, &limits, a, &lease, &found, &t_e));
    assert_str(lease.id, "r");
    assert_int_equal(lease.queue, WK_REALTIME);
    assert_ok(wk_queue_take(r, all, 3, &limits, a, &lease, &found, &t_e));
    assert_str(lease.id, "d1");
    assert_ok(wk_queue_take(r, reverse, 2, &limits, a, &lease, &found, &t_e));
    assert_str(lease.id, "b");
    assert_int_equal(lease.queue, WK_BULK);
    assert_ok(wk_queue_take(r, reverse, 2, &limits, a, &lease, &found, &t_e));
    assert_str(lease.id, "d2");
    assert_ok(wk_queue_take(r, all, 3, &limits, a, &lease, &found, &t_e));
    assert_false(found);
}

/* ---------------------------------------------------------------- leases */

static void test_a_lease_runs_out_by_itself(void **state)
{
    bool lost;
    (void)state;
    limits.lease_ms = 50;
    t_push(r, WK_DEFAULT, "a", "l", NULL);
    wk_lease_t l = take();
    assert_true(l.first);
    int64_t until = wk_now_ms() + 10000;
    while (reap(0).requeued == 0 && wk_now_ms() < until) {
    }
    assert_false(ack(&l, "too late"));
    assert_int_equal(t_redis_int(r, "HGET " P "job:a stalls"), 1);
    t_redis(r, a, "ZADD " P "later 0 a");
    assert_int_equal(reap(0).promoted, 1);
    assert_ok(wk_queue_renew(r, WK_DEFAULT, &l, 1, 1000, &lost, &t_e));
    assert_true(lost);
    l = take();
    assert_str(l.id, "a");
    assert_int_equal(l.attempt, 1); /* stalls are counted by themselves */
    assert_false(l.first);
    assert_int_equal(t_redis_int(r, "EXISTS " P "res:a"), 0);
}

/* A run that came to an end by itself shows that the job kills nobody. */
static void test_stalls_are_counted_in_a_row(void **state)
{
    (void)state;
    limits.lease_ms = 50;
    t_push(r, WK_DEFAULT, "a", "l", NULL);
    for (int i = 0; i < 4; i++) {
        (void)take();
        int64_t until = wk_now_ms() + 10000;
        while (reap(0).requeued == 0 && wk_now_ms() < until) {
        }
        t_redis(r, a, "ZADD " P "later 0 a");
        assert_int_equal(reap(0).promoted, 1);
        wk_lease_t l = take();
        assert_str(l.id, "a");
        assert_true(end(&l, (wk_end_t){.how = WK_END_RETRY, .reason = VA_STR("not now")}));
    }
    assert_int_equal(t_redis_int(r, "ZCARD " P "dead"), 0);
}

static void test_a_renewed_lease_stays(void **state)
{
    bool lost;
    (void)state;
    limits.lease_ms = 1;
    t_push(r, WK_DEFAULT, "a", "l", NULL);
    wk_lease_t l = take();
    assert_ok(wk_queue_renew(r, WK_DEFAULT, &l, 1, 60000, &lost, &t_e));
    assert_false(lost);
    assert_int_equal(reap(0).requeued, 0);
    assert_true(ack(&l, NULL));
}

static void test_a_job_that_kills_its_workers_is_buried(void **state)
{
    (void)state;
    t_push(r, WK_DEFAULT, "poison", "l", "s");
    t_push(r, WK_DEFAULT, "next", "l", "s");
    for (int i = 1; i <= 3; i++) {
        assert_str(take().id, "poison");
        t_redis(r, a, "ZADD " P "held 0 poison");
        wk_reaped_t n = reap(0);
        assert_int_equal(n.requeued, i < 3);
        assert_int_equal(n.n_buried, i == 3);
        assert_true(i < 3 || t_eq(n.buried[0], "poison"));
        t_redis(r, a, "ZADD " P "later XX 0 poison");
        assert_int_equal(reap(0).promoted, i < 3);
    }
    assert_str(take().id, "next");
    wk_dead_t dead;
    bool found;
    assert_ok(wk_queue_dead_get(r, WK_DEFAULT, VA_STR("poison"), a, &dead, &found, &t_e));
    assert_true(found);
    assert_non_null(strstr(wk_strdup(a, dead.reason), "stalled"));
}

/* Jobs that died with one worker do not all come back at once. */
static void test_stalled_jobs_come_back_apart(void **state)
{
    (void)state;
    limits.lease_ms = 30000;
    for (int i = 0; i < 8; i++) {
        char id[16];
        snprintf(id, sizeof(id), "j%d", i);
        t_push(r, WK_DEFAULT, id, "l", NULL);
        take();
        t_redis(r, a, "ZADD " P "held 0 %s", id);
    }
    assert_int_equal(reap(0).requeued, 8);
    redisReply *later = t_redis(r, a, "ZRANGE " P "later 0 -1 WITHSCORES");
    assert_int_equal(later->elements, 16);
    long long first = strtoll(later->element[1]->str, NULL, 10);
    long long last = strtoll(later->element[15]->str, NULL, 10);
    assert_in_range(last - first, 2000, 10000);
    for (size_t i = 3; i < 16; i += 2) {
        assert_true(strcmp(later->element[i]->str, later->element[i - 2]->str) != 0);
    }
}

static void test_reaping_is_bounded_and_rare(void **state)
{
    (void)state;
    for (int i = 0; i < 70; i++) {
        char id[16];
        snprintf(id, sizeof(id), "j%d", i);
        t_push(r, WK_DEFAULT, id, "l", NULL);
        take();
        t_redis(r, a, "ZADD " P "held 0 %s", id);
    }
    assert_int_equal(reap(60000).requeued, 64);
    assert_int_equal(reap(60000).requeued, 0); /* another worker did it just now */
    assert_int_equal(reap(0).requeued, 6);
}

static void test_old_dead_are_dropped(void **state)
{
    (void)state;
    t_push(r, WK_DEFAULT, "a", "l", NULL);
    wk_lease_t l = take();
    assert_true(end(&l, (wk_end_t){.how = WK_END_BURY, .reason = VA_STR("why not")}));
    assert_int_equal(reap(0).expired, 0);
    t_redis(r, a, "ZADD " P "dead %lld a", (long long)wk_now_ms() - INT64_C(15) * 86400000);
    assert_int_equal(reap(0).expired, 1);
    assert_int_equal(t_redis_int(r, "EXISTS " P "job:a"), 0);
}

/* What an operator should not do, and what must not stop the others. */
static void test_a_job_whose_hash_is_gone_stops_nobody(void **state)
{
    (void)state;
    t_push(r, WK_DEFAULT, "ready", "l", NULL);
    t_push(r, WK_DEFAULT, "held", "h", NULL);
    t_push(r, WK_DEFAULT, "s1", "x", "s");
    t_push(r, WK_DEFAULT, "s2", "x", "s");
    t_push(r, WK_DEFAULT, "s3", "x", "s");
    t_push(r, WK_DEFAULT, "good", "l", NULL);
    wk_lease_t ready = take();
    assert_str(ready.id, "ready");
    assert_str(take().id, "held");
    wk_lease_t s1 = take();
    assert_str(s1.id, "s1");
    assert_true(end(&ready, (wk_end_t){.how = WK_END_RETRY}));
    t_redis(r, a, "DEL " P "job:ready " P "job:held " P "job:s2");
    assert_str(take().id, "good");
    t_redis(r, a, "ZADD " P "held 0 held");
    assert_int_equal(reap(0).requeued, 0);
    assert_int_equal(t_redis_int(r, "ZCARD " P "held"), 2);
    assert_true(ack(&s1, NULL));
    assert_str(take().id, "s3");
}

/* ---------------------------------------------------------------- dead */

static void test_a_dead_job_is_shown_and_replayed(void **state)
{
    wk_dead_t dead;
    bool found;
    (void)state;
    t_push(r, WK_DEFAULT, "a", "lane", NULL);
    wk_lease_t l = take();
    assert_true(
        end(&l, (wk_end_t){.how = WK_END_BURY, .reason = VA_STR("why"), .reply = VA_STR("R")}));
    assert_int_equal(t_redis_int(r, "STRLEN " P "res:a"), 1);
    assert_ok(wk_queue_dead_get(r, WK_DEFAULT, VA_STR("a"), a, &dead, &found, &t_e));
    assert_true(found);
    assert_str(dead.type, "test.nothing");
    assert_str(dead.lane, "lane");
    assert_str(dead.reason, "why");
    assert_int_equal(dead.attempt, 1);
    assert_true(dead.died_ms > 0);
    assert_non_null(strstr(wk_strdup(a, dead.document), "\"id\":\"a\""));
    assert_ok(wk_queue_dead_replay(r, WK_DEFAULT, VA_STR("a"), &found, &t_e));
    assert_true(found);
    l = take();
    assert_str(l.id, "a");
    assert_int_equal(l.attempt, 1);
    assert_int_equal(t_redis_int(r, "TTL " P "job:a"), -1);
    assert_ok(wk_queue_dead_replay(r, WK_DEFAULT, VA_STR("a"), &found, &t_e));
    assert_false(found);
    assert_ok(wk_queue_dead_get(r, WK_DEFAULT, VA_STR("a"), a, &dead, &found, &t_e));
    assert_false(found);
}

/* A password is not kept for whoever looks at the dead, however the job came to be there. */
static void test_the_dead_have_no_password(void **state)
{
    static const char *const secret[] = {"auth.login", "auth.register", "team.handle"};
    wk_dead_t dead;
    bool found;
    (void)state;
    for (size_t i = 0; i < 6; i++) {
        const char *id = wk_printf(a, "secret%zu", i).data;
        t_redis(
            r, a, "LPUSH " P "in %s",
            wk_printf(a,
                      "{\"v\":1,\"id\":\"%s\",\"type\":\"%s\",\"lane\":\"l\",\"enqueued_ms\":"
                      "1790000000123,\"http\":{\"method\":\"POST\",\"body\":\"a-password\"}}",
                      id, secret[i / 2])
                .data);
        wk_lease_t l = take();
        for (int stalls = 0; i % 2 == 1 && stalls < 3; stalls++) {
            t_redis(r, a, "ZADD " P "held 0 %s", id);
            (void)reap(0);
            t_redis(r, a, "ZADD " P "later XX 0 %s", id);
            (void)reap(0);
            l = stalls < 2 ? take() : l;
        }
        assert_true(i % 2 == 1 ||
                    end(&l, (wk_end_t){.how = WK_END_BURY, .reason = VA_STR("why")}));
        assert_ok(wk_queue_dead_get(r, WK_DEFAULT, va_str_c(id), a, &dead, &found, &t_e));
        assert_true(found);
        assert_null(strstr(wk_strdup(a, dead.document), "a-password"));
        assert_non_null(strstr(wk_strdup(a, dead.document), "\"enqueued_ms\":1790000000123"));
        assert_non_null(strstr(wk_strdup(a, dead.document), "\"method\":\"POST\""));
    }
}

static void test_the_dead_are_listed_newest_first_in_pages(void **state)
{
    wk_dead_t page[2];
    size_t n;
    (void)state;
    for (int i = 0; i < 3; i++) {
        char id[16];
        snprintf(id, sizeof(id), "j%d", i);
        t_push(r, WK_DEFAULT, id, "l", NULL);
        wk_lease_t l = take();
        assert_true(end(&l, (wk_end_t){.how = WK_END_BURY, .reason = VA_STR("x")}));
        t_redis(r, a, "ZADD " P "dead %d %s", i, id);
    }
    assert_ok(wk_queue_dead_list(r, WK_DEFAULT, 0, 2, a, page, &n, &t_e));
    assert_int_equal(n, 2);
    assert_str(page[0].id, "j2");
    assert_str(page[1].id, "j1");
    assert_ok(wk_queue_dead_list(r, WK_DEFAULT, 2, 2, a, page, &n, &t_e));
    assert_int_equal(n, 1);
    assert_str(page[0].id, "j0");
}

/* ---------------------------------------------------------------- a full Redis */

static void test_a_full_redis_takes_all_of_a_push_or_nothing(void **state)
{
    static const char doc[] = "{\"v\":1,\"id\":\"b\",\"type\":\"t\",\"dedup\":\"k2\"}";
    static const char known[] = "{\"v\":1,\"id\":\"a\",\"type\":\"t\",\"dedup\":\"k\"}";
    (void)state;
    push("a", known, "k", "");
    wk_lease_t l = take();
    t_redis(r, a, "CONFIG SET maxmemory 1");
    assert_null(push("b", doc, "k2", ""));
    assert_int_equal(t_e.code, WK_UNAVAILABLE);
    assert_null(push("b", doc, "", ""));
    assert_null(push("b", known, "k", "channel"));
    bool empty = t_redis_int(r, "EXISTS " P "seen:k2 " P "in " P "wait:a") == 0;

    /* What makes room goes on: renewing, ending, taking, reaping. */
    bool lost = true;
    bool renewed = wk_queue_renew(r, WK_DEFAULT, &l, 1, 60000, &lost, &t_e);
    wk_reaped_t reaped;
    bool reaped_ok = wk_queue_reap(r, WK_DEFAULT, &limits, 1, a, &reaped, &t_e);
    bool acked = ack(&l, "reply");
    t_redis(r, a, "CONFIG SET maxmemory 0");
    assert_true(empty);
    assert_true(renewed && !lost);
    assert_true(reaped_ok);
    assert_true(acked);
    assert_int_equal(t_redis_int(r, "STRLEN " P "res:a"), 5);
}

static void test_a_full_redis_still_gives_jobs(void **state)
{
    (void)state;
    t_push(r, WK_DEFAULT, "a", "l", "s");
    t_push(r, WK_DEFAULT, "b", "l", "s");
    t_redis(r, a, "CONFIG SET maxmemory 1");
    wk_lease_t l = take();
    bool retried = end(&l, (wk_end_t){.how = WK_END_RETRY, .reason = VA_STR("full")});
    wk_lease_t again = take();
    bool buried = end(&again, (wk_end_t){.how = WK_END_BURY, .reason = VA_STR("full")});
    wk_lease_t next = take();
    t_redis(r, a, "CONFIG SET maxmemory 0");
    assert_true(retried);
    assert_str(again.id, "a");
    assert_true(buried);
    assert_str(next.id, "b");
}

/* ---------------------------------------------------------------- the rest */

static void test_stats_tell_the_age_of_the_oldest(void **state)
{
    wk_queue_stats_t s[WK_QUEUES];
    char doc[120];
    (void)state;
    assert_ok(wk_queue_stats(r, s, &t_e));
    assert_int_equal(s[WK_DEFAULT].oldest_ms, 0);
    snprintf(doc, sizeof(doc), "{\"v\":1,\"id\":\"a\",\"type\":\"t\",\"enqueued_ms\":%lld}",
             (long long)wk_now_ms() - 100000);
    push("a", doc, "", "");
    assert_ok(wk_queue_stats(r, s, &t_e));
    assert_true(s[WK_DEFAULT].oldest_ms >= 100000 && s[WK_DEFAULT].oldest_ms < 200000);
    assert_int_equal(s[WK_DEFAULT].in, 1);
    take();
    assert_ok(wk_queue_stats(r, s, &t_e));
    assert_int_equal(s[WK_DEFAULT].oldest_ms, 0);
    assert_int_equal(s[WK_DEFAULT].held, 1);
    push("?", "{", "", "");
    assert_ok(wk_queue_stats(r, s, &t_e));
    assert_int_equal(s[WK_DEFAULT].in, 1);
}

static void test_another_layout_is_refused(void **state)
{
    (void)state;
    assert_ok(wk_queue_check_layout(r, false, &t_e));
    assert_int_equal(t_redis_int(r, "EXISTS va:schema"), 0);
    assert_ok(wk_queue_check_layout(r, true, &t_e));
    assert_int_equal(t_redis_int(r, "GET va:schema"), 1);
    t_redis(r, a, "SET va:schema 2");
    assert_false(wk_queue_check_layout(r, true, &t_e));
    assert_int_equal(t_e.code, WK_CONFLICT);
}

static void test_waiting_ends_with_the_bell(void **state)
{
    (void)state;
    t_push(r, WK_DEFAULT, "a", "l", NULL);
    assert_ok(wk_queue_wait(r, all, 3, 60000, &t_e));
    assert_ok(wk_queue_wait(r, all, 3, 10, &t_e));
}

static void test_back_off_doubles_up_to_five_minutes(void **state)
{
    static const struct {
        int attempt;
        int64_t ms;
    } cases[] = {{1, 1000}, {2, 2000}, {3, 4000}, {9, 256000}, {10, 300000}, {100, 300000}};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        bool varies = false;
        int64_t first = wk_queue_backoff_ms(cases[i].attempt);
        for (int k = 0; k < 100; k++) {
            int64_t ms = wk_queue_backoff_ms(cases[i].attempt);
            assert_in_range(ms, cases[i].ms * 8 / 10, cases[i].ms * 12 / 10);
            varies = varies || ms != first;
        }
        assert_true(varies);
    }
}

static void test_queue_names(void **state)
{
    wk_queue_t q;
    (void)state;
    for (int i = 0; i < WK_QUEUES; i++) {
        assert_true(wk_queue_parse(va_str_c(wk_queue_name((wk_queue_t)i)), &q));
        assert_int_equal(q, i);
    }
    assert_false(wk_queue_parse(VA_STR("bulky"), &q));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_key_is_new_then_running_then_done),
        TEST(test_a_key_that_expired_is_not_ended_by_the_job_before),
        TEST(test_everybody_who_waits_hears_once),
        TEST(test_a_large_reply_is_stored_and_its_id_told),
        TEST(test_an_unreadable_document_is_buried_and_stops_nobody),
        TEST(test_a_document_pushed_twice_is_one_job),
        TEST(test_periodic_work_is_queued_once_until_it_has_ended),
        TEST(test_a_newer_version_waits_for_a_newer_worker),
        TEST(test_a_newer_version_is_buried_after_a_day),
        TEST(test_figures_cost_the_same_however_many_lanes_wait),
        TEST(test_what_was_taken_unnoted_is_forgotten),
        TEST(test_a_backlog_is_worked_off_without_a_new_bell),
        TEST(test_intake_is_bounded_in_bytes),
        TEST(test_lanes_take_turns),
        TEST(test_a_lane_has_its_share_at_most),
        TEST(test_a_lowered_cap_holds_at_once_and_a_raised_one_soon),
        TEST(test_a_serial_goes_from_one_to_the_next),
        TEST(test_a_retry_keeps_its_serial),
        TEST(test_the_preferred_queue_comes_first),
        TEST(test_a_lease_runs_out_by_itself),
        TEST(test_stalls_are_counted_in_a_row),
        TEST(test_a_renewed_lease_stays),
        TEST(test_a_job_that_kills_its_workers_is_buried),
        TEST(test_stalled_jobs_come_back_apart),
        TEST(test_reaping_is_bounded_and_rare),
        TEST(test_old_dead_are_dropped),
        TEST(test_a_job_whose_hash_is_gone_stops_nobody),
        TEST(test_a_dead_job_is_shown_and_replayed),
        TEST(test_the_dead_have_no_password),
        TEST(test_the_dead_are_listed_newest_first_in_pages),
        TEST(test_a_full_redis_takes_all_of_a_push_or_nothing),
        TEST(test_a_full_redis_still_gives_jobs),
        TEST(test_stats_tell_the_age_of_the_oldest),
        TEST(test_another_layout_is_refused),
        TEST(test_waiting_ends_with_the_bell),
        TEST(test_back_off_doubles_up_to_five_minutes),
        TEST(test_queue_names),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    t_redis_start(&server, NULL);
    r = wk_redis_new(server.url, 20000);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    wk_redis_free(r);
    t_redis_stop(&server);
    return failed;
}
