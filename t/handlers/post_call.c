/*
 * post_call.store: what is asked for when a report did not travel with its job, what is kept of
 * it, and what of a call that was never placed.
 */
#include "t/handlers/lib/texts.h"
#include "worker/metrics.h"

#define CONVERSATION "conv_after"
#define CALLER       "+16475550155"
#define CARD         "4111 1111 1111 1111"

static int setup(void **state)
{
    (void)state;
    t_elevenlabs();
    t_sqlf("DELETE FROM outbox; DELETE FROM messages; DELETE FROM calls; DELETE FROM call_data;"
           "DELETE FROM evaluations; DELETE FROM webhook_events; DELETE FROM unrouted_events;"
           "DELETE FROM call_status_events; DELETE FROM erasures; DELETE FROM tasks;"
           "DELETE FROM appointments;"
           "DELETE FROM customers WHERE id NOT IN ('" JOHN "', '" SARAH "')");
    t_log_forget();
    return 0;
}

static t_answer_t tell(const char *body)
{
    return t_ask(&(t_ask_t){.type = "post_call.store", .body = body});
}

/* A report of the platform; data: its further members, beginning with a comma. */
static t_answer_t report(const char *data)
{
    return tell(wk_printf(t_ctx.arena,
                          "{\"type\":\"post_call_transcription\",\"data\":{\"agent_id\":"
                          "\"agent_downtown\",\"conversation_id\":\"" CONVERSATION "\"%s}}",
                          data)
                    .data);
}

/* One whose body was too large to travel with its job. */
static t_answer_t report_by_name(void)
{
    return t_ask(&(t_ask_t){.type = "post_call.store",
                            .omitted = true,
                            .members = {"type", "post_call_transcription", "conversation",
                                        CONVERSATION, "agent", "agent_downtown"}});
}

static void platform_answers(int status, const char *body)
{
    t_elevenlabs_script(wk_printf(t_ctx.arena,
                                  "{\"path\":\"^/v1/convai/conversations/" CONVERSATION
                                  "$\",\"status\":%d,\"body\":%s}",
                                  status, body)
                            .data);
}

static const char *status_of_call(void)
{
    return t_sqlf("SELECT string_agg(concat_ws(' ', direction, status, end_reason), '|')"
                  "  FROM calls");
}

static int64_t count(const char *from_where)
{
    return t_sqlf_int("SELECT count(*) FROM %s", from_where);
}

/* ---------------------------------------------------------------- asked for */

#define PHONE                                                                                  \
    "\"metadata\":{\"start_time_unix_secs\":1788264001,\"call_duration_secs\":47,"             \
    "\"phone_call\":{\"direction\":\"inbound\",\"call_sid\":\"CAafter\","                      \
    "\"agent_number\":\"+14165550001\",\"external_number\":\"" CALLER "\"}}"

#define FETCHED(status)                                                                        \
    "{\"agent_id\":\"agent_downtown\",\"conversation_id\":\"" CONVERSATION                     \
    "\",\"status\":\"" status                                                                  \
    "\",\"transcript\":[{\"role\":\"user\",\"message\":\"Hello\"}]," PHONE "}"

static void what_did_not_travel_is_asked_for(void **state)
{
    (void)state;
    platform_answers(200, FETCHED("done"));
    t_answer_t a = report_by_name();
    assert_done(&a);
    assert_string_equal(t_sqlf("SELECT concat_ws(' ', twilio_call_sid, status, caller_number,"
                               "    duration_seconds) FROM calls"),
                        "CAafter completed " CALLER " 47");
    assert_int_equal(count("messages WHERE content = 'Hello'"), 1);
}

static void a_flat_report_that_did_not_travel_is_asked_for(void **state)
{
    (void)state;
    platform_answers(200, FETCHED("done"));
    t_answer_t a = t_ask(&(t_ask_t){.type = "post_call.store",
                                    .omitted = true,
                                    .members = {"flat_conversation", CONVERSATION}});
    assert_done(&a);
    assert_int_equal(count("calls WHERE elevenlabs_conversation_id = '" CONVERSATION "'"), 1);
}

static void a_conversation_in_the_making_is_asked_for_again(void **state)
{
    (void)state;
    platform_answers(200, FETCHED("processing"));
    platform_answers(200, FETCHED("done"));
    t_answer_t a = report_by_name();
    assert_again(&a);
    assert_int_equal(a.end.delay_ms, 5000);
    assert_int_equal(count("calls"), 0);
    a = report_by_name();
    assert_done(&a);
    assert_int_equal(count("calls WHERE status = 'completed'"), 1);
}

