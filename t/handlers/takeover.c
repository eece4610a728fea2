/*
 * People in a talk instead of the agent: who may, what the agent does not do meanwhile, what
 * waits, how it ends; and that each of it is done once, wherever a worker dies.
 */
#include <stdio.h>

#include "t/handlers/lib/deaths.h"
#include "t/handlers/lib/people.h"
#include "t/handlers/lib/texts.h"
#include "worker/call_token.h"
#include "worker/store/takeovers.h"

#define SID   "CA0123456789abcdef0123456789abcdef"
#define CALL  "d0000000-0000-4000-8000-0000000000c1"
#define VISIT "d0000000-0000-4000-8000-0000000000a1"

#define SAYS(id) "{\"message\":\"It is kept for you.\",\"id\":\"" id "\"}"

static char secret[] = "an internal secret of the tests alone";

#define NOTHING_MEANWHILE "DROP FUNCTION IF EXISTS meanwhile() CASCADE;"

static int setup(void **state)
{
    int failed = t_texts_setup(state);
    t_config.internal_secret = secret;
    t_config.public_url = "https://shop.example";
    t_config.openai_api_key = t_config.elevenlabs_api_key = NULL;
    t_sqlf(NOTHING_MEANWHILE
           "DELETE FROM call_status_events; DELETE FROM takeovers; DELETE FROM calls; DELETE "
           "FROM appointments;"
           "DELETE FROM audit_log; DELETE FROM campaign_runs;"
           "UPDATE organizations SET engines = '{receptionist}';"
           "UPDATE agent_configs SET sms_reminders = true, quiet_from = '00:00',"
           "    quiet_until = '00:00', takeover_idle_minutes = 480;"
           "INSERT INTO users (id, organization_id, email, password_hash, role, first_name)"
           " SELECT v.id::uuid, '" DOWNTOWN "', v.name || '@downtown.example', u.password_hash,"
           "        v.role, v.name"
           "   FROM (VALUES ('" STAN "', 'stan', 'staff'), ('" TESS
           "', 'tess', 'service_tech')) v (id, name, role)"
           "   JOIN users u ON u.id = '" DANA "' ON CONFLICT DO NOTHING");
    return failed;
}

/* ---------------------------------------------------------------- requests */

static int64_t count(const char *from_where)
{
    return t_sqlf_int("SELECT count(*) FROM %s", from_where);
}

static const char *states(void)
{
    return t_sqlf("SELECT string_agg(state, ' ' ORDER BY began_at) FROM takeovers");
}

static const char *audited(void)
{
    return t_sqlf("SELECT string_agg(actor || ':' || action, ' ' ORDER BY created_at)"
                  " FROM audit_log");
}

static void sweep(void)
{
    t_answer_t a = t_ask(&(t_ask_t){
        .type = "takeover.sweep", .org = DOWNTOWN, .scheme = "internal", .body = "{}"});
    assert_done(&a);
}

static void send_key(const char *key)
{
    t_answer_t a =
        t_ask(&(t_ask_t){.type = "sms.send",
                         .org = DOWNTOWN,
                         .scheme = "internal",
                         .body = wk_printf(t_ctx.arena, "{\"key\":\"%s\"}", key).data});
    assert_done(&a);
}

/* What the outbox holds for a worker of texts, done by one. */
static void send_queued(void)
{
    const char *key;
    while ((key = t_sqlf("DELETE FROM outbox WHERE id = (SELECT id FROM outbox"
                         " WHERE type = 'sms.send' ORDER BY id LIMIT 1)"
                         " RETURNING data ->> 'key'"))[0] != '\0') {
        send_key(key);
    }
}

/* ---------------------------------------------------------------- who may */

static void a_technician_and_another_shop_may_not(void **state)
{
    static const char *const actions[] = {"join", "message", "resume"};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        t_answer_t a = t_takeover(&t_tess, JOHN, actions[i], SAYS("1"));
        assert_error(&a, 403, "role");
        a = t_takeover(&t_uma, JOHN, actions[i], SAYS("1"));
        assert_error(&a, 404, "not_found");
    }
    assert_int_equal(count("takeovers"), 0);
    assert_int_equal(count("messages"), 0);
    assert_int_equal(count("audit_log"), 0);
}

static void a_talk_has_one_person(void **state)
{
    (void)state;
    t_assert_takeover(&t_stan, JOHN, "message", SAYS("1"), 409);
    t_assert_takeover(&t_stan, JOHN, "join", NULL, 200);
    t_assert_takeover(&t_stan, JOHN, "join", NULL, 200);
    t_assert_takeover(&t_dana, JOHN, "join", NULL, 409);
    t_assert_takeover(&t_dana, JOHN, "message", SAYS("1"), 409);
    t_assert_takeover(&t_stan, JOHN, "message", SAYS("1"), 200);
    t_assert_takeover(&t_stan, JOHN, "message", SAYS("1"), 200);
    t_assert_takeover(&t_stan, JOHN, "message", SAYS("2"), 200);
    assert_int_equal(count("messages WHERE speaker = 'human_agent'"), 2);
    t_assert_takeover(&t_dana, JOHN, "resume", NULL, 200);
    t_assert_takeover(&t_stan, JOHN, "resume", NULL, 409);
    assert_string_equal(audited(), "user:takeover_join user:takeover_message"
                                   " user:takeover_message user:takeover_resume");
    assert_string_equal(states(), "over");
    assert_int_equal(count("outbox WHERE type = 'human_agent_joined'"), 1);
    assert_int_equal(count("outbox WHERE type = 'ai_agent_resumed'"), 1);
}

/* Its page has no name for it, then each is a message of its own. */
static void a_message_needs_no_name(void **state)
{
    (void)state;
    t_assert_takeover(&t_stan, JOHN, "join", NULL, 200);
    t_assert_takeover(&t_stan, JOHN, "message", "{\"message\":\"It is kept for you.\"}", 200);
    t_assert_takeover(&t_stan, JOHN, "message", "{\"message\":\"It is kept for you.\"}", 200);
    assert_int_equal(count("messages WHERE speaker = 'human_agent'"), 2);
}

static void who_comes_after_another_is_noted(void **state)
{
    (void)state;
    t_assert_takeover(&t_stan, JOHN, "join", NULL, 200);
    t_sqlf("UPDATE takeovers SET state = 'leaving'"); /* its worker died here */
    t_assert_takeover(&t_dana, JOHN, "join", NULL, 200);
    assert_string_equal(audited(), "user:takeover_join user:takeover_join");
    assert_string_equal(t_sqlf("SELECT user_id FROM takeovers"), DANA);
}

/* ---------------------------------------------------------------- texts meanwhile */

