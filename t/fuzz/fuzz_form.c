#include "core/form.h"
#include "t/fuzz/fuzz.h"

/* What was decoded, encoded again, decodes to the same. */
static void pairs_come_back(const va_form_t *form)
{
    va_buf_t out;
    va_form_t back;

    va_buf_init(&out, &fuzz_mem, 0);
    for (size_t i = 0; i < form->count; i++)
        va_form_add(&out, form->pairs[i].name, form->pairs[i].value);
    CHECK(va_form_parse(&fuzz_mem, va_buf_str(&out), &back) == VA_OK);
    CHECK(back.count == form->count);
    for (size_t i = 0; i < form->count; i++) {
        CHECK(va_str_eq(back.pairs[i].name, form->pairs[i].name));
        CHECK(va_str_eq(back.pairs[i].value, form->pairs[i].value));
        CHECK(va_form_get_n(form, form->pairs[i].name).data != NULL);
    }
}

/* Without separators and signs for spaces the two encodings read the same. */
static void url_encoding_comes_back(va_str_t input)
{
    va_buf_t out;
    va_form_t back;

    va_buf_init(&out, &fuzz_mem, 0);
    va_buf_add_c(&out, "x=");
    va_url_encode(&out, input);
    CHECK(va_form_parse(&fuzz_mem, va_buf_str(&out), &back) == VA_OK);
    CHECK(back.count == 1 && va_str_eq(back.pairs[0].value, input));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    va_str_t input = fuzz_exact(va_str((const char *)data, size));
    va_form_t form;

    if (va_form_parse(&fuzz_mem, input, &form) == VA_OK)
        pairs_come_back(&form);
    url_encoding_comes_back(input);
    fuzz_free_all();

    return 0;
}
