/*
 * openai.webhook: a call that somebody took to OpenAI over SIP is declined there, and noted;
 * whatever else OpenAI tells changes nothing.
 */
#include <stdio.h>

#include "t/handlers/lib/texts.h"

static int setup(void **state)
{
    int failed = t_texts_setup(state);
    t_openai();
    t_sqlf("DELETE FROM unrouted_events");
    return failed;
}

static t_answer_t tell(const char *body)
{
    return t_ask(
        &(t_ask_t){.type = "openai.webhook", .scheme = "standard_webhooks", .body = body});
}

static t_answer_t offered(const char *type, const char *member, const char *id)
{
    return tell(wk_printf(t_ctx.arena,
                          "{\"object\":\"event\",\"id\":\"evt_1\",\"type\":\"%s\","
                          "\"created_at\":1789000000,\"data\":{\"%s\":\"%s\"}}",
                          type, member, id)
                    .data);
}

static void call_comes_in(const char *id)
{
    t_openai_ask("POST", "/_sim/offer", wk_printf(t_ctx.arena, "{\"id\":\"%s\"}", id).data);
}

/* The SIP status the caller heard; 0: none yet. */
static int64_t declined(void)
{
    int64_t status = 0;
    const va_json_t *offer = t_openai_ask("GET", "/_sim/offers", NULL)->first;
    (void)va_json_int(va_json_get(offer, "declined"), &status);
    return status;
}

static size_t requests(void)
{
    return t_openai_ask("GET", "/_sim/requests", NULL)->count;
}

static const char *unrouted(void)
{
    return t_sqlf("SELECT concat_ws(' ', count(*), min(kind), min(key)) FROM unrouted_events");
}

static void an_offered_call_is_declined_and_noted(void **state)
{
    static const struct {
        const char *type, *member, *id;
    } cases[] = {
        {"realtime.call.incoming", "call_id", "rtc_1"},
        {"live.call.incoming", "session_id", "live_1"},
        {"live.transport.incoming", "session_id", "live_1"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        setup(state);
        call_comes_in(cases[i].id);
        t_answer_t a = offered(cases[i].type, cases[i].member, cases[i].id);
        assert_done(&a);
        assert_int_equal(declined(), 603);
        assert_string_equal(unrouted(),
                            wk_printf(t_ctx.arena, "1 openai_call %s", cases[i].id).data);
    }
}

static void a_caller_who_has_gone_needs_nothing(void **state)
{
    (void)state;
    t_answer_t a = offered("realtime.call.incoming", "call_id", "rtc_gone");
    assert_done(&a);
    assert_int_equal(requests(), 1);
}

static void a_busy_openai_is_asked_again(void **state)
{
    (void)state;
    call_comes_in("rtc_1");
    t_openai_script("{\"method\":\"POST\",\"status\":503,\"body\":{},\"times\":1}");
    t_answer_t a = offered("realtime.call.incoming", "call_id", "rtc_1");
    assert_again(&a);
    assert_string_equal(unrouted(), "0");
    a = offered("realtime.call.incoming", "call_id", "rtc_1");
    assert_done(&a);
    assert_int_equal(declined(), 603);
}

static void a_refused_key_is_told(void **state)
{
    (void)state;
    call_comes_in("rtc_1");
    t_config.openai_api_key = "sk-withdrawn";
    t_answer_t a = offered("realtime.call.incoming", "call_id", "rtc_1");
    assert_int_equal(a.end.how, WK_END_BURY);
    assert_int_equal(declined(), 0);
}

static void other_types_are_accepted(void **state)
{
    static const char *const bodies[] = {
        "{\"type\":\"batch.completed\",\"data\":{\"id\":\"b\"}}", "{\"type\":\"invented\"}",
        "{}"};
    (void)state;
    for (size_t i = 0; i < sizeof(bodies) / sizeof(*bodies); i++) {
        t_answer_t a = tell(bodies[i]);
        assert_done(&a);
    }
    assert_int_equal(requests(), 0);
    assert_string_equal(unrouted(), "0");
}

static void what_is_no_event_changes_nothing(void **state)
{
    static const char *const bodies[] = {
        "",
        "[]",
        "null",
        "{\"type\":\"realtime.call.incoming\",\"data\":{}}",
        "{\"type\":\"realtime.call.incoming\",\"data\":{\"call_id\":\"../models\"}}",
        "{\"type\":\"live.call.incoming\",\"data\":{\"call_id\":\"rtc_1\"}}"};
    (void)state;
    for (size_t i = 0; i < sizeof(bodies) / sizeof(*bodies); i++) {
        t_answer_t a = tell(bodies[i]);
        assert_int_equal(a.end.how, WK_END_BURY);
    }
    assert_int_equal(requests(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_offered_call_is_declined_and_noted),
        cmocka_unit_test(a_caller_who_has_gone_needs_nothing),
        cmocka_unit_test(a_busy_openai_is_asked_again),
        cmocka_unit_test(a_refused_key_is_told),
        cmocka_unit_test(other_types_are_accepted),
        cmocka_unit_test(what_is_no_event_changes_nothing),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return t_client_main(tests, sizeof(tests) / sizeof(*tests), setup);
}
