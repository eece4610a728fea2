/*
 * reminders.send: each reminder once, at its time, to who wants it, and never of an appointment
 * that stands no more.
 */
#include <stdio.h>

#include "t/handlers/lib/texts.h"

#define APPOINTMENT "d0000000-0000-4000-8000-0000000000a1"

static int setup(void **state)
{
    t_sqlf("DELETE FROM appointments;"
           "UPDATE agent_configs SET sms_reminders = true, quiet_from = '00:00',"
           "    quiet_until = '00:00';"
           "UPDATE customers SET contact_preferences = '{}', timezone = NULL");
    return t_texts_setup(state);
}

/* John's tune-up begins in so long. */
static void book(const char *begins_in)
{
    t_sqlf("INSERT INTO appointments (id, organization_id, customer_id, customer_phone,"
           "    appointment_type, starts_at, ends_at)"
           " VALUES ('" APPOINTMENT "', '" DOWNTOWN "', '" JOHN "', '" JOHN_NUMBER
           "', 'tune_up', now() + interval '%s', now() + interval '%s' + interval '1 hour')",
           begins_in, begins_in);
}

static t_answer_t sweep(void)
{
    t_answer_t a = t_ask(&(t_ask_t){
        .type = "reminders.send", .org = DOWNTOWN, .scheme = "internal", .body = "{}"});
    assert_done(&a);
    return a;
}

/* The jobs that the sweeps have left, as a worker does them. */
static void send_queued(void)
{
    for (;;) {
        const char *key = t_sqlf("SELECT data ->> 'key' FROM outbox WHERE type = 'sms.send'"
                                 " ORDER BY id LIMIT 1");
        if (key[0] == '\0') {
            return;
        }
        t_answer_t a =
            t_ask(&(t_ask_t){.type = "sms.send",
                             .org = DOWNTOWN,
                             .scheme = "internal",
                             .body = wk_printf(t_ctx.arena, "{\"key\":\"%s\"}", key).data});
        assert_done(&a);
        t_sqlf("DELETE FROM outbox WHERE type = 'sms.send' AND data ->> 'key' = '%s'", key);
    }
}

static size_t sent_after_a_sweep(void)
{
    sweep();
    send_queued();
    return t_twilio_sent(JOHN_NUMBER);
}

static const char *last_text(void)
{
    return t_sqlf("SELECT content FROM messages ORDER BY occurred_at DESC LIMIT 1");
}

static const char *keys(void)
{
    return t_sqlf("SELECT string_agg(key, ' ' ORDER BY claimed_at) FROM effects");
}

/* ---------------------------------------------------------------- once */

static void a_day_before_and_an_hour_before_each_once(void **state)
{
    (void)state;
    book("25 hours");
    assert_int_equal(sent_after_a_sweep(), 0);
    t_sqlf("UPDATE appointments SET starts_at = now() + interval '23 hours',"
           "    ends_at = now() + interval '24 hours'");
    assert_int_equal(sent_after_a_sweep(), 1);
    assert_has(last_text(), "a reminder of your tune-up on ");
    assert_has(last_text(), "123 Queen Street West, Toronto");
    assert_int_equal(sent_after_a_sweep(), 1);
    t_sqlf("UPDATE appointments SET starts_at = now() + interval '50 minutes'");
    assert_int_equal(sent_after_a_sweep(), 2);
    assert_has(last_text(), "your tune-up begins at ");
    assert_int_equal(sent_after_a_sweep(), 2);
    assert_string_equal(keys(), "reminder:" APPOINTMENT ":24h reminder:" APPOINTMENT ":1h");
}

static void an_hour_before_the_day_s_reminder_is_not_made_good(void **state)
{
    (void)state;
    book("40 minutes");
    assert_int_equal(sent_after_a_sweep(), 1);
    assert_has(last_text(), "begins at");
    assert_int_equal(sent_after_a_sweep(), 1);
}

static void it_is_queued_for_the_bulk_and_leaves_from_the_shop_s_number(void **state)
{
    (void)state;
    book("23 hours");
    sweep();
    assert_string_equal(
        t_sqlf("SELECT queue || ' ' || lane FROM outbox WHERE type = 'sms.send'"),
        "bulk " DOWNTOWN);
    assert_string_equal(t_sqlf("SELECT from_number FROM messages"), DOWNTOWN_NUMBER);
}

