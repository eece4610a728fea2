/*
 * outbound.call and outbound.settle: the agent calls who may be called, once, whatever the
 * platform does and wherever the worker dies.
 */
#include <stdio.h>

#include "t/handlers/lib/deaths.h"
#include "t/handlers/lib/texts.h"

#define URI "/api/elevenlabs/outbound-call"

static int setup(void **state)
{
    t_elevenlabs();
    t_sqlf("DELETE FROM calls;"
           "UPDATE agent_configs SET quiet_from = '00:00', quiet_until = '00:00';"
           "UPDATE customers SET contact_preferences = '{}'");
    return t_texts_setup(state);
}

static const char *asked(const char *reason)
{
    return wk_printf(t_ctx.arena,
                     "{\"leadId\":\"" JOHN "\",\"callReason\":\"%s\",\"priority\":\"high\","
                     "\"personalizedMessage\":\"It is a blue one.\","
                     "\"appointmentDetails\":{\"service\":\"tune-up\",\"list\":[1]}}",
                     reason)
        .data;
}

static t_ask_t request(const char *id, const char *body, int attempt)
{
    return (t_ask_t){.type = "outbound.call",
                     .id = id,
                     .uri = URI,
                     .claims = t_claims(DANA, DOWNTOWN, "admin"),
                     .org = DOWNTOWN,
                     .body = body,
                     .attempt = attempt};
}

static t_answer_t call(const char *body)
{
    t_ask_t ask = request(NULL, body, 1);
    return t_ask(&ask);
}

static t_answer_t settle(int attempt)
{
    const char *key = t_sqlf("SELECT key FROM effects WHERE kind = 'call' LIMIT 1");
    return t_ask(&(t_ask_t){.type = "outbound.settle",
                            .org = DOWNTOWN,
                            .scheme = "internal",
                            .attempt = attempt,
                            .body = wk_printf(t_ctx.arena, "{\"key\":\"%s\"}", key).data});
}

static void wait_seconds(int s)
{
    t_sqlf("UPDATE effects SET claimed_at = claimed_at - interval '%d seconds'", s);
}

/* Conversations the platform has, whoever knows of them. */
static size_t dialled(void)
{
    const va_json_t *list =
        va_json_get(t_elevenlabs_ask("GET", "/v1/convai/conversations", NULL), "conversations");
    return list != NULL ? list->count : 0;
}

static const char *state(void)
{
    return t_sqlf("SELECT string_agg(state, ' ') FROM effects WHERE kind = 'call'");
}

/* ---------------------------------------------------------------- made */

static void the_agent_calls_and_it_is_told(void **state_)
{
    (void)state_;
    t_answer_t a = call(asked("service_reminder"));
    assert_status(&a, 200);
    const char *conversation = t_text(&a, "/conversation_id");
    assert_has(conversation, "conv_");
    assert_string_equal(t_text(&a, "/call_reason"), "service_reminder");
    assert_int_equal(dialled(), 1);
    assert_string_equal(
        t_sqlf("SELECT concat_ws(' ', direction, called_number, caller_number, call_reason,"
               "    priority, elevenlabs_conversation_id = '%s', twilio_call_sid IS NOT NULL,"
               "    customer_id = '" JOHN "', initiated_by = '" DANA "') FROM calls",
               conversation),
        "outbound " JOHN_NUMBER " " DOWNTOWN_NUMBER " service_reminder high t t t t");
    assert_string_equal(
        t_sqlf("SELECT concat_ws(' ', data ->> 'phoneNumber', data ->> 'callReason',"
               "    data ->> 'priority', data ->> 'conversationId' = '%s') FROM outbox"
               " WHERE type = 'outbound_call_initiated'",
               conversation),
        JOHN_NUMBER " service_reminder high t");
}

