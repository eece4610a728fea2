/*
 * People who take a chat over: who may, that the agent is silent meanwhile, how the visitor
 * gets what they write (with an answer, over his sockets, again after a break: each once and in
 * order), how it ends; and that all of it holds wherever a worker dies.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "t/handlers/lib/deaths.h"
#include "t/handlers/lib/people.h"
#include "t/handlers/lib/runs.h"
#include "t/handlers/lib/texts.h"

#define KEY    "wk_demo_downtown"
#define ORIGIN "https://localhost"
#define ONE    "00112233445566778899aabbccddeef1" /* connections */
#define TWO    "00112233445566778899aabbccddeef2"
#define NAMED  "a-name-for-this-message"

static int setup(void **state)
{
    int failed = t_texts_setup(state);
    t_redis(t_ctx.redis, t_ctx.arena, "FLUSHALL");
    t_sqlf("DELETE FROM takeovers; DELETE FROM appointments; DELETE FROM chat_sessions;"
           "DELETE FROM chat_effects; DELETE FROM audit_log;"
           "UPDATE organizations SET plan = 'PRO', engines = '{receptionist}',"
           "    widget_origins = '{https://localhost}';"
           "INSERT INTO users (id, organization_id, email, password_hash, role, first_name)"
           " SELECT v.id::uuid, '" DOWNTOWN "', v.name || '@downtown.example', u.password_hash,"
           "        v.role, v.name"
           "   FROM (VALUES ('" STAN "', 'stan', 'staff'), ('" TESS
           "', 'tess', 'service_tech')) v (id, name, role)"
           "   JOIN users u ON u.id = '" DANA "' ON CONFLICT DO NOTHING");
    return failed;
}

/* ---------------------------------------------------------------- the visitor */

static const char *session; /* the id that the visitor has */

/* connection NULL: it is posted. more: further members, with their comma. */
static t_ask_t writes(const char *connection, const char *message, const char *more)
{
    const char *text =
        message != NULL ? wk_printf(t_ctx.arena, "\"message\":\"%s\",", message).data : "";
    const char *of =
        session != NULL ? wk_printf(t_ctx.arena, ",\"sessionId\":\"%s\"", session).data : "";
    return (t_ask_t){.type = "chat.answer",
                     .method = "POST",
                     .uri = connection != NULL ? "/api/chat/socket" : "/api/chat",
                     .args = connection != NULL ? "businessId=bici-downtown&key=" KEY : NULL,
                     .connection = connection,
                     .headers = {"origin", ORIGIN},
                     .body = wk_printf(t_ctx.arena,
                                       "{%s\"businessId\":\"bici-downtown\",\"key\":\"" KEY
                                       "\"%s%s}",
                                       text, of, more != NULL ? more : "")
                                 .data};
}

static t_answer_t says(const char *connection, const char *message, const char *more)
{
    t_ask_t ask = writes(connection, message, more);
    t_answer_t a = t_ask(&ask);
    assert_status(&a, 200);
    return a;
}

static void begins(const char *connection)
{
    session = NULL;
    t_answer_t a = says(connection, "What are your hours?", NULL);
    session = t_text(&a, "/sessionId");
}

/* "1 Hello|2 Bye": numbers and texts of what people wrote, as an answer brings it. */
static const char *brings(const t_answer_t *a)
{
    const char *all = "";
    for (size_t i = 0; i < t_count(a, "/messages"); i++) {
        const char *at = wk_printf(t_ctx.arena, "/messages/%zu", i).data;
        const char *number = wk_printf(t_ctx.arena, "%s/number", at).data;
        const char *text = wk_printf(t_ctx.arena, "%s/message", at).data;
        all = wk_printf(t_ctx.arena, "%s%s%s %s", all, i > 0 ? "|" : "", t_text(a, number),
                        t_text(a, text))
                  .data;
    }
    return all;
}

static const char *lead(void)
{
    return t_sqlf("SELECT customer_id FROM chat_sessions");
}

static const char *chat_id(void)
{
    return t_sqlf("SELECT id FROM chat_sessions");
}

/* ---------------------------------------------------------------- people */

static const char *text(const char *message, int id)
{
    return wk_printf(t_ctx.arena, "{\"message\":\"%s\",\"id\":\"%d\"}", message, id).data;
}

static void person_writes(const char *message, int id)
{
    t_assert_takeover(&t_stan, lead(), "message", text(message, id), 200);
}

static int64_t count(const char *from_where)
{
    return t_sqlf_int("SELECT count(*) FROM %s", from_where);
}

static const char *audited(void)
{
    return t_sqlf("SELECT string_agg(actor || ':' || action, ' ' ORDER BY created_at, id)"
                  " FROM audit_log");
}

/* ---------------------------------------------------------------- sockets */

/* As nginx listens for that connection. */
static redisContext *opens(const char *connection)
{
    redisContext *c = redisConnect("127.0.0.1", t_redis_server.port);
    assert_int_equal(c->err, 0);
    freeReplyObject(redisCommand(c, "SUBSCRIBE va:ws:%s", connection));
    return c;
}

/* "joined|1 Hello|2 Bye|left": all that has been sent to it. Closes it. */
static const char *was_sent(redisContext *c)
{
    void *reply;
    bool end = false;
    const char *all = "";
    redisAppendCommand(c, "PING"); /* its answer comes behind what was published */
    while (!end && redisGetReply(c, &reply) == REDIS_OK) {
        const va_json_t *m = NULL;
        int64_t number = 0;
        const redisReply *r = reply;
        end = r->type != REDIS_REPLY_ARRAY || r->elements < 3;
        if (!end && strstr(r->element[2]->str, "\"type\":\"person\"") != NULL) {
            all = wk_printf(t_ctx.arena, "%s%s%s", all, all[0] != '\0' ? "|" : "",
                            strstr(r->element[2]->str, "true") != NULL ? "joined" : "left")
                      .data;
        } else if (!end) {
            assert_int_equal(va_json_parse(wk_mem(t_ctx.arena),
                                           wk_copy(t_ctx.arena, wk_redis_str(r->element[2])),
                                           &VA_JSON_LIMITS_DEFAULT, &m),
                             VA_OK);
            assert_true(va_json_int(va_json_get(m, "number"), &number));
            va_str_t words = va_json_get_string(m, "message");
            all = wk_printf(t_ctx.arena, "%s%s%d %.*s", all, all[0] != '\0' ? "|" : "",
                            (int)number, (int)words.len, words.data)
                      .data;
        }
        freeReplyObject(reply);
    }
    assert_true(end);
    redisFree(c);
    return all;
}

