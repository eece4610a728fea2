#include "core/utf8.h"

static bool continuation(uint8_t byte)
{
    return (byte & 0xc0) == 0x80;
}

size_t va_utf8_next(va_str_t s, uint32_t *code_point)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const uint8_t *p = (const uint8_t *)s.data;
    size_t len;

    if (s.len == 0)
        return 0;
    if (p[0] < 0x80) {
        *code_point = p[0];
        return 1;
    }

    if ((p[0] & 0xe0) == 0xc0)
        len = 2;
    else if ((p[0] & 0xf0) == 0xe0)
        len = 3;
    else if ((p[0] & 0xf8) == 0xf0)
        len = 4;
    else
        return 0;
    if (len > s.len)
        return 0;

    uint32_t c = p[0] & (0xffu >> (len + 1));

    for (size_t i = 1; i < len; i++) {
        if (!continuation(p[i]))
            return 0;
        c = c << 6 | (p[i] & 0x3f);
    }
    if (c < least[len] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
        return 0;

    *code_point = c;
    return len;
}

va_str_t va_utf8_take(va_str_t *s, uint32_t *code_point)
{
    size_t n = va_utf8_next(*s, code_point);
    va_str_t taken = va_str(s->data, n);

    if (n == 0) {
        *code_point = 0xfffd;
        taken = VA_STR("\xef\xbf\xbd");
        n = 1;
    }
    s->data += n;
    s->len -= n;

    return taken;
}

/* How many leading bytes are ASCII, counted eight at a time. */
static size_t ascii_prefix(va_str_t s)
{
    size_t i = 0;

    for (; i + 8 <= s.len; i += 8) {
        uint64_t eight;

        memcpy(&eight, s.data + i, 8);
        if ((eight & 0x8080808080808080u) != 0)
            break;
    }
    while (i < s.len && (s.data[i] & 0x80) == 0)
        i++;

    return i;
}

bool va_utf8_wellformed(va_str_t s)
{
    while (s.len > 0) {
        size_t n = ascii_prefix(s);
        uint32_t code_point;

        if (n == 0)
            n = va_utf8_next(s, &code_point);
        if (n == 0)
            return false;
        s.data += n;
        s.len -= n;
    }

    return true;
}

bool va_utf8_valid(va_str_t s)
{
    if (s.len > 0 && memchr(s.data, '\0', s.len) != NULL)
        return false;

    return va_utf8_wellformed(s);
}
