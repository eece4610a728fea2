/* What the embedded receptionist does with appointments, and what it asks about first. */
#include "t/handlers/lib/texts.h"

#define MONDAY "d0000000-0000-4000-8000-0000000000b1"
#define FRIDAY "d0000000-0000-4000-8000-0000000000b2"

/* John's, so many days from now; texted: that long ago it was confirmed by text. */
static void johns_appointment(const char *id, int days, const char *texted)
{
    t_sqlf("INSERT INTO appointments (id, organization_id, customer_id, customer_phone,"
           "    appointment_type, starts_at, ends_at, status, confirmation_sent_at)"
           " SELECT '%s', '" DOWNTOWN "', '" JOHN "', '" JOHN_NUMBER "', 'tune_up', at,"
           "    at + interval '1 hour', 'confirmed', now() - '%s'::interval"
           "  FROM (SELECT date_trunc('hour', now()) + interval '%d days' AS at) x",
           id, texted, days);
}

static const char *status_of(const char *id)
{
    return t_sqlf("SELECT status FROM appointments WHERE id = '%s'", id);
}

/* As the sweep leaves it, whether or not a text was wanted. */
static void dealt_with_reminder(const char *id)
{
    t_sqlf("UPDATE appointments SET reminded_24h_at = now() WHERE id = '%s'", id);
}

static int setup(void **state)
{
    t_sqlf("DELETE FROM appointments");
    return t_texts_setup(state);
}

static void an_appointment_is_cancelled_by_a_clear_wish_alone(void **state)
{
    static const char *const texts[] = {
        "Please don't cancel my appointment, I'm ten minutes late",
        "Why did you cancel my appointment?",
        "What happens if I cancel my appointment?",
        "Ne pas annuler mon rendez-vous svp",
        "no quiero cancelar la cita",
        "yes",
    };
    (void)state;
    johns_appointment(MONDAY, 4, "1 day");
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        t_say(JOHN_NUMBER, texts[i]);
        assert_string_equal(status_of(MONDAY), "confirmed");
    }
    assert_has(t_say(JOHN_NUMBER, "I can't make it, please cancel my appointment"),
               "Shall I cancel your tune-up");
    t_say(JOHN_NUMBER, "no");
    t_say(JOHN_NUMBER, "yes");
    assert_string_equal(status_of(MONDAY), "confirmed");
    t_say(JOHN_NUMBER, "I can't make it, please cancel my appointment");
    assert_has(t_say(JOHN_NUMBER, "yes"), "Cancelled: ");
    assert_string_equal(status_of(MONDAY), "cancelled");
}

static void the_letter_cancels_what_the_last_text_was_about(void **state)
{
    (void)state;
    johns_appointment(MONDAY, 3, "2 days");
    johns_appointment(FRIDAY, 7, "1 minute");
    assert_has(t_say(JOHN_NUMBER, "C"), "Cancelled: ");
    assert_string_equal(status_of(FRIDAY), "cancelled");
    assert_has(t_say(JOHN_NUMBER, "C"), "Cancelled: ");
    assert_string_equal(status_of(MONDAY), "confirmed");
    dealt_with_reminder(MONDAY);
    t_sqlf("INSERT INTO effects (organization_id, kind, key, state, finished_at)"
           " VALUES ('" DOWNTOWN "', 'sms', 'reminder:" MONDAY ":24h', 'done', now())");
    t_say(JOHN_NUMBER, "C");
    assert_string_equal(status_of(MONDAY), "cancelled");
}

/* A shop without reminders: the sweep marks the row, and nobody was written to. */
static void a_reminder_that_was_not_sent_invites_no_letter(void **state)
{
    (void)state;
    johns_appointment(MONDAY, 1, "3 days");
    johns_appointment(FRIDAY, 5, "1 hour");
    dealt_with_reminder(MONDAY);
    assert_has(t_say(JOHN_NUMBER, "C"), "Cancelled: ");
    assert_string_equal(status_of(FRIDAY), "cancelled");
    assert_string_equal(status_of(MONDAY), "confirmed");
}

static void a_text_about_a_visit_that_took_place_invites_nothing(void **state)
{
    (void)state;
    johns_appointment(FRIDAY, -1, "1 hour");
    assert_has(t_say(JOHN_NUMBER, "C"), "no coming appointment");
    assert_has(t_say(JOHN_NUMBER, "R"), "no coming appointment");
    assert_string_equal(status_of(FRIDAY), "confirmed");
}