static void an_emergency_pages_all_the_same(void **state)
{
    (void)state;
    t_assert_takeover(&t_stan, JOHN, "join", NULL, 200);
    assert_string_equal(t_say(JOHN_NUMBER, "Help, the battery of my e-bike is on fire!"), "");
    assert_int_equal(count("tasks WHERE priority = 'urgent'"), 1);
    assert_int_equal(count("messages WHERE template = 'page' AND status = 'queued'"), 1);
    assert_int_equal(count("messages WHERE intent = 'emergency'"), 1);
    assert_int_equal(count("messages WHERE to_number = '" JOHN_NUMBER "'"), 0);
    assert_string_equal(t_say(JOHN_NUMBER, "What are your hours?"), "");
    assert_int_equal(count("tasks"), 1);
}

/* The owner is a customer of his own shop, and a person has his thread. */
static void a_page_is_held_back_by_nothing(void **state)
{
    (void)state;
    const char *page = t_sqlf("SELECT coalesce(notification_phone, owner_phone)"
                              " FROM organizations WHERE id = '" DOWNTOWN "'");
    t_sqlf("UPDATE customers SET phone_number = '%s' WHERE id = '" JOHN "'", page);
    t_assert_takeover(&t_stan, JOHN, "join", NULL, 200);
    t_say(STRANGER, "Help, the battery of my e-bike is on fire!");
    send_key(t_sqlf("SELECT key FROM effects WHERE key LIKE 'page:%%'"));
    size_t sent = t_twilio_sent(page);
    t_sqlf("UPDATE customers SET phone_number = '" JOHN_NUMBER "' WHERE id = '" JOHN "'");
    assert_int_equal(sent, 1);
}

static void remind(const char *begins_in)
{
    t_sqlf("INSERT INTO appointments (id, organization_id, customer_id, customer_phone,"
           "    appointment_type, starts_at, ends_at)"
           " VALUES ('" VISIT "', '" DOWNTOWN "', '" JOHN "', '" JOHN_NUMBER
           "', 'tune_up', now() + interval '%s', now() + interval '%s' + interval '1 hour')",
           begins_in, begins_in);
    t_answer_t a = t_ask(&(t_ask_t){
        .type = "reminders.send", .org = DOWNTOWN, .scheme = "internal", .body = "{}"});
    assert_done(&a);
}

static void a_reminder_waits_for_the_end(void **state)
{
    (void)state;
    t_assert_takeover(&t_stan, JOHN, "join", NULL, 200);
    remind("20 hours");
    sweep();
    send_queued();
    assert_int_equal(t_twilio_sent(JOHN_NUMBER), 0);
    assert_string_equal(t_sqlf("SELECT status FROM messages"), "queued");
    t_assert_takeover(&t_stan, JOHN, "resume", NULL, 200);
    sweep();
    sweep();
    send_queued();
    assert_int_equal(t_twilio_sent(JOHN_NUMBER), 1);
    assert_int_equal(count("postponed_texts"), 0);
    assert_int_equal(count("effects WHERE state <> 'done'"), 0);
}

static void one_that_was_queued_before_waits_too(void **state)
{
    (void)state;
    remind("20 hours");
    t_assert_takeover(&t_stan, JOHN, "join", NULL, 200);
    send_queued();
    assert_int_equal(t_twilio_sent(JOHN_NUMBER), 0);
    assert_int_equal(count("postponed_texts"), 1);
    t_assert_takeover(&t_stan, JOHN, "resume", NULL, 200);
    sweep();
    send_queued();
    assert_int_equal(t_twilio_sent(JOHN_NUMBER), 1);
}

static void assert_skipped(const char *why)
{
    sweep();
    send_queued();
    assert_int_equal(t_twilio_sent(JOHN_NUMBER), 0);
    assert_string_equal(t_sqlf("SELECT status || ' ' || coalesce(error_code, '') FROM messages"
                               " WHERE template = 'reminder'"),
                        why);
    assert_string_equal(t_sqlf("SELECT state FROM effects WHERE key LIKE 'reminder:%%'"),
                        "failed");
    assert_int_equal(count("postponed_texts"), 0);
}

static void what_is_of_no_use_any_more_is_skipped(void **state)
{
    (void)state;
    t_assert_takeover(&t_stan, JOHN, "join", NULL, 200);
    remind("20 hours");
    t_sqlf("UPDATE postponed_texts SET useful_until = now() - interval '1 minute'");
    assert_skipped("canceled too_late"); /* while the person still has the thread */
}

static void who_stopped_texts_meanwhile_gets_none(void **state)
{
    (void)state;
    t_assert_takeover(&t_stan, JOHN, "join", NULL, 200);
    remind("20 hours");
    t_say(JOHN_NUMBER, "STOP");
    t_assert_takeover(&t_stan, JOHN, "resume", NULL, 200);
    assert_skipped("canceled no_consent");
}

static void in_quiet_hours_it_waits_on(void **state)
{
    (void)state;
    t_assert_takeover(&t_stan, JOHN, "join", NULL, 200);
    remind("20 hours");
    t_assert_takeover(&t_stan, JOHN, "resume", NULL, 200);
    t_sqlf("UPDATE agent_configs g"
           "   SET quiet_from = (now() AT TIME ZONE o.timezone - interval '1 hour')::time,"
           "       quiet_until = (now() AT TIME ZONE o.timezone + interval '1 hour')::time"
           "  FROM organizations o WHERE o.id = g.organization_id");
    sweep();
    send_queued();
    assert_int_equal(t_twilio_sent(JOHN_NUMBER), 0);
    assert_int_equal(count("postponed_texts"), 1);
}

/* Queued by a worker that died; sending: when (SQL) its attempt began that may be under way. */
static void answer_queued(const char *sending)
{
    t_sqlf(
        "INSERT INTO effects (organization_id, key, kind) VALUES ('" DOWNTOWN
        "', 'an answer', 'sms');"
        "INSERT INTO messages (organization_id, customer_id, channel, direction, speaker,"
        "    content, language, from_number, to_number, status, effect_id, template, metadata)"
        " SELECT '" DOWNTOWN "', '" JOHN "', 'sms', 'outbound', 'agent', 'At nine.', 'en',"
        "        '" DOWNTOWN_NUMBER "', '" JOHN_NUMBER "', 'queued', id, 'answer',"
        "        jsonb_build_object('sending', %s) FROM effects",
        sending);
}

static void an_answer_that_comes_too_late_is_none(void **state)
{
    (void)state;
    answer_queued("NULL");
    t_assert_takeover(&t_stan, JOHN, "join", NULL, 200);
    send_key("an answer");
    assert_int_equal(t_twilio_sent(JOHN_NUMBER), 0);
    assert_string_equal(t_sqlf("SELECT status || ' ' || error_code FROM messages"),
                        "failed taken_over");
}

