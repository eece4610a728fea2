/* Where the time of a turn goes, with a clock that is told. */
#include "worker/voice/turn_timing.h"

#include "t/unit/support.h"

#define FRAME_MS 20
#define MS(ms)   ((uint64_t)(ms) * WK_PLAYOUT_RATE)
#define LATE_MS  30 /* what every frame of these tests takes on its way */

static wk_timing_t t;
static const va_str_t ITEM = {"item", 4};

/* The stream began at 1000 on our clock. */
static int set_up(void **state)
{
    (void)state;
    wk_timing_start(&t, 1000 + LATE_MS);
    return 0;
}

static int64_t ours(int64_t stream_ms)
{
    return 1000 + LATE_MS + stream_ms;
}

/* The caller's sound from one time of the stream to another; the engine is given all of it. */
static void caller_sounds(int64_t from, int64_t to)
{
    for (int64_t ms = from + FRAME_MS; ms <= to; ms += FRAME_MS) {
        wk_timing_frame(&t, ms, WK_PLAYOUT_FRAME, ours(ms));
    }
}

static void assert_at(const wk_waterfall_t *fall, wk_stage_t stage, int64_t ms)
{
    assert_true(wk_waterfall_has(fall, stage));
    assert_int_equal(fall->at_ms[stage], ms);
}

static wk_waterfall_t look(void)
{
    wk_waterfall_t fall;
    assert_true(wk_timing_look(&t, ITEM, &fall));
    return fall;
}

/* Gives the only one that is ready. */
static int64_t take(wk_waterfall_t *fall, int64_t now)
{
    int64_t turn, other;
    wk_waterfall_t none;
    assert_true(wk_timing_take(&t, false, now, &turn, fall));
    assert_false(wk_timing_take(&t, false, now, &other, &none));
    return turn;
}

/* ---------------------------------------------------------------- a turn */

static void a_whole_turn(void **state)
{
    wk_waterfall_t fall;
    int64_t turn;
    (void)state;
    caller_sounds(0, 2000);
    wk_timing_voiced(&t, 1500);
    wk_timing_caller_ended(&t, ours(2010));
    wk_timing_asked(&t, ours(2012));
    wk_timing_token(&t, ITEM, ours(2300));
    wk_timing_token(&t, ITEM, ours(2310)); /* only the first counts */
    wk_timing_sound(&t, ITEM, MS(100), ours(2400));
    wk_timing_sound(&t, ITEM, MS(500), ours(2420));
    wk_timing_written(&t, MS(100), ours(2425)); /* not yet: all before it */
    wk_timing_written(&t, MS(120), ours(2430));
    wk_timing_recorded(&t, ITEM, 7);
    assert_false(wk_timing_take(&t, false, ours(2440), &turn, &fall));
    wk_timing_heard(&t, MS(300), ours(2690));

    assert_int_equal(take(&fall, ours(2700)), 7);
    assert_true(fall.reported);
    assert_at(&fall, WK_STAGE_CALLER_ENDED, 1500);
    assert_at(&fall, WK_STAGE_END_DETECTED, 2010);
    assert_at(&fall, WK_STAGE_ASKED, 2012);
    assert_at(&fall, WK_STAGE_FIRST_TOKEN, 2300);
    assert_at(&fall, WK_STAGE_FIRST_SOUND, 2400);
    assert_at(&fall, WK_STAGE_WRITTEN, 2430);
    assert_at(&fall, WK_STAGE_HEARD, 2490); /* the mark stands 200 ms behind its begin */
    assert_false(wk_waterfall_has(&fall, WK_STAGE_TOOL_CALLED));
    assert_int_equal(wk_waterfall_step(&fall, WK_STAGE_CALLER_ENDED), -1);
    assert_int_equal(wk_waterfall_step(&fall, WK_STAGE_END_DETECTED), 510);
    assert_int_equal(wk_waterfall_step(&fall, WK_STAGE_TOOL_CALLED), -1);
    assert_int_equal(wk_waterfall_step(&fall, WK_STAGE_FIRST_TOKEN), 288);
    assert_int_equal(wk_waterfall_response(&fall), 930);
    assert_int_equal(wk_waterfall_own(&fall), 2 + 30);
    assert_false(wk_timing_take(&t, true, ours(9000), &turn, &fall)); /* once */
}

