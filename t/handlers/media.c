/* Turns of a live call as a voice process tells them, and where their time went. */
#include "worker/store/media.h"
#include "t/handlers/lib/texts.h"

#define SID     "CA0123456789abcdef0123456789abcdef"
#define LATENCY "{\"engine\":\"realtime\",\"caller_ended_ms\":1500,\"written_ms\":2100}"

static int setup(void **state)
{
    (void)state;
    t_sqlf("DELETE FROM outbox");
    t_sqlf("DELETE FROM messages");
    t_sqlf("DELETE FROM calls");
    t_sqlf("INSERT INTO calls (organization_id, customer_id, status, twilio_call_sid)"
           " VALUES ('" DOWNTOWN "', '" JOHN "', 'in_progress', '" SID "')");
    return 0;
}

static int tell(const char *type, const char *org, const char *body)
{
    return (int)t_ask(&(t_ask_t){.type = type, .org = org, .scheme = "internal", .body = body})
        .end.how;
}

static int say(const char *more)
{
    return tell("media.turn", DOWNTOWN,
                wk_printf(t_ctx.arena,
                          "{\"call\":\"" SID "\",\"epoch\":3,\"turn\":2,\"speaker\":\"agent\","
                          "\"text\":\"hello\",\"language\":\"en\"%s}",
                          more)
                    .data);
}

static const char *latency(void)
{
    return t_sqlf("SELECT string_agg(latency::text, ' ') FROM messages"
                  " WHERE content = 'hello'");
}

static int time_it(const char *org, const char *value)
{
    return tell(
        "media.timing", org,
        wk_printf(t_ctx.arena, "{\"call\":\"" SID "\",\"epoch\":3,\"turn\":2%s}", value).data);
}

static void what_is_known_comes_with_the_turn(void **state)
{
    (void)state;
    assert_int_equal(say(",\"latency\":" LATENCY), WK_END_ACK);
    assert_string_equal(t_sqlf("SELECT latency ->> 'written_ms' FROM messages"), "2100");
    assert_string_equal(t_sqlf("SELECT data -> 'latency' ->> 'caller_ended_ms' FROM outbox"
                               " WHERE type = 'agent_response'"),
                        "1500");
}

/* What the caller said may come behind the answer to it. */
static void a_turn_is_of_when_it_was_begun(void **state)
{
    (void)state;
    assert_int_equal(say(",\"at_ms\":1790000000500"), WK_END_ACK);
    assert_string_equal(t_sqlf("SELECT extract(epoch FROM occurred_at)::numeric(14, 1)"
                               "  FROM messages"),
                        "1790000000.5");
    t_sqlf("DELETE FROM messages");
    assert_int_equal(say(",\"at_ms\":9999999999999"), WK_END_ACK); /* a clock that is wrong */
    assert_string_equal(t_sqlf("SELECT occurred_at <= now() FROM messages"), "t");
}

static void in(const char *language, int turn)
{
    assert_int_equal(tell("media.turn", DOWNTOWN,
                          wk_printf(t_ctx.arena,
                                    "{\"call\":\"" SID "\",\"epoch\":1,\"turn\":%d,"
                                    "\"speaker\":\"customer\",\"text\":\"oui\","
                                    "\"language\":\"%s\"}",
                                    turn, language)
                              .data),
                     WK_END_ACK);
}

static void another_language_is_told_once(void **state)
{
    (void)state;
    in("en", 1);
    in("en", 2);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM outbox WHERE type = 'language_switched'"),
                     0);
    in("fr", 3);
    in("fr", 3); /* told again */
    in("fr", 4);
    assert_string_equal(t_sqlf("SELECT string_agg(concat_ws(' ', data ->> 'from_language',"
                               "    data ->> 'to_language', data ? 'reason'), ', ')"
                               "  FROM outbox WHERE type = 'language_switched'"),
                        "en fr t");
}

static void a_turn_that_is_cut_is_told_as_it_was_heard(void **state)
{
    (void)state;
    assert_int_equal(say(""), WK_END_ACK);
    assert_int_equal(say(",\"interrupted\":true"), WK_END_ACK);
    assert_string_equal(t_sqlf("SELECT interrupted FROM messages"), "t");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM outbox WHERE type = 'language_switched'"),
                     0);
}