/* An attempt under way holds no thread of a worker: the join comes again. */
static void a_join_comes_again_behind_a_text_on_its_way(void **state)
{
    (void)state;
    answer_queued("(extract(epoch FROM clock_timestamp()) * 1000)::bigint");
    t_answer_t a = t_takeover(&t_stan, JOHN, "join", NULL);
    assert_again(&a);
    assert_in_range(a.end.delay_ms, 1, 10000);
    assert_string_equal(states(), "joining");
    t_texts_wait(11000);
    t_assert_takeover(&t_stan, JOHN, "join", NULL, 200);
    assert_string_equal(states(), "held");
    assert_string_equal(audited(), "user:takeover_join");
}

/* ---------------------------------------------------------------- forgotten */

static void a_forgotten_one_ends(void **state)
{
    (void)state;
    t_assert_takeover(&t_stan, JOHN, "join", NULL, 200);
    sweep();
    assert_string_equal(states(), "held");
    assert_int_equal(t_sqlf_int("SELECT round(extract(epoch FROM stale_at - now()) / 60)"
                                " FROM takeovers"),
                     480);
    t_sqlf("UPDATE takeovers SET stale_at = now() + interval '1 minute'");
    t_assert_takeover(&t_stan, JOHN, "message", SAYS("1"), 200);
    assert_true(t_sqlf_int("SELECT extract(epoch FROM stale_at - now()) FROM takeovers") >
                470 * 60);
    t_sqlf("UPDATE takeovers SET stale_at = now() - interval '1 second'");
    assert_int_equal(count("due_takeovers(10)"), 1);
    sweep();
    sweep();
    assert_string_equal(states(), "over");
    assert_int_equal(count("due_takeovers(10)"), 0);
    assert_int_equal(count("outbox WHERE type = 'ai_agent_resumed'"), 1);
    assert_has(audited(), "system:takeover_forgotten");
    t_say(JOHN_NUMBER, "What are your hours?");
    assert_int_equal(count("messages WHERE template = 'answer'"), 1);
}

/* ---------------------------------------------------------------- calls */

static void call_is_known(void)
{
    t_sqlf("INSERT INTO calls (id, organization_id, customer_id, twilio_call_sid,"
           "    caller_number, called_number, engine, language, status, started_at)"
           " VALUES ('" CALL "', '" DOWNTOWN "', '" JOHN "', '" SID "', '" JOHN_NUMBER
           "', '" DOWNTOWN_NUMBER "', 'receptionist', 'en', 'in_progress', now())");
}

static void call_begins(void)
{
    call_is_known();
    t_twilio_script("{\"path\":\"Calls\",\"method\":\"POST\",\"status\":200,\"times\":1000,"
                    "\"body\":{\"sid\":\"" SID "\"}}");
}

static const char *human(void)
{
    const redisReply *r = t_redis(t_ctx.redis, t_ctx.arena, "HGET va:call:{" SID "} human");
    return r->type == REDIS_REPLY_STRING ? wk_printf(t_ctx.arena, "%s", r->str).data : "";
}

/* The caller comes for a document. */
static const char *held(int n, int asking)
{
    va_str_t token;
    assert_ok(wk_call_token_mint(&t_config, t_ctx.arena, VA_TOKEN_CALL, VA_STR(SID),
                                 VA_STR(DOWNTOWN), 0, 3600, &token, &t_e));
    t_answer_t a =
        t_ask(&(t_ask_t){.type = "phone.held",
                         .scheme = "twilio",
                         .content_type = "application/x-www-form-urlencoded",
                         .args = wk_printf(t_ctx.arena, "c=%.*s&n=%d&l=en&s=%d", (int)token.len,
                                           token.data, n, asking)
                                     .data,
                         .body = "CallSid=" SID "&From=%2B14165559876&To=%2B14165550001"});
    assert_status(&a, 200);
    return wk_strdup(t_ctx.arena, a.body);
}

/* Nobody has it: there is nothing to give back. */
static void a_call_is_found_by_each_of_its_names(void **state)
{
    static const char *const names[] = {CALL, SID, "conv_1"};
    (void)state;
    call_is_known();
    t_sqlf("UPDATE calls SET elevenlabs_conversation_id = 'conv_1'");
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        t_assert_takeover(&t_stan, names[i], "resume", NULL, 409);
        t_assert_takeover(&t_uma, names[i], "resume", NULL, 404);
    }
    t_assert_takeover(&t_stan, "conv_2", "resume", NULL, 404);
}

/* His chat is somebody's, and his call the agent's: what is said to the call goes there or
 * nowhere. */
static void a_call_is_no_chat_however_it_is_spelled(void **state)
{
    static const char *const names[] = {CALL, "D0000000-0000-4000-8000-0000000000C1"};
    (void)state;
    call_begins();
    t_sqlf("INSERT INTO chat_sessions (id, organization_id, customer_id, token_sha256)"
           " VALUES ('" VISIT "', '" DOWNTOWN "', '" JOHN "', repeat('0', 64))");
    t_assert_takeover(&t_stan, VISIT, "join", NULL, 200);
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        t_assert_takeover(&t_stan, names[i], "message", SAYS("1"), 409);
        t_assert_takeover(&t_stan, names[i], "resume", NULL, 409);
        assert_string_equal(states(), "held");
    }
    assert_int_equal(count("messages WHERE speaker = 'human_agent'"), 0);
    t_sqlf("DELETE FROM takeovers; DELETE FROM chat_sessions");
}

/* What happens between two statements of a join, or of the call's end, happens in a trigger. */
static void meanwhile(const char *when, const char *what)
{
    t_sqlf(NOTHING_MEANWHILE
           "CREATE FUNCTION meanwhile() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER"
           " AS $$ BEGIN %s; RETURN NULL; END $$;"
           "CREATE TRIGGER meanwhile AFTER %s FOR EACH ROW EXECUTE FUNCTION meanwhile()",
           what, when);
}

static void a_call_that_ends_while_it_is_joined_is_not_held(void **state)
{
    (void)state;
    call_begins();
    meanwhile("INSERT ON takeovers", "UPDATE calls SET status = 'completed'");
    t_assert_takeover(&t_stan, SID, "join", NULL, 409);
    assert_int_equal(count("takeovers"), 0);
    meanwhile("UPDATE OF taken_over_by ON calls", "UPDATE takeovers SET state = 'over'");
    t_assert_takeover(&t_stan, SID, "join", NULL, 409);
    t_sqlf(NOTHING_MEANWHILE);
    assert_string_equal(states(), "over");
    assert_int_equal(count("outbox WHERE type = 'human_agent_joined'"), 0);
}

static void end_call(void)
{
    t_answer_t a = t_ask(&(t_ask_t){.type = "call_status.store",
                                    .scheme = "twilio",
                                    .content_type = "application/x-www-form-urlencoded",
                                    .body = "CallSid=" SID "&From=%2B14165559876"
                                            "&To=%2B14165550001&Direction=inbound"
                                            "&CallStatus=completed&SequenceNumber=3"});
    assert_done(&a);
}

