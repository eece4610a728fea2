/* What the agent says on its way to the ear: ahead by so much, stopped, gone on with, dropped.
 */
#include "worker/voice/playout.h"

#include "t/unit/support.h"

#define MS(ms) ((size_t)(ms) * WK_PLAYOUT_RATE)

static wk_playout_t p;
static char sound[MS(WK_PLAYOUT_MAX_MS) + 1];

static int set_up(void **state)
{
    (void)state;
    p = (wk_playout_t){.held = false};
    for (size_t i = 0; i < sizeof(sound); i++) {
        sound[i] = (char)(i / MS(20));
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    wk_playout_free(&p);
    return 0;
}

static void say(const char *item, size_t from_ms, size_t ms)
{
    assert_true(wk_playout_add(&p, va_str_c(item), va_str(sound + MS(from_ms), MS(ms)), 0));
}

/* Sends what is due; returns how many ms that is. last: the last mark, if any was sent. */
static size_t send_due(int64_t now, wk_twilio_mark_t *last)
{
    size_t bytes = 0;
    wk_playout_frame_t frame;
    while (wk_playout_next(&p, now, &frame)) {
        assert_true(frame.sound.len > 0 || frame.has_mark);
        assert_true(frame.sound.len <= WK_PLAYOUT_FRAME);
        bytes += frame.sound.len;
        if (frame.has_mark && last != NULL) {
            *last = frame.mark;
        }
    }
    return bytes / WK_PLAYOUT_RATE;
}

static void the_carrier_is_kept_a_little_ahead(void **state)
{
    (void)state;
    say("a", 0, 2000);
    assert_int_equal(send_due(0, NULL), WK_PLAYOUT_LEAD_MS);
    assert_int_equal(send_due(0, NULL), 0);
    assert_int_equal(send_due(100, NULL), 100);
    assert_int_equal(send_due(5000, NULL), WK_PLAYOUT_LEAD_MS); /* it ran dry meanwhile */
}

static void everything_is_sent_once_and_in_order(void **state)
{
    wk_playout_frame_t frame;
    size_t at = 0;
    (void)state;
    say("a", 0, 333);
    say("b", 333, 667);
    for (int64_t now = 0; now < 2000; now += 20) {
        while (wk_playout_next(&p, now, &frame)) {
            assert_memory_equal(frame.sound.data, sound + at, frame.sound.len);
            at += frame.sound.len;
        }
    }
    assert_int_equal(at, MS(1000));
}

static void what_was_heard_follows_the_clock_and_the_marks(void **state)
{
    wk_playout_frame_t frame;
    wk_twilio_mark_t mark = {0, 0};
    (void)state;
    say("a", 0, 2000);
    while (mark.position == 0 && wk_playout_next(&p, 0, &frame)) {
        mark = frame.has_mark ? frame.mark : mark;
    }
    assert_int_equal(mark.position, MS(WK_PLAYOUT_MARK_MS));
    send_due(0, NULL);
    assert_int_equal(wk_playout_heard(&p, 150), MS(150));
    /* The clock alone does not carry it beyond a mark that has not come back. */
    assert_int_equal(wk_playout_heard(&p, 390), MS(200));
    wk_playout_heard_mark(&p, mark, 250);
    assert_int_equal(wk_playout_heard(&p, 300), MS(250));
}

static void an_engine_as_fast_as_speech_gets_few_marks(void **state)
{
    wk_playout_frame_t frame;
    size_t marks = 0;
    int64_t now = 0;
    (void)state;
    for (; now < 1000; now += 20) {
        assert_true(wk_playout_add(&p, VA_STR("a"), va_str(sound, WK_PLAYOUT_FRAME), now));
        while (wk_playout_next(&p, now, &frame)) {
            marks += frame.has_mark;
        }
    }
    assert_int_equal(marks, 1000 / WK_PLAYOUT_MARK_MS);
    assert_true(wk_playout_add(&p, VA_STR("a"), va_str(sound, WK_PLAYOUT_FRAME), now));
    assert_true(wk_playout_next(&p, now, &frame));
    assert_false(frame.has_mark);
    assert_false(wk_playout_next(&p, now + WK_PLAYOUT_END_MS - 1, &frame));
    assert_true(wk_playout_next(&p, now + WK_PLAYOUT_END_MS, &frame)); /* the end, once */
    assert_true(frame.has_mark && frame.sound.len == 0 && frame.mark.position == p.end);
    assert_false(wk_playout_next(&p, now + 2 * WK_PLAYOUT_END_MS, &frame));
}

static void a_mark_that_is_none_of_ours_says_nothing(void **state)
{
    (void)state;
    say("a", 0, 1000);
    send_due(0, NULL);
    wk_playout_heard_mark(&p, (wk_twilio_mark_t){7, MS(200)}, 10);
    wk_playout_heard_mark(&p, (wk_twilio_mark_t){0, MS(900)}, 10); /* not sent yet */
    assert_int_equal(wk_playout_heard(&p, 10), MS(10));
}

static void it_goes_on_where_it_was_stopped(void **state)
{
    wk_playout_frame_t frame;
    wk_twilio_mark_t before = {0, 0};
    (void)state;
    say("a", 0, 2000);
    send_due(0, &before);
    wk_playout_hold(&p, 100);
    say("a", 2000, 200); /* the engine goes on meanwhile */
    assert_false(wk_playout_next(&p, 500, &frame));
    wk_playout_heard_mark(&p, before, 110); /* what a `clear` sends back */
    assert_int_equal(wk_playout_heard(&p, 500), MS(100));
    wk_playout_resume(&p);
    assert_true(wk_playout_next(&p, 600, &frame));
    assert_memory_equal(frame.sound.data, sound + MS(100), frame.sound.len);
    assert_true(wk_playout_busy(&p));
}

static void what_is_dropped_was_heard_so_far(void **state)
{
    wk_cut_t cuts[WK_PLAYOUT_ITEMS];
    wk_twilio_mark_t mark;
    (void)state;
    say("a", 0, 200);
    say("b", 200, 300);
    say("c", 500, 500);
    send_due(0, &mark);
    wk_playout_heard_mark(&p, (wk_twilio_mark_t){0, MS(200)}, 200);
    assert_int_equal(wk_playout_drop(&p, 260, cuts), 2);
    assert_str(cuts[0].item, "b");
    assert_int_equal(cuts[0].heard_ms, 60);
    assert_int_equal(cuts[0].total_ms, 300);
    assert_str(cuts[1].item, "c");
    assert_int_equal(cuts[1].heard_ms, 0);
    assert_int_equal(cuts[1].total_ms, 500);
    assert_false(wk_playout_busy(&p));
    assert_int_equal(send_due(300, NULL), 0);
}

static void what_comes_after_a_drop_is_heard_anew(void **state)
{
    wk_cut_t cuts[WK_PLAYOUT_ITEMS];
    wk_twilio_mark_t old = {0, 0}, mark = {0, 0};
    (void)state;
    say("a", 0, 1000);
    send_due(0, &old);
    assert_int_equal(wk_playout_drop(&p, 50, cuts), 1);
    say("b", 0, 300);
    assert_int_equal(send_due(60, &mark), 300);
    wk_playout_heard_mark(&p, old, 70);
    assert_true(wk_playout_busy(&p));
    assert_int_not_equal(mark.run, old.run);
    wk_playout_heard_mark(&p, mark, 360);
    assert_false(wk_playout_busy(&p));
    assert_int_equal(wk_playout_drop(&p, 400, cuts), 0);
}

static void an_utterance_waits_until_all_of_it_was_heard(void **state)
{
    wk_cut_t cuts[WK_PLAYOUT_ITEMS];
    (void)state;
    say("a", 0, 200);
    say("b", 0, 200);
    assert_true(wk_playout_waits(&p, VA_STR("b")));
    assert_false(wk_playout_waits(&p, VA_STR("c")));
    send_due(0, NULL);
    wk_playout_heard_mark(&p, (wk_twilio_mark_t){0, MS(200)}, 200);
    assert_false(wk_playout_waits(&p, VA_STR("a")));
    assert_true(wk_playout_waits(&p, VA_STR("b")));
    wk_playout_drop(&p, 200, cuts);
    assert_false(wk_playout_waits(&p, VA_STR("b")));
}

static void there_is_a_bound(void **state)
{
    (void)state;
    say("a", 0, WK_PLAYOUT_MAX_MS);
    assert_false(wk_playout_add(&p, VA_STR("a"), va_str(sound, 1), 0));
    send_due(0, NULL);
    wk_playout_heard_mark(&p, (wk_twilio_mark_t){0, MS(200)}, 200);
    say("a", 0, 200);
}

static void utterances_are_counted_while_they_are_not_heard(void **state)
{
    char name[] = "a";
    (void)state;
    for (size_t i = 0; i < WK_PLAYOUT_ITEMS; i++, name[0]++) {
        say(name, 0, 20);
    }
    assert_false(wk_playout_add(&p, VA_STR("one more"), va_str(sound, 1), 0));
    send_due(0, NULL);
    wk_playout_heard_mark(&p, (wk_twilio_mark_t){0, MS(200)}, 200);
    say("one more", 0, 20);
}

static void a_name_that_is_too_long_is_not_taken(void **state)
{
    char name[WK_PLAYOUT_ITEM_MAX];
    (void)state;
    memset(name, 'n', sizeof(name));
    assert_false(wk_playout_add(&p, va_str(name, sizeof(name)), va_str(sound, 8), 0));
    assert_true(wk_playout_add(&p, va_str(name, sizeof(name) - 1), va_str(sound, 8), 0));
}

/* The agent must not speak for ever: nobody would be asked whether he is there. */
static void a_mark_that_never_comes_is_given_up(void **state)
{
    (void)state;
    say("a", 0, 300);
    send_due(0, NULL);
    send_due(60, NULL); /* with a mark at the end */
    assert_int_equal(send_due(300 + WK_PLAYOUT_LOST_MS - 1, NULL), 0);
    assert_true(wk_playout_busy(&p));
    send_due(300 + WK_PLAYOUT_LOST_MS, NULL);
    assert_false(wk_playout_busy(&p));
    assert_false(wk_playout_heard_mark(&p, (wk_twilio_mark_t){p.run, p.marked}, 11000));
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(the_carrier_is_kept_a_little_ahead),
        CASE(everything_is_sent_once_and_in_order),
        CASE(what_was_heard_follows_the_clock_and_the_marks),
        CASE(a_mark_that_never_comes_is_given_up),
        CASE(an_engine_as_fast_as_speech_gets_few_marks),
        CASE(a_mark_that_is_none_of_ours_says_nothing),
        CASE(it_goes_on_where_it_was_stopped),
        CASE(what_is_dropped_was_heard_so_far),
        CASE(what_comes_after_a_drop_is_heard_anew),
        CASE(an_utterance_waits_until_all_of_it_was_heard),
        CASE(there_is_a_bound),
        CASE(utterances_are_counted_while_they_are_not_heard),
        CASE(a_name_that_is_too_long_is_not_taken),
    };
    return RUN("playout", tests);
}
