/* When transactions of bulk jobs may begin, while somebody asks and while nobody does. */
#include <pthread.h>
#include <time.h>

#include "t/worker/lib/fixture.h"
#include "worker/clock.h"
#include "worker/pace.h"
#include "worker/stop.h"

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

/* How long it takes until the next may begin, which then ends at once. */
static int64_t waited_ms(void)
{
    int64_t before = wk_monotonic_ms();
    wk_pace_end(wk_pace_begin());
    return wk_monotonic_ms() - before;
}

static void *waits(void *waited)
{
    *(int64_t *)waited = waited_ms();
    return NULL;
}

/* Leaves neither a question nor a rest to the test behind. */
static void forget(void)
{
    pause_ms(300);
}

static void test_who_is_not_asked_does_not_wait(void **state)
{
    (void)state;
    int64_t first = wk_pace_begin();
    pause_ms(100);
    int64_t before = wk_monotonic_ms();
    int64_t second = wk_pace_begin();
    assert_true(wk_monotonic_ms() - before < 100);
    wk_pace_end(second);
    wk_pace_end(first);
    assert_true(waited_ms() < 100);
}

static void test_a_rest_is_three_times_as_long(void **state)
{
    (void)state;
    int64_t begun = wk_pace_begin();
    pause_ms(30);
    wk_pace_end(begun);
    wk_pace_asked();
    assert_in_range(waited_ms(), 80, 250);
    forget();
}

static void test_a_rest_has_an_end(void **state)
{
    (void)state;
    int64_t begun = wk_pace_begin();
    pause_ms(500);
    wk_pace_end(begun);
    wk_pace_asked();
    assert_in_range(waited_ms(), 190, 1000);
    forget();
}

static void test_one_runs_at_a_time(void **state)
{
    pthread_t other;
    int64_t waited;
    (void)state;
    wk_pace_asked();
    int64_t begun = wk_pace_begin();
    assert_int_equal(pthread_create(&other, NULL, waits, &waited), 0);
    for (int i = 0; i < 5; i++) {
        pause_ms(50);
        wk_pace_asked();
    }
    wk_pace_end(begun);
    pthread_join(other, NULL);
    assert_true(waited >= 240 + 190);
    forget();
}

static void test_a_long_one_holds_up_nobody_for_more_than_a_second(void **state)
{
    pthread_t other;
    int64_t waited;
    (void)state;
    wk_pace_asked();
    int64_t begun = wk_pace_begin();
    assert_int_equal(pthread_create(&other, NULL, waits, &waited), 0);
    for (int i = 0; i < 30; i++) {
        pause_ms(50);
        wk_pace_asked();
    }
    pthread_join(other, NULL);
    wk_pace_end(begun);
    assert_in_range(waited, 950, 1450);
    forget();
}

static void test_nobody_waits_when_nothing_is_asked_any_more(void **state)
{
    (void)state;
    wk_pace_asked();
    int64_t begun = wk_pace_begin();
    assert_in_range(waited_ms(), 200, 900);
    wk_pace_end(begun);
    forget();
}

static void test_who_is_told_to_stop_waits_for_nothing(void **state)
{
    (void)state;
    wk_pace_asked();
    int64_t begun = wk_pace_begin();
    wk_stop_request();
    assert_true(waited_ms() < 100);
    wk_pace_end(begun);
    forget();
}

static void test_two_places_while_somebody_asks(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_true(wk_pace_enter());
    }
    wk_pace_asked();
    assert_false(wk_pace_enter());
    wk_pace_leave();
    assert_false(wk_pace_enter()); /* refused, it had left nothing to leave */
    wk_pace_leave();
    assert_true(wk_pace_enter());
    assert_false(wk_pace_enter());
    forget();
    assert_true(wk_pace_enter());
    for (int i = 0; i < 3; i++) {
        wk_pace_leave();
    }
    forget();
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_who_is_not_asked_does_not_wait),
        TEST(test_a_rest_is_three_times_as_long),
        TEST(test_a_rest_has_an_end),
        TEST(test_one_runs_at_a_time),
        TEST(test_a_long_one_holds_up_nobody_for_more_than_a_second),
        TEST(test_nobody_waits_when_nothing_is_asked_any_more),
        TEST(test_two_places_while_somebody_asks),
        TEST(test_who_is_told_to_stop_waits_for_nothing),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
