#include "worker/voice/bytes.h"

#include <stdlib.h>

#define LEAST 1024

char *wk_bytes_room(wk_bytes_t *b, size_t len)
{
    if (b->begin + b->len + len > b->cap && b->begin > 0) {
        memmove(b->data, b->data + b->begin, b->len);
        b->begin = 0;
    }
    if (b->len + len > b->cap) {
        size_t cap = b->cap > 0 ? b->cap : LEAST;
        while (cap < b->len + len) {
            cap *= 2;
        }
        b->data = realloc(b->data, cap);
        if (b->data == NULL) {
            abort();
        }
        b->cap = cap;
    }
    return b->data + b->begin + b->len;
}

void wk_bytes_added(wk_bytes_t *b, size_t len)
{
    b->len += len;
}

void wk_bytes_add(wk_bytes_t *b, const void *data, size_t len)
{
    if (len > 0) {
        memcpy(wk_bytes_room(b, len), data, len);
        wk_bytes_added(b, len);
    }
}

va_str_t wk_bytes_str(const wk_bytes_t *b)
{
    return b->len > 0 ? va_str(b->data + b->begin, b->len) : VA_STR("");
}

void wk_bytes_take(wk_bytes_t *b, size_t len)
{
    b->len -= len;
    b->begin = b->len > 0 ? b->begin + len : 0;
}

void wk_bytes_cut(wk_bytes_t *b, size_t at, size_t len)
{
    char *from = b->data + b->begin + at;
    b->len -= len;
    memmove(from, from + len, b->len - at);
}

void wk_bytes_free(wk_bytes_t *b)
{
    free(b->data);
    *b = (wk_bytes_t){0};
}
