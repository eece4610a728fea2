/* stream.*: what an event stream begins with. Who may see one is in caller.c. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "t/handlers/lib/client.h"

#define CALL  "d0000000-0000-4000-8000-0000000000c1"
#define OTHER "d0000000-0000-4000-8000-0000000000c2"

#define MAX_EVENTS 8

static int setup(void **state)
{
    (void)state;
    t_sqlf("DELETE FROM messages");
    t_sqlf("DELETE FROM calls");
    return 0;
}

static void add_call(const char *id, const char *customer, const char *status, const char *age)
{
    t_sqlf("INSERT INTO calls (id, organization_id, customer_id, status, started_at,"
           "    twilio_call_sid) VALUES ('%s', '" DOWNTOWN "', %s%s%s, '%s',"
           "    now() - interval '%s', '%s')",
           id, customer != NULL ? "'" : "", customer != NULL ? customer : "NULL",
           customer != NULL ? "'" : "", status, age, id);
}

static void add_messages(const char *call, int n, int len)
{
    t_sqlf("INSERT INTO messages (organization_id, customer_id, call_id, channel, direction,"
           "    speaker, position, content, occurred_at)"
           " SELECT '" DOWNTOWN "', '" JOHN "', %s%s%s, 'voice', 'inbound', 'customer', i,"
           "    'm' || i || E'\\nline' || repeat('\"', %d), now() + i * interval '1 second'"
           "   FROM generate_series(0, %d) i",
           call != NULL ? "'" : "", call != NULL ? call : "NULL", call != NULL ? "'" : "", len,
           n - 1);
}

/* ---------------------------------------------------------------- reading a stream */

typedef struct {
    const char *type;
    t_answer_t data; /* its JSON, for t_text() */
} event_t;

/*
 * Strictly what the module sends on: events of an "event:" and a "data:" line each. An
 * "id:" would end the replay that the module's own ids are for.
 */
static size_t parse_events(const t_answer_t *a, event_t events[MAX_EVENTS])
{
    const va_json_limits_t limits = {1 << 20, 32, 100000};
    char *text = wk_strdup(t_ctx.arena, a->body);
    size_t n = 0;
    while (*text != '\0') {
        assert_true(n < MAX_EVENTS);
        assert_int_equal(strncmp(text, "event: ", 7), 0);
        char *data = strchr(text, '\n');
        *data++ = '\0';
        assert_int_equal(strncmp(data, "data: ", 6), 0);
        char *rest = strchr(data, '\n');
        assert_int_equal(rest[1], '\n');
        *rest = '\0';
        events[n] = (event_t){.type = text + 7};
        assert_int_equal(va_json_parse(wk_mem(t_ctx.arena), va_str_c(data + 6), &limits,
                                       &events[n].data.json),
                         VA_OK);
        assert_string_equal(t_text(&events[n].data, "/type"), events[n].type);
        assert_string_equal(t_text(&events[n].data, "/organizationId"), DOWNTOWN);
        assert_int_equal(strlen(t_text(&events[n].data, "/timestamp")), 24);
        n++;
        text = rest + 2;
    }
    return n;
}

static size_t snapshot(const char *uri, event_t events[MAX_EVENTS])
{
    t_answer_t a = t_get("stream.snapshot", uri, NULL);
    assert_status(&a, 200);
    assert_str(a.type, "text/event-stream");
    assert_true(a.body.len < 256 * 1024);
    return parse_events(&a, events);
}

/* ---------------------------------------------------------------- whose channel */

/* The events go by the name that the database gives, whatever the path says. */
static void a_stream_is_of_the_channel_that_events_come_by(void **state)
{
    (void)state;
    add_call(CALL, JOHN, "in_progress", "1 minute");
    t_answer_t a = t_get("stream.authorize",
                         "/api/stream/call/D0000000-0000-4000-8000-0000000000C1", NULL);
    assert_status(&a, 200);
    assert_str(a.body, CALL);
    char *uri = wk_strdup(t_ctx.arena, VA_STR("/api/stream/conversation/" JOHN));
    for (char *c = uri + sizeof("/api/stream/conversation/") - 1; *c != '\0'; c++) {
        *c = (char)toupper((unsigned char)*c);
    }
    a = t_get("stream.authorize", uri, NULL);
    assert_status(&a, 200);
    assert_str(a.body, JOHN);
}

/* ---------------------------------------------------------------- a customer */

static void a_customers_stream_begins_with_history_status_and_call(void **state)
{
    static const char *const uris[] = {"/api/stream/conversation/" JOHN,
                                       "/api/sse/conversation/" JOHN};
    event_t e[MAX_EVENTS];
    (void)state;
    add_call(OTHER, JOHN, "completed", "1 hour");
    add_call(CALL, JOHN, "in_progress", "1 minute");
    add_messages(CALL, 3, 0);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(snapshot(uris[i], e), 3);
        assert_string_equal(e[0].type, "conversation_history");
        assert_string_equal(e[0].data.json != NULL ? t_text(&e[0].data, "/leadId") : "", JOHN);
        assert_int_equal(t_count(&e[0].data, "/messages"), 3);
        assert_string_equal(t_text(&e[0].data, "/messages/0/content"), "m0\nline");
        assert_string_equal(t_text(&e[0].data, "/messages/2/content"), "m2\nline");
        assert_string_equal(e[1].type, "lead_status");
        assert_string_equal(t_text(&e[1].data, "/lead/id"), JOHN);
        assert_string_equal(t_text(&e[1].data, "/lead/lead_status"), "qualified");
        assert_string_equal(e[2].type, "active_call");
        assert_string_equal(t_text(&e[2].data, "/call/id"), CALL);
        assert_string_equal(t_text(&e[2].data, "/call/status"), "in_progress");
    }
}

