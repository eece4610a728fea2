/*
 * Turns of calls: each is had once wherever the worker dies (crash.h), its answer outlives
 * Redis, and the re-entry door goes on with whatever an engine left.
 */
#include <stdio.h>

#include "t/handlers/lib/deaths.h"
#include "t/handlers/lib/texts.h"
#include "worker/call_state.h"
#include "worker/call_token.h"
#include "worker/metrics.h"

#define SID        "CA0123456789abcdef0123456789abcdef"
#define MAX_VISITS 200

#define ATTESTED "From=%2B16475550123&StirVerstat=TN-Validation-Passed-A"
#define WITHHELD "From=%2B266696687"

static char secret[] = "an internal secret of the tests alone";
static const char *caller;

static int setup(void **state)
{
    int result = t_texts_setup(state);
    t_sqlf("WITH d AS (DELETE FROM calls RETURNING 1) SELECT count(*) FROM d");
    caller = ATTESTED;
    t_config.internal_secret = secret;
    t_config.openai_api_key = t_config.elevenlabs_api_key = t_config.deepgram_api_key = NULL;
    redisReply *reply =
        wk_redis_command(t_ctx.redis, 0, (va_str_t[]){VA_STR("FLUSHALL")}, 1, &t_e);
    assert_non_null(reply);
    freeReplyObject(reply);
    t_sqlf("WITH w AS (UPDATE organizations SET hours = (SELECT jsonb_object_agg(d,"
           " '{\"open\":\"00:00\",\"close\":\"24:00\"}'::jsonb) FROM unnest('{monday,tuesday,"
           "wednesday,thursday,friday,saturday,sunday}'::text[]) d),"
           " engines = '{receptionist}' WHERE id = '" DOWNTOWN
           "' RETURNING 1) SELECT count(*) FROM w");
    return result;
}

/* ---------------------------------------------------------------- requests */

static const char *form(const char *more)
{
    return wk_printf(t_ctx.arena, "CallSid=" SID "&%s&To=%%2B14165550001&Direction=inbound%s",
                     caller, more)
        .data;
}

static const char *token(void)
{
    va_str_t text;
    assert_ok(wk_call_token_mint(&t_config, t_ctx.arena, VA_TOKEN_CALL, VA_STR(SID),
                                 VA_STR(DOWNTOWN), 0, 3600, &text, &t_e));
    return text.data;
}

static t_ask_t ask_for(const char *type, int turn, const char *more)
{
    return (t_ask_t){.type = type,
                     .scheme = "twilio",
                     .content_type = "application/x-www-form-urlencoded",
                     .args =
                         wk_printf(t_ctx.arena, "c=%s&n=%d&l=en&s=0&e=0", token(), turn).data,
                     .body = form(more)};
}

static t_answer_t request(const char *type, int turn, const char *more)
{
    t_ask_t ask = ask_for(type, turn, more);
    return t_ask(&ask);
}

static const char *twiml(const t_answer_t *answer)
{
    assert_int_equal(answer->status, 200);
    assert_true(t_eq(answer->type, "text/xml"));
    return wk_strdup(t_ctx.arena, answer->body);
}

static const char *ring(void)
{
    t_answer_t a = t_ask(&(t_ask_t){.type = "phone.incoming",
                                    .scheme = "twilio",
                                    .content_type = "application/x-www-form-urlencoded",
                                    .body = form("")});
    return twiml(&a);
}

static const char *say(int turn, const char *words)
{
    t_answer_t a =
        request("phone.turn", turn, wk_printf(t_ctx.arena, "&SpeechResult=%s", words).data);
    return twiml(&a);
}

/* Under the names of the bike store guide. */
static void another_language_is_told(void **state)
{
    (void)state;
    ring();
    say(1, "fran%C3%A7ais");
    assert_string_equal(t_sqlf("SELECT concat_ws(' ', data ->> 'from_language',"
                               "    data ->> 'to_language', data ? 'reason')"
                               "  FROM outbox WHERE type = 'language_switched'"),
                        "en fr t");
}

