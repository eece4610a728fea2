#include "core/json.h"

#include <math.h>
#include <stdlib.h>
#include <yajl/yajl_parse.h>

#include "core/json_number.h"
#include "core/yajl_memory.h"

/* Up to so many members are compared in pairs, more are sorted first. */
#define PAIRWISE_MEMBERS 16

/* An array or object being built; a pointer to its value is a pointer to it. */
struct container {
    va_json_t value;
    struct container *parent;
    va_json_t *last;
};

struct reader {
    const va_alloc_t *mem;
    const va_json_limits_t *limits;
    va_str_t text;
    va_status_t status;
    va_json_t *root;
    struct container *open; /* the innermost */
    unsigned depth;         /* how many are open */
    size_t values;
    va_str_t name; /* of the member whose value comes next */
};

/* Callbacks answer yajl with 0 to stop it. */
static int fail(struct reader *r, va_status_t status)
{
    r->status = status;
    return 0;
}

static void attach(struct reader *r, va_json_t *value)
{
    struct container *parent = r->open;

    if (parent == NULL) {
        r->root = value;
        return;
    }

    if (parent->last == NULL)
        parent->value.first = value;
    else
        parent->last->next = value;
    parent->last = value;
    parent->value.count++;
    if (parent->value.type == VA_JSON_OBJECT)
        value->name = r->name;
}

/* size: of a va_json_t, or of what begins with one. NULL after a failure. */
static va_json_t *add(struct reader *r, va_json_type_t type, size_t size)
{
    if (r->depth >= r->limits->max_depth || r->values >= r->limits->max_values) {
        r->status = VA_ELIMIT;
        return NULL;
    }

    va_json_t *value = va_alloc(r->mem, size);

    if (value == NULL) {
        r->status = VA_ENOMEM;
        return NULL;
    }

    memset(value, 0, size);
    value->type = type;
    r->values++;
    attach(r, value);

    return value;
}

static int add_text(struct reader *r, va_json_type_t type, va_str_t text)
{
    va_json_t *value = add(r, type, sizeof(*value));

    if (value == NULL)
        return 0;

    value->text = va_str_dup(r->mem, text);

    return value->text.data != NULL ? 1 : fail(r, VA_ENOMEM);
}

static int add_container(struct reader *r, va_json_type_t type)
{
    struct container *c = (struct container *)add(r, type, sizeof(*c));

    if (c == NULL)
        return 0;

    c->parent = r->open;
    r->open = c;
    r->depth++;

    return 1;
}

static int on_null(void *ctx)
{
    return add(ctx, VA_JSON_NULL, sizeof(va_json_t)) != NULL;
}

static int on_boolean(void *ctx, int value)
{
    return add(ctx, value ? VA_JSON_TRUE : VA_JSON_FALSE, sizeof(va_json_t)) != NULL;
}

static int on_number(void *ctx, const char *text, size_t len)
{
    return add_text(ctx, VA_JSON_NUMBER, va_str(text, len));
}

static int on_string(void *ctx, const unsigned char *text, size_t len)
{
    return add_text(ctx, VA_JSON_STRING, va_str((const char *)text, len));
}

static int on_name(void *ctx, const unsigned char *text, size_t len)
{
    struct reader *r = ctx;

    r->name = va_str_dup(r->mem, va_str((const char *)text, len));

    return r->name.data != NULL ? 1 : fail(r, VA_ENOMEM);
}

static int on_start_object(void *ctx)
{
    return add_container(ctx, VA_JSON_OBJECT);
}

static int on_start_array(void *ctx)
{
    return add_container(ctx, VA_JSON_ARRAY);
}

static int close_container(struct reader *r)
{
    r->open = r->open->parent;
    r->depth--;

    return 1;
}

static bool unique_pairwise(const va_json_t *object)
{
    for (const va_json_t *a = object->first; a != NULL; a = a->next) {
        for (const va_json_t *b = a->next; b != NULL; b = b->next) {
            if (va_str_eq(a->name, b->name))
                return false;
        }
    }

    return true;
}

static int compare_names(const void *a, const void *b)
{
    va_str_t x = (*(const va_json_t *const *)a)->name;
    va_str_t y = (*(const va_json_t *const *)b)->name;

    if (x.len != y.len)
        return x.len < y.len ? -1 : 1;

    return memcmp(x.data, y.data, x.len);
}

/* Sorting keeps an object made of many names from costing their square. */
static va_status_t unique_sorted(const va_json_t *object)
{
    const va_json_t **members = malloc(object->count * sizeof(*members));
    va_status_t status = VA_OK;
    size_t n = 0;

    if (members == NULL)
        return VA_ENOMEM;

    for (const va_json_t *m = object->first; m != NULL; m = m->next)
        members[n++] = m;
    qsort(members, n, sizeof(*members), compare_names);
    for (size_t i = 1; i < n && status == VA_OK; i++) {
        if (va_str_eq(members[i - 1]->name, members[i]->name))
            status = VA_ESYNTAX;
    }
    free(members);

    return status;
}

