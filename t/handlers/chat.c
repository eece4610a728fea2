/*
 * chat.answer: who may write in a shop's chat, what a session is, what a number that was only
 * typed in opens (nothing), and that a message is heard and answered once.
 */
#include <stdio.h>
#include <string.h>

#include "t/handlers/lib/deaths.h"
#include "t/handlers/lib/runs.h"
#include "t/handlers/lib/slots.h"
#include "t/handlers/lib/texts.h"

#define KEY        "wk_demo_downtown"
#define ORIGIN     "https://localhost"
#define ALSO       "http://localhost"
#define MAX_VISITS 100

static int setup(void **state)
{
    int failed = t_texts_setup(state);
    t_sqlf("DELETE FROM appointments; DELETE FROM proofs; DELETE FROM chat_sessions;"
           "DELETE FROM chat_effects;"
           "UPDATE customers SET priority = 'normal';"
           "UPDATE organizations SET plan = 'PRO', engines = '{receptionist}',"
           "    widget_origins = '{http://localhost,https://localhost}'");
    t_config.chat_day_address = 10;
    t_config.chat_day_number = 5;
    return failed;
}

static void let_model_answer(void)
{
    t_openai();
    t_sqlf("UPDATE organizations SET engines = '{pipeline,receptionist}'");
}

static void model(const char *said)
{
    t_openai_ask("POST", "/_sim/model", said);
}

/* All but message may be left out. */
typedef struct {
    const char *message;
    const char *business, *key;   /* Downtown's without */
    const char *origin;           /* ORIGIN without; "": no browser asks */
    const char *session;          /* begins one without */
    const char *name, *id, *more; /* more: further members, with their comma */
    const char *header;           /* Idempotency-Key */
    const char *job, *peer;
} chat_t;

static const char *member(const char *name, const char *value)
{
    return value != NULL ? wk_printf(t_ctx.arena, ",\"%s\":\"%s\"", name, value).data : "";
}

static t_ask_t request(const chat_t *c)
{
    const char *body =
        wk_printf(
            t_ctx.arena, "{\"message\":\"%s\",\"businessId\":\"%s\",\"key\":\"%s\"%s%s%s%s}",
            c->message, c->business != NULL ? c->business : "bici-downtown",
            c->key != NULL ? c->key : KEY, member("sessionId", c->session),
            member("name", c->name), member("messageId", c->id), c->more != NULL ? c->more : "")
            .data;
    const char *origin = c->origin != NULL ? c->origin : ORIGIN;
    t_ask_t ask = {.type = "chat.answer",
                   .id = c->job,
                   .uri = "/api/chat",
                   .method = "POST",
                   .peer = c->peer,
                   .body = body};
    if (origin[0] != '\0') {
        ask.headers[0] = "origin";
        ask.headers[1] = origin;
    }
    if (c->header != NULL) {
        size_t at = origin[0] != '\0' ? 2 : 0;
        ask.headers[at] = "idempotency-key";
        ask.headers[at + 1] = c->header;
    }
    return ask;
}

static t_answer_t chat(chat_t c)
{
    t_ask_t ask = request(&c);
    return t_ask(&ask);
}

/* Says it in that session, or begins one; fails unless it is answered. */
static t_answer_t say(const char *session, const char *message)
{
    t_answer_t a = chat((chat_t){.message = message, .session = session});
    assert_status(&a, 200);
    return a;
}

static const char *session_of(const t_answer_t *a)
{
    return t_text(a, "/sessionId");
}

static const char *begin_as_john(const char *message)
{
    t_answer_t a = chat((chat_t){.message = message, .more = ",\"phone\":\"(416) 555-9876\""});
    assert_status(&a, 200);
    return session_of(&a);
}

/* ---------------------------------------------------------------- who may write */

static void the_key_and_the_page_let_in(void **state)
{
    static const chat_t strangers[] = {
        {"Hi", .key = "wk_demo_uptown"},   {"Hi", .key = "x"},
        {"Hi", .business = "bici-uptown"}, {"Hi", .business = "no-such-shop"},
        {"Hi", .business = UPTOWN},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(strangers) / sizeof(*strangers); i++) {
        t_answer_t a = chat(strangers[i]);
        assert_error(&a, 401, "unauthorized");
        assert_string_equal(t_header(&a, "access-control-allow-origin"), "");
    }
    t_answer_t foreign = chat((chat_t){"Hi", .origin = "https://evil.example"});
    assert_error(&foreign, 403, "forbidden");
    assert_string_equal(t_header(&foreign, "access-control-allow-origin"), "");
    t_answer_t null = chat((chat_t){"Hi", .origin = "null"});
    assert_error(&null, 403, "forbidden");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM chat_sessions"), 0);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM customers"), 2);

    t_answer_t page = say(NULL, "Hi");
    assert_string_equal(t_header(&page, "access-control-allow-origin"), ORIGIN);
    t_answer_t program = chat((chat_t){"Hi", .business = DOWNTOWN, .origin = ""});
    assert_status(&program, 200);
    assert_string_equal(t_header(&program, "access-control-allow-origin"), "");
}

/* ---------------------------------------------------------------- over a WebSocket */

static t_answer_t knock(const char *args, const char *origin)
{
    return t_ask(&(t_ask_t){.type = "chat.open",
                            .uri = "/api/chat/socket",
                            .args = args,
                            .headers = {origin != NULL ? "origin" : NULL, origin}});
}

static void a_socket_is_opened_to_whom_a_message_would_be_answered(void **state)
{
    static const char *const strangers[] = {
        "businessId=bici-downtown&key=wk_demo_uptown",
        "businessId=bici-uptown&key=" KEY,
        "businessId=no-such-shop&key=" KEY,
        "businessId=bici-downtown",
        "key=" KEY,
        NULL,
    };
    (void)state;
    for (size_t i = 0; i < sizeof(strangers) / sizeof(*strangers); i++) {
        t_answer_t a = knock(strangers[i], ORIGIN);
        assert_error(&a, 401, "unauthorized");
    }
    t_answer_t foreign = knock("businessId=bici-downtown&key=" KEY, "https://evil.example");
    assert_error(&foreign, 403, "forbidden");
    t_answer_t page = knock("businessId=bici-downtown&key=" KEY, ORIGIN);
    assert_status(&page, 200);
    t_answer_t program = knock("businessId=" DOWNTOWN "&key=" KEY, NULL);
    assert_status(&program, 200);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM chat_sessions"), 0);
}

