/*
 * The days and hours that customers name: by name, distance, number and exception.
 */
#include "worker/agent/receptionist.h"

#include "t/unit/reception.h"

/* The day that was asked for leads on to its times. */
static void a_day_asked_for_is_looked_at(void **state)
{
    static const wk_dialog_t fresh = {.expected = WK_EXPECT_NOTHING};
    wk_reception_facts_t f = facts();
    (void)state;
    wk_reception_t r = receive(&f, &fresh, "en", "tune-up on the 15th");
    r = receive(&f, &r.dialog, "en", "Saturday");
    assert_string_equal(r.tool, "check_availability");
    assert_non_null(strstr(wk_strdup(arena, r.tool_args), "2026-11-28"));
    assert_non_null(strstr(wk_strdup(arena, r.tool_args), "tune_up"));
}

/* Behind a booking it is meant in its place. */
static void a_day_with_a_time_is_when_somebody_would_come(void **state)
{
    static const wk_dialog_t nothing_asked = {.expected = WK_EXPECT_NOTHING};
    static const wk_dialog_t booked = {.booked = VA_STR("a-mon")};
    wk_dialog_t cancels = cancelling();
    (void)state;
    CHECK(&nothing_asked, LOOKS("en", "Saturday at 10 am", "2026-11-28"),
          LOOKS("fr", "ok je le prends samedi à 11h", "2026-11-28"));
    CHECK_ANSWERS(&nothing_asked, ASKS("en", "Saturday?", "9:00 AM"),
                  ASKS("en", "are you open Saturday at 10 am?", "9:00 AM"));
    CHECK(&cancels, ASKS("en", "Wednesday at 10 am", "Shall I cancel"));
    wk_reception_facts_t f = facts();
    wk_reception_t r = receive(&f, &booked, "en", "Friday at 2 pm");
    assert_string_equal(r.tool, "check_availability");
    assert_true(va_str_eq(r.dialog.offer.appointment, VA_STR("a-mon")));
    wk_dialog_t moving = three_times();
    moving.booked = moving.offer.appointment = VA_STR("a-mon");
    r = receive(&f, &moving, "en", "Saturday at 10 am");
    assert_string_equal(r.tool, "reschedule_appointment");
    assert_true(strstr(wk_strdup(arena, r.tool_args), "2026-11-28T10:00") != NULL);
    r = receive(&f, &nothing_asked, "en", "I was there Saturday at 10 am and nobody came");
    assert_null(r.tool);
}

static void who_walks_in_is_told_the_hours(void **state)
{
    static const wk_dialog_t nothing_asked = {.expected = WK_EXPECT_NOTHING};
    wk_reception_facts_t f = facts();
    (void)state;
    CHECK(&nothing_asked,
          ASKS("en", "can I just walk in?", "You can drop in while we are open"),
          ASKS("en", "do I need an appointment for a flat tire?", "Monday through Friday"),
          ASKS("en", "do you take walk-ins on Sunday?", "closed"),
          ASKS("fr", "est-ce que je peux passer sans rendez-vous?", "passer sans rendez-vous"),
          ASKS("fr", "ça prend-tu un rendez-vous?", "nommez un jour"),
          ASKS("es", "¿hace falta cita?", "Puede pasar sin cita"),
          LOOKS("en", "I need an appointment", "general"),
          LOOKS("fr", "j'ai besoin d'un rendez-vous", "general"),
          LOOKS("es", "necesito una cita", "general"));
    wk_reception_t r =
        receive(&f, &nothing_asked, "en", "can I just walk in with a flat tire?");
    assert_true(strstr(wk_strdup(arena, receive(&f, &r.dialog, "en", "tomorrow").tool_args),
                       "\"repair\",\"preferred_date\":\"2026-11-25\"") != NULL);
    assert_string_equal(receive(&f, &r.dialog, "en", "yes please").tool, "check_availability");
    assert_string_equal(receive(&f, &r.dialog, "en", "no thanks").intent, "no");
    f.policies = parse_json(VA_STR("{\"walk_in\":\"Only on weekdays.\"}"));
    assert_true(says(&(wk_reception_t[]){receive(&f, &nothing_asked, "en", "walk-ins?")}[0],
                     "Only on weekdays."));
    f.policies = NULL;
    f.week = parse_json(VA_STR("[[\"2026-11-24\",2,null,null]]"));
    r = receive(&f, &nothing_asked, "en", "can I just walk in?");
    assert_true(says(&r, "by appointment only") && !says(&r, "open"));
}

