/* Slots of calls, and the state of one, in a real Redis. */
#include <signal.h>

#include "t/worker/lib/fixture.h"
#include "worker/admission.h"
#include "worker/call_state.h"

#include "scripts.h"

#define HOUR 3600000

static t_redis_t server;
static wk_redis_t *r;
static wk_arena_t *a;

static int setup(void **state)
{
    (void)state;
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

/* ---------------------------------------------------------------- admission */

static wk_admission_t reserve(const char *org, const char *call, int64_t limit, int64_t hold,
                              bool media)
{
    wk_admission_t result;
    wk_admission_request_t request = {.organization = va_str_c(org),
                                      .call = va_str_c(call),
                                      .limit = limit,
                                      .hold_ms = hold,
                                      .media = media};
    assert_ok(wk_admission_reserve(r, a, &request, &result, &t_e));
    return result;
}

static void process_lives(const char *name, int capacity, long long for_ms)
{
    long long now = t_redis_int(r, "EVAL return(redis.call('TIME')[1]*1000) 0");
    t_redis(r, a, "ZADD va:voice:processes %lld %s", now + for_ms, name);
    t_redis(r, a, "HSET va:voice:process:%s capacity %d", name, capacity);
}

static void test_an_organization_has_so_many_calls(void **state)
{
    (void)state;
    assert_int_equal(reserve("o", "CA1", 2, HOUR, false), WK_ADMITTED);
    assert_int_equal(reserve("o", "CA2", 2, HOUR, false), WK_ADMITTED);
    assert_int_equal(reserve("o", "CA3", 2, HOUR, false), WK_ADMISSION_FULL);
    assert_int_equal(reserve("other", "CA3", 2, HOUR, false), WK_ADMITTED);
    assert_int_equal(t_redis_int(r, "ZCARD va:voice:org:{o}"), 2);
}

static void test_the_same_call_is_the_same_slot(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(reserve("o", "CA1", 1, HOUR, false), WK_ADMITTED);
    }
    assert_int_equal(t_redis_int(r, "ZCARD va:voice:org:{o}"), 1);
}

static void test_a_slot_is_never_made_shorter(void **state)
{
    (void)state;
    reserve("o", "CA1", 1, HOUR, false);
    long long end = t_redis_int(r, "ZSCORE va:voice:org:{o} CA1");
    reserve("o", "CA1", 1, 1000, false);
    assert_int_equal(t_redis_int(r, "ZSCORE va:voice:org:{o} CA1"), end);
    reserve("o", "CA1", 1, 2 * HOUR, false);
    assert_true(t_redis_int(r, "ZSCORE va:voice:org:{o} CA1") > end);
}

static void test_what_ran_out_is_nobodys(void **state)
{
    (void)state;
    reserve("o", "CA1", 1, HOUR, false);
    t_redis(r, a, "ZADD va:voice:org:{o} 1 CA1");
    assert_int_equal(reserve("o", "CA2", 1, HOUR, false), WK_ADMITTED);
    assert_int_equal(reserve("o", "CA1", 1, HOUR, false), WK_ADMISSION_FULL);
}

static void test_a_call_that_goes_on_is_not_thrown_out(void **state)
{
    (void)state;
    reserve("o", "CA1", 1, HOUR, false);
    assert_int_equal(reserve("o", "CA2", 0, HOUR, false), WK_ADMITTED);
    assert_int_equal(t_redis_int(r, "ZCARD va:voice:org:{o}"), 2);
}

static void test_the_end_frees_every_slot_once(void **state)
{
    (void)state;
    process_lives("p1", 5, HOUR);
    assert_int_equal(reserve("o", "CA1", 1, HOUR, true), WK_ADMITTED);
    t_redis(r, a, "HSET va:call:{CA1} owner p1");
    t_redis(r, a, "ZADD va:voice:calls:p1 1 CA1");
    for (int i = 0; i < 2; i++) {
        assert_ok(wk_admission_release(r, a, VA_STR("o"), VA_STR("CA1"), &t_e));
    }
    assert_int_equal(t_redis_int(r, "EXISTS va:voice:org:{o} va:voice:media va:voice:calls:p1"
                                    " va:voice:live"),
                     0);
    assert_int_equal(reserve("o", "CA2", 1, HOUR, true), WK_ADMITTED);
}