static void without_a_key_nobody_is_let_in(void **state)
{
    (void)state;
    t_answer_t a = t_ask(&(t_ask_t){.type = "chat.answer",
                                    .uri = "/api/chat",
                                    .method = "POST",
                                    .body = "{\"message\":\"Hi\","
                                            "\"businessId\":\"bici-downtown\"}"});
    assert_error(&a, 401, "unauthorized");
    a = chat((chat_t){"Hi", .key = ""});
    assert_error(&a, 401, "unauthorized");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM chat_sessions"), 0);
}

static t_answer_t face(const char *args, const char *origin)
{
    return t_ask(&(t_ask_t){.type = "chat.shop",
                            .uri = "/api/chat/shop",
                            .method = "GET",
                            .args = args,
                            .headers = {"origin", origin}});
}

static void a_page_is_told_whose_chat_it_is(void **state)
{
    (void)state;
    t_answer_t stranger = face("businessId=bici-downtown&key=wk_demo_uptown", ORIGIN);
    assert_error(&stranger, 401, "unauthorized");
    t_answer_t foreign = face("businessId=bici-downtown&key=" KEY, "https://evil.example");
    assert_error(&foreign, 403, "forbidden");
    assert_string_equal(t_header(&foreign, "access-control-allow-origin"), "");

    t_answer_t a = face("businessId=bici-downtown&key=" KEY, ORIGIN);
    assert_status(&a, 200);
    assert_string_equal(t_header(&a, "access-control-allow-origin"), ORIGIN);
    assert_string_equal(t_text(&a, "/shop/name"), "Bici Downtown");
    assert_string_equal(t_text(&a, "/shop/agent"), "Bici");
    assert_true(strstr(t_text(&a, "/shop/greeting/fr"), "Bonjour") != NULL);
    assert_true(va_json_is(va_json_pointer(a.json, VA_STR("/shop/branding")), VA_JSON_NULL));
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM chat_sessions"), 0);
}

static void who_made_the_chat_is_told_below_the_plan_pro(void **state)
{
    static const char *const plans[] = {"plan = 'BASIC'", "plan = 'FREE'",
                                        "plan = 'PRO', trial_ends_at = now()"};
    (void)state;
    t_config.signup_product = "voiceagent";
    for (size_t i = 0; i < sizeof(plans) / sizeof(*plans); i++) {
        t_sqlf("UPDATE organizations SET %s", plans[i]);
        t_answer_t a = face("businessId=bici-downtown&key=" KEY, ORIGIN);
        assert_string_equal(t_text(&a, "/shop/branding"), "voiceagent");
    }
    t_sqlf("UPDATE organizations SET trial_ends_at = NULL, plan = 'PRO'");
}

/* By its address it was let in: what a message says of shop and key is nothing. */
static void the_address_of_a_socket_names_the_shop(void **state)
{
    (void)state;
    t_answer_t a = t_ask(&(t_ask_t){.type = "chat.answer",
                                    .uri = "/api/chat/socket",
                                    .method = "POST",
                                    .args = "businessId=bici-downtown&key=" KEY,
                                    .connection = "00112233445566778899aabbccddeeff",
                                    .headers = {"origin", ORIGIN},
                                    .body = "{\"message\":\"Hi\",\"key\":\"wk_demo_uptown\","
                                            "\"businessId\":\"bici-uptown\"}"});
    assert_status(&a, 200);
    assert_string_equal(t_sqlf("SELECT o.slug FROM chat_sessions s"
                               "  JOIN organizations o ON o.id = s.organization_id"),
                        "bici-downtown");
    t_answer_t posted = t_ask(&(t_ask_t){.type = "chat.answer",
                                         .uri = "/api/chat",
                                         .method = "POST",
                                         .args = "businessId=bici-downtown&key=" KEY,
                                         .headers = {"origin", ORIGIN},
                                         .body = "{\"message\":\"Hi\"}"});
    assert_error(&posted, 400, "bad_request");
}

static void a_key_that_was_replaced_opens_nothing(void **state)
{
    (void)state;
    t_sqlf("UPDATE widget_keys SET expires_at = now() WHERE organization_id = '" DOWNTOWN "'");
    t_answer_t a = chat((chat_t){.message = "Hi"});
    t_sqlf("UPDATE widget_keys SET expires_at = NULL");
    assert_error(&a, 401, "unauthorized");
}

static t_answer_t preflight(const char *origin)
{
    return t_ask(&(t_ask_t){.type = "chat.answer",
                            .method = "OPTIONS",
                            .uri = "/api/chat",
                            .headers = {"origin", origin}});
}

static void a_browser_that_asks_first_is_told_its_origin(void **state)
{
    (void)state;
    t_answer_t a = preflight(ALSO);
    assert_int_equal(a.status, 204);
    assert_string_equal(t_header(&a, "access-control-allow-origin"), ALSO);
    t_answer_t foreign = preflight("https://evil.example");
    assert_error(&foreign, 403, "forbidden");
    assert_string_equal(t_header(&foreign, "access-control-allow-origin"), "");
}

