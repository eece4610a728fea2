/* tools.call: what a caller, a shop and a death in the middle must not be able to do. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "t/handlers/lib/sim.h"
#include "t/handlers/lib/slots.h"
#include "t/handlers/lib/texts.h"
#include "t/worker/lib/proxy.h"

#define SID "CA000000000000000000000000000000c1"

static int setup(void **state)
{
    t_sqlf("DELETE FROM appointments; DELETE FROM tasks; DELETE FROM calls;"
           "DELETE FROM organization_phone_numbers WHERE phone_number = '+14165550009'");
    return t_texts_setup(state);
}

static const char *uri_of(const char *tool)
{
    return wk_printf(t_ctx.arena, "/api/elevenlabs/tools/%s", tool).data;
}

/* John's call, vouched for by the carrier; id: of the job, each its own without. */
static t_answer_t in_call(const char *id, const char *tool, const char *body)
{
    return t_ask(&(t_ask_t){.type = "tools.call",
                            .id = id,
                            .method = "POST",
                            .uri = uri_of(tool),
                            .headers = {"x-va-agent", "agent_downtown", "x-va-call", SID},
                            .body = body});
}

/* Nothing but the shop is known. */
static t_answer_t from_nowhere(const char *tool, const char *body)
{
    return t_ask(&(t_ask_t){.type = "tools.call",
                            .method = "POST",
                            .uri = uri_of(tool),
                            .headers = {"x-va-agent", "agent_downtown"},
                            .body = body});
}

static void open_call(void)
{
    t_sqlf("INSERT INTO calls (organization_id, twilio_call_sid, direction, caller_number,"
           "    called_number, stir_verstat) VALUES ('" DOWNTOWN "', '" SID "', 'inbound',"
           "    '" JOHN_NUMBER "', '" DOWNTOWN_NUMBER "', 'TN-Validation-Passed-A')");
}

/* An appointment of John's so many hours behind ten, on the working day that comes in two days.
 */
static void appoint(int hours, const char *status, const char *expires)
{
    t_sqlf("INSERT INTO appointments (organization_id, customer_id, customer_phone, starts_at,"
           "    ends_at, status, hold_expires_at) SELECT '" DOWNTOWN "', '" JOHN "',"
           "    '" JOHN_NUMBER "', at, at + interval '1 hour', '%s', %s"
           "  FROM (SELECT (now() AT TIME ZONE 'America/Toronto')::date + 2 AS day) d,"
           "    LATERAL (SELECT (day + CASE extract(isodow FROM day)"
           "                               WHEN 6 THEN 2 WHEN 7 THEN 1 ELSE 0 END"
           "                     + time '10:00' + interval '%d hours')"
           "                    AT TIME ZONE 'America/Toronto' AS at) x",
           status, expires, hours);
}

/* ---------------------------------------------------------------- words for the shop */

static const char *message_of(const char *end)
{
    char start[400];
    memset(start, 'a', 399);
    start[399] = '\0';
    return wk_printf(t_ctx.arena, "{\"message\":\"%s%s\"}", start, end).data;
}

static void messages_that_begin_alike_are_two(void **state)
{
    (void)state;
    open_call();
    const char *bodies[] = {message_of("\xc3\xa9 one"), message_of("\xc3\xa9 two"),
                            message_of("\xc3\xa9 one")};
    for (size_t i = 0; i < 3; i++) {
        t_answer_t a = in_call(NULL, "take_message", bodies[i]);
        assert_status(&a, 200);
        assert_string_equal(t_text(&a, "/success"), "true");
    }
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM tasks"), 2);
}

static void strangers_who_ask_alike_are_each_heard(void **state)
{
    static const char *const asked[][2] = {{"take_message", "{\"message\":\"Call me back\"}"},
                                           {"transfer_to_human", "{\"reason\":\"warranty\"}"}};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        t_answer_t a = from_nowhere(asked[i % 2][0], asked[i % 2][1]);
        assert_string_equal(t_text(&a, "/success"), "true");
    }
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM tasks"), 4);
}

static const char *put_through(const char *body)
{
    t_answer_t a = in_call(NULL, "transfer_call", body);
    assert_status(&a, 200);
    assert_string_equal(t_text(&a, "/status"), "transferring");
    return wk_printf(t_ctx.arena, "%s %s", t_text(&a, "/destination"),
                     t_text(&a, "/transfer_id"))
        .data;
}

/* Said again it is the same wish; for somebody else it is another. */
static void a_caller_is_put_through_to_one_after_another(void **state)
{
    (void)state;
    open_call();
    t_sqlf("UPDATE organizations SET hours = (SELECT jsonb_object_agg(d, '{\"open\":\"00:00\","
           "    \"close\":\"24:00\"}'::jsonb) FROM unnest('{monday,tuesday,wednesday,thursday,"
           "    friday,saturday,sunday}'::text[]) d) WHERE id = '" DOWNTOWN "'");
    const char *first = put_through("{\"reason\":\"help\"}");
    assert_has(first, "general_support ");
    assert_string_equal(put_through("{\"reason\":\"please, help\"}"), first);
    assert_string_equal(
        put_through("{\"reason\":\"help\",\"destination\":\"general_support\"}"), first);
    const char *second = put_through("{\"reason\":\"complaint\",\"destination\":\"manager\"}");
    assert_has(second, "manager ");
    assert_string_equal(put_through("{\"reason\":\"complaint\",\"destination\":\"manager\"}"),
                        second);
}

static void texts_that_begin_alike_are_two(void **state)
{
    (void)state;
    open_call();
    for (size_t i = 0; i < 3; i++) {
        t_answer_t a =
            in_call(NULL, "send_sms", message_of(i == 1 ? "\xc3\xa9 one" : "\xc3\xa9"));
        assert_string_equal(t_text(&a, "/success"), "true");
    }
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM messages WHERE channel = 'sms'"), 2);
}

/* Whatever an agent is talked into. */
static void texts_of_a_day_are_limited(void **state)
{
    (void)state;
    open_call();
    t_answer_t a = {0};
    for (int i = 0; i < 11; i++) {
        a = in_call(NULL, "send_sms",
                    wk_printf(t_ctx.arena, "{\"message\":\"no %d\"}", i).data);
        assert_int_equal(strcmp(t_text(&a, "/success"), "true") == 0, i < 10);
    }
    assert_error(&a, 200, "too_many");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM messages WHERE channel = 'sms'"), 10);
    a = in_call(NULL, "send_sms", "{\"message\":\"no 3\"}"); /* was sent */
    assert_string_equal(t_text(&a, "/success"), "true");
    t_sqlf("UPDATE messages SET occurred_at = occurred_at - interval '1 day'");
    a = in_call(NULL, "send_sms", "{\"message\":\"no 10\"}");
    assert_string_equal(t_text(&a, "/success"), "true");
}