static void test_what_is_done_late_for_an_ended_call_takes_no_slot(void **state)
{
    (void)state;
    t_redis(r, a, "HSET va:call:{CA1} status ended");
    assert_int_equal(reserve("o", "CA1", 0, HOUR, false), WK_ADMITTED);
    assert_int_equal(t_redis_int(r, "EXISTS va:voice:org:{o}"), 0);
}

static void test_media_needs_a_living_process_with_room(void **state)
{
    (void)state;
    assert_int_equal(reserve("o", "CA1", 9, HOUR, true), WK_ADMISSION_NO_VOICE);
    process_lives("dead", 5, -1000);
    assert_int_equal(reserve("o", "CA1", 9, HOUR, true), WK_ADMISSION_NO_VOICE);
    process_lives("p1", 1, HOUR);
    process_lives("p2", 1, HOUR);
    assert_int_equal(reserve("o", "CA1", 9, HOUR, true), WK_ADMITTED);
    assert_int_equal(reserve("o", "CA2", 9, HOUR, true), WK_ADMITTED);
    assert_int_equal(reserve("o", "CA3", 9, HOUR, true), WK_ADMISSION_NO_VOICE);
    assert_int_equal(reserve("o", "CA2", 9, HOUR, true), WK_ADMITTED);
    assert_int_equal(t_redis_int(r, "ZCARD va:voice:org:{o}"), 3);
}

/* {calls, streams, capacity, processes, processes with room} */
static void assert_counted(int calls, int streams, int capacity, int processes, int with_room)
{
    va_str_t keys[] = {VA_STR("va:voice:live"), VA_STR("va:voice:media"),
                       VA_STR("va:voice:processes")};
    const int expected[] = {calls, streams, capacity, processes, with_room};
    redisReply *reply = wk_redis_script(r, &wk_script_calls, keys, 3, NULL, 0, &t_e);
    assert_non_null(reply);
    assert_int_equal(reply->elements, 5);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(reply->element[i]->integer, expected[i]);
    }
    freeReplyObject(reply);
}

static void test_calls_of_all_shops_are_counted(void **state)
{
    (void)state;
    process_lives("p1", 1, HOUR);
    assert_counted(0, 0, 1, 1, 1);
    reserve("o", "CA1", 9, HOUR, true);
    reserve("other", "CA2", 9, HOUR, false);
    assert_counted(2, 1, 1, 1, 1);
    t_redis(r, a, "ZADD va:voice:live 1 CA2");
    assert_counted(1, 1, 1, 1, 1);
    reserve("o", "CA3", 9, HOUR, false);
    assert_int_equal(t_redis_int(r, "ZCARD va:voice:live"), 2); /* CA2 ran out */
}

/* ---------------------------------------------------------------- state */

static wk_call_state_t begin(const char *organization, bool *begun)
{
    wk_call_state_t s;
    wk_call_field_t fields[] = {{"organization", va_str_c(organization)},
                                {"language", VA_STR("fr")},
                                {"from", VA_STR_NULL}};
    assert_ok(wk_call_state_begin(r, a, VA_STR("CA1"), fields, 3, &s, begun, &t_e));
    return s;
}

static wk_call_state_t state_now(void)
{
    wk_call_state_t s;
    bool found;
    assert_ok(wk_call_state_read(r, a, VA_STR("CA1"), &s, &found, &t_e));
    assert_true(found);
    return s;
}

static bool set(int64_t epoch, const char *name, const char *value)
{
    bool stale;
    wk_call_field_t field = {name, va_str_c(value)};
    assert_ok(wk_call_state_set(r, a, VA_STR("CA1"), epoch, &field, 1, &stale, &t_e));
    return !stale;
}

