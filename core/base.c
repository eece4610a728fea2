#include "core/base.h"

va_str_t va_str_dup(const va_alloc_t *a, va_str_t s)
{
    char *copy = va_alloc(a, s.len + 1);

    if (copy == NULL)
        return VA_STR_NULL;

    if (s.len > 0)
        memcpy(copy, s.data, s.len);
    copy[s.len] = '\0';

    return va_str(copy, s.len);
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

bool va_str_ieq(va_str_t a, va_str_t b)
{
    if (a.len != b.len)
        return false;

    for (size_t i = 0; i < a.len; i++) {
        if (lower(a.data[i]) != lower(b.data[i]))
            return false;
    }

    return true;
}