/* ---------------------------------------------------------------- once */

#define WORDS "Please+take+a+message%3A+my+brakes+squeal"

static bool dies_at(const char *point, int visit)
{
    t_ask_t ask = ask_for("phone.turn", 1, "&SpeechResult=" WORDS);
    return t_dies_at(point, visit, &ask);
}

static void assert_had_once(void)
{
    assert_string_equal(
        t_sqlf(
            "SELECT concat_ws(' ', (SELECT count(*) FROM messages),"
            " (SELECT count(*) FROM tasks WHERE kind = 'message'),"
            " (SELECT string_agg(type, ' ' ORDER BY type) FROM outbox WHERE kind = 'event'))"),
        "3 1 agent_response agent_response call_started user_transcript");
}

static void dies_at_every_visit_of(const char *point)
{
    int deaths = 0;
    for (int visit = 1; visit < MAX_VISITS; visit++) {
        setup(NULL);
        ring();
        bool died = dies_at(point, visit);
        assert_has(say(1, WORDS), "&amp;n=2&amp;");
        assert_had_once();
        if (!died) {
            break;
        }
        deaths++;
    }
    printf("# %d deaths at %s\n", deaths, point);
    assert_in_range(deaths, 1, MAX_VISITS - 2);
}

static void it_dies_around_a_statement(void **state)
{
    (void)state;
    dies_at_every_visit_of("db.after");
}

static void it_dies_around_a_commit(void **state)
{
    (void)state;
    dies_at_every_visit_of("commit.before");
    dies_at_every_visit_of("commit.after");
}

static void it_dies_around_redis(void **state)
{
    (void)state;
    dies_at_every_visit_of("redis.before");
    dies_at_every_visit_of("redis.after");
}

static void an_answer_outlives_redis(void **state)
{
    (void)state;
    const char *greeting = ring(), *answer = say(1, "When+are+you+open%3F");
    freeReplyObject(
        wk_redis_command(t_ctx.redis, 0, (va_str_t[]){VA_STR("FLUSHALL")}, 1, &t_e));
    assert_string_equal(ring(), greeting);
    assert_string_equal(say(1, "something+else"), answer);
    assert_has(say(2, "bye"), "<Hangup/>");
}

/* ---------------------------------------------------------------- tokens */

static void a_token_is_of_one_call(void **state)
{
    (void)state;
    ring();
    t_ask_t ask = ask_for("phone.turn", 1, "&SpeechResult=hello");
    ask.args = "c=nonsense&n=1&l=en";
    t_answer_t a = t_ask(&ask);
    assert_has(twiml(&a), "<Hangup/>");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM messages WHERE speaker = 'customer'"), 0);
}

static void a_call_that_is_not_known_begins_anew(void **state)
{
    (void)state;
    assert_has(say(1, "hello"), "/api/voice/incoming</Redirect>");
}

/* ---------------------------------------------------------------- the way back */

static void leave(const char *next, const char *detail)
{
    bool stale;
    wk_call_field_t fields[] = {{"next", va_str_c(next)}, {"detail", va_str_c(detail)}};
    assert_ok(wk_call_state_set(t_ctx.redis, t_ctx.arena, VA_STR(SID), WK_CALL_ANY_EPOCH,
                                fields, 2, &stale, &t_e));
    assert_false(stale);
}

static const char *come_back(int n)
{
    t_answer_t a = request("phone.resume", n, "");
    return twiml(&a);
}

static void an_engine_that_is_done_ends_the_call(void **state)
{
    (void)state;
    ring();
    leave("hangup", "{\"message\":\"Bye for now\"}");
    assert_has(come_back(1), ">Bye for now</Say><Hangup/>");
}

