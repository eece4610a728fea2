/*
 * The engine livekit: a call goes to a room with the agent in it, comes back when the agent is
 * gone, and ends when the room does. livekit.webhook: what is told of rooms.
 */
#include <stdio.h>
#include <stdlib.h>

#include "core/form.h"
#include "t/handlers/lib/texts.h"
#include "worker/call_state.h"
#include "worker/call_token.h"

#define SID  "CA0123456789abcdef0123456789abcdef"
#define ROOM "call-" SID "-1"

static char secret[] = "an internal secret of the tests alone";

static int setup(void **state)
{
    int failed = t_texts_setup(state);
    t_livekit();
    t_config.internal_secret = secret;
    t_config.openai_api_key = t_config.elevenlabs_api_key = NULL;
    t_config.livekit_sip = t_config.livekit_sip_username = t_config.livekit_sip_password = NULL;
    t_sqlf("DELETE FROM calls; DELETE FROM unrouted_events;"
           "UPDATE organizations SET plan = 'PRO', engines = '{livekit,receptionist}'"
           " WHERE id = '" DOWNTOWN "'");
    freeReplyObject(
        wk_redis_command(t_ctx.redis, 0, (va_str_t[]){VA_STR("FLUSHALL")}, 1, &t_e));
    return failed;
}

/* ---------------------------------------------------------------- the call */

static const char *twiml(const t_answer_t *answer)
{
    assert_int_equal(answer->status, 200);
    return wk_strdup(t_ctx.arena, answer->body);
}

/* more: form fields beside those of every request, each with & before it */
static const char *carrier(const char *type, const char *args, const char *more)
{
    t_answer_t a = t_ask(
        &(t_ask_t){.type = type,
                   .scheme = "twilio",
                   .content_type = "application/x-www-form-urlencoded",
                   .args = args,
                   .body = wk_printf(t_ctx.arena,
                                     "CallSid=" SID "&From=%%2B14165559876&To=%%2B14165550001"
                                     "&Direction=inbound"
                                     "&StirVerstat=TN-Validation-Passed-A%s",
                                     more)
                               .data});
    return twiml(&a);
}

static const char *ring(void)
{
    return carrier("phone.incoming", NULL, "");
}

static const char *come_back_with(int n, const char *more)
{
    va_str_t token;
    assert_ok(wk_call_token_mint(&t_config, t_ctx.arena, VA_TOKEN_CALL, VA_STR(SID),
                                 VA_STR(DOWNTOWN), 0, 3600, &token, &t_e));
    return carrier(
        "phone.resume",
        wk_printf(t_ctx.arena, "c=%.*s&n=%d&l=en", (int)token.len, token.data, n).data, more);
}

static const char *come_back(int n)
{
    return come_back_with(n, "");
}

/* The carrier asks the number's fallback address: the document of that address was no good. */
static const char *fall_back(const char *code, const char *args)
{
    va_buf_t more;
    va_buf_init(&more, wk_mem(t_ctx.arena), 512);
    va_buf_add_c(&more, wk_printf(t_ctx.arena, "&ErrorCode=%s", code).data);
    va_form_add(&more, VA_STR("ErrorUrl"),
                wk_printf(t_ctx.arena, "https://a.example/api/voice/incoming%s", args));
    return carrier("phone.error", NULL, wk_strdup(t_ctx.arena, va_buf_str(&more)));
}

static wk_call_state_t state_of_call(void)
{
    wk_call_state_t s;
    bool found;
    assert_ok(wk_call_state_read(t_ctx.redis, t_ctx.arena, VA_STR(SID), &s, &found, &t_e));
    assert_true(found);
    return s;
}

static const char *room_name(void)
{
    return wk_printf(t_ctx.arena, "call-" SID "-%lld", (long long)state_of_call().epoch).data;
}

static void sim_does(const char *what, const char *room)
{
    t_livekit_ask("POST", what, wk_printf(t_ctx.arena, "{\"room\":\"%s\"}", room).data);
}

/* ---------------------------------------------------------------- webhooks */