static void a_report_that_came_too_early_is_asked_for(void **state)
{
    (void)state;
    platform_answers(200, FETCHED("processing"));
    platform_answers(200, FETCHED("done"));
    t_answer_t a = report(",\"status\":\"processing\",\"transcript\":[]");
    assert_again(&a);
    a = report(",\"status\":\"processing\",\"transcript\":[]");
    assert_done(&a);
    assert_int_equal(count("messages WHERE content = 'Hello'"), 1);
}

static void a_conversation_that_is_gone_is_given_up(void **state)
{
    (void)state;
    t_answer_t a = report_by_name(); /* the platform has none */
    assert_int_equal(a.end.how, WK_END_BURY);
    assert_int_equal(count("calls"), 0);
}

static void a_busy_platform_is_asked_when_it_says(void **state)
{
    (void)state;
    t_elevenlabs_script("{\"status\":429,\"headers\":{\"retry-after\":\"17\"},\"body\":{}}");
    t_answer_t a = report_by_name();
    assert_again(&a);
    assert_int_equal(a.end.delay_ms, 17000);
    platform_answers(503, "{}");
    a = report_by_name();
    assert_again(&a);
}

static void an_answer_nobody_can_read_is_asked_for_again(void **state)
{
    (void)state;
    platform_answers(200, "\"<html>\"");
    t_answer_t a = report_by_name();
    assert_again(&a);
    assert_int_equal(count("calls"), 0);
}

static void assert_waits_for_people(const t_answer_t *a)
{
    assert_again(a);
    assert_int_equal(a->end.delay_ms, 15 * 60 * 1000);
    assert_true(t_logged("\"alert\"") > 0);
    assert_int_equal(t_logged(ELEVENLABS_KEY), 0);
    assert_int_equal(count("calls"), 0);
}

static void a_refused_login_loses_no_report(void **state)
{
    static const int refusals[] = {401, 403};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        t_log_forget();
        platform_answers(refusals[i], "{\"detail\":{\"status\":\"invalid_api_key\"}}");
        t_answer_t a = report_by_name();
        assert_waits_for_people(&a);
    }
    platform_answers(200, FETCHED("done"));
    t_answer_t a = report_by_name();
    assert_done(&a);
    assert_int_equal(count("calls"), 1);
}

static void a_missing_key_loses_no_report(void **state)
{
    (void)state;
    t_config.elevenlabs_api_key = NULL;
    t_answer_t a = report_by_name();
    assert_waits_for_people(&a);
}

/* A day of refusals: more than any other job is tried. */
static void a_refused_login_is_waited_for_a_day(void **state)
{
    (void)state;
    platform_answers(401, "{}");
    t_answer_t a = t_ask(&(t_ask_t){
        .type = "post_call.store",
        .omitted = true,
        .attempt = 96,
        .members = {"type", "post_call_transcription", "conversation", CONVERSATION}});
    assert_again(&a);
}

/* ---------------------------------------------------------------- no turns */

static void say_live(int event)
{
    t_answer_t a = t_ask(&(t_ask_t){
        .type = "conversation_events.store",
        .body = wk_printf(t_ctx.arena,
                          "{\"type\":\"user_transcript\",\"agent_id\":\"agent_downtown\","
                          "\"conversation_id\":\"" CONVERSATION
                          "\",\"transcript\":\"Word %d\",\"event_id\":%d}",
                          event, event)
                    .data});
    assert_done(&a);
}

static void a_report_without_turns_keeps_no_turn_out(void **state)
{
    static const char *const without[] = {",\"status\":\"done\",\"transcript\":[]",
                                          ",\"status\":\"done\"",
                                          ",\"status\":\"failed\",\"transcript\":null"};
    for (size_t i = 0; i < sizeof(without) / sizeof(*without); i++) {
        setup(state);
        say_live(1);
        t_answer_t a = report(without[i]);
        assert_done(&a);
        say_live(2);
        assert_int_equal(count("messages WHERE content LIKE 'Word _'"), 2);
        assert_int_equal(count("calls WHERE transcript IS NULL AND analyzed_at IS NOT NULL"),
                         1);
    }
}

static void a_report_with_turns_replaces_them(void **state)
{
    (void)state;
    say_live(1);
    t_answer_t a = report(",\"status\":\"done\",\"transcript\":[{\"role\":\"user\","
                          "\"message\":\"All of it\"}]");
    assert_done(&a);
    say_live(2);
    assert_string_equal(t_sqlf("SELECT string_agg(content, '|') FROM messages"), "All of it");
}