/* The last request to dial, as the platform got it; NULL: none. */
static const va_json_t *dialling(void)
{
    const va_json_t *r = t_elevenlabs_ask("GET", "/_sim/requests", NULL)->first;
    while (r != NULL && !va_str_eq(va_json_get_string(r, "path"),
                                   VA_STR("/v1/convai/twilio/outbound-call"))) {
        r = r->next;
    }
    return r;
}

static void the_platform_is_told_what_to_say(void **state_)
{
    (void)state_;
    t_sqlf("UPDATE customers SET preferred_language = 'fr' WHERE id = '" JOHN "'");
    t_answer_t a = call(asked("pickup_ready"));
    assert_status(&a, 200);
    const va_json_t *r = dialling();
    assert_non_null(r);
#define DATA "/body/conversation_initiation_client_data"
    va_str_t first = va_json_string(
        va_json_pointer(r, VA_STR(DATA "/conversation_config_override/agent/first_message")));
    const char *said = wk_strdup(t_ctx.arena, first);
    assert_has(said, "Bonjour John! Ici Bici");
    assert_has(said, "Votre vélo est prêt.");
    assert_has(said, "It is a blue one.");
    assert_true(
        va_str_eq(va_json_string(va_json_pointer(r, VA_STR(DATA "/dynamic_variables/service"))),
                  VA_STR("tune-up")));
    assert_null(va_json_pointer(r, VA_STR(DATA "/dynamic_variables/list")));
}

static const va_json_t *dialled_variables(void)
{
    return va_json_pointer(dialling(), VA_STR(DATA "/dynamic_variables"));
}

static const char *variable(const char *name)
{
    return wk_strdup(t_ctx.arena, va_json_scalar(va_json_get(dialled_variables(), name)));
}

static const char *first_message(void)
{
    return wk_strdup(
        t_ctx.arena,
        va_json_string(va_json_pointer(
            dialling(), VA_STR(DATA "/conversation_config_override/agent/first_message"))));
}

/* An agent that refers to one that is missing ends the conversation. */
static void the_agent_gets_every_variable_of_a_call_that_comes_in(void **state_)
{
    (void)state_;
    t_sqlf("UPDATE customers SET preferred_language = NULL WHERE id = '" JOHN "'");
    t_answer_t in = t_ask(&(t_ask_t){.type = "personalization.answer",
                                     .scheme = "static",
                                     .body = "{\"caller_id\":\"" JOHN_NUMBER
                                             "\",\"called_number\":\"" DOWNTOWN_NUMBER "\"}"});
    assert_status(&in, 200);
    t_answer_t a = call(asked("service_reminder"));
    assert_status(&a, 200);
    const va_json_t *inbound = va_json_get(in.json, "dynamic_variables");
    assert_in_range(inbound->count, 40, 100);
    for (const va_json_t *v = inbound->first; v != NULL; v = v->next) {
        assert_non_null(va_json_get_n(dialled_variables(), v->name));
    }
    assert_string_equal(variable("caller_type"), "outbound");
    assert_string_equal(variable("call_reason"), "service_reminder");
    assert_string_equal(variable("urgency_level"), "High");
    assert_string_equal(variable("customer_phone"), JOHN_NUMBER);
    assert_string_equal(variable("customer_tier"), "VIP");
    assert_string_equal(variable("store_greeting"), first_message());
    assert_string_equal(variable("lead_id"), JOHN);
}

/* What is said is the caller's to write, what is known is not; a name is told once. */
static void details_take_no_variable_s_place(void **state_)
{
    (void)state_;
    t_answer_t a = call("{\"leadId\":\"" JOHN "\",\"callReason\":\"follow_up\","
                        "\"appointmentDetails\":{\"customer_name\":\"Eve\",\"lead_id\":\"1\","
                        "\"system__caller_id\":\"+1\",\"bike\":\"Roadster\"}}");
    assert_status(&a, 200);
    const va_json_t *list = dialled_variables();
    for (const va_json_t *v = list->first; v != NULL; v = v->next) {
        assert_ptr_equal(va_json_get_n(list, v->name), v);
    }
    assert_string_equal(variable("customer_name"), "John Tremblay");
    assert_string_equal(variable("lead_id"), JOHN);
    assert_string_equal(variable("bike"), "Roadster");
    assert_null(va_json_get(list, "system__caller_id"));
}

