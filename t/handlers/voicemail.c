/*
 * Calls that the carrier places for the shop: they go to the shop's engines like those that
 * come in; and one that a machine takes is noted once, whoever notices it, and hears what the
 * shop wants it to.
 */
#include <stdio.h>

#include "t/handlers/lib/texts.h"
#include "worker/agent/voicemail.h"
#include "worker/call_token.h"
#include "worker/providers/twilio.h"

#define RUN "d0000000-0000-4000-8000-0000000000d1"

static char secret[] = "an internal secret of the tests alone";

static int setup(void **state)
{
    int result = t_texts_setup(state);
    t_config.internal_secret = secret;
    t_config.openai_api_key = t_config.elevenlabs_api_key = NULL;
    t_sqlf("DELETE FROM campaign_runs; DELETE FROM calls; DELETE FROM messages;"
           "DELETE FROM effects; DELETE FROM outbox; DELETE FROM webhook_events;"
           "UPDATE customers SET contact_preferences = '{}', preferred_language = 'en';"
           "UPDATE organization_phone_numbers SET elevenlabs_phone_number_id = NULL;"
           "UPDATE organizations SET engines = '{receptionist}';"
           "UPDATE agent_configs SET quiet_from = '00:00', quiet_until = '00:00',"
           "    voicemail_action = 'leave_message', voicemail_message = '{}'");
    return result;
}

/* ---------------------------------------------------------------- requests */

static t_answer_t call_john(void)
{
    return t_ask(
        &(t_ask_t){.type = "outbound.call",
                   .uri = "/api/elevenlabs/outbound-call",
                   .claims = t_claims(DANA, DOWNTOWN, "admin"),
                   .org = DOWNTOWN,
                   .body = "{\"leadId\":\"" JOHN "\",\"callReason\":\"pickup_ready\"}"});
}

static const char *effect(void)
{
    return t_sqlf("SELECT id FROM effects WHERE kind = 'call'");
}

static const char *sid(void)
{
    return t_sqlf("SELECT twilio_call_sid FROM calls");
}

/* The CallSid of a call that was placed now. */
static const char *placed(void)
{
    t_answer_t a = call_john();
    assert_status(&a, 200);
    return sid();
}

static t_answer_t post(const char *type, const char *args, const char *form)
{
    return t_ask(&(t_ask_t){.type = type,
                            .scheme = "twilio",
                            .content_type = "application/x-www-form-urlencoded",
                            .args = args,
                            .body = form});
}

/* Somebody answers the call. */
static const char *heard_by(const char *call, const char *of_effect)
{
    t_answer_t a =
        post("phone.outgoing", wk_printf(t_ctx.arena, "o=" DOWNTOWN "&e=%s", of_effect).data,
             wk_printf(t_ctx.arena,
                       "CallSid=%s&From=%%2B14165550001&To=%%2B14165559876"
                       "&Direction=outbound-api",
                       call)
                 .data);
    assert_int_equal(a.status, 200);
    return wk_strdup(t_ctx.arena, a.body);
}

static void tell_verdict(const char *call, const char *verdict)
{
    t_answer_t a = post("phone.answered_by", "o=" DOWNTOWN,
                        wk_printf(t_ctx.arena, "CallSid=%s&AnsweredBy=%s", call, verdict).data);
    assert_done(&a);
}

static const char *address_token(const char *call)
{
    va_str_t token;
    assert_ok(wk_call_token_mint(&t_config, t_ctx.arena, VA_TOKEN_CALL, va_str_c(call),
                                 VA_STR(DOWNTOWN), 0, 3600, &token, &t_e));
    return token.data;
}

/* What the machine is given. */
static const char *document(const char *call, const char *language)
{
    t_answer_t a = post("phone.voicemail",
                        wk_printf(t_ctx.arena, "c=%s&n=%d&l=%s", address_token(call),
                                  WK_VOICEMAIL_TURN, language)
                            .data,
                        wk_printf(t_ctx.arena, "CallSid=%s", call).data);
    assert_int_equal(a.status, 200);
    return wk_strdup(t_ctx.arena, a.body);
}