/* ---------------------------------------------------------------- done once, or not said */

static void a_job_taken_again_cancels_nothing_more(void **state)
{
    (void)state;
    open_call();
    appoint(0, "confirmed", "NULL");
    t_answer_t a = in_call("again", "cancel_appointment", "{}");
    appoint(2, "confirmed", "NULL");
    t_answer_t b = in_call("again", "cancel_appointment", "{}");
    assert_string_equal(t_text(&a, "/success"), "true");
    assert_string_equal(t_text(&b, "/appointment_id"), t_text(&a, "/appointment_id"));
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM appointments WHERE status = 'cancelled'"),
                     1);
}

/* ---------------------------------------------------------------- shown to people */

#define SHOWN "FROM outbox WHERE type = 'client_tool_executed'"

static void a_product_is_shown_to_people_once(void **state)
{
    (void)state;
    open_call();
    t_sqlf("DELETE FROM outbox");
    t_answer_t a = in_call("shown", "display_product",
                           "{\"product_id\":\"RB-T29-M\",\"action\":\"highlight\"}");
    assert_string_equal(t_text(&a, "/success"), "true");
    (void)in_call("shown", "display_product",
                  "{\"product_id\":\"RB-T29-M\",\"action\":\"highlight\"}");
    assert_string_equal(
        t_sqlf("SELECT string_agg(concat_ws('|', data ->> 'toolName',"
               "    data -> 'parameters' ->> 'action', data -> 'result' ->> 'success',"
               "    data -> 'result' -> 'product' ->> 'sku', customer_id,"
               "    call_id = (SELECT id FROM calls)), ' ') " SHOWN),
        "display_product|highlight|true|RB-T29-M|" JOHN "|t");
    a = in_call(NULL, "display_product", "{\"product_id\":\"no such thing\"}");
    assert_error(&a, 200, "not_found");
    assert_int_equal(t_sqlf_int("SELECT count(*) " SHOWN), 1);
}

static void people_are_shown_no_card(void **state)
{
    (void)state;
    open_call();
    t_sqlf("DELETE FROM outbox");
    const char *body = "{\"event_type\":\"transfer_request\","
                       "\"data\":{\"note\":\"his card is 4111 1111 1111 1111\"}}";
    t_answer_t a = in_call(NULL, "update_dashboard", body);
    assert_string_equal(t_text(&a, "/success"), "true");
    assert_string_equal(t_sqlf("SELECT data -> 'parameters' ->> 'event_type' " SHOWN),
                        "transfer_request");
    assert_null(strstr(t_sqlf("SELECT data::text " SHOWN), "4111"));
    a = from_nowhere("update_dashboard", body);
    assert_error(&a, 200, "no_talk");
    assert_int_equal(t_sqlf_int("SELECT count(*) " SHOWN), 1);
}

static int owners_after(const char *tool, const char *body)
{
    t_answer_t a =
        t_ask(&(t_ask_t){.type = "tools.call",
                         .id = "slow",
                         .method = "POST",
                         .uri = uri_of(tool),
                         .scheme = "bearer",
                         .headers = {"x-va-agent", "agent_downtown", "x-va-call", SID},
                         .body = body});
    assert_string_equal(t_text(&a, "/success"), "true");
    return (int)t_redis_int(t_ctx.redis, "EXISTS va:owner:slow");
}

/* Who was answered that it takes longer asks for what became of it. */
static void the_answer_of_what_a_tool_did_may_be_asked_for(void **state)
{
    (void)state;
    open_call();
    assert_int_equal(owners_after("check_availability", "{}"), 0);
    assert_int_equal(owners_after("take_message", "{\"message\":\"call me back\"}"), 1);
}

static const char *named(const char *id, const char *more)
{
    return wk_printf(t_ctx.arena, "{\"appointment_id\":\"%s\"%s}", id, more).data;
}

/* A model asks again when it was cut off before it had the answer, as another call of a tool.
 */
static void a_cancellation_asked_for_again_is_the_same(void **state)
{
    (void)state;
    open_call();
    appoint(0, "confirmed", "NULL");
    t_answer_t a = in_call(NULL, "cancel_appointment", "{}");
    t_answer_t b = in_call(NULL, "cancel_appointment", "{}");
    assert_string_equal(t_text(&a, "/success"), "true");
    assert_string_equal(t_text(&b, "/success"), "true");
    assert_string_equal(t_text(&b, "/appointment_id"), t_text(&a, "/appointment_id"));
    t_sqlf("UPDATE appointments SET cancelled_at = now() - interval '1 hour'");
    b = in_call(NULL, "cancel_appointment", "{}");
    assert_error(&b, 200, "not_found");
}

static void of_two_appointments_none_is_guessed(void **state)
{
    (void)state;
    open_call();
    appoint(0, "confirmed", "NULL");
    appoint(2, "confirmed", "NULL");
    t_answer_t a = in_call(NULL, "cancel_appointment", "{}");
    assert_error(&a, 200, "which_one");
    const char *first =
        wk_printf(t_ctx.arena, "%s", t_text(&a, "/appointments/0/appointment_id")).data;
    const char *second =
        wk_printf(t_ctx.arena, "%s", t_text(&a, "/appointments/1/appointment_id")).data;
    assert_string_equal(first,
                        t_sqlf("SELECT id FROM appointments ORDER BY starts_at LIMIT 1"));
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM appointments WHERE status = 'cancelled'"),
                     0);
    a = in_call(NULL, "cancel_appointment", named(first, ""));
    assert_string_equal(t_text(&a, "/success"), "true");
    a = in_call(NULL, "cancel_appointment", "{}"); /* again, or the other one: who knows */
    assert_error(&a, 200, "which_one");
    assert_string_equal(t_text(&a, "/appointments/0/appointment_id"), second);
    assert_string_equal(t_sqlf("SELECT status FROM appointments WHERE id = '%s'", second),
                        "confirmed");
    a = in_call(NULL, "cancel_appointment", named(second, ""));
    assert_string_equal(t_text(&a, "/success"), "true");
}