static t_answer_t tell_of(const char *room, const char *event, const char *kind, int attempt)
{
    return t_ask(&(t_ask_t){
        .type = "livekit.webhook",
        .scheme = "livekit",
        .attempt = attempt,
        .body = wk_printf(t_ctx.arena,
                          "{\"event\":\"%s\",\"room\":{\"sid\":\"RM_1\",\"name\":\"%s\"},"
                          "\"participant\":{\"identity\":\"x\",\"kind\":\"%s\"},"
                          "\"id\":\"EV_1\",\"createdAt\":\"1789000001\"}",
                          event, room, kind)
                    .data});
}

static void told(const char *event, const char *kind)
{
    t_answer_t a = tell_of(room_name(), event, kind, 1);
    assert_done(&a);
}

/* The carrier has the call, and takes it where it is told. */
static void carrier_has_the_call(void)
{
    t_twilio_script("{\"method\":\"POST\",\"path\":\"/Calls/" SID "\",\"status\":200,"
                    "\"body\":{\"sid\":\"" SID "\",\"status\":\"in-progress\"},\"times\":1}");
}

static size_t redirects(void)
{
    size_t n = 0;
    const va_json_t *r = t_twilio_ask("GET", "/_sim/requests", NULL)->first;
    for (; r != NULL; r = r->next) {
        n += strstr(wk_strdup(t_ctx.arena, va_json_get_string(r, "path")), "/Calls/" SID) !=
             NULL;
    }
    return n;
}

/* ---------------------------------------------------------------- handed over */

static void a_call_goes_to_a_room_with_the_agent(void **state)
{
    (void)state;
    const char *document = ring();
    assert_has(document, "<Connect><Stream url=\"wss://connector.livekit.invalid/twilio/");
    assert_has(document, "?a=1&amp;b=2\"");
    assert_has(document, "#rc=5&amp;rp=5xx,ct,rt\" statusCallbackMethod=\"POST\"");
    assert_has(document, "</Connect><Redirect method=\"POST\">");
    assert_has(document, "/api/voice/resume?");
    const va_json_t *rooms = t_livekit_ask("GET", "/_sim/rooms", NULL), *room = rooms->first;
    assert_int_equal(rooms->count, 1);
    assert_str(va_json_get_string(room, "name"), room_name());
    const va_json_t *agent = va_json_pointer(room, VA_STR("/agents/0"));
    assert_str(va_json_get_string(agent, "agentName"), LIVEKIT_AGENT);
    assert_str(va_json_string(va_json_pointer(agent, VA_STR("/metadata/call"))), SID);
    assert_str(va_json_string(va_json_pointer(agent, VA_STR("/metadata/called"))),
               DOWNTOWN_NUMBER);
    assert_true(va_json_string(va_json_pointer(agent, VA_STR("/metadata/first_message"))).len >
                0);
    assert_str(state_of_call().engine, "livekit");
}

/* What the caller was told. */
static void the_agent_knows_of_the_recording(void **state)
{
    static const char *const given[] = {"false", "true"};
    (void)state;
    for (int wanted = 0; wanted < 2; wanted++) {
        setup(NULL);
        t_sqlf("UPDATE agent_configs SET recording_enabled = %s", given[wanted]);
        (void)carrier("phone.incoming", NULL, "&AccountSid=" TWILIO_ACCOUNT);
        t_sqlf("UPDATE agent_configs SET recording_enabled = false");
        const va_json_t *room = t_livekit_ask("GET", "/_sim/rooms", NULL)->first;
        const va_json_t *told = va_json_pointer(room, VA_STR("/agents/0/metadata/recorded"));
        assert_non_null(told);
        assert_int_equal(va_json_bool(told, !wanted), wanted);
    }
}

static void what_livekit_does_not_take_is_answered_here(void **state)
{
    static const char *const faults[] = {
        "{\"path\":\"CreateRoom\",\"status\":503,\"body\":{}}",
        "{\"path\":\"ConnectTwilioCall\",\"status\":429,\"body\":{}}",
        "{\"path\":\"ConnectTwilioCall\",\"status\":200,\"body\":{}}",
        "{\"path\":\"CreateRoom\",\"drop\":true}",
    };
    for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++) {
        setup(state);
        t_livekit_script(faults[i]);
        assert_has(ring(), "<Gather ");
        assert_str(state_of_call().engine, "receptionist");
    }
}

static void without_a_right_secret_it_is_answered_here(void **state)
{
    (void)state;
    t_config.livekit_api_secret = "another-secret-of-more-than-32-characters";
    assert_has(ring(), "<Gather ");
    assert_int_equal(t_logged("another-secret"), 0);
}

