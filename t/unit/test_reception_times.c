/*
 * How times of day are said and written in each language, and what is chosen, corrected or left
 * to the shop while times are offered.
 */
#include "worker/agent/receptionist.h"

#include "t/unit/reception.h"

static void minutes_stand_before_and_behind_the_hour(void **state)
{
    wk_dialog_t dialog = three_times();
    (void)state;
    CHECK(&dialog, BOOKS("en", "twenty past two", "27T14:20"),
          BOOKS("en", "at twenty past two", "27T14:20"), BOOKS("en", "20 past 2", "27T14:20"),
          BOOKS("en", "ten to three", "27T14:50"),
          BOOKS("en", "twenty-five to three", "27T14:35"),
          BOOKS("en", "quarter to three", "27T14:45"), BOOKS("en", "half past two", "27T14:30"),
          BOOKS("en", "half ten", "27T10:30"), BOOKS("en", "quarter after ten", "27T10:15"),
          BOOKS("fr", "deux heures et quart", "27T14:15"),
          BOOKS("fr", "deux heures vingt", "27T14:20"),
          BOOKS("fr", "trois heures moins le quart", "27T14:45"),
          BOOKS("fr", "trois heures moins dix", "27T14:50"),
          BOOKS("fr", "midi moins le quart", "27T11:45"),
          BOOKS("fr", "midi et demi", "27T12:30"), BOOKS("es", "las tres y cuarto", "27T15:15"),
          BOOKS("es", "tres menos cuarto", "27T14:45"),
          BOOKS("es", "a las tres menos veinte", "27T14:40"),
          BOOKS("es", "las dos y media", "27T14:30"),
          BOOKS("es", "las dos y veinte", "27T14:20"),
          BOOKS("es", "a las diez y diez", "27T10:10"));
    CHECK(&dialog, LOOKS("en", "after 10", "\"after\":\"2026-11-27T09:59\""),
          ASKS("en", "10 to 3", "Reply"), ASKS("en", "nine to five", "Reply"));
}

static void a_time_is_read_with_its_day(void **state)
{
    static const wk_dialog_t fresh = {.expected = WK_EXPECT_NOTHING};
    static const struct {
        const char *language, *text;
        int hour, minute;
    } wishes[] = {
        {"en", "a tune-up tomorrow at twenty past two", 2, 20},
        {"fr", "une mise au point demain à trois heures moins le quart", 2, 45},
        {"es", "una puesta a punto mañana a las tres menos cuarto", 2, 45},
    };
    wk_reception_facts_t f = facts();
    (void)state;
    for (size_t i = 0; i < sizeof(wishes) / sizeof(*wishes); i++) {
        wk_reception_t r = receive(&f, &fresh, wishes[i].language, wishes[i].text);
        assert_string_equal(r.tool, "check_availability");
        assert_int_equal(r.time.hour, wishes[i].hour);
        assert_int_equal(r.time.minute, wishes[i].minute);
    }
}

static void the_one_of_a_time_is_no_minute(void **state)
{
    wk_dialog_t dialog = three_times(), half = three_times();
    (void)state;
    half.offer.slots[1] = VA_STR("2026-11-27T10:30:00-05:00");
    CHECK(&dialog, BOOKS("en", "oh, ten please", "27T10:00"),
          BOOKS("en", "the ten thirty one", "27T10:30\""),
          BOOKS("en", "the nine one", "27T09:00"));
    CHECK(&half, BOOKS("en", "the ten thirty one please", "27T10:30:00"),
          ASKS("en", "ten thirty one", "Shall I take Friday, November 27 at 10:30"));
}

static void of_two_times_the_first_is_asked_about(void **state)
{
    wk_dialog_t dialog = three_times();
    (void)state;
    CHECK(&dialog, ASKS("en", "at ten and two", "Shall I take Friday, November 27 at 10:00"),
          ASKS("en", "at ten or two", "Shall I take Friday, November 27 at 10:00"),
          ASKS("es", "a las diez y dos", "27 de noviembre a las 10:00"),
          ASKS("es", "a las diez y a las dos", "27 de noviembre a las 10:00"),
          ASKS("fr", "à dix heures et deux heures", "27 novembre à 10 h"),
          ASKS("fr", "10h ou 14h", "27 novembre à 10 h"));
}