/* A job that the outbox holds for a worker, done by one; false: there is none. */
static bool does_job(t_answer_t *a)
{
    const char *job = t_sqlf("DELETE FROM outbox WHERE id = (SELECT min(id) FROM outbox"
                             "                                WHERE type ~ '^chat\\.')"
                             " RETURNING type || ' ' || (data ->> 'session')");
    const char *id = strchr(job, ' ');
    if (id == NULL) {
        return false;
    }
    *a = t_ask(&(t_ask_t){.type = wk_printf(t_ctx.arena, "%.*s", (int)(id - job), job).data,
                          .org = DOWNTOWN,
                          .scheme = "internal",
                          .body = wk_printf(t_ctx.arena, "{\"session\":\"%s\"}", id + 1).data});
    return true;
}

static t_ask_t push_job(void)
{
    return (t_ask_t){.type = "chat.push",
                     .org = DOWNTOWN,
                     .scheme = "internal",
                     .body = wk_printf(t_ctx.arena, "{\"session\":\"%s\"}", chat_id()).data};
}

static t_answer_t pushes(void)
{
    t_answer_t a = {.status = 0};
    while (does_job(&a)) {
    }
    return a;
}

static long long sockets(void)
{
    return t_redis_int(t_ctx.redis, "HLEN va:chat:{%s}", chat_id());
}

/* ---------------------------------------------------------------- who may */

static void a_technician_and_another_shop_may_not(void **state)
{
    static const char *const actions[] = {"join", "message", "resume"};
    (void)state;
    begins(NULL);
    const char *targets[] = {lead(), chat_id()};
    for (size_t i = 0; i < 6; i++) {
        t_answer_t a = t_takeover(&t_tess, targets[i % 2], actions[i / 2], text("Hello", 1));
        assert_error(&a, 403, "role");
        a = t_takeover(&t_uma, targets[i % 2], actions[i / 2], text("Hello", 1));
        assert_error(&a, 404, "not_found");
    }
    t_assert_takeover(&t_stan, lead(), "message", text("Hello", 1), 409);
    t_assert_takeover(&t_stan, chat_id(), "resume", NULL, 409);
    assert_int_equal(count("takeovers"), 0);
    assert_int_equal(count("messages WHERE speaker = 'human_agent'"), 0);
    assert_int_equal(count("audit_log"), 0);
}

static void a_chat_has_one_person(void **state)
{
    (void)state;
    begins(NULL);
    t_answer_t a = t_takeover(&t_stan, lead(), "join", NULL);
    assert_status(&a, 200);
    assert_string_equal(t_text(&a, "/chat_id"), chat_id());
    t_assert_takeover(&t_stan, chat_id(), "join", NULL, 200); /* the same by its other name */
    t_assert_takeover(&t_dana, chat_id(), "join", NULL, 409);
    t_assert_takeover(&t_dana, lead(), "message", text("Hello", 1), 409);
    t_assert_takeover(&t_stan, lead(), "join",
                      "{\"mode\":\"phone\",\"phone\":\"+14165550177\"}", 409);
    person_writes("Hello", 1);
    person_writes("Hello", 1);
    t_assert_takeover(&t_dana, chat_id(), "resume", NULL, 200);
    t_assert_takeover(&t_stan, lead(), "resume", NULL, 409);
    assert_int_equal(count("takeovers WHERE customer_id IS NULL AND state = 'over'"), 1);
    assert_int_equal(count("messages WHERE speaker = 'human_agent'"), 1);
    assert_string_equal(audited(), "user:takeover_join user:takeover_message"
                                   " user:takeover_resume");
    assert_int_equal(count("audit_log a JOIN chat_sessions s"
                           " ON a.entity = 'customer' AND a.entity_id = s.customer_id::text"),
                     3);
    assert_int_equal(count("audit_log a JOIN chat_sessions s"
                           " ON a.data = jsonb_build_object('sessionId', s.id)"),
                     3);
    assert_int_equal(
        count("outbox o JOIN chat_sessions s ON o.data ->> 'sessionId' = s.id::text"
              " WHERE o.customer_id = s.customer_id AND o.type IN"
              " ('human_agent_joined', 'human_agent_message', 'ai_agent_resumed')"
              " AND o.data ->> 'channel' = 'chat'"),
        3);
}

static void a_chat_that_is_over_is_nobodys(void **state)
{
    (void)state;
    begins(NULL);
    t_assert_takeover(&t_stan, lead(), "join", NULL, 200);
    t_sqlf("UPDATE chat_sessions SET last_seen_at = now() - interval '2 days'");
    t_assert_takeover(&t_stan, chat_id(), "message", text("Hello", 1), 409);
    t_assert_takeover(&t_stan, chat_id(), "resume", NULL, 200);
    t_assert_takeover(&t_stan, chat_id(), "join", NULL, 409);
    assert_int_equal(count("messages WHERE speaker = 'human_agent'"), 0);
}

/* ---------------------------------------------------------------- the agent is silent */