static void a_tool_and_then_the_answer(void **state)
{
    (void)state;
    caller_sounds(0, 1000);
    wk_timing_caller_ended(&t, ours(1010));
    wk_timing_asked(&t, ours(1010));
    wk_timing_tool_called(&t, ours(1200));
    wk_timing_tool_called(&t, ours(1201));
    wk_timing_tool_answered(&t, ours(1300));
    wk_timing_tool_answered(&t, ours(1350));
    wk_timing_asked(&t, ours(1355));
    wk_timing_sound(&t, ITEM, 0, ours(1500));
    wk_timing_written(&t, 160, ours(1500));
    wk_waterfall_t fall = look();
    assert_at(&fall, WK_STAGE_TOOL_CALLED, 1200);
    assert_at(&fall, WK_STAGE_TOOL_ANSWERED, 1350);
    assert_at(&fall, WK_STAGE_ASKED, 1355);
    assert_at(&fall, WK_STAGE_FIRST_TOKEN, 1500); /* what speaks without words */
    assert_int_equal(wk_waterfall_own(&fall), 150 + 5);
}

static void words_beside_a_tool_do_not_wait_for_it(void **state)
{
    static const bool called_first[] = {true, false};
    wk_waterfall_t first, second;
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        wk_timing_start(&t, ours(0));
        caller_sounds(0, 1000);
        wk_timing_caller_ended(&t, ours(1010));
        if (called_first[i]) {
            wk_timing_tool_called(&t, ours(1100));
            wk_timing_token(&t, ITEM, ours(1101));
        } else {
            wk_timing_token(&t, ITEM, ours(1099));
            wk_timing_tool_called(&t, ours(1100));
        }
        wk_timing_tool_answered(&t, ours(1300));
        wk_timing_token(&t, VA_STR("then"), ours(1400));
        assert_true(wk_timing_look(&t, VA_STR("then"), &second));
        first = look();
        assert_true(wk_waterfall_has(&first, WK_STAGE_CALLER_ENDED));
        assert_false(wk_waterfall_has(&first, WK_STAGE_TOOL_CALLED));
        assert_false(wk_waterfall_has(&second, WK_STAGE_CALLER_ENDED));
        assert_at(&second, WK_STAGE_TOOL_CALLED, 1100);
        assert_at(&second, WK_STAGE_TOOL_ANSWERED, 1300);
        assert_int_equal(wk_waterfall_response(&second), -1);
        assert_int_equal(wk_waterfall_own(&second), -1);
    }
}

/* "Yeah" while a tool runs: what it answers was asked before. */
static void a_backchannel_is_no_question(void **state)
{
    (void)state;
    caller_sounds(0, 1000);
    wk_timing_caller_ended(&t, ours(1010));
    wk_timing_asked(&t, ours(1010));
    wk_timing_tool_called(&t, ours(1200));
    caller_sounds(1000, 3000);
    wk_timing_caller_ended(&t, ours(3010));
    wk_timing_tool_answered(&t, ours(3020));
    wk_timing_backchannel(&t);
    wk_timing_asked(&t, ours(3030));
    wk_timing_backchannel(&t); /* nothing more is taken back */
    wk_timing_sound(&t, ITEM, 0, ours(3500));
    wk_waterfall_t fall = look();
    assert_at(&fall, WK_STAGE_CALLER_ENDED, 1000);
    assert_at(&fall, WK_STAGE_END_DETECTED, 1010);
    assert_at(&fall, WK_STAGE_TOOL_CALLED, 1200);
    assert_at(&fall, WK_STAGE_TOOL_ANSWERED, 3020);
    assert_at(&fall, WK_STAGE_ASKED, 3030);
}

/* The answer has begun: what is said now is of another turn, whatever it is. */
static void behind_the_answer_nothing_is_taken_back(void **state)
{
    (void)state;
    caller_sounds(0, 1000);
    wk_timing_caller_ended(&t, ours(1010));
    wk_timing_asked(&t, ours(1010));
    wk_timing_token(&t, VA_STR("first"), ours(1100));
    caller_sounds(1000, 2000);
    wk_timing_caller_ended(&t, ours(2010));
    wk_timing_backchannel(&t);
    wk_timing_asked(&t, ours(2010));
    wk_timing_sound(&t, ITEM, 0, ours(2500));
    wk_waterfall_t fall = look();
    assert_at(&fall, WK_STAGE_CALLER_ENDED, 2000);
}