/* What was asked was asked that long ago. */
static void the_answer_takes(const char *interval)
{
    t_sqlf("UPDATE customers SET dialog_state = jsonb_set(dialog_state, '{receptionist,at}',"
           "    to_jsonb((dialog_state #>> '{receptionist,at}')::bigint"
           "             - (extract(epoch FROM '%s'::interval) * 1000)::bigint))"
           " WHERE dialog_state ? 'receptionist'",
           interval);
}

static int64_t appointments(void)
{
    return t_sqlf_int("SELECT count(*) FROM appointments WHERE status = 'confirmed'");
}

/* In the evening it is asked about once more; the day after it stands no longer. */
static void an_offer_is_answered_within_a_day(void **state)
{
    (void)state;
    assert_has(t_say(JOHN_NUMBER, "I would like a tune-up"), "1) ");
    the_answer_takes("30 hours");
    t_say(JOHN_NUMBER, "1");
    assert_int_equal(appointments(), 0);
    assert_has(t_say(JOHN_NUMBER, "I would like a tune-up"), "1) ");
    the_answer_takes("3 hours");
    assert_has(t_say(JOHN_NUMBER, "1"), "Shall I take ");
    assert_int_equal(appointments(), 0);
    assert_has(t_say(JOHN_NUMBER, "Yes, thank you"), "is booked for");
    assert_int_equal(appointments(), 1);
    assert_has(t_say(JOHN_NUMBER, "I would like a tune-up"), "1) ");
    the_answer_takes("1 hour");
    assert_has(t_say(JOHN_NUMBER, "1"), "is booked for");
    assert_int_equal(appointments(), 2);
}

static void what_is_said_beside_an_offer_books_nothing(void **state)
{
    static const char *const texts[] = {
        "I have 2 bikes",     "J'ai 2 vélos", "I need pads for 2 bikes", "Il y a 3 problèmes",
        "Do you close at 5?", "H2H 1P4",      "in two weeks at 10",      "the 15th at 10"};
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        assert_has(t_say(JOHN_NUMBER, "I would like a tune-up"), "1) ");
        t_say(JOHN_NUMBER, texts[i]);
        assert_int_equal(appointments(), 0);
    }
    assert_has(t_say(JOHN_NUMBER, "I would like a tune-up"), "1) ");
    assert_has(t_say(JOHN_NUMBER, "the second one, please"), "is booked for");
    assert_int_equal(appointments(), 1);
}

/* The calendar is asked for a day that most years have not. */
static void a_leap_day_is_answered(void **state)
{
    (void)state;
    int64_t leaps =
        t_sqlf_int("SELECT count(*) FROM generate_series(0, 366) i"
                   " WHERE to_char(now() + i * interval '1 day', 'MM-DD') = '02-29'");
    const char *answer = t_say(JOHN_NUMBER, "I would like a tune-up on February 29");
    assert_true(leaps > 0 || strstr(answer, "1) ") == NULL);
    assert_has(t_say(JOHN_NUMBER, "I would like a tune-up"), "1) ");
}

/* The answer to R may come when the visit has taken place: it stays where it was. */
static void a_visit_that_took_place_is_not_moved(void **state)
{
    (void)state;
    johns_appointment(MONDAY, 1, "1 day");
    assert_has(t_say(JOHN_NUMBER, "R"), "can be moved");
    t_sqlf("UPDATE appointments SET starts_at = now() - interval '10 minutes',"
           "    ends_at = now() + interval '50 minutes'");
    assert_has(t_say(JOHN_NUMBER, "1"), "has begun or is over already");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM appointments WHERE starts_at < now()"),
                     1);
}

/* The time of the only appointment, by the shop's clock. */
static const char *time_booked(void)
{
    return t_sqlf("SELECT to_char(starts_at AT TIME ZONE 'America/Toronto', 'HH24:MI')"
                  "  FROM appointments WHERE status = 'confirmed'");
}

/* On a Wednesday of next week: its whole day is to come, and open. */
static void book_a_tune_up(void)
{
    const char *day = t_sqlf("SELECT to_char(date_trunc('week', now()) + interval '9 days',"
                             "               'FMMonth FMDD')");
    assert_has(t_say(JOHN_NUMBER, t_sqlf("SELECT 'I would like a tune-up on %s'", day)), "1) ");
    assert_has(t_say(JOHN_NUMBER, "1"), "is booked for");
}