static void what_is_written_meanwhile_is_kept_and_not_answered(void **state)
{
    (void)state;
    begins(NULL);
    t_assert_takeover(&t_stan, lead(), "join", NULL, 200);
    t_sqlf("DELETE FROM outbox");
    t_answer_t a = says(NULL, "Are you open on Sundays?", ",\"messageId\":\"" NAMED "\"");
    assert_true(va_json_is(va_json_get(a.json, "reply"), VA_JSON_NULL));
    assert_string_equal(t_text(&a, "/person"), "true");
    assert_string_equal(t_text(&a, "/nextAction"), "wait_for_person");
    assert_string_equal(t_text(&a, "/lead/id"), lead());
    t_answer_t again = says(NULL, "Are you open on Sundays?", ",\"messageId\":\"" NAMED "\"");
    assert_true(va_str_eq(a.body, again.body));
    assert_int_equal(count("messages WHERE speaker = 'customer'"), 2);
    assert_int_equal(count("messages WHERE speaker = 'agent'"), 1);
    assert_int_equal(count("outbox WHERE type = 'user_transcript'"), 1);
    assert_int_equal(count("outbox WHERE type = 'agent_response'"), 0);
    t_assert_takeover(&t_stan, lead(), "resume", NULL, 200);
    t_answer_t back = says(NULL, "What are your hours?", NULL);
    assert_string_equal(t_text(&back, "/person"), "false");
    assert_has(t_text(&back, "/reply"), "Hours");
}

static void an_emergency_pages_all_the_same(void **state)
{
    (void)state;
    begins(NULL);
    t_assert_takeover(&t_stan, lead(), "join", NULL, 200);
    t_answer_t a = says(NULL, "There is a fire in your workshop!", NULL);
    assert_true(va_json_is(va_json_get(a.json, "reply"), VA_JSON_NULL));
    assert_string_equal(t_text(&a, "/emergencyLevel"), "urgent");
    assert_int_equal(count("tasks WHERE priority = 'urgent'"), 1);
    assert_int_equal(count("messages WHERE template = 'page'"), 1);
    assert_int_equal(count("messages WHERE intent = 'emergency'"), 1);
}

/* The model has its question when the person joins, and its answer comes too late. */
static void an_answer_that_is_being_thought_of_is_none(void **state)
{
    (void)state;
    begins(NULL);
    t_openai();
    t_openai_ask("POST", "/_sim/model", "{\"answers\":[{\"text\":\"A fine colour.\"}]}");
    t_sqlf("UPDATE organizations SET engines = '{pipeline,receptionist}'");
    t_run_t run = {.ask = writes(NULL, "hmm, let me think about bikes", NULL)};
    PGconn *thinking = t_lock("lead_questions", "ACCESS EXCLUSIVE");
    t_run(&run);
    t_runs_still(&run, 1);
    assert_false(run.done);
    t_assert_takeover(&t_stan, lead(), "join", NULL, 200);
    person_writes("Hello", 1);
    PQfinish(thinking);
    t_run_end(&run);
    assert_has(run.body, "\"reply\":null");
    assert_has(run.body, "\"message\":\"Hello\"");
    assert_has_not(run.body, "A fine colour");
    assert_int_equal(count("messages WHERE content = 'A fine colour.'"), 0);
    assert_int_equal(count("messages WHERE content = 'hmm, let me think about bikes'"), 1);
}

/* What a person said meanwhile is what it has to know: the one that knows nothing of it is
 * none. */
static void an_answer_that_people_overtook_is_thought_of_anew(void **state)
{
    (void)state;
    begins(NULL);
    t_openai();
    t_openai_ask("POST", "/_sim/model",
                 "{\"answers\":[{\"text\":\"A fine colour.\"},{\"text\":\"As Stan said.\"}]}");
    t_sqlf("UPDATE organizations SET engines = '{pipeline,receptionist}'");
    t_run_t run = {
        .ask = writes(NULL, "hmm, let me think about bikes", ",\"messageId\":\"" NAMED "\"")};
    PGconn *thinking = t_lock("lead_questions", "ACCESS EXCLUSIVE");
    t_run(&run);
    t_runs_still(&run, 1);
    t_assert_takeover(&t_stan, lead(), "join", NULL, 200);
    person_writes("The blue one is reserved for you.", 1);
    t_assert_takeover(&t_stan, lead(), "resume", NULL, 200);
    PQfinish(thinking);
    t_run_end(&run);
    assert_again(&run.answer);
    assert_int_equal(count("messages WHERE content = 'A fine colour.'"), 0);
    t_answer_t a = t_ask(&run.ask);
    assert_status(&a, 200);
    assert_string_equal(t_text(&a, "/reply"), "As Stan said.");
    assert_has(t_openai_told(), "The blue one is reserved for you.");
    assert_int_equal(count("messages WHERE content = 'hmm, let me think about bikes'"), 1);
}

#define TAKES_MESSAGE                                                                          \
    "{\"answers\":[{\"tool_calls\":[{\"name\":\"take_message\",\"arguments\":"                 \
    "\"{\\\"message\\\":\\\"Please call me about bikes\\\"}\"}]},{\"text\":\"It is passed "    \
    "on.\"}]}"

/* It was done though nobody is told of it by an answer: so people are, also where it was a run
 * that died which did it. */
static void what_a_tool_did_for_no_answer_is_told_to_people(void **state)
{
    (void)state;
    begins(NULL);
    t_openai();
    t_openai_ask("POST", "/_sim/model", TAKES_MESSAGE);
    t_sqlf("UPDATE organizations SET engines = '{pipeline,receptionist}'");
    t_run_t run = {
        .ask = writes(NULL, "hmm, let me think about bikes", ",\"messageId\":\"" NAMED "\"")};
    PGconn *thinking = t_lock("lead_questions", "ACCESS EXCLUSIVE");
    t_run(&run);
    t_runs_still(&run, 1);
    t_assert_takeover(&t_stan, lead(), "join", NULL, 200);
    PQfinish(thinking);
    t_run_end(&run);
    assert_has(run.body, "\"reply\":null");
    assert_has_not(run.body, "passed on");
    const char *told = t_sqlf("SELECT result ->> 'message' FROM effects WHERE key ~ '^once:'");
    assert_true(strlen(told) > 0);
    assert_has(t_sqlf("SELECT content FROM messages WHERE speaker = 'system'"), told);
    assert_int_equal(count("outbox WHERE type = 'agent_note' AND data ->> 'channel' = 'chat'"),
                     1);
    t_answer_t again = t_ask(&run.ask);
    assert_has_not(wk_strdup(t_ctx.arena, again.body), told);
    assert_int_equal(count("messages WHERE speaker = 'system'"), 1);

    t_sqlf("DELETE FROM messages WHERE content ~ 'think about bikes' OR speaker = 'system'");
    t_ask(&run.ask);
    assert_int_equal(count("messages WHERE speaker = 'system'"), 1);
}