/* As a voice process does, with the epoch of its token. *stale: the call is not to be had. */
static bool claim(const char *process, int64_t epoch, wk_call_state_t *s, bool *stale)
{
    bool found = true;
    va_str_t key = VA_STR("va:call:{CA1}");
    va_str_t args[] = {va_str_c(process), epoch == WK_CALL_ANY_EPOCH
                                              ? VA_STR("")
                                              : wk_printf(a, "%lld", (long long)epoch)};
    redisReply *reply = wk_redis_script(r, &wk_script_call_claim, &key, 1, args, 2, &t_e);
    if (reply == NULL) {
        return false;
    }
    *stale = reply->type != REDIS_REPLY_ARRAY || reply->elements != 3;
    freeReplyObject(reply);
    return *stale || (wk_call_state_read(r, a, VA_STR("CA1"), s, &found, &t_e) && found);
}

static void test_a_call_begins_once(void **state)
{
    bool begun;
    (void)state;
    wk_call_state_t s = begin("o", &begun);
    assert_true(begun);
    assert_str(s.organization, "o");
    assert_str(s.language, "fr");
    assert_null(s.from.data);
    assert_int_equal(s.epoch, 0);
    assert_false(s.ended);
    s = begin("another", &begun);
    assert_false(begun);
    assert_str(s.organization, "o");
}

static void test_an_unknown_call_is_not_found_nor_written(void **state)
{
    wk_call_state_t s;
    bool found;
    (void)state;
    assert_ok(wk_call_state_read(r, a, VA_STR("CA1"), &s, &found, &t_e));
    assert_false(found);
    assert_false(set(WK_CALL_ANY_EPOCH, "next", "dial"));
    assert_int_equal(t_redis_int(r, "EXISTS va:call:{CA1}"), 0);
}

static void test_who_was_overtaken_writes_nothing(void **state)
{
    bool begun, stale;
    wk_call_state_t s;
    (void)state;
    begin("o", &begun);
    assert_ok(claim("p1", 0, &s, &stale));
    assert_false(stale);
    assert_int_equal(s.epoch, 1);
    assert_str(s.owner, "p1");
    assert_true(set(1, "turn", "4"));
    assert_false(set(0, "turn", "9"));
    assert_int_equal(state_now().turn, 4);
    assert_true(set(WK_CALL_ANY_EPOCH, "turn", "5"));
    assert_int_equal(state_now().turn, 5);
}

static void test_a_token_opens_one_stream(void **state)
{
    bool begun, stale;
    wk_call_state_t s;
    (void)state;
    begin("o", &begun);
    assert_ok(claim("p1", 0, &s, &stale));
    assert_ok(claim("p2", 0, &s, &stale));
    assert_true(stale);
    assert_str(state_now().owner, "p1");
    assert_ok(claim("p2", WK_CALL_ANY_EPOCH, &s, &stale));
    assert_false(stale);
    assert_int_equal(s.epoch, 2);
}

static wk_call_resumed_t resume_at(int64_t door)
{
    wk_call_resumed_t out;
    bool found;
    assert_ok(
        wk_call_state_resume(r, a, VA_STR("CA1"), door, VA_STR("resume"), &out, &found, &t_e));
    assert_true(found);
    return out;
}

static wk_call_resumed_t resume(void)
{
    static int64_t door;
    return resume_at(++door);
}

static void test_the_next_step_is_taken_once(void **state)
{
    bool begun, stale;
    wk_call_state_t s;
    (void)state;
    begin("o", &begun);
    assert_ok(claim("p1", 0, &s, &stale));
    set(1, "next", "dial");
    wk_call_resumed_t first = resume(), second = resume();
    assert_str(first.next, "dial");
    assert_int_equal(first.recent, 0);
    assert_int_equal(first.state.resumes, 0);
    assert_int_equal(first.state.epoch, 2);
    assert_null(first.state.owner.data);
    assert_str(second.next, "resume");
    assert_int_equal(second.recent, 1);
    assert_false(set(1, "next", "hangup"));
}