static void it_speaks_the_language_of_the_appointment(void **state)
{
    (void)state;
    book("23 hours");
    t_sqlf("UPDATE appointments SET language = 'fr'");
    assert_int_equal(sent_after_a_sweep(), 1);
    assert_has(last_text(), "rappel de votre rendez-vous (mise au point)");
    assert_string_equal(t_sqlf("SELECT language FROM messages"), "fr");
}

/* ---------------------------------------------------------------- not any more */

static const char *call_tool(const char *uri, const char *body)
{
    t_answer_t a = t_ask(&(t_ask_t){.type = "tools.call",
                                    .uri = uri,
                                    .claims = t_claims(DANA, DOWNTOWN, "admin"),
                                    .org = DOWNTOWN,
                                    .body = body});
    assert_status(&a, 200);
    return t_text(&a, "/success");
}

static void one_that_was_cancelled_hears_nothing(void **state)
{
    (void)state;
    book("23 hours");
    t_sqlf("UPDATE appointments SET status = 'cancelled'");
    assert_int_equal(sent_after_a_sweep(), 0);
}

/* The text was decided on, and had not left yet. */
static void a_cancellation_withdraws_what_has_not_left(void **state)
{
    (void)state;
    book("23 hours");
    sweep();
    assert_string_equal(call_tool("/api/elevenlabs/tools/cancel_appointment",
                                  "{\"appointment_id\":\"" APPOINTMENT "\"}"),
                        "true");
    send_queued();
    assert_int_equal(t_twilio_sent(JOHN_NUMBER), 1); /* that it was cancelled */
    assert_string_equal(t_sqlf("SELECT m.status || ' ' || e.state FROM messages m"
                               " JOIN effects e ON e.id = m.effect_id"
                               " WHERE m.template = 'reminder'"),
                        "canceled failed");
}

static void one_that_was_moved_is_reminded_of_its_new_start(void **state)
{
    (void)state;
    book("23 hours");
    assert_int_equal(sent_after_a_sweep(), 1);
    t_sqlf("UPDATE appointments SET starts_at = starts_at + interval '30 minutes',"
           "    ends_at = ends_at + interval '30 minutes', reminded_48h_at = NULL,"
           "    reminded_24h_at = NULL");
    assert_int_equal(sent_after_a_sweep(), 2);
    assert_int_equal(sent_after_a_sweep(), 2);
}

/* ---------------------------------------------------------------- unwanted */

static void assert_dealt_with_in_silence(void)
{
    assert_int_equal(sent_after_a_sweep(), 0);
    assert_string_equal(t_sqlf("SELECT reminded_24h_at IS NOT NULL FROM appointments"), "t");
}

static void who_opted_out_hears_nothing(void **state)
{
    (void)state;
    book("23 hours");
    t_sqlf("INSERT INTO consents (organization_id, channel, address, granted, source)"
           " VALUES ('" DOWNTOWN "', 'sms', '" JOHN_NUMBER "', false, 'keyword')");
    assert_dealt_with_in_silence();
}

static void who_prefers_no_texts_hears_nothing(void **state)
{
    (void)state;
    book("23 hours");
    t_sqlf("UPDATE customers SET contact_preferences = '{\"sms\": false}'");
    assert_dealt_with_in_silence();
}

static void a_shop_may_want_no_reminders(void **state)
{
    (void)state;
    book("23 hours");
    t_sqlf("UPDATE agent_configs SET sms_reminders = false");
    assert_dealt_with_in_silence();
}

static void who_was_confirmed_just_now_needs_none(void **state)
{
    (void)state;
    book("23 hours");
    t_sqlf("UPDATE appointments SET confirmation_sent_at = now()");
    assert_dealt_with_in_silence();
}

/* ---------------------------------------------------------------- quiet hours */

/* They began an hour ago by the shop's clock and end in so many hours. */
static void be_quiet(int hours)
{
    t_sqlf(
        "UPDATE agent_configs SET"
        " quiet_from = ((now() - interval '1 hour') AT TIME ZONE 'America/Toronto')::time,"
        " quiet_until = ((now() + interval '%d hours') AT TIME ZONE 'America/Toronto')::time",
        hours);
}

/* As when the time has come. */
static void look_again(void)
{
    t_sqlf("UPDATE appointments SET remind_at = now()");
}