/* People see that somebody has begun to write before what he wrote is stored. */
static void who_has_only_begun_is_joined_too(void **state)
{
    (void)state;
    t_openai();
    t_openai_ask("POST", "/_sim/model", "{\"answers\":[{\"text\":\"A fine colour.\"}]}");
    t_sqlf("UPDATE organizations SET engines = '{pipeline,receptionist}'");
    session = NULL;
    t_run_t run = {.ask = writes(NULL, "hmm, let me think about bikes", NULL)};
    PGconn *thinking = t_lock("lead_questions", "ACCESS EXCLUSIVE");
    t_run(&run);
    t_runs_still(&run, 1);
    assert_int_equal(count("messages"), 0);
    t_assert_takeover(&t_stan, lead(), "join", NULL, 200);
    PQfinish(thinking);
    t_run_end(&run);
    assert_has(run.body, "\"reply\":null");
    assert_int_equal(count("messages"), 1);
}

/* It is given to nginx by the end of its job, which may be another worker's by now. */
static void a_join_comes_again_behind_an_answer_on_its_way(void **state)
{
    (void)state;
    begins(NULL);
    const char *job = t_sqlf("SELECT metadata ->> 'job' FROM messages WHERE speaker = 'agent'");
    t_redis(t_ctx.redis, t_ctx.arena, "HSET va:{realtime}:job:%s type chat.answer", job);
    t_answer_t a = t_takeover(&t_stan, lead(), "join", NULL);
    assert_again(&a);
    assert_string_equal(t_sqlf("SELECT state FROM takeovers"), "joining");
    t_answer_t held = says(NULL, "Hi", NULL);
    assert_string_equal(t_text(&held, "/person"), "true");
    t_redis(t_ctx.redis, t_ctx.arena, "HSET va:{realtime}:job:%s died 1", job);
    t_assert_takeover(&t_stan, lead(), "join", NULL, 200);
    assert_string_equal(t_sqlf("SELECT state FROM takeovers"), "held");
}

/* What a stranger typed must not silence the number's owner, nor is he answered by its texts.
 */
static void a_chat_and_the_texts_of_its_number_are_two(void **state)
{
    (void)state;
    session = NULL;
    t_answer_t a =
        says(NULL, "What are your hours?", ",\"phone\":\"" JOHN_NUMBER "\",\"name\":\"Eve\"");
    session = t_text(&a, "/sessionId");
    assert_string_equal(lead(), JOHN);
    t_assert_takeover(&t_stan, JOHN, "join", NULL, 200);
    person_writes("Hello", 1);
    assert_string_equal(t_sqlf("SELECT channel FROM messages WHERE speaker = 'human_agent'"),
                        "chat");
    assert_has(t_say(JOHN_NUMBER, "What are your hours?"), "Hours");
    person_writes("Still here", 2); /* where he is, though it is a text that came last */
    assert_int_equal(t_twilio_sent(JOHN_NUMBER), 1);
    t_assert_takeover(&t_stan, JOHN, "resume", NULL, 200);

    t_assert_takeover(&t_stan, JOHN, "join", NULL, 200); /* the texts, which came last */
    person_writes("By text", 3);
    assert_string_equal(t_sqlf("SELECT channel FROM messages WHERE content = 'By text'"),
                        "sms");
    assert_string_equal(t_say(JOHN_NUMBER, "Hi"), "");
    t_answer_t free = says(NULL, "What are your hours?", NULL);
    assert_has(t_text(&free, "/reply"), "Hours");
    t_assert_takeover(&t_dana, chat_id(), "join", NULL, 200); /* one each, at the same time */
    t_assert_takeover(&t_dana, chat_id(), "message", text("By chat", 4), 200);
    t_answer_t held = says(NULL, "Hi", NULL);
    assert_string_equal(brings(&held), "3 By chat");
    person_writes("By text again", 5); /* the chat has a name of its own */
    assert_string_equal(t_sqlf("SELECT channel FROM messages WHERE content = 'By text again'"),
                        "sms");
    t_assert_takeover(&t_stan, JOHN, "resume", NULL, 200);
    assert_string_equal(t_sqlf("SELECT user_id FROM takeovers WHERE state = 'held'"), DANA);
}

static void who_tells_his_number_meanwhile_stays_held(void **state)
{
    (void)state;
    begins(NULL);
    t_assert_takeover(&t_stan, lead(), "join", NULL, 200);
    t_answer_t a = says(NULL, "It is me", ",\"phone\":\"" JOHN_NUMBER "\"");
    assert_string_equal(t_text(&a, "/person"), "true");
    assert_string_equal(lead(), JOHN);
    person_writes("Hello", 1);
    t_answer_t b = says(NULL, "Hi", NULL);
    assert_string_equal(brings(&b), "1 Hello");
    assert_int_equal(
        count("messages WHERE speaker = 'human_agent' AND customer_id = '" JOHN "'"), 1);
    t_assert_takeover(&t_stan, JOHN, "resume", NULL, 200);
}

/* ---------------------------------------------------------------- with an answer */

