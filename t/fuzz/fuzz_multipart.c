/* core/multipart: the Content-Type, then the body. All it gives lies within the body. */
#include "core/multipart.h"
#include "t/fuzz/fuzz.h"

static void check_within(va_str_t part, va_str_t whole)
{
    CHECK(part.data == NULL ||
          (part.data >= whole.data && part.data + part.len <= whole.data + whole.len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    va_multipart_t form;
    va_str_t input = {(const char *)data, size};
    va_str_t type = fuzz_take(&input), body = fuzz_exact(input);

    if (va_multipart_parse(type, body, &form) == VA_OK) {
        CHECK(form.count <= VA_MULTIPART_MAX);
        for (size_t i = 0; i < form.count; i++) {
            check_within(form.parts[i].name, body);
            check_within(form.parts[i].filename, body);
            check_within(form.parts[i].type, body);
            check_within(form.parts[i].content, body);
        }
    }
    fuzz_free_all();

    return 0;
}