/* ---------------------------------------------------------------- said versus done */

#define USER(text)  "{\"role\":\"user\",\"message\":\"" text "\"}"
#define AGENT(text) "{\"role\":\"agent\",\"message\":\"" text "\"}"
#define TOOL(tool, answer)                                                                     \
    "{\"role\":\"agent\",\"message\":null,\"tool_calls\":[{\"request_id\":\"" tool             \
    "\",\"tool_name\":\"" tool "\",\"tool_has_been_called\":true}]},"                          \
    "{\"role\":\"agent\",\"message\":null,\"tool_results\":[{\"request_id\":\"" tool           \
    "\",\"tool_name\":\"" tool "\",\"is_error\":false,\"result_value\":\"" answer "\"}]}"
#define BOOK    TOOL("book_appointment", "{\\\"success\\\":true}")
#define REFUSED TOOL("book_appointment", "{\\\"success\\\":false}")

#define TUNE_UP USER("I would like a tune-up") ","
#define FITTING USER("And a fitting for my son") ","
#define BOOKED  AGENT("Great, it is booked.")

/* How many alarms there are when the platform has reported that. */
static int64_t alarms_of(const char *transcript)
{
    t_answer_t a = report(
        wk_printf(t_ctx.arena, ",\"status\":\"done\"," PHONE ",\"transcript\":[%s]", transcript)
            .data);
    assert_done(&a);
    assert_int_equal(count("calls WHERE analyzed_at IS NOT NULL"), 1);
    return t_sqlf_int("SELECT count(*) FROM tasks WHERE kind = 'alarm'"
                      "   AND key LIKE 'said:" CONVERSATION ":%%'");
}