/* It stays, until somebody who can tell has seen it heard. */
static void what_he_had_to_hear_is_said_at_the_door(void **state)
{
    (void)state;
    ring();
    t_redis(t_ctx.redis, t_ctx.arena, "HSET va:call:{" SID "} due Leave-the-house.");
    assert_has(come_back(1), "Where were we? Leave-the-house.");
    assert_has(come_back(1), "Where were we? Leave-the-house.");
    leave("hangup", "{\"message\":\"Bye for now\"}");
    const char *document = come_back(2);
    assert_has(document, ">Leave-the-house.</Say>");
    assert_has(document, ">Bye for now</Say><Hangup/>");
    leave("dial", "{\"reason\":\"wants the manager\"}");
    document = come_back(3);
    assert_has(document, ">Leave-the-house.</Say>");
    assert_has(document, "<Dial ");
}

static void why_an_engine_ended_it_is_kept(void **state)
{
    (void)state;
    ring();
    leave("hangup", "{\"reason\":\"silence\"}");
    assert_has(come_back(1), "<Hangup/>");
    assert_string_equal(t_sqlf("SELECT end_reason FROM calls"), "silence");
    leave("hangup", "{}");
    come_back(2);
    assert_string_equal(t_sqlf("SELECT end_reason FROM calls"), "silence");
}

static void started_ago(const char *ago)
{
    t_sqlf("WITH c AS (UPDATE calls SET started_at = now() - interval '%s' RETURNING 1)"
           " SELECT count(*) FROM c",
           ago);
}

static void the_longest_call_ends_at_the_door(void **state)
{
    (void)state;
    ring();
    started_ago("29 minutes 50 seconds");
    assert_has(come_back(1), "<Gather ");
    started_ago("30 minutes");
    const char *document = come_back(2);
    assert_has(document, "Our time for this call is over");
    assert_has(document, "</Say><Hangup/>");
    assert_string_equal(t_sqlf("SELECT end_reason FROM calls"), "limit");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM tasks WHERE kind = 'callback'"), 0);
}

static void the_longest_call_is_still_put_through(void **state)
{
    (void)state;
    ring();
    started_ago("31 minutes");
    leave("dial", "{\"reason\":\"wants the manager\"}");
    assert_has(come_back(1), "<Dial ");
}

static void an_engine_puts_the_call_through(void **state)
{
    (void)state;
    ring();
    leave("dial", "{\"reason\":\"wants the manager\",\"destination\":\"manager\"}");
    const char *document = come_back(1);
    assert_has(document, "<Dial ");
    assert_has(document, "+14165550010</Number>");
    assert_string_equal(t_sqlf("SELECT transferred_to FROM calls"), "manager");
}

/* ---------------------------------------------------------------- from a person */

/* The call is an engine's that needs its sound, and is put through as turn 2. */
static void put_through_by_engine(void)
{
    ring();
    t_config.openai_api_key = "a key";
    t_sqlf("UPDATE organizations SET plan = 'PRO', engines = '{realtime,receptionist}'");
    t_redis(t_ctx.redis, t_ctx.arena, "HSET va:call:{" SID "} engine realtime");
    leave("dial", "{\"reason\":\"wants the manager\"}");
    assert_has(come_back(0), "/api/voice/transfer?");
}

static const char *come_from_person(int n, const char *more)
{
    t_ask_t ask = ask_for("phone.resume", n, "");
    ask.args = wk_printf(t_ctx.arena, "c=%s&n=%d&l=en%s", token(), n, more).data;
    t_answer_t a = t_ask(&ask);
    return twiml(&a);
}

static const char *briefed(const char *name)
{
    return va_json_bool(va_json_get(t_briefing(SID), name), false) ? "yes" : "no";
}

static void agent_says(const char *words)
{
    t_answer_t a = t_ask(&(t_ask_t){
        .type = "media.turn",
        .org = DOWNTOWN,
        .scheme = "internal",
        .body = wk_printf(t_ctx.arena,
                          "{\"call\":\"" SID "\",\"epoch\":3,\"turn\":9,\"speaker\":\"agent\","
                          "\"text\":\"%s\",\"language\":\"en\"}",
                          words)
                    .data});
    assert_done(&a);
}