static void a_join_that_is_first_ends_with_the_call(void **state)
{
    (void)state;
    call_begins();
    meanwhile(
        "UPDATE OF status ON calls",
        "INSERT INTO takeovers (organization_id, customer_id, call_id, channel, state,"
        "    stale_at) SELECT new.organization_id, new.customer_id, new.id, 'text', 'held',"
        "    now() + interval '1 hour' WHERE new.status = 'completed'"
        " ON CONFLICT DO NOTHING");
    end_call();
    t_sqlf(NOTHING_MEANWHILE);
    assert_string_equal(states(), "over");
    t_assert_takeover(&t_stan, SID, "join", NULL, 409);
}

static void a_call_is_held_document_by_document(void **state)
{
    (void)state;
    call_begins();
    t_assert_takeover(&t_stan, SID, "join", NULL, 200);
    assert_string_equal(human(), "1");
    assert_int_equal(t_twilio_requests("POST"), 1);
    const char *listens = held(1, 1);
    assert_has(listens, "<Gather");
    assert_has_not(listens, "<Say");
    assert_string_equal(held(1, 1), listens);
    t_assert_takeover(&t_stan, CALL, "message", SAYS("1"), 200);
    assert_int_equal(t_twilio_requests("POST"), 2);
    assert_has_not(held(2, 0), "<Say"); /* who was asked is awaited */
    const char *says = held(2, 2);
    assert_has(says, "It is kept for you.");
    assert_string_equal(held(2, 2), says); /* the carrier repeats its request */
    assert_has_not(held(2, 3), "It is kept for you.");
    assert_has(held(3, 0), "<Gather");
    t_assert_takeover(&t_stan, SID, "resume", NULL, 200);
    assert_string_equal(human(), "0");
    assert_has(held(4, 0), "/resume");
}

/* Nobody waits in silence for what a person writes: he is told, a while behind whatever he
 * heard. */
static void who_waits_for_words_is_told_that_they_are_written(void **state)
{
    static const char later[] =
        "UPDATE takeovers SET notice_at = notice_at - interval '%d seconds'";
    static const char writes[] = "A colleague is with you now and is writing to you.";
    (void)state;
    call_begins();
    t_assert_takeover(&t_stan, SID, "join", NULL, 200);
    held(1, 1);
    t_sqlf(later, 7);
    assert_has_not(held(2, 0), "<Say"); /* he may be about to */
    t_sqlf(later, 1);
    const char *hears = held(3, 0);
    assert_has(hears, writes);
    assert_has(hears, "<Gather"); /* and is heard meanwhile */
    assert_string_equal(held(3, 0), hears);
    t_sqlf(later, 29);
    assert_has_not(held(4, 0), "<Say");
    t_sqlf(later, 1);
    assert_has(held(5, 0), writes);
    t_assert_takeover(&t_stan, SID, "message", SAYS("1"), 200); /* it is not waited for */
    hears = held(6, 2);
    assert_has(hears, "It is kept for you.");
    assert_has_not(hears, writes);
    assert_has_not(held(7, 0), "<Say");
    t_sqlf(later, 30);
    assert_has(held(8, 0), writes);
    t_sqlf(later, 30);
    t_assert_takeover(&t_stan, SID, "resume", NULL, 200);
    assert_has_not(held(9, 0), "<Say");
    assert_int_equal(count("messages WHERE content LIKE '%%is writing to you%%'"), 0);
}

/* What the agent was still to say is the person's to say. */
static void who_has_the_call_says_what_is_to_be_said(void **state)
{
    (void)state;
    call_begins();
    t_assert_takeover(&t_stan, SID, "join", NULL, 200);
    t_assert_takeover(&t_stan, SID, "resume", NULL, 200);
    t_redis(t_ctx.redis, t_ctx.arena, "HSET va:call:{" SID "} due Leave-the-house.");
    t_assert_takeover(&t_stan, SID, "join", NULL, 200);
    assert_int_equal(t_redis_int(t_ctx.redis, "HEXISTS va:call:{" SID "} due"), 0);
}

/* The run that asked for the caller died: whether he comes is awaited, then he is asked again.
 */
static void the_caller_is_asked_for_once(void **state)
{
    (void)state;
    call_begins();
    t_assert_takeover(&t_stan, SID, "join", NULL, 200);
    held(1, 1);
    t_assert_takeover(&t_stan, SID, "message", SAYS("1"), 200);
    assert_int_equal(t_twilio_requests("POST"), 2);
    t_answer_t a = t_takeover(&t_stan, SID, "message", SAYS("1"));
    assert_again(&a);
    assert_true(a.end.delay_ms >= 10000);
    assert_int_equal(t_twilio_requests("POST"), 2);
    t_assert_takeover(&t_stan, SID, "message", SAYS("2"), 200); /* he hears it with the first */
    assert_int_equal(t_twilio_requests("POST"), 2);
    t_sqlf("UPDATE takeovers SET called_at = called_at - interval '11 seconds'");
    t_assert_takeover(&t_stan, SID, "message", SAYS("1"), 200);
    assert_int_equal(t_twilio_requests("POST"), 3);
    assert_has(held(2, 3), "It is kept for you.");
    t_assert_takeover(&t_stan, SID, "message", SAYS("1"), 200);
    assert_int_equal(t_twilio_requests("POST"), 3);
    assert_int_equal(count("messages WHERE speaker = 'human_agent'"), 2);
}

static void a_person_is_rung_once(void **state)
{
    (void)state;
    call_begins();
    t_assert_takeover(&t_stan, SID, "join", "{\"mode\":\"phone\",\"phone\":\"+14165550177\"}",
                      200);
    assert_has(held(1, 1), "+14165550177");
    t_sqlf("UPDATE takeovers SET state = 'joining'"); /* the worker died before it said so */
    t_assert_takeover(&t_stan, SID, "join", "{\"mode\":\"phone\",\"phone\":\"+14165550177\"}",
                      200);
    assert_int_equal(t_twilio_requests("POST"), 1);
    assert_has_not(held(2, 0), "+14165550177");
    assert_string_equal(states(), "held");
}

static void a_call_the_carrier_does_not_know_is_not_taken(void **state)
{
    (void)state;
    call_is_known();
    t_twilio_script("{\"path\":\"Calls\",\"method\":\"POST\",\"status\":404,\"body\":"
                    "{\"code\":20404,\"message\":\"not found\",\"status\":404}}");
    t_assert_takeover(&t_stan, SID, "join", NULL, 422);
    assert_string_equal(states(), "over");
    assert_string_equal(human(), "0");
    assert_string_equal(t_sqlf("SELECT resumed_at IS NOT NULL FROM calls"), "t");
    assert_int_equal(count("outbox WHERE type = 'human_agent_joined'"), 0);
}