static void what_the_platforms_agent_claims_is_held_against_its_tools(void **state)
{
    static const struct {
        const char *transcript;
        int alarms;
    } cases[] = {
        {TUNE_UP BOOKED, 1},
        {TUNE_UP BOOK "," BOOKED, 0},
        {TUNE_UP AGENT("It is booked, one moment.") "," BOOK, 0},
        {TUNE_UP REFUSED "," BOOKED, 1},
        {TUNE_UP BOOK "," BOOKED "," FITTING BOOKED, 1},
        {TUNE_UP BOOK "," BOOKED "," FITTING BOOK "," BOOKED, 0},
        {TUNE_UP AGENT("It is not booked yet.") "," USER("Yes please") "," BOOKED, 1},
        {USER("Where are you?") "," AGENT("I will text you the address."), 1},
        {USER("Where are you?") "," AGENT("I will text you the address.") "," USER(
             "Thanks") "," TOOL("send_sms", "{\\\"success\\\":true}"),
         0},
        {USER("A person, please") "," TOOL("transfer_to_number",
                                           "ok") "," AGENT("I am transferring you."),
         0},
        {USER("You are booked for the gala?"), 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        setup(state);
        int64_t alarms = alarms_of(cases[i].transcript);
        if (alarms != cases[i].alarms) {
            fail_msg("%d alarms of %s", (int)alarms, cases[i].transcript);
        }
    }
}

static int64_t counted(void)
{
    assert_ok(wk_metrics_flush(t_ctx.redis, &t_e));
    return t_redis_int(t_ctx.redis,
                       "HGET va:metrics voiceagent_promises_broken_total{claim=\"booked\"}");
}

static void a_claim_is_an_alarm_once_however_often_it_is_reported(void **state)
{
    (void)state;
    (void)counted();
    t_redis(t_ctx.redis, t_ctx.arena, "DEL va:metrics");
    for (int i = 0; i < 2; i++) {
        assert_int_equal(alarms_of(TUNE_UP BOOKED "," FITTING BOOKED), 2);
    }
    assert_string_equal(t_sqlf("SELECT string_agg(concat_ws('|', priority, customer_id ="
                               "    (SELECT customer_id FROM calls)), ' ') FROM tasks"
                               " WHERE kind = 'alarm' AND body LIKE '%%it is booked%%'"),
                        "high|t high|t");
    assert_int_equal(counted(), 2);
    t_sqlf("DELETE FROM webhook_events");
    assert_int_equal(alarms_of(TUNE_UP BOOKED "," FITTING BOOKED), 2);
    assert_int_equal(counted(), 2);
}

/* What is not stored is not counted either: it comes again. */
static void a_claim_is_counted_when_its_report_is_stored(void **state)
{
    (void)state;
    (void)counted();
    t_redis(t_ctx.redis, t_ctx.arena, "DEL va:metrics");
    t_sqlf("ALTER TABLE calls ADD CONSTRAINT nothing_is_stored CHECK (analyzed_at IS NULL)");
    t_answer_t a = report(",\"status\":\"done\"," PHONE ",\"transcript\":[" TUNE_UP BOOKED "]");
    t_sqlf("ALTER TABLE calls DROP CONSTRAINT nothing_is_stored");
    assert_true(a.end.how != WK_END_ACK);
    assert_int_equal(count("tasks WHERE kind = 'alarm'"), 0);
    assert_int_equal(alarms_of(TUNE_UP BOOKED), 1);
    assert_int_equal(counted(), 1);
}

/* By whomever it was made, and whoever's it is that the caller spoke for. */
static void an_appointment_that_stands_may_be_spoken_of_there(void **state)
{
    static const char *const whose[] = {
        "id, NULL::uuid, 'confirmed', NULL::timestamptz",
        "'" JOHN "', (SELECT id FROM calls), 'confirmed', NULL",
        "id, NULL, 'held', now() + interval '1 hour'",
    };
    static const int alarms[] = {0, 0, 1};
    for (size_t i = 0; i < 3; i++) {
        setup(state);
        t_sqlf("INSERT INTO customers (organization_id, phone_number, source)"
               " VALUES ('" DOWNTOWN "', '" CALLER "', 'call');"
               "INSERT INTO calls (organization_id, twilio_call_sid, status)"
               " VALUES ('" DOWNTOWN "', 'CAafter', 'in_progress')");
        t_sqlf("INSERT INTO appointments (organization_id, starts_at, ends_at, customer_id,"
               "    call_id, status, hold_expires_at)"
               " SELECT '" DOWNTOWN "', at, at + interval '1 hour', %s"
               "  FROM customers, (SELECT (date_trunc('week', now() AT TIME ZONE "
               "'America/Toronto') + interval '9 days 10 hours')"
               "      AT TIME ZONE 'America/Toronto' AS at) x"
               " WHERE phone_number = '" CALLER "'",
               whose[i]);
        assert_int_equal(alarms_of(AGENT("You are booked for Wednesday at 10 AM.")), alarms[i]);
    }
}

/* It may come days behind the call: what was "tomorrow" in it is that of the call's day. */
static void an_appointment_is_spoken_of_as_of_the_day_of_the_call(void **state)
{
    static const char *const said[] = {"You are booked for tomorrow at 10 AM.",
                                       "You are booked for today at 10 AM.",
                                       "You are booked for DATE."};
    static const int alarms[] = {0, 1, 0};
    for (size_t i = 0; i < 6; i++) {
        int days = i < 3 ? 1 : 5;
        setup(state);
        t_sqlf("INSERT INTO customers (organization_id, phone_number, source)"
               " VALUES ('" DOWNTOWN "', '" CALLER "', 'call');"
               "INSERT INTO appointments (organization_id, starts_at, ends_at, customer_id,"
               "    status)"
               " SELECT '" DOWNTOWN "', at, at + interval '1 hour', id, 'confirmed'"
               "  FROM customers, (SELECT ((now() - interval '%d days')"
               "      AT TIME ZONE 'America/Toronto')::date + interval '34 hours' AS wall) w,"
               "  LATERAL (SELECT wall AT TIME ZONE 'America/Toronto' AS at) x"
               " WHERE phone_number = '" CALLER "'",
               days);
        const char *text = t_sqlf("SELECT replace('%s', 'DATE',"
                                  "    to_char(starts_at AT TIME ZONE 'America/Toronto',"
                                  "            'FMMonth FMDD')) FROM appointments",
                                  said[i % 3]);
        const char *began =
            t_sqlf("SELECT extract(epoch FROM now() - interval '%d days')::bigint", days);
        t_answer_t a = report(
            wk_printf(t_ctx.arena,
                      ",\"status\":\"done\",\"metadata\":{\"start_time_unix_secs\":%s,"
                      "\"phone_call\":{\"direction\":\"inbound\",\"call_sid\":\"CAafter\","
                      "\"agent_number\":\"+14165550001\",\"external_number\":\"" CALLER
                      "\"}},\"transcript\":[%s]",
                      began, wk_printf(t_ctx.arena, AGENT("%s"), text).data)
                .data);
        assert_done(&a);
        assert_int_equal(count("tasks WHERE kind = 'alarm'"), alarms[i % 3]);
    }
}

/* It was judged while it was said, and put right. */
static void what_went_through_us_is_not_judged_again(void **state)
{
    (void)state;
    t_sqlf("INSERT INTO calls (organization_id, twilio_call_sid, status, started_at)"
           " VALUES ('" DOWNTOWN "', 'CAafter', 'in_progress', to_timestamp(1788264001))");
    t_sqlf(
        "INSERT INTO messages (organization_id, call_id, channel, direction, speaker, content,"
        "    provider, provider_message_id, occurred_at)"
        " SELECT organization_id, id, 'voice', 'outbound', 'agent', 'Great', 'voice',"
        "    'CAafter:1:2', to_timestamp(1788264010) FROM calls");
    assert_int_equal(alarms_of(TUNE_UP BOOKED), 0);
}

/* ---------------------------------------------------------------- erased meanwhile */

static void erase_call(const char *kind, const char *reference)
{
    t_sqlf(
        "DELETE FROM erasures; INSERT INTO erasures (organization_id, id, subject_hash, state,"
        "    finished_at) VALUES ('" DOWNTOWN "', 'e0000000-0000-4000-8000-000000000001',"
        "    repeat('0', 64), 'done', now());"
        "INSERT INTO erasure_requests (organization_id, erasure_id, vendor, kind, reference,"
        "    state) VALUES ('" DOWNTOWN "', 'e0000000-0000-4000-8000-000000000001',"
        "    '%s', '%s', '%s', 'done')",
        strcmp(kind, "call") == 0 ? "twilio" : "elevenlabs", kind, reference);
}

static void assert_nothing_is_kept(void)
{
    assert_int_equal(count("calls"), 0);
    assert_int_equal(count("messages"), 0);
    assert_int_equal(count("outbox"), 0);
    assert_int_equal(count("customers WHERE phone_number = '" CALLER "'"), 0);
}

static void a_call_whose_person_was_erased_does_not_come_back(void **state)
{
    static const struct {
        const char *kind, *reference;
    } erased[] = {{"call", "CAafter"}, {"conversation", CONVERSATION}};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        erase_call(erased[i].kind, erased[i].reference);
        platform_answers(200, FETCHED("done"));
        t_answer_t a = report_by_name();
        assert_done(&a);
        assert_nothing_is_kept();
    }
    erase_call("conversation", "conv_other");
    platform_answers(200, FETCHED("done"));
    t_answer_t a = report_by_name();
    assert_done(&a);
    assert_int_equal(count("calls"), 1);
}