static void what_the_agent_says_by_itself_answers_nobody(void **state)
{
    (void)state;
    caller_sounds(0, 1000);
    wk_timing_caller_ended(&t, ours(1010));
    wk_timing_unprompted(&t);
    wk_timing_asked(&t, ours(13000));
    wk_timing_sound(&t, ITEM, 0, ours(13100));
    wk_waterfall_t fall = look();
    assert_false(wk_waterfall_has(&fall, WK_STAGE_CALLER_ENDED));
    assert_at(&fall, WK_STAGE_ASKED, 13000);
}

static void what_is_said_in_between_takes_no_turn(void **state)
{
    wk_waterfall_t fall;
    (void)state;
    wk_timing_caller_ended(&t, ours(1010));
    wk_timing_sound(&t, VA_STR(""), 0, ours(1020));
    wk_timing_written(&t, 160, ours(1020));
    assert_false(wk_timing_look(&t, VA_STR(""), &fall));
    wk_timing_sound(&t, ITEM, 160, ours(1500));
    fall = look();
    assert_at(&fall, WK_STAGE_END_DETECTED, 1010);
    assert_false(wk_waterfall_has(&fall, WK_STAGE_WRITTEN));
}

/* ---------------------------------------------------------------- the caller's last sound */

/* Between 400 and 700 ms the engine could not keep up. */
static void sound_with_a_gap(void)
{
    wk_timing_start(&t, ours(0));
    caller_sounds(0, 400);
    for (int64_t ms = 420; ms <= 700; ms += FRAME_MS) {
        wk_timing_frame(&t, ms, 0, ours(ms));
    }
    caller_sounds(700, 800);
}

static void where_speech_ended_is_found_in_sound_with_a_gap(void **state)
{
    static const struct {
        int64_t told, at;
    } cases[] = {{20, 20}, {30, 30}, {400, 400}, {410, 710}, {500, 800}};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        sound_with_a_gap();
        wk_timing_voiced(&t, cases[i].told);
        wk_timing_caller_ended(&t, ours(810));
        assert_true(t.next.fall.reported);
        assert_at(&t.next.fall, WK_STAGE_CALLER_ENDED, cases[i].at);
    }
}

static void a_report_of_sound_that_is_not_known_is_none(void **state)
{
    static const int64_t told[] = {-1, 0, 20, 5020, INT64_MAX};
    (void)state;
    caller_sounds(0, 5000);
    for (size_t i = 0; i < sizeof(told) / sizeof(*told); i++) {
        wk_timing_voiced(&t, 4000);
        wk_timing_voiced(&t, told[i]);
        wk_timing_caller_ended(&t, ours(5010));
        assert_false(t.next.fall.reported);
        assert_at(&t.next.fall, WK_STAGE_CALLER_ENDED, 5000); /* the last frame before */
    }
}

static void a_report_is_of_one_turn(void **state)
{
    (void)state;
    caller_sounds(0, 1000);
    wk_timing_voiced(&t, 500);
    wk_timing_caller_ended(&t, ours(1010));
    caller_sounds(1000, 1500);
    wk_timing_caller_ended(&t, ours(1510));
    assert_false(t.next.fall.reported);
    assert_at(&t.next.fall, WK_STAGE_CALLER_ENDED, 1500);
}

static void another_engine_counts_from_its_own_begin(void **state)
{
    wk_waterfall_t fall;
    int64_t turn;
    (void)state;
    caller_sounds(0, 1000);
    wk_timing_sound(&t, ITEM, 0, ours(1000));
    wk_timing_recorded(&t, ITEM, 1);
    wk_timing_engine(&t);
    caller_sounds(1000, 1400);
    wk_timing_voiced(&t, 100);
    wk_timing_caller_ended(&t, ours(1410));
    assert_at(&t.next.fall, WK_STAGE_CALLER_ENDED, 1100);
    wk_timing_sound(&t, ITEM, MS(2000), ours(1500)); /* a name may come again */
    wk_timing_recorded(&t, ITEM, 2);
    fall = look();
    assert_at(&fall, WK_STAGE_FIRST_SOUND, 1500);
    wk_timing_written(&t, MS(10), ours(1510)); /* what the first one said is still sent */
    assert_true(wk_timing_take(&t, true, ours(1600), &turn, &fall));
    assert_int_equal(turn, 1);
    assert_at(&fall, WK_STAGE_WRITTEN, 1510);
}