static int64_t callbacks(void)
{
    return t_sqlf_int("SELECT count(*) FROM tasks WHERE kind = 'callback'");
}

/* A line that we ring may be diverted to us. */
static void the_agent_does_not_talk_with_itself(void **state)
{
    (void)state;
    caller = "From=%2B14165550001&ForwardedFrom=%2B14165550010";
    assert_has(ring(), "<Response><Reject reason=\"busy\"/></Response>");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM calls"), 0);
    assert_int_equal(
        t_sqlf_int("SELECT count(*) FROM customers WHERE phone_number = '+14165550001'"), 0);
}

/* However the number came to stand there: it may be one that was bought since. */
static void nobody_is_put_through_to_the_agent(void **state)
{
    (void)state;
    t_sqlf("CREATE TEMP TABLE kept AS SELECT transfer_destinations, owner_phone"
           "  FROM agent_configs g JOIN organizations o ON o.id = g.organization_id"
           " WHERE o.id = '" DOWNTOWN "';"
           "INSERT INTO organization_phone_numbers (organization_id, phone_number)"
           " VALUES ('" DOWNTOWN "', '+14165550190');"
           "UPDATE organizations SET owner_phone = '+14165550190' WHERE id = '" DOWNTOWN "';"
           "UPDATE agent_configs SET transfer_destinations ="
           "       '[{\"name\":\"general_support\",\"number\":\"+14165550190\"}]'"
           " WHERE organization_id = '" DOWNTOWN "'");
    ring();
    t_answer_t a = request("phone.turn", 1, "&Digits=0");
    const char *document = twiml(&a);
    t_sqlf("DELETE FROM organization_phone_numbers WHERE phone_number = '+14165550190';"
           "UPDATE organizations o SET owner_phone = kept.owner_phone FROM kept"
           " WHERE o.id = '" DOWNTOWN "';"
           "UPDATE agent_configs g SET transfer_destinations = kept.transfer_destinations"
           "  FROM kept WHERE g.organization_id = '" DOWNTOWN "'; DROP TABLE kept");
    assert_has_not(document, "<Dial");
    assert_int_equal(callbacks(), 1);
}

/* The engine itself says that nobody took it; no voice process has room here, so the talk does.
 */
static void whom_nobody_took_goes_back_to_his_engine(void **state)
{
    (void)state;
    put_through_by_engine();
    t_answer_t a = request("phone.transfer", 2, "&DialCallStatus=no-answer");
    const char *document = twiml(&a);
    assert_has(document, "/api/voice/resume?");
    assert_has(document, "&amp;n=1&amp;l=en&amp;b=1</Redirect>");
    assert_has_not(document, "<Say");
    assert_has_not(document, "<Gather");
    assert_int_equal(callbacks(), 1);
    assert_string_equal(t_sqlf("SELECT metadata -> 'did' FROM calls"), "[\"passed_on\"]");
    assert_string_equal(briefed("returned"), "yes");
    assert_string_equal(briefed("unanswered"), "yes");
    a = request("phone.transfer", 2, "&DialCallStatus=no-answer");
    assert_string_equal(twiml(&a), document);
    assert_int_equal(callbacks(), 1);

    for (int i = 0; i < 2; i++) {
        assert_has(come_from_person(1, "&b=1"), "nobody can take your call");
    }
    assert_int_equal(t_redis_int(t_ctx.redis, "HINCRBY va:call:{" SID "} resumes 0"), 0);
    t_redis(t_ctx.redis, t_ctx.arena, "HSET va:call:{" SID "} engine realtime");
    agent_says("Nobody can take it now.");
    assert_string_equal(briefed("returned"), "no");
    assert_has(come_from_person(2, ""), "we were cut off");
}

/* No worker was there when he pressed it. */
static void a_person_who_talked_has_taken_it_though_his_key_is_lost(void **state)
{
    (void)state;
    put_through_by_engine();
    request("phone.transfer", 2, "&DialCallStatus=completed&DialCallDuration=300");
    assert_int_equal(callbacks(), 0);
    assert_string_equal(briefed("returned"), "yes");
    assert_string_equal(briefed("unanswered"), "no");
}

