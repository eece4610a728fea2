#include "worker/providers/elevenlabs_convai.h"

#include "t/unit/support.h"

static wk_convai_event_t read_event(const char *text)
{
    wk_convai_event_t event;
    assert_int_equal(wk_convai_read(&test_mem, va_str_c(text), &event), VA_OK);
    return event;
}

static void assert_text(va_str_t text, const char *expected)
{
    assert_true(va_str_eq(text, va_str_c(expected)));
}

static void sound_comes_with_its_number(void **state)
{
    (void)state;
    wk_convai_event_t e = read_event(
        "{\"type\":\"audio\",\"audio_event\":{\"audio_base_64\":\"fn4=\",\"event_id\":7,"
        "\"alignment\":{\"chars\":[\"a\"]}}}");
    assert_int_equal(e.kind, WK_CONVAI_AUDIO);
    assert_int_equal(e.number, 7);
    assert_text(e.text, "fn4=");
}

static void the_beginning_names_the_formats(void **state)
{
    (void)state;
    wk_convai_event_t e = read_event(
        "{\"conversation_initiation_metadata_event\":{\"conversation_id\":\"conv_1\","
        "\"agent_output_audio_format\":\"pcm_16000\",\"user_input_audio_format\":\"ulaw_8000\"}"
        ","
        "\"type\":\"conversation_initiation_metadata\"}");
    assert_int_equal(e.kind, WK_CONVAI_BEGUN);
    assert_text(e.id, "conv_1");
    assert_int_equal(wk_convai_rate(e.hears), 0);
    assert_int_equal(wk_convai_rate(e.speaks), 16000);
    assert_int_equal(wk_convai_rate(VA_STR("opus_48000")), -1);
    assert_int_equal(wk_convai_rate(VA_STR_NULL), -1);
}

static void a_correction_has_both_texts(void **state)
{
    (void)state;
    wk_convai_event_t e = read_event(
        "{\"type\":\"agent_response_correction\",\"agent_response_correction_event\":"
        "{\"original_agent_response\":\"one two\",\"corrected_agent_response\":\"one\"}}");
    assert_int_equal(e.kind, WK_CONVAI_CORRECTED);
    assert_text(e.before, "one two");
    assert_text(e.text, "one");
}

static void a_tools_arguments_stay_an_object(void **state)
{
    (void)state;
    wk_convai_event_t e = read_event(
        "{\"type\":\"client_tool_call\",\"client_tool_call\":{\"tool_name\":\"book\","
        "\"tool_call_id\":\"x\",\"parameters\":{\"n\":1e3,\"list\":[true]}}}");
    assert_int_equal(e.kind, WK_CONVAI_CALL);
    assert_text(e.id, "x");
    assert_text(e.name, "book");
    assert_text(e.text, "{\"n\":1e3,\"list\":[true]}");
    e = read_event(
        "{\"type\":\"client_tool_call\",\"client_tool_call\":{\"tool_name\":\"book\","
        "\"tool_call_id\":\"x\"}}");
    assert_text(e.text, "{}");
}

static int64_t number_of_ping(const char *number)
{
    char text[128];
    snprintf(text, sizeof(text), "{\"type\":\"ping\",\"ping_event\":{\"event_id\":%s}}",
             number);
    return read_event(text).number;
}

static void what_is_no_number_counts_as_none(void **state)
{
    (void)state;
    assert_int_equal(number_of_ping("7"), 7);
    assert_int_equal(number_of_ping("\"7\""), 7);
    assert_int_equal(number_of_ping("\"abc\""), 0);
    assert_int_equal(number_of_ping("\"1e....4073709551614c\""), 0);
}

static void kinds_that_are_not_known_are_passed_over(void **state)
{
    (void)state;
    assert_int_equal(
        read_event("{\"type\":\"vad_score\",\"vad_score_event\":{\"vad_score\":1}}").kind,
        WK_CONVAI_OTHER);
    assert_int_equal(read_event("{\"type\":\"interruption\"}").number, 0);
}

static void what_says_nothing_is_no_message(void **state)
{
    static const char *const texts[] = {
        "",
        "[]",
        "{}",
        "{\"type\":7}",
        "{\"type\":\"audio\"}",
        "{\"type\":\"audio\"",
        "{\"type\":\"ping\",\"ping_event\":{}}",
        "{\"type\":\"agent_response\"}",
        "{\"type\":\"client_tool_call\",\"client_tool_call\":{\"tool_call_id\":\"x\"}}",
        "{\"type\":\"client_tool_call\",\"client_tool_call\":{\"tool_name\":\"x\"}}"};
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        wk_convai_event_t event;
        if (wk_convai_read(&test_mem, va_str_c(texts[i]), &event) == VA_OK &&
            event.kind != WK_CONVAI_OTHER) {
            fail_msg("%s was read", texts[i]);
        }
    }
}

static void messages_are_those_of_the_platform(void **state)
{
    va_buf_t out;
    (void)state;
    va_buf_init(&out, &test_mem, 0);
    assert_int_equal(wk_convai_sound(&out, VA_STR("fn4=")), VA_OK);
    assert_int_equal(wk_convai_pong(&out, 11), VA_OK);
    assert_int_equal(wk_convai_result(&out, VA_STR("x"), VA_STR("{\"a\":1}")), VA_OK);
    assert_int_equal(wk_convai_update(&out, VA_STR("now")), VA_OK);
    assert_int_equal(wk_convai_active(&out), VA_OK);
    assert_int_equal(wk_convai_begin(&out, VA_STR_NULL), VA_OK);
    assert_text(va_buf_str(&out), "{\"user_audio_chunk\":\"fn4=\"}"
                                  "{\"type\":\"pong\",\"event_id\":11}"
                                  "{\"type\":\"client_tool_result\",\"tool_call_id\":\"x\","
                                  "\"result\":\"{\\\"a\\\":1}\",\"is_error\":false}"
                                  "{\"type\":\"contextual_update\",\"text\":\"now\"}"
                                  "{\"type\":\"user_activity\"}"
                                  "{\"type\":\"conversation_initiation_client_data\"}");
}

static int tear_down(void **state)
{
    (void)state;
    test_free_all();
    return 0;
}

#define CASE(fn) cmocka_unit_test_teardown(fn, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(sound_comes_with_its_number),      CASE(the_beginning_names_the_formats),
        CASE(a_correction_has_both_texts),      CASE(a_tools_arguments_stay_an_object),
        CASE(what_is_no_number_counts_as_none), CASE(kinds_that_are_not_known_are_passed_over),
        CASE(what_says_nothing_is_no_message),  CASE(messages_are_those_of_the_platform),
    };

    return RUN("convai", tests);
}
