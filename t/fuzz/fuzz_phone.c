#include "core/phone.h"
#include "t/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    va_str_t input = fuzz_exact(va_str((const char *)data, size));
    char out[VA_PHONE_MAX + 1], again[VA_PHONE_MAX + 1];

    if (va_phone_normalize(out, input)) {
        CHECK(va_phone_is_e164(va_str_c(out)));
        /* What is normal stays as it is. */
        CHECK(va_phone_normalize(again, va_str_c(out)));
        CHECK(strcmp(out, again) == 0);
    } else {
        CHECK(out[0] == '\0');
    }
    fuzz_free_all();

    return 0;
}
