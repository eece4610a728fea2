#include "worker/providers/elevenlabs_convai.h"

#include "t/fuzz/fuzz.h"

/* Whatever passes as a message has what the engine relies on. */
static void event_is_whole(const wk_convai_event_t *event)
{
    const va_json_t *arguments;

    CHECK(event->kind != WK_CONVAI_BEGUN || event->id.len > 0);
    CHECK(event->kind != WK_CONVAI_AUDIO || event->text.len > 0);
    CHECK(event->kind != WK_CONVAI_SAID || event->text.len > 0);
    CHECK(event->kind != WK_CONVAI_HEARD || event->text.len > 0);
    CHECK(event->kind != WK_CONVAI_CORRECTED || event->before.len > 0);
    if (event->kind == WK_CONVAI_CALL) {
        CHECK(event->id.len > 0 && event->name.len > 0);
        CHECK(va_json_parse(&fuzz_mem, event->text, &VA_JSON_LIMITS_DEFAULT, &arguments) ==
              VA_OK);
        CHECK(va_json_is(arguments, VA_JSON_OBJECT));
    }
}

/* What we answer with its words in it is JSON that says them again. */
static void answers_come_back(const wk_convai_event_t *event)
{
    va_buf_t out;
    const va_json_t *message;

    if (event->kind != WK_CONVAI_CALL)
        return;
    va_buf_init(&out, &fuzz_mem, 0);
    CHECK(wk_convai_result(&out, event->id, event->text) == VA_OK);
    CHECK(va_json_parse(&fuzz_mem, va_buf_str(&out), &VA_JSON_LIMITS_DEFAULT, &message) ==
          VA_OK);
    CHECK(va_str_eq(va_json_get_string(message, "tool_call_id"), event->id));
    CHECK(va_str_eq(va_json_get_string(message, "result"), event->text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    va_str_t input = fuzz_exact(va_str((const char *)data, size));
    wk_convai_event_t event;

    if (wk_convai_read(&fuzz_mem, input, &event) == VA_OK) {
        event_is_whole(&event);
        answers_come_back(&event);
    }
    (void)wk_convai_rate(input);
    fuzz_free_all();

    return 0;
}
