#include "worker/json.h"

#define USUAL_BYTES 512 /* of an object, to begin with */

const va_json_t *wk_json_parse(wk_arena_t *a, va_str_t text)
{
    const va_json_t *root;
    (void)va_json_parse(wk_mem(a), text, &VA_JSON_LIMITS_DEFAULT, &root);
    return root;
}

va_json_writer_t *wk_json_begin(wk_arena_t *a, va_buf_t *text)
{
    va_buf_init(text, wk_mem(a), USUAL_BYTES);
    va_json_writer_t *w = va_json_writer_new(text);
    va_json_object(w);
    return w;
}

va_str_t wk_json_end(va_json_writer_t *w, const va_buf_t *text)
{
    va_json_object_end(w);
    return va_json_writer_end(w) == VA_OK ? va_buf_str(text) : VA_STR_NULL;
}
