#include "worker/json.h"

const va_json_t *wk_json_parse(wk_arena_t *a, va_str_t text)
{
    const va_json_t *root;
    (void)va_json_parse(wk_mem(a), text, &VA_JSON_LIMITS_DEFAULT, &root);
    return root;
}
