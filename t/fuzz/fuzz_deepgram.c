#include "worker/providers/deepgram.h"

#include "t/fuzz/fuzz.h"

/* Whatever passes as a message has words only where the engine looks for them. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    va_str_t input = fuzz_exact(va_str((const char *)data, size));
    wk_deepgram_event_t event;

    if (wk_deepgram_read(&fuzz_mem, input, &event) == VA_OK) {
        CHECK(event.kind <= WK_DG_ERROR);
        CHECK(event.kind == WK_DG_WORDS || (!event.settled && !event.ends));
        CHECK(event.kind == WK_DG_WORDS || event.kind == WK_DG_ERROR || event.text.len == 0);
        CHECK(va_utf8_wellformed(event.text)); /* a NUL is taken out by whoever stores it */
    }
    fuzz_free_all();

    return 0;
}
