/*
 * Bookings, texts, calls and returns, with a worker that dies before and after everything it
 * asks of Redis, Postgres and the providers: each effect is had once.
 */
#include <signal.h>

#include "t/handlers/lib/deaths.h"
#include "t/handlers/lib/texts.h"

#define CALL  "CA00000000000000000000000000000001"
#define AGENT "agent_downtown"
#define EMAIL "john.tremblay@customer.example"

static int64_t count(const char *from_where)
{
    return t_sqlf_int("SELECT count(*) FROM %s", from_where);
}

/*
 * Nothing is booked, called or sent back; John is on the phone, and the carrier vouches for
 * him.
 */
static void first_day(void)
{
    t_sqlf("DELETE FROM outbox; DELETE FROM messages; DELETE FROM effects; DELETE FROM tasks;"
           "DELETE FROM calls; DELETE FROM appointments; DELETE FROM proofs;"
           "DELETE FROM customers WHERE id NOT IN ('" JOHN "', '" SARAH "');"
           "UPDATE orders SET returns = '[]';"
           "UPDATE agent_configs SET quiet_from = '00:00', quiet_until = '00:00';"
           "INSERT INTO calls (organization_id, twilio_call_sid, caller_number, called_number,"
           "                   stir_verstat, direction, customer_id)"
           " VALUES ('" DOWNTOWN "', '" CALL "', '" JOHN_NUMBER "', '" DOWNTOWN_NUMBER
           "', 'TN-Validation-Passed-A', 'inbound', '" JOHN "')");
    t_redis(t_ctx.redis, t_ctx.arena, "FLUSHALL");
    t_log_forget();
}

/* A tool as ElevenLabs calls it in John's call. */
static t_ask_t tool(const char *name, const char *arguments)
{
    return (t_ask_t){
        .type = "tools.call",
        .uri = wk_printf(t_ctx.arena, "/api/elevenlabs/tools/%s", name).data,
        .scheme = "bearer",
        .body = arguments,
        .headers = {"x-va-agent", AGENT, "x-va-called", DOWNTOWN_NUMBER, "x-va-call", CALL}};
}

static t_answer_t ask_tool(const char *name, const char *arguments)
{
    t_ask_t ask = tool(name, arguments);
    t_answer_t a = t_ask(&ask);
    assert_status(&a, 200);
    assert_string_equal(t_text(&a, "/success"), "true");
    return a;
}

/* ---------------------------------------------------------------- booking */

/* The second Monday from now on, at ten. */
static const char *booking(void)
{
    return wk_printf(t_ctx.arena,
                     "{\"service_type\":\"tune_up\",\"appointment_datetime\":\"%s\"}",
                     t_sqlf("SELECT to_char(date_trunc('week', now()) + interval '14 days',"
                            "               'YYYY-MM-DD\"T\"10:00')"))
        .data;
}

static void begin_booking(void)
{
    first_day();
    t_twilio();
    t_google();
    t_ask_t ask = tool("book_appointment", booking());
    t_push_ask(&ask);
}

static void assert_booked_once(const char *customer, size_t texts)
{
    assert_string_equal(t_sqlf("SELECT string_agg(concat_ws(' ', customer_phone, status,"
                               "    calendar_state, confirmation_sent_at IS NOT NULL), ', ')"
                               " FROM appointments"),
                        wk_printf(t_ctx.arena, "%s confirmed synced t", customer).data);
    assert_int_equal(t_google_events(), 1);
    assert_int_equal(t_twilio_sent(customer), texts);
    assert_int_equal(count("effects WHERE state <> 'done'"), 0);
    assert_int_equal(count("tasks"), 0);
}

/* The platform asks again: the answer is the first one's, and nothing more is done. */
static void judge_booking(void)
{
    assert_booked_once(JOHN_NUMBER, 1);
    t_answer_t again = ask_tool("book_appointment", booking());
    assert_string_equal(t_text(&again, "/appointment_id"),
                        t_sqlf("SELECT id FROM appointments"));
    assert_string_equal(t_sqlf("SELECT result ->> 'appointment_id' FROM effects"
                               " WHERE kind = 'book_appointment' LIMIT 1"),
                        t_text(&again, "/appointment_id"));
    assert_int_equal(count("appointments"), 1);
    assert_int_equal(count("outbox WHERE kind = 'job'"), 0);
}