static void a_stranger_is_called_by_the_documents_words(void **state_)
{
    (void)state_;
    t_answer_t a = call("{\"phoneNumber\":\"" STRANGER "\",\"callReason\":\"follow_up\"}");
    assert_status(&a, 200);
    assert_string_equal(variable("customer_name"), "Valued Customer");
    assert_string_equal(variable("previous_summary"), "No previous calls");
    assert_string_equal(variable("urgency_level"), "Medium");
    const char *said = first_message();
    assert_int_not_equal(said[strlen(said) - 1], ' ');
}

/* The platform would look for a variable of that name, and end the call. */
static void braces_in_a_message_are_no_variable(void **state_)
{
    (void)state_;
    t_answer_t a = call("{\"leadId\":\"" JOHN "\",\"callReason\":\"follow_up\","
                        "\"personalizedMessage\":\"Hi {{x}} and {{{y}}}!\"}");
    assert_status(&a, 200);
    assert_has(first_message(), "Hi {x} and {y}!");
}

static void set_plan(const char *plan)
{
    t_sqlf("UPDATE organizations SET plan = '%s' WHERE id = '" DOWNTOWN "'", plan);
}

/* The shop's engines call then: the receptionist, by the carrier. */
static void a_plan_without_agents_calls_by_the_carrier(void **state_)
{
    (void)state_;
    t_twilio();
    set_plan("BASIC");
    t_answer_t a = call(asked("pickup_ready"));
    set_plan("PRO");
    assert_status(&a, 200);
    assert_int_equal(dialled(), 0);
    assert_null(dialling());
    assert_string_equal(
        t_sqlf("SELECT request ->> 'through' || ' ' || state FROM effects WHERE kind = 'call'"),
        "twilio done");
}

static void nobody_is_called_in_a_language_the_shop_does_not_speak(void **state_)
{
    (void)state_;
    t_sqlf("UPDATE customers SET preferred_language = 'fr' WHERE id = '" JOHN "';"
           "UPDATE organizations SET languages = '{en}' WHERE id = '" DOWNTOWN "'");
    t_answer_t a = call(asked("pickup_ready"));
    t_sqlf("UPDATE organizations SET languages = '{en,fr}' WHERE id = '" DOWNTOWN "'");
    assert_status(&a, 200);
    assert_string_equal(t_sqlf("SELECT language FROM calls"), "en");
    assert_has(t_sqlf("SELECT request ->> 'opening' FROM effects"),
               "Your bike is ready for pickup.");
}

static void a_plumber_has_no_bikes(void **state_)
{
    (void)state_;
    t_sqlf("UPDATE organizations SET business_type = 'plumbing' WHERE id = '" DOWNTOWN "'");
    t_answer_t a = call(asked("pickup_ready"));
    t_sqlf("UPDATE organizations SET business_type = 'bike_shop' WHERE id = '" DOWNTOWN "'");
    assert_status(&a, 200);
    assert_has(t_sqlf("SELECT request ->> 'opening' FROM effects"),
               "What you left with us is ready for pickup.");
}

static void a_number_alone_becomes_a_customer(void **state_)
{
    (void)state_;
    t_answer_t a = call("{\"phoneNumber\":\"+1 647 555 0123\",\"callReason\":\"follow_up\"}");
    assert_status(&a, 200);
    assert_string_equal(t_sqlf("SELECT phone_number || ' ' || source FROM customers"
                               " WHERE id = '%s'",
                               t_text(&a, "/lead_id")),
                        STRANGER " staff");
}