static void what_was_just_booked_is_moved(void **state)
{
    (void)state;
    book_a_tune_up();
    assert_string_equal(t_sqlf("SELECT string_agg(tools_used::text, ' ' ORDER BY occurred_at)"
                               "  FROM messages WHERE speaker = 'agent'"),
                        "[\"check_availability\"] [\"book_appointment\"]");
    assert_has(t_say(JOHN_NUMBER, "yes"), "Your tune-up is on ");
    assert_has(t_say(JOHN_NUMBER, "what are your hours?"), "Hours of ");
    assert_has(t_say(JOHN_NUMBER, "change it to 4pm"), "4:00 PM");
    assert_string_equal(time_booked(), "16:00");
    assert_has(t_say(JOHN_NUMBER, "make it 2 pm please"), "2:00 PM");
    assert_string_equal(time_booked(), "14:00");
    assert_int_equal(appointments(), 1);
    assert_has(t_say(JOHN_NUMBER, "change it to 4am"), "That time cannot be had.");
    assert_has(t_say(JOHN_NUMBER, "1"), "is booked for");
    assert_int_equal(appointments(), 1);
}

/* What was booked was booked that long ago, whatever was written since. */
static void the_booking_is_old(const char *interval)
{
    t_sqlf("UPDATE customers SET dialog_state = jsonb_set(dialog_state,"
           "    '{receptionist,booked_at}', to_jsonb((extract(epoch FROM now()"
           "        - '%s'::interval) * 1000)::bigint))"
           " WHERE dialog_state #> '{receptionist,booked}' IS NOT NULL",
           interval);
}

static void what_was_booked_long_ago_is_not_moved_at_once(void **state)
{
    (void)state;
    book_a_tune_up();
    const char *before = time_booked();
    the_booking_is_old("3 hours");
    assert_has(t_say(JOHN_NUMBER, "actually, 4 pm"), "Shall I take ");
    t_say(JOHN_NUMBER, "no");
    assert_string_equal(time_booked(), before);
    the_booking_is_old("3 days");
    t_say(JOHN_NUMBER, "actually, 4 pm");
    t_say(JOHN_NUMBER, "yes");
    assert_string_equal(time_booked(), before);
}

static void another_service_is_no_second_booking(void **state)
{
    (void)state;
    book_a_tune_up();
    assert_has(t_say(JOHN_NUMBER, "make it a full overhaul instead"),
               "your repair is booked for");
    assert_string_equal(t_sqlf("SELECT string_agg(appointment_type, ' ') FROM appointments"),
                        "repair");
    assert_has(t_say(JOHN_NUMBER, "change it to a fitting at 4pm"), "into another service");
    assert_has(t_say(JOHN_NUMBER, "yes"), "asked the team to call you back");
    assert_int_equal(appointments(), 1);
}

/* The time behind it is taken: the other service is offered at others. */
static void another_service_may_need_another_time(void **state)
{
    (void)state;
    book_a_tune_up();
    t_sqlf("INSERT INTO appointments (organization_id, customer_name, starts_at, ends_at)"
           " SELECT organization_id, 'Ann', ends_at, ends_at + interval '10 minutes'"
           "   FROM appointments");
    assert_has(t_say(JOHN_NUMBER, "change it to a repair"), "That time cannot be had.");
    assert_string_equal(
        t_sqlf("SELECT appointment_type FROM appointments WHERE customer_id = '" JOHN "'"),
        "tune_up");
    assert_has(t_say(JOHN_NUMBER, "1"), "your repair is booked for");
    assert_string_equal(
        t_sqlf("SELECT appointment_type FROM appointments WHERE customer_id = '" JOHN "'"),
        "repair");
}

static void an_appointment_goes_to_a_time_of_its_own_day(void **state)
{
    (void)state;
    book_a_tune_up();
    const char *day = t_sqlf("SELECT starts_at::date FROM appointments");
    assert_has(t_say(JOHN_NUMBER, "move my appointment to 4pm"), "Shall I take ");
    assert_has(t_say(JOHN_NUMBER, "yes"), "is booked for");
    assert_string_equal(time_booked(), "16:00");
    assert_string_equal(t_sqlf("SELECT starts_at::date FROM appointments"), day);
}

/* Wednesday of next week, whose whole day is to come, and open: "December 2". */
static const char *wednesday(void)
{
    return t_sqlf(
        "SELECT to_char(date_trunc('week', now()) + interval '9 days', 'FMMonth FMDD')");
}