static void within_quiet_hours_it_waits_for_their_end(void **state)
{
    (void)state;
    book("23 hours");
    be_quiet(3);
    assert_int_equal(sent_after_a_sweep(), 0);
    assert_string_equal(t_sqlf("SELECT reminded_24h_at IS NULL FROM appointments"), "t");
    look_again();
    t_sqlf("UPDATE agent_configs SET quiet_from = quiet_until");
    assert_int_equal(sent_after_a_sweep(), 1);
}

/* In how many minutes it is looked at again, to the next five. */
static const char *looked_at_in(void)
{
    return t_sqlf("SELECT round(extract(epoch FROM remind_at - now()) / 300) * 5"
                  "  FROM appointments");
}

/* Its row is left alone meanwhile. What changes its customer's clock is seen within the hour.
 */
static void until_then_no_sweep_looks_at_it(void **state)
{
    (void)state;
    book("23 hours");
    be_quiet(3);
    assert_string_equal(t_sqlf("SELECT count(*) FROM due('reminders', 9)"), "1");
    (void)sent_after_a_sweep();
    assert_string_equal(looked_at_in(), "60");
    assert_string_equal(t_sqlf("SELECT count(*) FROM due('reminders', 9)"), "0");
    t_sqlf("UPDATE agent_configs SET quiet_from = quiet_until");
    assert_int_equal(sent_after_a_sweep(), 0);
    look_again();
    assert_string_equal(t_sqlf("SELECT count(*) FROM due('reminders', 9)"), "1");
    assert_int_equal(sent_after_a_sweep(), 1);

    /* Where clocks are never put back, which may show a time that is past in half an hour. */
    t_sqlf(
        "UPDATE appointments SET reminded_24h_at = NULL;"
        "UPDATE customers SET timezone = 'America/Phoenix' WHERE id = '" JOHN "';"
        "UPDATE agent_configs SET"
        "    quiet_from = ((now() - interval '1 hour') AT TIME ZONE 'America/Phoenix')::time,"
        "    quiet_until ="
        "        ((now() + interval '30 minutes') AT TIME ZONE 'America/Phoenix')::time");
    (void)sent_after_a_sweep();
    assert_string_equal(looked_at_in(), "30");
}

static void quiet_hours_are_those_where_the_customer_is(void **state)
{
    (void)state;
    book("23 hours");
    be_quiet(3);
    t_sqlf("UPDATE customers SET timezone = 'Asia/Tokyo' WHERE id = '" JOHN "'");
    assert_int_equal(sent_after_a_sweep(), 1);
}

/* A sweep takes fifty at once. */
static void those_who_wait_hold_up_nobody_behind_them(void **state)
{
    (void)state;
    t_sqlf("INSERT INTO appointments (organization_id, customer_phone, resource, starts_at, "
           "ends_at)"
           " SELECT '" DOWNTOWN "', '+1416555' || 2000 + n, 'stand-' || n,"
           "        now() + interval '22 hours', now() + interval '23 hours'"
           "   FROM generate_series(1, 60) n");
    book("23 hours");
    be_quiet(3);
    t_sqlf("UPDATE customers SET timezone = 'Asia/Tokyo' WHERE id = '" JOHN "'");
    assert_int_equal(sent_after_a_sweep(), 1);
    assert_string_equal(
        t_sqlf("SELECT count(*) FROM appointments WHERE reminded_24h_at IS NULL"), "60");
}

static void what_could_only_come_too_late_never_comes(void **state)
{
    (void)state;
    book("50 minutes");
    be_quiet(2);
    assert_int_equal(sent_after_a_sweep(), 0);
    t_sqlf("UPDATE agent_configs SET quiet_from = quiet_until");
    assert_int_equal(sent_after_a_sweep(), 0);
}

static t_answer_t mark(const char *body)
{
    return t_ask(
        &(t_ask_t){.type = "appointments.handle",
                   .method = "PATCH",
                   .uri = t_sqlf("SELECT '/api/appointments/' || upper('" APPOINTMENT "')"),
                   .claims = t_claims("somebody", DOWNTOWN, "staff"),
                   .org = DOWNTOWN,
                   .body = body});
}

/* Who came early has been: also where the shop's client spells ids in capitals. */
static void who_has_been_is_not_reminded(void **state)
{
    (void)state;
    book("50 minutes");
    sweep();
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM messages WHERE status = 'queued'"), 1);
    t_answer_t a = mark("{\"status\":\"in_progress\"}");
    assert_status(&a, 200);
    a = mark("{\"status\":\"completed\"}");
    assert_status(&a, 200);
    send_queued();
    assert_int_equal(t_twilio_sent(JOHN_NUMBER), 0);
}