/* Two who ask at the same time mean one call; after it has ended another may be wanted. */
static void it_is_made_once_until_it_is_over(void **state_)
{
    (void)state_;
    t_answer_t a = call(asked("order_update")), b = call(asked("order_update"));
    assert_string_equal(t_text(&a, "/conversation_id"), t_text(&b, "/conversation_id"));
    assert_int_equal(dialled(), 1);
    t_sqlf("UPDATE calls SET status = 'no_answer', ended_at = now()");
    b = call(asked("order_update"));
    assert_status(&b, 200);
    assert_string_not_equal(t_text(&a, "/conversation_id"), t_text(&b, "/conversation_id"));
    assert_int_equal(dialled(), 2);
}

/* An id has many spellings, the customer one telephone, and one channel of events. */
static void however_his_id_is_spelled(void **state_)
{
    (void)state_;
    t_answer_t a = call(asked("order_update"));
    assert_status(&a, 200);
    t_answer_t b = call(t_sqlf("SELECT jsonb_build_object('leadId', upper('" JOHN "'),"
                               "    'callReason', 'order_update')"));
    assert_status(&b, 200);
    assert_string_equal(t_text(&a, "/conversation_id"), t_text(&b, "/conversation_id"));
    assert_int_equal(dialled(), 1);
    b = call(t_sqlf("SELECT jsonb_build_object('leadId', upper('" JOHN "'),"
                    "    'callReason', 'follow_up')"));
    assert_status(&b, 200);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM outbox"
                                " WHERE type = 'outbound_call_initiated'"
                                "   AND customer_id = '" JOHN "'"),
                     2);
    assert_string_equal(t_sqlf("SELECT string_agg(DISTINCT request ->> 'customer', ' ')"
                               "  FROM effects WHERE kind = 'call'"),
                        JOHN);
}

/* ---------------------------------------------------------------- who is called */

static t_answer_t text_me(const char *conversation)
{
    return t_ask(&(t_ask_t){.type = "tools.call",
                            .method = "POST",
                            .uri = "/api/elevenlabs/tools/send_sms",
                            .headers = {"x-va-caller", DOWNTOWN_NUMBER, "x-va-agent",
                                        "agent_downtown", "x-va-conversation", conversation},
                            .body = "{\"message\":\"We are at 12 Main St\"}"});
}

/*
 * The platform may dial and not say what the carrier calls it. The carrier tells of that call
 * by its own name, and the report joins the two: what the call was for, and who asked for it,
 * is known behind that as well, and the next one is another.
 */
static void a_call_the_carrier_named_alone_is_still_the_one_asked_for(void **state_)
{
    (void)state_;
    t_elevenlabs_script("{\"path\":\"/v1/convai/twilio/outbound-call\",\"status\":200,"
                        "\"body\":{\"success\":true,\"message\":\"Success\","
                        "\"conversation_id\":\"conv_unnamed\",\"callSid\":null}}");
    t_answer_t a = call(asked("follow_up"));
    assert_status(&a, 200);
    t_sqlf("INSERT INTO campaign_runs (organization_id, campaign_id, customer_id, key, state,"
           "    call_id)"
           " SELECT c.organization_id, m.id, '" JOHN "', 'followup:unnamed', 'done', c.id"
           "   FROM calls c JOIN campaigns m USING (organization_id) LIMIT 1;"
           "UPDATE calls SET answered_by = 'machine', end_reason = 'voicemail'");
    a = t_ask(&(t_ask_t){.type = "call_status.store",
                         .content_type = "application/x-www-form-urlencoded",
                         .body = "CallSid=CAunnamed&CallStatus=completed&SequenceNumber=3"
                                 "&Direction=outbound-api&From=%2B14165550001"
                                 "&To=%2B14165559876&CallDuration=45"});
    assert_done(&a);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM calls"), 2);
    a = t_ask(&(t_ask_t){
        .type = "post_call.store",
        .body = "{\"type\":\"post_call_transcription\",\"data\":{"
                "\"agent_id\":\"agent_downtown\",\"conversation_id\":\"conv_unnamed\","
                "\"status\":\"done\",\"transcript\":[],\"metadata\":{"
                "\"start_time_unix_secs\":1788264001,\"call_duration_secs\":45,"
                "\"phone_call\":{\"direction\":\"outbound\",\"call_sid\":\"CAunnamed\","
                "\"agent_number\":\"+14165550001\",\"external_number\":\"+14165559876\"}}}}"});
    assert_done(&a);
    assert_string_equal(
        t_sqlf("SELECT string_agg(concat_ws(' ', status, call_reason, priority,"
               "    initiated_by = '" DANA "', answered_by, end_reason,"
               "    (SELECT key FROM campaign_runs r WHERE r.call_id = c.id)), '|')"
               "  FROM calls c"),
        "completed follow_up high t machine voicemail followup:unnamed");
    t_sqlf("UPDATE calls SET started_at = now()");
    a = call(asked("follow_up"));
    assert_status(&a, 200);
    assert_string_not_equal(t_text(&a, "/conversation_id"), "conv_unnamed");
}

