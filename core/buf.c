#include "core/buf.h"

#include <stdio.h>

#define MIN_CAPACITY 64

void va_buf_init(va_buf_t *b, const va_alloc_t *mem, size_t reserve)
{
    *b = (va_buf_t){.mem = mem};

    if (reserve == 0)
        return;

    b->data = va_alloc(mem, reserve);
    if (b->data == NULL)
        b->status = VA_ENOMEM;
    else
        b->cap = reserve;
}

static bool grow(va_buf_t *b, size_t need)
{
    size_t cap = b->cap < MIN_CAPACITY ? MIN_CAPACITY : b->cap;

    while (cap < need)
        cap = cap > SIZE_MAX / 2 ? need : cap * 2;
    if (b->max != 0 && cap > b->max)
        cap = b->max;

    char *data = va_alloc(b->mem, cap);

    if (data == NULL) {
        b->status = VA_ENOMEM;
        return false;
    }
    if (b->len > 0)
        memcpy(data, b->data, b->len);
    b->data = data;
    b->cap = cap;

    return true;
}

void va_buf_add(va_buf_t *b, const void *data, size_t len)
{
    if (b->status != VA_OK || len == 0)
        return;

    if (len > SIZE_MAX - b->len || (b->max != 0 && b->len + len > b->max)) {
        b->status = VA_ELIMIT;
        return;
    }
    if (b->len + len > b->cap && !grow(b, b->len + len))
        return;

    memcpy(b->data + b->len, data, len);
    b->len += len;
}

void va_buf_add_str(va_buf_t *b, va_str_t s)
{
    va_buf_add(b, s.data, s.len);
}

void va_buf_add_c(va_buf_t *b, const char *s)
{
    va_buf_add(b, s, strlen(s));
}

void va_buf_add_char(va_buf_t *b, char c)
{
    va_buf_add(b, &c, 1);
}

void va_buf_add_int(va_buf_t *b, int64_t n)
{
    char digits[sizeof("-9223372036854775808")];
    int len = snprintf(digits, sizeof(digits), "%lld", (long long)n);

    va_buf_add(b, digits, (size_t)len);
}

va_str_t va_buf_str(const va_buf_t *b)
{
    if (b->status != VA_OK)
        return VA_STR_NULL;

    return va_str(b->data != NULL ? b->data : "", b->len);
}
