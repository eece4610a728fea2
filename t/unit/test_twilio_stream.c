/* The messages of the carrier's media streams, in and out. */
#include "worker/voice/twilio_stream.h"

#include <stdio.h>

#include "t/unit/support.h"

#define START(callsid, encoding, rate)                                                         \
    "{\"event\":\"start\",\"sequenceNumber\":\"1\",\"start\":{\"streamSid\":\"MZ1\","          \
    "\"accountSid\":\"AC1\",\"callSid\":" callsid ",\"tracks\":[\"inbound\"],"                 \
    "\"customParameters\":{\"token\":\"t1\"},\"mediaFormat\":{\"encoding\":\"" encoding        \
    "\",\"sampleRate\":" rate ",\"channels\":1}},\"streamSid\":\"MZ1\"}"

static wk_twilio_event_t read_ok(const char *text)
{
    wk_twilio_event_t event;
    assert_int_equal(wk_twilio_read(&test_mem, exact(va_str_c(text)), &event), VA_OK);
    return event;
}

static void a_start_names_stream_and_call(void **state)
{
    (void)state;
    wk_twilio_event_t event = read_ok(START("\"CA1\"", "audio/x-mulaw", "8000"));
    assert_int_equal(event.kind, WK_TWILIO_START);
    assert_str(event.stream_sid, "MZ1");
    assert_str(event.call_sid, "CA1");
    assert_str(va_json_get_string(event.parameters, "token"), "t1");
}

static void sound_marks_and_digits(void **state)
{
    (void)state;
    wk_twilio_event_t event = read_ok(
        "{\"event\":\"media\",\"sequenceNumber\":\"3\",\"media\":{\"track\":\"inbound\","
        "\"chunk\":\"1\",\"timestamp\":\"5\",\"payload\":\"f39/\"},\"streamSid\":\"MZ1\"}");
    assert_int_equal(event.kind, WK_TWILIO_MEDIA);
    assert_str(event.payload, "f39/");
    assert_int_equal(event.timestamp_ms, 5);
    event =
        read_ok("{\"event\":\"mark\",\"streamSid\":\"MZ1\",\"mark\":{\"name\":\"3.1600\"}}");
    assert_int_equal(event.kind, WK_TWILIO_MARK);
    assert_str(event.mark, "3.1600");
    event =
        read_ok("{\"event\":\"dtmf\",\"dtmf\":{\"track\":\"inbound_track\",\"digit\":\"0\"}}");
    assert_int_equal(event.kind, WK_TWILIO_DTMF);
    assert_int_equal(event.digit, '0');
    assert_int_equal(read_ok("{\"event\":\"stop\",\"stop\":{}}").kind, WK_TWILIO_STOP);
    assert_int_equal(read_ok("{\"event\":\"connected\",\"protocol\":\"Call\"}").kind,
                     WK_TWILIO_CONNECTED);
    assert_int_equal(read_ok("{\"event\":\"what comes one day\"}").kind, WK_TWILIO_OTHER);
}

static void sound_without_a_time_is_sound_all_the_same(void **state)
{
    static const char *const times[] = {"\"\"", "\"-1\"", "\"5x\"", "null",
                                        "\"99999999999999999999\""};
    char text[160];
    (void)state;
    for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++) {
        snprintf(text, sizeof(text),
                 "{\"event\":\"media\",\"media\":{\"track\":\"inbound\",\"timestamp\":%s,"
                 "\"payload\":\"f39/\"}}",
                 times[i]);
        wk_twilio_event_t event = read_ok(text);
        assert_case(event.kind == WK_TWILIO_MEDIA && event.timestamp_ms == -1, times[i]);
    }
}

static void what_is_no_such_message_is_refused(void **state)
{
    static const char *const cases[] = {
        "",
        "[]",
        "{}",
        "null",
        "{\"event\":7}",
        "{\"event\":\"media\"}",
        "{\"event\":\"media\",\"media\":{\"track\":\"outbound\",\"payload\":\"f39/\"}}",
        "{\"event\":\"media\",\"media\":{\"track\":\"inbound\",\"payload\":\"\"}}",
        "{\"event\":\"mark\",\"mark\":{}}",
        "{\"event\":\"dtmf\",\"dtmf\":{\"digit\":\"12\"}}",
        "{\"event\":\"dtmf\",\"dtmf\":{\"digit\":\"x\"}}",
        START("null", "audio/x-mulaw", "8000"),
        START("\"CA1\"", "audio/l16", "8000"),
        START("\"CA1\"", "audio/x-mulaw", "16000"),
    };
    wk_twilio_event_t event;
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        assert_case(wk_twilio_read(&test_mem, va_str_c(cases[i]), &event) == VA_ESYNTAX,
                    cases[i]);
    }
}

static void one_that_is_too_long_is_not_read(void **state)
{
    static char text[WK_TWILIO_MESSAGE_MAX + 2];
    wk_twilio_event_t event;
    (void)state;
    memset(text, ' ', sizeof(text));
    assert_int_equal(wk_twilio_read(&test_mem, va_str(text, sizeof(text)), &event), VA_ELIMIT);
}

static void ours_are_as_the_carrier_reads_them(void **state)
{
    va_buf_t out;
    (void)state;
    va_buf_init(&out, &test_mem, 0);
    assert_int_equal(wk_twilio_media(&out, VA_STR("MZ1"), VA_STR("\x7f\x7f\x7f")), VA_OK);
    assert_str(va_buf_str(&out),
               "{\"event\":\"media\",\"streamSid\":\"MZ1\",\"media\":{\"payload\":\"f39/\"}}");
    va_buf_init(&out, &test_mem, 0);
    assert_int_equal(wk_twilio_mark(&out, VA_STR("MZ1"), (wk_twilio_mark_t){3, 1600}), VA_OK);
    assert_str(va_buf_str(&out),
               "{\"event\":\"mark\",\"streamSid\":\"MZ1\",\"mark\":{\"name\":\"3.1600\"}}");
    va_buf_init(&out, &test_mem, 0);
    assert_int_equal(wk_twilio_clear(&out, VA_STR("MZ1")), VA_OK);
    assert_str(va_buf_str(&out), "{\"event\":\"clear\",\"streamSid\":\"MZ1\"}");
}

static void marks_come_back_as_they_were_sent(void **state)
{
    static const char *const none[] = {"",
                                       ".",
                                       "1",
                                       "1.",
                                       ".1",
                                       "1.2.3",
                                       "1. 2",
                                       "-1.2",
                                       "a.b",
                                       "1.2x",
                                       " 1.2",
                                       "4294967296.1",
                                       "1.18446744073709551616"};
    wk_twilio_mark_t mark;
    (void)state;
    assert_true(wk_twilio_mark_read(VA_STR("4294967295.18446744073709551615"), &mark));
    assert_true(mark.run == UINT32_MAX && mark.position == UINT64_MAX);
    for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++) {
        assert_case(!wk_twilio_mark_read(va_str_c(none[i]), &mark), none[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_start_names_stream_and_call),
        TEST(sound_marks_and_digits),
        TEST(sound_without_a_time_is_sound_all_the_same),
        TEST(what_is_no_such_message_is_refused),
        TEST(one_that_is_too_long_is_not_read),
        TEST(ours_are_as_the_carrier_reads_them),
        TEST(marks_come_back_as_they_were_sent),
    };
    return RUN("twilio_stream", tests);
}