/* His number was dialled, which is no less than a carrier's word for it. */
static void whom_we_dialled_is_known_by_his_number(void **state_)
{
    (void)state_;
    t_answer_t a = call(asked("service_reminder"));
    const char *conversation = t_text(&a, "/conversation_id");
    a = text_me(conversation);
    assert_string_equal(t_text(&a, "/success"), "true");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM messages WHERE channel = 'sms'"), 1);
}

static void nobody_else_is(void **state_)
{
    static const char *const otherwise[] = {
        "UPDATE calls SET answered_by = 'machine_start'",
        "UPDATE calls SET answered_by = NULL, end_reason = 'voicemail'",
        "UPDATE calls SET end_reason = NULL, called_number = '" STRANGER "'",
        "UPDATE calls SET called_number = '" JOHN_NUMBER "'; DELETE FROM effects"};
    (void)state_;
    t_answer_t a = call(asked("service_reminder"));
    const char *conversation = t_text(&a, "/conversation_id");
    for (size_t i = 0; i < sizeof(otherwise) / sizeof(*otherwise); i++) {
        t_sqlf("%s", otherwise[i]);
        a = text_me(conversation);
        assert_error(&a, 200, "verification_needed");
    }
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM messages WHERE channel = 'sms'"), 0);
}

/* ---------------------------------------------------------------- not made */

static void assert_nothing_happened(void)
{
    assert_int_equal(dialled(), 0);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM effects"), 0);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM calls"), 0);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM outbox"), 0);
}

/* From an hour ago until in an hour, as the clocks there show it: they may change meanwhile. */
static void be_quiet_in(const char *zone)
{
    t_sqlf("UPDATE agent_configs SET"
           " quiet_from = (now() AT TIME ZONE '%1$s' - interval '1 hour')::time,"
           " quiet_until = (now() AT TIME ZONE '%1$s' + interval '1 hour')::time",
           zone);
}

static void within_quiet_hours_nobody_is_called(void **state_)
{
    (void)state_;
    be_quiet_in("America/Toronto");
    t_answer_t a = call(asked("follow_up"));
    assert_error(&a, 409, "quiet_hours");
    assert_string_equal(
        t_sqlf("SELECT '%s'::timestamptz"
               "       BETWEEN ends - interval '1 minute' AND ends"
               "  FROM instant_of(now() AT TIME ZONE 'America/Toronto'"
               "                  + interval '1 hour', 'America/Toronto') AS ends",
               t_text(&a, "/next_allowed")),
        "t");
    assert_nothing_happened();
}

static void quiet_hours_are_the_customers(void **state_)
{
    (void)state_;
    be_quiet_in("Asia/Tokyo");
    t_sqlf("UPDATE customers SET timezone = 'Asia/Tokyo' WHERE id = '" JOHN "'");
    t_answer_t a = call(asked("follow_up"));
    assert_error(&a, 409, "quiet_hours");
    assert_nothing_happened();
    be_quiet_in("America/Toronto");
    a = call(asked("follow_up"));
    t_sqlf("UPDATE customers SET timezone = NULL WHERE id = '" JOHN "'");
    assert_status(&a, 200);
}