static void without_timestamps_nothing_is_known_of_the_caller(void **state)
{
    (void)state;
    wk_timing_frame(&t, -1, WK_PLAYOUT_FRAME, ours(20));
    wk_timing_voiced(&t, 20);
    wk_timing_caller_ended(&t, ours(100));
    assert_false(wk_waterfall_has(&t.next.fall, WK_STAGE_CALLER_ENDED));
    assert_at(&t.next.fall, WK_STAGE_END_DETECTED, 100);
}

/* ---------------------------------------------------------------- the clock */

static void a_frame_that_comes_late_is_nobodys_delay(void **state)
{
    (void)state;
    caller_sounds(0, 1000);
    wk_timing_frame(&t, 1020, WK_PLAYOUT_FRAME, ours(1020) + 300);
    wk_timing_caller_ended(&t, ours(1330));
    assert_at(&t.next.fall, WK_STAGE_CALLER_ENDED, 1020);
    assert_at(&t.next.fall, WK_STAGE_END_DETECTED, 1330);
}

/* The carrier's clock is one in a thousand slow: after ten minutes that is 600 ms. */
static void a_clock_that_runs_slow_is_followed(void **state)
{
    static const int64_t ten_minutes = 600000;
    (void)state;
    for (int64_t ms = FRAME_MS; ms <= ten_minutes; ms += FRAME_MS) {
        wk_timing_frame(&t, ms, WK_PLAYOUT_FRAME, ours(ms + ms / 1000));
    }
    wk_timing_caller_ended(&t, ours(ten_minutes + ten_minutes / 1000));
    assert_in_range(t.next.fall.at_ms[WK_STAGE_END_DETECTED], ten_minutes, ten_minutes + 20);
}

static void stages_keep_their_order_while_the_clocks_are_tied_anew(void **state)
{
    (void)state;
    caller_sounds(0, 1000);
    wk_timing_caller_ended(&t, ours(1010));
    wk_timing_frame(&t, 1200, WK_PLAYOUT_FRAME, ours(1020)); /* came faster than any before */
    wk_timing_token(&t, ITEM, ours(1030));
    wk_waterfall_t fall = look();
    assert_at(&fall, WK_STAGE_END_DETECTED, 1010);
    assert_at(&fall, WK_STAGE_FIRST_TOKEN, 1030);
}

/* ---------------------------------------------------------------- what is given */

static void a_mark_that_does_not_come_back_is_waited_for_no_longer(void **state)
{
    wk_waterfall_t fall;
    int64_t turn;
    (void)state;
    wk_timing_sound(&t, ITEM, 0, ours(100));
    wk_timing_recorded(&t, ITEM, 1);
    wk_timing_written(&t, 160, ours(100));
    assert_false(wk_timing_take(&t, false, ours(100 + WK_TIMING_MARK_MS - 1), &turn, &fall));
    assert_int_equal(take(&fall, ours(100 + WK_TIMING_MARK_MS)), 1);
    assert_false(wk_waterfall_has(&fall, WK_STAGE_HEARD));
}

static void what_was_dropped_is_not_written_by_what_follows(void **state)
{
    wk_waterfall_t fall;
    (void)state;
    wk_timing_asked(&t, ours(0));
    wk_timing_sound(&t, ITEM, 0, ours(50));
    wk_timing_recorded(&t, ITEM, 3);
    wk_timing_dropped(&t);
    wk_timing_sound(&t, VA_STR("next"), MS(500), ours(900));
    wk_timing_written(&t, MS(520), ours(910));
    wk_timing_heard(&t, MS(520), ours(1000));
    assert_int_equal(take(&fall, ours(1000)), 3);
    assert_false(wk_waterfall_has(&fall, WK_STAGE_WRITTEN));
    assert_false(wk_waterfall_has(&fall, WK_STAGE_HEARD));
    assert_true(wk_timing_look(&t, VA_STR("next"), &fall));
    assert_true(wk_waterfall_has(&fall, WK_STAGE_HEARD));
}

static void it_is_heard_no_earlier_than_it_was_written(void **state)
{
    (void)state;
    wk_timing_sound(&t, ITEM, 0, ours(100));
    wk_timing_written(&t, 160, ours(100));
    wk_timing_heard(&t, MS(200), ours(290));
    wk_waterfall_t fall = look();
    assert_at(&fall, WK_STAGE_HEARD, 100);
}

