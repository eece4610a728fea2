#include "core/utf8.h"
#include "t/fuzz/fuzz.h"
#include "t/fuzz/worker.h"
#include "worker/agent/redact.h"

#define ASKED VA_STR("What is your order number?")

#define MAX_TURNS 8

/* Nothing is added but stars, and nothing grows. */
static void only_masked(va_str_t before, va_str_t after)
{
    size_t at = 0;

    CHECK(after.len <= before.len);
    for (size_t i = 0; i < after.len; i++) {
        if (after.data[i] == '*')
            continue;
        while (at < before.len && before.data[at] != after.data[i])
            at++;
        CHECK(at++ < before.len);
    }
    CHECK(!va_utf8_valid(before) || va_utf8_valid(after));
}

static size_t take_turns(va_str_t input, va_str_t *texts)
{
    size_t n = 0;

    while (n < MAX_TURNS && input.len > 0)
        texts[n++] = fuzz_take(&input);

    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    va_str_t texts[MAX_TURNS];
    wk_turn_t turns[MAX_TURNS];
    wk_arena_t *a = fuzz_arena();
    const wk_redactor_t *r = fuzz_redactor();
    size_t n = take_turns(va_str((const char *)data, size), texts);

    for (size_t i = 0; i < n; i++)
        turns[i] = (wk_turn_t){texts[i], (int)(i % 2)};
    wk_redact_turns(r, a, turns, n);
    for (size_t i = 0; i < n; i++) {
        only_masked(texts[i], turns[i].text);
        only_masked(texts[i], wk_redact(r, a, texts[i]));
        only_masked(texts[i],
                    wk_redact_live(r, a, texts[i], VA_STR_NULL, texts, i < 4 ? i : 4));
        only_masked(texts[i], wk_redact_live(r, a, texts[i], ASKED, texts, i < 4 ? i : 4));
    }
    wk_arena_reset(a);
    fuzz_free_all();

    return 0;
}