static void who_said_no_is_not_called(void **state_)
{
    (void)state_;
    t_sqlf("INSERT INTO consents (organization_id, channel, address, granted, source)"
           " VALUES ('" DOWNTOWN "', 'call', '" JOHN_NUMBER "', false, 'call')");
    t_answer_t a = call(asked("follow_up"));
    assert_error(&a, 409, "no_consent");
    assert_string_equal(t_text(&a, "/next_allowed"), "null");
    t_sqlf("DELETE FROM consents; DELETE FROM consent_states;"
           "UPDATE customers SET contact_preferences = '{\"call\": false}'");
    a = call(asked("follow_up"));
    assert_error(&a, 409, "no_consent");
    assert_nothing_happened();
}

static void a_promotion_needs_a_yes(void **state_)
{
    (void)state_;
    t_answer_t a = call(asked("promotion"));
    assert_error(&a, 409, "no_consent");
    assert_nothing_happened();
    t_sqlf("INSERT INTO consents (organization_id, channel, address, granted, source)"
           " VALUES ('" DOWNTOWN "', 'call', '" JOHN_NUMBER "', true, 'web')");
    a = call(asked("promotion"));
    assert_status(&a, 200);
}

static void what_is_not_understood_is_refused(void **state_)
{
    static const char *const bodies[] = {
        "{\"callReason\":\"follow_up\"}",
        "{\"leadId\":\"" JOHN "\"}",
        "{\"leadId\":\"" JOHN "\",\"callReason\":\"chat\"}",
        "{\"phoneNumber\":\"12\",\"callReason\":\"follow_up\"}",
        "{\"phoneNumber\":\"+1\",\"callReason\":\"follow_up\"}",
        "{\"phoneNumber\":\"+141655\",\"callReason\":\"follow_up\"}",
        "{\"phoneNumber\":\"" DOWNTOWN_NUMBER "\",\"callReason\":\"follow_up\"}",
        "{\"leadId\":\"" JOHN "\",\"callReason\":\"follow_up\",\"priority\":\"now\"}",
        "{\"leadId\":\"" JOHN "\",\"callReason\":\"follow_up\",\"appointmentDetails\":[]}",
    };
    (void)state_;
    for (size_t i = 0; i < sizeof(bodies) / sizeof(*bodies); i++) {
        t_answer_t a = call(bodies[i]);
        assert_error(&a, 400, "bad_request");
    }
    t_answer_t a = call("{\"leadId\":\"" SARAH "\",\"callReason\":\"follow_up\"}");
    assert_error(&a, 404, "not_found");
    assert_nothing_happened();
}

/* Whether somebody has it is the carrier's to say. */
static void a_number_of_ten_digits_behind_the_plus_is_called(void **state_)
{
    (void)state_;
    t_answer_t a = call("{\"phoneNumber\":\"+1234567890\",\"callReason\":\"follow_up\"}");
    assert_status(&a, 200);
    assert_int_equal(dialled(), 1);
}

static void the_owner_can_be_called(void **state_)
{
    (void)state_;
    t_sqlf("UPDATE organizations SET owner_phone = '+14165551777' WHERE id = '" DOWNTOWN "'");
    t_answer_t a = call("{\"phoneNumber\":\"+14165551777\",\"callReason\":\"follow_up\"}");
    assert_status(&a, 200);
    assert_int_equal(dialled(), 1);
}

