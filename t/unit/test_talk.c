/* Who speaks when: each rule of the turn-taking by itself, with a clock that is told. */
#include "worker/voice/talk.h"

#include "t/unit/support.h"

#define SECOND ((size_t)1000 * WK_PLAYOUT_RATE)

static wk_talk_t t;
static struct {
    int clears, answers, fillers, questions, cuts, silences, overs;
    unsigned heard_ms; /* of the first utterance that was cut last */
} did;
static bool mute; /* there is no engine */

static void on_clear(void *ctx)
{
    (void)ctx;
    did.clears++;
}
static bool on_answer(void *ctx)
{
    (void)ctx;
    did.answers++;
    return !mute;
}
static void on_silent(void *ctx)
{
    (void)ctx;
    did.silences++;
}
static void on_over(void *ctx)
{
    (void)ctx;
    did.overs++;
}

static bool on_line(void *ctx, wk_talk_line_t line)
{
    (void)ctx;
    did.fillers += line == WK_TALK_FILLER;
    did.questions += line == WK_TALK_ARE_YOU;
    return !mute;
}

static void on_cut(void *ctx, const wk_cut_t *cuts, size_t n)
{
    (void)ctx;
    did.cuts++;
    did.heard_ms = n > 0 ? cuts[0].heard_ms : 0;
}