/* ---------------------------------------------------------------- pickup */

static void who_can_pick_up_is_told_once(void **state)
{
    (void)state;
    book("-3 hours");
    t_sqlf("UPDATE appointments SET status = 'completed', pickup_ready_at = now()");
    be_quiet(3);
    assert_int_equal(sent_after_a_sweep(), 0);
    t_sqlf("UPDATE agent_configs SET quiet_from = quiet_until");
    assert_int_equal(sent_after_a_sweep(), 1);
    assert_has(last_text(), "your bike is ready for pickup");
    assert_int_equal(sent_after_a_sweep(), 1);
    assert_string_equal(keys(), "reminder:" APPOINTMENT ":pickup");
}

static void a_plumber_has_no_bikes(void **state)
{
    (void)state;
    t_sqlf("UPDATE organizations SET business_type = 'plumbing' WHERE id = '" DOWNTOWN "'");
    book("-3 hours");
    t_sqlf("UPDATE appointments SET status = 'completed', pickup_ready_at = now()");
    assert_int_equal(sent_after_a_sweep(), 1);
    assert_has(last_text(), "what you left with us is ready for pickup");
    t_sqlf("UPDATE organizations SET business_type = 'bike_shop' WHERE id = '" DOWNTOWN "'");
}

/* ---------------------------------------------------------------- many */

#define MANY 1000

/* Whatever a piece leaves is the next one's; together they deal with each once. */
static void many_are_dealt_with_in_pieces(void **state)
{
    int pieces = 1;
    const char *next = "{}";
    (void)state;
    t_sqlf("INSERT INTO appointments (organization_id, customer_phone, resource, starts_at,"
           "    ends_at)"
           " SELECT '" DOWNTOWN "', '+1647' || lpad(i::text, 7, '0'), 'r' || i,"
           "    now() + interval '20 hours', now() + interval '21 hours'"
           "   FROM generate_series(1, %d) i",
           MANY);
    for (;; pieces++) {
        t_answer_t a = t_ask(&(t_ask_t){
            .type = "reminders.send", .org = DOWNTOWN, .scheme = "internal", .body = next});
        assert_done(&a);
        next = t_sqlf("DELETE FROM outbox WHERE type = 'reminders.send' RETURNING data");
        if (next[0] == '\0') {
            break;
        }
        assert_has(next, "after_id");
    }
    printf("# %d reminders in %d pieces\n", MANY, pieces);
    assert_int_equal(t_sqlf_int("SELECT count(DISTINCT to_number) FROM messages"), MANY);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM outbox WHERE type = 'sms.send'"), MANY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_day_before_and_an_hour_before_each_once),
        cmocka_unit_test(an_hour_before_the_day_s_reminder_is_not_made_good),
        cmocka_unit_test(it_is_queued_for_the_bulk_and_leaves_from_the_shop_s_number),
        cmocka_unit_test(it_speaks_the_language_of_the_appointment),
        cmocka_unit_test(one_that_was_cancelled_hears_nothing),
        cmocka_unit_test(a_cancellation_withdraws_what_has_not_left),
        cmocka_unit_test(one_that_was_moved_is_reminded_of_its_new_start),
        cmocka_unit_test(who_opted_out_hears_nothing),
        cmocka_unit_test(who_prefers_no_texts_hears_nothing),
        cmocka_unit_test(a_shop_may_want_no_reminders),
        cmocka_unit_test(who_was_confirmed_just_now_needs_none),
        cmocka_unit_test(within_quiet_hours_it_waits_for_their_end),
        cmocka_unit_test(until_then_no_sweep_looks_at_it),
        cmocka_unit_test(quiet_hours_are_those_where_the_customer_is),
        cmocka_unit_test(those_who_wait_hold_up_nobody_behind_them),
        cmocka_unit_test(what_could_only_come_too_late_never_comes),
        cmocka_unit_test(who_has_been_is_not_reminded),
        cmocka_unit_test(who_can_pick_up_is_told_once),
        cmocka_unit_test(a_plumber_has_no_bikes),
        cmocka_unit_test(many_are_dealt_with_in_pieces),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return t_client_main(tests, sizeof(tests) / sizeof(*tests), setup);
}
