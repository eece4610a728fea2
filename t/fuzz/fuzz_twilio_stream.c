#include "worker/voice/twilio_stream.h"

#include "t/fuzz/fuzz.h"

/* A name that reads as a mark is, written again, the same one. */
static void marks_come_back(va_str_t name)
{
    va_buf_t out;
    wk_twilio_event_t event;
    wk_twilio_mark_t mark, again;

    if (!wk_twilio_mark_read(name, &mark))
        return;
    va_buf_init(&out, &fuzz_mem, 0);
    CHECK(wk_twilio_mark(&out, VA_STR("MZ"), mark) == VA_OK);
    CHECK(wk_twilio_read(&fuzz_mem, va_buf_str(&out), &event) == VA_OK);
    CHECK(event.kind == WK_TWILIO_MARK && wk_twilio_mark_read(event.mark, &again));
    CHECK(again.run == mark.run && again.position == mark.position);
}

/* Whatever passes as one has what the session relies on. */
static void event_is_whole(const wk_twilio_event_t *event)
{
    CHECK(event->kind != WK_TWILIO_START ||
          (event->stream_sid.len > 0 && event->call_sid.len > 0));
    CHECK(event->kind != WK_TWILIO_MEDIA || event->payload.len > 0);
    CHECK(event->kind != WK_TWILIO_MARK || event->mark.len > 0);
    CHECK(event->kind != WK_TWILIO_DTMF || event->digit != '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    va_str_t input = fuzz_exact(va_str((const char *)data, size));
    wk_twilio_event_t event;

    if (wk_twilio_read(&fuzz_mem, input, &event) == VA_OK)
        event_is_whole(&event);
    marks_come_back(input);
    fuzz_free_all();

    return 0;
}