static void what_cannot_be_read_changes_nothing(void **state)
{
    static const chat_t wrong[] = {
        {.message = " "},
        {"Hi", .business = ""},
        {"Hi", .id = "1"},
        {"Hi", .id = "with blanks in the name"},
        {"Hi", .more = ",\"email\":\"nobody\""},
        {"Hi", .more = ",\"phone\":\"anonymous\""},
        {"Hi", .more = ",\"name\":7"},
        {"Hi", .more = ",\"sessionId\":[]"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        t_answer_t a = chat(wrong[i]);
        assert_error(&a, 400, "bad_request");
    }
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM chat_sessions"), 0);
}

/* ---------------------------------------------------------------- sessions */

static void a_talk_goes_on_to_an_appointment(void **state)
{
    (void)state;
    t_answer_t a = chat((chat_t){"I would like to book a tune-up", .name = "Ana"});
    assert_status(&a, 200);
    assert_string_equal(t_text(&a, "/nextAction"), "choose_time");
    assert_string_equal(t_text(&a, "/lead/name"), "Ana");
    const char *session = session_of(&a);
    assert_int_equal(strlen(session), 43);
    t_answer_t b = say(session, "1");
    assert_string_equal(session_of(&b), session);
    assert_string_equal(t_text(&b, "/nextAction"), "continue");
    assert_string_equal(
        t_sqlf("SELECT a.status || ' ' || a.customer_name || ' ' || a.source"
               "  FROM appointments a JOIN customers c ON c.id = a.customer_id"
               " WHERE c.source = 'chat' AND c.phone_number IS NULL AND c.name = 'Ana'"),
        "confirmed Ana web");
    assert_string_equal(
        t_sqlf("SELECT string_agg(type, ' ' ORDER BY created_at, id) FROM outbox"
               " WHERE type IN ('conversation_started', 'user_transcript',"
               "                'agent_response')"),
        "conversation_started user_transcript agent_response user_transcript "
        "agent_response");
    assert_string_equal(t_sqlf("SELECT string_agg(tools_used::text, ' ' ORDER BY occurred_at)"
                               "  FROM messages WHERE speaker = 'agent'"),
                        "[\"check_availability\"] [\"book_appointment\"]");
}

#define ASKS "At which phone number can the team reach you?"

/* Without it nobody can call him back. */
static void who_is_to_be_called_back_is_asked_for_his_number(void **state)
{
    (void)state;
    t_answer_t a = say(NULL, "Please call me back");
    const char *session = session_of(&a);
    assert_has(t_text(&a, "/reply"), ASKS);
    assert_string_equal(t_text(&a, "/nextAction"), "give_number");
    a = say(session, "What are your hours?");
    assert_string_equal(t_text(&a, "/nextAction"), "give_number");
    a = say(session, "my number is (647) 555-0123");
    assert_has(t_text(&a, "/reply"), "The team has your number.");
    assert_string_equal(t_text(&a, "/nextAction"), "wait_for_person");
    assert_string_equal(t_text(&a, "/lead/phone"), STRANGER);
    assert_string_equal(t_sqlf("SELECT string_agg(t.kind, ' ' ORDER BY t.kind) || ' '"
                               "    || c.phone_number"
                               "  FROM tasks t JOIN customers c ON c.id = t.customer_id"
                               " GROUP BY c.phone_number"),
                        "callback message " STRANGER);
    a = say(session, "please take a message: my brakes squeak");
    assert_has_not(t_text(&a, "/reply"), ASKS);
    a = say(NULL, "Call me back at 647 555 0123 please");
    assert_has_not(t_text(&a, "/reply"), ASKS);
}

static void a_time_is_booked_behind_the_number_it_is_for(void **state)
{
    (void)state;
    t_answer_t a = say(NULL, "I would like to book a tune-up");
    const char *session = session_of(&a);
    a = say(session, "2");
    assert_string_equal(t_text(&a, "/reply"), ASKS);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM appointments"), 0);
    a = say(session, "647-555-0123");
    assert_has(t_text(&a, "/reply"), "Booked: tune-up");
    assert_string_equal(t_sqlf("SELECT status || ' ' || customer_phone FROM appointments"),
                        "confirmed " STRANGER);
    a = say(session, "647-555-0123"); /* nothing is asked any more */
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM appointments"), 1);
}

static void a_time_is_booked_behind_a_number_that_its_page_asks_for(void **state)
{
    (void)state;
    t_answer_t a = say(NULL, "I would like to book a tune-up");
    const char *session = session_of(&a);
    say(session, "2");
    a = say(session, "No, don't book it, have somebody call me at 647-555-0123");
    assert_has(t_text(&a, "/reply"), "asked the team to call");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM appointments"), 0);
    a = say(NULL, "I would like to book a tune-up");
    session = session_of(&a);
    a = say(session, "2");
    assert_string_equal(t_text(&a, "/reply"), ASKS);
    a = chat(
        (chat_t){"Here you go", .session = session, .more = ",\"phone\":\"" STRANGER "\""});
    assert_has(t_text(&a, "/reply"), "Booked: tune-up");
    assert_string_equal(t_sqlf("SELECT status || ' ' || customer_phone FROM appointments"),
                        "confirmed " STRANGER);
}

static void a_number_that_is_written_counts_as_one_that_is_typed_in(void **state)
{
    (void)state;
    t_config.chat_day_address = 1;
    t_answer_t a = say(NULL, "Please call me back");
    say(session_of(&a), "647 555 0123");
    a = say(NULL, "Please call me back");
    a = chat((chat_t){"647 555 0124", .session = session_of(&a)});
    assert_error(&a, 429, "too_many_requests");
    assert_int_equal(
        t_sqlf_int("SELECT count(*) FROM customers WHERE phone_number = '+16475550124'"), 0);
}

static void a_session_is_its_shops_its_pages_and_its_own(void **state)
{
    (void)state;
    t_answer_t a = say(NULL, "Hi"), b = say(NULL, "Hi");
    const char *session = session_of(&a);
    assert_string_not_equal(session, session_of(&b));
    const chat_t foreign[] = {
        {"Hi", .session = session, .business = "bici-uptown", .key = "wk_demo_uptown"},
        {"Hi", .session = session, .origin = ALSO},
        {"Hi", .session = session, .origin = ""},
        {"Hi", .session = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},
        {"Hi", .session = t_sqlf("SELECT id FROM chat_sessions LIMIT 1")},
        {"Hi", .session = t_sqlf("SELECT token_sha256 FROM chat_sessions LIMIT 1")},
    };
    for (size_t i = 0; i < sizeof(foreign) / sizeof(*foreign); i++) {
        t_answer_t c = chat(foreign[i]);
        assert_status(&c, strlen(foreign[i].session) > 64 ? 400 : 404);
    }
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM messages"), 4);
    t_sqlf("UPDATE chat_sessions SET last_seen_at = now() - interval '25 hours'");
    t_answer_t late = chat((chat_t){"Hi", .session = session});
    assert_error(&late, 404, "not_found");
    assert_string_equal(t_header(&late, "access-control-allow-origin"), ORIGIN);
}

/* ---------------------------------------------------------------- once */

#define ID "0123456789abcdef-message"

static void the_same_message_is_answered_once_and_alike(void **state)
{
    (void)state;
    t_answer_t a = chat((chat_t){"My number is needed by an agent", .id = ID});
    t_answer_t b = chat((chat_t){"My number is needed by an agent", .id = ID});
    assert_status(&a, 200);
    assert_true(va_str_eq(a.body, b.body));
    t_answer_t c = chat((chat_t){"an agent", .session = session_of(&a), .id = ID});
    assert_true(va_str_eq(a.body, c.body));
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM messages"), 2);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM tasks"), 1);
    assert_int_equal(
        t_sqlf_int("SELECT interaction_count FROM customers WHERE source = 'chat'"), 1);

    t_answer_t other = chat((chat_t){"Hi", .session = session_of(&a), .id = ID "2"});
    t_answer_t other_page = chat((chat_t){"Hi", .origin = ALSO, .id = ID});
    assert_status(&other, 200);
    assert_string_not_equal(session_of(&other_page), session_of(&a));
}