static void of_two_appointments_none_is_moved_by_a_guess(void **state)
{
    (void)state;
    open_call();
    appoint(0, "confirmed", "NULL");
    appoint(2, "confirmed", "NULL");
    /* Of other resources, so that no slot of the one is in the other's way. */
    t_sqlf("UPDATE appointments SET resource = 'stand-' || extract(hour FROM starts_at)");
    const char *there =
        wk_printf(t_ctx.arena, "\"appointment_datetime\":\"%s\"", t_free_slot(0)).data;
    const char *nameless = wk_printf(t_ctx.arena, "{%s}", there).data;
    t_answer_t a = in_call(NULL, "reschedule_appointment", nameless);
    assert_error(&a, 200, "which_one");
    const char *first =
        wk_printf(t_ctx.arena, "%s", t_text(&a, "/appointments/0/appointment_id")).data;
    const char *second_at = t_sqlf("SELECT max(starts_at) FROM appointments");
    a = in_call(NULL, "reschedule_appointment",
                named(first, wk_printf(t_ctx.arena, ",%s", there).data));
    assert_string_equal(t_text(&a, "/success"), "true");
    a = in_call(NULL, "reschedule_appointment", nameless); /* it is there already */
    assert_string_equal(t_text(&a, "/success"), "true");
    assert_string_equal(t_text(&a, "/appointment_id"), first);
    assert_int_equal(
        t_sqlf_int("SELECT count(*) FROM appointments WHERE starts_at = '%s'", second_at), 1);
}

/* The only one needs no name, and stays when it is. */
static void a_caller_makes_his_appointment_another_service(void **state)
{
    (void)state;
    open_call();
    appoint(0, "confirmed", "NULL");
    const char *at = t_sqlf("SELECT starts_at FROM appointments");
    for (int i = 0; i < 2; i++) {
        t_answer_t a = in_call(NULL, "reschedule_appointment", "{\"service_type\":\"repair\"}");
        assert_string_equal(t_text(&a, "/success"), "true");
        assert_string_equal(t_text(&a, "/service_type"), "repair");
    }
    assert_string_equal(t_sqlf("SELECT appointment_type FROM appointments"
                               " WHERE starts_at = '%s' AND ends_at = starts_at + interval"
                               " '90 minutes'",
                               at),
                        "repair");
    t_answer_t a = in_call(NULL, "reschedule_appointment", "{}");
    assert_error(&a, 200, "bad_request");
    a = in_call(NULL, "reschedule_appointment",
                "{\"service_type\":\"repair\",\"appointment_datetime\":\"soon\"}");
    assert_error(&a, 200, "bad_request");
}

static void what_is_over_is_not_said_to_be_cancelled(void **state)
{
    (void)state;
    open_call();
    appoint(0, "completed", "NULL");
    const char *id = t_sqlf("SELECT id FROM appointments");
    t_answer_t a = in_call(NULL, "cancel_appointment",
                           wk_printf(t_ctx.arena, "{\"appointment_id\":\"%s\"}", id).data);
    assert_error(&a, 200, "appointment_over");
    assert_string_equal(t_sqlf("SELECT status FROM appointments"), "completed");
}

static void a_hold_that_ran_out_is_nobodys_next_appointment(void **state)
{
    (void)state;
    open_call();
    appoint(0, "held", "now() - interval '1 minute'");
    appoint(2, "confirmed", "NULL");
    const char *held = t_sqlf("SELECT id FROM appointments WHERE status = 'held'");
    t_answer_t a = in_call(
        NULL, "reschedule_appointment",
        wk_printf(t_ctx.arena, "{\"appointment_id\":\"%s\",\"appointment_datetime\":\"%s\"}",
                  held, t_free_slot(0))
            .data);
    assert_error(&a, 200, "appointment_over");
    a = in_call(NULL, "cancel_appointment", "{}");
    assert_string_equal(t_text(&a, "/success"), "true");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM appointments WHERE status = 'confirmed'"),
                     0);
}

static void moved_there_and_back_is_confirmed_each_time(void **state)
{
    (void)state;
    open_call();
    const char *slots[] = {t_free_slot(0), t_free_slot(3), t_free_slot(0)};
    for (size_t i = 0; i < 3; i++) {
        t_answer_t a =
            in_call(NULL, i == 0 ? "book_appointment" : "reschedule_appointment",
                    wk_printf(t_ctx.arena, "{\"appointment_datetime\":\"%s\"}", slots[i]).data);
        assert_string_equal(t_text(&a, "/confirmation_sent"), "true");
    }
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM messages WHERE channel = 'sms'"), 3);
}

static void a_tool_without_parameters_needs_no_body(void **state)
{
    (void)state;
    open_call();
    t_answer_t a = in_call(NULL, "get_store_hours", NULL);
    assert_status(&a, 200);
    assert_string_equal(t_text(&a, "/success"), "true");
    a = in_call(NULL, "switch_language", NULL);
    assert_error(&a, 200, "bad_request");
    assert_has(t_text(&a, "/message"), "language");
}

static void a_language_is_switched_to_by_its_name(void **state)
{
    static const char *const names[] = {"fr", "fr-CA", "French", "FRANÇAIS"};
    (void)state;
    open_call();
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        t_answer_t a = in_call(NULL, "switch_language",
                               wk_printf(t_ctx.arena, "{\"language\":\"%s\"}", names[i]).data);
        assert_status(&a, 200);
        assert_string_equal(t_text(&a, "/language"), "fr");
    }
    t_answer_t a = in_call(NULL, "switch_language", "{\"language\":\"Frankish\"}");
    assert_string_equal(t_text(&a, "/error/code"), "unknown_language");
}

static void a_day_that_is_over_is_refused_with_todays(void **state)
{
    (void)state;
    open_call();
    const char *today = t_sqlf("SELECT to_char(now() AT TIME ZONE 'America/Toronto',"
                               "               'YYYY-MM-DD')");
    t_answer_t a = in_call(NULL, "check_availability", "{\"preferred_date\":\"2025-11-28\"}");
    assert_error(&a, 200, "bad_request");
    assert_has(t_text(&a, "/message"), today);
    a = in_call(NULL, "check_availability",
                wk_printf(t_ctx.arena, "{\"preferred_date\":\"%s\"}", today).data);
    assert_string_equal(t_text(&a, "/success"), "true");
}

/* Between two moments, by the shop's clock or with a zone. */
static void times_are_told_between_two_moments(void **state)
{
    (void)state;
    open_call();
    const char *day = t_sqlf("SELECT (date_trunc('week', now()) + interval '9 days')::date");
    t_answer_t a = in_call(NULL, "check_availability",
                           wk_printf(t_ctx.arena,
                                     "{\"preferred_date\":\"%s\",\"after\":\"%sT10:00\","
                                     "\"before\":\"%sT11:30\"}",
                                     day, day, day)
                               .data);
    assert_int_equal(t_number(&a, "/total_slots"), 2);
    assert_string_equal(t_text(&a, "/available_slots/0/time"), "10:30");
    assert_string_equal(t_text(&a, "/available_slots/1/time"), "11:00");
    a = in_call(
        NULL, "check_availability",
        wk_printf(t_ctx.arena, "{\"preferred_date\":\"%s\",\"after\":\"%sT23:59\"}", day, day)
            .data);
    assert_string_not_equal(t_text(&a, "/available_slots/0/date"), day);
    a = in_call(NULL, "check_availability", "{\"after\":\"noon\"}");
    assert_error(&a, 200, "bad_request");
}