static void another_number_than_the_leads_is_not_called(void **state_)
{
    (void)state_;
    t_answer_t a = call("{\"phoneNumber\":\"+14165559999\",\"leadId\":\"" JOHN
                        "\",\"callReason\":\"pickup_ready\"}");
    assert_error(&a, 422, "another_number");
    assert_nothing_happened();
    a = call("{\"phoneNumber\":\"(416) 555-9876\",\"leadId\":\"" JOHN
             "\",\"callReason\":\"Pickup Ready\",\"priority\":\"Medium\"}");
    assert_status(&a, 200);
    a = call("{\"phoneNumber\":\"" SARAH_NUMBER "\",\"leadId\":\"" JOHN
             "\",\"callReason\":\"pickup_ready\"}");
    assert_error(&a, 422, "another_number");
    assert_int_equal(dialled(), 1);
}

static void a_lead_with_the_shops_number_is_not_called(void **state_)
{
    (void)state_;
    t_sqlf("UPDATE customers SET phone_number = '" DOWNTOWN_NUMBER "' WHERE id = '" JOHN "'");
    t_answer_t a = call("{\"leadId\":\"" JOHN "\",\"callReason\":\"pickup_ready\"}");
    t_sqlf("UPDATE customers SET phone_number = '" JOHN_NUMBER "' WHERE id = '" JOHN "'");
    assert_error(&a, 422, "own_number");
    assert_nothing_happened();
}

static void technicians_do_not_call(void **state_)
{
    (void)state_;
    t_ask_t ask = request(NULL, asked("follow_up"), 1);
    ask.claims = t_claims("somebody", DOWNTOWN, "service_tech");
    t_answer_t a = t_ask(&ask);
    assert_error(&a, 403, "role");
}

static void a_refusal_of_the_platform_is_final(void **state_)
{
    (void)state_;
    t_elevenlabs_script("{\"path\":\"/v1/convai/twilio/outbound-call\",\"status\":200,"
                        "\"body\":{\"success\":false,\"message\":\"no\","
                        "\"conversation_id\":null,\"callSid\":null}}");
    t_answer_t a = call(asked("follow_up"));
    assert_error(&a, 422, "call_failed");
    assert_string_equal(state(), "failed");
    assert_string_equal(t_sqlf("SELECT status || ' ' || call_reason FROM calls"),
                        "failed follow_up");
    a = call(asked("follow_up"));
    assert_status(&a, 200);
    assert_int_equal(dialled(), 1);
}

/* ---------------------------------------------------------------- nobody knows */

/* The call was made, and the answer was lost on its way. */
static void a_lost_answer_is_found_by_asking(void **state_)
{
    (void)state_;
    t_elevenlabs_script("{\"path\":\"/v1/convai/twilio/outbound-call\",\"effect\":true,"
                        "\"drop\":true}");
    t_answer_t a = call(asked("follow_up"));
    assert_status(&a, 202);
    assert_string_equal(t_text(&a, "/status"), "pending");
    assert_string_equal(state(), "pending");
    a = settle(1);
    assert_again(&a); /* who dials may still be at it */
    wait_seconds(45);
    a = settle(2);
    assert_done(&a);
    assert_string_equal(state(), "done");
    assert_int_equal(dialled(), 1);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM calls WHERE customer_id = '" JOHN
                                "' AND twilio_call_sid IS NOT NULL"),
                     1);
    assert_int_equal(
        t_sqlf_int("SELECT count(*) FROM outbox WHERE type = 'outbound_call_initiated'"), 1);
    a = call(asked("follow_up"));
    assert_status(&a, 200);
    assert_int_equal(dialled(), 1);
}

static void what_stays_uncertain_is_a_person_s(void **state_)
{
    (void)state_;
    t_elevenlabs_script("{\"path\":\"/v1/convai/twilio/outbound-call\",\"drop\":true}");
    t_answer_t a = call(asked("follow_up"));
    assert_status(&a, 202);
    wait_seconds(45);
    a = settle(1);
    assert_again(&a);
    wait_seconds(60);
    a = settle(2);
    assert_done(&a);
    assert_string_equal(state(), "unknown");
    assert_int_equal(dialled(), 0);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM tasks WHERE kind = 'alarm' AND title LIKE"
                                " '%%" JOHN_NUMBER "%%'"),
                     1);
}