static void whom_any_time_suits_gets_the_first(void **state)
{
    wk_dialog_t dialog = three_times(), old = three_times();
    (void)state;
    CHECK(&dialog, BOOKS("en", "either", "27T09:00"),
          BOOKS("en", "Either one is fine", "27T09:00"),
          BOOKS("en", "either of the two works", "27T09:00"),
          BOOKS("en", "the second one is fine either way", "27T10:00"),
          BOOKS("en", "I don't mind", "27T09:00"),
          BOOKS("en", "doesn't matter, you choose", "27T09:00"),
          BOOKS("fr", "peu importe", "27T09:00"),
          BOOKS("fr", "l'un ou l'autre, merci", "27T09:00"),
          BOOKS("fr", "les deux me vont", "27T09:00"),
          BOOKS("es", "cualquiera de los dos", "27T09:00"),
          BOOKS("es", "me da igual", "27T09:00"));
    CHECK(&dialog, ASKS("en", "either?", "Shall I take Friday, November 27 at 9:00"),
          ASKS("en", "either 9 or 10", "Reply"), ASKS("en", "neither", "Which day"),
          LOOKS("en", "any chance of Saturday?", "2026-11-28"),
          LOOKS("en", "I don't mind, but not Friday", "\"after\":\"2026-11-27T23:59\""));
    old.old = true;
    CHECK(&old, ASKS("en", "either", "Shall I take Friday, November 27 at 9:00"));
}

static void a_bare_time_is_corrected(void **state)
{
    wk_dialog_t dialog = three_times(), one = one_time();
    (void)state;
    CHECK(&dialog, BOOKS("en", "ten, actually eleven", "27T11:00"),
          BOOKS("en", "ten actually eleven", "27T11:00"),
          BOOKS("en", "10. no wait, 11", "27T11:00"),
          BOOKS("en", "actually eleven", "27T11:00"),
          BOOKS("en", "Friday at ten actually Saturday at ten", "28T10:00"),
          BOOKS("fr", "dix heures, en fait onze heures", "27T11:00"),
          BOOKS("es", "a las diez, mejor a las once", "27T11:00"),
          BOOKS("es", "en realidad a las once", "27T11:00"));
    CHECK(&one, BOOKS("en", "actually eleven", "27T11:00"));
}

static void the_number_of_an_order_is_no_time(void **state)
{
    static const char *const orders[] = {"1042", "one oh four two", "ten forty two"};
    wk_dialog_t dialog = three_times();
    wk_reception_facts_t f = facts();
    (void)state;
    for (size_t i = 0; i < sizeof(orders) / sizeof(*orders); i++) {
        wk_reception_t r = receive(&f, &dialog, "en", orders[i]);
        assert_case(strcmp(r.intent, "order") == 0 && says(&r, "1042"), orders[i]);
        assert_int_equal(r.dialog.offer.count, 3);
    }
}

/* "Any" behind a booking, and what becomes of it then. */
static void what_was_booked_goes_to_another_half(void **state)
{
    wk_reception_facts_t f = facts();
    wk_dialog_t booked = {
        .expected = WK_EXPECT_NOTHING, .service = VA_STR("tune_up"), .booked = VA_STR("a-mon")};
    (void)state;
    static const struct {
        const char *language, *text;
    } texts[] = {{"en", "actually can we do it in the afternoon"},
                 {"en", "make it the afternoon"},
                 {"fr", "finalement l'après-midi"},
                 {"es", "mejor por la tarde"}};
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        wk_reception_t r = receive(&f, &booked, texts[i].language, texts[i].text);
        assert_case(r.tool != NULL && strcmp(r.tool, "check_availability") == 0 &&
                        r.half == WK_AFTERNOON,
                    texts[i].text);
    }
    CHECK(&booked, LOOKS("en", "actually no make it later", "\"after\":\"2026-11-30T10:00\""),
          LOOKS("en", "make it later", "\"after\":\"2026-11-30T10:00\""));
}