/* The header's name counts, whatever the body says. */
static void a_header_names_the_message_too(void **state)
{
    (void)state;
    t_answer_t a = chat((chat_t){"Hi", .header = ID});
    assert_status(&a, 200);
    t_answer_t again = chat((chat_t){"Hi", .header = ID});
    assert_true(va_str_eq(a.body, again.body));
    t_answer_t member = chat((chat_t){"Hi", .id = ID});
    assert_true(va_str_eq(a.body, member.body));
    t_answer_t both = chat((chat_t){"Hi", .header = ID, .id = ID "2"});
    assert_true(va_str_eq(a.body, both.body));
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM messages"), 2);
    t_answer_t other = chat((chat_t){"Hi", .session = session_of(&a), .header = ID "2"});
    assert_status(&other, 200);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM messages"), 4);
    t_answer_t wrong = chat((chat_t){"Hi", .header = "1"});
    assert_error(&wrong, 400, "bad_request");
}

/* ---------------------------------------------------------------- two runs at once */

/*
 * Both have seen that there is no such session before either begins it, and neither has an
 * answer before both have seen that there is none.
 */
static void two_runs_of_a_first_message_answer_alike(void **state)
{
    t_run_t runs[2] = {0};
    const chat_t first = {"Book a tune-up", .id = ID};
    (void)state;
    PGconn *sessions = t_lock("chat_sessions", "SHARE");
    PGconn *free_times = t_lock("calendar_events", "ACCESS EXCLUSIVE");
    for (size_t i = 0; i < 2; i++) {
        runs[i].ask = request(&first);
        t_run(&runs[i]);
    }
    t_runs_still(runs, 2);
    PQfinish(sessions);
    t_runs_still(runs, 2);
    PQfinish(free_times);
    for (size_t i = 0; i < 2; i++) {
        t_run_end(&runs[i]);
        assert_int_equal(runs[i].answer.status, 200);
    }
    assert_string_equal(runs[0].body, runs[1].body);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM chat_sessions"), 1);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM customers WHERE source = 'chat'"), 1);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM messages"), 2);
}

static bool dies_at(const char *point, int visit, const chat_t *c)
{
    t_ask_t ask = request(c);
    return t_dies_at(point, visit, &ask);
}

static void books_once_though_it_dies_at(const char *point)
{
    int deaths = 0;
    for (int visit = 1; visit < MAX_VISITS; visit++) {
        setup(NULL);
        t_answer_t a = chat((chat_t){"Book a tune-up", .name = "Ana"});
        const chat_t pick = {"1", .session = session_of(&a), .job = "the-job"};
        bool died = dies_at(point, visit, &pick);
        t_answer_t b = chat(pick);
        assert_status(&b, 200);
        assert_int_equal(t_sqlf_int("SELECT count(*) FROM appointments"), 1);
        assert_int_equal(t_sqlf_int("SELECT count(*) FROM chat_effects"), 1);
        assert_int_equal(t_sqlf_int("SELECT count(*) FROM messages"), 4);
        assert_int_equal(
            t_sqlf_int("SELECT count(*) FROM outbox WHERE type = 'user_transcript'"), 2);
        if (!died) {
            break;
        }
        deaths++;
    }
    printf("# %d deaths at %s\n", deaths, point);
    assert_in_range(deaths, 1, MAX_VISITS - 2);
}

static void whoever_dies_books_once(void **state)
{
    (void)state;
    books_once_though_it_dies_at("db.before");
    books_once_though_it_dies_at("commit.before");
    books_once_though_it_dies_at("commit.after");
}

/* ---------------------------------------------------------------- a number proves nothing */

static void a_number_typed_in_opens_nothing(void **state)
{
    (void)state;
    t_say(JOHN_NUMBER, "My secret word is marmalade");
    t_sqlf("INSERT INTO appointments (organization_id, customer_id, customer_phone, starts_at,"
           "    ends_at, status) SELECT '" DOWNTOWN "', '" JOHN "', '" JOHN_NUMBER "', at,"
           "    at + interval '1 hour', 'confirmed'"
           "  FROM (SELECT now() + interval '3 days' AS at) x");
    const char *session = begin_as_john("Where is my order?");
    static const char *const asked[] = {"Where is order 1042?", "C", "R",
                                        "cancel my appointment"};
    for (size_t i = 0; i < sizeof(asked) / sizeof(*asked); i++) {
        t_answer_t a = say(session, asked[i]);
        assert_has_not(t_text(&a, "/reply"), "1Z999");
        assert_has_not(t_text(&a, "/reply"), "John");
        assert_has_not(t_text(&a, "/reply"), "marmalade");
    }
    assert_string_equal(t_sqlf("SELECT string_agg(status, ' ') FROM appointments"),
                        "confirmed");
    assert_string_equal(t_sqlf("SELECT name || ' ' || email || ' ' || tier FROM customers"
                               " WHERE id = '" JOHN "'"),
                        "John Tremblay john.tremblay@customer.example vip");
}

