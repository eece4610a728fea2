#include "core/json.h"

#include <yajl/yajl_gen.h>

#include "core/json_number.h"
#include "core/yajl_memory.h"

/* What may come next: yajl_gen would close an array with '}' when told so. */
enum expected {
    DOCUMENT,
    NOTHING,
    MEMBER_NAME,
    MEMBER_VALUE,
    ELEMENT,
};

struct va_json_writer {
    va_buf_t *out;
    yajl_gen gen;
    va_status_t status;
    size_t depth;
    uint8_t expected[YAJL_MAX_DEPTH];
    va_yajl_memory_t memory;
};

static void print(void *ctx, const char *text, size_t len)
{
    va_buf_add(ctx, text, len);
}

static void new_generator(void *ctx, yajl_alloc_funcs *funcs)
{
    va_json_writer_t *w = ctx;

    w->gen = yajl_gen_alloc(funcs);
    yajl_gen_config(w->gen, yajl_gen_print_callback, print, w->out);
}

va_json_writer_t *va_json_writer_new(va_buf_t *out)
{
    va_json_writer_t *w = va_alloc(out->mem, sizeof(*w));

    if (w == NULL)
        return NULL;

    memset(w, 0, sizeof(*w));
    w->out = out;
    w->expected[0] = DOCUMENT;
    if (!va_yajl_run(&w->memory, new_generator, w)) {
        va_yajl_release(&w->memory);
        return NULL;
    }

    return w;
}

static void fail(va_json_writer_t *w, va_status_t status)
{
    if (w->status == VA_OK)
        w->status = status;
}

/* After an error yajl_gen is not called again: past its depth limit it leaves its own memory.
 */
static bool usable(const va_json_writer_t *w)
{
    return w != NULL && w->status == VA_OK;
}

static void check(va_json_writer_t *w, yajl_gen_status status)
{
    if (status != yajl_gen_status_ok)
        fail(w, VA_ESYNTAX);
    if (w->out->status != VA_OK)
        fail(w, w->out->status);
}

/* True when a value may come now; then it is taken for written. */
static bool begin_value(va_json_writer_t *w)
{
    if (!usable(w))
        return false;

    uint8_t *expected = &w->expected[w->depth];

    switch (*expected) {
    case DOCUMENT:
        *expected = NOTHING;
        return true;
    case MEMBER_VALUE:
        *expected = MEMBER_NAME;
        return true;
    case ELEMENT:
        return true;
    default:
        fail(w, VA_ESYNTAX);
        return false;
    }
}

static void open_container(va_json_writer_t *w, enum expected first,
                           yajl_gen_status (*open)(yajl_gen))
{
    if (!begin_value(w))
        return;
    if (w->depth + 1 == YAJL_MAX_DEPTH) {
        fail(w, VA_ELIMIT);
        return;
    }

    w->expected[++w->depth] = (uint8_t)first;
    check(w, open(w->gen));
}

static void close_container(va_json_writer_t *w, enum expected last,
                            yajl_gen_status (*close)(yajl_gen))
{
    if (!usable(w))
        return;
    if (w->expected[w->depth] != last) {
        fail(w, VA_ESYNTAX);
        return;
    }

    w->depth--;
    check(w, close(w->gen));
}

void va_json_object(va_json_writer_t *w)
{
    open_container(w, MEMBER_NAME, yajl_gen_map_open);
}

void va_json_object_end(va_json_writer_t *w)
{
    close_container(w, MEMBER_NAME, yajl_gen_map_close);
}

void va_json_array(va_json_writer_t *w)
{
    open_container(w, ELEMENT, yajl_gen_array_open);
}

void va_json_array_end(va_json_writer_t *w)
{
    close_container(w, ELEMENT, yajl_gen_array_close);
}

/* yajl_gen's own check of UTF-8 takes overlong forms and surrogates. */
static void put_text(va_json_writer_t *w, va_str_t s)
{
    if (!va_utf8_wellformed(s))
        fail(w, VA_ESYNTAX);
    else
        check(w, yajl_gen_string(w->gen, (const unsigned char *)s.data, s.len));
}

