/* Emergencies: the published set, what takes one back, partial turns, levels and questions. */
#include "worker/agent/emergency.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>

#include "t/unit/emergency_lines.h"

#define SET          "t/emergency/lines.tsv"
#define MORE         "t/emergency/more.tsv"
#define LEAST_RECALL 99.0 /* percent */
#define MOST_FALSE   5.0  /* percent */
#define SPEED_ROUNDS 20

typedef enum { TRAINING, HELD_OUT, ALL } part_t;

static wk_arena_t *arena;
static wk_catalogue_t *catalogue;
static lines_t lines, more;

static int set_up(void **state)
{
    wk_error_t e;
    (void)state;
    arena = wk_arena_new();
    catalogue = wk_catalogue_load("conf/messages", &e);
    return catalogue != NULL && lines_read(arena, SET, &lines, &e) &&
                   lines_read(arena, MORE, &more, &e)
               ? 0
               : -1;
}

static int tear_down(void **state)
{
    (void)state;
    wk_catalogue_free(catalogue);
    wk_arena_free(arena);
    return 0;
}

static wk_emergency_t judge(wk_arena_t *a, va_str_t business_type, va_str_t text)
{
    wk_emergency_case_t about = {.business_type = business_type};
    return wk_emergency(a, catalogue, &about, text);
}

static wk_emergency_t judge_c(const char *business_type, const char *text)
{
    return judge(arena, va_str_c(business_type), va_str_c(text));
}

static void assert_level(const char *business_type, const char *text, const char *level)
{
    const char *judged = wk_emergency_level_name(judge_c(business_type, text).level);
    if (strcmp(judged, level) != 0) {
        fail_msg("%s, %s: \"%s\"", judged, business_type, text);
    }
}

/* ---------------------------------------------------------------- the set */

typedef struct {
    int urgent, found, other, false_alarms;
} score_t;

static double percent(int part, int whole)
{
    return whole > 0 ? 100.0 * part / whole : 0;
}

/* Only of the training part: whoever reads a held-out line can no longer be judged by it. */
static void tell(const line_t *line, wk_emergency_t judged)
{
    printf("# %s %.*s %.*s: %.*s [%.*s]\n", line->urgent ? "missed" : "false alarm",
           (int)line->language.len, line->language.data, (int)line->business_type.len,
           line->business_type.data, (int)line->text.len, line->text.data,
           (int)judged.matched.len, judged.matched.len > 0 ? judged.matched.data : "");
}

static bool is_of(const line_t *line, part_t part)
{
    return part == ALL || is_for_training(line->text) == (part == TRAINING);
}

static void count(score_t *s, const line_t *line, bool judged_urgent)
{
    s->urgent += line->urgent;
    s->found += line->urgent && judged_urgent;
    s->other += !line->urgent;
    s->false_alarms += !line->urgent && judged_urgent;
}

static score_t score(const char *name, const lines_t *set, part_t part)
{
    score_t s = {0};
    for (size_t i = 0; i < set->count; i++) {
        const line_t *line = &set->at[i];
        if (!is_of(line, part)) {
            continue;
        }
        wk_emergency_t judged = judge(arena, line->business_type, line->text);
        bool urgent = judged.level == WK_EMERGENCY_URGENT;
        count(&s, line, urgent);
        if (part != HELD_OUT && urgent != line->urgent) {
            tell(line, judged);
        }
    }
    printf("# %s: %d of %d urgent lines found (%.1f %%), %d false alarms in %d (%.1f %%)\n",
           name, s.found, s.urgent, percent(s.found, s.urgent), s.false_alarms, s.other,
           percent(s.false_alarms, s.other));
    return s;
}

static void assert_good(score_t s)
{
    assert_true(s.urgent > 0 && s.other > 0);
    assert_true(percent(s.found, s.urgent) >= LEAST_RECALL);
    assert_true(percent(s.false_alarms, s.other) <= MOST_FALSE);
}

