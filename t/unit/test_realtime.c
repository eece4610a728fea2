/* The Realtime API's messages: what is speech there, and where it ended. */
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

static const va_json_t *turn_detection(const wk_realtime_session_t *session)
{
    va_buf_t text;
    const va_json_t *message;
    va_buf_init(&text, wk_mem(a), 512);
    assert_int_equal(wk_realtime_update(&text, session), VA_OK);
    assert_int_equal(
        va_json_parse(wk_mem(a), va_buf_str(&text), &VA_JSON_LIMITS_DEFAULT, &message), VA_OK);
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

static int64_t ended_ms(const char *text)
{
    wk_realtime_event_t event;
    assert_int_equal(wk_realtime_read(wk_mem(a), va_str_c(text), &event), VA_OK);
    assert_int_equal(event.kind, WK_RT_SPEECH_STOPPED);
    return event.ended_ms;
}

static void where_speech_ended_is_told_or_not(void **state)
{
    (void)state;
    assert_int_equal(
        ended_ms("{\"type\":\"input_audio_buffer.speech_stopped\",\"audio_end_ms\":2300}"),
        2300);
    assert_int_equal(ended_ms("{\"type\":\"input_audio_buffer.speech_stopped\"}"), -1);
    assert_int_equal(
        ended_ms("{\"type\":\"input_audio_buffer.speech_stopped\",\"audio_end_ms\":-3}"), -1);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(the_shop_says_what_is_speech),
        WITH(what_it_does_not_say_is_the_services),
        WITH(where_speech_ended_is_told_or_not),
    };

    return RUN("realtime", tests);
}