static void a_turn_without_any_has_none(void **state)
{
    (void)state;
    assert_int_equal(say(",\"latency\":[1]"), WK_END_ACK);
    assert_string_equal(latency(), "{}");
    assert_int_equal(
        t_sqlf_int("SELECT count(*) FROM outbox WHERE data::text LIKE '%%latency%%'"), 0);
}

static void the_rest_comes_behind_it(void **state)
{
    (void)state;
    assert_int_equal(say(""), WK_END_ACK);
    assert_int_equal(time_it(DOWNTOWN, ",\"latency\":" LATENCY), WK_END_ACK);
    assert_int_equal(time_it(DOWNTOWN, ",\"latency\":" LATENCY), WK_END_ACK); /* again */
    assert_string_equal(t_sqlf("SELECT latency ->> 'written_ms' FROM messages"), "2100");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM messages"), 1);
}

static void of_a_turn_that_is_not_there_nothing_is_kept(void **state)
{
    (void)state;
    assert_int_equal(time_it(DOWNTOWN, ",\"latency\":" LATENCY), WK_END_ACK);
    assert_int_equal(say(""), WK_END_ACK);
    assert_int_equal(time_it(UPTOWN, ",\"latency\":" LATENCY), WK_END_ACK);
    assert_string_equal(latency(), "{}");
}

static void what_is_no_timing_is_buried(void **state)
{
    static const char *const cases[] = {"", ",\"latency\":null", ",\"latency\":[]",
                                        ",\"latency\":\"{}\""};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        assert_int_equal(time_it(DOWNTOWN, cases[i]), WK_END_BURY);
    }
    assert_int_equal(tell("media.timing", DOWNTOWN, "{\"call\":\"" SID "\",\"latency\":{}}"),
                     WK_END_BURY);
    assert_int_equal(time_it(NULL, ",\"latency\":" LATENCY), WK_END_BURY);
}

/* ---------------------------------------------------------------- how long it may last */

/* In seconds; 0: it is not there. */
static int64_t seconds(const va_json_t *briefing, const char *name)
{
    int64_t ms = 0;
    (void)va_json_int(va_json_get(briefing, name), &ms);
    return ms / 1000;
}

static void the_end_is_counted_from_where_the_call_began(void **state)
{
    (void)state;
    t_sqlf("UPDATE organizations SET max_call_seconds = 7200 WHERE id = '" DOWNTOWN "'");
    t_sqlf("UPDATE calls SET started_at = now() - interval '1 hour'");
    const va_json_t *briefing = t_briefing(SID);
    assert_in_range(seconds(briefing, "ends_in_ms"), 3590, 3600);
    assert_int_equal(seconds(briefing, "notice_in_ms"), seconds(briefing, "ends_in_ms") - 60);
    t_sqlf("UPDATE organizations SET max_call_seconds = 1800 WHERE id = '" DOWNTOWN "'");
    assert_in_range(seconds(t_briefing(SID), "ends_in_ms") + 1810, 0, 10);
}

static void who_was_told_of_the_end_is_not_told_again(void **state)
{
    (void)state;
    assert_int_not_equal(seconds(t_briefing(SID), "notice_in_ms"), 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(tell("media.warned", DOWNTOWN, "{\"call\":\"" SID "\"}"), WK_END_ACK);
        assert_int_equal(seconds(t_briefing(SID), "notice_in_ms"), 0);
    }
}

/* ---------------------------------------------------------------- what he has to hear */

static void what_the_engine_before_was_to_say_is_in_the_briefing(void **state)
{
    (void)state;
    assert_int_equal(va_json_get_string(t_briefing(SID), "due").len, 0);
    t_redis(t_ctx.redis, t_ctx.arena, "HSET va:call:{" SID "} due Leave-the-house.");
    assert_true(
        va_str_eq(va_json_get_string(t_briefing(SID), "due"), VA_STR("Leave-the-house.")));
}

/* ---------------------------------------------------------------- what is speech */