static const char *use_tool(const char *call, const char *arguments)
{
    t_answer_t a =
        t_ask(&(t_ask_t){.type = "media.tool",
                         .org = DOWNTOWN,
                         .scheme = "internal",
                         .body = wk_printf(t_ctx.arena,
                                           "{\"call\":\"%s\",\"tool\":\"voicemail_detection\","
                                           "\"arguments\":\"%s\"}",
                                           call, arguments)
                                     .data});
    assert_int_equal(a.status, 200);
    return wk_strdup(t_ctx.arena, a.body);
}

static const char *noted(void)
{
    return t_sqlf("SELECT concat_ws(' ', answered_by, end_reason) FROM calls");
}

static int64_t on_their_way(void)
{
    return t_sqlf_int("SELECT count(*) FROM outbox WHERE type = 'voicemail.leave'");
}

/* How often the carrier was asked to take the call elsewhere. */
static int redirects(const char *call)
{
    int n = 0;
    const va_json_t *r = t_twilio_ask("GET", "/_sim/requests", NULL)->first;
    const char *path =
        wk_printf(t_ctx.arena, "/2010-04-01/Accounts/" TWILIO_ACCOUNT "/Calls/%s.json", call)
            .data;
    for (; r != NULL; r = r->next) {
        n += t_eq(va_json_get_string(r, "path"), path) &&
             t_eq(va_json_get_string(r, "method"), "POST");
    }
    return n;
}

static void leave_it(const char *call)
{
    t_twilio_script(wk_printf(t_ctx.arena,
                              "{\"path\":\"/Calls/%s.json\",\"status\":200,"
                              "\"body\":{\"sid\":\"%s\"}}",
                              call, call)
                        .data);
    t_answer_t a =
        t_ask(&(t_ask_t){.type = "voicemail.leave",
                         .org = DOWNTOWN,
                         .scheme = "internal",
                         .body = wk_printf(t_ctx.arena, "{\"call\":\"%s\"}", call).data});
    assert_done(&a);
}

/* The form of the newest call that was asked for. */
static const va_json_t *asked_for(void)
{
    const va_json_t *found = NULL;
    const va_json_t *r = t_twilio_ask("GET", "/_sim/requests", NULL)->first;
    for (; r != NULL; r = r->next) {
        if (t_eq(va_json_get_string(r, "path"),
                 "/2010-04-01/Accounts/" TWILIO_ACCOUNT "/Calls.json") &&
            t_eq(va_json_get_string(r, "method"), "POST")) {
            found = va_json_get(r, "body");
        }
    }
    assert_non_null(found);
    return found;
}

static const char *member(const char *name)
{
    return wk_strdup(t_ctx.arena, va_json_get_string(asked_for(), name));
}

/* ---------------------------------------------------------------- the call */

static void a_shop_without_a_platform_calls_through_the_carrier(void **state)
{
    (void)state;
    const char *call = placed();
    assert_has(call, "CA");
    assert_string_equal(t_sqlf("SELECT concat_ws(' ', direction, caller_number, called_number,"
                               "    call_reason, engine) FROM calls"),
                        "outbound " DOWNTOWN_NUMBER " " JOHN_NUMBER " pickup_ready");
    assert_string_equal(t_sqlf("SELECT state FROM effects"), "done");
    assert_has(member("Url"), "/api/voice/outgoing?o=" DOWNTOWN "&e=");
    assert_has(member("StatusCallback"), "/api/voice/status" WK_TWILIO_AGAIN);
    assert_string_equal(member("MachineDetection"), "DetectMessageEnd");
    assert_string_equal(member("AsyncAmd"), "true");
    assert_has(member("AsyncAmdStatusCallback"), "/api/voice/answered-by?o=" DOWNTOWN);
    assert_has(member("AsyncAmdStatusCallback"), WK_TWILIO_AGAIN);
}