static void each_message_comes_with_one_answer_and_in_order(void **state)
{
    (void)state;
    begins(NULL);
    t_assert_takeover(&t_stan, lead(), "join", NULL, 200);
    person_writes("Hello", 1);
    person_writes("This is Stan", 2);
    assert_string_equal(t_sqlf("SELECT string_agg(status, ' ') FROM messages"
                               " WHERE speaker = 'human_agent'"),
                        "queued queued");
    t_answer_t a = says(NULL, "Hi", ",\"messageId\":\"" NAMED "\"");
    assert_string_equal(brings(&a), "1 Hello|2 This is Stan");
    assert_string_equal(t_sqlf("SELECT string_agg(status, ' ') FROM messages"
                               " WHERE speaker = 'human_agent'"),
                        "sent sent");
    person_writes("Anybody there?", 3);
    t_answer_t again = says(NULL, "Hi", ",\"messageId\":\"" NAMED "\"");
    assert_true(va_str_eq(a.body, again.body));
    t_answer_t next = says(NULL, "Yes", NULL);
    assert_string_equal(brings(&next), "3 Anybody there?");
    t_answer_t none = says(NULL, "Yes", NULL);
    assert_string_equal(brings(&none), "");
    person_writes("Bye", 4);
    t_assert_takeover(&t_stan, lead(), "resume", NULL, 200);
    t_answer_t agents = says(NULL, "What are your hours?", NULL);
    assert_string_equal(brings(&agents), "4 Bye");
    assert_has(t_text(&agents, "/reply"), "Hours");
}

static void a_page_that_says_how_far_it_is_misses_nothing(void **state)
{
    (void)state;
    begins(NULL);
    t_assert_takeover(&t_stan, lead(), "join", NULL, 200);
    for (int i = 1; i <= 3; i++) {
        person_writes("Hello", i);
    }
    t_answer_t lost = says(NULL, NULL, NULL); /* this answer never came */
    assert_string_equal(brings(&lost), "1 Hello|2 Hello|3 Hello");
    assert_string_equal(t_text(&lost, "/person"), "true");
    t_answer_t more = says(NULL, NULL, ",\"after\":1");
    assert_string_equal(brings(&more), "2 Hello|3 Hello");
    t_answer_t with = says(NULL, "Hi", ",\"after\":2");
    assert_string_equal(brings(&with), "3 Hello");
    t_answer_t all = says(NULL, NULL, ",\"after\":99");
    assert_string_equal(brings(&all), "");
    t_ask_t wrong = writes(NULL, NULL, ",\"after\":-1");
    t_answer_t a = t_ask(&wrong);
    assert_error(&a, 400, "bad_request");
}

static const char *numbers(int from, int to)
{
    const char *all = "";
    for (int i = from; i <= to; i++) {
        all = wk_printf(t_ctx.arena, "%s%s%d Hello", all, i > from ? "|" : "", i).data;
    }
    return all;
}

static void long_catching_up_comes_in_pieces(void **state)
{
    (void)state;
    begins(NULL);
    t_assert_takeover(&t_stan, lead(), "join", NULL, 200);
    for (int i = 1; i <= 40; i++) {
        person_writes("Hello", i);
    }
    t_answer_t first = says(NULL, NULL, NULL);
    assert_string_equal(brings(&first), numbers(1, 16));
    t_answer_t next = says(NULL, NULL, NULL);
    assert_string_equal(brings(&next), numbers(17, 32));
    t_answer_t last = says(NULL, NULL, ",\"after\":32");
    assert_string_equal(brings(&last), numbers(33, 40));
    redisContext *one = opens(ONE);
    says(ONE, NULL, ",\"after\":0");
    assert_string_equal(was_sent(one), numbers(1, 40));
}

/* How many messages a socket was sent, which are number from and those that follow it. */
static int follow(const char *sent, int from)
{
    int n = 0;
    for (const char *at = sent; *at != '\0'; n++) {
        assert_int_equal(strtol(at, NULL, 10), from + n);
        at += strcspn(at, "|");
        at += *at == '|';
    }
    return n;
}

static void is_stored(int number, const char *words);

/* nginx ends a socket whose client has 64 KB to read: a second's are fewer. */
static void a_socket_is_not_sent_more_than_it_can_take(void **state)
{
    char words[1501];
    int sent = 0;
    (void)state;
    memset(words, 'x', sizeof(words) - 1);
    words[sizeof(words) - 1] = '\0';
    begins(NULL);
    for (int i = 1; i <= 100; i++) {
        is_stored(i, words);
    }
    redisContext *one = opens(ONE);
    says(ONE, NULL, ",\"after\":0");
    for (;;) {
        const char *some = was_sent(one);
        assert_in_range(strlen(some), 1, 62000);
        sent += follow(some, sent + 1);
        if (sent == 100) {
            break;
        }
        one = opens(ONE);
        assert_int_equal(count("outbox WHERE type = 'chat.push'"), 1);
        t_redis(t_ctx.redis, t_ctx.arena, "PERSIST va:chat:{%s}:sent", chat_id());
        t_ask_t job = push_job();
        t_answer_t early = t_ask(&job);
        assert_again(&early);
        t_redis(t_ctx.redis, t_ctx.arena, "DEL va:chat:{%s}:sent", chat_id());
        t_answer_t a = t_ask(&job);
        assert_int_equal(a.end.how, sent + 16 < 100 ? WK_END_RETRY : WK_END_ACK);
    }
    assert_int_equal(t_sqlf_int("SELECT told FROM chat_sessions"), 100);
}

