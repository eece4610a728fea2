#include <iconv.h>
#include <stdlib.h>
#include <string.h>

#include "core/utf8.h"
#include "worker/extract/extract.h"

static iconv_t from_windows, from_utf16;

void ex_charsets_load(void)
{
    from_windows = iconv_open("UTF-8", "WINDOWS-1252");
    from_utf16 = iconv_open("UTF-8", "UTF-16");
}

static va_str_t converted(iconv_t from, va_str_t bytes)
{
    size_t room = 3 * bytes.len + 4, left = room, in_left = bytes.len;
    char *text = malloc(room), *to = text, *in = (char *)bytes.data;
    if (from == (iconv_t)-1 || text == NULL ||
        iconv(from, &in, &in_left, &to, &left) == (size_t)-1) {
        ex_fail("The document is not text in UTF-8, UTF-16 or Windows-1252.");
    }
    return va_str(text, room - left);
}

static bool begins_with(va_str_t s, const char *mark, size_t len)
{
    return s.len >= len && memcmp(s.data, mark, len) == 0;
}

va_str_t ex_utf8(va_str_t bytes)
{
    if (begins_with(bytes, "\xff\xfe", 2) || begins_with(bytes, "\xfe\xff", 2)) {
        return converted(from_utf16, bytes);
    }
    if (bytes.len > 0 && memchr(bytes.data, '\0', bytes.len) != NULL) {
        ex_fail("The document is not text: it holds bytes no text has.");
    }
    if (begins_with(bytes, "\xef\xbb\xbf", 3)) {
        bytes = va_str(bytes.data + 3, bytes.len - 3);
    }
    return va_utf8_valid(bytes) ? bytes : converted(from_windows, bytes);
}