static void the_last_is_that_of_the_offer(void **state)
{
    wk_dialog_t three = three_times(), two = three_times();
    (void)state;
    two.offer.count = 2;
    CHECK(&three, BOOKS("en", "last one", "27T14:00"), BOOKS("fr", "le dernier", "27T14:00"));
    CHECK(&two, BOOKS("en", "the last one please", "27T10:00"),
          BOOKS("fr", "le dernier", "27T10:00"), BOOKS("es", "el ultimo", "27T10:00"));
}

/* Who is rude or in haste is answered all the same. */
static void the_rude_and_hasty_are_answered(void **state)
{
    static const wk_dialog_t fresh = {.expected = WK_EXPECT_NOTHING};
    static const wk_dialog_t cancelled = {.expected = WK_EXPECT_NOTHING,
                                          .service = VA_STR("tune_up")};
    (void)state;
    CHECK_ANSWERS(&fresh, {"en", "yo whats ur hrs", NULL, "We are open until"},
                  {"en", "what are your hours you idiots", NULL, "We are open until"},
                  {"en", "you idiots", NULL, "I am sorry about that"},
                  {"en", "u suck", NULL, "I am sorry about that"},
                  {"en", "thats expensive", NULL, "I am sorry about that"},
                  {"fr", "trop cher", NULL, "désolé"},
                  {"en", "do u sell helmets", NULL, "call you back?"},
                  {"fr", "vous vendez des casques", NULL, "rappelle"});
    CHECK(&fresh,
          LOOKS("en", "Book me for a tune up on monday at 2, and tell me if my order is ready",
                "2026-11-30"),
          ASKS("en", "i need to come in but only after work, mondays or wednesdays",
               "Which day"));
    CHECK(&cancelled, LOOKS("en", "wait no I still want it", "tune_up"));
}

/* One is moved, and it is said which, and that the other waits. */
static void of_several_one_is_moved_first(void **state)
{
    static const wk_dialog_t fresh = {.expected = WK_EXPECT_NOTHING};
    static const struct {
        const char *language, *text, *part;
    } wishes[] = {
        {"en", "move the tune-up and the repair", "first your tune-up"},
        {"en", "I need to move both appointments to Thursday", "first your tune-up"},
        {"en", "move both", "first your tune-up"},
        {"fr", "déplacez la mise au point et la réparation", "d'abord"},
        {"es", "mueva la puesta a punto y la reparación", "primero su cita"},
    };
    wk_reception_facts_t f = facts();
    (void)state;
    f.appointments =
        parse_json(VA_STR("[" MONDAY ",[\"a-fri\",\"repair\",\"2026-11-27\",\"14:00\",true]]"));
    for (size_t i = 0; i < sizeof(wishes) / sizeof(*wishes); i++) {
        wk_reception_t r = receive(&f, &fresh, wishes[i].language, wishes[i].text);
        assert_string_equal(r.tool, "check_availability");
        assert_case(strstr(wk_strdup(arena, r.before), wishes[i].part) != NULL, wishes[i].text);
    }
    wk_reception_t r = receive(&f, &fresh, "en", "move the tune-up");
    assert_non_null(strstr(wk_strdup(arena, r.before), "can be moved"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(minutes_stand_before_and_behind_the_hour),
        TEST(a_time_is_read_with_its_day),
        TEST(the_one_of_a_time_is_no_minute),
        TEST(of_two_times_the_first_is_asked_about),
        TEST(whom_any_time_suits_gets_the_first),
        TEST(a_bare_time_is_corrected),
        TEST(the_number_of_an_order_is_no_time),
        TEST(what_was_booked_goes_to_another_half),
        TEST(the_last_is_that_of_the_offer),
        TEST(the_rude_and_hasty_are_answered),
        TEST(of_several_one_is_moved_first),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