static void the_training_part_is_judged_well(void **state)
{
    (void)state;
    assert_good(score("training part", &lines, TRAINING));
    assert_good(score("more training lines", &more, ALL));
}

static void the_held_out_part_is_judged_well(void **state)
{
    (void)state;
    assert_good(score("held-out part", &lines, HELD_OUT));
}

static bool is_hard(const line_t *line)
{
    return !line->urgent && !va_str_eq(line->kind, VA_STR("plain"));
}

static void the_set_is_what_it_claims(void **state)
{
    size_t hard = 0;
    (void)state;
    for (size_t i = 0; i < lines.count; i++) {
        hard += is_hard(&lines.at[i]);
        assert_non_null(wk_catalogue_find(catalogue, lines.at[i].language));
        assert_true(lines.at[i].urgent == va_str_eq(lines.at[i].kind, VA_STR("danger")));
    }
    assert_true(lines.count >= 360);
    assert_true(hard >= 130);
}

/* For whoever reads the log; nothing depends on it. */
static void the_speed_is_told(void **state)
{
    struct timespec begin, end;
    wk_arena_t *a = wk_arena_new();
    (void)state;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
    for (int round = 0; round < SPEED_ROUNDS; round++) {
        for (size_t i = 0; i < lines.count; i++) {
            judge(a, lines.at[i].business_type, lines.at[i].text);
            wk_arena_reset(a);
        }
    }
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
    wk_arena_free(a);
    double us =
        (double)(end.tv_sec - begin.tv_sec) * 1e6 + (double)(end.tv_nsec - begin.tv_nsec) / 1e3;
    printf("# %.1f microseconds a line\n", us / SPEED_ROUNDS / (double)lines.count);
}

/* ---------------------------------------------------------------- partial turns */

static void as_words_arrive(const line_t *line)
{
    wk_words_t words = wk_words(arena, line->text);
    wk_emergency_case_t about = {.business_type = line->business_type, .partial = true};
    wk_emergency_level_t before = WK_EMERGENCY_LOW;
    for (size_t i = 0; i < words.count; i++) {
        va_str_t so_far = va_str(line->text.data, words.at[i].end);
        wk_emergency_t judged = wk_emergency(arena, catalogue, &about, so_far);
        if (judged.level < before && !judged.taken_back) {
            fail_msg("falls without a word that takes it back: %.*s", (int)so_far.len,
                     so_far.data);
        }
        before = judged.level;
    }
    wk_emergency_t whole = judge(arena, line->business_type, line->text);
    assert_true(whole.level >= before || whole.taken_back);
}

static void a_level_falls_only_when_something_is_taken_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < lines.count; i++) {
        as_words_arrive(&lines.at[i]);
    }
    for (size_t i = 0; i < more.count; i++) {
        as_words_arrive(&more.at[i]);
    }
}

static void the_last_words_of_a_partial_turn_may_become_something_else(void **state)
{
    wk_emergency_case_t about = {.business_type = VA_STR("bike_shop"), .partial = true};
    (void)state;
    assert_int_equal(wk_emergency(arena, catalogue, &about, VA_STR("is there a fire")).level,
                     WK_EMERGENCY_NORMAL);
    about.partial = false;
    assert_int_equal(wk_emergency(arena, catalogue, &about, VA_STR("is there a fire")).level,
                     WK_EMERGENCY_URGENT);
    assert_int_equal(
        wk_emergency(arena, catalogue, &about, VA_STR("is there a fire sale")).level,
        WK_EMERGENCY_NORMAL);
}

static void an_emergency_is_heard_before_the_turn_ends(void **state)
{
    wk_emergency_case_t about = {.business_type = VA_STR("plumbing"), .partial = true};
    (void)state;
    assert_int_equal(
        wk_emergency(arena, catalogue, &about, VA_STR("hi my basement is flooding and")).level,
        WK_EMERGENCY_URGENT);
}

/* ---------------------------------------------------------------- the rules */

