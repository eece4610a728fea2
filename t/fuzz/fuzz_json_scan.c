/* Input: three pointers and a document, with bytes 0xff between. */
#include "t/fuzz/tree.h"

#define POINTERS 3

static bool same_or_absent(va_str_t value, va_str_t expected)
{
    return value.data == NULL || (expected.data != NULL && va_str_eq(value, expected));
}

/*
 * Of a document that is whole, the scan finds what the tree holds; of a part of
 * it, that or nothing.
 */
static void agrees_with_the_tree(va_str_t text, const va_str_t *pointers)
{
    const va_json_limits_t limits = {1 << 16, 64, 4096};
    const va_json_t *root;
    va_str_t values[POINTERS];

    if (va_json_parse(&fuzz_mem, text, &limits, &root) != VA_OK)
        return;

    CHECK(va_json_scan(&fuzz_mem, text, SIZE_MAX, pointers, POINTERS, values) == VA_OK);
    for (size_t i = 0; i < POINTERS; i++) {
        va_str_t expected = va_json_scalar(va_json_pointer(root, pointers[i]));

        /* A number at the very end may be cut off for all the scan knows. */
        if (values[i].data == NULL && root->type == VA_JSON_NUMBER)
            continue;
        CHECK((values[i].data == NULL) == (expected.data == NULL));
        CHECK(va_str_eq(values[i], expected));
    }

    for (size_t cut = 0; cut < text.len; cut += 1 + text.len / 16) {
        CHECK(va_json_scan(&fuzz_mem, text, cut, pointers, POINTERS, values) == VA_OK);
        for (size_t i = 0; i < POINTERS; i++)
            CHECK(
                same_or_absent(values[i], va_json_scalar(va_json_pointer(root, pointers[i]))));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    va_str_t input = va_str((const char *)data, size);
    va_str_t pointers[POINTERS], values[POINTERS];

    for (size_t i = 0; i < POINTERS; i++)
        pointers[i] = fuzz_take(&input);

    va_str_t text = fuzz_exact(input);
    va_status_t status = va_json_scan(&fuzz_mem, text, SIZE_MAX, pointers, POINTERS, values);

    for (size_t i = 0; i < POINTERS; i++) {
        CHECK(va_utf8_wellformed(values[i]));
        CHECK(status == VA_OK || values[i].data == NULL);
    }
    agrees_with_the_tree(text, pointers);
    fuzz_free_all();

    return 0;
}