static void neither_reads_what_the_other_wrote(void **state)
{
    (void)state;
    let_model_answer();
    model("{\"answers\":[{\"text\":\"Noted.\"},{\"text\":\"Yes.\"},{\"text\":\"Fine.\"},"
          "{\"text\":\"Sure.\"}]}");
    t_say(JOHN_NUMBER, "My secret word is marmalade");
    const char *session = begin_as_john("Mine is turnip, what about yours");
    assert_has_not(t_openai_told(), "marmalade");
    assert_has_not(t_openai_told(), "Tremblay");
    say(session, "And what did I say before");
    assert_has(t_openai_told(), "turnip");
    assert_has_not(t_openai_told(), "marmalade");
    t_say(JOHN_NUMBER, "And what did I write before");
    assert_has(t_openai_told(), "marmalade");
    assert_has_not(t_openai_told(), "turnip");
}

/* A Saturday at ten. */
static void john_has_an_appointment(void)
{
    t_sqlf("INSERT INTO appointments (organization_id, customer_id, starts_at, ends_at, status)"
           " SELECT '" DOWNTOWN "', '" JOHN "', at, at + interval '1 hour', 'confirmed'"
           "   FROM (SELECT (date_trunc('week', now() AT TIME ZONE 'America/Toronto')"
           "        + interval '12 days 10 hours') AT TIME ZONE 'America/Toronto' AS at) x");
}

/* What the model is led to say is no way to ask either. */
static void whether_a_number_has_an_appointment_is_not_told(void **state)
{
    (void)state;
    let_model_answer();
    john_has_an_appointment();
    model("{\"rules\":[{\"when\":\"repeat\",\"text\":\"You are booked for Saturday at 10 "
          "AM.\"}]}");
    const char *session = begin_as_john("Please repeat it");
    t_answer_t a = say(session, "Please repeat it once more");
    assert_has(t_text(&a, "/reply"), "Nothing new is booked");

    t_sqlf("UPDATE appointments SET metadata = jsonb_build_object('talk', 'chat:' || s.id)"
           "  FROM chat_sessions s");
    t_answer_t b = say(session, "Please repeat what I booked");
    assert_string_equal(t_text(&b, "/reply"), "You are booked for Saturday at 10 AM.");
}

/* Whatever is written from now on, the model calls that tool first. */
static void let_model_call(const char *tool, const char *args)
{
    model(wk_printf(t_ctx.arena,
                    "{\"rules\":[{\"when\":\"^My \",\"tool_calls\":[{\"name\":\"%s\","
                    "\"arguments\":{%s}}]}]}",
                    tool, args)
              .data);
}

static void let_model_book(const char *start, const char *more)
{
    let_model_call("book_appointment",
                   wk_printf(t_ctx.arena,
                             "\"service_type\":\"tune_up\",\"appointment_datetime\":\"%s\"%s",
                             start, more)
                       .data);
}

static void an_answer_says_what_it_was_made_of(void **state)
{
    (void)state;
    let_model_answer();
    t_sqlf("DELETE FROM outbox");
    model("{\"answers\":[{\"tool_calls\":[{\"name\":\"get_store_hours\",\"arguments\":{}},"
          "{\"name\":\"check_inventory\",\"arguments\":{\"product_id\":\"RB-T29-M\"}},"
          "{\"name\":\"book_appointment\",\"arguments\":{}},"
          "{\"name\":\"invented\",\"arguments\":{}},"
          "{\"name\":\"get_store_hours\",\"arguments\":{}}]},{\"text\":\"We have it.\"},"
          "{\"text\":\"Fine.\"}]}");
    t_answer_t a = chat((chat_t){.message = "What about the Trek"});
    assert_status(&a, 200);
    say(session_of(&a), "and the blue one?");
    assert_string_equal(t_sqlf("SELECT string_agg(tools_used::text, ' ' ORDER BY occurred_at)"
                               "  FROM messages WHERE speaker = 'agent'"),
                        "[\"get_store_hours\", \"check_inventory\"] []");
    assert_string_equal(t_sqlf("SELECT string_agg(data ->> 'toolsUsed', ' ' ORDER BY id)"
                               "  FROM outbox WHERE type = 'agent_response'"),
                        "[\"get_store_hours\", \"check_inventory\"] []");
}

/* Of what tools did the visitor is told, where the model's own words are not said. */
static void what_people_are_shown_is_not_told_the_visitor(void **state)
{
    (void)state;
    let_model_answer();
    t_sqlf("DELETE FROM outbox");
    model("{\"answers\":[{\"tool_calls\":[{\"name\":\"display_product\",\"arguments\":{"
          "\"product_id\":\"RB-T29-M\"}}]},{\"text\":\"You are booked.\"}]}");
    t_answer_t a = chat((chat_t){.message = "What about the Trek"});
    assert_int_equal(
        t_sqlf_int("SELECT count(*) FROM outbox WHERE type = 'client_tool_executed'"), 1);
    assert_int_equal(strncmp(t_text(&a, "/reply"), "Nothing new is booked", 21), 0);
}

static void anothers_booking_is_a_taken_time(void **state)
{
    (void)state;
    t_say(JOHN_NUMBER, "Book a tune-up");
    t_say(JOHN_NUMBER, "1");
    const char *start = t_sqlf("SELECT to_char(starts_at AT TIME ZONE 'America/Toronto',"
                               "    'YYYY-MM-DD\"T\"HH24:MI') FROM appointments");
    let_model_answer();
    let_model_book(start, "");
    begin_as_john("My turn then");
    assert_has(t_openai_told(), "time_conflict");
    assert_has_not(t_openai_told(), "appointment_id");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM appointments"), 1);
}