/* ---------------------------------------------------------------- audio, failures */

static void audio_is_noted_before_or_after_the_report(void **state)
{
    static const char audio[] =
        "{\"type\":\"post_call_audio\",\"data\":{\"agent_id\":\"agent_downtown\","
        "\"conversation_id\":\"" CONVERSATION "\",\"full_audio\":\"SUQz\"}}";
    for (int first = 0; first < 2; first++) {
        setup(state);
        t_answer_t a = first ? tell(audio) : report(",\"status\":\"done\"");
        assert_done(&a);
        a = first ? report(",\"status\":\"done\"") : tell(audio);
        assert_done(&a);
        a = tell(audio);
        assert_done(&a);
        assert_int_equal(count("calls WHERE has_audio AND status = 'completed'"), 1);
        assert_int_equal(count("calls"), 1);
    }
}

static void audio_too_large_to_travel_is_noted(void **state)
{
    (void)state;
    t_answer_t a = t_ask(&(t_ask_t){.type = "post_call.store",
                                    .omitted = true,
                                    .members = {"type", "post_call_audio", "conversation",
                                                CONVERSATION, "agent", "agent_downtown"}});
    assert_done(&a);
    assert_int_equal(count("calls WHERE has_audio"), 1);
}

static void a_call_that_was_not_placed_has_a_status(void **state)
{
    static const char *const reasons[][2] = {
        {"busy", "busy"}, {"no-answer", "no_answer"}, {"unknown", "failed"}};
    for (size_t i = 0; i < 3; i++) {
        setup(state);
        t_answer_t a =
            tell(wk_printf(t_ctx.arena,
                           "{\"type\":\"call_initiation_failure\",\"data\":{\"agent_id\":"
                           "\"agent_downtown\",\"conversation_id\":\"" CONVERSATION
                           "\",\"failure_reason\":\"%s\",\"metadata\":{\"type\":\"twilio\","
                           "\"body\":{\"CallSid\":\"CAfailed\",\"From\":\"+14165550001\","
                           "\"To\":\"" CALLER "\"}}}}",
                           reasons[i][0])
                     .data);
        assert_done(&a);
        assert_string_equal(
            status_of_call(),
            wk_printf(t_ctx.arena, "outbound %s %s", reasons[i][1], reasons[i][0]).data);
        assert_string_equal(t_sqlf("SELECT caller_number || ' ' || called_number FROM calls"),
                            "+14165550001 " CALLER);
        assert_int_equal(count("outbox WHERE type = 'call_ended'"), 1);
        assert_int_equal(count("customers WHERE phone_number = '" CALLER "'"), 1);
    }
}