/* A worker that dies behind the door leaves the step to the next one. */
static void test_a_door_gives_the_same_step_again(void **state)
{
    bool begun, stale;
    wk_call_state_t s;
    (void)state;
    begin("o", &begun);
    set(0, "next", "dial");
    assert_str(resume_at(1000).next, "dial");
    assert_ok(claim("p1", 1, &s, &stale));
    assert_false(stale);
    wk_call_resumed_t again = resume_at(1000);
    assert_str(again.next, "dial");
    assert_int_equal(again.state.epoch, s.epoch);
    assert_str(again.state.owner, "p1");
    assert_int_equal(again.state.resumes, 0);
    assert_str(resume_at(1001).next, "resume");
}

static void test_resumes_are_counted_lately_and_in_all(void **state)
{
    bool begun;
    (void)state;
    begin("o", &begun);
    t_redis(r, a, "HSET va:call:{CA1} resumed 1000,2000 resumes 2");
    wk_call_resumed_t out = resume();
    assert_int_equal(out.recent, 1);
    assert_int_equal(out.state.resumes, 3);
    for (int i = 2; i <= 4; i++) {
        assert_int_equal(resume().recent, i);
    }
    assert_int_equal(state_now().resumes, 6);
}

/* Its process has died, and the next stream met nobody yet. */
static void test_a_stream_that_nobody_claims_is_no_fall(void **state)
{
    bool begun, stale;
    wk_call_state_t s;
    (void)state;
    begin("o", &begun);
    set(0, "streams", "1");
    assert_ok(claim("p1", 0, &s, &stale));
    for (int i = 1; i <= 5; i++) {
        wk_call_resumed_t out = resume();
        assert_int_equal(out.recent, 1);
        assert_int_equal(out.state.resumes, 1);
        assert_int_equal(out.state.tries, i);
    }
    assert_ok(claim("p2", WK_CALL_ANY_EPOCH, &s, &stale));
    assert_int_equal(s.tries, 0);
    assert_int_equal(resume().recent, 2);
}

static void test_the_end_is_the_end(void **state)
{
    bool begun, stale;
    wk_call_state_t s;
    (void)state;
    begin("o", &begun);
    assert_ok(wk_call_state_end(r, a, VA_STR("CA1"), VA_STR("hangup"), &t_e));
    assert_ok(wk_call_state_end(r, a, VA_STR("CA1"), VA_STR("later"), &t_e));
    assert_true(state_now().ended);
    assert_str(wk_redis_str(t_redis(r, a, "HGET va:call:{CA1} end_reason")), "hangup");
    assert_ok(claim("p1", WK_CALL_ANY_EPOCH, &s, &stale));
    assert_true(stale);
    assert_false(set(0, "turn", "9"));
    assert_true(t_redis_int(r, "TTL va:call:{CA1}") <= 86400);
    assert_ok(wk_call_state_end(r, a, VA_STR("CA2"), VA_STR("hangup"), &t_e));
    assert_int_equal(t_redis_int(r, "EXISTS va:call:{CA2}"), 0);
}

/* Calls last through it, and their ends free what they held. */
static void test_a_full_redis_ends_no_call(void **state)
{
    bool begun, stale, ended;
    wk_call_state_t s;
    wk_call_resumed_t back;
    (void)state;
    begin("o", &begun);
    t_redis(r, a, "CONFIG SET maxmemory 1");
    bool claimed = claim("p1", 0, &s, &stale);
    wk_call_field_t field = {"turn", VA_STR("7")};
    bool set_ok = wk_call_state_set(r, a, VA_STR("CA1"), 1, &field, 1, &stale, &t_e);
    bool resumed =
        wk_call_state_resume(r, a, VA_STR("CA1"), 99, VA_STR("resume"), &back, &ended, &t_e);
    bool end_ok = wk_call_state_end(r, a, VA_STR("CA1"), VA_STR("hangup"), &t_e);
    t_redis(r, a, "CONFIG SET maxmemory 0");
    assert_true(claimed && set_ok && resumed && end_ok);
    assert_int_equal(state_now().turn, 7);
    assert_true(state_now().ended);
}

