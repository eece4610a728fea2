#include "core/json_number.h"
#include "t/fuzz/tree.h"

static const va_json_limits_t limits = {1 << 16, 24, 4096};

static void check_values(const va_json_t *v, unsigned depth)
{
    int64_t n;
    double d;
    size_t count = 0;

    CHECK(depth <= limits.max_depth);
    CHECK(va_utf8_wellformed(v->name) && va_utf8_wellformed(v->text));
    CHECK(v->type != VA_JSON_NUMBER || va_json_number_valid(v->text));
    /* A whole number is the same number read as a double. */
    if (va_json_int(v, &n) && va_json_double(v, &d))
        CHECK(d == (double)n);
    for (const va_json_t *c = v->first; c != NULL; c = c->next, count++) {
        CHECK(v->type != VA_JSON_OBJECT || va_json_get_n(v, c->name) == c);
        check_values(c, depth + 1);
    }
    CHECK(count == v->count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    va_str_t input = fuzz_exact(va_str((const char *)data, size));
    const va_json_t *root, *again;

    if (va_json_parse(&fuzz_mem, input, &limits, &root) == VA_OK) {
        check_values(root, 1);

        va_str_t text = tree_text(root);
        const va_json_limits_t room = {8 * limits.max_bytes, limits.max_depth,
                                       limits.max_values};

        CHECK(va_json_parse(&fuzz_mem, text, &room, &again) == VA_OK);
        CHECK(same_tree(root, again));
        CHECK(va_str_eq(tree_text(again), text));
    } else {
        CHECK(root == NULL);
    }
    fuzz_free_all();

    return 0;
}