/* The platform's number is none the carrier lets us call from. */
static void the_carrier_calls_from_a_number_of_its_own(void **state)
{
    (void)state;
    t_sqlf("UPDATE organizations SET elevenlabs_agent_id = NULL WHERE id = '" DOWNTOWN "';"
           "INSERT INTO organization_phone_numbers (organization_id, phone_number, provider,"
           "    is_primary, elevenlabs_phone_number_id)"
           " VALUES ('" DOWNTOWN "', '+14165550077', 'elevenlabs', false, 'phnum_other')");
    t_answer_t a = call_john();
    t_sqlf("UPDATE organizations SET elevenlabs_agent_id = 'agent_downtown'"
           " WHERE id = '" DOWNTOWN "';"
           "DELETE FROM organization_phone_numbers WHERE phone_number = '+14165550077'");
    assert_status(&a, 200);
    assert_string_equal(member("From"), DOWNTOWN_NUMBER);
    assert_string_equal(t_sqlf("SELECT caller_number FROM calls"), DOWNTOWN_NUMBER);
}

static void who_answers_is_asked_about_as_the_shop_wants_it(void **state)
{
    (void)state;
    t_sqlf("UPDATE agent_configs SET voicemail_action = 'hang_up'");
    placed();
    assert_string_equal(member("MachineDetection"), "Enable");
    t_sqlf("UPDATE calls SET status = 'no_answer', ended_at = now();"
           "UPDATE agent_configs SET voicemail_action = 'ignore'");
    t_answer_t a = call_john();
    assert_status(&a, 200);
    assert_null(va_json_get(asked_for(), "MachineDetection"));
}

/* However often the carrier asks, it is one greeting of one call. */
static void who_answers_hears_why_he_is_called(void **state)
{
    (void)state;
    const char *call = placed();
    const char *first = heard_by(call, effect());
    assert_has(first, "Your bike is ready for pickup.");
    assert_has(first, "<Gather");
    assert_string_equal(heard_by(call, effect()), first);
    assert_string_equal(t_sqlf("SELECT concat_ws(' ', count(*), min(status)) FROM calls"),
                        "1 in_progress");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM messages WHERE speaker = 'agent'"), 1);
}

/* The answer to the dialling was lost: that somebody answers the call proves it. */
static void an_answered_call_settles_what_was_lost(void **state)
{
    (void)state;
    t_twilio_script("{\"path\":\"/Calls.json\",\"effect\":true,\"drop\":true}");
    t_answer_t a = call_john();
    assert_status(&a, 202);
    const char *call = "CA0123456789abcdef0123456789abcdef";
    assert_has(heard_by(call, effect()), "Your bike is ready");
    assert_string_equal(t_sqlf("SELECT concat_ws(' ', state, provider_id) FROM effects"),
                        "done CA0123456789abcdef0123456789abcdef");
    assert_string_equal(sid(), call);
    /* Another call does not become that one. */
    assert_has(heard_by("CA1123456789abcdef0123456789abcdef", effect()), "<Hangup");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM calls"), 1);
}

static void a_lost_answer_is_found_by_asking(void **state)
{
    (void)state;
    t_twilio_script("{\"path\":\"/Calls.json\",\"effect\":true,\"drop\":true}");
    t_answer_t a = call_john();
    assert_status(&a, 202);
    t_sqlf("UPDATE effects SET claimed_at = claimed_at - interval '45 seconds'");
    const char *key = t_sqlf("SELECT key FROM effects");
    for (int i = 0; i < 2; i++) {
        a = t_ask(&(t_ask_t){.type = "outbound.settle",
                             .org = DOWNTOWN,
                             .scheme = "internal",
                             .body = wk_printf(t_ctx.arena, "{\"key\":\"%s\"}", key).data});
        assert_done(&a);
    }
    assert_string_equal(t_sqlf("SELECT state FROM effects"), "done");
    assert_string_equal(sid(), t_sqlf("SELECT provider_id FROM effects"));
}