static int set_up(void **state)
{
    static const wk_talk_ops_t ops = {on_clear, on_answer, on_line, on_cut, on_silent, on_over};
    (void)state;
    memset(&did, 0, sizeof(did));
    mute = false;
    wk_talk_init(&t, &ops, NULL, 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    wk_talk_free(&t);
    return 0;
}

/* Sends what is due, as the session does. */
static void tick(int64_t now)
{
    wk_playout_frame_t frame;
    wk_talk_tick(&t, now);
    while (wk_playout_next(&t.playout, now, &frame)) {
    }
}

/* The agent has begun to speak, for some seconds. */
static void agent_speaks(int64_t now)
{
    static char sound[3 * SECOND];
    wk_talk_answering(&t);
    assert_true(wk_playout_add(&t.playout, VA_STR("item"), va_str(sound, sizeof(sound)), now));
    tick(now);
}

/* All of it was heard, and the engine has no more. */
static void agent_ends(int64_t now)
{
    wk_cut_t cuts[WK_PLAYOUT_ITEMS];
    wk_playout_drop(&t.playout, now, cuts);
    wk_talk_done(&t, now);
}

static void the_agent_answers_when_the_caller_ends(void **state)
{
    (void)state;
    wk_talk_speech(&t, true, 100);
    assert_int_equal(did.answers, 0);
    wk_talk_speech(&t, false, 900);
    assert_int_equal(did.answers, 1);
    assert_int_equal(did.clears + did.cuts, 0);
}

static void a_word_cuts_the_agent_short(void **state)
{
    (void)state;
    agent_speaks(0);
    wk_talk_speech(&t, true, 150);
    assert_int_equal(did.clears, 1); /* silent at once */
    wk_talk_heard(&t, true, false, false, 400);
    assert_int_equal(did.cuts, 1);
    assert_int_equal(did.heard_ms, 150);
    assert_int_equal(did.answers, 0); /* not before the caller has ended */
    wk_talk_speech(&t, false, 900);
    assert_int_equal(did.answers, 1);
}

static void what_is_typed_is_answered_at_once(void **state)
{
    (void)state;
    wk_talk_typed(&t, 100);
    assert_int_equal(did.answers, 1);
    agent_speaks(200);
    wk_talk_typed(&t, 350); /* and cuts the agent short */
    assert_int_equal(did.clears, 1);
    assert_int_equal(did.cuts, 1);
    assert_int_equal(did.heard_ms, 150);
    assert_int_equal(did.answers, 2);
    agent_ends(400);
    wk_talk_tool(&t, 400);
    wk_talk_typed(&t, 500); /* with what the tool says */
    assert_int_equal(did.answers, 2);
    wk_talk_tool_ended(&t, 600);
    assert_int_equal(did.answers, 3);
    agent_ends(650);
    wk_talk_goodbye(&t, 700);
    wk_talk_typed(&t, 800);
    assert_int_equal(did.answers, 3);
}

static void a_back_channel_lets_the_agent_go_on(void **state)
{
    wk_playout_frame_t frame;
    (void)state;
    agent_speaks(0);
    wk_talk_speech(&t, true, 150);
    wk_talk_heard(&t, true, true, false, 300); /* more may come */
    assert_false(wk_playout_next(&t.playout, 310, &frame));
    wk_talk_speech(&t, false, 350);
    wk_talk_heard(&t, true, true, true, 500);
    assert_true(wk_playout_next(&t.playout, 510, &frame));
    tick(5000);
    assert_int_equal(did.cuts + did.answers, 0);
}

/* "Yes." The agent answers. "But at four": the words of "yes" are known no sooner. */
static void what_he_is_saying_is_not_judged_by_words_that_are_whole(void **state)
{
    (void)state;
    agent_speaks(0);
    wk_talk_speech(&t, true, 150);
    wk_talk_heard(&t, true, true, true, 250);
    assert_true(t.doubt);
    wk_talk_speech(&t, false, 900);
    tick(900 + WK_TALK_WORDS_MS);
    assert_int_equal(did.cuts, 1);
    assert_int_equal(did.answers, 1);
}

/* "No, wait." The agent is silent; "okay": the words of the first come behind its beginning. */
static void words_that_come_late_decide_for_what_the_agent_fell_silent_for(void **state)
{
    (void)state;
    agent_speaks(0);
    wk_talk_speech(&t, true, 150);
    wk_talk_speech(&t, false, 550);
    wk_talk_speech(&t, true, 850);
    wk_talk_heard_late(&t, 1, true, true, 900); /* not a word that ends it */
    assert_int_equal(did.cuts, 0);
    wk_talk_heard_late(&t, 1, true, false, 950);
    assert_int_equal(did.cuts, 1);
    assert_int_equal(did.answers, 0); /* he speaks */
    wk_talk_speech(&t, false, 1200);
    wk_talk_heard(&t, true, true, true, 1500);
    assert_int_equal(did.cuts, 1);
    assert_int_equal(did.answers, 1);
}

/* "At four." The agent answers. "Yeah": the words of "at four" are those it answers. */
static void words_that_come_late_decide_nothing_about_what_came_since(void **state)
{
    (void)state;
    wk_talk_speech(&t, true, 0);
    wk_talk_speech(&t, false, 500);
    agent_speaks(600);
    wk_talk_speech(&t, true, 900);
    wk_talk_heard_late(&t, 1, true, false, 950);
    wk_talk_speech(&t, false, 1100);
    wk_talk_heard(&t, true, true, true, 1200);
    assert_int_equal(did.cuts, 0);
    assert_false(t.doubt);
}

static void noise_without_words_lets_the_agent_go_on(void **state)
{
    (void)state;
    agent_speaks(0);
    wk_talk_speech(&t, true, 150);
    wk_talk_speech(&t, false, 250);
    wk_talk_heard(&t, false, false, true, 400);
    assert_false(t.doubt);
    assert_int_equal(did.cuts + did.answers, 0);
}

static void long_speech_needs_no_words(void **state)
{
    (void)state;
    agent_speaks(0);
    wk_talk_speech(&t, true, 100);
    tick(100 + WK_TALK_DOUBT_MS - 1);
    assert_int_equal(did.cuts, 0);
    tick(100 + WK_TALK_DOUBT_MS);
    assert_int_equal(did.cuts, 1);
}

static void words_that_never_come_are_not_waited_for(void **state)
{
    (void)state;
    agent_speaks(0);
    wk_talk_speech(&t, true, 100);
    wk_talk_speech(&t, false, 300);
    tick(300 + WK_TALK_WORDS_MS - 1);
    assert_int_equal(did.answers, 0);
    tick(300 + WK_TALK_WORDS_MS);
    assert_int_equal(did.cuts, 1);
    assert_int_equal(did.answers, 1);
}

static void an_answer_that_has_not_begun_is_cut_as_well(void **state)
{
    static char sound[SECOND];
    wk_playout_frame_t frame;
    (void)state;
    wk_talk_answering(&t);
    wk_talk_speech(&t, true, 100);
    assert_true(wk_playout_add(&t.playout, VA_STR("late"), va_str(sound, sizeof(sound)), 105));
    assert_false(wk_playout_next(&t.playout, 110, &frame)); /* not into the caller's words */
    wk_talk_heard(&t, true, false, true, 300);
    assert_int_equal(did.cuts, 1);
}

static void something_is_said_while_a_tool_runs_and_nobody_speaks(void **state)
{
    (void)state;
    wk_talk_answering(&t);
    wk_talk_tool(&t, 0);
    wk_talk_done(&t, 10);
    tick(WK_TALK_FILLER_MS);
    assert_int_equal(did.fillers, 0);
    tick(10 + WK_TALK_FILLER_MS);
    assert_int_equal(did.fillers, 1);
    wk_talk_done(&t, 3000);
    tick(3000 + 2 * WK_TALK_FILLER_MS);
    assert_int_equal(did.fillers, 1);
    tick(3000 + WK_TALK_REFILL_MS); /* it still runs */
    assert_int_equal(did.fillers, 2);
}

static void who_asks_whether_anybody_is_there_while_a_tool_runs_hears_something(void **state)
{
    (void)state;
    wk_talk_tool(&t, 0);
    tick(WK_TALK_FILLER_MS);
    wk_talk_done(&t, 2000);
    wk_talk_speech(&t, true, 2500);
    wk_talk_speech(&t, false, 3000);
    wk_talk_heard(&t, true, true, true, 3100); /* "yeah" is no question */
    tick(3100 + WK_TALK_FILLER_MS);
    assert_int_equal(did.fillers, 1);
    wk_talk_speech(&t, true, 5000);
    tick(5500);
    wk_talk_speech(&t, false, 5500);
    wk_talk_heard(&t, true, false, true, 5600);
    tick(5500 + WK_TALK_FILLER_MS);
    assert_int_equal(did.fillers, 2);
    assert_int_equal(did.answers, 0);
    wk_talk_done(&t, 8000);
    wk_talk_tool_ended(&t, 8100);
    assert_int_equal(did.answers, 1);
}

static void what_the_caller_has_to_hear_is_said_when_nobody_is_cut_off_by_it(void **state)
{
    (void)state;
    wk_talk_owes(&t);
    assert_int_equal(did.answers, 1);
    wk_talk_owes(&t); /* the first one is not all said */
    assert_int_equal(did.answers, 1);
    wk_talk_done(&t, 1000);
    assert_int_equal(did.answers, 2);
    wk_talk_done(&t, 2000);
    wk_talk_speech(&t, true, 3000);
    wk_talk_owes(&t);
    assert_int_equal(did.answers, 2);
    wk_talk_speech(&t, false, 4000);
    assert_int_equal(did.answers, 3); /* his own is the same answer */
    wk_talk_done(&t, 5000);
    assert_int_equal(did.answers, 3);
}

static void what_cannot_wait_waits_for_no_tool(void **state)
{
    (void)state;
    wk_talk_tool(&t, 0);
    wk_talk_speech(&t, true, 100);
    wk_talk_owes_at_once(&t);
    assert_int_equal(did.answers, 0); /* he speaks */
    wk_talk_speech(&t, false, 900);
    assert_int_equal(did.answers, 1);
    wk_talk_done(&t, 2000);
    assert_int_equal(did.answers, 1);
    wk_talk_owes(&t); /* anything else does wait */
    assert_int_equal(did.answers, 1);
    wk_talk_tool_ended(&t, 3000);
    assert_int_equal(did.answers, 2);
}

static void nothing_is_said_into_the_callers_words(void **state)
{
    (void)state;
    wk_talk_tool(&t, 0);
    wk_talk_speech(&t, true, 100);
    tick(10 * WK_TALK_FILLER_MS);
    assert_int_equal(did.fillers, 0);
    wk_talk_tool_ended(&t, 20000);
    assert_int_equal(did.answers, 0);
    wk_talk_speech(&t, false, 20500);
    assert_int_equal(did.answers, 1);
}

static void tools_are_answered_once_all_have_ended(void **state)
{
    (void)state;
    wk_talk_answering(&t);
    wk_talk_tool(&t, 0);
    wk_talk_tool(&t, 0);
    wk_talk_tool_ended(&t, 100);
    wk_talk_tool_ended(&t, 200);
    assert_int_equal(did.answers, 0); /* the engine still talks */
    wk_talk_done(&t, 300);
    assert_int_equal(did.answers, 1);
    wk_talk_done(&t, 900);
    assert_int_equal(did.answers, 1);
}

static void silence_is_asked_about_and_then_ends(void **state)
{
    int64_t now = 0;
    (void)state;
    for (int i = 0; i < WK_TALK_SILENCES; i++) {
        now += WK_TALK_SILENCE_MS;
        tick(now);
        assert_int_equal(did.questions, i + 1);
        wk_talk_done(&t, now);
    }
    tick(now + WK_TALK_SILENCE_MS);
    assert_int_equal(did.questions, WK_TALK_SILENCES);
    assert_int_equal(did.silences, 1);
}

/* As long as he likes within it; then he is asked as ever. */
static void a_caller_who_asked_for_a_moment_has_it(void **state)
{
    (void)state;
    wk_talk_tool(&t, 0);
    wk_talk_tool_waits(&t, 100);
    assert_int_equal(did.answers, 0);
    tick(100 + WK_TALK_MOMENT_MS - 1);
    assert_int_equal(did.questions + did.fillers, 0);
    tick(100 + WK_TALK_MOMENT_MS);
    assert_int_equal(did.questions, 1);
    assert_int_equal(did.silences, 0);
}

static void his_moment_is_over_when_he_speaks(void **state)
{
    (void)state;
    wk_talk_tool(&t, 0);
    wk_talk_tool_waits(&t, 100);
    wk_talk_speech(&t, true, 5000);
    wk_talk_speech(&t, false, 6000);
    assert_int_equal(did.answers, 1);
    wk_talk_done(&t, 6500);
    tick(6500 + WK_TALK_SILENCE_MS);
    assert_int_equal(did.questions, 1);
}

/* Two tools at once: what the other one said is still to be told. */
static void a_moment_silences_no_other_tool(void **state)
{
    (void)state;
    wk_talk_tool(&t, 0);
    wk_talk_tool(&t, 0);
    wk_talk_tool_ended(&t, 100);
    assert_int_equal(did.answers, 0);
    wk_talk_tool_waits(&t, 200);
    assert_int_equal(did.answers, 1);
}

static void the_last_words_are_heard_before_the_end(void **state)
{
    (void)state;
    agent_speaks(0);
    wk_talk_goodbye(&t, 10);
    wk_talk_speech(&t, true, 20); /* nothing holds it any more */
    tick(100);
    assert_int_equal(did.overs + did.clears, 0);
    agent_ends(200);
    tick(220);
    assert_int_equal(did.overs, 1);
}

static void last_words_that_are_never_heard_hold_nothing_up(void **state)
{
    (void)state;
    agent_speaks(0);
    wk_talk_goodbye(&t, 10);
    tick(9 + WK_TALK_GOODBYE_MS);
    assert_int_equal(did.overs, 0);
    tick(10 + WK_TALK_GOODBYE_MS);
    assert_int_equal(did.overs, 1);
}

static void an_engine_that_is_lost_takes_its_doubts_along(void **state)
{
    wk_playout_frame_t frame;
    (void)state;
    agent_speaks(0);
    wk_talk_speech(&t, true, 150); /* its end will never be told */
    wk_talk_engine_lost(&t);
    assert_true(wk_playout_next(&t.playout, 200, &frame)); /* what it said is said */
    tick(150 + WK_TALK_DOUBT_MS);
    assert_int_equal(did.cuts, 0);
    wk_talk_answering(&t); /* the next one says that the line was bad */
    agent_ends(4000);
    tick(4000 + WK_TALK_SILENCE_MS);
    assert_int_equal(did.questions, 1);
}

static void what_tools_said_is_answered_behind_the_loss_of_an_engine(void **state)
{
    (void)state;
    wk_talk_tool(&t, 0);
    wk_talk_engine_lost(&t);
    wk_talk_tool_ended(&t, 100);
    assert_int_equal(did.answers, 0); /* nobody is there yet */
    wk_talk_answering(&t);
    wk_talk_done(&t, 900);
    assert_int_equal(did.answers, 1);
}

static void last_words_end_where_their_engine_was_lost(void **state)
{
    (void)state;
    agent_speaks(0);
    wk_talk_goodbye(&t, 10);
    wk_talk_engine_lost(&t);
    tick(100);
    assert_int_equal(did.overs, 0); /* some of them is still to be heard */
    wk_cut_t cuts[WK_PLAYOUT_ITEMS];
    wk_playout_drop(&t.playout, 200, cuts);
    tick(220);
    assert_int_equal(did.overs, 1);
}

/* A tool still runs, or answers: nobody could say so, and nobody is waited for. */
static void last_words_end_though_there_is_nobody_to_answer(void **state)
{
    (void)state;
    wk_talk_tool(&t, 0);
    wk_talk_tool(&t, 0);
    wk_talk_goodbye(&t, 10);
    wk_talk_engine_lost(&t);
    mute = true;
    agent_ends(20);
    tick(20 + WK_TALK_FILLER_MS);
    assert_int_equal(did.fillers, 1);
    assert_int_equal(did.overs, 1);
    wk_talk_tool_ended(&t, 2000);
    wk_talk_tool_ended(&t, 2000);
    assert_int_equal(did.answers, 1);
    tick(2020);
    assert_int_equal(did.overs, 2);
}

/* A second of sound of an engine that leads. */
static void leader_speaks(int64_t now)
{
    static char sound[SECOND];
    t.led = true;
    assert_true(wk_playout_add(&t.playout, VA_STR("1"), va_str(sound, sizeof(sound)), now));
    tick(now);
}

static void one_that_leads_is_never_told_to_speak(void **state)
{
    (void)state;
    t.led = true;
    wk_talk_answering(&t);
    wk_talk_tool(&t, 0);
    tick(2 * WK_TALK_FILLER_MS);
    wk_talk_tool_ended(&t, 4000);
    for (int i = 1; i < 10; i++) {
        tick(4000 + i * WK_TALK_SILENCE_MS);
    }
    assert_int_equal(did.answers + did.fillers + did.questions + did.silences, 0);
    assert_true(wk_talk_between_turns(&t));
}

/* A process that ends meanwhile keeps the call to its end. */
static void behind_a_goodbye_nobody_takes_over(void **state)
{
    (void)state;
    t.led = true;
    tick(1000);
    assert_true(wk_talk_between_turns(&t));
    wk_talk_goodbye(&t, 1000);
    assert_false(wk_talk_between_turns(&t));
    tick(1000 + WK_TALK_LAST_MS);
    assert_int_equal(did.overs, 1);
    assert_false(wk_talk_between_turns(&t));
}

static void one_that_leads_is_cut_where_it_says_so(void **state)
{
    (void)state;
    leader_speaks(0);
    wk_talk_interrupted(&t, 150);
    assert_int_equal(did.clears, 1);
    assert_int_equal(did.cuts, 1);
    assert_int_equal(did.heard_ms, 150);
    assert_int_equal(did.answers, 0);
    wk_talk_interrupted(&t, 160); /* there is nothing left to be cut */
    assert_int_equal(did.clears + did.cuts, 2);
}

static void the_last_words_of_one_that_leads_are_waited_for(void **state)
{
    (void)state;
    leader_speaks(0);
    wk_talk_goodbye(&t, 10);
    tick(100);
    agent_ends(200);
    tick(220 + WK_TALK_LAST_MS - 130); /* it was heard to speak at 100 */
    assert_int_equal(did.overs, 0);
    tick(220 + WK_TALK_LAST_MS);
    assert_int_equal(did.overs, 1);
}

static void back_channels_of_three_languages(void **state)
{
    static const struct {
        const char *language, *text;
        bool is;
    } cases[] = {
        {"en", "Yeah.", true},      {"en", "Uh-huh, okay", true},
        {"en", "yeah but", false},  {"en", "", false},
        {"en", "Stop", false},      {"fr", "Ouais, d'accord.", true},
        {"fr", "Oui, mais", false}, {"es", "S\xc3\xad, vale", true},
        {"es", "ok", true},         {"fr", "attendez", false},
        {"es", "espera", false},
    };
    wk_error_t e;
    wk_arena_t *a = wk_arena_new();
    wk_catalogue_t *c = wk_catalogue_load("conf/messages", &e);
    (void)state;
    assert_non_null(c);
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        const wk_language_t *l = wk_catalogue_find(c, va_str_c(cases[i].language));
        assert_case(wk_talk_is_backchannel(a, c, l, va_str_c(cases[i].text)) == cases[i].is,
                    cases[i].text);
    }
    wk_catalogue_free(c);
    wk_arena_free(a);
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(the_agent_answers_when_the_caller_ends),
        CASE(a_word_cuts_the_agent_short),
        CASE(what_is_typed_is_answered_at_once),
        CASE(a_back_channel_lets_the_agent_go_on),
        CASE(words_that_come_late_decide_for_what_the_agent_fell_silent_for),
        CASE(words_that_come_late_decide_nothing_about_what_came_since),
        CASE(noise_without_words_lets_the_agent_go_on),
        CASE(what_he_is_saying_is_not_judged_by_words_that_are_whole),
        CASE(long_speech_needs_no_words),
        CASE(words_that_never_come_are_not_waited_for),
        CASE(an_answer_that_has_not_begun_is_cut_as_well),
        CASE(something_is_said_while_a_tool_runs_and_nobody_speaks),
        CASE(who_asks_whether_anybody_is_there_while_a_tool_runs_hears_something),
        CASE(what_the_caller_has_to_hear_is_said_when_nobody_is_cut_off_by_it),
        CASE(what_cannot_wait_waits_for_no_tool),
        CASE(nothing_is_said_into_the_callers_words),
        CASE(tools_are_answered_once_all_have_ended),
        CASE(silence_is_asked_about_and_then_ends),
        CASE(a_caller_who_asked_for_a_moment_has_it),
        CASE(his_moment_is_over_when_he_speaks),
        CASE(a_moment_silences_no_other_tool),
        CASE(the_last_words_are_heard_before_the_end),
        CASE(last_words_that_are_never_heard_hold_nothing_up),
        CASE(an_engine_that_is_lost_takes_its_doubts_along),
        CASE(what_tools_said_is_answered_behind_the_loss_of_an_engine),
        CASE(last_words_end_where_their_engine_was_lost),
        CASE(last_words_end_though_there_is_nobody_to_answer),
        CASE(one_that_leads_is_never_told_to_speak),
        CASE(behind_a_goodbye_nobody_takes_over),
        CASE(one_that_leads_is_cut_where_it_says_so),
        CASE(the_last_words_of_one_that_leads_are_waited_for),
        CASE(back_channels_of_three_languages),
    };
    return RUN("talk", tests);
}