static const char *behind(const char *type, int turn, const char *field)
{
    va_str_t token;
    assert_ok(wk_call_token_mint(&t_config, t_ctx.arena, VA_TOKEN_CALL, VA_STR(SID),
                                 VA_STR(DOWNTOWN), 0, 3600, &token, &t_e));
    t_answer_t a = t_ask(&(t_ask_t){
        .type = type,
        .scheme = "twilio",
        .content_type = "application/x-www-form-urlencoded",
        .args = wk_printf(t_ctx.arena, "c=%.*s&n=%d&l=en&s=0", (int)token.len, token.data, turn)
                    .data,
        .body = wk_printf(t_ctx.arena,
                          "CallSid=" SID "&From=%%2B14165559876&To=%%2B14165550001&%s", field)
                    .data});
    assert_status(&a, 200);
    return wk_strdup(t_ctx.arena, a.body);
}

/* What comes of the first document that a held caller was given. */
static const char *behind_the_first(const char *type, const char *field)
{
    return behind(type, 50001, field);
}

/* What the caller says to the person who has the call. */
static const char *says_while_held(const char *words)
{
    return behind_the_first("phone.turn",
                            wk_printf(t_ctx.arena, "SpeechResult=%s", words).data);
}

/* He gives the call back and puts the receiver down, and the carrier tells of the latter first.
 */
static void a_caller_whose_person_has_just_gone_comes_to_the_agent(void **state)
{
    (void)state;
    call_begins();
    t_assert_takeover(&t_stan, SID, "join", "{\"mode\":\"phone\",\"phone\":\"+14165550177\"}",
                      200);
    assert_has(held(1, 1), "+14165550177");
    t_assert_takeover(&t_stan, SID, "resume", NULL, 200);
    const char *hears = behind_the_first("phone.transfer", "DialCallStatus=completed");
    assert_has(hears, "/held?");
    assert_has_not(hears, "<Gather"); /* for a person who is gone */
    assert_has(held(2, 0), "/resume?");
    assert_has(behind_the_first("phone.error", ""), "/held?");
}

static void a_person_is_rung(void)
{
    t_assert_takeover(&t_stan, SID, "join", "{\"mode\":\"phone\",\"phone\":\"+14165550177\"}",
                      200);
    assert_has(held(1, 1), "+14165550177");
}

/* The document that the door gives, to which `document` leads. */
static const char *behind_the_door(const char *document)
{
    const char *door = strstr(document, "/resume?");
    assert_non_null(door);
    char *args = wk_strdup(t_ctx.arena, va_str_c(door + strlen("/resume?")));
    *strchr(args, '<') = '\0';
    for (char *amp; (amp = strstr(args, "&amp;")) != NULL;) {
        memmove(amp + 1, amp + 5, strlen(amp + 5) + 1);
    }
    t_answer_t a = t_ask(&(t_ask_t){.type = "phone.resume",
                                    .scheme = "twilio",
                                    .content_type = "application/x-www-form-urlencoded",
                                    .args = args,
                                    .body = "CallSid=" SID "&From=%2B14165559876"});
    assert_status(&a, 200);
    return wk_strdup(t_ctx.arena, a.body);
}

static void who_was_put_through_is_not_taken_from_a_colleague(void **state)
{
    (void)state;
    call_begins();
    behind("phone.accept", 2, "Digits=1");
    t_assert_takeover(&t_stan, SID, "join", NULL, 409);
    assert_int_equal(count("takeovers"), 0);
    assert_has(behind("phone.transfer", 2, "DialCallStatus=completed"), "<Gather");
    t_assert_takeover(&t_stan, SID, "join", NULL, 200);
}

/* The document behind the leg could not be had: the agent asks him again, at a later turn. */
static void who_came_back_by_the_fallback_may_be_taken_over(void **state)
{
    (void)state;
    call_begins();
    behind("phone.accept", 2, "Digits=1");
    behind("phone.error", 1, "ErrorCode=11200"); /* told late, of what was before */
    t_assert_takeover(&t_stan, SID, "join", NULL, 409);
    assert_has(behind("phone.error", 2, "ErrorCode=11200"), "<Gather");
    assert_string_equal(t_sqlf("SELECT metadata ->> 'accepted' FROM calls"), "2");
    behind("phone.accept", 3, "Digits=1"); /* and then a colleague has him */
    t_assert_takeover(&t_stan, SID, "join", NULL, 409);
    assert_has(behind("phone.error", 3, "ErrorCode=11200"), "<Gather");
    t_assert_takeover(&t_stan, SID, "join", NULL, 200);
}

static void the_agent_is_no_person_to_be_rung(void **state)
{
    (void)state;
    call_begins();
    t_assert_takeover(&t_stan, SID, "join",
                      "{\"mode\":\"phone\",\"phone\":\"" DOWNTOWN_NUMBER "\"}", 400);
    t_assert_takeover(&t_stan, SID, "join",
                      "{\"mode\":\"phone\",\"phone\":\"" JOHN_NUMBER "\"}", 400);
    assert_int_equal(count("takeovers"), 0);
}

/* Or his line breaks: the carrier tells no difference. */
static void who_puts_the_receiver_down_gives_the_call_back(void **state)
{
    (void)state;
    call_begins();
    a_person_is_rung();
    behind_the_first("phone.accept", "Digits=1");
    t_assert_takeover(&t_stan, SID, "message", SAYS("1"), 200);
    const char *hears = behind_the_first("phone.transfer", "DialCallStatus=completed");
    assert_has(hears, "It is kept for you.");
    assert_has_not(hears, "<Gather");
    assert_string_equal(states(), "over");
    assert_string_equal(human(), "0");
    assert_has(behind_the_door(held(3, 0)), "Is there anything else I can do for you?");
    assert_int_equal(count("outbox WHERE type = 'ai_agent_resumed'"), 1);
    assert_int_equal(count("tasks"), 0);
    t_assert_takeover(&t_stan, SID, "message", SAYS("2"), 409);
    t_assert_takeover(&t_stan, SID, "join", NULL, 200); /* and may come again */
}

static void a_caller_whom_the_person_rung_does_not_take_is_the_agents(void **state)
{
    (void)state;
    call_begins();
    a_person_is_rung();
    assert_has(behind_the_first("phone.transfer", "DialCallStatus=no-answer"), "/held?");
    assert_string_equal(states(), "over");
    assert_has(behind_the_door(held(3, 0)), "nobody can take your call");
    assert_int_equal(count("tasks WHERE kind = 'callback'"), 1);
    assert_int_equal(count("outbox WHERE type = 'ai_agent_resumed'"), 1);
}