/* Not "until 12:00 AM", nor "12:00 AM to 12:00 AM". */
static void a_shop_may_be_open_day_and_night(void **state)
{
    static const wk_dialog_t nothing_asked = {.expected = WK_EXPECT_NOTHING};
    static const struct {
        const char *language, *text, *part;
    } questions[] = {
        {"en", "are you open?", "We are open 24 hours today."},
        {"en", "are you open tomorrow?", "open 24 hours."},
        {"fr", "êtes-vous ouverts demain?", "ouvert de 0 h à 24 h."},
        {"es", "¿abren mañana?", "abierto de 0 a 24 h."},
    };
    wk_reception_facts_t f = facts();
    (void)state;
    f.closing = VA_STR("00:00");
    f.week = parse_json(VA_STR("[[\"2026-11-24\",2,\"00:00\",\"24:00\"],"
                               "[\"2026-11-25\",3,\"00:00\",\"24:00\"]]"));
    for (size_t i = 0; i < sizeof(questions) / sizeof(*questions); i++) {
        wk_reception_t r =
            receive(&f, &nothing_asked, questions[i].language, questions[i].text);
        assert_string_equal(says(&r, questions[i].part) ? questions[i].part
                                                        : wk_strdup(arena, r.text),
                            questions[i].part);
    }
}

/* "After 3", "before 10" bound the day that is offered or named; "next week" begins on Monday.
 */
static void a_part_of_a_day_or_week_is_looked_into(void **state)
{
    static const wk_dialog_t nothing_asked = {.expected = WK_EXPECT_NOTHING};
    wk_dialog_t dialog = three_times();
    (void)state;
    CHECK(&dialog, LOOKS("en", "anything after 3?", "\"after\":\"2026-11-27T14:59\""),
          LOOKS("en", "anything after 12 am?", "\"preferred_date\":\"2026-11-27\"}"),
          LOOKS("en", "I need it before 10am", "\"before\":\"2026-11-27T10:00\""),
          LOOKS("fr", "avez-vous après 15 h?", "\"after\":\"2026-11-27T14:59\""),
          LOOKS("fr", "avant 10 h svp", "\"before\":\"2026-11-27T10:00\""),
          LOOKS("es", "¿tienen después de las 15:00?", "\"after\":\"2026-11-27T14:59\""),
          LOOKS("en", "Saturday before 11 am", "\"before\":\"2026-11-28T11:00\""),
          LOOKS("en", "next week?", "\"2026-11-30\"}"));
    CHECK(&nothing_asked, LOOKS("en", "a tune-up tomorrow after 3 pm", "2026-11-25T14:59"),
          LOOKS("fr", "une mise au point demain avant 10 h", "\"before\":\"2026-11-25T10:00\""),
          LOOKS("en", "can I bring my bike in next week?", "\"2026-11-30\"}"),
          LOOKS("fr", "un rendez-vous la semaine prochaine", "\"2026-11-30\"}"),
          LOOKS("es", "una cita la próxima semana", "\"2026-11-30\"}"));
}

/* Told by how far it is, or by its place in a week. */
static void a_day_is_told_by_its_distance(void **state)
{
    static const wk_dialog_t fresh = {.expected = WK_EXPECT_NOTHING};
    (void)state;
    CHECK(&fresh, LOOKS("en", "a tune-up in two weeks", "2026-12-08"),
          LOOKS("en", "a tune-up in 10 days at 9", "2026-12-04"),
          LOOKS("en", "a tune-up in a week", "2026-12-01"),
          LOOKS("en", "a tune-up tomorrow week", "2026-12-02"),
          LOOKS("en", "a tune-up two weeks from now", "2026-12-08"),
          LOOKS("en", "tune-up Tuesday next week", "2026-12-01"),
          LOOKS("en", "tune-up next week on Friday", "2026-12-04"),
          LOOKS("en", "tune-up this week Friday", "2026-11-27"),
          LOOKS("fr", "une mise au point dans deux semaines", "2026-12-08"),
          LOOKS("fr", "une mise au point dans 10 jours", "2026-12-04"),
          LOOKS("fr", "une mise au point dans quinze jours", "2026-12-08"),
          LOOKS("fr", "une mise au point vendredi de la semaine prochaine", "2026-12-04"),
          LOOKS("es", "una puesta a punto en dos semanas", "2026-12-08"),
          LOOKS("es", "una puesta a punto dentro de diez días", "2026-12-04"),
          LOOKS("es", "una puesta a punto el viernes de la próxima semana", "2026-12-04"),
          ASKS("en", "tune-up this week Monday", "Which day"),
          ASKS("en", "tune-up in two weeks on Friday", "Which day"),
          ASKS("en", "tune-up in two or three weeks", "Which day"),
          LOOKS("en", "I bought a bike two weeks ago, it needs a tune-up", "tune_up\"}"),
          LOOKS("fr", "acheté il y a deux semaines, il faut une mise au point", "tune_up\"}"),
          LOOKS("es", "la compré hace dos semanas, necesito una puesta a punto", "tune_up\"}"),
          LOOKS("en", "the next available tune-up, any day", "tune_up\"}"));
}