/* It writes nothing down, and belongs to who has the session. */
static void who_only_listens_changes_nothing(void **state)
{
    (void)state;
    begins(NULL);
    t_sqlf("DELETE FROM outbox; UPDATE chat_sessions SET last_seen_at = '%s'",
           t_sqlf("SELECT now() - interval '1 hour'"));
    const char *before = t_sqlf("SELECT s::text FROM chat_sessions s");
    t_answer_t a = says(NULL, NULL, ",\"name\":\"Eve\",\"phone\":\"" JOHN_NUMBER "\"");
    assert_string_equal(t_text(&a, "/person"), "false");
    assert_string_equal(t_text(&a, "/sessionId"), session);
    assert_string_equal(t_sqlf("SELECT s::text FROM chat_sessions s"), before);
    assert_int_equal(count("messages"), 2);
    assert_int_equal(count("outbox"), 0);
    const char *own = session;
    session = "0123456789012345678901234567890123456789abc";
    t_ask_t stranger = writes(NULL, NULL, NULL);
    t_answer_t b = t_ask(&stranger);
    assert_error(&b, 404, "not_found");
    session = NULL;
    t_ask_t nobody = writes(NULL, NULL, NULL);
    t_answer_t c = t_ask(&nobody);
    assert_error(&c, 400, "bad_request");
    session = own;
}

/* ---------------------------------------------------------------- over sockets */

static void each_socket_is_sent_each_message_once(void **state)
{
    (void)state;
    redisContext *one = opens(ONE), *two = opens(TWO);
    begins(ONE);
    says(TWO, "Hi", NULL);
    t_assert_takeover(&t_stan, lead(), "join", NULL, 200);
    person_writes("Hello", 1);
    assert_string_equal(t_sqlf("SELECT status FROM messages WHERE speaker = 'human_agent'"),
                        "queued");
    pushes();
    assert_string_equal(t_sqlf("SELECT status FROM messages WHERE speaker = 'human_agent'"),
                        "sent");
    person_writes("This is Stan", 2);
    person_writes("How are you?", 3);
    pushes();
    t_answer_t a = says(ONE, "Fine", NULL);
    assert_string_equal(brings(&a), "");
    t_assert_takeover(&t_stan, lead(), "resume", NULL, 200);
    pushes();
    assert_string_equal(was_sent(one), "joined|1 Hello|2 This is Stan|3 How are you?|left");
    assert_string_equal(was_sent(two), "joined|1 Hello|2 This is Stan|3 How are you?|left");
    t_answer_t posted = says(NULL, "Fine", NULL);
    assert_string_equal(brings(&posted), "");
    assert_true(t_redis_int(t_ctx.redis, "TTL va:chat:{%s}", chat_id()) > 0);
}

/* The page opens another, says how far it is, and goes on; what came meanwhile is not lost. */
static void a_socket_that_is_opened_anew_goes_on(void **state)
{
    (void)state;
    redisContext *one = opens(ONE);
    begins(ONE);
    t_assert_takeover(&t_stan, lead(), "join", NULL, 200);
    person_writes("Hello", 1);
    pushes();
    assert_string_equal(was_sent(one), "joined|1 Hello");
    person_writes("Are you there?", 2);
    t_answer_t missed = pushes();
    assert_again(&missed);
    assert_int_equal(t_sqlf_int("SELECT told FROM chat_sessions"), 1);

    redisContext *two = opens(TWO);
    t_answer_t a = says(TWO, NULL, ",\"after\":0");
    assert_string_equal(t_text(&a, "/person"), "true");
    says(TWO, NULL, ",\"after\":0");
    assert_string_equal(was_sent(two), "1 Hello|2 Are you there?");
    assert_int_equal(t_sqlf_int("SELECT told FROM chat_sessions"), 2);
}

static void one_that_does_not_say_is_sent_what_nobody_had(void **state)
{
    (void)state;
    redisContext *one = opens(ONE);
    begins(ONE);
    t_assert_takeover(&t_stan, lead(), "join", NULL, 200);
    person_writes("Hello", 1);
    pushes();
    was_sent(one);
    person_writes("Are you there?", 2);
    redisContext *two = opens(TWO);
    says(TWO, "Yes", NULL);
    pushes();
    assert_string_equal(was_sent(two), "2 Are you there?");
}

static const char *said_so_far; /* of t_until: messages that are to be there */

static bool is_heard(void *arg)
{
    (void)arg;
    return strcmp(t_sqlf("SELECT count(*) FROM messages"), said_so_far) == 0;
}

/* As it is stored, with nobody there who takes it to the sockets. */
static void is_stored(int number, const char *words)
{
    t_sqlf("WITH s AS (UPDATE chat_sessions SET said = %d RETURNING *)"
           " INSERT INTO messages (organization_id, customer_id, chat_session_id, channel,"
           "     direction, speaker, position, content, provider, provider_message_id, status)"
           " SELECT organization_id, customer_id, id, 'chat', 'outbound', 'human_agent', said,"
           "     '%s', 'takeover', 'stored:%d', 'queued' FROM s",
           number, words, number);
}

/* Its job looks for sockets before this one is known, whose message was heard before it. */
static void what_is_stored_as_a_socket_comes_is_sent_to_it(void **state)
{
    (void)state;
    begins(NULL);
    t_assert_takeover(&t_stan, lead(), "join", NULL, 200);
    redisContext *one = opens(ONE);
    t_run_t run = {.ask = writes(ONE, "Hi", NULL)};
    PGconn *hearing = t_lock("chat_sessions", "ACCESS EXCLUSIVE");
    t_run(&run);
    t_runs_still(&run, 1);
    t_redis(t_ctx.redis, t_ctx.arena, "CLIENT PAUSE 60000 WRITE");
    PQfinish(hearing);
    said_so_far = "3";
    assert_true(t_until(is_heard, NULL, 30000));
    is_stored(1, "Hello");
    assert_int_equal(sockets(), 0);
    t_redis(t_ctx.redis, t_ctx.arena, "CLIENT UNPAUSE");
    t_run_end(&run);
    assert_string_equal(was_sent(one), "1 Hello");
}