/* Its client has not heard the answer to the first: he may be talking by now. */
static void a_join_by_phone_that_comes_again_rings_nobody(void **state)
{
    (void)state;
    call_begins();
    a_person_is_rung();
    behind_the_first("phone.accept", "Digits=1");
    t_assert_takeover(&t_stan, SID, "join", "{\"mode\":\"phone\",\"phone\":\"+14165550177\"}",
                      200);
    assert_int_equal(t_twilio_requests("POST"), 1);
    assert_string_equal(t_sqlf("SELECT state || ' ' || step || ' ' || coalesce(dial, 'none')"
                               "  FROM takeovers"),
                        "held 1 none");
    t_assert_takeover(&t_stan, SID, "join", "{\"mode\":\"phone\",\"phone\":\"+14165550178\"}",
                      200);
    assert_has(held(2, 1), "+14165550178"); /* another telephone of his */
}

/* Its worker dies when he is rung, he does not answer, and then the job is taken again. */
static void a_join_by_phone_that_was_over_before_it_ended_rings_nobody(void **state)
{
    (void)state;
    call_begins();
    t_ask_t join =
        t_takeover_ask(&t_stan, SID, "join", "{\"mode\":\"phone\",\"phone\":\"+14165550177\"}");
    join.id = "join-of-a-worker-that-dies";
    assert_true(t_dies_at("commit.before", 3, &join));
    assert_string_equal(states(), "joining");
    assert_int_equal(t_twilio_requests("POST"), 1);
    assert_has(held(1, 1), "+14165550177");
    assert_has(behind_the_first("phone.transfer", "DialCallStatus=no-answer"), "/held?");
    assert_string_equal(states(), "over");
    join.attempt = 2;
    t_answer_t a = t_ask(&join);
    assert_error(&a, 409, "conflict");
    t_sqlf("UPDATE takeovers SET state = 'leaving'"); /* or nobody was told of its end yet */
    a = t_ask(&join);
    assert_error(&a, 409, "conflict");
    t_sqlf("UPDATE takeovers SET state = 'over'");
    assert_string_equal(states(), "over");
    assert_string_equal(human(), "0");
    assert_int_equal(t_twilio_requests("POST"), 1);
    assert_string_equal(audited(), "user:takeover_join system:takeover_hung_up");
    t_assert_takeover(&t_stan, SID, "join", NULL, 200); /* he asks anew */
}

/* He asks once more while the first is under way, or done; and of that one, too, the worker
 * dies. */
static void a_second_join_that_was_over(const char *found)
{
    call_begins();
    a_person_is_rung();
    t_sqlf("UPDATE takeovers SET state = '%s'", found);
    t_ask_t again =
        t_takeover_ask(&t_stan, SID, "join", "{\"mode\":\"phone\",\"phone\":\"+14165550177\"}");
    again.id = "the-second-join";
    t_answer_t a = t_ask(&again); /* and nobody is told of it */
    assert_status(&a, 200);
    assert_has(behind_the_first("phone.transfer", "DialCallStatus=no-answer"), "/held?");
    assert_string_equal(states(), "over");
    again.attempt = 2;
    a = t_ask(&again);
    assert_error(&a, 409, "conflict");
    assert_string_equal(states(), "over");
    assert_int_equal(t_twilio_requests("POST"), 1);
}

static void a_second_join_beside_the_first_rings_nobody(void **state)
{
    (void)state;
    a_second_join_that_was_over("joining");
}

static void a_second_join_behind_the_first_rings_nobody(void **state)
{
    (void)state;
    a_second_join_that_was_over("held");
}

/* He would rather write meanwhile, and that is over as well: the first join is none of it. */
static void a_join_that_became_another_rings_nobody(void **state)
{
    (void)state;
    call_begins();
    t_ask_t join =
        t_takeover_ask(&t_stan, SID, "join", "{\"mode\":\"phone\",\"phone\":\"+14165550177\"}");
    join.id = "join-of-a-worker-that-dies";
    assert_true(t_dies_at("commit.before", 3, &join));
    t_assert_takeover(&t_stan, SID, "join", NULL, 200);
    t_assert_takeover(&t_stan, SID, "resume", NULL, 200);
    join.attempt = 2;
    t_answer_t a = t_ask(&join);
    assert_error(&a, 409, "conflict");
    assert_string_equal(states(), "over");
}

/* The document behind the leg could not be had, and the carrier asks the fallback address. */
static void a_receiver_put_down_in_a_trouble_gives_the_call_back_too(void **state)
{
    (void)state;
    call_begins();
    a_person_is_rung();
    behind_the_first("phone.accept", "Digits=1");
    assert_has(behind_the_first("phone.error", "ErrorCode=11200"), "/held?");
    assert_string_equal(states(), "over");
    assert_has(behind_the_door(held(3, 0)), "Is there anything else I can do for you?");
}

/* The person has the call otherwise by now: what became of his telephone changes nothing. */
static void a_receiver_put_down_late_ends_nothing(void **state)
{
    (void)state;
    call_begins();
    a_person_is_rung();
    t_assert_takeover(&t_stan, SID, "join", NULL, 200); /* he would rather write */
    assert_has(behind_the_first("phone.transfer", "DialCallStatus=completed"), "/held?");
    assert_string_equal(states(), "held");
    assert_string_equal(human(), "1");
}

/* He hears that his wish is heeded, and goes back to the person, who is told. */
static void an_objection_in_a_held_call_is_answered(void **state)
{
    (void)state;
    call_begins();
    t_sqlf("INSERT INTO recordings (organization_id, call_id, twilio_call_sid, notice_language)"
           " SELECT organization_id, id, twilio_call_sid, 'en' FROM calls"
           "  WHERE twilio_call_sid = '" SID "'");
    t_assert_takeover(&t_stan, SID, "join", NULL, 200);
    held(1, 1);
    const char *hears = says_while_held("Do+not+record+me");
    assert_has(hears, "The recording is stopped");
    assert_has(hears, "/held");
    assert_int_equal(count("outbox WHERE type = 'recording_declined'"), 1);
    assert_int_equal(count("recordings WHERE state = 'declined'"), 1);
}

static void an_emergency_in_a_held_call_pages(void **state)
{
    (void)state;
    call_begins();
    t_assert_takeover(&t_stan, SID, "join", NULL, 200);
    held(1, 1);
    for (int i = 0; i < 2; i++) {
        assert_has_not(says_while_held("Help+my+battery+is+on+fire"), "<Say");
    }
    assert_int_equal(count("tasks WHERE priority = 'urgent'"), 1);
    assert_int_equal(count("messages WHERE template = 'page'"), 1);
    assert_int_equal(count("outbox WHERE type = 'emergency'"), 1);
}