static void several_days_are_told_by_one_word(void **state)
{
#define WEEKEND "\"2026-11-28\",\"before\":\"2026-11-29T23:59\""
    static const wk_dialog_t fresh = {.expected = WK_EXPECT_NOTHING};
    wk_dialog_t offer = three_times();
    (void)state;
    CHECK(&fresh, LOOKS("en", "a tune-up this weekend", WEEKEND),
          LOOKS("fr", "une mise au point ce week-end", WEEKEND),
          LOOKS("fr", "une mise au point en fin de semaine", WEEKEND),
          LOOKS("es", "una puesta a punto este fin de semana", WEEKEND),
          LOOKS("en", "a tune-up this week", "\"2026-11-24\",\"before\":\"2026-11-29T23:59\""),
          LOOKS("en", "a tune-up next month", "\"2026-12-01\"}"),
          LOOKS("fr", "une mise au point le mois prochain", "\"2026-12-01\"}"),
          LOOKS("es", "una puesta a punto el mes que viene", "\"2026-12-01\"}"),
          LOOKS("en", "move my appointment to next week", "\"2026-11-30\"}"),
          ASKS("en", "a tune-up next weekend", "Which day"));
    CHECK(&offer, LOOKS("en", "this weekend?", WEEKEND),
          LOOKS("en", "next month please", "\"2026-12-01\"}"));
#undef WEEKEND
}

/* Where a day is named, and the shop's calendar has it as found. */
static wk_reception_t receive_of_day(const char *language, const char *text, const char *found)
{
    wk_dialog_t fresh = {.expected = WK_EXPECT_NOTHING};
    wk_reception_facts_t f = facts();
    f.day = parse_json(va_str_c(found));
    return receive(&f, &fresh, language, text);
}