/* ---------------------------------------------------------------- orders */

static void staff_may_write_a_number_as_people_do(void **state)
{
    (void)state;
    t_answer_t a = t_ask(&(t_ask_t){.type = "tools.call",
                                    .uri = uri_of("lookup_order"),
                                    .claims = t_claims(DANA, DOWNTOWN, "admin"),
                                    .org = DOWNTOWN,
                                    .body = "{\"phone_number\":\"416-555-9876\"}"});
    assert_string_equal(t_text(&a, "/success"), "true");
    assert_has(t_text(&a, "/message"), "1042");
}

/* ---------------------------------------------------------------- returns */

static t_answer_t give_back(const char *more)
{
    return in_call(NULL, "request_return",
                   wk_printf(t_ctx.arena,
                             "{\"order_number\":\"1042\",\"reason\":\"changed my mind\","
                             "\"postcode\":\"M5C 1E9\"%s}",
                             more)
                       .data);
}

static const char *last_lines(void)
{
    return t_sqlf("SELECT returns -> -1 -> 'lines' FROM orders WHERE order_number = '1042'");
}

static void all_of_an_order_is_what_does_not_go_back_yet(void **state)
{
    (void)state;
    open_call();
    t_sqlf("UPDATE orders SET returns = '[]'");
    t_answer_t a = give_back(",\"item\":\"HLM-COM-M\",\"quantity\":2");
    assert_error(&a, 200, "already_returned"); /* there is one helmet */
    a = give_back(",\"item\":\"HLM-COM-M\"");
    assert_string_equal(t_text(&a, "/success"), "true");
    assert_string_equal(last_lines(), "[{\"line_id\": \"2\", \"quantity\": 1}]");
    a = give_back("");
    assert_has(t_text(&a, "/message"), "rest of order #1042");
    assert_string_equal(last_lines(), "[{\"line_id\": \"1\", \"quantity\": 1}]");
    const char *rma = t_text(&a, "/rma");
    a = give_back(",\"item\":\"RB-T29-M\"");
    assert_error(&a, 200, "already_returned");
    a = give_back("");
    assert_string_equal(t_text(&a, "/rma"), rma);
    assert_int_equal(t_sqlf_int("SELECT jsonb_array_length(returns) FROM orders"
                                " WHERE order_number = '1042'"),
                     2);
    t_sqlf("UPDATE orders SET returns = '[]'");
}

static void another_piece_of_a_line_is_another_return(void **state)
{
    (void)state;
    open_call();
    t_sqlf("DELETE FROM effects; UPDATE orders SET returns = '[]',"
           "    items = jsonb_set(items, '{1,quantity}', '4') WHERE order_number = '1042'");
    t_answer_t a = give_back(",\"item\":\"HLM-COM-M\",\"quantity\":1");
    const char *first = t_text(&a, "/rma");
    a = give_back(",\"item\":\"HLM-COM-M\",\"quantity\":1");
    assert_string_equal(t_text(&a, "/rma"), first); /* the wish of before once more */

    t_sqlf("UPDATE orders SET returns = jsonb_set(returns, '{0,requested_at}',"
           "    to_jsonb(now() - interval '3 days')) WHERE order_number = '1042'");
    a = give_back(",\"item\":\"HLM-COM-M\",\"quantity\":3");
    assert_string_equal(t_text(&a, "/success"), "true");
    const char *second = t_text(&a, "/rma");
    assert_string_not_equal(second, first);
    assert_string_equal(last_lines(), "[{\"line_id\": \"2\", \"quantity\": 3}]");

    t_sqlf("UPDATE orders SET returns = jsonb_set(returns, '{1,requested_at}',"
           "    to_jsonb(now() - interval '2 days')) WHERE order_number = '1042'");
    a = give_back(",\"item\":\"HLM-COM-M\",\"quantity\":1"); /* nothing is left of it */
    assert_string_equal(t_text(&a, "/rma"), second);
    t_sqlf("UPDATE orders SET returns = '[]',"
           "    items = jsonb_set(items, '{1,quantity}', '1') WHERE order_number = '1042'");
}

/* ---------------------------------------------------------------- holds */

static t_answer_t book_in(const char *conversation, const char *slot, const char *more)
{
    return t_ask(&(t_ask_t){
        .type = "tools.call",
        .uri = uri_of("book_appointment"),
        .headers = {"x-va-agent", "agent_downtown", "x-va-conversation", conversation},
        .body = wk_printf(t_ctx.arena,
                          "{\"appointment_datetime\":\"%s\",\"customer_name\":\"Ann\","
                          "\"customer_phone\":\"" JOHN_NUMBER "\"%s}",
                          slot, more)
                    .data});
}

static void a_number_that_is_only_said_frees_no_hold(void **state)
{
    (void)state;
    open_call();
    const char *slot = t_free_slot(0), *other = t_free_slot(5);
    t_answer_t a = in_call(
        NULL, "book_appointment",
        wk_printf(t_ctx.arena, "{\"appointment_datetime\":\"%s\",\"hold\":true}", slot).data);
    assert_string_equal(t_text(&a, "/status"), "held");
    a = book_in("conv_thief", slot, "");
    assert_string_equal(t_text(&a, "/reason"), "time_conflict");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM appointments WHERE status = 'held'"), 1);
    a = book_in("conv_ann", other, ",\"hold\":true");
    assert_string_equal(t_text(&a, "/status"), "held");
    a = book_in("conv_thief", other, "");
    assert_string_equal(t_text(&a, "/reason"), "time_conflict");
    a = book_in("conv_ann", other, ""); /* made in this talk */
    assert_string_equal(t_text(&a, "/status"), "confirmed");
}

/* ---------------------------------------------------------------- at the same time */

static void *ask_in_thread(void *arg)
{
    wk_ctx_t ctx;
    t_ctx_open(&ctx);
    (void)t_ask_in(&ctx, arg);
    t_ctx_close(&ctx); /* ends the session, which tells what it counted */
    return NULL;
}

static void ask_both(t_ask_t asks[2])
{
    pthread_t threads[2];
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, ask_in_thread, &asks[i]), 0);
    }
    for (size_t i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
    }
}

static t_ask_t ask_for(const char *tool, const char *arguments)
{
    return (t_ask_t){.type = "tools.call",
                     .uri = uri_of(tool),
                     .headers = {"x-va-agent", "agent_downtown", "x-va-call", SID},
                     .body = arguments};
}

static const char *time_and(const char *slot, const char *more)
{
    return wk_printf(t_ctx.arena, "{\"appointment_datetime\":\"%s\"%s}", slot, more).data;
}

static int64_t deadlocks(void)
{
    return t_sqlf_int("SELECT deadlocks FROM pg_stat_database WHERE datname ="
                      " current_database()");
}

