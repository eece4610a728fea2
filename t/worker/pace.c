/* When transactions of bulk jobs may begin, while somebody asks and while nobody does. */
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "t/worker/lib/fixture.h"
#include "worker/clock.h"
#include "worker/pace.h"
#include "worker/stop.h"

#define ASKED_MS 250  /* after which a question is forgotten */
#define ASK_MS   5    /* between two */
#define END_MS   2000 /* of asking, when what is waited for does not come */
#define TRIES    20

static int setup(void **state)
{
    (void)state;
    assert_true(wk_stop_init());
    return 0;
}

static void pause_ms(int ms)
{
    nanosleep(&(struct timespec){ms / 1000, (long)(ms % 1000) * 1000000}, NULL);
}

/* Leaves neither a question nor a rest to what comes next. */
static void forget(void)
{
    pause_ms(300);
}

/*
 * Any thread may be late at any time. That makes a trial longer and never shorter, since it
 * measures from before what is waited for: all of them keep to the least, and one to the most.
 */
static void assert_takes(int64_t (*trial_ms)(int ms), int ms, int64_t least, int64_t most)
{
    int64_t took = INT64_MAX;
    for (int i = 0; i < TRIES && took > most; i++) {
        took = trial_ms(ms);
        forget();
    }
    assert_in_range(took, least, most);
}

/* The longest time without a question. */
typedef struct {
    int64_t last_ms;
    int64_t longest_ms;
} asked_t;

static void ask(asked_t *asked)
{
    int64_t before = wk_monotonic_ms();
    wk_pace_asked();
    int64_t without = wk_monotonic_ms() - asked->last_ms;
    asked->longest_ms = without > asked->longest_ms ? without : asked->longest_ms;
    asked->last_ms = before;
}

typedef struct {
    int64_t begun_ms;
    atomic_bool has_begun; /* which is then there to be read */
} waiter_t;

static void *waits(void *arg)
{
    waiter_t *waiter = arg;
    int64_t begun = wk_pace_begin();
    waiter->begun_ms = wk_monotonic_ms();
    wk_pace_end(begun);
    atomic_store(&waiter->has_begun, true);
    return NULL;
}

/* Asks for so long, or until the other has begun and once more. */
static void ask_for(asked_t *asked, int ms, waiter_t *waiter)
{
    int64_t until = wk_monotonic_ms() + ms;
    for (bool has_begun = false; !has_begun && wk_monotonic_ms() <= until;) {
        pause_ms(ASK_MS);
        has_begun = atomic_load(&waiter->has_begun);
        ask(asked);
    }
}

/*
 * From before a transaction that takes so long until another begins, while somebody asks;
 * for ever when nobody asked for a while, which says nothing.
 */
static int64_t behind_another_ms(int ms)
{
    pthread_t thread;
    waiter_t waiter = {0};
    int64_t from = wk_monotonic_ms();
    asked_t asked = {.last_ms = from};
    ask(&asked);
    int64_t begun = wk_pace_begin();
    assert_int_equal(pthread_create(&thread, NULL, waits, &waiter), 0);
    ask_for(&asked, ms, &waiter);
    wk_pace_end(begun);
    ask_for(&asked, END_MS, &waiter);
    pthread_join(thread, NULL);
    return asked.longest_ms < ASKED_MS - 1 ? waiter.begun_ms - from : INT64_MAX;
}

static void test_a_rest_is_three_times_as_long(void **state)
{
    (void)state;
    assert_takes(behind_another_ms, 30, 30 + 80, 190);
}

static void test_a_rest_has_an_end(void **state)
{
    (void)state;
    assert_takes(behind_another_ms, 400, 400 + 190, 1400);
}

static void test_a_long_one_holds_up_nobody_for_more_than_a_second(void **state)
{
    (void)state;
    assert_takes(behind_another_ms, END_MS, 990, 1900);
}

/* How long it takes until the next may begin, which then ends at once. */
static int64_t waited_ms(int64_t from)
{
    wk_pace_end(wk_pace_begin());
    return wk_monotonic_ms() - from;
}

static int64_t not_asked_ms(int ms)
{
    int64_t begun = wk_pace_begin();
    pause_ms(ms);
    int64_t from = wk_monotonic_ms();
    (void)waited_ms(from);
    wk_pace_end(begun);
    return waited_ms(from);
}

static void test_who_is_not_asked_does_not_wait(void **state)
{
    (void)state;
    assert_takes(not_asked_ms, 100, 0, 100);
}

static int64_t asked_once_ms(int ms)
{
    (void)ms;
    int64_t from = wk_monotonic_ms();
    wk_pace_asked();
    int64_t begun = wk_pace_begin();
    int64_t waited = waited_ms(from);
    wk_pace_end(begun);
    return waited;
}

static void test_nobody_waits_when_nothing_is_asked_any_more(void **state)
{
    (void)state;
    assert_takes(asked_once_ms, 0, 240, 900);
}

static int64_t told_to_stop_ms(int ms)
{
    (void)ms;
    wk_pace_asked();
    int64_t begun = wk_pace_begin();
    wk_stop_request();
    int64_t waited = waited_ms(wk_monotonic_ms());
    wk_pace_end(begun);
    return waited;
}

static void test_who_is_told_to_stop_waits_for_nothing(void **state)
{
    (void)state;
    assert_takes(told_to_stop_ms, 0, 0, 100);
}

/* How long what is asked has to be remembered; what is then forgotten says nothing. */
static int64_t places_ms(int ms)
{
    (void)ms;
    for (int i = 0; i < 3; i++) {
        assert_true(wk_pace_enter());
    }
    int64_t from = wk_monotonic_ms();
    wk_pace_asked();
    bool fourth = wk_pace_enter();
    wk_pace_leave();
    bool third = wk_pace_enter(); /* refused, the fourth had left nothing to leave */
    wk_pace_leave();
    bool second = wk_pace_enter(), next = wk_pace_enter();
    int64_t took = wk_monotonic_ms() - from;
    if (took < ASKED_MS - 1) {
        assert_false(fourth);
        assert_false(third);
        assert_true(second);
        assert_false(next);
    }
    forget();
    assert_true(wk_pace_enter());
    for (int taken = 2 + fourth + third + second + next; taken > 0; taken--) {
        wk_pace_leave();
    }
    return took;
}

static void test_two_places_while_somebody_asks(void **state)
{
    (void)state;
    assert_takes(places_ms, 0, 0, ASKED_MS - 2);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_who_is_not_asked_does_not_wait),
        TEST(test_a_rest_is_three_times_as_long),
        TEST(test_a_rest_has_an_end),
        TEST(test_a_long_one_holds_up_nobody_for_more_than_a_second),
        TEST(test_nobody_waits_when_nothing_is_asked_any_more),
        TEST(test_two_places_while_somebody_asks),
        TEST(test_who_is_told_to_stop_waits_for_nothing),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