/* The shop's number alone says whose call it was. */
static void a_failure_without_an_agent_is_the_numbers(void **state)
{
    (void)state;
    t_answer_t a =
        tell("{\"type\":\"call_initiation_failure\",\"data\":{"
             "\"conversation_id\":\"" CONVERSATION "\",\"failure_reason\":\"busy\","
             "\"metadata\":{\"body\":{\"From\":\"+14165550002\",\"To\":\"" CALLER "\"}}}}");
    assert_done(&a);
    assert_int_equal(count("calls WHERE organization_id = '" UPTOWN "' AND status = 'busy'"),
                     1);
}

/* ---------------------------------------------------------------- the flat shape */

static void the_guides_flat_report_is_read(void **state)
{
    (void)state;
    t_answer_t a =
        tell("{\"conversation_id\":\"" CONVERSATION "\",\"phone_number\":\"" CALLER "\","
             "\"transcript\":\"I want to buy a gravel bike\",\"duration\":61,\"cost_usd\":0.42,"
             "\"has_audio\":true,\"metadata\":{\"called_number\":\"+14165550001\","
             "\"call_sid\":\"CAflat\"},\"analysis\":{\"summary\":\"Wants a gravel bike\","
             "\"data_collection\":[{\"type\":\"bike_interest\",\"field_name\":\"bike_type\","
             "\"field_value\":\"gravel\",\"data_type\":\"string\",\"confidence\":0.9}]}}");
    assert_done(&a);
    assert_string_equal(t_sqlf("SELECT concat_ws('|', direction, status, caller_number,"
                               "    called_number, twilio_call_sid, duration_seconds, cost_usd,"
                               "    has_audio, summary, call_type) FROM calls"
                               " WHERE organization_id = '" DOWNTOWN "'"),
                        "inbound|completed|" CALLER "|+14165550001|CAflat|61|0.420000|t|"
                        "Wants a gravel bike|sales_inquiry");
    assert_string_equal(t_sqlf("SELECT bike_interest ->> 'type' FROM customers"
                               " WHERE phone_number = '" CALLER "'"),
                        "gravel");
    assert_string_equal(t_sqlf("SELECT concat_ws(' ', data_type, field_name, field_value)"
                               "  FROM call_data"),
                        "bike_interest bike_type gravel");
    assert_string_equal(t_sqlf("SELECT content FROM messages"), "I want to buy a gravel bike");
}

static void a_flat_report_of_nobodys_number_is_noted(void **state)
{
    (void)state;
    t_answer_t a = tell("{\"conversation_id\":\"" CONVERSATION "\",\"metadata\":{"
                        "\"called_number\":\"+14165559999\"},\"analysis\":{}}");
    assert_done(&a);
    assert_string_equal(t_sqlf("SELECT kind || ' ' || key FROM unrouted_events"),
                        "number +14165559999");
    assert_int_equal(count("calls"), 0);
}

/* ---------------------------------------------------------------- judged */

#define CRITERION(name, result) "\"" name "\":{\"result\":\"" result "\",\"rationale\":\"r\"}"