static void the_shops_turn_settings_are_the_engines(void **state)
{
    int64_t n = 0;
    (void)state;
    t_sqlf("UPDATE agent_configs SET vad_threshold = 0.7, prefix_padding_ms = 250,"
           " silence_ms = 800 WHERE organization_id = '" DOWNTOWN "'");
    const va_json_t *briefing = t_briefing(SID);
    assert_true(va_str_eq(va_json_get_string(briefing, "vad_threshold"), VA_STR("0.70")));
    assert_true(va_json_int(va_json_get(briefing, "prefix_padding_ms"), &n) && n == 250);
    assert_true(va_json_int(va_json_get(briefing, "silence_ms"), &n) && n == 800);
}

/* ---------------------------------------------------------------- said versus done */

#define BOOKED "You are booked for Friday at noon."

/* What puts it right; NULL: nothing has to be. */
static const char *judged(const char *text, int turn)
{
    const va_json_t *body = NULL;
    t_answer_t a =
        t_ask(&(t_ask_t){.type = "media.promise",
                         .org = DOWNTOWN,
                         .scheme = "internal",
                         .body = wk_printf(t_ctx.arena,
                                           "{\"call\":\"" SID "\",\"epoch\":3,\"turn\":%d,"
                                           "\"text\":\"%s\",\"language\":\"en\"}",
                                           turn, text)
                                     .data});
    assert_int_equal(a.status, 200);
    (void)va_json_parse(wk_mem(t_ctx.arena), a.body, &VA_JSON_LIMITS_DEFAULT, &body);
    return wk_strdup(t_ctx.arena, va_json_get_string(body, "say"));
}

static int64_t alarms(void)
{
    return t_sqlf_int("SELECT count(*) FROM tasks WHERE kind = 'alarm' AND key LIKE 'said:%%'");
}

static void a_claim_without_its_deed_is_an_alarm_once(void **state)
{
    (void)state;
    t_sqlf("DELETE FROM tasks");
    assert_has(judged(BOOKED, 4), "Nothing new is booked yet");
    assert_has(judged(BOOKED, 4), "Nothing new is booked yet");
    assert_int_equal(alarms(), 1);
    assert_has(judged("Your appointment has been cancelled.", 6), "which appointment");
    assert_int_equal(alarms(), 2);
    assert_null(judged("We are open until six.", 8));
    assert_int_equal(alarms(), 2);
}

static void use(const char *tool, const char *arguments)
{
    va_buf_t body;
    va_buf_init(&body, wk_mem(t_ctx.arena), 256);
    va_json_writer_t *w = va_json_writer_new(&body);
    va_json_object(w);
    va_json_add_c(w, "call", SID);
    va_json_add_c(w, "tool", tool);
    va_json_add_c(w, "arguments", arguments);
    va_json_object_end(w);
    assert_int_equal(va_json_writer_end(w), VA_OK);
    assert_int_equal(tell("media.tool", DOWNTOWN, wk_strdup(t_ctx.arena, va_buf_str(&body))),
                     WK_END_ACK);
}

static void hears(const char *text, int turn)
{
    const char *body = wk_printf(t_ctx.arena,
                                 "{\"call\":\"" SID "\",\"epoch\":3,\"turn\":%d,"
                                 "\"speaker\":\"customer\",\"text\":\"%s\","
                                 "\"language\":\"en\"}",
                                 turn, text)
                           .data;
    assert_int_equal(tell("media.turn", DOWNTOWN, body), WK_END_ACK);
}

static void what_a_tool_of_the_call_did_may_be_said(void **state)
{
    (void)state;
    t_sqlf("DELETE FROM tasks");
    assert_has(judged("I passed that on to the team.", 2), "not passed that on");
    use("take_message", "{\"message\":\"call me\"}");
    assert_null(judged("I passed that on to the team.", 4));
    assert_has(judged(BOOKED, 6), "Nothing new is booked yet");
    assert_int_equal(alarms(), 2);
}