/* As a voice process tells of itself every half second. */
static bool beat(const char *process)
{
    va_str_t keys[] = {VA_STR("va:voice:processes"), VA_STR("va:voice:process:p1"),
                       VA_STR("va:voice:calls:p1"),  VA_STR("va:voice:media"),
                       VA_STR("va:voice:leases"),    VA_STR("va:voice:live")};
    va_str_t args[] = {va_str_c(process), VA_STR("60000"), VA_STR("127.0.0.1:1"), VA_STR("10"),
                       VA_STR("60000")};
    redisReply *reply = wk_redis_script(r, &wk_script_voice_beat, keys, 6, args, 5, &t_e);
    freeReplyObject(reply);
    return reply != NULL;
}

static void test_a_full_redis_ends_no_voice_process(void **state)
{
    (void)state;
    t_redis(r, a, "CONFIG SET maxmemory 1");
    bool first = beat("p1"), second = beat("p1");
    t_redis(r, a, "CONFIG SET maxmemory 0");
    assert_true(first && second);
    assert_int_equal(t_redis_int(r, "ZCARD va:voice:leases"), 1);
}

static void test_a_full_redis_keeps_no_silent_voice_process(void **state)
{
    bool begun;
    va_str_t keys[] = {VA_STR("va:voice:leases"), VA_STR("va:voice:processes"),
                       VA_STR("va:voice:lost")};
    (void)state;
    begin("o", &begun);
    t_redis(r, a, "HSET va:call:{CA1} owner p1 epoch 1");
    t_redis(r, a, "ZADD va:voice:calls:p1 1 CA1");
    t_redis(r, a, "ZADD va:voice:leases 1 p1");
    t_redis(r, a, "CONFIG SET maxmemory 1");
    redisReply *reply = wk_redis_script(r, &wk_script_voice_reap, keys, 3, NULL, 0, &t_e);
    t_redis(r, a, "CONFIG SET maxmemory 0");
    assert_non_null(reply);
    assert_int_equal(reply->elements, 3); /* CallSid, organization, epoch */
    freeReplyObject(reply);
    assert_int_equal(t_redis_int(r, "HGET va:call:{CA1} epoch"), 2);
    assert_int_equal(t_redis_int(r, "HSTRLEN va:call:{CA1} owner"), 0);
}

/* The older stream of a call that came back is told of by its epoch, and the call stays ours.
 */
static void test_of_two_streams_of_a_call_the_older_one_is_lost(void **state)
{
    bool begun;
    va_str_t keys[] = {VA_STR("va:voice:processes"), VA_STR("va:voice:process:p1"),
                       VA_STR("va:voice:calls:p1"),  VA_STR("va:voice:media"),
                       VA_STR("va:voice:leases"),    VA_STR("va:voice:live")};
    va_str_t args[] = {VA_STR("p1"), VA_STR("60000"), VA_STR("127.0.0.1:1"),
                       VA_STR("10"), VA_STR("60000"), VA_STR("CA1"),
                       VA_STR("o"),  VA_STR("5"),     VA_STR("CA1"),
                       VA_STR("o"),  VA_STR("3")};
    (void)state;
    begin("o", &begun);
    t_redis(r, a, "HSET va:call:{CA1} owner p1 epoch 5");
    redisReply *reply = wk_redis_script(r, &wk_script_voice_beat, keys, 6, args, 11, &t_e);
    assert_non_null(reply);
    assert_int_equal(reply->elements, 2);
    assert_string_equal(reply->element[0]->str, "CA1");
    assert_string_equal(reply->element[1]->str, "3");
    freeReplyObject(reply);
    assert_int_equal(t_redis_int(r, "ZCARD va:voice:calls:p1"), 1);
    assert_int_equal(t_redis_int(r, "ZCARD va:voice:live"), 1);
}

static redisReply *beat_with(const char *process, const char *const *calls, size_t n)
{
    va_str_t keys[] = {VA_STR("va:voice:processes"), VA_STR("va:voice:process:p1"),
                       VA_STR("va:voice:calls:p1"),  VA_STR("va:voice:media"),
                       VA_STR("va:voice:leases"),    VA_STR("va:voice:live")};
    va_str_t args[32] = {va_str_c(process), VA_STR("60000"), VA_STR("127.0.0.1:1"),
                         VA_STR("10"), VA_STR("60000")};
    for (size_t i = 0; i < n; i++) {
        args[5 + i] = va_str_c(calls[i]);
    }
    return wk_redis_script(r, &wk_script_voice_beat, keys, 6, args, 5 + n, &t_e);
}

