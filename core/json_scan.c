#include "core/json.h"

#include <yajl/yajl_parse.h>

#include "core/json_pointer.h"
#include "core/yajl_memory.h"

/*
 * A pointer that is looked for. Within `depth` open containers the children of
 * the innermost are what token depth-1 can name, for a pointer whose first
 * depth-1 tokens named the containers on the way: matched == depth-1.
 */
struct target {
    va_str_t *tokens;
    size_t n_tokens;
    size_t matched;
    bool due;  /* it names the value that comes next, or a part of it */
    bool done; /* found, or known to name no scalar */
};

#define IN_OBJECT SIZE_MAX

struct scan {
    const va_alloc_t *mem;
    va_str_t text;
    struct target *targets;
    va_str_t *values;
    size_t n;
    size_t missing;
    size_t depth;
    size_t max_depth; /* of the longest pointer; deeper down nothing is remembered */
    size_t *index;    /* for each open container: of its next element, or IN_OBJECT */
    va_status_t status;
};

/* Marks the pointers that name the child which comes next, by its name or its index. */
static void mark_due(struct scan *s, va_str_t name, size_t index)
{
    for (size_t i = 0; i < s->n; i++) {
        struct target *t = &s->targets[i];
        size_t token_index;

        t->due = false;
        if (t->done || t->matched != s->depth - 1 || t->n_tokens < s->depth)
            continue;

        va_str_t token = t->tokens[s->depth - 1];

        if (index == IN_OBJECT)
            t->due = va_json_token_is_name(token, name);
        else
            t->due = va_json_token_is_index(token, &token_index) && token_index == index;
    }
}

/* False for a value no pointer reaches down to; otherwise the marks are made. */
static bool begin_value(struct scan *s)
{
    if (s->depth > s->max_depth)
        return false;
    if (s->depth > 0 && s->index[s->depth - 1] != IN_OBJECT)
        mark_due(s, VA_STR_NULL, s->index[s->depth - 1]++);

    return true;
}

static void finish(struct scan *s, struct target *t)
{
    t->done = true;
    s->missing--;
}

/* Answers yajl with 0 to stop it. absent text: null. */
static int scalar(struct scan *s, va_str_t text)
{
    if (!begin_value(s))
        return 1;

    for (size_t i = 0; i < s->n; i++) {
        struct target *t = &s->targets[i];

        if (!t->due || t->n_tokens != s->depth)
            continue;
        finish(s, t);
        if (text.data == NULL)
            continue;
        s->values[i] = va_str_dup(s->mem, text);
        if (s->values[i].data == NULL) {
            s->status = VA_ENOMEM;
            return 0;
        }
    }

    return s->missing > 0;
}

static int container(struct scan *s, size_t first_index)
{
    if (!begin_value(s)) {
        s->depth++;
        return 1;
    }

    for (size_t i = 0; i < s->n; i++) {
        struct target *t = &s->targets[i];

        if (!t->due)
            continue;
        if (t->n_tokens == s->depth)
            finish(s, t);
        else
            t->matched = s->depth;
        t->due = false;
    }
    if (s->depth < s->max_depth)
        s->index[s->depth] = first_index;
    s->depth++;

    return s->missing > 0;
}

static int end_container(void *ctx)
{
    struct scan *s = ctx;

    s->depth--;
    if (s->depth == 0)
        return 1;

    for (size_t i = 0; i < s->n; i++) {
        if (s->targets[i].matched == s->depth)
            s->targets[i].matched--;
    }

    return 1;
}

static int on_null(void *ctx)
{
    return scalar(ctx, VA_STR_NULL);
}

static int on_boolean(void *ctx, int value)
{
    return scalar(ctx, value ? VA_STR("true") : VA_STR("false"));
}

static int on_number(void *ctx, const char *text, size_t len)
{
    return scalar(ctx, va_str(text, len));
}