static const char *asked_for_a_person(void)
{
    t_answer_t a = t_ask(
        &(t_ask_t){.type = "media.tool",
                   .org = DOWNTOWN,
                   .scheme = "internal",
                   .body = "{\"call\":\"" SID "\",\"tool\":\"transfer_to_human\","
                           "\"arguments\":\"{\\\"reason\\\":\\\"wants the manager\\\"}\"}"});
    assert_done(&a);
    return t_text(&a, "/next");
}

/* A model that reads once more that he wished for a person rings nobody for that. */
static void a_person_who_did_not_answer_is_not_rung_before_that_was_said(void **state)
{
    (void)state;
    put_through_by_engine();
    assert_string_equal(asked_for_a_person(), "dial");
    t_answer_t a = request("phone.transfer", 2, "&DialCallStatus=no-answer");
    assert_has(twiml(&a), "&amp;b=1</Redirect>");
    assert_string_equal(asked_for_a_person(), "");
    agent_says("I am sorry, nobody can take it now.");
    assert_string_equal(asked_for_a_person(), "dial");
}

static void whom_a_person_had_goes_back_to_his_engine_too(void **state)
{
    (void)state;
    put_through_by_engine();
    t_answer_t a = request("phone.accept", 2, "&Digits=1");
    twiml(&a);
    a = request("phone.transfer", 2, "&DialCallStatus=completed");
    assert_has(twiml(&a), "&amp;b=1</Redirect>");
    assert_int_equal(callbacks(), 0);
    assert_string_equal(briefed("returned"), "yes");
    assert_string_equal(briefed("unanswered"), "no");
    assert_has(come_from_person(1, "&b=1"), "anything else I can do");
}

/* A state that is lost is no reason to stay with the talk: the row knows the engine. */
static void he_goes_back_to_the_engine_of_the_row(void **state)
{
    (void)state;
    put_through_by_engine();
    t_sqlf("UPDATE calls SET engine = 'realtime'");
    t_redis(t_ctx.redis, t_ctx.arena, "FLUSHALL");
    t_answer_t a = request("phone.transfer", 2, "&DialCallStatus=busy");
    assert_has(twiml(&a), "&amp;n=2&amp;l=en&amp;b=1</Redirect>");
    assert_has(come_from_person(2, "&b=1"), "nobody can take your call");
}

/* Each trouble would ring the people anew. */
static void whom_a_trouble_brought_to_a_person_stays_with_the_talk(void **state)
{
    (void)state;
    put_through_by_engine();
    t_ask_t trouble = ask_for("phone.error", 3, "");
    trouble.args = wk_printf(t_ctx.arena, "c=%s&n=3&l=en&e=1", token()).data;
    t_answer_t a = t_ask(&trouble);
    assert_has(twiml(&a), "/api/voice/transfer?");
    assert_has(twiml(&a), "&amp;e=1\"");
    t_ask_t back = ask_for("phone.transfer", 4, "&DialCallStatus=busy");
    back.args = wk_printf(t_ctx.arena, "c=%s&n=4&l=en&e=1", token()).data;
    a = t_ask(&back);
    assert_has(twiml(&a), "<Gather ");
    assert_has(twiml(&a), "nobody can take your call");
}

static void an_engine_that_died_is_followed_by_the_talk(void **state)
{
    (void)state;
    ring();
    assert_has(come_back(1), "<Gather ");
    assert_has(come_back(2), "&amp;n=1&amp;");
}

static void who_falls_too_often_is_called_back(void **state)
{
    (void)state;
    ring();
    for (int n = 1; n <= 3; n++) {
        assert_has(come_back(n), "<Gather ");
    }
    assert_has(come_back(4), "<Hangup/>");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM tasks WHERE kind = 'callback'"), 1);
    assert_string_equal(t_sqlf("SELECT end_reason FROM calls"), "failed");
}