/* Whatever the number of calls: each of ours has its slots of all calls, of media and of its
 * own shop for as long as was said, a longer one stays, and who is not ours gets none.
 */
static void test_a_beat_keeps_the_slots_of_each_call(void **state)
{
    static const char *const calls[] = {"CA1", "o", "1", "CA2", "other", "2",
                                        "CA3", "o", "7", "CA4", "o",     "9"};
    (void)state;
    t_redis(r, a, "HSET va:call:{CA1} owner p1 epoch 1");
    t_redis(r, a, "HSET va:call:{CA2} owner p1 epoch 2");
    t_redis(r, a, "HSET va:call:{CA3} owner p1 epoch 7");
    t_redis(r, a, "HSET va:call:{CA4} owner p2 epoch 10");
    t_redis(r, a, "ZADD va:voice:media 9999999999999 CA3");
    redisReply *reply = beat_with("p1", calls, sizeof(calls) / sizeof(*calls));
    assert_non_null(reply);
    assert_int_equal(reply->elements, 2);
    assert_string_equal(reply->element[0]->str, "CA4");
    freeReplyObject(reply);
    assert_int_equal(t_redis_int(r, "ZCARD va:voice:calls:p1"), 3);
    assert_int_equal(t_redis_int(r, "ZCARD va:voice:live"), 3);
    assert_int_equal(t_redis_int(r, "ZCARD va:voice:media"), 3);
    assert_int_equal(t_redis_int(r, "ZCOUNT va:voice:media 9999999999999 +inf"), 1);
    assert_int_equal(t_redis_int(r, "ZCARD va:voice:org:{o}"), 2);
    assert_int_equal(t_redis_int(r, "ZCARD va:voice:org:{other}"), 1);
    assert_in_range(t_redis_int(r, "PTTL va:voice:org:{o}"), 50000, 60000);
    assert_in_range(t_redis_int(r, "PTTL va:voice:org:{other}"), 50000, 60000);
    assert_in_range(t_redis_int(r, "PTTL va:voice:live"), 50000, 60000);
    assert_in_range(t_redis_int(r, "PTTL va:voice:media"), 60001, INT64_MAX);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_an_organization_has_so_many_calls),
        TEST(test_the_same_call_is_the_same_slot),
        TEST(test_a_slot_is_never_made_shorter),
        TEST(test_what_ran_out_is_nobodys),
        TEST(test_a_call_that_goes_on_is_not_thrown_out),
        TEST(test_the_end_frees_every_slot_once),
        TEST(test_what_is_done_late_for_an_ended_call_takes_no_slot),
        TEST(test_media_needs_a_living_process_with_room),
        TEST(test_calls_of_all_shops_are_counted),
        TEST(test_a_call_begins_once),
        TEST(test_an_unknown_call_is_not_found_nor_written),
        TEST(test_who_was_overtaken_writes_nothing),
        TEST(test_a_token_opens_one_stream),
        TEST(test_the_next_step_is_taken_once),
        TEST(test_a_door_gives_the_same_step_again),
        TEST(test_resumes_are_counted_lately_and_in_all),
        TEST(test_a_stream_that_nobody_claims_is_no_fall),
        TEST(test_the_end_is_the_end),
        TEST(test_a_full_redis_ends_no_call),
        TEST(test_a_full_redis_ends_no_voice_process),
        TEST(test_a_full_redis_keeps_no_silent_voice_process),
        TEST(test_of_two_streams_of_a_call_the_older_one_is_lost),
        TEST(test_a_beat_keeps_the_slots_of_each_call),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    signal(SIGPIPE, SIG_IGN);
    t_redis_start(&server, NULL);
    r = wk_redis_new(server.url, 20000);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    wk_redis_free(r);
    t_redis_stop(&server);
    return failed;
}
