/* What OpenAI Realtime tells. */
#include "worker/providers/openai_realtime.h"

#include "t/unit/support.h"

static wk_arena_t *a;

static int set_up(void **state)
{
    (void)state;
    a = wk_arena_new();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    wk_arena_free(a);
    return 0;
}

static wk_realtime_event_t read_event(const char *text)
{
    wk_realtime_event_t event;

    assert_int_equal(wk_realtime_read(wk_mem(a), va_str_c(text), &event), VA_OK);
    return event;
}

static void the_end_of_speech(void **state)
{
    static const struct {
        const char *text;
        int64_t ended_ms;
    } cases[] = {
        {"{\"type\":\"input_audio_buffer.speech_stopped\",\"audio_end_ms\":2400}", 2400},
        {"{\"type\":\"input_audio_buffer.speech_stopped\",\"audio_end_ms\":\"2400x\"}", -1},
        {"{\"type\":\"input_audio_buffer.speech_stopped\",\"audio_end_ms\":\"e9999999999\"}",
         -1},
        {"{\"type\":\"input_audio_buffer.speech_stopped\",\"audio_end_ms\":1e300}", -1},
        {"{\"type\":\"input_audio_buffer.speech_stopped\",\"audio_end_ms\":-5}", -1},
        {"{\"type\":\"input_audio_buffer.speech_stopped\"}", -1},
        {"{\"type\":\"something.new\",\"audio_end_ms\":2400}", -1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        assert_case(read_event(cases[i].text).ended_ms == cases[i].ended_ms, cases[i].text);
}

static void the_end_of_a_session(void **state)
{
    (void)state;
    assert_int_equal(
        read_event("{\"type\":\"session.created\",\"session\":{\"expires_at\":1790000000}}")
            .expires,
        1790000000);
    assert_int_equal(
        read_event("{\"type\":\"session.created\",\"session\":{\"expires_at\":\"soon\"}}")
            .expires,
        0);
    assert_int_equal(read_event("{\"type\":\"session.created\",\"session\":{}}").expires, 0);
}

static void names_of_now_and_of_the_beta(void **state)
{
    static const char *const texts[] = {
        "{\"type\":\"response.output_audio.delta\",\"delta\":\"f39/\"}",
        "{\"type\":\"response.audio.delta\",\"delta\":\"f39/\"}"};
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        wk_realtime_event_t e = read_event(texts[i]);
        assert_case(e.kind == WK_RT_AUDIO && va_str_eq(e.text, VA_STR("f39/")), texts[i]);
    }
}

static void an_error_names_what_it_refuses(void **state)
{
    va_buf_t out;
    wk_realtime_event_t event;
    (void)state;
    va_buf_init(&out, wk_mem(a), 64);
    assert_int_equal(wk_realtime_respond(&out, VA_STR("answer_7"), VA_STR_NULL, false), VA_OK);
    assert_true(va_str_eq(va_buf_str(&out),
                          VA_STR("{\"type\":\"response.create\",\"event_id\":\"answer_7\"}")));
    event =
        read_event("{\"type\":\"error\",\"error\":{\"code\":\"x\",\"event_id\":\"answer_7\"}}");
    assert_true(event.kind == WK_RT_ERROR && va_str_eq(event.about, VA_STR("answer_7")));
    event = read_event("{\"type\":\"error\",\"error\":{\"code\":\"x\",\"event_id\":null}}");
    assert_true(event.kind == WK_RT_ERROR && !va_str_eq(event.about, VA_STR("answer_7")));
}

static void what_is_no_message(void **state)
{
    static const char *const texts[] = {"", "{", "[]", "{}", "\"error\""};
    wk_realtime_event_t event;

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
        assert_case(wk_realtime_read(wk_mem(a), va_str_c(texts[i]), &event) != VA_OK, texts[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_end_of_speech, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_end_of_a_session, set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_of_now_and_of_the_beta, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_error_names_what_it_refuses, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_message, set_up, tear_down),
    };
    return RUN("openai_realtime", tests);
}