void va_json_key_n(va_json_writer_t *w, va_str_t name)
{
    if (!usable(w))
        return;
    if (w->expected[w->depth] != MEMBER_NAME) {
        fail(w, VA_ESYNTAX);
        return;
    }

    w->expected[w->depth] = MEMBER_VALUE;
    put_text(w, name);
}

void va_json_key(va_json_writer_t *w, const char *name)
{
    va_json_key_n(w, va_str_c(name));
}

void va_json_put_str(va_json_writer_t *w, va_str_t s)
{
    if (s.data == NULL)
        va_json_put_null(w);
    else if (begin_value(w))
        put_text(w, s);
}

void va_json_put_c(va_json_writer_t *w, const char *s)
{
    va_json_put_str(w, va_str_c(s));
}

void va_json_put_int(va_json_writer_t *w, int64_t n)
{
    if (begin_value(w))
        check(w, yajl_gen_integer(w->gen, n));
}

void va_json_put_raw(va_json_writer_t *w, va_str_t json)
{
    if (!begin_value(w))
        return;
    if (json.len == 0)
        fail(w, VA_ESYNTAX);
    else
        check(w, yajl_gen_number(w->gen, json.data, json.len));
}

void va_json_put_number(va_json_writer_t *w, va_str_t text)
{
    if (usable(w) && !va_json_number_valid(text))
        fail(w, VA_ESYNTAX);

    va_json_put_raw(w, text);
}

void va_json_put_bool(va_json_writer_t *w, bool b)
{
    if (begin_value(w))
        check(w, yajl_gen_bool(w->gen, b));
}

void va_json_put_null(va_json_writer_t *w)
{
    if (begin_value(w))
        check(w, yajl_gen_null(w->gen));
}

static void put_children(va_json_writer_t *w, const va_json_t *container)
{
    for (const va_json_t *child = container->first; child != NULL; child = child->next) {
        if (container->type == VA_JSON_OBJECT)
            va_json_key_n(w, child->name);
        va_json_put_value(w, child);
    }
}

void va_json_put_value(va_json_writer_t *w, const va_json_t *value)
{
    /* Also ends the recursion, which is no deeper than the writer may be. */
    if (!usable(w))
        return;
    if (value == NULL) {
        va_json_put_null(w);
        return;
    }

    switch (value->type) {
    case VA_JSON_NULL:
        va_json_put_null(w);
        break;
    case VA_JSON_FALSE:
    case VA_JSON_TRUE:
        va_json_put_bool(w, value->type == VA_JSON_TRUE);
        break;
    case VA_JSON_NUMBER:
        va_json_put_number(w, value->text);
        break;
    case VA_JSON_STRING:
        va_json_put_str(w, value->text);
        break;
    case VA_JSON_ARRAY:
        va_json_array(w);
        put_children(w, value);
        va_json_array_end(w);
        break;
    case VA_JSON_OBJECT:
        va_json_object(w);
        put_children(w, value);
        va_json_object_end(w);
        break;
    }
}

void va_json_add_str(va_json_writer_t *w, const char *name, va_str_t s)
{
    va_json_key(w, name);
    va_json_put_str(w, s);
}

void va_json_add_c(va_json_writer_t *w, const char *name, const char *s)
{
    va_json_add_str(w, name, va_str_c(s));
}

void va_json_add_int(va_json_writer_t *w, const char *name, int64_t n)
{
    va_json_key(w, name);
    va_json_put_int(w, n);
}

void va_json_add_bool(va_json_writer_t *w, const char *name, bool b)
{
    va_json_key(w, name);
    va_json_put_bool(w, b);
}

va_status_t va_json_writer_end(va_json_writer_t *w)
{
    if (w == NULL)
        return VA_ENOMEM;

    if (w->depth > 0 || w->expected[0] != NOTHING)
        fail(w, VA_ESYNTAX);
    va_yajl_release(&w->memory);

    return w->status;
}