/* Said again, it is true; judged again, what was judged is what it was. */
static void more_that_is_claimed_needs_a_deed_of_its_own(void **state)
{
    (void)state;
    t_sqlf("DELETE FROM tasks");
    use("take_message", "{\"message\":\"call me\"}");
    assert_null(judged("I passed that on to the team.", 2));
    hears("Thank you", 3);
    assert_null(judged("As I said, I passed that on to the team.", 4));
    hears("And take a message for the mechanic too.", 5);
    assert_null(judged("As I said, I passed that on to the team.", 4));
    assert_int_equal(alarms(), 0);
    for (int i = 0; i < 2; i++) {
        assert_has(judged("I passed that on to the mechanic.", 6), "not passed that on");
        assert_int_equal(alarms(), 1);
        use("take_message", "{\"message\":\"for the mechanic\"}");
    }
    assert_null(judged("I passed that on to the mechanic.", 8));
    assert_has(judged("I passed that on to the mechanic.", 6), "not passed that on");
    assert_int_equal(alarms(), 1);
}

/* Who asks for more behind the claims has not asked for what they claim. */
static void what_is_asked_later_is_not_judged_with(void **state)
{
    (void)state;
    t_sqlf("DELETE FROM tasks");
    use("take_message", "{\"message\":\"call me\"}");
    assert_null(judged("I passed that on to the team.", 2));
    hears("And take a message for the mechanic too.", 5);
    t_answer_t a = t_ask(&(t_ask_t){.type = "media.promise",
                                    .org = DOWNTOWN,
                                    .scheme = "internal",
                                    .age_ms = 2000,
                                    .body = "{\"call\":\"" SID "\",\"epoch\":3,\"turn\":4,"
                                            "\"text\":\"I passed that on.\"}"});
    assert_int_equal(a.status, 200);
    assert_int_equal(alarms(), 0);
}

/* One tune-up is booked; the fitting that is claimed then is not. */
static void a_second_booking_needs_a_tool_too(void **state)
{
    (void)state;
    t_sqlf("DELETE FROM tasks; DELETE FROM appointments");
    const char *day = t_sqlf("SELECT date_trunc('week', current_date)::date + 9");
    use("book_appointment", wk_printf(t_ctx.arena,
                                      "{\"service_type\":\"tune_up\",\"customer_name\":\"Ann\","
                                      "\"customer_phone\":\"+16475550177\","
                                      "\"appointment_datetime\":\"%sT10:00\"}",
                                      day)
                                .data);
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM appointments"), 1);
    assert_null(judged("Great, you are booked for Wednesday at 10 AM.", 2));
    assert_null(judged("As I said, your tune-up is booked.", 4));
    hears("And a fitting for my son on Friday.", 5);
    assert_null(judged("Your tune-up is booked for Wednesday at 10 AM.", 6));
    assert_has(judged("Booked! It is booked.", 8), "Nothing new is booked yet");
    assert_has(judged("He is booked for Friday at 10 AM.", 10), "Nothing new is booked yet");
    assert_int_equal(alarms(), 2);
}

/* ---------------------------------------------------------------- one wish */

/* asked_ms: so long ago. */
static void wishes(int answer, bool knows, const char *message, int asked_ms)
{
    const char *body = wk_printf(t_ctx.arena,
                                 "{\"call\":\"" SID "\",\"tool\":\"take_message\",\"epoch\":3,"
                                 "\"answer\":%d,\"knows\":%s,"
                                 "\"arguments\":\"{\\\"message\\\":\\\"%s\\\"}\"}",
                                 answer, knows ? "true" : "false", message)
                           .data;
    t_answer_t a = t_ask(&(t_ask_t){.type = "media.tool",
                                    .org = DOWNTOWN,
                                    .scheme = "internal",
                                    .age_ms = asked_ms,
                                    .body = body});
    assert_int_equal(a.status, 200);
    const char *output = wk_strdup(t_ctx.arena, a.body);
    assert_has(output, "message");
    assert_has_not(output, "error");
}

static const char *messages_taken(void)
{
    return t_sqlf("SELECT string_agg(body, ' | ' ORDER BY created_at) FROM tasks"
                  " WHERE kind = 'message'");
}

static int one_call_more(void)
{
    t_sqlf("DELETE FROM effects; DELETE FROM tasks");
    return setup(NULL);
}

/* A shop's ledger is never emptied. */
static void what_was_not_spoken_of_is_found_by_its_keys(void **state)
{
    (void)state;
    one_call_more();
    t_sqlf("INSERT INTO effects (organization_id, kind, key, state, finished_at)"
           " SELECT '" DOWNTOWN "', 'sms', 'sms:' || n, 'done', now()"
           "   FROM generate_series(1, 3000) n; ANALYZE effects");
    t_index_answers(&wk_sql_media_unspoken, "key = ANY");
    one_call_more();
}