static void a_chat_books_for_the_number_it_gave(void **state)
{
    (void)state;
    let_model_answer();
    const char *start = t_free_slot(0);
    let_model_book(start, ",\"customer_phone\":\"" JOHN_NUMBER "\"");
    t_answer_t a =
        chat((chat_t){.message = "My turn then", .more = ",\"phone\":\"" STRANGER "\""});
    assert_status(&a, 200);
    assert_string_equal(
        t_sqlf("SELECT a.status || ' ' || a.customer_phone || ' ' || c.source"
               "  FROM appointments a JOIN customers c ON c.id = a.customer_id"),
        "confirmed " STRANGER " chat");
    const char *id = t_sqlf("SELECT id FROM appointments");
    say(session_of(&a), "My turn once more");
    assert_has(t_openai_told(), id); /* the talk's own booking is told again */
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM appointments"), 1);
}

/* "Yes" by text answers what was asked by text. */
static void what_a_chat_was_asked_is_not_answered_by_text(void **state)
{
    (void)state;
    begin_as_john("Book a tune-up");
    t_say(JOHN_NUMBER, "1");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM appointments"), 0);
    assert_string_equal(
        t_sqlf("SELECT c.commitments::text FROM customers c WHERE id = '" JOHN "'"), "[]");
}

static void people_see_one_thread_and_what_is_not_proven(void **state)
{
    (void)state;
    begin_as_john("Do you sell bells?");
    t_say(JOHN_NUMBER, "What are your hours?");
    t_answer_t a = t_get("conversations.get", "/api/conversations/" JOHN, NULL);
    assert_int_equal(t_count(&a, "/messages"), 4);
    assert_string_equal(t_text(&a, "/messages/0/channel"), "chat");
    assert_string_equal(t_text(&a, "/messages/0/chat/verified"), "false");
    assert_string_equal(t_text(&a, "/messages/0/chat/phone"), JOHN_NUMBER);
    assert_string_equal(t_text(&a, "/messages/2/channel"), "sms");
    assert_string_equal(t_text(&a, "/messages/2/chat"), "null");
}

/* Whoever has the number would be greeted by it. */
static void a_name_is_not_written_to_a_number(void **state)
{
    (void)state;
    t_answer_t a = chat(
        (chat_t){"Hi", .name = "Refund: evil.example", .more = ",\"phone\":\"" STRANGER "\""});
    assert_status(&a, 200);
    let_model_answer();
    let_model_call("create_lead", "\"first_name\":\"Refund: evil.example\"");
    say(session_of(&a), "My name for you");
    assert_has(t_openai_told(), "lead_id");
    assert_string_equal(
        t_sqlf("SELECT name FROM customers WHERE phone_number = '" STRANGER "'"), "");
    t_answer_t seen = t_get("conversations.get",
                            wk_printf(t_ctx.arena, "/api/conversations/%s",
                                      t_sqlf("SELECT customer_id FROM chat_sessions"))
                                .data,
                            NULL);
    assert_string_equal(t_text(&seen, "/messages/0/chat/name"), "Refund: evil.example");
}

static void a_number_told_late_takes_the_talk_along_once(void **state)
{
    (void)state;
    t_answer_t a = chat((chat_t){"I want to talk to an agent", .name = "Ana",
                                 .more = ",\"email\":\"ana@mail.example\""});
    const char *session = session_of(&a);
    t_answer_t b = chat((chat_t){"It is urgent to me", .session = session,
                                 .more = ",\"phone\":\"" STRANGER "\""});
    assert_status(&b, 200);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM customers WHERE source = 'chat'"), 1);
    assert_string_equal(
        t_sqlf("SELECT c.phone_number || ' ' || c.name || ' ' || coalesce(c.email, '-') || ' '"
               "    || (SELECT count(*) FROM messages m WHERE m.customer_id = c.id) || ' '"
               "    || (SELECT count(*) FROM tasks t WHERE t.customer_id = c.id)"
               "  FROM customers c WHERE source = 'chat'"),
        STRANGER "  - 4 2"); /* the call back, and the number for it */
    assert_string_equal(t_sqlf("SELECT name FROM chat_sessions"), "Ana");
    t_answer_t c =
        chat((chat_t){"Hi", .session = session, .more = ",\"phone\":\"" JOHN_NUMBER "\""});
    assert_error(&c, 409, "conflict");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM messages WHERE customer_id = '" JOHN "'"),
                     0);
}

/* ---------------------------------------------------------------- proof */

#define LOOK_UP(postcode)                                                                      \
    "call lookup_order {\\\"order_number\\\":\\\"1042\\\",\\\"postcode\\\":\\\"" postcode      \
    "\\\"}"

static void an_order_is_told_with_proof_alone(void **state)
{
    (void)state;
    let_model_answer();
    begin_as_john("call lookup_order {\\\"order_number\\\":\\\"1042\\\"}");
    assert_has(t_openai_told(), "verification_needed");
    assert_has_not(t_openai_told(), "1Z999");
    t_answer_t wrong = say(NULL, LOOK_UP("M1M 1M1"));
    assert_has_not(t_text(&wrong, "/reply"), "1Z999");
    t_answer_t right = say(NULL, LOOK_UP("m5c1e9"));
    assert_has(t_text(&right, "/reply"), "1Z999");
}

/* A new session is for nothing: it comes from the same address. */
static void five_tries_an_address(void **state)
{
    (void)state;
    let_model_answer();
    for (int i = 0; i < 5; i++) {
        say(NULL, LOOK_UP("M1M 1M1"));
    }
    t_answer_t a = say(NULL, LOOK_UP("M5C 1E9"));
    assert_has_not(t_text(&a, "/reply"), "1Z999");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM proofs"), 5);
}

/* ---------------------------------------------------------------- what it may cause in a day
 */

#define HERE     "2001:db8:1:2::a"
#define NEIGHBOR "2001:db8:1:2:ffff::b" /* another address of the same subscriber */
#define FAR      "2001:db8:1:3::a"
#define ENOUGH   "No more can be booked in the chat today."