/* It comes when what the others lack has just been read, and lacks more. */
static void a_socket_that_comes_during_a_push_misses_nothing(void **state)
{
    (void)state;
    redisContext *one = opens(ONE), *two = opens(TWO);
    begins(ONE);
    t_assert_takeover(&t_stan, lead(), "join", NULL, 200);
    person_writes("Hello", 1);
    pushes();
    is_stored(2, "Bye");
    t_run_t run = {.ask = push_job()};
    PGconn *reading = t_lock("messages", "ACCESS EXCLUSIVE");
    t_run(&run);
    t_runs_still(&run, 1);
    t_redis(t_ctx.redis, t_ctx.arena, "HSET va:chat:{%s} " TWO " 0", chat_id());
    PQfinish(reading);
    t_run_end(&run);
    assert_done(&run.answer);
    assert_string_equal(was_sent(one), "joined|1 Hello|2 Bye");
    assert_string_equal(was_sent(two), "1 Hello|2 Bye");
}

/* For some seconds nginx may have lost Redis; then the connection is forgotten. The seconds are
 * those it was tried for, however long the job had to wait for its first try. */
static void a_connection_that_is_gone_is_forgotten(void **state)
{
    (void)state;
    begins(ONE);
    t_assert_takeover(&t_stan, lead(), "join", NULL, 200);
    person_writes("Hello", 1);
    t_ask_t push = push_job();
    push.age_ms = 11000;
    for (int tries = 0; tries < 2; tries++) {
        t_answer_t a = t_ask(&push);
        assert_again(&a);
        assert_int_equal(sockets(), 1);
    }
    long long first = t_redis_int(t_ctx.redis, "HGET va:chat:{%s}:lost " ONE, chat_id());
    assert_true(t_redis_int(t_ctx.redis, "PTTL va:chat:{%s}:lost", chat_id()) > 10000);
    t_redis(t_ctx.redis, t_ctx.arena, "HSET va:chat:{%s}:lost " ONE " %lld", chat_id(),
            first - 11000);
    t_answer_t b = t_ask(&push);
    assert_done(&b);
    assert_int_equal(sockets(), 0);
    assert_int_equal(t_redis_int(t_ctx.redis, "EXISTS va:chat:{%s}:lost", chat_id()), 0);
    assert_string_equal(t_sqlf("SELECT status FROM messages WHERE speaker = 'human_agent'"),
                        "queued");
    t_answer_t posted = says(NULL, NULL, NULL);
    assert_string_equal(brings(&posted), "1 Hello");
}

/* nginx had lost Redis, and has it again: what was tried before counts no more. */
static void a_connection_that_is_back_is_kept(void **state)
{
    (void)state;
    begins(ONE);
    t_assert_takeover(&t_stan, lead(), "join", NULL, 200);
    person_writes("Hello", 1);
    t_ask_t push = push_job();
    t_answer_t a = t_ask(&push);
    assert_again(&a);
    redisContext *one = opens(ONE);
    t_answer_t b = t_ask(&push);
    assert_done(&b);
    assert_string_equal(was_sent(one), "1 Hello");
    assert_int_equal(t_redis_int(t_ctx.redis, "EXISTS va:chat:{%s}:lost", chat_id()), 0);
    person_writes("Bye", 2);
    t_answer_t c = t_ask(&push);
    assert_again(&c);
    assert_int_equal(sockets(), 1);
}

/* A page may open one socket after the other: those that are gone are not kept for a day. */
static void many_sockets_are_not_remembered(void **state)
{
    (void)state;
    begins(NULL);
    redisContext *one = opens(ONE);
    says(ONE, NULL, NULL);
    for (int i = 0; i < 40; i++) {
        says(wk_printf(t_ctx.arena, "%032d", i).data, NULL, NULL);
    }
    assert_in_range(sockets(), 1, 33);
    assert_int_equal(t_redis_int(t_ctx.redis, "HEXISTS va:chat:{%s} " ONE, chat_id()), 1);
    redisFree(one);
}

/* ---------------------------------------------------------------- its end */

/* Whatever the agent had asked before, a "yes" now answers the person. */
static void the_agent_goes_on_with_what_was_said(void **state)
{
    (void)state;
    begins(NULL);
    says(NULL, "I would like to book a tune-up", NULL);
    t_assert_takeover(&t_stan, lead(), "join", NULL, 200);
    person_writes("The blue one is reserved for you.", 1);
    says(NULL, "Thank you", NULL);
    t_assert_takeover(&t_stan, lead(), "resume", NULL, 200);
    says(NULL, "1", NULL);
    assert_int_equal(count("appointments"), 0);

    t_openai();
    t_openai_ask("POST", "/_sim/model", "{\"answers\":[{\"text\":\"As Stan said.\"}]}");
    t_sqlf("UPDATE organizations SET engines = '{pipeline,receptionist}'");
    t_answer_t a = says(NULL, "hmm, let me think about bikes", NULL);
    assert_string_equal(t_text(&a, "/reply"), "As Stan said.");
    assert_has(t_openai_told(), "The blue one is reserved for you.");
}

static void a_forgotten_one_ends(void **state)
{
    (void)state;
    begins(NULL);
    t_assert_takeover(&t_stan, lead(), "join", NULL, 200);
    t_sqlf("UPDATE takeovers SET stale_at = now() + interval '1 minute'");
    person_writes("Hello", 1);
    assert_true(t_sqlf_int("SELECT extract(epoch FROM stale_at - now()) FROM takeovers") >
                470 * 60);
    t_sqlf("UPDATE takeovers SET stale_at = now() - interval '1 second'");
    for (int i = 0; i < 2; i++) {
        t_answer_t a = t_ask(&(t_ask_t){
            .type = "takeover.sweep", .org = DOWNTOWN, .scheme = "internal", .body = "{}"});
        assert_done(&a);
    }
    assert_string_equal(t_sqlf("SELECT state FROM takeovers"), "over");
    assert_int_equal(count("outbox o JOIN chat_sessions s ON o.customer_id = s.customer_id"
                           " WHERE o.type = 'ai_agent_resumed'"
                           "   AND o.data ->> 'sessionId' = s.id::text"),
                     1);
    assert_has(audited(), "system:takeover_forgotten");
    assert_int_equal(count("audit_log a JOIN chat_sessions s"
                           " ON a.data = jsonb_build_object('sessionId', s.id)"
                           " WHERE a.action = 'takeover_forgotten'"),
                     1);
    t_answer_t a = says(NULL, "What are your hours?", NULL);
    assert_has(t_text(&a, "/reply"), "Hours");
}