static void what_is_urgent_depends_on_the_business(void **state)
{
    (void)state;
    assert_level("plumbing", "a pipe burst", "urgent");
    assert_level("bike_shop", "my tube burst", "normal");
    assert_level("hvac", "we have no heat", "urgent");
    assert_level("law", "we have no heat", "normal");
    assert_level("law", "my son was arrested", "urgent");
    assert_level("plumbing", "my son was arrested", "normal");
    assert_level("a business nobody knows", "the kitchen is on fire", "urgent");
    assert_level("a business nobody knows", "the basement is flooded", "normal");
}

static void broken_is_no_emergency_in_a_bike_shop(void **state)
{
    (void)state;
    assert_level("bike_shop", "my bike is broken", "normal");
    assert_level("plumbing", "the tap is broken", "high");
}

static void the_lower_levels(void **state)
{
    (void)state;
    assert_level("plumbing", "", "normal");
    assert_level("plumbing", "can I book an appointment", "normal");
    assert_level("plumbing", "my sink is clogged", "high");
    assert_level("plumbing", "my sink is clogged, no rush", "normal");
    assert_level("plumbing", "call me back whenever you can", "low");
    assert_level("plumbing", "no hurry, but the basement is flooding", "urgent");
}

static void what_is_denied_is_not_said(void **state)
{
    (void)state;
    assert_level("general", "there is no fire", "normal");
    assert_level("general", "no fire or smoke in here", "normal");
    assert_level("general", "No! The house is on fire", "urgent");
    assert_level("general", "no no the house is on fire", "urgent");
    assert_level("general", "ce n'est pas un incendie", "normal");
    assert_level("general", "no hay ningún incendio", "normal");
    assert_level("bike_shop", "la batterie fume pas", "normal");
}

static void what_follows_takes_it_back(void **state)
{
    (void)state;
    assert_true(judge_c("general", "there is a fire oh wait it was a false alarm").taken_back);
    assert_level("general", "there is a fire oh wait it was a false alarm", "normal");
    assert_level("plumbing", "the basement flooded last year", "normal");
    assert_level("plumbing", "the basement flooded last year and now again", "urgent");
    assert_level("plumbing", "it was a false alarm, no wait, a pipe burst", "urgent");
}

static void a_supposition_ends_where_the_talk_turns(void **state)
{
    (void)state;
    assert_level("plumbing", "what if a pipe bursts", "normal");
    assert_level("plumbing", "do you do repairs? a pipe burst", "urgent");
    assert_level("plumbing", "do you fix taps but now a pipe burst", "urgent");
}

static void the_words_that_tell_are_told(void **state)
{
    wk_emergency_t e = judge_c("plumbing", "Allô? Le TUYAU vient d'éclater, vite!");
    (void)state;
    assert_true(va_str_eq(e.matched, VA_STR("TUYAU vient d'éclater")));
    assert_true(va_str_eq(e.topic, VA_STR("water")));
    assert_true(va_str_eq(wk_language_code(e.language), VA_STR("fr")));
    assert_null(judge_c("plumbing", "bonjour").matched.data);
}

static void a_shop_adds_words_of_its_own(void **state)
{
    const va_json_t *own = NULL;
    (void)state;
    assert_int_equal(va_json_parse(wk_mem(arena),
                                   VA_STR("{\"en\": [\"horse* escaped\", 7, \"\"], \"fr\": 1}"),
                                   &VA_JSON_LIMITS_DEFAULT, &own),
                     VA_OK);
    wk_emergency_case_t about = {.business_type = VA_STR("stable"), .own = own};
    wk_emergency_t e = wk_emergency(arena, catalogue, &about, VA_STR("Two horses escaped!"));
    assert_int_equal(e.level, WK_EMERGENCY_URGENT);
    assert_true(va_str_eq(e.topic, VA_STR("own")));
    e = wk_emergency(arena, catalogue, &about, VA_STR("no horse escaped"));
    assert_int_equal(e.level, WK_EMERGENCY_NORMAL);
}

