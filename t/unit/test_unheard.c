/* Whether a service that says nothing hears a caller who speaks. */
#include "worker/voice/unheard.h"

#include "core/mulaw.h"
#include "t/unit/support.h"

#define MS(ms) ((ms) * 8)

static char sound[MS(2000)];

/* So loud, in so many ms. */
static void give(wk_unheard_t *u, int16_t loudness, unsigned ms)
{
    for (size_t i = 0; i < MS(ms); i++) {
        sound[i] = (char)va_mulaw_encode(i % 2 == 0 ? loudness : (int16_t)-loudness);
    }
    for (size_t at = 0; at < MS(ms); at += MS(20)) {
        wk_unheard_given(u, va_str(sound + at, MS(20)));
    }
}

static void who_speaks_and_is_told_nothing_is_unheard(void **state)
{
    wk_unheard_t u = {0};
    (void)state;
    give(&u, 8000, 600);
    assert_int_equal(wk_unheard_beat(&u), 1);
    assert_int_equal(wk_unheard_beat(&u), 2); /* he waits for the answer */
    wk_unheard_told(&u);
    assert_int_equal(wk_unheard_beat(&u), 0);
}

static void words_may_come_one_by_one(void **state)
{
    wk_unheard_t u = {0};
    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(wk_unheard_beat(&u), 0);
        give(&u, 8000, 200);
        give(&u, 0, 1000);
    }
    assert_int_equal(wk_unheard_beat(&u), 1);
}

/* However long it is; nor a sound that is shorter than a word. */
static void silence_and_a_room_say_nothing(void **state)
{
    wk_unheard_t u = {0};
    (void)state;
    for (int i = 0; i < 100; i++) {
        give(&u, i % 2 == 0 ? 0 : 300, 1000);
        wk_unheard_given(&u, VA_STR_NULL);
        assert_int_equal(wk_unheard_beat(&u), 0);
    }
    give(&u, 20000, 580);
    assert_int_equal(wk_unheard_beat(&u), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(who_speaks_and_is_told_nothing_is_unheard),
        TEST(words_may_come_one_by_one),
        TEST(silence_and_a_room_say_nothing),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