static void a_booking(void **state)
{
    (void)state;
    assert_in_range(t_die_everywhere(&(t_death_t){.name = "booking",
                                                  .begin = begin_booking,
                                                  .pass = t_texts_pass,
                                                  .judge = judge_booking}),
                    50, 400);
}

/* ---------------------------------------------------------------- a turn that books */

static const char *turn;

static t_ask_t text_of_turn(void)
{
    return (t_ask_t){.type = "sms.receive",
                     .uri = "/api/webhooks/twilio/sms",
                     .scheme = "twilio",
                     .content_type = "application/x-www-form-urlencoded",
                     .body =
                         t_text_form(&(t_text_t){.sid = turn, .from = STRANGER, .body = "1"})};
}

static void begin_turn(void)
{
    first_day();
    t_twilio();
    t_google();
    const char *weekday = t_sqlf("SELECT CASE extract(isodow FROM d) WHEN 7 THEN 'Monday'"
                                 "       ELSE to_char(d, 'FMDay') END"
                                 "  FROM (SELECT now() AT TIME ZONE 'America/Toronto'"
                                 "               + interval '3 days' AS d) x");
    const char *wish = wk_printf(t_ctx.arena, "Can I book a tune-up on %s?", weekday).data;
    assert_has(t_say(STRANGER, wish), "1) ");
    t_sqlf("DELETE FROM outbox");
    turn = t_text_sid();
    t_ask_t ask = text_of_turn();
    t_push_ask(&ask);
}

/* The provider delivers the text again: nothing more is done or said. */
static void judge_turn(void)
{
    assert_booked_once(STRANGER, 2); /* the offer, and the answer that confirms */
    t_ask_t ask = text_of_turn();
    t_answer_t again = t_ask(&ask);
    assert_done(&again);
    assert_booked_once(STRANGER, 2);
}

static void a_turn_that_books(void **state)
{
    (void)state;
    assert_in_range(
        t_die_everywhere(&(t_death_t){
            .name = "turn", .begin = begin_turn, .pass = t_texts_pass, .judge = judge_turn}),
        50, 400);
}

/* ---------------------------------------------------------------- a turn that cancels two */

static t_ask_t text_of_yes(void)
{
    t_ask_t ask = text_of_turn();
    ask.body = t_text_form(&(t_text_t){.sid = turn, .from = JOHN_NUMBER, .body = "yes"});
    return ask;
}

static void begin_yes(void)
{
    first_day();
    t_twilio();
    t_google();
    t_sqlf("INSERT INTO appointments (organization_id, customer_id, customer_phone, starts_at,"
           "                          ends_at, status)"
           " SELECT '" DOWNTOWN "', '" JOHN "', '" JOHN_NUMBER "', at, at + interval '1 hour',"
           "        'confirmed'"
           "   FROM (SELECT date_trunc('hour', now()) + i * interval '2 days' AS at"
           "           FROM generate_series(1, 2) i) x");
    assert_has(t_say(JOHN_NUMBER, "cancel both"), "Shall I cancel all of these");
    t_sqlf("DELETE FROM outbox");
    turn = t_text_sid();
    t_ask_t ask = text_of_yes();
    t_push_ask(&ask);
}

/* Both, and the one answer tells of both. */
static void judge_yes(void)
{
    assert_int_equal(count("appointments WHERE status = 'cancelled'"), 2);
    const char *told = t_answer_to(turn);
    assert_has(told, "Cancelled: ");
    assert_has(strstr(told, "Cancelled: ") + 1, "Cancelled: ");
}

static void a_turn_that_cancels_two(void **state)
{
    (void)state;
    assert_in_range(
        t_die_everywhere(&(t_death_t){
            .name = "yes", .begin = begin_yes, .pass = t_texts_pass, .judge = judge_yes}),
        50, 500);
}

/* ---------------------------------------------------------------- send_sms */

#define WORDS "{\"message\":\"The blue one is kept for you.\"}"