/* What is said first and what it is read in are one language. */
static void who_answers_is_spoken_to_in_a_language_of_the_shops(void **state)
{
    static const char *const languages[] = {"{en}", "{en,fr}"};
    static const char *const opening[] = {"Your bike is ready", "Votre vélo est prêt"};
    static const char *const locale[] = {"language=\"en-", "language=\"fr-"};
    for (int i = 0; i < 2; i++) {
        setup(state);
        t_sqlf("UPDATE customers SET preferred_language = 'fr' WHERE id = '" JOHN "';"
               "UPDATE organizations SET languages = '%s' WHERE id = '" DOWNTOWN "'",
               languages[i]);
        const char *call = placed();
        const char *heard = heard_by(call, effect());
        assert_has(heard, opening[i]);
        assert_has(heard, locale[i]);
    }
}

static void what_is_no_call_of_the_shop_is_hung_up(void **state)
{
    (void)state;
    const char *call = "CA0123456789abcdef0123456789abcdef";
    assert_has(heard_by(call, "00000000-0000-4000-8000-000000000000"), "<Hangup");
    assert_has(heard_by(call, "1%%27"), "<Hangup");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM calls"), 0);
}

/* ---------------------------------------------------------------- who is talked to */

#define APPOINTMENT "d0000000-0000-4000-8000-0000000000e1"

static void book_john(void)
{
    t_sqlf("DELETE FROM appointments;"
           "INSERT INTO appointments (id, organization_id, customer_id, customer_phone,"
           "    appointment_type, starts_at, ends_at, status, confirmation_sent_at)"
           " SELECT '" APPOINTMENT "', '" DOWNTOWN "', '" JOHN "', '" JOHN_NUMBER "',"
           "    'tune_up', at, at + interval '1 hour', 'confirmed', now() - interval '1 day'"
           "  FROM (SELECT date_trunc('hour', now()) + interval '4 days' AS at) x");
}

static const char *booked(void)
{
    return t_sqlf("SELECT status FROM appointments WHERE id = '" APPOINTMENT "'");
}

static const char *say(const char *call, int turn, const char *words)
{
    t_answer_t a =
        post("phone.turn",
             wk_printf(t_ctx.arena, "c=%s&n=%d&l=en&s=0&e=0", address_token(call), turn).data,
             wk_printf(t_ctx.arena, "CallSid=%s&SpeechResult=%s", call, words).data);
    assert_int_equal(a.status, 200);
    return wk_strdup(t_ctx.arena, a.body);
}

#define CANCEL "I+can%27t+make+it%2C+please+cancel+my+appointment"

static void whom_we_called_may_what_an_attested_caller_may(void **state)
{
    (void)state;
    book_john();
    const char *call = placed();
    heard_by(call, effect());
    tell_verdict(call, "human");
    assert_has(say(call, 1, CANCEL), "Shall I cancel your tune-up");
    assert_has(say(call, 2, "yes"), "Cancelled: tune-up");
    assert_string_equal(booked(), "cancelled");
}

static void a_machine_is_not_taken_for_him(void **state)
{
    (void)state;
    book_john();
    const char *call = placed();
    heard_by(call, effect());
    tell_verdict(call, "machine_start");
    say(call, 1, CANCEL);
    say(call, 2, "yes");
    assert_string_equal(booked(), "confirmed");
}

/* Whether a model is told of the tool. */
static bool is_offered(const char *call, const char *tool)
{
    const char *list = wk_strdup(t_ctx.arena, va_json_get_string(t_briefing(call), "tools"));
    return strstr(list, wk_printf(t_ctx.arena, "\"name\":\"%s\"", tool).data) != NULL;
}