static void a_time_that_is_named_is_looked_at_first(void **state)
{
    (void)state;
    const char *day = wednesday();
    t_say(JOHN_NUMBER, t_sqlf("SELECT 'I would like a tune-up on %s'", day));
    assert_has(t_say(JOHN_NUMBER, "can I come at 3:30?"), "Shall I take ");
    assert_has(t_say(JOHN_NUMBER, "yes"), "3:30 PM");
    t_say(JOHN_NUMBER, t_sqlf("SELECT 'I would like another tune-up on %s'", day));
    assert_has(t_say(JOHN_NUMBER, "can I come at 3:30?"), "That time cannot be had. For your");
    assert_int_equal(appointments(), 1);
}

/* So many days from now by the shop's clock, or the day behind it where it is closed then. */
static const char *open_day(int days, const char *format)
{
    return t_sqlf(
        "SELECT to_char(day + CASE WHEN extract(isodow FROM day) = 7 THEN 1 ELSE 0 END,"
        "               '%s')"
        "  FROM (SELECT (now() AT TIME ZONE 'America/Toronto')::date + %d AS day) d",
        format, days);
}

static void days_are_reckoned_by_the_shops_clock(void **state)
{
    (void)state;
    assert_has(t_say(JOHN_NUMBER, "a tune-up in three weeks"), open_day(21, "FMMonth FMDD at"));
    assert_has(t_say(JOHN_NUMBER, "a tune-up in two weeks"), open_day(14, "FMMonth FMDD at"));
    assert_has(
        t_say(JOHN_NUMBER, t_sqlf("SELECT 'a tune-up on the %s'", open_day(20, "FMDDth"))),
        open_day(20, "FMMonth FMDD at"));
    assert_has(
        t_say(JOHN_NUMBER, "are you open in a month?"),
        t_sqlf("SELECT to_char(now() AT TIME ZONE 'America/Toronto' + interval '1 month',"
               "               'FMDay, FMMonth FMDD:')"));
    assert_int_equal(appointments(), 0);
}

static void a_day_that_is_none_is_asked_back(void **state)
{
    (void)state;
    bool has_31 = t_sqlf_int("SELECT (extract(day FROM date_trunc('month',"
                             "    now() AT TIME ZONE 'America/Toronto')"
                             "    + interval '1 month - 1 day') = 31)::int") == 1;
    const char *answer = t_say(JOHN_NUMBER, "a tune-up on the 31st");
    assert_has(answer, has_31 ? "For your tune-up" : "There is no such day in that month.");
    assert_has(t_say(JOHN_NUMBER, t_sqlf("SELECT to_char(now() - interval '3 days',"
                                         "    '\"a tune-up on \"FMMonth FMDD')")),
               "That day is past. Which day");
}

static void a_day_without_a_free_time_is_said_to_have_none(void **state)
{
    (void)state;
    const char *sunday = t_sqlf("SELECT to_char(date_trunc('week', now() + interval '1 day')"
                                "    + interval '13 days', 'FMMonth FMDD')");
    const char *answer = t_say(JOHN_NUMBER, t_sqlf("SELECT 'a tune-up on %s'", sunday));
    assert_has(answer, t_sqlf("SELECT 'nothing free on Sunday, %s. For your tune-up'", sunday));
}

/* The first is booked, the other is a task with the customer's words. */
static void a_second_service_is_passed_on(void **state)
{
    (void)state;
    const char *text = t_sqlf("SELECT 'tune-up and a brake check on %s'", wednesday());
    assert_has(t_say(JOHN_NUMBER, text),
               "I have passed the rest on to the team: repair. For your");
    assert_string_equal(t_sqlf("SELECT body FROM tasks WHERE kind = 'message'"), text);
    assert_has(t_say(JOHN_NUMBER, "1"), "your tune-up is booked for");
    assert_int_equal(appointments(), 1);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM tasks WHERE kind = 'message'"), 1);
}

static void one_day_takes_the_place_of_another(void **state)
{
    (void)state;
    book_a_tune_up();
    assert_has(
        t_say(JOHN_NUMBER, t_sqlf("SELECT 'Thursday next week instead of %s'", wednesday())),
        "For your tune-up I can offer: 1) Thursday");
    assert_has(t_say(JOHN_NUMBER, "1"), "is booked for Thursday");
    assert_int_equal(appointments(), 1);
}