static void a_lost_state_is_begun_again(void **state)
{
    (void)state;
    ring();
    freeReplyObject(
        wk_redis_command(t_ctx.redis, 0, (va_str_t[]){VA_STR("FLUSHALL")}, 1, &t_e));
    assert_has(come_back(1), "<Gather ");
    wk_call_state_t s;
    bool found;
    assert_ok(wk_call_state_read(t_ctx.redis, t_ctx.arena, VA_STR(SID), &s, &found, &t_e));
    assert_true(found && t_eq(s.organization, DOWNTOWN));
}

/* ---------------------------------------------------------------- no slot */

static int64_t refused(const char *reason)
{
    assert_ok(wk_metrics_flush(t_ctx.redis, &t_e));
    return t_redis_int(t_ctx.redis,
                       "HGET va:metrics voiceagent_calls_refused_total{reason=\"%s\"}", reason);
}

/* Two engines that need a voice process are tried for it. */
static void a_call_without_a_slot_is_counted_once(void **state)
{
    t_config.openai_api_key = t_config.deepgram_api_key = "a key";
    t_sqlf("UPDATE organizations SET plan = 'PRO',"
           "    engines = '{realtime,pipeline,receptionist}'");
    assert_ok(wk_metrics_flush(t_ctx.redis, &t_e));
    t_redis(t_ctx.redis, t_ctx.arena, "DEL va:metrics");
    assert_has(ring(), "<Gather");
    assert_int_equal(refused("voice"), 1);
    setup(state);
    t_redis(t_ctx.redis, t_ctx.arena, "ZADD va:voice:org:{" DOWNTOWN "} 99999999999999 CA2");
    t_sqlf("UPDATE organizations SET max_concurrent_calls = 1");
    assert_has(ring(), "<Hangup");
    assert_int_equal(refused("organization"), 1);
    t_sqlf("UPDATE organizations SET max_concurrent_calls = 10");
}

/* ---------------------------------------------------------------- one talk of many turns */

/* A caller who withholds his number, and a model that answers him. */
static void ring_withheld(void)
{
    caller = WITHHELD;
    ring();
    t_openai();
    t_sqlf("UPDATE organizations SET plan = 'PRO', engines = '{pipeline,receptionist}';"
           "DELETE FROM appointments; DELETE FROM proofs; DELETE FROM effects");
}

/* In that turn the model calls the tool. */
static const char *turn_with_tool(int turn, const char *tool, const char *arguments)
{
    va_buf_t text;
    va_buf_init(&text, wk_mem(t_ctx.arena), 256);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_object(w);
    va_json_key(w, "answers");
    va_json_array(w);
    va_json_object(w);
    va_json_key(w, "tool_calls");
    va_json_array(w);
    va_json_object(w);
    va_json_add_c(w, "name", tool);
    va_json_add_c(w, "arguments", arguments);
    va_json_object_end(w);
    va_json_array_end(w);
    va_json_object_end(w);
    va_json_array_end(w);
    va_json_object_end(w);
    assert_int_equal(va_json_writer_end(w), VA_OK);
    t_openai_ask("POST", "/_sim/model", wk_strdup(t_ctx.arena, va_buf_str(&text)));
    return say(turn, "It+is+about+the+blue+one");
}

/* What the agent has said so far, by the record and as people saw it live. */
static const char *made_of(void)
{
    const char *stored = t_sqlf("SELECT string_agg(tools_used::text, ' ' ORDER BY occurred_at)"
                                "  FROM messages WHERE speaker = 'agent'");
    assert_string_equal(t_sqlf("SELECT string_agg(data ->> 'toolsUsed', ' ' ORDER BY id)"
                               "  FROM outbox WHERE type = 'agent_response'"),
                        stored);
    return stored;
}

