#include "worker/providers/openai_realtime.h"

#include "t/fuzz/fuzz.h"

/* Whatever passes as a message has numbers only where the engine looks for them. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    va_str_t input = fuzz_exact(va_str((const char *)data, size));
    wk_realtime_event_t event;

    if (wk_realtime_read(&fuzz_mem, input, &event) == VA_OK) {
        CHECK(event.kind <= WK_RT_ERROR);
        CHECK(event.kind != WK_RT_OTHER || event.item.data == NULL);
        CHECK(event.ended_ms >= -1);
        CHECK(va_utf8_wellformed(event.text));
    }
    fuzz_free_all();

    return 0;
}