static void a_model_has_the_tools_of_whom_we_called(void **state)
{
    (void)state;
    const char *call = placed();
    assert_true(is_offered(call, "take_message"));
    assert_true(is_offered(call, "cancel_appointment"));
    tell_verdict(call, "machine_start");
    assert_true(is_offered(call, "take_message"));
    assert_false(is_offered(call, "cancel_appointment"));
}

/* A webhook may call outbound what it likes: no row of the ledger, no customer of ours. */
static void a_call_that_we_have_not_placed_is_nobodys(void **state)
{
    (void)state;
    book_john();
    const char *call = placed();
    heard_by(call, effect());
    t_sqlf("UPDATE effects SET provider_id = 'CA1123456789abcdef0123456789abcdef'");
    say(call, 1, CANCEL);
    say(call, 2, "yes");
    assert_string_equal(booked(), "confirmed");
}

/* ---------------------------------------------------------------- the verdict */

static void a_machine_is_noted_once(void **state)
{
    (void)state;
    const char *call = placed();
    heard_by(call, effect());
    tell_verdict(call, "machine_end_beep");
    assert_string_equal(noted(), "machine_end_beep voicemail");
    assert_int_equal(on_their_way(), 1);
    tell_verdict(call, "machine_end_beep");
    tell_verdict(call, "human");
    use_tool(call, "{\\\"reason\\\":\\\"a beep\\\"}");
    assert_string_equal(noted(), "machine_end_beep voicemail");
    assert_int_equal(on_their_way(), 1);
}

/* The answer to the dialling was lost: the verdict proves the call, and is not lost with it. */
static void a_verdict_may_be_the_first_that_is_heard_of_a_call(void **state)
{
    (void)state;
    t_twilio_script("{\"path\":\"/Calls.json\",\"effect\":true,\"drop\":true}");
    t_answer_t a = call_john();
    assert_status(&a, 202);
    const char *args = wk_printf(t_ctx.arena, "o=" DOWNTOWN "&e=%s", effect()).data;
    const char *call = "CA0123456789abcdef0123456789abcdef";
    for (int i = 0; i < 2; i++) {
        a = post("phone.answered_by", args,
                 wk_printf(t_ctx.arena, "CallSid=%s&AnsweredBy=machine_end_beep", call).data);
        assert_done(&a);
    }
    assert_string_equal(t_sqlf("SELECT concat_ws(' ', state, provider_id) FROM effects"),
                        "done CA0123456789abcdef0123456789abcdef");
    assert_string_equal(sid(), call);
    assert_string_equal(noted(), "machine_end_beep voicemail");
    assert_int_equal(on_their_way(), 1);
}

static void a_person_is_none(void **state)
{
    (void)state;
    const char *call = placed();
    tell_verdict(call, "human");
    tell_verdict(call, "machine_end_other"); /* the first counts */
    assert_string_equal(noted(), "human");
    assert_int_equal(on_their_way(), 0);
}

static void a_verdict_behind_the_end_changes_nothing(void **state)
{
    (void)state;
    const char *call = placed();
    t_sqlf("UPDATE calls SET status = 'completed', ended_at = now()");
    tell_verdict(call, "machine_end_beep");
    tell_verdict("CA0000000000000000000000000000dead", "machine_end_beep");
    assert_string_equal(noted(), "");
    assert_int_equal(on_their_way(), 0);
}

static void what_is_no_verdict_is_buried(void **state)
{
    (void)state;
    t_answer_t a = post("phone.answered_by", "o=" DOWNTOWN, "CallSid=CA1");
    assert_int_equal(a.end.how, WK_END_BURY);
    a = post("phone.answered_by", "o=nobody", "CallSid=CA1&AnsweredBy=human");
    assert_int_equal(a.end.how, WK_END_BURY);
}

/* ---------------------------------------------------------------- the message */