/* Whoever asks for a moment is in the same call as before. */
static void a_moment_does_not_outlast_the_longest_call(void **state)
{
    static const char asked[] = "{\"reason\":\"looks for the number\"}";
    (void)state;
    ring_withheld();
    const char *document = turn_with_tool(1, "skip_turn", asked);
    assert_null(strstr(document, "<Say"));
    started_ago("29 minutes 30 seconds");
    document = turn_with_tool(2, "skip_turn", asked);
    assert_has(document, ">Just so you know, this call can last one more minute.");
    assert_has(document, "<Gather ");
    started_ago("30 minutes");
    document = turn_with_tool(3, "skip_turn", asked);
    assert_has(document, ">Our time for this call is over");
    assert_has(document, "</Say><Hangup/>");
    assert_string_equal(t_sqlf("SELECT end_reason FROM calls"), "limit");
}

/* Nobody could call him back, nor book for him. */
static void a_withheld_caller_is_asked_for_a_number(void **state)
{
    (void)state;
    caller = WITHHELD;
    ring();
    assert_has(say(1, "Please+take+a+message%3A+my+brakes+squeal"),
               "At which phone number can the team reach you?");
    assert_has(say(2, "647+555+0123"), "The team has your number.");
    assert_string_equal(t_sqlf("SELECT string_agg(body, '|' ORDER BY created_at)"
                               "  FROM tasks WHERE kind = 'message'"),
                        "Please take a message: my brakes squeal|647 555 0123");
    /* Not today, which may have a single free time left. */
    say(3, wk_printf(t_ctx.arena, "I+would+like+to+book+a+tune-up+on+%s",
                     t_sqlf("SELECT CASE extract(isodow FROM d) WHEN 7 THEN 'Monday'"
                            "            ELSE to_char(d, 'FMDay') END"
                            "  FROM (SELECT now() AT TIME ZONE 'America/Toronto'"
                            "               + interval '3 days' AS d) x"))
               .data);
    assert_has(say(4, "the+second"), "At which phone number can the team reach you?");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM appointments"), 0);
    assert_has(say(5, "it+is+647+555+0123"), "Booked: tune-up");
    assert_string_equal(t_sqlf("SELECT status || ' ' || customer_phone FROM appointments"),
                        "confirmed +16475550123");
}

static void a_withheld_caller_proves_an_order_five_times_a_call(void **state)
{
    (void)state;
    ring_withheld();
    for (int turn = 1; turn <= 6; turn++) {
        turn_with_tool(
            turn, "lookup_order",
            wk_printf(t_ctx.arena, "{\"order_number\":\"1042\",\"postcode\":\"M5V%d\"}", turn)
                .data);
        assert_int_equal(t_sqlf_int("SELECT count(*) FROM proofs"), turn < 6 ? turn : 5);
    }
}

/* A turn that is asked for again is the answer of before. */
static void what_the_model_takes_is_counted_once(void **state)
{
    (void)state;
    ring_withheld();
    turn_with_tool(1, "skip_turn", "{\"reason\":\"looks for the number\"}");
    const char *taken = t_sqlf("SELECT concat_ws(' ', tokens_in, tokens_out) FROM calls"
                               " WHERE tokens_in > 100 AND tokens_out > 0");
    assert_non_null(taken);
    say(1, "It+is+about+the+blue+one");
    assert_string_equal(t_sqlf("SELECT concat_ws(' ', tokens_in, tokens_out) FROM calls"),
                        taken);
}

static void a_hold_is_booked_by_its_own_caller_a_turn_later(void **state)
{
    (void)state;
    ring_withheld();
    const char *wish = t_sqlf("SELECT format('\"service_type\":\"tune_up\",\"customer_name\":"
                              "\"Ann\",\"appointment_datetime\":\"%%sT10:00\"',"
                              "    current_date + 7)");
    turn_with_tool(1, "book_appointment",
                   wk_printf(t_ctx.arena, "{%s,\"hold\":true}", wish).data);
    assert_string_equal(t_sqlf("SELECT string_agg(status, ' ') FROM appointments"), "held");
    assert_string_equal(made_of(), "[] [\"book_appointment\"]");
    for (int turn = 2; turn <= 4; turn += 2) {
        turn_with_tool(turn, "book_appointment", wk_printf(t_ctx.arena, "{%s}", wish).data);
        assert_string_equal(
            t_sqlf("SELECT string_agg(status, ' ' ORDER BY status) FROM appointments"),
            "cancelled confirmed");
    }
    assert_int_equal(t_sqlf_int("SELECT count(DISTINCT result ->> 'appointment_id')"
                                "  FROM effects WHERE kind = 'book_appointment'"
                                "   AND result ->> 'status' = 'confirmed'"),
                     1);
}