/* A held call is nobody's to end but its own; one whose join came to nothing goes back. */
static void a_forgotten_call_goes_back_to_the_agent(void **state)
{
    (void)state;
    call_begins();
    t_assert_takeover(&t_stan, SID, "join", NULL, 200);
    t_sqlf("UPDATE takeovers SET stale_at = now() - interval '1 second'");
    sweep();
    assert_string_equal(states(), "held");
    t_sqlf("UPDATE takeovers SET state = 'joining'");
    sweep();
    assert_string_equal(states(), "over");
    assert_string_equal(human(), "0");
    assert_int_equal(t_twilio_requests("POST"), 2);
}

/* What the carrier refuses of one call keeps nobody else's, whichever of them comes first. */
static void one_that_cannot_end_keeps_no_other(void **state)
{
    static const char *const seconds[] = {"1", "3"};
    for (size_t i = 0; i < 2; i++) {
        setup(state);
        call_is_known();
        t_sqlf(
            "WITH other AS (INSERT INTO customers (organization_id, phone_number)"
            "               VALUES ('" DOWNTOWN "', '+14165550188') RETURNING id)"
            " INSERT INTO takeovers (organization_id, customer_id, call_id, channel, state,"
            "                        stale_at)"
            " SELECT '" DOWNTOWN "', id, call, 'text', state,"
            "        now() - make_interval(secs => seconds)"
            "   FROM (SELECT id, NULL::uuid AS call, 'held' AS state, %s AS seconds FROM other"
            "         UNION ALL VALUES ('" JOHN "'::uuid, '" CALL "'::uuid, 'joining', 2)) t"
            "  ORDER BY seconds",
            seconds[i]);
        t_twilio_script("{\"path\":\"Calls\",\"method\":\"POST\",\"status\":404,\"body\":"
                        "{\"code\":20404,\"message\":\"not found\",\"status\":404}}");
        t_answer_t a = t_ask(&(t_ask_t){
            .type = "takeover.sweep", .org = DOWNTOWN, .scheme = "internal", .body = "{}"});
        assert_int_equal(a.end.how, WK_END_BURY); /* seen by who looks after the jobs */
        assert_string_equal(t_sqlf("SELECT string_agg(state, ' ' ORDER BY state)"
                                   " FROM takeovers"),
                            "leaving over");
    }
}

/* ---------------------------------------------------------------- phone.redirect */

static void redirect(int epoch)
{
    t_answer_t a = t_ask(&(t_ask_t){
        .type = "phone.redirect",
        .org = DOWNTOWN,
        .scheme = "internal",
        .body = wk_printf(t_ctx.arena, "{\"call\":\"" SID "\",\"epoch\":%d}", epoch).data});
    assert_done(&a);
}

static void a_lost_call_is_redirected_unless_somebody_has_it(void **state)
{
    (void)state;
    call_begins();
    redirect(0); /* its state is gone: it ended, or comes back by itself */
    t_redis(t_ctx.redis, t_ctx.arena,
            "HSET va:call:{" SID "} status live epoch 4 organization " DOWNTOWN);
    redirect(3);
    assert_int_equal(t_twilio_requests("POST"), 0);
    redirect(4);
    assert_int_equal(t_twilio_requests("POST"), 1);
    t_redis(t_ctx.redis, t_ctx.arena, "HSET va:call:{" SID "} owner a-voice-process");
    redirect(4);
    t_redis(t_ctx.redis, t_ctx.arena, "HSET va:call:{" SID "} owner '' status ended");
    redirect(4);
    assert_int_equal(t_twilio_requests("POST"), 1);
}

/* ---------------------------------------------------------------- deaths */

static const char *target;

static void push(const char *action, const char *body)
{
    t_ask_t r = t_takeover_ask(&t_stan, target, action, body);
    t_push_ask(&r);
}

static void world(void)
{
    setup(NULL);
    call_begins();
    target = CALL;
}

static void begin_join(void)
{
    world();
    push("join", NULL);
}

static void judge_join(void)
{
    assert_string_equal(states(), "held");
    assert_string_equal(human(), "1");
    assert_string_equal(audited(), "user:takeover_join");
    assert_string_equal(t_sqlf("SELECT taken_over_by FROM calls"), STAN);
    assert_in_range(t_twilio_requests("POST"), 1, 3);
}

static void begin_message(void)
{
    world();
    t_assert_takeover(&t_stan, CALL, "join", NULL, 200);
    t_sqlf("DELETE FROM outbox");
    held(1, 1);
    push("message", SAYS("1"));
}

static void pass_message(void)
{
    t_sqlf("UPDATE takeovers SET called_at = called_at - interval '11 seconds'");
}

/* The caller was asked for, and hears it once. */
static void judge_message(void)
{
    int64_t asked = t_sqlf_int("SELECT asked FROM takeovers") + 1;
    assert_int_equal(count("messages WHERE speaker = 'human_agent'"), 1);
    assert_in_range(t_twilio_requests("POST"), 2, 3);
    assert_has(held(2, (int)asked), "It is kept for you.");
    assert_has_not(held(3, 0), "It is kept for you.");
    assert_string_equal(audited(), "user:takeover_join user:takeover_message");
}

static void begin_text(void)
{
    setup(NULL);
    target = JOHN;
    t_assert_takeover(&t_stan, JOHN, "join", NULL, 200);
    t_sqlf("DELETE FROM outbox");
    push("message", SAYS("1"));
}

static void judge_text(void)
{
    assert_int_equal(t_twilio_sent(JOHN_NUMBER), 1);
    assert_int_equal(count("messages"), 1);
    assert_string_equal(audited(), "user:takeover_join user:takeover_message");
}

static void begin_resume(void)
{
    world();
    t_assert_takeover(&t_stan, CALL, "join", NULL, 200);
    t_sqlf("DELETE FROM outbox");
    push("resume", NULL);
}

static void judge_resume(void)
{
    assert_string_equal(states(), "over");
    assert_string_equal(human(), "0");
    assert_string_equal(audited(), "user:takeover_join user:takeover_resume");
    assert_in_range(t_twilio_requests("POST"), 2, 4);
}

static void begin_receiver_down(void)
{
    va_str_t token;
    world();
    a_person_is_rung();
    t_sqlf("DELETE FROM outbox");
    assert_ok(wk_call_token_mint(&t_config, t_ctx.arena, VA_TOKEN_CALL, VA_STR(SID),
                                 VA_STR(DOWNTOWN), 0, 3600, &token, &t_e));
    t_push_ask(&(t_ask_t){
        .type = "phone.transfer",
        .scheme = "twilio",
        .content_type = "application/x-www-form-urlencoded",
        .args = wk_printf(t_ctx.arena, "c=%.*s&n=50001&l=en", (int)token.len, token.data).data,
        .body = "CallSid=" SID "&From=%2B14165559876&To=%2B14165550001"
                "&DialCallStatus=no-answer"});
}

