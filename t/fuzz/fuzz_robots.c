#include "t/fuzz/fuzz.h"
#include "worker/agent/robots.h"

/* An agent, a path, and the text; each copied to its own end. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    va_str_t input = va_str((const char *)data, size);
    va_str_t path = fuzz_take(&input), text = fuzz_take(&input);
    int delay = wk_robots_delay_ms(text, VA_STR("voiceagent"), 10000);

    CHECK(delay >= 0 && delay <= 10000);
    (void)wk_robots_allows(text, VA_STR("voiceagent"), path);
    CHECK(path.len > WK_ROBOTS_PATH ||
          wk_robots_allows(VA_STR(""), VA_STR("voiceagent"), path));
    fuzz_free_all();

    return 0;
}