/* Whatever ended the answer that it was first asked for in. */
static void the_same_wish_in_other_words_is_had_once(void **state)
{
    (void)state;
    one_call_more();
    wishes(4, false, "the brakes squeal", 2000);
    hears("uh, please", 5);
    wishes(5, false, "John says that his brakes squeal", 0);
    wishes(6, false, "squealing brakes", 0);
    assert_string_equal(messages_taken(), "the brakes squeal");
    assert_string_equal(t_sqlf("SELECT metadata -> 'did' FROM calls"), "[\"passed_on\"]");
}

static void what_is_another_wish_is_done(void **state)
{
    static const char *const both = "the brakes squeal | and a bell";
    (void)state;
    one_call_more();
    wishes(4, false, "the brakes squeal", 2000);
    wishes(4, false, "and a bell", 0); /* two in one answer */
    assert_string_equal(messages_taken(), both);

    one_call_more();
    wishes(4, false, "the brakes squeal", 2000);
    wishes(5, true, "and a bell", 0); /* by who knows of the first */
    assert_string_equal(messages_taken(), both);

    one_call_more();
    wishes(4, false, "the brakes squeal", 2000);
    hears("and take a message for Sam", 5);
    wishes(5, false, "and a bell", 0);
    assert_string_equal(messages_taken(), both);

    one_call_more();
    wishes(4, false, "the brakes squeal", 2000);
    assert_int_equal(say(""), WK_END_ACK); /* the agent has gone on */
    wishes(5, false, "and a bell", 0);
    assert_string_equal(messages_taken(), both);
}

/* The caller has said something that his first words may not have held. */
static void what_the_caller_adds_is_another_wish(void **state)
{
    static const char *const more[] = {
        "And tell them that the chain is loose too.", "Also mention that I come at five.",
        "And one for my wife, her bike makes a noise as well.", "No, my number is another one.",
        "Dites-leur aussi que la chaine est cassee."};
    static const char *const no_more[] = {"uh, please",
                                          "Hello? Are you still there?",
                                          "Can you hear me?",
                                          "Yes that would be great, thank you",
                                          "Allo? Vous \u00eates l\u00e0?",
                                          "Hola, me oye?",
                                          ""};
    (void)state;
    for (size_t i = 0; i < sizeof(more) / sizeof(*more); i++) {
        one_call_more();
        wishes(4, false, "the brakes squeal", 2000);
        hears(more[i], 5);
        wishes(5, false, "and a bell", 0);
        assert_string_equal(messages_taken(), "the brakes squeal | and a bell");
    }
    for (size_t i = 0; i < sizeof(no_more) / sizeof(*no_more); i++) {
        one_call_more();
        wishes(4, false, "the brakes squeal", 2000);
        hears(no_more[i], 5);
        wishes(5, false, "John says that his brakes squeal", 0);
        assert_string_equal(messages_taken(), "the brakes squeal");
    }
}

/* Whoever has the call next, in whatever process, is told of it; not once it was spoken behind.
 */
static void an_engine_knows_what_nobody_has_spoken_of(void **state)
{
    static const char *const told = "take_message: ";
    (void)state;
    one_call_more();
    assert_has_not(wk_strdup(t_ctx.arena, va_json_get_string(t_briefing(SID), "instructions")),
                   told);
    wishes(4, false, "the brakes squeal", 2000);
    assert_has(wk_strdup(t_ctx.arena, va_json_get_string(t_briefing(SID), "instructions")),
               told);
    assert_int_equal(say(""), WK_END_ACK);
    assert_has_not(wk_strdup(t_ctx.arena, va_json_get_string(t_briefing(SID), "instructions")),
                   told);
}