static void at_the_end_all_that_is_recorded_is_given(void **state)
{
    wk_waterfall_t fall;
    int64_t turn;
    (void)state;
    wk_timing_token(&t, VA_STR("unrecorded"), ours(50));
    wk_timing_token(&t, ITEM, ours(100));
    wk_timing_recorded(&t, ITEM, 3);
    wk_timing_recorded(&t, ITEM, 4); /* it has its number */
    wk_timing_recorded(&t, VA_STR("unheard of"), 5);
    assert_false(wk_timing_take(&t, false, ours(9000), &turn, &fall));
    assert_true(wk_timing_take(&t, true, ours(9000), &turn, &fall));
    assert_int_equal(turn, 3);
    assert_false(wk_timing_take(&t, true, ours(9000), &turn, &fall));
}

static void what_was_given_goes_on_under_its_name(void **state)
{
    wk_waterfall_t fall;
    (void)state;
    wk_timing_sound(&t, ITEM, 0, ours(100));
    wk_timing_recorded(&t, ITEM, 1);
    wk_timing_written(&t, 160, ours(100));
    wk_timing_heard(&t, 160, ours(130));
    (void)take(&fall, ours(140));
    caller_sounds(0, 200);
    wk_timing_caller_ended(&t, ours(210));
    wk_timing_sound(&t, ITEM, MS(400), ours(220)); /* more of it is no answer to that */
    wk_timing_token(&t, VA_STR("next"), ours(300));
    assert_true(wk_timing_look(&t, VA_STR("next"), &fall));
    assert_at(&fall, WK_STAGE_END_DETECTED, 210);
}

static void a_name_too_long_and_too_many_of_them(void **state)
{
    static char name[WK_PLAYOUT_ITEM_MAX];
    wk_waterfall_t fall;
    (void)state;
    memset(name, 'x', sizeof(name));
    wk_timing_sound(&t, va_str(name, sizeof(name)), 0, ours(10));
    assert_false(wk_timing_look(&t, va_str(name, sizeof(name)), &fall));
    for (size_t i = 0; i < 2 * WK_TIMING_UTTERANCES; i++) {
        wk_timing_token(&t, va_str(name, 1 + i), ours(20));
    }
    assert_false(wk_timing_look(&t, va_str(name, 1), &fall));
    assert_true(wk_timing_look(&t, va_str(name, 2 * WK_TIMING_UTTERANCES), &fall));
}

static void each_stage_has_a_name(void **state)
{
    (void)state;
    for (wk_stage_t a = 0; a < WK_STAGES; a++) {
        for (wk_stage_t b = 0; b < a; b++) {
            assert_string_not_equal(wk_stage_name(a), wk_stage_name(b));
        }
    }
}

#define CASE(f) cmocka_unit_test_setup(f, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_whole_turn),
        CASE(a_tool_and_then_the_answer),
        CASE(words_beside_a_tool_do_not_wait_for_it),
        CASE(what_the_agent_says_by_itself_answers_nobody),
        CASE(a_backchannel_is_no_question),
        CASE(behind_the_answer_nothing_is_taken_back),
        CASE(what_is_said_in_between_takes_no_turn),
        CASE(where_speech_ended_is_found_in_sound_with_a_gap),
        CASE(a_report_of_sound_that_is_not_known_is_none),
        CASE(a_report_is_of_one_turn),
        CASE(another_engine_counts_from_its_own_begin),
        CASE(without_timestamps_nothing_is_known_of_the_caller),
        CASE(a_frame_that_comes_late_is_nobodys_delay),
        CASE(a_clock_that_runs_slow_is_followed),
        CASE(stages_keep_their_order_while_the_clocks_are_tied_anew),
        CASE(a_mark_that_does_not_come_back_is_waited_for_no_longer),
        CASE(what_was_dropped_is_not_written_by_what_follows),
        CASE(it_is_heard_no_earlier_than_it_was_written),
        CASE(at_the_end_all_that_is_recorded_is_given),
        CASE(what_was_given_goes_on_under_its_name),
        CASE(a_name_too_long_and_too_many_of_them),
        CASE(each_stage_has_a_name),
    };
    return RUN("turn_timing", tests);
}