static int on_end_object(void *ctx)
{
    struct reader *r = ctx;
    const va_json_t *object = &r->open->value;

    if (object->count > PAIRWISE_MEMBERS)
        r->status = unique_sorted(object);
    else if (!unique_pairwise(object))
        r->status = VA_ESYNTAX;

    return r->status == VA_OK && close_container(r);
}

static int on_end_array(void *ctx)
{
    return close_container(ctx);
}

static void read_text(void *ctx, yajl_alloc_funcs *funcs)
{
    static const yajl_callbacks callbacks = {
        .yajl_null = on_null,
        .yajl_boolean = on_boolean,
        .yajl_number = on_number,
        .yajl_string = on_string,
        .yajl_start_map = on_start_object,
        .yajl_map_key = on_name,
        .yajl_end_map = on_end_object,
        .yajl_start_array = on_start_array,
        .yajl_end_array = on_end_array,
    };
    struct reader *r = ctx;
    yajl_handle yajl = yajl_alloc(&callbacks, funcs, r);

    /* yajl's own check takes overlong forms and surrogates; the text was checked as a whole. */
    yajl_config(yajl, yajl_dont_validate_strings, 1);

    yajl_status status = yajl_parse(yajl, (const unsigned char *)r->text.data, r->text.len);

    if (status == yajl_status_ok)
        status = yajl_complete_parse(yajl);
    if (status != yajl_status_ok && r->status == VA_OK)
        r->status = VA_ESYNTAX;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;

    return -1;
}

/* The code unit of the \uXXXX at p, or -1. */
static int unicode_escape(const char *p, const char *end)
{
    int unit = 0;

    if (end - p < 6 || p[0] != '\\' || p[1] != 'u')
        return -1;

    for (int i = 2; i < 6; i++) {
        if (hex_digit(p[i]) < 0)
            return -1;
        unit = unit << 4 | hex_digit(p[i]);
    }

    return unit;
}

/*
 * yajl makes '?' or another character of an escaped surrogate that stands alone;
 * such text cannot be UTF-8, so it is refused (RFC 7493 section 2.1).
 */
static bool surrogates_paired(va_str_t text)
{
    const char *p = text.data;
    const char *end = p + text.len;

    while (p < end && (p = memchr(p, '\\', (size_t)(end - p))) != NULL) {
        int unit = unicode_escape(p, end);

        if (unit < 0xd800 || unit > 0xdfff) {
            p += end - p >= 2 ? 2 : 1;
            continue;
        }

        int low = unicode_escape(p + 6, end);

        if (unit > 0xdbff || low < 0xdc00 || low > 0xdfff)
            return false;
        p += 12;
    }

    return true;
}

va_status_t va_json_parse(const va_alloc_t *mem, va_str_t text, const va_json_limits_t *limits,
                          const va_json_t **root)
{
    struct reader r = {.mem = mem, .limits = limits, .text = text};
    va_yajl_memory_t memory = {0};

    *root = NULL;
    if (text.len > limits->max_bytes)
        return VA_ELIMIT;
    if (text.len == 0 || !va_utf8_wellformed(text) || !surrogates_paired(text))
        return VA_ESYNTAX;

    if (!va_yajl_run(&memory, read_text, &r))
        r.status = VA_ENOMEM;
    va_yajl_release(&memory);
    if (r.status == VA_OK)
        *root = r.root;

    return r.status;
}

bool va_json_is(const va_json_t *value, va_json_type_t type)
{
    return value != NULL && value->type == type;
}

const va_json_t *va_json_get_n(const va_json_t *object, va_str_t name)
{
    if (!va_json_is(object, VA_JSON_OBJECT))
        return NULL;

    for (const va_json_t *m = object->first; m != NULL; m = m->next) {
        if (va_str_eq(m->name, name))
            return m;
    }

    return NULL;
}

const va_json_t *va_json_get(const va_json_t *object, const char *name)
{
    return va_json_get_n(object, va_str_c(name));
}

va_str_t va_json_string(const va_json_t *value)
{
    return va_json_is(value, VA_JSON_STRING) ? value->text : VA_STR_NULL;
}

va_str_t va_json_get_string(const va_json_t *object, const char *name)
{
    return va_json_string(va_json_get(object, name));
}

va_str_t va_json_scalar(const va_json_t *value)
{
    if (va_json_is(value, VA_JSON_TRUE))
        return VA_STR("true");
    if (va_json_is(value, VA_JSON_FALSE))
        return VA_STR("false");
    if (va_json_is(value, VA_JSON_NUMBER))
        return value->text;

    return va_json_string(value);
}

bool va_json_int(const va_json_t *value, int64_t *out)
{
    return va_json_is(value, VA_JSON_NUMBER) && va_json_number_int(value->text, out);
}

bool va_json_double(const va_json_t *value, double *out)
{
    char *end;

    if (!va_json_is(value, VA_JSON_NUMBER))
        return false;

    *out = strtod(value->text.data, &end);

    /* It stops at the point where the process has set a locale with another one. */
    return end == value->text.data + value->text.len && isfinite(*out);
}

bool va_json_bool(const va_json_t *value, bool fallback)
{
    if (va_json_is(value, VA_JSON_TRUE))
        return true;
    if (va_json_is(value, VA_JSON_FALSE))
        return false;

    return fallback;
}