/* ---------------------------------------------------------------- the way back */

static void a_room_that_is_gone_ends_the_call(void **state)
{
    (void)state;
    ring();
    int64_t epoch = state_of_call().epoch;
    sim_does("/_sim/finish", room_name());
    assert_has(come_back((int)epoch), "<Hangup/>");
}

static void a_room_that_is_told_to_be_finished_ends_the_call(void **state)
{
    (void)state;
    ring();
    int64_t epoch = state_of_call().epoch;
    told("room_finished", "STANDARD");
    assert_str(state_of_call().next, "hangup");
    t_livekit_script("{\"status\":500,\"body\":{}}");
    assert_has(come_back((int)epoch), "<Hangup/>");
}

static void a_caller_who_falls_out_of_a_room_is_answered_here(void **state)
{
    (void)state;
    ring();
    assert_has(come_back((int)state_of_call().epoch), "<Gather ");
    assert_str(state_of_call().engine, "receptionist");
}

static void what_becomes_of_an_old_room_means_nothing(void **state)
{
    (void)state;
    ring();
    const char *old = room_name();
    come_back((int)state_of_call().epoch);
    t_answer_t a = tell_of(old, "room_finished", "STANDARD", 1);
    assert_done(&a);
    assert_str(state_of_call().next, "resume");
}

/* ---------------------------------------------------------------- by SIP */

/* The call is dialled into its room; the document. */
static const char *ring_by_sip(const char *sip)
{
    t_config.livekit_sip = sip;
    return ring();
}

/* The document behind a dial that ended so. */
static const char *dialled(const char *status)
{
    return come_back_with((int)state_of_call().epoch,
                          wk_printf(t_ctx.arena, "&DialCallStatus=%s", status).data);
}

static size_t asked(const char *method)
{
    size_t n = 0;
    const va_json_t *r = t_livekit_ask("GET", "/_sim/requests", NULL)->first;
    for (; r != NULL; r = r->next) {
        n += strstr(wk_strdup(t_ctx.arena, va_json_get_string(r, "path")), method) != NULL;
    }
    return n;
}

static void a_call_is_dialled_into_its_room(void **state)
{
    (void)state;
    const char *document = ring_by_sip("sip.example.com");
    assert_has(document, "<Dial action=\"");
    assert_has(document, "/api/voice/resume?");
    assert_has(document, " timeout=\"20\" timeLimit=\"");
    assert_has(document, " callerId=\"+14165559876\">");
    assert_has(document, "<Sip>sip:");
    assert_has(
        document,
        wk_printf(t_ctx.arena, "<Sip>sip:%s@sip.example.com;transport=tls</Sip>", room_name())
            .data);
    assert_null(strstr(document, "<Redirect"));
    assert_int_equal(asked("CreateRoom"), 1);
    assert_int_equal(asked("ConnectTwilioCall"), 0);
    assert_str(state_of_call().engine, "livekit");
}

static void how_it_is_carried_may_be_said(void **state)
{
    (void)state;
    assert_has(ring_by_sip("10.0.0.7:5070;transport=tcp"),
               "@10.0.0.7:5070;transport=tcp</Sip>");
}

static void a_trunk_gets_its_login(void **state)
{
    (void)state;
    t_config.livekit_sip_username = "voice&agent";
    t_config.livekit_sip_password = "sip-secret-0123";
    assert_has(ring_by_sip("sip.example.com"),
               "<Sip username=\"voice&amp;agent\" password=\"sip-secret-0123\">sip:");
    assert_int_equal(t_logged("sip-secret-0123"), 0);
}

static void a_dial_that_nobody_took_goes_to_the_next_engine(void **state)
{
    static const char *const ends[] = {"busy", "no-answer", "failed", "canceled"};
    for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
        setup(state);
        ring_by_sip("sip.example.com");
        /* Whatever the room has become meanwhile: nobody has talked in it. */
        if (i % 2 == 0) {
            told("room_finished", "STANDARD");
        }
        sim_does("/_sim/finish", room_name());
        assert_has(dialled(ends[i]), "<Gather ");
        assert_str(state_of_call().engine, "receptionist");
    }
}

