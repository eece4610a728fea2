#include "t/fuzz/worker.h"
#include "worker/agent/classify.h"

static void is_json(va_str_t text, va_json_type_t type)
{
    const va_json_limits_t limits = {16 << 20, 80, 1000000};
    const va_json_t *root = NULL;

    CHECK(va_json_parse(&fuzz_mem, text, &limits, &root) == VA_OK);
    CHECK(va_json_is(root, type));
}

/* What is stored of a report can be read, and its figures are within their bounds. */
static void can_be_stored(const wk_report_t *r)
{
    wk_verdict_t v = wk_classify(fuzz_arena(), fuzz_catalogue(), r);

    is_json(wk_report_transcript(fuzz_arena(), r), VA_JSON_ARRAY);
    is_json(r->analysis, VA_JSON_OBJECT);
    for (size_t i = 0; i < r->n_turns; i++) {
        is_json(r->turns[i].tools, VA_JSON_ARRAY);
        CHECK(r->turns[i].offset_ms >= 0);
    }
    CHECK(r->conversation.len > 0 && r->seconds >= -1 && r->credits >= -1);
    CHECK(v.satisfaction >= 0 && v.satisfaction <= 10);
    CHECK(v.lead_score >= 0 && v.lead_score <= 100);
    CHECK(v.call_type != NULL && v.outcome != NULL && v.resolution != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const va_json_limits_t limits = {16 << 20, 64, 1000000};
    const va_json_t *root;
    wk_report_t r;
    wk_error_t e;
    va_str_t input = fuzz_exact(va_str((const char *)data, size));

    if (va_json_parse(&fuzz_mem, input, &limits, &root) == VA_OK &&
        wk_report_read(fuzz_arena(), fuzz_redactor(), root, &r, &e))
        can_be_stored(&r);
    wk_arena_reset(fuzz_arena());
    fuzz_free_all();

    return 0;
}