static void judge_receiver_down(void)
{
    assert_string_equal(states(), "over");
    assert_string_equal(human(), "0");
    assert_string_equal(audited(), "user:takeover_join system:takeover_hung_up");
    assert_int_equal(count("tasks WHERE kind = 'callback'"), 1);
}

static void begin_sweep(void)
{
    setup(NULL);
    t_assert_takeover(&t_stan, JOHN, "join", NULL, 200);
    remind("20 hours");
    t_sqlf("DELETE FROM outbox; UPDATE takeovers SET stale_at = now() - interval '1 second'");
    t_push_ask(&(t_ask_t){
        .type = "takeover.sweep", .org = DOWNTOWN, .scheme = "internal", .body = "{}"});
}

/* A run that died in the middle left it as leaving: it is forgotten once more. */
static void pass_sweep(void)
{
    t_texts_pass();
    t_sqlf("UPDATE takeovers SET stale_at = now() - interval '1 second' WHERE state <> 'over'");
}

static void judge_sweep(void)
{
    assert_string_equal(states(), "over");
    assert_string_equal(audited(), "user:takeover_join system:takeover_forgotten");
    assert_int_equal(t_twilio_sent(JOHN_NUMBER), 1);
    assert_int_equal(count("postponed_texts"), 0);
}

static void a_join_dies(void **state)
{
    (void)state;
    assert_in_range(
        t_die_everywhere(&(t_death_t){"join", begin_join, t_texts_pass, judge_join}), 15, 400);
}

static void a_message_in_a_call_dies(void **state)
{
    (void)state;
    assert_in_range(
        t_die_everywhere(&(t_death_t){"message", begin_message, pass_message, judge_message}),
        15, 400);
}

static void a_message_by_text_dies(void **state)
{
    (void)state;
    assert_in_range(
        t_die_everywhere(&(t_death_t){"text", begin_text, t_texts_pass, judge_text}), 15, 400);
}

static void a_resume_dies(void **state)
{
    (void)state;
    assert_in_range(
        t_die_everywhere(&(t_death_t){"resume", begin_resume, t_texts_pass, judge_resume}), 15,
        400);
}

static void a_receiver_put_down_dies(void **state)
{
    (void)state;
    assert_in_range(t_die_everywhere(&(t_death_t){"receiver", begin_receiver_down, t_texts_pass,
                                                  judge_receiver_down}),
                    10, 400);
}

static void a_sweep_dies(void **state)
{
    (void)state;
    assert_in_range(
        t_die_everywhere(&(t_death_t){"sweep", begin_sweep, pass_sweep, judge_sweep}), 15, 400);
}

/* A shop may have many of them. */
static void whose_it_is_is_found_by_his_id(void **state)
{
    (void)state;
    t_sqlf("INSERT INTO customers (organization_id, email) SELECT '" DOWNTOWN "',"
           "    'many' || n || '@many.example' FROM generate_series(1, 3000) n;"
           "ANALYZE customers");
    t_index_answers(&wk_sql_takeover_target, "(id = $");
    t_index_answers(&wk_sql_takeovers_forgotten, "(id = CASE");
    t_sqlf("DELETE FROM customers WHERE email LIKE '%%@many.example'; ANALYZE customers");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_technician_and_another_shop_may_not),
        cmocka_unit_test(a_talk_has_one_person),
        cmocka_unit_test(a_message_needs_no_name),
        cmocka_unit_test(who_comes_after_another_is_noted),
        cmocka_unit_test(an_emergency_pages_all_the_same),
        cmocka_unit_test(a_page_is_held_back_by_nothing),
        cmocka_unit_test(a_reminder_waits_for_the_end),
        cmocka_unit_test(one_that_was_queued_before_waits_too),
        cmocka_unit_test(what_is_of_no_use_any_more_is_skipped),
        cmocka_unit_test(who_stopped_texts_meanwhile_gets_none),
        cmocka_unit_test(in_quiet_hours_it_waits_on),
        cmocka_unit_test(an_answer_that_comes_too_late_is_none),
        cmocka_unit_test(a_join_comes_again_behind_a_text_on_its_way),
        cmocka_unit_test(a_forgotten_one_ends),
        cmocka_unit_test(a_call_is_found_by_each_of_its_names),
        cmocka_unit_test(a_call_is_no_chat_however_it_is_spelled),
        cmocka_unit_test(a_call_that_ends_while_it_is_joined_is_not_held),
        cmocka_unit_test(a_join_that_is_first_ends_with_the_call),
        cmocka_unit_test(a_call_is_held_document_by_document),
        cmocka_unit_test(who_waits_for_words_is_told_that_they_are_written),
        cmocka_unit_test(who_has_the_call_says_what_is_to_be_said),
        cmocka_unit_test(the_caller_is_asked_for_once),
        cmocka_unit_test(a_person_is_rung_once),
        cmocka_unit_test(a_caller_whose_person_has_just_gone_comes_to_the_agent),
        cmocka_unit_test(who_was_put_through_is_not_taken_from_a_colleague),
        cmocka_unit_test(who_came_back_by_the_fallback_may_be_taken_over),
        cmocka_unit_test(the_agent_is_no_person_to_be_rung),
        cmocka_unit_test(who_puts_the_receiver_down_gives_the_call_back),
        cmocka_unit_test(a_caller_whom_the_person_rung_does_not_take_is_the_agents),
        cmocka_unit_test(a_join_by_phone_that_comes_again_rings_nobody),
        cmocka_unit_test(a_join_by_phone_that_was_over_before_it_ended_rings_nobody),
        cmocka_unit_test(a_second_join_beside_the_first_rings_nobody),
        cmocka_unit_test(a_second_join_behind_the_first_rings_nobody),
        cmocka_unit_test(a_join_that_became_another_rings_nobody),
        cmocka_unit_test(a_receiver_put_down_in_a_trouble_gives_the_call_back_too),
        cmocka_unit_test(a_receiver_put_down_late_ends_nothing),
        cmocka_unit_test(a_call_the_carrier_does_not_know_is_not_taken),
        cmocka_unit_test(an_emergency_in_a_held_call_pages),
        cmocka_unit_test(an_objection_in_a_held_call_is_answered),
        cmocka_unit_test(a_forgotten_call_goes_back_to_the_agent),
        cmocka_unit_test(one_that_cannot_end_keeps_no_other),
        cmocka_unit_test(a_lost_call_is_redirected_unless_somebody_has_it),
        cmocka_unit_test(a_sweep_dies),
        cmocka_unit_test(whose_it_is_is_found_by_his_id),
        cmocka_unit_test(a_resume_dies),
        cmocka_unit_test(a_receiver_put_down_dies),
        cmocka_unit_test(a_join_dies),
        cmocka_unit_test(a_message_in_a_call_dies),
        cmocka_unit_test(a_message_by_text_dies),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return t_client_main(tests, sizeof(tests) / sizeof(*tests), setup);
}