static void a_dial_that_is_over_ends_the_call_with_its_room(void **state)
{
    (void)state;
    ring_by_sip("sip.example.com");
    sim_does("/_sim/finish", room_name());
    assert_has(dialled("completed"), "<Hangup/>");
}

static void a_dial_that_fell_out_of_its_room_goes_to_the_next_engine(void **state)
{
    (void)state;
    ring_by_sip("sip.example.com");
    assert_has(dialled("completed"), "<Gather ");
    assert_str(state_of_call().engine, "receptionist");
}

static void a_dial_does_not_outlast_the_longest_call(void **state)
{
    (void)state;
    t_sqlf("UPDATE organizations SET max_call_seconds = 60 WHERE id = '" DOWNTOWN "'");
    const char *document = ring_by_sip("sip.example.com");
    t_sqlf("UPDATE organizations SET max_call_seconds = 1800 WHERE id = '" DOWNTOWN "'");
    const char *limit = strstr(document, " timeLimit=\"");
    assert_non_null(limit);
    assert_in_range(strtol(strchr(limit, '"') + 1, NULL, 10), 1, 60); /* seconds may pass */
}

static void a_caller_by_sip_whom_no_agent_joins_is_taken_out(void **state)
{
    (void)state;
    t_livekit_ask("POST", "/_sim/agents", "{\"names\":[]}");
    ring_by_sip("sip.example.com");
    for (int attempt = 1; attempt < 3; attempt++) {
        t_answer_t a = tell_of(room_name(), "participant_joined", "SIP", attempt);
        assert_again(&a);
    }
    carrier_has_the_call();
    t_answer_t a = tell_of(room_name(), "participant_joined", "SIP", 3);
    assert_done(&a);
    assert_int_equal(redirects(), 1);
}

/* ---------------------------------------------------------------- alone */

static void a_caller_whose_agent_left_is_taken_out(void **state)
{
    (void)state;
    ring();
    told("participant_left", "AGENT");
    assert_int_equal(redirects(), 0); /* another agent is there */
    sim_does("/_sim/leave", room_name());
    told("participant_left", "CONNECTOR");
    assert_int_equal(redirects(), 0);
    carrier_has_the_call();
    told("participant_left", "AGENT");
    assert_int_equal(redirects(), 1);
}

static void an_agent_gets_a_moment_to_come(void **state)
{
    (void)state;
    t_livekit_ask("POST", "/_sim/agents", "{\"names\":[]}");
    ring();
    for (int attempt = 1; attempt < 3; attempt++) {
        t_answer_t a = tell_of(room_name(), "participant_joined", "CONNECTOR", attempt);
        assert_again(&a);
        assert_int_equal(a.end.delay_ms, 3000);
    }
    assert_int_equal(redirects(), 0);
    carrier_has_the_call();
    t_answer_t a = tell_of(room_name(), "participant_joined", "CONNECTOR", 3);
    assert_done(&a);
    assert_int_equal(redirects(), 1);
}

static void a_caller_with_an_agent_is_left_alone(void **state)
{
    (void)state;
    ring();
    told("room_started", "STANDARD");
    told("participant_joined", "CONNECTOR");
    told("participant_joined", "AGENT");
    told("track_published", "CONNECTOR");
    assert_int_equal(redirects(), 0);
    assert_int_equal(state_of_call().next.len, 0);
}

/* ---------------------------------------------------------------- nobody's */

static void other_rooms_are_nobodys(void **state)
{
    static const char *const names[] = {
        "meeting", "call-", "call-CA1", "call-CA1-", "call-CA1-x", "call-CA1-9999999999", ROOM};
    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        t_answer_t a = tell_of(names[i], "room_finished", "STANDARD", 1);
        assert_done(&a);
    }
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM unrouted_events WHERE kind = 'room'"),
                     sizeof(names) / sizeof(*names));
}

static void what_is_no_event_changes_nothing(void **state)
{
    static const char *const bodies[] = {"", "[]", "{}", "{\"event\":7}"};
    (void)state;
    for (size_t i = 0; i < sizeof(bodies) / sizeof(*bodies); i++) {
        t_answer_t a = t_ask(
            &(t_ask_t){.type = "livekit.webhook", .scheme = "livekit", .body = bodies[i]});
        assert_int_equal(a.end.how, WK_END_BURY);
    }
}

/* ---------------------------------------------------------------- a document that is refused
 */