static void bytes_that_are_no_text_do_no_harm(void **state)
{
    (void)state;
    assert_level("general", "\xff\xfe fire \xc3", "urgent");
    assert_level("general", " ?!,.;\n", "normal");
}

/* ---------------------------------------------------------------- the catalogues */

static void every_language_has_the_lists(void **state)
{
    static const char *const names[] = {
        "urgent.fire",
        "urgent.gas",
        "urgent.injury",
        "urgent.intruder",
        "urgent.water",
        "urgent.heat",
        "urgent.building",
        "urgent.declared",
        "urgent.law",
        "urgent.battery",
        "high.trade",
        "high.water",
        "high.heat",
        "high.building",
        "high.law",
        "high.battery",
        "high.declared",
        "other",
        "denial",
        "bridge",

        "supposed",
        "past",
        "over",
        "again",
        "turn",
        "calm",
    };
    (void)state;
    for (size_t i = 0; i < wk_catalogue_count(catalogue); i++) {
        for (size_t n = 0; n < sizeof(names) / sizeof(*names); n++) {
            va_str_t name = wk_printf(arena, "emergency.%s", names[n]);
            if (wk_word_list(wk_catalogue_at(catalogue, i), name.data)->count == 0) {
                fail_msg("no list %s in language %zu", name.data, i);
            }
        }
    }
}

static void a_second_part_has_a_first(void *ctx, va_str_t list, const wk_phrases_t *phrases)
{
    (void)phrases;
    if (list.len > 4 && memcmp(list.data + list.len - 4, ".and", 4) == 0) {
        va_str_t first = wk_printf(arena, "emergency.%.*s", (int)list.len - 4, list.data);
        assert_true(wk_word_list(ctx, first.data)->count > 0);
    }
}

static void no_list_is_left_over(void **state)
{
    (void)state;
    for (size_t i = 0; i < wk_catalogue_count(catalogue); i++) {
        const wk_language_t *l = wk_catalogue_at(catalogue, i);
        wk_word_lists(l, "emergency.", a_second_part_has_a_first, (void *)l);
    }
}

/* ---------------------------------------------------------------- questions */

static void a_shop_without_essential_questions_asks_ours(void **state)
{
    va_str_t asked[WK_EMERGENCY_QUESTIONS];
    (void)state;
    for (size_t i = 0; i < wk_catalogue_count(catalogue); i++) {
        const wk_language_t *l = wk_catalogue_at(catalogue, i);
        assert_int_equal(wk_emergency_questions(arena, l, VA_STR("water"), asked), 3);
        assert_int_equal(wk_emergency_questions(arena, l, VA_STR("own"), asked), 2);
        assert_true(asked[0].len > 0 && asked[1].len > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_set_is_what_it_claims),
        cmocka_unit_test(the_training_part_is_judged_well),
        cmocka_unit_test(the_held_out_part_is_judged_well),
        cmocka_unit_test(the_speed_is_told),
        cmocka_unit_test(a_level_falls_only_when_something_is_taken_back),
        cmocka_unit_test(the_last_words_of_a_partial_turn_may_become_something_else),
        cmocka_unit_test(an_emergency_is_heard_before_the_turn_ends),
        cmocka_unit_test(what_is_urgent_depends_on_the_business),
        cmocka_unit_test(broken_is_no_emergency_in_a_bike_shop),
        cmocka_unit_test(the_lower_levels),
        cmocka_unit_test(what_is_denied_is_not_said),
        cmocka_unit_test(what_follows_takes_it_back),
        cmocka_unit_test(a_supposition_ends_where_the_talk_turns),
        cmocka_unit_test(the_words_that_tell_are_told),
        cmocka_unit_test(a_shop_adds_words_of_its_own),
        cmocka_unit_test(bytes_that_are_no_text_do_no_harm),
        cmocka_unit_test(every_language_has_the_lists),
        cmocka_unit_test(no_list_is_left_over),
        cmocka_unit_test(a_shop_without_essential_questions_asks_ours),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