static void the_rest_of_the_day_and_other_days_are_offered(void **state)
{
    (void)state;
    const char *day = wednesday();
    t_say(JOHN_NUMBER, t_sqlf("SELECT 'a tune-up on %s in the morning'", day));
    const char *later = t_say(JOHN_NUMBER, "anything later?");
    assert_has(later, day);
    assert_has(later, "5:00 PM");
    assert_has(t_say(JOHN_NUMBER, "anything later?"), "nothing later on that day");
    assert_has(t_say(JOHN_NUMBER, "another day?"), "1) ");
    assert_has(t_say(JOHN_NUMBER, "1"), "is booked for");
}

/* One question, and one answer for both. */
static void both_appointments_are_cancelled(void **state)
{
    (void)state;
    johns_appointment(MONDAY, 3, "2 days");
    johns_appointment(FRIDAY, 7, "1 minute");
    assert_has(t_say(JOHN_NUMBER, "cancel both"), "Shall I cancel all of these");
    const char *done = t_say(JOHN_NUMBER, "yes");
    assert_has(done, "Cancelled: ");
    assert_has(strstr(done, "Cancelled: ") + 1, "Cancelled: ");
    assert_string_equal(status_of(MONDAY), "cancelled");
    assert_string_equal(status_of(FRIDAY), "cancelled");
}

/* People mark the visit that took place; one that is to come says nothing of it. */
static void a_bike_is_ready_when_people_say_so(void **state)
{
    (void)state;
    johns_appointment(MONDAY, -1, "2 days");
    johns_appointment(FRIDAY, 5, "1 hour");
    assert_has(t_say(JOHN_NUMBER, "is my bike ready?"), "not see yet");
    t_sqlf("UPDATE appointments SET pickup_ready_at = now() WHERE id = '" MONDAY "'");
    assert_has(t_say(JOHN_NUMBER, "is my bike ready?"), "Good news");
    assert_has(t_say(SARAH_NUMBER, "is my bike ready?"), "not see yet");
}

static void how_long_it_takes_is_told(void **state)
{
    (void)state;
    assert_has(t_say(JOHN_NUMBER, "how long does a repair take?"), "repair takes 90 minutes");
}

static void who_is_late_is_told_of_to_people(void **state)
{
    (void)state;
    assert_has(t_say(JOHN_NUMBER, "running 15 minutes late"), "passed your message");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM tasks WHERE kind = 'message'"
                                "   AND concat(title, body, data) LIKE '%%15 minutes late%%'"),
                     1);
}

static void a_price_is_told(void **state)
{
    (void)state;
    assert_has(t_say(JOHN_NUMBER, "how much is a tune-up"), "89.00 CAD");
    assert_has(t_say(JOHN_NUMBER, "what does a repair cost?"), "Shall I ask someone");
    assert_has(t_say(JOHN_NUMBER, "yes"), "asked the team to call you back");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_appointment_is_cancelled_by_a_clear_wish_alone),
        cmocka_unit_test(the_letter_cancels_what_the_last_text_was_about),
        cmocka_unit_test(a_reminder_that_was_not_sent_invites_no_letter),
        cmocka_unit_test(a_text_about_a_visit_that_took_place_invites_nothing),
        cmocka_unit_test(an_offer_is_answered_within_a_day),
        cmocka_unit_test(what_is_said_beside_an_offer_books_nothing),
        cmocka_unit_test(a_leap_day_is_answered),
        cmocka_unit_test(a_visit_that_took_place_is_not_moved),
        cmocka_unit_test(what_was_just_booked_is_moved),
        cmocka_unit_test(what_was_booked_long_ago_is_not_moved_at_once),
        cmocka_unit_test(another_service_is_no_second_booking),
        cmocka_unit_test(another_service_may_need_another_time),
        cmocka_unit_test(an_appointment_goes_to_a_time_of_its_own_day),
        cmocka_unit_test(a_time_that_is_named_is_looked_at_first),
        cmocka_unit_test(a_day_without_a_free_time_is_said_to_have_none),
        cmocka_unit_test(a_second_service_is_passed_on),
        cmocka_unit_test(one_day_takes_the_place_of_another),
        cmocka_unit_test(days_are_reckoned_by_the_shops_clock),
        cmocka_unit_test(a_day_that_is_none_is_asked_back),
        cmocka_unit_test(the_rest_of_the_day_and_other_days_are_offered),
        cmocka_unit_test(both_appointments_are_cancelled),
        cmocka_unit_test(a_bike_is_ready_when_people_say_so),
        cmocka_unit_test(how_long_it_takes_is_told),
        cmocka_unit_test(who_is_late_is_told_of_to_people),
        cmocka_unit_test(a_price_is_told),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return t_client_main(tests, sizeof(tests) / sizeof(*tests), setup);
}