static void a_document_that_is_refused_leaves_the_next_engine(void **state)
{
    (void)state;
    t_sqlf("DELETE FROM tasks");
    assert_has_not(ring(), "<Gather");
    assert_has(fall_back("12200", ""),
               "/api/voice/incoming?e=1&amp;refused=livekit</Redirect>");
    /* Whoever dies in between: asked again, it is the same. */
    for (int i = 0; i < 2; i++) {
        assert_has(carrier("phone.incoming", "e=1&refused=livekit", ""), "<Gather");
    }
    assert_string_equal(t_sqlf("SELECT engine FROM calls"), "receptionist");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM tasks"), 0);
}

/* One that could only not be had is no engine's fault. */
static void a_document_that_is_not_had_is_asked_for_again(void **state)
{
    (void)state;
    ring();
    assert_has(fall_back("11200", ""), "/api/voice/incoming?e=1</Redirect>");
}

static void down_the_chain_until_people_have_it(void **state)
{
    (void)state;
    t_sqlf("DELETE FROM tasks; UPDATE organizations SET owner_phone = NULL,"
           " engines = '{livekit,receptionist}' WHERE id = '" DOWNTOWN "';"
           "UPDATE agent_configs SET transfer_destinations = '[]'");
    ring();
    fall_back("12200", "");
    carrier("phone.incoming", "e=1&refused=livekit", "");
    const char *last = fall_back("12200", "?e=1&refused=livekit");
    assert_has_not(last, "not in service");
    assert_has(last, "Somebody will call you back.");
    assert_has(last, "<Hangup/>");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM tasks WHERE kind = 'callback'"
                                " AND customer_id = '" JOHN "'"),
                     1);
    assert_string_equal(t_sqlf("SELECT end_reason FROM calls"), "failed");
}

/* Nobody knows of the call: somebody calls back all the same. */
static void a_call_without_a_row_is_called_back(void **state)
{
    (void)state;
    t_sqlf("DELETE FROM tasks");
    assert_has(fall_back("11200", "?e=1"), "Somebody will call you back.");
    assert_int_equal(t_sqlf_int("SELECT count(*) FROM tasks WHERE kind = 'callback'"
                                " AND title LIKE '%%" JOHN_NUMBER "%%'"),
                     1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_document_that_is_refused_leaves_the_next_engine),
        cmocka_unit_test(a_document_that_is_not_had_is_asked_for_again),
        cmocka_unit_test(a_call_without_a_row_is_called_back),
        cmocka_unit_test(a_call_goes_to_a_room_with_the_agent),
        cmocka_unit_test(the_agent_knows_of_the_recording),
        cmocka_unit_test(what_livekit_does_not_take_is_answered_here),
        cmocka_unit_test(without_a_right_secret_it_is_answered_here),
        cmocka_unit_test(a_room_that_is_gone_ends_the_call),
        cmocka_unit_test(a_room_that_is_told_to_be_finished_ends_the_call),
        cmocka_unit_test(a_caller_who_falls_out_of_a_room_is_answered_here),
        cmocka_unit_test(what_becomes_of_an_old_room_means_nothing),
        cmocka_unit_test(a_caller_whose_agent_left_is_taken_out),
        cmocka_unit_test(an_agent_gets_a_moment_to_come),
        cmocka_unit_test(a_caller_with_an_agent_is_left_alone),
        cmocka_unit_test(a_call_is_dialled_into_its_room),
        cmocka_unit_test(how_it_is_carried_may_be_said),
        cmocka_unit_test(a_trunk_gets_its_login),
        cmocka_unit_test(a_dial_that_nobody_took_goes_to_the_next_engine),
        cmocka_unit_test(a_dial_that_is_over_ends_the_call_with_its_room),
        cmocka_unit_test(a_dial_that_fell_out_of_its_room_goes_to_the_next_engine),
        cmocka_unit_test(a_dial_does_not_outlast_the_longest_call),
        cmocka_unit_test(a_caller_by_sip_whom_no_agent_joins_is_taken_out),
        cmocka_unit_test(other_rooms_are_nobodys),
        cmocka_unit_test(what_is_no_event_changes_nothing),
        cmocka_unit_test(down_the_chain_until_people_have_it),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return t_client_main(tests, sizeof(tests) / sizeof(*tests), setup);
}