static void a_day_of_a_month_is_looked_at(void **state)
{
    static const char december_15[] = "[\"2026-12-15\",2,\"08:00\",\"18:00\"]";
    static const struct {
        const char *language, *text;
    } cases[] = {
        {"en", "tune-up on the 15th"},
        {"en", "tune-up the 15th at 10 please"},
        {"en", "tune-up on 12/15"},
        {"en", "tune-up Tuesday the 15th"},
        {"fr", "une mise au point le 15"},
        {"fr", "mise au point le 15 à 10 h"},
        {"es", "una puesta a punto el 15"},
        {"es", "puesta a punto el día 15 a las 10"},
        {"es", "puesta a punto el 15 por la tarde"},
        {"fr", "mise au point le 15 en soirée"},
        {"en", "tune-up on December 15th"},
        {"en", "a tune-up in 21 days"},
        {"en", "a tune-up in three weeks"},
        {"fr", "mise au point dans un mois"},
        {"es", "puesta a punto en un mes"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        wk_reception_t r = receive_of_day(cases[i].language, cases[i].text, december_15);
        assert_case(r.tool != NULL && strstr(wk_strdup(arena, r.tool_args), "2026-12-15"),
                    cases[i].text);
    }
}

static void a_day_that_cannot_be_is_asked_back(void **state)
{
    static const struct {
        const char *language, *text, *found, *part;
    } cases[] = {
        {"en", "tune-up on the 31st", "[\"2026-12-01\",2,\"08:00\",\"18:00\"]", "no such day"},
        {"en", "tune-up on February 30", "null", "no such day in that month. Which day"},
        {"fr", "mise au point le 31", "[\"2026-12-01\",2,\"08:00\",\"18:00\"]",
         "n'existe pas dans ce mois"},
        {"es", "puesta a punto el 31", "[\"2026-12-01\",2,\"08:00\",\"18:00\"]", "no existe"},
        {"en", "tune-up on November 3", "[\"2027-11-03\",3,\"08:00\",\"18:00\"]",
         "That day is past. Which day"},
        {"fr", "mise au point le 3 novembre", "[\"2027-11-03\",3,\"08:00\",\"18:00\"]",
         "est passé"},
        {"es", "puesta a punto el 3 de noviembre", "[\"2027-11-03\",3,\"08:00\",\"18:00\"]",
         "ya pasó"},
        {"en", "tune-up on December 3, 2025", "[\"2026-12-03\",4,\"08:00\",\"18:00\"]", "past"},
        {"en", "move my appointment to the 31st", "[\"2026-12-01\",2,\"08:00\",\"18:00\"]",
         "can be moved. There is no such day"},
        {"en", "are you open on the 31st?", "[\"2026-12-01\",2,\"08:00\",\"18:00\"]",
         "no such"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        wk_reception_t r = receive_of_day(cases[i].language, cases[i].text, cases[i].found);
        assert_case(r.tool == NULL && says(&r, cases[i].part), cases[i].text);
    }
}

static void a_number_is_no_day_of_a_month(void **state)
{
    static const wk_dialog_t fresh = {.expected = WK_EXPECT_NOTHING};
    (void)state;
    CHECK(&fresh, LOOKS("fr", "une mise au point pour le 29 pouces", "tune_up\"}"),
          LOOKS("es", "puesta a punto con el 50 por ciento", "tune_up\"}"));
}

static void the_hours_of_a_weekend_are_told(void **state)
{
    static const char *const texts[] = {"Are you open this weekend?",
                                        "ouvert en fin de semaine?",
                                        "¿abren este fin de semana?"};
    static const char *const languages[] = {"en", "fr", "es"};
    wk_reception_facts_t f = facts();
    wk_dialog_t fresh = {.expected = WK_EXPECT_NOTHING};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        wk_reception_t r = receive(&f, &fresh, languages[i], texts[i]);
        assert_case(says(&r, "28") && says(&r, "29") && !says(&r, "30"), texts[i]);
    }
}

/* The calendar has the day of the whole message: "the 24th", "the 15th". */
static void the_day_of_one_part_is_not_that_of_the_other(void **state)
{
    wk_reception_facts_t f = facts();
    wk_dialog_t fresh = {.expected = WK_EXPECT_NOTHING};
    (void)state;
    f.day = parse_json(VA_STR("[\"2026-12-24\",4,\"08:00\",\"18:00\"]"));
    wk_reception_t r =
        receive(&f, &fresh, "en", "A tune-up in three weeks, are you open on the 24th?");
    assert_true(r.tool == NULL && says(&r, "Which day"));
    f.day = parse_json(VA_STR("[\"2026-12-15\",2,\"08:00\",\"18:00\"]"));
    f.appointments =
        parse_json(VA_STR("[[\"a-15\",\"tune_up\",\"2026-12-15\",\"10:00\",true]]"));
    r = receive(&f, &fresh, "en", "Move the one on the 15th to in three weeks");
    assert_true(r.tool == NULL && says(&r, "Which day"));
}

static void the_following_is_a_day_beside_one(void **state)
{
    static const wk_dialog_t fresh = {.expected = WK_EXPECT_NOTHING};
    (void)state;
    CHECK(&fresh, LOOKS("en", "I need the following: a tune-up", "tune_up\"}"),
          LOOKS("es", "necesito lo siguiente: una puesta a punto", "tune_up\"}"),
          LOOKS("en", "a tune-up the following Tuesday", "2026-12-01"),
          LOOKS("fr", "une mise au point mardi suivant", "2026-12-01"),
          LOOKS("en", "a tune-up the following week", "2026-11-30"));
}

static void a_leap_day_is_one_of_its_year(void **state)
{
    wk_reception_facts_t f = facts();
    wk_dialog_t fresh = {.expected = WK_EXPECT_NOTHING};
    (void)state;
    f.day = parse_json(VA_STR("[\"2027-03-01\",1,\"08:00\",\"18:00\"]"));
    wk_reception_t r = receive(&f, &fresh, "en", "a tune-up on February 29");
    assert_true(r.tool == NULL && says(&r, "no such"));
    f.today = VA_STR("2028-01-10");
    f.day = parse_json(VA_STR("[\"2028-02-29\",2,\"08:00\",\"18:00\"]"));
    r = receive(&f, &fresh, "en", "a tune-up on February 29");
    assert_non_null(strstr(wk_strdup(arena, r.tool_args), "2028-02-29"));
}

static void days_that_do_not_suit_are_not_looked_at(void **state)
{
    static const struct {
        const char *language, *text;
    } cases[] = {
        {"en", "a tune-up any day except tomorrow"},
        {"en", "a tune-up, except Monday and Tuesday"},
        {"en", "a tune-up except the 15th"},
        {"en", "a tune-up any day except December 15 or Friday"},
        {"fr", "une mise au point sauf lundi et mardi"},
        {"fr", "une mise au point sauf le 15"},
        {"es", "una puesta a punto cualquier día menos mañana"},
        {"es", "una puesta a punto excepto el 15 de diciembre"},
    };
    wk_reception_facts_t f = facts();
    wk_dialog_t fresh = {.expected = WK_EXPECT_NOTHING};
    (void)state;
    f.day = parse_json(VA_STR("[\"2026-12-15\",2,\"08:00\",\"18:00\"]"));
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        wk_reception_t r = receive(&f, &fresh, cases[i].language, cases[i].text);
        assert_case(r.tool != NULL, cases[i].text);
        const char *args = wk_strdup(arena, r.tool_args);
        assert_case(strstr(args, "preferred_date") == NULL || /* today is a Tuesday */
                        strstr(args, "\"after\":\"2026-11-24T23:59\"") != NULL,
                    cases[i].text);
    }
    CHECK(&fresh, LOOKS("en", "a tune-up on Thursday but not Friday", "\"2026-11-26\""));
}

