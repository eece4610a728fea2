/* What OpenAI Realtime tells and is told. */
#include "worker/providers/openai_realtime.h"

#include "t/unit/arena.h"

static wk_realtime_event_t read_event(const char *text)
{
    wk_realtime_event_t event;

    assert_int_equal(wk_realtime_read(wk_mem(arena), va_str_c(text), &event), VA_OK);
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
    va_buf_init(&out, wk_mem(arena), 64);
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
        assert_case(wk_realtime_read(wk_mem(arena), va_str_c(texts[i]), &event) != VA_OK,
                    texts[i]);
}

static const va_json_t *turn_detection(const wk_realtime_session_t *session)
{
    va_buf_t text;
    const va_json_t *message;
    va_buf_init(&text, wk_mem(arena), 512);
    assert_int_equal(wk_realtime_update(&text, session), VA_OK);
    assert_int_equal(
        va_json_parse(wk_mem(arena), va_buf_str(&text), &VA_JSON_LIMITS_DEFAULT, &message),
        VA_OK);
    return va_json_pointer(message, VA_STR("/session/audio/input/turn_detection"));
}

static int64_t number(const va_json_t *object, const char *name)
{
    int64_t n = -1;
    (void)va_json_int(va_json_get(object, name), &n);
    return n;
}

static void the_shop_says_what_is_speech(void **state)
{
    double threshold;
    const wk_realtime_session_t session = {.tools = VA_STR("[]"),
                                           .transcription_model = "t",
                                           .threshold = VA_STR("0.65"),
                                           .prefix_ms = 0,
                                           .silence_ms = 900};
    const va_json_t *vad = turn_detection(&session);
    (void)state;
    assert_true(va_json_double(va_json_get(vad, "threshold"), &threshold));
    assert_true(threshold == 0.65);
    assert_int_equal(number(vad, "prefix_padding_ms"), 0);
    assert_int_equal(number(vad, "silence_duration_ms"), 900);
    assert_true(va_json_is(va_json_get(vad, "create_response"), VA_JSON_FALSE));
    assert_true(va_json_is(va_json_get(vad, "interrupt_response"), VA_JSON_FALSE));
}

static void what_it_does_not_say_is_the_services(void **state)
{
    const wk_realtime_session_t session = {
        .tools = VA_STR("[]"), .transcription_model = "t", .prefix_ms = -1, .silence_ms = 500};
    const va_json_t *vad = turn_detection(&session);
    (void)state;
    assert_null(va_json_get(vad, "threshold"));
    assert_null(va_json_get(vad, "prefix_padding_ms"));
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(the_end_of_speech),
        WITH(the_end_of_a_session),
        WITH(names_of_now_and_of_the_beta),
        WITH(an_error_names_what_it_refuses),
        WITH(what_is_no_message),
        WITH(the_shop_says_what_is_speech),
        WITH(what_it_does_not_say_is_the_services),
    };
    return RUN("openai_realtime", tests);
}