/* So that a page which shows a call from before a lost connection takes it away. */
static void no_call_is_said_to_be_none(void **state)
{
    event_t e[MAX_EVENTS];
    (void)state;
    add_call(OTHER, JOHN, "completed", "1 hour");
    add_call(CALL, JOHN, "in_progress", "6 hours"); /* its end was never told */
    assert_int_equal(snapshot("/api/stream/conversation/" JOHN, e), 3);
    assert_int_equal(t_count(&e[0].data, "/messages"), 0);
    assert_string_equal(t_text(&e[2].data, "/call"), "null");
}

static void the_last_fifty_messages_are_told(void **state)
{
    event_t e[MAX_EVENTS];
    (void)state;
    add_messages(NULL, 80, 0);
    snapshot("/api/stream/conversation/" JOHN, e);
    assert_int_equal(t_count(&e[0].data, "/messages"), 50);
    assert_string_equal(t_text(&e[0].data, "/messages/0/content"), "m30\nline");
    assert_string_equal(t_text(&e[0].data, "/messages/49/content"), "m79\nline");
}

static void long_messages_make_a_shorter_history(void **state)
{
    event_t e[MAX_EVENTS];
    (void)state;
    add_messages(NULL, 50, 8000);
    snapshot("/api/stream/conversation/" JOHN, e);
    size_t n = t_count(&e[0].data, "/messages");
    assert_true(n > 5 && n < 50);
    va_str_t last = wk_printf(t_ctx.arena, "/messages/%zu/position", n - 1);
    assert_string_equal(t_text(&e[0].data, last.data), "49");
}

/* ---------------------------------------------------------------- a call */

static void a_calls_stream_begins_with_its_turns(void **state)
{
    event_t e[MAX_EVENTS];
    (void)state;
    add_call(CALL, JOHN, "in_progress", "1 minute");
    add_call(OTHER, JOHN, "completed", "1 hour");
    add_messages(CALL, 2, 0);
    add_messages(OTHER, 5, 0);
    assert_int_equal(snapshot("/api/stream/call/" CALL, e), 2);
    assert_string_equal(e[0].type, "conversation_history");
    assert_string_equal(t_text(&e[0].data, "/callId"), CALL);
    assert_string_equal(t_text(&e[0].data, "/leadId"), JOHN);
    assert_int_equal(t_count(&e[0].data, "/messages"), 2);
    assert_string_equal(e[1].type, "active_call");
    assert_string_equal(t_text(&e[1].data, "/call/id"), CALL);
}

static void a_call_of_nobody_known_has_a_stream_too(void **state)
{
    event_t e[MAX_EVENTS];
    (void)state;
    add_call(CALL, NULL, "connecting", "1 second");
    assert_int_equal(snapshot("/api/stream/call/" CALL, e), 2);
    assert_string_equal(t_text(&e[0].data, "/leadId"), "null");
    assert_string_equal(t_text(&e[1].data, "/call/status"), "connecting");
}

/* ---------------------------------------------------------------- the organization */

static void the_organizations_stream_begins_with_its_live_calls(void **state)
{
    event_t e[MAX_EVENTS];
    (void)state;
    add_call(OTHER, JOHN, "completed", "2 minutes");
    add_call(CALL, JOHN, "in_progress", "1 minute");
    t_sqlf("INSERT INTO calls (organization_id, status) VALUES ('" UPTOWN "', 'in_progress')");
    assert_int_equal(snapshot("/api/stream/organization", e), 1);
    assert_string_equal(e[0].type, "active_calls");
    assert_string_equal(t_text(&e[0].data, "/leadId"), "null");
    assert_int_equal(t_count(&e[0].data, "/calls"), 1);
    assert_string_equal(t_text(&e[0].data, "/calls/0/id"), CALL);
}

static void an_authorization_names_what_may_be_seen(void **state)
{
    (void)state;
    t_answer_t a = t_get("stream.authorize", "/api/stream/conversation/" JOHN, NULL);
    assert_status(&a, 200);
    assert_str(a.type, "text/plain");
    assert_str(a.body, JOHN);
    a = t_get("stream.authorize", "/api/stream/organization", NULL);
    assert_status(&a, 200);
    assert_str(a.body, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stream_is_of_the_channel_that_events_come_by),
        cmocka_unit_test(a_customers_stream_begins_with_history_status_and_call),
        cmocka_unit_test(no_call_is_said_to_be_none),
        cmocka_unit_test(the_last_fifty_messages_are_told),
        cmocka_unit_test(long_messages_make_a_shorter_history),
        cmocka_unit_test(a_calls_stream_begins_with_its_turns),
        cmocka_unit_test(a_call_of_nobody_known_has_a_stream_too),
        cmocka_unit_test(the_organizations_stream_begins_with_its_live_calls),
        cmocka_unit_test(an_authorization_names_what_may_be_seen),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return t_client_main(tests, sizeof(tests) / sizeof(*tests), setup);
}