static void the_message_is_left_once_in_the_customers_language(void **state)
{
    (void)state;
    t_sqlf("UPDATE customers SET preferred_language = 'fr' WHERE id = '" JOHN "'");
    const char *call = placed();
    heard_by(call, effect());
    tell_verdict(call, "machine_end_silence");
    leave_it(call);
    assert_int_equal(redirects(call), 1);
    const char *left = document(call, "fr");
    assert_has(left, "Rappelez-nous");
    assert_has(left, "<Hangup");
    assert_string_equal(document(call, "fr"), left);
    leave_it(call); /* a job that is taken again */
    assert_int_equal(redirects(call), 1);
    assert_int_equal(
        t_sqlf_int("SELECT count(*) FROM messages WHERE content LIKE '%%Rappelez%%'"), 1);
}

static void the_shops_own_words_are_left(void **state)
{
    (void)state;
    t_sqlf("UPDATE agent_configs SET voicemail_message = '{\"en\": \"Here is {shop}. Bye\"}'");
    const char *call = placed();
    tell_verdict(call, "machine_end_beep");
    assert_has(document(call, "en"), "Here is Bici Downtown. Bye");
}

static void who_wants_no_message_left_hangs_up(void **state)
{
    (void)state;
    t_sqlf("UPDATE agent_configs SET voicemail_action = 'hang_up'");
    const char *call = placed();
    tell_verdict(call, "machine_start");
    const char *left = document(call, "en");
    assert_null(strstr(left, "<Say"));
    assert_has(left, "<Hangup");
}

static void a_fax_is_told_nothing(void **state)
{
    (void)state;
    const char *call = placed();
    tell_verdict(call, "fax");
    assert_string_equal(noted(), "fax voicemail");
    assert_null(strstr(document(call, "en"), "<Say"));
}

/* ---------------------------------------------------------------- the tool */

static void an_agent_that_hears_a_machine_leaves_its_words(void **state)
{
    (void)state;
    const char *call = placed();
    tell_verdict(call, "unknown"); /* the agent knows better */
    const char *told =
        use_tool(call, "{\\\"reason\\\":\\\"a greeting\\\",\\\"voicemail_message\\\":"
                       "\\\"Please call us.\\\"}");
    assert_has(told, "\"waits\":true");
    assert_null(strstr(told, "\"next\""));
    assert_string_equal(noted(), "agent voicemail");
    assert_int_equal(on_their_way(), 1);
    tell_verdict(call, "machine_end_beep"); /* late */
    assert_int_equal(on_their_way(), 1);
    assert_has(document(call, "en"), "Please call us.");
}

static void a_call_that_came_in_meets_no_machine(void **state)
{
    (void)state;
    const char *call = "CA0123456789abcdef0123456789abcdef";
    t_sqlf("INSERT INTO calls (organization_id, customer_id, status, twilio_call_sid)"
           " VALUES ('" DOWNTOWN "', '" JOHN "', 'in_progress', '%s')",
           call);
    const char *told = use_tool(call, "{\\\"reason\\\":\\\"a beep\\\"}");
    assert_has(told, "inbound_call");
    assert_has(told, "end the call with end_call");
    assert_null(strstr(told, "waits"));
    assert_string_equal(noted(), "");
    assert_int_equal(on_their_way(), 0);
}

/* ---------------------------------------------------------------- campaigns */

static void run_campaign(void)
{
    t_sqlf(
        "UPDATE campaigns SET channel = 'call', is_active = true"
        " WHERE name = 'call_followup';"
        "INSERT INTO campaign_runs (id, organization_id, campaign_id, customer_id, key, state)"
        " SELECT '" RUN "', '" DOWNTOWN "', id, '" JOHN "', 'followup:v', 'running'"
        "   FROM campaigns WHERE organization_id = '" DOWNTOWN "' AND name = 'call_followup'");
    t_answer_t a = t_ask(&(t_ask_t){.type = "campaigns.call",
                                    .org = DOWNTOWN,
                                    .scheme = "internal",
                                    .body = "{\"run\":\"" RUN "\"}"});
    assert_done(&a);
}