/* ---------------------------------------------------------------- trouble */

static void trouble_is_asked_about_once_and_then_a_person_helps(void **state)
{
    (void)state;
    ring();
    t_answer_t first = request("phone.error", 1, "");
    assert_has(twiml(&first), "&amp;e=1");
    t_ask_t again = ask_for("phone.error", 2, "");
    again.args = wk_printf(t_ctx.arena, "c=%s&n=2&l=en&e=1", token()).data;
    t_answer_t second = t_ask(&again);
    assert_has(twiml(&second), "<Dial ");
}

static void the_carriers_own_fallback_begins_the_call_anew(void **state)
{
    (void)state;
    t_ask_t ask = ask_for("phone.error", 0, "&ErrorCode=11200");
    ask.args = NULL;
    t_answer_t a = t_ask(&ask);
    assert_has(twiml(&a), "/api/voice/incoming?e=1</Redirect>");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_language_is_told),
        cmocka_unit_test(it_dies_around_a_statement),
        cmocka_unit_test(it_dies_around_a_commit),
        cmocka_unit_test(it_dies_around_redis),
        cmocka_unit_test(an_answer_outlives_redis),
        cmocka_unit_test(a_token_is_of_one_call),
        cmocka_unit_test(a_call_that_is_not_known_begins_anew),
        cmocka_unit_test(an_engine_that_is_done_ends_the_call),
        cmocka_unit_test(what_he_had_to_hear_is_said_at_the_door),
        cmocka_unit_test(why_an_engine_ended_it_is_kept),
        cmocka_unit_test(the_longest_call_ends_at_the_door),
        cmocka_unit_test(the_longest_call_is_still_put_through),
        cmocka_unit_test(an_engine_puts_the_call_through),
        cmocka_unit_test(the_agent_does_not_talk_with_itself),
        cmocka_unit_test(nobody_is_put_through_to_the_agent),
        cmocka_unit_test(whom_nobody_took_goes_back_to_his_engine),
        cmocka_unit_test(a_person_who_talked_has_taken_it_though_his_key_is_lost),
        cmocka_unit_test(a_person_who_did_not_answer_is_not_rung_before_that_was_said),
        cmocka_unit_test(whom_a_person_had_goes_back_to_his_engine_too),
        cmocka_unit_test(he_goes_back_to_the_engine_of_the_row),
        cmocka_unit_test(whom_a_trouble_brought_to_a_person_stays_with_the_talk),
        cmocka_unit_test(an_engine_that_died_is_followed_by_the_talk),
        cmocka_unit_test(who_falls_too_often_is_called_back),
        cmocka_unit_test(a_lost_state_is_begun_again),
        cmocka_unit_test(a_moment_does_not_outlast_the_longest_call),
        cmocka_unit_test(a_call_without_a_slot_is_counted_once),
        cmocka_unit_test(a_withheld_caller_is_asked_for_a_number),
        cmocka_unit_test(a_withheld_caller_proves_an_order_five_times_a_call),
        cmocka_unit_test(what_the_model_takes_is_counted_once),
        cmocka_unit_test(a_hold_is_booked_by_its_own_caller_a_turn_later),
        cmocka_unit_test(trouble_is_asked_about_once_and_then_a_person_helps),
        cmocka_unit_test(the_carriers_own_fallback_begins_the_call_anew),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return t_client_main(tests, sizeof(tests) / sizeof(*tests), setup);
}