/* A hold is moved while its own time is booked: each wants what the other locks. */
static void moving_and_booking_do_not_block_each_other(void **state)
{
    int64_t before = deadlocks();
    const char *now = t_free_slot(0), *later = t_free_slot(5);
    for (int i = 0; i < 12; i++) {
        setup(state);
        open_call();
        t_answer_t a = in_call(NULL, "book_appointment", time_and(now, ",\"hold\":true"));
        assert_string_equal(t_text(&a, "/status"), "held");
        const char *hold =
            wk_printf(t_ctx.arena, ",\"appointment_id\":\"%s\"", t_text(&a, "/appointment_id"))
                .data;
        ask_both((t_ask_t[]){ask_for("reschedule_appointment", time_and(later, hold)),
                             ask_for("book_appointment", time_and(now, ""))});
        assert_int_equal(t_sqlf_int("SELECT count(*) FROM appointments WHERE starts_at ="
                                    " '%s'::timestamp AT TIME ZONE 'America/Toronto'"
                                    " AND status = 'confirmed'",
                                    now),
                         1);
    }
    assert_int_equal(deadlocks(), before);
}

/* ---------------------------------------------------------------- as models write it */

/* Postgres would refuse it, too, in words that say nothing of it. */
static void an_address_that_is_none_is_named(void **state)
{
    static const char *const addresses[] = {"not-mail", "a b@c.d", "a@b@c", "é@x.example"};
    for (size_t i = 0; i < sizeof(addresses) / sizeof(*addresses); i++) {
        setup(state);
        open_call();
        t_answer_t a = in_call(
            NULL, "book_appointment",
            time_and(t_free_slot(0),
                     wk_printf(t_ctx.arena, ",\"customer_email\":\"%s\"", addresses[i]).data));
        assert_status(&a, 200);
        assert_string_equal(t_text(&a, "/success"), "false");
        assert_has(t_text(&a, "/error/message"), "customer_email must be an e-mail address");
        assert_int_equal(t_sqlf_int("SELECT count(*) FROM appointments"), 0);
    }
}

/* When it was booked for, or why not. */
static const char *booked_at(const char *day, const char *time, bool in_one)
{
    const char *parts =
        wk_printf(t_ctx.arena, "{\"appointment_date\":\"%s\",\"appointment_time\":\"%s\"", day,
                  time)
            .data;
    const char *whole =
        wk_printf(t_ctx.arena, "{\"appointment_datetime\":\"%s %s\"", day, time).data;
    setup(NULL);
    open_call();
    t_answer_t a = in_call(
        NULL, "book_appointment",
        wk_printf(t_ctx.arena, "%s,\"customer_name\":\"Ann\"}", in_one ? whole : parts).data);
    assert_status(&a, 200);
    return t_text(&a, va_json_get(a.json, "error") == NULL ? "/appointment_datetime"
                                                           : "/error/message");
}

static void a_moment_may_be_written_as_people_do(void **state)
{
    static const char *const times[] = {"10:45 AM", "10h45", "10:45", "10:45:00", "10:45 a.m."};
    const char *day = wk_strdup(t_ctx.arena, va_str(t_free_slot(0), 10));
    (void)state;
    for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++) {
        assert_has(booked_at(day, times[i], false), "T10:45:00");
        assert_has(booked_at(day, times[i], true), "T10:45:00");
    }
    const char *words = t_sqlf("SELECT to_char('%s'::date, 'FMMonth FMDD, YYYY')", day);
    assert_has(booked_at(words, "2pm", false), "T14:00:00");
    assert_has(booked_at(words, "2pm", false), day);
    assert_has(booked_at(words, "at 2:00 PM", true), "T14:00:00");
    assert_has(booked_at(day, "19:45:00Z[UTC]", true),
               t_sqlf("SELECT to_char('%s 19:45Z'"
                      "::timestamptz AT TIME ZONE 'America/Toronto', 'THH24:MI:SS')",
                      day));
}

/* What leaves a doubt is not guessed, and not called missing. */
static void a_moment_that_is_none_is_not_called_missing(void **state)
{
    static const char *const times[] = {
        "garbage",      "25:00",          "3",        "2026",
        "10:45 PST",    "10:45:00+25:00", "10:45:61", "10:45[Asia/Tokyo]",
        "10:45:00junk", "10:45 tomorrow"};
    const char *day = wk_strdup(t_ctx.arena, va_str(t_free_slot(0), 10));
    (void)state;
    for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++) {
        assert_has(booked_at(day, times[i], false), "is no moment that can be read");
        assert_has(booked_at(day, times[i], true), "is no moment that can be read");
    }
    assert_has(booked_at("Friday, December 19, 2026", "10 AM", false),
               "is Saturday, December 19");
    assert_has(booked_at("2026-11-31", "10:00", false), "is no moment that can be read");
    assert_has(booked_at(day, "", false), "appointment_datetime is missing");
}

/* ---------------------------------------------------------------- products */

static t_answer_t by_staff(const char *method, const char *uri, const char *args,
                           const char *body)
{
    return t_ask(&(t_ask_t){.type = "tools.call",
                            .method = method,
                            .uri = uri,
                            .args = args,
                            .claims = t_claims(DANA, DOWNTOWN, "admin"),
                            .org = DOWNTOWN,
                            .body = body});
}

static t_answer_t recommended(const char *body)
{
    return by_staff("POST", "/api/recommendations/products", NULL, body);
}

static void the_budget_of_the_guide_counts(void **state)
{
    (void)state;
    t_answer_t a = recommended("{\"budget_range\":{\"min\":0,\"max\":1}}");
    assert_status(&a, 404);
    a = recommended("{\"budget_range\":{\"max\":\"2500\"},"
                    "\"physical_measurements\":{\"height\":170}}");
    assert_status(&a, 200);
    for (const va_json_t *r = va_json_get(a.json, "recommendations")->first; r != NULL;
         r = r->next) {
        assert_true(strtod(wk_strdup(t_ctx.arena, va_json_scalar(va_json_get(r, "price"))),
                           NULL) <= 2500);
    }
    assert_has(wk_strdup(t_ctx.arena, a.body), "physical_fit");
    a = recommended("{\"budget_range\":{\"min\":2000}}");
    assert_status(&a, 200);
    for (const va_json_t *r = va_json_get(a.json, "recommendations")->first; r != NULL;
         r = r->next) {
        assert_true(strtod(wk_strdup(t_ctx.arena, va_json_scalar(va_json_get(r, "price"))),
                           NULL) >= 2000);
    }
    static const char *const wrong[] = {"{\"budget_range\":\"cheap\"}",
                                        "{\"budget_range\":{\"max\":\"much\"}}",
                                        "{\"physical_measurements\":{\"height\":1.7}}"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        a = recommended(wrong[i]);
        assert_status(&a, 400);
    }
}