static const char *run(void)
{
    return t_sqlf("SELECT concat_ws(' ', state, result) FROM campaign_runs");
}

/* The run was the attempt: it is done, and is not made again. */
static void a_campaign_knows_that_it_reached_a_machine(void **state)
{
    (void)state;
    run_campaign();
    assert_string_equal(run(), "done call");
    for (int i = 0; i < 2; i++) {
        tell_verdict(sid(), "machine_end_beep");
        assert_string_equal(run(), "done voicemail");
    }
    t_answer_t a = t_ask(&(t_ask_t){.type = "campaigns.call",
                                    .org = DOWNTOWN,
                                    .scheme = "internal",
                                    .body = "{\"run\":\"" RUN "\"}"});
    assert_done(&a);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM calls"), 1);
}

/* ---------------------------------------------------------------- at the platform */

static void the_platforms_report_tells_of_a_machine(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        t_answer_t a = t_ask(
            &(t_ask_t){.type = "post_call.store",
                       .body = "{\"type\":\"post_call_transcription\",\"data\":{\"agent_id\":"
                               "\"agent_downtown\",\"conversation_id\":\"conv_v\",\"metadata\":"
                               "{\"termination_reason\":\"voicemail detected\",\"phone_call\":"
                               "{\"direction\":\"outbound\",\"agent_number\":"
                               "\"" DOWNTOWN_NUMBER "\",\"external_number\":\"" JOHN_NUMBER
                               "\",\"call_result\":\"voicemail\"}}}}"});
        assert_done(&a);
    }
    assert_string_equal(noted(), "agent voicemail");
    assert_int_equal(on_their_way(), 0); /* its agent has dealt with it */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_shop_without_a_platform_calls_through_the_carrier),
        cmocka_unit_test(the_carrier_calls_from_a_number_of_its_own),
        cmocka_unit_test(who_answers_is_asked_about_as_the_shop_wants_it),
        cmocka_unit_test(who_answers_hears_why_he_is_called),
        cmocka_unit_test(an_answered_call_settles_what_was_lost),
        cmocka_unit_test(a_lost_answer_is_found_by_asking),
        cmocka_unit_test(who_answers_is_spoken_to_in_a_language_of_the_shops),
        cmocka_unit_test(what_is_no_call_of_the_shop_is_hung_up),
        cmocka_unit_test(whom_we_called_may_what_an_attested_caller_may),
        cmocka_unit_test(a_machine_is_not_taken_for_him),
        cmocka_unit_test(a_model_has_the_tools_of_whom_we_called),
        cmocka_unit_test(a_call_that_we_have_not_placed_is_nobodys),
        cmocka_unit_test(a_machine_is_noted_once),
        cmocka_unit_test(a_verdict_may_be_the_first_that_is_heard_of_a_call),
        cmocka_unit_test(a_person_is_none),
        cmocka_unit_test(a_verdict_behind_the_end_changes_nothing),
        cmocka_unit_test(what_is_no_verdict_is_buried),
        cmocka_unit_test(the_message_is_left_once_in_the_customers_language),
        cmocka_unit_test(the_shops_own_words_are_left),
        cmocka_unit_test(who_wants_no_message_left_hangs_up),
        cmocka_unit_test(a_fax_is_told_nothing),
        cmocka_unit_test(an_agent_that_hears_a_machine_leaves_its_words),
        cmocka_unit_test(a_call_that_came_in_meets_no_machine),
        cmocka_unit_test(a_campaign_knows_that_it_reached_a_machine),
        cmocka_unit_test(the_platforms_report_tells_of_a_machine),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return t_client_main(tests, sizeof(tests) / sizeof(*tests), setup);
}