static int on_string(void *ctx, const unsigned char *text, size_t len)
{
    return scalar(ctx, len > 0 ? va_str((const char *)text, len) : VA_STR(""));
}

static int on_name(void *ctx, const unsigned char *text, size_t len)
{
    struct scan *s = ctx;

    if (s->depth <= s->max_depth)
        mark_due(s, va_str((const char *)text, len), IN_OBJECT);

    return 1;
}

static int on_start_object(void *ctx)
{
    return container(ctx, IN_OBJECT);
}

static int on_start_array(void *ctx)
{
    return container(ctx, 0);
}

/* The end of the text is no end of the document: it may be cut off, in a number too. */
static void scan_text(void *ctx, yajl_alloc_funcs *funcs)
{
    static const yajl_callbacks callbacks = {
        .yajl_null = on_null,
        .yajl_boolean = on_boolean,
        .yajl_number = on_number,
        .yajl_string = on_string,
        .yajl_start_map = on_start_object,
        .yajl_map_key = on_name,
        .yajl_end_map = end_container,
        .yajl_start_array = on_start_array,
        .yajl_end_array = end_container,
    };
    struct scan *s = ctx;
    yajl_handle yajl = yajl_alloc(&callbacks, funcs, s);

    yajl_status status = yajl_parse(yajl, (const unsigned char *)s->text.data, s->text.len);

    if (status == yajl_status_error)
        s->status = VA_ESYNTAX;
}

static size_t count_tokens(va_str_t pointer)
{
    size_t n = 0;

    for (size_t i = 0; i < pointer.len; i++)
        n += pointer.data[i] == '/';

    return n;
}

static va_status_t prepare_target(struct scan *s, struct target *t, va_str_t pointer)
{
    size_t room = count_tokens(pointer);

    *t = (struct target){.tokens = va_alloc(s->mem, (room + 1) * sizeof(*t->tokens))};
    if (t->tokens == NULL)
        return VA_ENOMEM;

    while (va_json_token_next(&pointer, &t->tokens[t->n_tokens]))
        t->n_tokens++;
    if (pointer.len > 0)
        finish(s, t);
    else
        t->due = t->n_tokens == 0;
    if (t->n_tokens > s->max_depth)
        s->max_depth = t->n_tokens;

    return VA_OK;
}

static va_status_t prepare(struct scan *s, const va_str_t *pointers)
{
    s->targets = va_alloc(s->mem, s->n * sizeof(*s->targets));
    if (s->targets == NULL)
        return VA_ENOMEM;

    for (size_t i = 0; i < s->n; i++) {
        va_status_t status = prepare_target(s, &s->targets[i], pointers[i]);

        if (status != VA_OK)
            return status;
    }

    s->index = va_alloc(s->mem, (s->max_depth + 1) * sizeof(*s->index));

    return s->index != NULL ? VA_OK : VA_ENOMEM;
}

static bool all_wellformed(const va_str_t *values, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!va_utf8_wellformed(values[i]))
            return false;
    }

    return true;
}

static void clear(va_str_t *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        values[i] = VA_STR_NULL;
}

va_status_t va_json_scan(const va_alloc_t *mem, va_str_t text, size_t limit,
                         const va_str_t *pointers, size_t n, va_str_t *values)
{
    struct scan s = {.mem = mem, .text = text, .values = values, .n = n, .missing = n};
    va_yajl_memory_t memory = {0};

    clear(values, n);
    if (n == 0 || text.len == 0)
        return VA_OK;
    if (text.len > limit)
        s.text.len = limit;

    s.status = prepare(&s, pointers);
    if (s.status == VA_OK && s.missing > 0) {
        if (!va_yajl_run(&memory, scan_text, &s))
            s.status = VA_ENOMEM;
        va_yajl_release(&memory);
    }
    if (s.status == VA_OK && !all_wellformed(values, n))
        s.status = VA_ESYNTAX;
    if (s.status != VA_OK)
        clear(values, n);

    return s.status;
}