/* An id's number names a variant as it names a product; signs alone name nothing. */
static void a_variant_is_found_by_its_number(void **state)
{
    (void)state;
    const char *number =
        t_sqlf("SELECT substring(provider_variant_id from '[0-9]+$')"
               "  FROM products WHERE organization_id = '" DOWNTOWN "' AND sku = 'HLM-COM-M'");
    t_answer_t a = by_staff("GET", "/api/shopify/inventory/HLM-COM-M",
                            wk_printf(t_ctx.arena, "variant_id=%s", number).data, NULL);
    assert_status(&a, 200);
    assert_string_equal(t_text(&a, "/inventory/0/sku"), "HLM-COM-M");
    a = by_staff("GET", "/api/shopify/inventory/HLM-COM-M/", NULL, NULL);
    assert_status(&a, 200);
    static const char *const schemes[] = {"gid://", "gid:/"}; /* the other as nginx merges it */
    for (size_t i = 0; i < sizeof(schemes) / sizeof(*schemes); i++) {
        a = by_staff("GET",
                     wk_printf(t_ctx.arena,
                               "/api/shopify/inventory/%sshopify/ProductVariant/%s", schemes[i],
                               number)
                         .data,
                     NULL, NULL);
        assert_status(&a, 200);
        assert_string_equal(t_text(&a, "/inventory/0/sku"), "HLM-COM-M");
    }
    a = by_staff("GET", "/api/shopify/inventory/HLM-COM-M", "variant_id=999999", NULL);
    assert_status(&a, 404);
    a = by_staff("GET", "/api/shopify/inventory/---", NULL, NULL);
    assert_status(&a, 404);
}

/* ---------------------------------------------------------------- whose call */

static void an_agent_and_a_number_of_two_shops_are_refused(void **state)
{
    (void)state;
    t_answer_t a = t_ask(
        &(t_ask_t){.type = "tools.call",
                   .method = "POST",
                   .uri = uri_of("take_message"),
                   .headers = {"x-va-agent", "agent_downtown", "x-va-called", UPTOWN_NUMBER},
                   .body = "{\"message\":\"hello\"}"});
    assert_status(&a, 403);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM tasks"), 0);
}

static void a_text_leaves_from_the_shops_own_number(void **state)
{
    (void)state;
    t_answer_t a = t_ask(&(t_ask_t){
        .type = "tools.call",
        .method = "POST",
        .uri = uri_of("book_appointment"),
        .headers = {"x-va-agent", "agent_downtown", "x-va-called", "+14165550009",
                    "x-va-caller", STRANGER},
        .body =
            wk_printf(t_ctx.arena, "{\"appointment_datetime\":\"%s\"}", t_free_slot(0)).data});
    assert_string_equal(t_text(&a, "/confirmation_sent"), "true");
    assert_string_equal(t_sqlf("SELECT from_number FROM messages"), DOWNTOWN_NUMBER);
}

static t_answer_t ask_stock(const char *const headers[6], const char *body)
{
    t_ask_t ask = {
        .type = "tools.call", .method = "POST", .uri = uri_of("check_inventory"), .body = body};
    for (size_t i = 0; i < 6 && headers[i] != NULL; i++) {
        ask.headers[i] = headers[i];
    }
    return t_ask(&ask);
}

#define DOWNTOWNS_HELMET "{\"product_id\":\"HLM-COM-M\"}"
#define NAMED(slug)      "{\"product_id\":\"HLM-COM-M\",\"organization\":\"" slug "\"}"

static void whatever_names_a_shop_names_the_same_one(void **state)
{
    static const struct {
        const char *headers[6], *body;
        int status;
    } asked[] = {
        {{"x-va-agent", "agent_downtown", "x-va-called", DOWNTOWN_NUMBER},
         DOWNTOWNS_HELMET,
         200},
        {{"x-va-called", DOWNTOWN_NUMBER}, DOWNTOWNS_HELMET, 200},
        {{"x-va-agent", "agent_downtown"}, NAMED("bici-downtown"), 200},
        {{NULL}, NAMED("bici-downtown"), 200},
        {{"x-va-agent", "agent_downtown"}, NAMED("bici-uptown"), 403},
        {{"x-va-agent", "agent_downtown"}, NAMED("nobody"), 403},
        {{"x-va-agent", "agent_of_nobody"}, NAMED("bici-downtown"), 403},
        {{"x-va-called", "+14165550999"}, NAMED("bici-downtown"), 403},
        {{NULL}, NAMED("nobody"), 403},
        {{NULL}, DOWNTOWNS_HELMET, 403},
        {{"x-va-agent", "agent_of_nobody", "x-va-called", DOWNTOWN_NUMBER},
         DOWNTOWNS_HELMET,
         403},
        {{NULL},
         "{\"parameters\":" DOWNTOWNS_HELMET ",\"organization\":\"bici-downtown\"}",
         200},
        {{NULL},
         "{\"parameters\":" NAMED("bici-uptown") ",\"organization\":\"bici-downtown\"}",
         403},
        {{NULL},
         "{\"product_id\":\"HLM-COM-M\",\"organization_id\":\"" DOWNTOWN
         "\",\"client_id\":\"" UPTOWN "\"}",
         403},
        {{NULL},
         "{\"product_id\":\"HLM-COM-M\",\"organization\":\"bici-downtown\","
         "\"client_id\":\"" DOWNTOWN "\"}",
         200},
        {{NULL},
         "{\"product_id\":\"HLM-COM-M\",\"organization\":\"bici-downtown\","
         "\"client_id\":\"" UPTOWN "\"}",
         403},
        {{NULL},
         "{\"product_id\":\"HLM-COM-M\",\"organization\":\"nobody\","
         "\"client_id\":\"" DOWNTOWN "\"}",
         403},
        {{"x-va-agent", "agent_downtown"},
         "{\"product_id\":\"HLM-COM-M\",\"organization\":\"bici-uptown\","
         "\"client_id\":\"" DOWNTOWN "\"}",
         403},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(asked) / sizeof(*asked); i++) {
        t_answer_t a = ask_stock(asked[i].headers, asked[i].body);
        assert_status(&a, asked[i].status);
        assert_string_equal(t_text(&a, "/success"), asked[i].status == 200 ? "true" : "false");
    }
}

static void an_unknown_agent_has_no_live_call(void **state)
{
    (void)state;
    open_call();
    t_ask_t ask = {
        .type = "tools.call",
        .uri = uri_of("lookup_order"),
        .headers = {"x-va-agent", "nonsense", "x-va-call", SID, "x-va-called", DOWNTOWN_NUMBER},
        .body = "{\"order_number\":\"1042\"}"};
    t_answer_t a = t_ask(&ask);
    assert_error(&a, 403, "organization");
    ask.headers[1] = "agent_downtown";
    a = t_ask(&ask);
    assert_status(&a, 200);
}