/* ---------------------------------------------------------------- deaths */

static bool dies_at(const char *point, int visit, const char *id)
{
    t_ask_t ask = request(id, asked("follow_up"), 1);
    return t_dies_at(point, visit, &ask);
}

/* The job runs again, what it left behind is settled: one call at most, and none in silence. */
static void dies_at_every_visit_of(const char *point)
{
    int deaths = 0;
    for (int visit = 1; visit < 40; visit++) {
        setup(NULL);
        const char *id = wk_printf(t_ctx.arena, "job-%s-%d", point, visit).data;
        bool died = dies_at(point, visit, id);
        t_sqlf("UPDATE calls SET status = 'no_answer', ended_at = now()");
        t_ask_t again = request(id, asked("follow_up"), 1); /* a death counts no attempt */
        t_answer_t a = t_ask(&again);
        assert_in_range(a.status, 200, 202);
        wait_seconds(120);
        a = settle(2);
        assert_done(&a);
        assert_in_range(dialled(), 0, 1);
        assert_string_equal(state(), dialled() == 1 ? "done" : "unknown");
        assert_int_equal(t_sqlf_int("SELECT count(*) FROM calls"), 1);
        if (!died) {
            break;
        }
        deaths++;
    }
    printf("# %d deaths at %s\n", deaths, point);
    assert_in_range(deaths, 1, 38);
}

static void it_dies_around_the_request(void **state_)
{
    (void)state_;
    dies_at_every_visit_of("dial.before");
    dies_at_every_visit_of("http.after");
    dies_at_every_visit_of("dial.after");
}

static void it_dies_around_each_commit(void **state_)
{
    (void)state_;
    dies_at_every_visit_of("commit.before");
    dies_at_every_visit_of("commit.after");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_agent_calls_and_it_is_told),
        cmocka_unit_test(the_platform_is_told_what_to_say),
        cmocka_unit_test(the_agent_gets_every_variable_of_a_call_that_comes_in),
        cmocka_unit_test(details_take_no_variable_s_place),
        cmocka_unit_test(a_stranger_is_called_by_the_documents_words),
        cmocka_unit_test(braces_in_a_message_are_no_variable),
        cmocka_unit_test(a_plan_without_agents_calls_by_the_carrier),
        cmocka_unit_test(nobody_is_called_in_a_language_the_shop_does_not_speak),
        cmocka_unit_test(a_number_alone_becomes_a_customer),
        cmocka_unit_test(a_plumber_has_no_bikes),
        cmocka_unit_test(it_is_made_once_until_it_is_over),
        cmocka_unit_test(however_his_id_is_spelled),
        cmocka_unit_test(a_call_the_carrier_named_alone_is_still_the_one_asked_for),
        cmocka_unit_test(whom_we_dialled_is_known_by_his_number),
        cmocka_unit_test(nobody_else_is),
        cmocka_unit_test(within_quiet_hours_nobody_is_called),
        cmocka_unit_test(quiet_hours_are_the_customers),
        cmocka_unit_test(who_said_no_is_not_called),
        cmocka_unit_test(a_promotion_needs_a_yes),
        cmocka_unit_test(what_is_not_understood_is_refused),
        cmocka_unit_test(a_number_of_ten_digits_behind_the_plus_is_called),
        cmocka_unit_test(the_owner_can_be_called),
        cmocka_unit_test(a_lead_with_the_shops_number_is_not_called),
        cmocka_unit_test(another_number_than_the_leads_is_not_called),
        cmocka_unit_test(technicians_do_not_call),
        cmocka_unit_test(a_refusal_of_the_platform_is_final),
        cmocka_unit_test(a_lost_answer_is_found_by_asking),
        cmocka_unit_test(what_stays_uncertain_is_a_person_s),
        cmocka_unit_test(it_dies_around_the_request),
        cmocka_unit_test(it_dies_around_each_commit),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return t_client_main(tests, sizeof(tests) / sizeof(*tests), setup);
}