static void begin_text(void)
{
    first_day();
    t_twilio();
    t_ask_t ask = tool("send_sms", WORDS);
    t_push_ask(&ask);
}

static void judge_text(void)
{
    assert_int_equal(t_twilio_sent(JOHN_NUMBER), 1);
    ask_tool("send_sms", WORDS);
    assert_int_equal(count("messages WHERE direction = 'outbound'"), 1);
    assert_int_equal(count("messages WHERE provider_message_id IS NOT NULL"), 1);
    assert_int_equal(count("effects WHERE state <> 'done'"), 0);
    assert_int_equal(count("tasks"), 0);
}

static void a_text(void **state)
{
    (void)state;
    assert_in_range(t_die_everywhere(&(t_death_t){.name = "send_sms",
                                                  .begin = begin_text,
                                                  .pass = t_texts_pass,
                                                  .judge = judge_text}),
                    30, 400);
}

/* ---------------------------------------------------------------- outbound call */

static void begin_call(void)
{
    first_day();
    t_elevenlabs();
    t_sqlf("DELETE FROM calls");
    t_ask_t ask = {.type = "outbound.call",
                   .uri = "/api/elevenlabs/outbound-call",
                   .claims = t_claims(DANA, DOWNTOWN, "admin"),
                   .org = DOWNTOWN,
                   .body = "{\"leadId\":\"" JOHN "\",\"callReason\":\"follow_up\"}"};
    t_push_ask(&ask);
}

/* The platform is asked for a call nobody heard of only after a while. */
static void pass_call(void)
{
    t_sqlf("UPDATE effects SET claimed_at = claimed_at - interval '60 seconds'");
}

/* One call; or none, which a person hears of. */
static void judge_call(void)
{
    const va_json_t *made =
        va_json_get(t_elevenlabs_ask("GET", "/v1/convai/conversations", NULL), "conversations");
    size_t calls = made != NULL ? made->count : 0;
    assert_in_range(calls, 0, 1);
    assert_string_equal(t_sqlf("SELECT string_agg(state, ' ') FROM effects"),
                        calls == 1 ? "done" : "unknown");
    assert_int_equal(count("calls"), 1);
    assert_int_equal(count("tasks WHERE kind = 'alarm' AND status = 'open'"),
                     calls == 1 ? 0 : 1);
    assert_true(calls == 1 || t_logged("\"alert\"") > 0);
}

static void a_call(void **state)
{
    (void)state;
    assert_in_range(
        t_die_everywhere(&(t_death_t){
            .name = "outbound", .begin = begin_call, .pass = pass_call, .judge = judge_call}),
        30, 400);
}

/* ---------------------------------------------------------------- return */

#define RETURN                                                                                 \
    "{\"order_number\":\"1042\",\"item\":\"HLM-COM-M\",\"reason\":\"too small\","              \
    "\"email\":\"" EMAIL "\"}"

static void begin_return(void)
{
    first_day();
    t_ask_t ask = tool("request_return", RETURN);
    t_push_ask(&ask);
}

static void judge_return(void)
{
    t_answer_t again = ask_tool("request_return", RETURN);
    assert_string_equal(t_sqlf("SELECT string_agg(r ->> 'rma', ' ') FROM orders,"
                               " jsonb_array_elements(returns) r WHERE order_number = '1042'"),
                        t_text(&again, "/rma"));
    assert_string_equal(t_sqlf("SELECT string_agg(kind || ' ' || status, ', ') FROM tasks"),
                        "return open");
}

static void a_return(void **state)
{
    (void)state;
    assert_in_range(t_die_everywhere(&(t_death_t){.name = "request_return",
                                                  .begin = begin_return,
                                                  .judge = judge_return}),
                    20, 400);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_booking),
        cmocka_unit_test(a_turn_that_books),
        cmocka_unit_test(a_turn_that_cancels_two),
        cmocka_unit_test(a_text),
        cmocka_unit_test(a_call),
        cmocka_unit_test(a_return),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    signal(SIGPIPE, SIG_IGN);
    return t_client_main(tests, sizeof(tests) / sizeof(*tests), NULL);
}