static void a_query_names_the_shop(void **state)
{
    static const struct {
        const char *args;
        const char *agent;
        int status;
    } asked[] = {{"organization=bici-downtown", NULL, 200},
                 {"organization_id=" DOWNTOWN, NULL, 200},
                 {"client_id=" DOWNTOWN, "agent_downtown", 200},
                 {"client_id=" UPTOWN, "agent_downtown", 403},
                 {"organization=bici-downtown&client_id=" UPTOWN, NULL, 403},
                 {"organization=nobody", NULL, 403},
                 {"", NULL, 403}};
    (void)state;
    for (size_t i = 0; i < sizeof(asked) / sizeof(*asked); i++) {
        t_answer_t a = t_ask(&(t_ask_t){
            .type = "tools.call",
            .uri = "/api/shopify/inventory/helmet",
            .args = asked[i].args,
            .headers = {asked[i].agent != NULL ? "x-va-agent" : NULL, asked[i].agent}});
        assert_status(&a, asked[i].status);
    }
}

static void a_path_that_is_no_text_is_refused(void **state)
{
    (void)state;
    t_answer_t a = t_ask(&(t_ask_t){.type = "tools.call",
                                    .uri = "/api/shopify/inventory/\xf0(",
                                    .args = "organization=bici-downtown"});
    assert_error(&a, 400, "bad_request");
    a = t_get("leads.handle", "/api/leads/\xf0(", NULL);
    assert_error(&a, 400, "bad_request");
}

static void a_shops_own_secret_speaks_for_it_alone(void **state)
{
    static const struct {
        const char *account, *agent;
        int status;
    } asked[] = {{"bici-downtown", "agent_downtown", 200},
                 {"bici-downtown", NULL, 200},
                 {"bici-uptown", "agent_downtown", 403},
                 {"nobody", "agent_downtown", 403}};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        t_answer_t a =
            t_ask(&(t_ask_t){.type = "tools.call",
                             .method = "POST",
                             .uri = uri_of("check_inventory"),
                             .scheme = "bearer",
                             .account = asked[i].account,
                             .headers = {asked[i].agent ? "x-va-agent" : NULL, asked[i].agent},
                             .body = DOWNTOWNS_HELMET});
        assert_status(&a, asked[i].status);
    }
}

/* ---------------------------------------------------------------- products */

static void a_product_is_known_by_id_sku_and_words(void **state)
{
    static const struct {
        const char *what;
        int found;
    } asked[] = {{"HLM-COM-M", 1},
                 {"gid://shopify/ProductVariant/4", 1},
                 {"4", 1}, /* its id, and not what has it among its words, as "54 cm" */
                 {"54", 1},
                 {"ProductVariant/4", 0},
                 {"HELMET", 1},
                 {"odd_ball, helmet!", 1},
                 {"helmet unicycle", 0},
                 {"oddxball", 0},
                 {"odd%ball", 1}, /* two words */
                 {"%", 0}};       /* no word at all */
    (void)state;
    t_sqlf("UPDATE products SET variant_title = 'Odd_Ball' WHERE sku = 'HLM-COM-M'"
           "   AND organization_id = '" DOWNTOWN "'");
    t_sqlf("INSERT INTO products (organization_id, title, product_type) VALUES"
           " ('" DOWNTOWN "', 'Thing', 'accessory')");
    for (size_t i = 0; i < sizeof(asked) / sizeof(*asked); i++) {
        t_answer_t a =
            from_nowhere("check_inventory",
                         wk_printf(t_ctx.arena, "{\"product_id\":\"%s\"}", asked[i].what).data);
        if (asked[i].found == 0) {
            assert_error(&a, 200, "not_found");
        } else {
            assert_int_equal(t_count(&a, "/inventory"), asked[i].found);
        }
    }
}

/* ---------------------------------------------------------------- what a question costs */

static long round_trips_of(t_proxy_t *proxy, const char *tool, const char *body)
{
    long before = t_proxy_round_trips(proxy);
    t_answer_t a = in_call(NULL, tool, body);
    assert_string_equal(t_text(&a, "/success"), "true");
    return t_proxy_round_trips(proxy) - before;
}

/* Who calls, then whether the shop has to be asked, the answer and COMMIT. */
static void a_question_is_one_transaction(void **state)
{
    static const char *const asked[][2] = {{"check_inventory", DOWNTOWNS_HELMET},
                                           {"check_availability", "{}"}};
    char url[160];
    wk_db_t *direct = t_ctx.db;
    t_proxy_t *proxy = t_proxy_start(t_postgres.port);
    (void)state;
    open_call();
    snprintf(url, sizeof(url), "postgresql://va_app@127.0.0.1:%d/voiceagent",
             t_proxy_port(proxy));
    t_ctx.db = wk_db_new(url, true, "test");
    for (size_t i = 0; i < 2; i++) {
        (void)round_trips_of(proxy, asked[i][0], asked[i][1]); /* connects */
        assert_int_equal(round_trips_of(proxy, asked[i][0], asked[i][1]), 2);
    }
    wk_db_free(t_ctx.db);
    t_ctx.db = direct;
    t_proxy_stop(proxy);
}

/* The cache is old: the shop is asked between two transactions, and its answer counts. */
static void a_shop_is_asked_when_the_cache_is_old(void **state)
{
    (void)state;
    t_shopify();
    t_sqlf("UPDATE products SET available = 77, synced_at = now() - interval '1 hour'"
           " WHERE organization_id = '" DOWNTOWN "'");
    t_answer_t a = from_nowhere("check_inventory", DOWNTOWNS_HELMET);
    assert_status(&a, 200);
    assert_int_not_equal(t_number(&a, "/total_available"), 77);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM products WHERE sku = 'HLM-COM-M'"
                                "   AND organization_id = '" DOWNTOWN "'"
                                "   AND synced_at > now() - interval '1 minute'"),
                     1);
    t_sqlf("UPDATE products SET available = 77 WHERE sku = 'HLM-COM-M'"
           "   AND organization_id = '" DOWNTOWN "'");
    a = from_nowhere("check_inventory", DOWNTOWNS_HELMET);
    assert_int_equal(t_number(&a, "/total_available"), 77); /* fresh: nobody is asked */
}

/* ---------------------------------------------------------------- arguments */

static void a_number_is_a_decimal_one(void **state)
{
    static const char *const numbers[] = {"0x10", "nan", "0x1p3", "infinity"};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        t_answer_t a =
            from_nowhere("get_product_recommendations",
                         wk_printf(t_ctx.arena, "{\"budget_max\":\"%s\"}", numbers[i]).data);
        assert_error(&a, 200, "bad_request");
    }
}