/* From there, for that number (NULL: none) or under a name; the answer to the choice of a time.
 */
static const char *book(const char *peer, const char *phone)
{
    const char *more =
        phone != NULL ? wk_printf(t_ctx.arena, ",\"phone\":\"%s\"", phone).data : NULL;
    t_answer_t a = chat((chat_t){"Book a tune-up", .name = "Ana", .more = more, .peer = peer});
    assert_status(&a, 200);
    t_answer_t b = chat((chat_t){"1", .session = session_of(&a), .peer = peer});
    assert_status(&b, 200);
    return t_text(&b, "/reply");
}

static int64_t booked(void)
{
    return t_sqlf_int("SELECT count(*) FROM appointments");
}

static void an_address_books_so_much_a_day(void **state)
{
    (void)state;
    t_config.chat_day_address = 2;
    assert_has(book(HERE, NULL), "ooked");
    assert_has(book(NEIGHBOR, NULL), "ooked");
    assert_int_equal(booked(), 2);
    assert_has(book(HERE, NULL), ENOUGH);
    assert_has(book(NEIGHBOR, NULL), ENOUGH);
    assert_int_equal(booked(), 2);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM effects WHERE kind = 'book_appointment'"
                                "   AND key LIKE 'booking:%%'"),
                     2);
    book(FAR, NULL);
    assert_int_equal(booked(), 3);
    t_sqlf("UPDATE chat_effects SET created_at = now() - interval '25 hours'");
    book(HERE, NULL);
    assert_int_equal(booked(), 4);
}

static void a_number_is_booked_for_and_written_to_so_often_a_day(void **state)
{
    (void)state;
    t_config.chat_day_number = 1;
    book(HERE, STRANGER);
    assert_has(book(FAR, STRANGER), ENOUGH);
    assert_int_equal(booked(), 1);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM messages WHERE channel = 'sms'"), 1);
    book(FAR, NULL);
    assert_int_equal(booked(), 2);
}

static void a_model_is_refused_alike(void **state)
{
    (void)state;
    t_config.chat_day_address = 1;
    book(NULL, NULL);
    let_model_answer();
    const char *free_time =
        t_sqlf("SELECT to_char(starts_at AT TIME ZONE 'America/Toronto' + interval '7 days',"
               "    'YYYY-MM-DD\"T\"HH24:MI') FROM appointments");
    model(wk_printf(t_ctx.arena,
                    "{\"answers\":[{\"tool_calls\":[{\"name\":\"book_appointment\","
                    "\"arguments\":{\"appointment_datetime\":\"%s\","
                    "\"customer_name\":\"Bo\"}}]},{\"text\":\"Sorry.\"}]}",
                    free_time)
              .data);
    say(NULL, "hmm, let me think about bikes");
    assert_has(t_openai_told(), ENOUGH);
    assert_int_equal(booked(), 1);
}

static void an_address_tells_so_many_numbers_a_day(void **state)
{
    static const chat_t told[] = {{"Hi", .more = ",\"phone\":\"+14165550101\""},
                                  {"Hi", .more = ",\"phone\":\"+14165550102\""},
                                  {"Hi", .more = ",\"phone\":\"+14165550101\""}};
    const chat_t one_more = {"Hi", .more = ",\"phone\":\"+14165550103\""};
    (void)state;
    t_config.chat_day_address = 2;
    for (size_t i = 0; i < sizeof(told) / sizeof(*told); i++) {
        t_answer_t a = chat(told[i]);
        assert_status(&a, 200);
    }
    t_answer_t refused = chat(one_more);
    assert_error(&refused, 429, "too_many_requests");
    assert_string_equal(t_header(&refused, "access-control-allow-origin"), ORIGIN);
    t_answer_t begun = say(NULL, "Hi");
    t_answer_t late =
        chat((chat_t){one_more.message, .more = one_more.more, .session = session_of(&begun)});
    assert_error(&late, 429, "too_many_requests");
    assert_int_equal(
        t_sqlf_int("SELECT count(*) FROM customers WHERE phone_number = '+14165550103'"), 0);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM chat_effects"), 2);
}

/* ---------------------------------------------------------------- as everywhere */

static void an_emergency_pages_the_owner_once_an_hour_from_one_place(void **state)
{
    (void)state;
    t_answer_t a = chat((chat_t){"There is a fire in your workshop!", .name = "Ana"});
    assert_status(&a, 200);
    assert_string_equal(t_text(&a, "/emergencyLevel"), "urgent");
    assert_string_equal(t_text(&a, "/nextAction"), "emergency");
    say(NULL, "There is a fire in your workshop!");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM messages WHERE template = 'page'"), 1);
    assert_has(t_sqlf("SELECT content FROM messages WHERE template = 'page'"), "Ana, chat");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM tasks WHERE kind = 'emergency'"), 2);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM customers WHERE priority = 'urgent'"), 2);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM outbox WHERE type = 'emergency'"), 2);
}

static void a_card_number_is_masked_over_messages(void **state)
{
    (void)state;
    t_answer_t a = say(NULL, "My card is 4242 4242");
    say(session_of(&a), "4242 4242 that was it");
    t_answer_t named = chat((chat_t){"Hi", .name = "4242 4242 4242 4242"});
    assert_has(t_text(&named, "/lead/name"), "****");
    assert_has_not(t_sqlf("SELECT string_agg(name, '|') FROM chat_sessions"), "4242");
    assert_has_not(t_sqlf("SELECT string_agg(name, '|') FROM customers"), "4242");
    assert_has_not(t_sqlf("SELECT string_agg(content, '|') FROM messages"), "4242");
    assert_has_not(t_sqlf("SELECT string_agg(data::text, '|') FROM outbox"), "4242");
}