/* A document that only leads elsewhere, as behind a transfer, is a turn without words. */
static void who_has_said_nothing_has_not_spoken_of_it(void **state)
{
    (void)state;
    one_call_more();
    wishes(4, false, "the brakes squeal", 2000);
    t_sqlf(
        "INSERT INTO messages (organization_id, call_id, channel, direction, speaker, content,"
        "    provider, provider_message_id)"
        " SELECT organization_id, id, 'voice', 'outbound', 'agent', '', 'twilio', 'turn'"
        "   FROM calls");
    assert_has(wk_strdup(t_ctx.arena, va_json_get_string(t_briefing(SID), "instructions")),
               "take_message: ");
    wishes(5, false, "John says that his brakes squeal", 0);
    assert_string_equal(messages_taken(), "the brakes squeal");
}

/* It was not done: what is asked for then is. */
static void a_wish_that_was_refused_is_none(void **state)
{
    (void)state;
    one_call_more();
    t_answer_t a = t_ask(&(t_ask_t){.type = "media.tool",
                                    .org = DOWNTOWN,
                                    .scheme = "internal",
                                    .body = "{\"call\":\"" SID "\",\"tool\":\"take_message\","
                                            "\"epoch\":3,\"answer\":4,\"knows\":false,"
                                            "\"arguments\":\"{}\"}"});
    assert_int_equal(a.status, 200);
    assert_string_equal(messages_taken(), "");
    wishes(5, false, "the brakes squeal", 0);
    assert_string_equal(messages_taken(), "the brakes squeal");
}

static void what_the_agent_shows_is_seen_on_dashboards(void **state)
{
    (void)state;
    assert_int_equal(tell("media.tool", DOWNTOWN,
                          "{\"call\":\"" SID "\",\"tool\":\"display_product\","
                          "\"arguments\":\"{\\\"product_id\\\":\\\"RB-T29-M\\\"}\"}"),
                     WK_END_ACK);
    assert_string_equal(t_sqlf("SELECT concat_ws('|', data ->> 'toolName',"
                               "    data -> 'result' -> 'product' ->> 'sku',"
                               "    call_id = (SELECT id FROM calls))"
                               "  FROM outbox WHERE type = 'client_tool_executed'"),
                        "display_product|RB-T29-M|t");
}

static const char *made_of(int turn)
{
    return t_sqlf("SELECT tools_used || citations FROM messages"
                  " WHERE provider_message_id = '" SID ":3:%d'",
                  turn);
}

static void a_turn_says_what_it_was_made_of(void **state)
{
    (void)state;
    t_sqlf("DELETE FROM knowledge_documents");
    t_sqlf("WITH d AS (INSERT INTO knowledge_documents (organization_id, title, status)"
           "           VALUES ('" DOWNTOWN "', 'Rentals', 'indexed') RETURNING id)"
           " INSERT INTO knowledge_chunks (organization_id, document_id, position, content)"
           " SELECT '" DOWNTOWN
           "', id, 0, 'A tandem is rented out for 60 dollars a day.' FROM d");
    const char *source =
        t_sqlf("SELECT jsonb_build_object('chunk', id, 'document', document_id)"
               "  FROM knowledge_chunks");
    for (int i = 0; i < 2; i++) {
        assert_int_equal(tell("media.tool", DOWNTOWN,
                              "{\"call\":\"" SID "\",\"tool\":\"search_knowledge\","
                              "\"arguments\":\"{\\\"query\\\":\\\"tandem rented\\\"}\"}"),
                         WK_END_ACK);
    }
    static const char *const speakers[] = {"customer", "agent", "agent"};
    for (int i = 0; i < 3; i++) {
        const char *turn = wk_printf(t_ctx.arena,
                                     "{\"call\":\"" SID "\",\"epoch\":3,\"turn\":%d,"
                                     "\"speaker\":\"%s\",\"text\":\"a tandem\","
                                     "\"language\":\"en\"}",
                                     i, speakers[i])
                               .data;
        assert_int_equal(tell("media.turn", DOWNTOWN, turn), WK_END_ACK);
    }
    assert_string_equal(made_of(0), "[]");
    assert_string_equal(made_of(1),
                        wk_printf(t_ctx.arena, "[\"search_knowledge\", %s]", source).data);
    assert_string_equal(made_of(2), "[]");
    assert_string_equal(
        t_sqlf("SELECT string_agg(data ->> 'toolsUsed', ' ' ORDER BY id) FROM outbox"
               " WHERE type = 'agent_response'"),
        "[\"search_knowledge\"] []");
}