static void what_is_erased_is_gone(void **state)
{
    (void)state;
    begins(ONE);
    t_assert_takeover(&t_stan, lead(), "join", NULL, 200);
    person_writes("Hello", 1);
    t_sqlf("DELETE FROM customers WHERE id = '%s'", lead());
    assert_int_equal(count("takeovers"), 0);
    assert_int_equal(count("chat_sessions"), 0);
    t_answer_t a = pushes();
    assert_done(&a);
}

/* ---------------------------------------------------------------- deaths */

static redisContext *visitor;

static void begin_message(void)
{
    setup(NULL);
    visitor = opens(ONE);
    begins(ONE);
    t_assert_takeover(&t_stan, lead(), "join", NULL, 200);
    t_sqlf("DELETE FROM outbox");
    t_ask_t r = t_takeover_ask(&t_stan, lead(), "message", text("Hello", 1));
    t_push_ask(&r);
}

static void judge_message(void)
{
    assert_string_equal(was_sent(visitor), "1 Hello");
    assert_int_equal(count("messages WHERE speaker = 'human_agent' AND status = 'sent'"), 1);
    assert_int_equal(t_sqlf_int("SELECT said * 10 + told FROM chat_sessions"), 11);
    assert_string_equal(audited(), "user:takeover_join user:takeover_message");
}

static void a_message_dies(void **state)
{
    (void)state;
    assert_in_range(
        t_die_everywhere(&(t_death_t){"chat message", begin_message, NULL, judge_message}), 15,
        400);
}

static void begin_answer(void)
{
    setup(NULL);
    begins(NULL);
    t_assert_takeover(&t_stan, lead(), "join", NULL, 200);
    person_writes("Hello", 1);
    t_sqlf("DELETE FROM outbox");
    t_ask_t r = writes(NULL, "Hi", ",\"messageId\":\"" NAMED "\"");
    t_push_ask(&r);
}

/* What was answered, whoever died: asked again it is the same. */
static void judge_answer(void)
{
    t_answer_t a = says(NULL, "Hi", ",\"messageId\":\"" NAMED "\"");
    assert_string_equal(brings(&a), "1 Hello");
    assert_int_equal(count("messages WHERE speaker = 'customer'"), 2);
    assert_int_equal(count("messages WHERE speaker = 'agent'"), 1);
    t_answer_t next = says(NULL, "Hi again", NULL);
    assert_string_equal(brings(&next), "");
}

static void an_answer_dies(void **state)
{
    (void)state;
    assert_in_range(
        t_die_everywhere(&(t_death_t){"held chat", begin_answer, NULL, judge_answer}), 10, 400);
}

static void begin_join(void)
{
    setup(NULL);
    begins(NULL);
    t_sqlf("DELETE FROM outbox");
    t_ask_t r = t_takeover_ask(&t_stan, lead(), "join", NULL);
    t_push_ask(&r);
}

static void judge_join(void)
{
    assert_string_equal(t_sqlf("SELECT state FROM takeovers"), "held");
    assert_string_equal(audited(), "user:takeover_join");
    t_answer_t a = says(NULL, "Hi", NULL);
    assert_string_equal(t_text(&a, "/person"), "true");
}

static void a_join_dies(void **state)
{
    (void)state;
    assert_in_range(t_die_everywhere(&(t_death_t){"chat join", begin_join, NULL, judge_join}),
                    10, 400);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_technician_and_another_shop_may_not),
        cmocka_unit_test(a_chat_has_one_person),
        cmocka_unit_test(a_chat_that_is_over_is_nobodys),
        cmocka_unit_test(what_is_written_meanwhile_is_kept_and_not_answered),
        cmocka_unit_test(an_emergency_pages_all_the_same),
        cmocka_unit_test(an_answer_that_is_being_thought_of_is_none),
        cmocka_unit_test(an_answer_that_people_overtook_is_thought_of_anew),
        cmocka_unit_test(what_a_tool_did_for_no_answer_is_told_to_people),
        cmocka_unit_test(who_has_only_begun_is_joined_too),
        cmocka_unit_test(a_join_comes_again_behind_an_answer_on_its_way),
        cmocka_unit_test(a_chat_and_the_texts_of_its_number_are_two),
        cmocka_unit_test(who_tells_his_number_meanwhile_stays_held),
        cmocka_unit_test(each_message_comes_with_one_answer_and_in_order),
        cmocka_unit_test(a_page_that_says_how_far_it_is_misses_nothing),
        cmocka_unit_test(long_catching_up_comes_in_pieces),
        cmocka_unit_test(a_socket_is_not_sent_more_than_it_can_take),
        cmocka_unit_test(who_only_listens_changes_nothing),
        cmocka_unit_test(each_socket_is_sent_each_message_once),
        cmocka_unit_test(a_socket_that_is_opened_anew_goes_on),
        cmocka_unit_test(one_that_does_not_say_is_sent_what_nobody_had),
        cmocka_unit_test(what_is_stored_as_a_socket_comes_is_sent_to_it),
        cmocka_unit_test(a_socket_that_comes_during_a_push_misses_nothing),
        cmocka_unit_test(a_connection_that_is_gone_is_forgotten),
        cmocka_unit_test(a_connection_that_is_back_is_kept),
        cmocka_unit_test(many_sockets_are_not_remembered),
        cmocka_unit_test(the_agent_goes_on_with_what_was_said),
        cmocka_unit_test(a_forgotten_one_ends),
        cmocka_unit_test(what_is_erased_is_gone),
        cmocka_unit_test(a_message_dies),
        cmocka_unit_test(an_answer_dies),
        cmocka_unit_test(a_join_dies),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return t_client_main(tests, sizeof(tests) / sizeof(*tests), setup);
}
