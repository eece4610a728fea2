#include "core/base64.h"
#include "t/fuzz/fuzz.h"

static void text_is_canonical(va_str_t text)
{
    uint8_t *data = fuzz_alloc(NULL, VA_BASE64_MAX(text.len));
    char *again = fuzz_alloc(NULL, VA_BASE64_LEN(text.len));
    size_t len;

    if (va_base64_decode(data, &len, text) == VA_OK)
        CHECK(va_str_eq(va_str(again, va_base64_encode(again, data, len)), text));
    if (va_base64url_decode(data, &len, text) == VA_OK)
        CHECK(va_str_eq(va_str(again, va_base64url_encode(again, data, len)), text));
}

static void bytes_come_back(va_str_t bytes)
{
    char *text = fuzz_alloc(NULL, VA_BASE64_LEN(bytes.len));
    uint8_t *back = fuzz_alloc(NULL, VA_BASE64_MAX(VA_BASE64_LEN(bytes.len)));
    size_t len = va_base64_encode(text, bytes.data, bytes.len);

    CHECK(len == VA_BASE64_LEN(bytes.len));
    CHECK(va_base64_decode(back, &len, va_str(text, len)) == VA_OK);
    CHECK(va_str_eq(va_str((char *)back, len), bytes));

    len = va_base64url_encode(text, bytes.data, bytes.len);
    CHECK(va_base64url_decode(back, &len, va_str(text, len)) == VA_OK);
    CHECK(va_str_eq(va_str((char *)back, len), bytes));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    va_str_t input = fuzz_exact(va_str((const char *)data, size));

    text_is_canonical(input);
    bytes_come_back(input);
    fuzz_free_all();

    return 0;
}