static void the_score_is_the_part_that_succeeded(void **state)
{
    static const char *const cases[][2] = {
        {"{}", ""},
        {"[]", ""},
        {"null", ""},
        {"{" CRITERION("a", "success") "}", "100.00"},
        {"{" CRITERION("a", "failure") "}", "0.00"},
        {"{" CRITERION("a", "success") "," CRITERION("b", "unknown") "," CRITERION(
             "c", "failure") "," CRITERION("d", "success") "}",
         "50.00"},
        {"{" CRITERION("a", "success") "," CRITERION("b", "splendid") "}", "100.00"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        setup(state);
        t_answer_t a =
            report(wk_printf(t_ctx.arena, ",\"analysis\":{\"evaluation_criteria_results\":%s}",
                             cases[i][0])
                       .data);
        assert_done(&a);
        assert_string_equal(t_sqlf("SELECT coalesce(success_score::text, '') FROM calls"),
                            cases[i][1]);
    }
}

static void report_of_caller(const char *data)
{
    t_answer_t a = report(wk_printf(t_ctx.arena,
                                    ",\"metadata\":{\"phone_call\":{\"direction\":\"inbound\","
                                    "\"agent_number\":\"+14165550001\","
                                    "\"external_number\":\"" CALLER "\"}},"
                                    "\"transcript\":[{\"role\":\"user\",\"message\":\"Hi\"}],"
                                    "\"analysis\":{\"data_collection_results\":{%s}}",
                                    data)
                              .data);
    assert_done(&a);
}

#define DATUM(name, value) "\"" name "\":{\"value\":" value "}"

static void the_leads_status_only_rises(void **state)
{
    static const struct {
        const char *before, *data, *after;
    } cases[] = {
        {"new", "", "contacted"},
        {"contacted", DATUM("budget_range", "\"2000\""), "contacted"},
        {"new",
         DATUM("budget_range", "\"2000\"") "," DATUM("bike_type", "\"road\"") "," DATUM(
             "purchase_timeline", "\"soon\""),
         "qualified"},
        {"qualified", "", "qualified"},
        {"new", DATUM("appointment_booked", "true"), "hot"},
        {"cold", DATUM("appointment_booked", "\"True\""), "hot"},
        {"hot", DATUM("appointment_booked", "false"), "hot"},
        {"closed", DATUM("appointment_booked", "true"), "closed"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        setup(state);
        t_sqlf("INSERT INTO customers (organization_id, phone_number, source, lead_status)"
               " VALUES ('" DOWNTOWN "', '" CALLER "', 'call', '%s')",
               cases[i].before);
        report_of_caller(cases[i].data);
        const char *now =
            t_sqlf("SELECT lead_status FROM customers WHERE phone_number = '" CALLER "'");
        if (strcmp(now, cases[i].after) != 0) {
            fail_msg("%s with %s: %s, not %s", cases[i].before, cases[i].data, now,
                     cases[i].after);
        }
    }
}

/* ---------------------------------------------------------------- masked */

static void no_card_number_is_kept_of_a_report(void **state)
{
    (void)state;
    t_answer_t a = report(
        ",\"metadata\":{\"termination_reason\":\"said " CARD "\"},"
        "\"transcript\":[{\"role\":\"user\",\"message\":\"It is 4111 1111\"},"
        "{\"role\":\"agent\",\"message\":\"Go on\"},"
        "{\"role\":\"user\",\"message\":\"1111 1111 thanks\"}],"
        "\"analysis\":{\"transcript_summary\":\"Read out " CARD "\","
        "\"evaluation_criteria_results\":{\"c\":{\"result\":\"success\",\"rationale\":\"" CARD
        "\"}},\"data_collection_results\":{" DATUM("note", "\"" CARD "\"") "," DATUM(
            "number", "4111111111111111") "}}");
    assert_done(&a);
    const char *kept =
        t_sqlf("SELECT concat_ws('|', (SELECT string_agg(c::text, '|') FROM calls c),"
               "    (SELECT string_agg(m::text, '|') FROM messages m),"
               "    (SELECT string_agg(d::text, '|') FROM call_data d),"
               "    (SELECT string_agg(v::text, '|') FROM evaluations v),"
               "    (SELECT string_agg(o.data::text, '|') FROM outbox o))");
    assert_has(kept, "**** ****");
    assert_has_not(kept, "1111 1111");
    assert_has_not(kept, "411111");
    assert_int_equal(t_logged("1111"), 0);
}

/* ---------------------------------------------------------------- none */

static void what_is_no_report_is_given_up(void **state)
{
    static const char *const bodies[] = {"",
                                         "[]",
                                         "{",
                                         "{}",
                                         "{\"type\":\"post_call_transcription\",\"data\":{}}",
                                         "{\"data\":{\"conversation_id\":\"a b\"}}",
                                         "{\"data\":{\"conversation_id\":7}}"};
    (void)state;
    for (size_t i = 0; i < sizeof(bodies) / sizeof(*bodies); i++) {
        t_answer_t a = tell(bodies[i]);
        if (a.end.how != WK_END_BURY) {
            fail_msg("%s is taken for a report", bodies[i]);
        }
    }
    assert_int_equal(count("calls"), 0);
    assert_int_equal(count("unrouted_events"), 0);
}

static void an_event_of_tomorrow_is_let_pass(void **state)
{
    (void)state;
    t_answer_t a = tell("{\"type\":\"post_call_video\",\"data\":{\"conversation_id\":\"c\"}}");
    assert_done(&a);
    assert_int_equal(count("calls"), 0);
}

/* ---------------------------------------------------------------- emergencies */

#define FIRE                                                                                   \
    "\"transcript\":[{\"role\":\"agent\",\"message\":\"Hello\"},{\"role\":\"user\","           \
    "\"message\":\"Help, the battery of my e-bike is on fire in my house\"}]," PHONE

/* Where no event told of it: late is better than never. */
static void an_emergency_in_a_report_pages_once(void **state)
{
    (void)state;
    t_sqlf("DELETE FROM tasks; DELETE FROM effects");
    t_answer_t a = report("," FIRE);
    assert_done(&a);
    t_sqlf("DELETE FROM webhook_events");
    a = report("," FIRE);
    assert_done(&a);
    assert_int_equal(count("outbox WHERE type = 'emergency'"), 1);
    assert_int_equal(count("messages WHERE template = 'page'"), 1);
    assert_int_equal(count("tasks WHERE kind = 'emergency'"), 1);
    assert_string_equal(t_sqlf("SELECT emergency_level FROM calls"), "urgent");
    assert_string_equal(
        t_sqlf("SELECT priority FROM customers WHERE phone_number = '" CALLER "'"), "urgent");
}

/* What the live events told of is not told again. */
static void an_emergency_that_was_told_of_is_not_in_its_report(void **state)
{
    (void)state;
    t_answer_t a = t_ask(
        &(t_ask_t){.type = "conversation_events.store",
                   .body = "{\"type\":\"user_transcript\",\"agent_id\":\"agent_downtown\","
                           "\"conversation_id\":\"" CONVERSATION
                           "\",\"transcript\":\"there is a fire!\"}"});
    assert_done(&a);
    a = report("," FIRE);
    assert_done(&a);
    assert_int_equal(count("outbox WHERE type = 'emergency'"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_emergency_in_a_report_pages_once),
        cmocka_unit_test(an_emergency_that_was_told_of_is_not_in_its_report),
        cmocka_unit_test(what_did_not_travel_is_asked_for),
        cmocka_unit_test(a_flat_report_that_did_not_travel_is_asked_for),
        cmocka_unit_test(a_conversation_in_the_making_is_asked_for_again),
        cmocka_unit_test(a_report_that_came_too_early_is_asked_for),
        cmocka_unit_test(a_conversation_that_is_gone_is_given_up),
        cmocka_unit_test(a_busy_platform_is_asked_when_it_says),
        cmocka_unit_test(an_answer_nobody_can_read_is_asked_for_again),
        cmocka_unit_test(a_refused_login_loses_no_report),
        cmocka_unit_test(a_missing_key_loses_no_report),
        cmocka_unit_test(a_refused_login_is_waited_for_a_day),
        cmocka_unit_test(a_report_without_turns_keeps_no_turn_out),
        cmocka_unit_test(a_report_with_turns_replaces_them),
        cmocka_unit_test(what_the_platforms_agent_claims_is_held_against_its_tools),
        cmocka_unit_test(a_claim_is_an_alarm_once_however_often_it_is_reported),
        cmocka_unit_test(a_claim_is_counted_when_its_report_is_stored),
        cmocka_unit_test(an_appointment_that_stands_may_be_spoken_of_there),
        cmocka_unit_test(an_appointment_is_spoken_of_as_of_the_day_of_the_call),
        cmocka_unit_test(what_went_through_us_is_not_judged_again),
        cmocka_unit_test(a_call_whose_person_was_erased_does_not_come_back),
        cmocka_unit_test(audio_is_noted_before_or_after_the_report),
        cmocka_unit_test(audio_too_large_to_travel_is_noted),
        cmocka_unit_test(a_call_that_was_not_placed_has_a_status),
        cmocka_unit_test(a_failure_without_an_agent_is_the_numbers),
        cmocka_unit_test(the_guides_flat_report_is_read),
        cmocka_unit_test(a_flat_report_of_nobodys_number_is_noted),
        cmocka_unit_test(the_score_is_the_part_that_succeeded),
        cmocka_unit_test(the_leads_status_only_rises),
        cmocka_unit_test(no_card_number_is_kept_of_a_report),
        cmocka_unit_test(what_is_no_report_is_given_up),
        cmocka_unit_test(an_event_of_tomorrow_is_let_pass),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return t_client_main(tests, sizeof(tests) / sizeof(*tests), setup);
}
