#include "worker/handlers/range.h"

#include <stdbool.h>

/* Digits, as far as they go; a number too large to be told apart is the largest. */
static bool number(const char **at, const char *end, int64_t *n)
{
    const char *begin = *at;
    *n = 0;
    for (; *at < end && **at >= '0' && **at <= '9'; (*at)++) {
        *n = *n > (INT64_MAX - 9) / 10 ? INT64_MAX - 9 : *n * 10 + (**at - '0');
    }
    return *at > begin;
}

wk_range_kind_t wk_range_read(va_str_t header, int64_t size, int64_t *first, int64_t *last)
{
    va_str_t unit = VA_STR("bytes=");
    if (header.len <= unit.len || !va_str_ieq(va_str(header.data, unit.len), unit)) {
        return WK_RANGE_NONE;
    }
    const char *at = header.data + unit.len, *end = header.data + header.len;
    bool from = number(&at, end, first);
    if (at == end || *at++ != '-') {
        return WK_RANGE_NONE;
    }
    bool to = number(&at, end, last);
    if (at != end || (!from && !to) || (from && to && *last < *first)) {
        return WK_RANGE_NONE;
    }
    if (!from) { /* that many at the end */
        *first = *last < size ? size - *last : 0;
        if (*last == 0) {
            return WK_RANGE_WRONG;
        }
    }
    *last = !from || !to || *last >= size ? size - 1 : *last;
    return *first < size ? WK_RANGE_SOME : WK_RANGE_WRONG;
}