/* The sentence behind them, and a day with a time of its own, are a wish. */
static void days_that_do_not_suit_end(void **state)
{
    wk_dialog_t three = three_times();
    (void)state;
    CHECK(&three, LOOKS("en", "Anything but Friday. Saturday at 11", "\"2026-11-28\""),
          LOOKS("en", "Anything but Friday, Saturday at 11", "\"2026-11-28\""),
          LOOKS("fr", "Sauf le vendredi, le samedi à 11 h", "\"2026-11-28\""),
          LOOKS("es", "Menos el viernes; el sábado a las 11", "\"2026-11-28\""),
          LOOKS("en", "Anything but Thursday, Friday or Saturday", "2026-11-28T23:59"),
          LOOKS("en", "Anything but Thursday, Friday, or Saturday", "2026-11-28T23:59"));
}

static void a_question_for_hours_prefers_no_day(void **state)
{
    wk_reception_facts_t with = facts(), without = facts();
    wk_dialog_t fresh = {.expected = WK_EXPECT_NOTHING};
    (void)state;
    without.appointments = NULL;
    assert_string_equal(
        receive(&without, &fresh, "en", "Are you open Saturday and not Sunday?").intent,
        "hours");
    assert_string_equal(
        receive(&with, &fresh, "en", "Are you open Saturday and not Monday?").intent, "hours");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_day_of_one_part_is_not_that_of_the_other),
        TEST(days_that_do_not_suit_are_not_looked_at),
        TEST(days_that_do_not_suit_end),
        TEST(a_question_for_hours_prefers_no_day),
        TEST(the_following_is_a_day_beside_one),
        TEST(a_leap_day_is_one_of_its_year),
        TEST(a_day_is_told_by_its_distance),
        TEST(several_days_are_told_by_one_word),
        TEST(a_day_of_a_month_is_looked_at),
        TEST(a_day_that_cannot_be_is_asked_back),
        TEST(a_number_is_no_day_of_a_month),
        TEST(the_hours_of_a_weekend_are_told),
        TEST(a_day_asked_for_is_looked_at),
        TEST(a_day_with_a_time_is_when_somebody_would_come),
        TEST(who_walks_in_is_told_the_hours),
        TEST(a_part_of_a_day_or_week_is_looked_into),
        TEST(a_shop_may_be_open_day_and_night),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