/* Of a form that half a card number has as well; the other half would be masked. */
static void an_order_number_that_was_asked_for_is_kept(void **state)
{
    (void)state;
    let_model_answer();
    model("{\"answers\":[{\"text\":\"Gladly. What is your order number?\"},"
          "{\"text\":\"One moment.\"},{\"text\":\"And now?\"}]}");
    t_answer_t a = say(NULL, "hmm, let me think about bikes");
    say(session_of(&a), "41234567");
    say(session_of(&a), "1234 5678");
    assert_string_equal(t_sqlf("SELECT string_agg(content, '|' ORDER BY occurred_at, id)"
                               "  FROM messages WHERE direction = 'inbound'"),
                        "hmm, let me think about bikes|41234567|**** ****");
    assert_has(t_openai_told(), "41234567");
}

static void a_claim_without_its_deed_is_not_said(void **state)
{
    (void)state;
    let_model_answer();
    model("{\"answers\":[{\"text\":\"Great, your tune-up is booked for Saturday at 10.\"}]}");
    t_answer_t a = say(NULL, "hmm, let me think about bikes");
    assert_has(t_text(&a, "/reply"), "Nothing new is booked");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM tasks WHERE kind = 'alarm'"), 1);
}

/* A session lives for days, and its wishes are of its messages. */
static void a_wish_that_comes_again_is_a_task_again(void **state)
{
    static const char *const wishes[][2] = {
        {"transfer_to_human", "\"reason\":\"a custom build\""},
        {"take_message", "\"message\":\"Keep the blue one\""},
        {"trigger_followup", "\"reason\":\"a quote\""},
    };
    (void)state;
    let_model_answer();
    t_answer_t a = say(NULL, "Good day to all of you");
    for (size_t i = 0; i < sizeof(wishes) / sizeof(*wishes); i++) {
        let_model_call(wishes[i][0], wishes[i][1]);
        say(session_of(&a), "My wish");
        say(session_of(&a), "My wish");
    }
    assert_string_equal(t_sqlf("SELECT string_agg(kind, ' ' ORDER BY kind) FROM tasks"),
                        "callback callback followup followup message message");
}

/* Else a stranger would keep the number's owner from being called back. */
static void a_chats_wish_is_not_its_numbers_owners(void **state)
{
    (void)state;
    begin_as_john("I want to talk to an agent");
    assert_has_not(t_say(JOHN_NUMBER, "I want to talk to an agent"), "has your request");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM tasks WHERE kind = 'callback'"), 2);
    assert_has(t_say(JOHN_NUMBER, "I want to talk to an agent"), "has your request");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM tasks WHERE kind = 'callback'"), 2);
}

static void it_answers_in_the_visitors_language(void **state)
{
    (void)state;
    t_answer_t a = say(NULL, "Bonjour, quelles sont vos heures d'ouverture?");
    assert_has(t_text(&a, "/reply"), "Heures des prochains jours");
    assert_string_equal(t_sqlf("SELECT language FROM chat_sessions"), "fr");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_key_and_the_page_let_in),
        cmocka_unit_test(a_socket_is_opened_to_whom_a_message_would_be_answered),
        cmocka_unit_test(without_a_key_nobody_is_let_in),
        cmocka_unit_test(a_page_is_told_whose_chat_it_is),
        cmocka_unit_test(who_made_the_chat_is_told_below_the_plan_pro),
        cmocka_unit_test(the_address_of_a_socket_names_the_shop),
        cmocka_unit_test(a_key_that_was_replaced_opens_nothing),
        cmocka_unit_test(a_browser_that_asks_first_is_told_its_origin),
        cmocka_unit_test(what_cannot_be_read_changes_nothing),
        cmocka_unit_test(a_talk_goes_on_to_an_appointment),
        cmocka_unit_test(a_session_is_its_shops_its_pages_and_its_own),
        cmocka_unit_test(the_same_message_is_answered_once_and_alike),
        cmocka_unit_test(a_header_names_the_message_too),
        cmocka_unit_test(two_runs_of_a_first_message_answer_alike),
        cmocka_unit_test(whoever_dies_books_once),
        cmocka_unit_test(a_number_typed_in_opens_nothing),
        cmocka_unit_test(neither_reads_what_the_other_wrote),
        cmocka_unit_test(whether_a_number_has_an_appointment_is_not_told),
        cmocka_unit_test(an_answer_says_what_it_was_made_of),
        cmocka_unit_test(what_people_are_shown_is_not_told_the_visitor),
        cmocka_unit_test(anothers_booking_is_a_taken_time),
        cmocka_unit_test(who_is_to_be_called_back_is_asked_for_his_number),
        cmocka_unit_test(a_time_is_booked_behind_the_number_it_is_for),
        cmocka_unit_test(a_time_is_booked_behind_a_number_that_its_page_asks_for),
        cmocka_unit_test(a_number_that_is_written_counts_as_one_that_is_typed_in),
        cmocka_unit_test(a_chat_books_for_the_number_it_gave),
        cmocka_unit_test(what_a_chat_was_asked_is_not_answered_by_text),
        cmocka_unit_test(people_see_one_thread_and_what_is_not_proven),
        cmocka_unit_test(a_name_is_not_written_to_a_number),
        cmocka_unit_test(a_number_told_late_takes_the_talk_along_once),
        cmocka_unit_test(an_order_is_told_with_proof_alone),
        cmocka_unit_test(five_tries_an_address),
        cmocka_unit_test(an_address_books_so_much_a_day),
        cmocka_unit_test(a_number_is_booked_for_and_written_to_so_often_a_day),
        cmocka_unit_test(a_model_is_refused_alike),
        cmocka_unit_test(an_address_tells_so_many_numbers_a_day),
        cmocka_unit_test(an_emergency_pages_the_owner_once_an_hour_from_one_place),
        cmocka_unit_test(a_card_number_is_masked_over_messages),
        cmocka_unit_test(an_order_number_that_was_asked_for_is_kept),
        cmocka_unit_test(a_claim_without_its_deed_is_not_said),
        cmocka_unit_test(a_wish_that_comes_again_is_a_task_again),
        cmocka_unit_test(a_chats_wish_is_not_its_numbers_owners),
        cmocka_unit_test(it_answers_in_the_visitors_language),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return t_client_main(tests, sizeof(tests) / sizeof(*tests), setup);
}