/* The same of a turn that the receptionist thought of. */
static void what_the_receptionist_asked_is_of_its_turn(void **state)
{
    (void)state;
    t_sqlf("DELETE FROM appointments");
    assert_int_equal(tell("media.answer", DOWNTOWN,
                          "{\"call\":\"" SID "\",\"epoch\":3,\"question\":1,"
                          "\"text\":\"I would like to book a tune-up\","
                          "\"language\":\"en\"}"),
                     WK_END_ACK);
    assert_int_equal(say(""), WK_END_ACK);
    assert_string_equal(made_of(2), "[\"check_availability\"]");
}

/* ---------------------------------------------------------------- a moment */

/* The engine is answered, and the session told to say nothing; other tools say something. */
static void who_asks_for_a_moment_has_it(void **state)
{
    const va_json_t *body = NULL;
    (void)state;
    t_answer_t a = t_ask(&(t_ask_t){.type = "media.tool",
                                    .org = DOWNTOWN,
                                    .scheme = "internal",
                                    .body = "{\"call\":\"" SID "\",\"tool\":\"skip_turn\","
                                            "\"arguments\":\"{}\"}"});
    assert_int_equal(a.status, 200);
    assert_int_equal(va_json_parse(wk_mem(t_ctx.arena), a.body, &VA_JSON_LIMITS_DEFAULT, &body),
                     VA_OK);
    assert_true(va_json_bool(va_json_get(body, "waits"), false));
    assert_null(va_json_get(body, "next"));
    assert_has(wk_strdup(t_ctx.arena, va_json_get_string(body, "output")), "waiting");
    a = t_ask(&(t_ask_t){.type = "media.tool",
                         .org = DOWNTOWN,
                         .scheme = "internal",
                         .body = "{\"call\":\"" SID "\",\"tool\":\"get_store_hours\","
                                 "\"arguments\":\"{}\"}"});
    (void)va_json_parse(wk_mem(t_ctx.arena), a.body, &VA_JSON_LIMITS_DEFAULT, &body);
    assert_null(va_json_get(body, "waits"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_known_comes_with_the_turn),
        cmocka_unit_test(a_turn_is_of_when_it_was_begun),
        cmocka_unit_test(another_language_is_told_once),
        cmocka_unit_test(a_turn_that_is_cut_is_told_as_it_was_heard),
        cmocka_unit_test(a_turn_without_any_has_none),
        cmocka_unit_test(the_rest_comes_behind_it),
        cmocka_unit_test(of_a_turn_that_is_not_there_nothing_is_kept),
        cmocka_unit_test(what_is_no_timing_is_buried),
        cmocka_unit_test(the_end_is_counted_from_where_the_call_began),
        cmocka_unit_test(who_was_told_of_the_end_is_not_told_again),
        cmocka_unit_test(what_the_engine_before_was_to_say_is_in_the_briefing),
        cmocka_unit_test(the_shops_turn_settings_are_the_engines),
        cmocka_unit_test(a_claim_without_its_deed_is_an_alarm_once),
        cmocka_unit_test(what_a_tool_of_the_call_did_may_be_said),
        cmocka_unit_test(more_that_is_claimed_needs_a_deed_of_its_own),
        cmocka_unit_test(what_is_asked_later_is_not_judged_with),
        cmocka_unit_test(a_second_booking_needs_a_tool_too),
        cmocka_unit_test(what_was_not_spoken_of_is_found_by_its_keys),
        cmocka_unit_test(the_same_wish_in_other_words_is_had_once),
        cmocka_unit_test(what_is_another_wish_is_done),
        cmocka_unit_test(what_the_caller_adds_is_another_wish),
        cmocka_unit_test(an_engine_knows_what_nobody_has_spoken_of),
        cmocka_unit_test(who_has_said_nothing_has_not_spoken_of_it),
        cmocka_unit_test(a_wish_that_was_refused_is_none),
        cmocka_unit_test(what_the_agent_shows_is_seen_on_dashboards),
        cmocka_unit_test(a_turn_says_what_it_was_made_of),
        cmocka_unit_test(what_the_receptionist_asked_is_of_its_turn),
        cmocka_unit_test(who_asks_for_a_moment_has_it),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return t_client_main(tests, sizeof(tests) / sizeof(*tests), setup);
}