/* What is no call has no turn to skip. */
static void only_a_call_can_wait(void **state)
{
    (void)state;
    t_answer_t a = t_ask(&(t_ask_t){.type = "tools.call",
                                    .method = "POST",
                                    .uri = uri_of("skip_turn"),
                                    .claims = t_claims(DANA, DOWNTOWN, "admin"),
                                    .org = DOWNTOWN,
                                    .body = "{}"});
    assert_error(&a, 200, "no_call");
    open_call();
    a = in_call(NULL, "skip_turn", "{\"reason\":\"looks for the number\"}");
    assert_status(&a, 200);
    assert_string_equal(t_text(&a, "/status"), "waiting");
}

/* ---------------------------------------------------------------- MCP */

static t_answer_t by_mcp(const char *claims, int id, const char *words)
{
    return t_ask(&(t_ask_t){
        .type = "mcp.handle",
        .uri = "/mcp",
        .claims = claims,
        .org = DOWNTOWN,
        .body = wk_printf(t_ctx.arena,
                          "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"tools/call\",\"params\":"
                          "{\"name\":\"take_message\",\"arguments\":{\"message\":\"%s\"}}}",
                          id, words)
                    .data});
}

/* As a client does that was told to, since no answer had come in time. */
static void a_call_that_a_client_of_mcp_makes_again_is_done_once(void **state)
{
    (void)state;
    const char *stan = t_claims("stan", DOWNTOWN, "staff"),
               *dana = t_claims("dana", DOWNTOWN, "manager");
    t_sqlf("DELETE FROM tasks");
    for (int i = 1; i <= 2; i++) {
        t_answer_t a = by_mcp(stan, i, "The wheel is ready.");
        assert_status(&a, 200);
        assert_int_equal(t_number(&a, "/id"), i);
        assert_string_equal(t_text(&a, "/result/structuredContent/success"), "true");
    }
    assert_string_equal(t_sqlf("SELECT count(*) FROM tasks"), "1");
    (void)by_mcp(stan, 3, "The frame is ready.");
    assert_string_equal(t_sqlf("SELECT count(*) FROM tasks"), "2");
    (void)by_mcp(dana, 3, "The frame is ready.");
    assert_string_equal(t_sqlf("SELECT count(*) FROM tasks"), "3");
}

static t_answer_t by_an_agents_mcp(const char *caller)
{
    return t_ask(&(t_ask_t){
        .type = "mcp.handle",
        .uri = "/mcp",
        .headers = {"x-va-agent", "agent_downtown", "x-va-caller", caller},
        .body =
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":"
            "{\"name\":\"take_message\",\"arguments\":{\"message\":\"Please call back.\"}}}"});
}

/* One agent talks with many, and its platform need not name the talk. */
static void two_who_say_the_same_by_mcp_have_two_wishes(void **state)
{
    (void)state;
    t_sqlf("DELETE FROM tasks");
    for (int i = 1; i <= 2; i++) {
        t_answer_t a = by_an_agents_mcp("+14165550141");
        assert_string_equal(t_text(&a, "/result/structuredContent/success"), "true");
        assert_string_equal(t_sqlf("SELECT count(*) FROM tasks"), "1");
    }
    (void)by_an_agents_mcp("+14165550142");
    assert_string_equal(t_sqlf("SELECT count(*) FROM tasks"), "2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_budget_of_the_guide_counts),
        cmocka_unit_test(a_variant_is_found_by_its_number),
        cmocka_unit_test(an_address_that_is_none_is_named),
        cmocka_unit_test(a_moment_may_be_written_as_people_do),
        cmocka_unit_test(a_moment_that_is_none_is_not_called_missing),
        cmocka_unit_test(messages_that_begin_alike_are_two),
        cmocka_unit_test(a_caller_is_put_through_to_one_after_another),
        cmocka_unit_test(texts_that_begin_alike_are_two),
        cmocka_unit_test(strangers_who_ask_alike_are_each_heard),
        cmocka_unit_test(texts_of_a_day_are_limited),
        cmocka_unit_test(a_job_taken_again_cancels_nothing_more),
        cmocka_unit_test(a_product_is_shown_to_people_once),
        cmocka_unit_test(people_are_shown_no_card),
        cmocka_unit_test(the_answer_of_what_a_tool_did_may_be_asked_for),
        cmocka_unit_test(a_cancellation_asked_for_again_is_the_same),
        cmocka_unit_test(of_two_appointments_none_is_guessed),
        cmocka_unit_test(of_two_appointments_none_is_moved_by_a_guess),
        cmocka_unit_test(a_caller_makes_his_appointment_another_service),
        cmocka_unit_test(what_is_over_is_not_said_to_be_cancelled),
        cmocka_unit_test(a_hold_that_ran_out_is_nobodys_next_appointment),
        cmocka_unit_test(moved_there_and_back_is_confirmed_each_time),
        cmocka_unit_test(a_tool_without_parameters_needs_no_body),
        cmocka_unit_test(a_language_is_switched_to_by_its_name),
        cmocka_unit_test(a_day_that_is_over_is_refused_with_todays),
        cmocka_unit_test(times_are_told_between_two_moments),
        cmocka_unit_test(staff_may_write_a_number_as_people_do),
        cmocka_unit_test(all_of_an_order_is_what_does_not_go_back_yet),
        cmocka_unit_test(another_piece_of_a_line_is_another_return),
        cmocka_unit_test(a_number_that_is_only_said_frees_no_hold),
        cmocka_unit_test(moving_and_booking_do_not_block_each_other),
        cmocka_unit_test(an_agent_and_a_number_of_two_shops_are_refused),
        cmocka_unit_test(whatever_names_a_shop_names_the_same_one),
        cmocka_unit_test(an_unknown_agent_has_no_live_call),
        cmocka_unit_test(a_query_names_the_shop),
        cmocka_unit_test(a_path_that_is_no_text_is_refused),
        cmocka_unit_test(a_shops_own_secret_speaks_for_it_alone),
        cmocka_unit_test(a_text_leaves_from_the_shops_own_number),
        cmocka_unit_test(a_product_is_known_by_id_sku_and_words),
        cmocka_unit_test(a_question_is_one_transaction),
        cmocka_unit_test(a_shop_is_asked_when_the_cache_is_old),
        cmocka_unit_test(only_a_call_can_wait),
        cmocka_unit_test(a_number_is_a_decimal_one),
        cmocka_unit_test(a_call_that_a_client_of_mcp_makes_again_is_done_once),
        cmocka_unit_test(two_who_say_the_same_by_mcp_have_two_wishes),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return t_client_main(tests, sizeof(tests) / sizeof(*tests), setup);
}
