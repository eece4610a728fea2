#include <string.h>

#include "worker/extract/extract.h"

void ex_read_text(va_str_t document)
{
    va_str_t text = ex_utf8(document);
    while (text.len > 0) {
        const char *end = memchr(text.data, '\n', text.len);
        size_t len = end != NULL ? (size_t)(end - text.data) : text.len;
        size_t skip = end != NULL ? len + 1 : len;
        bool empty = len == 0 || (len == 1 && text.data[0] == '\r');
        if (empty) {
            ex_paragraph();
        } else {
            ex_put(va_str(text.data, len));
            ex_line();
        }
        text = va_str(text.data + skip, text.len - skip);
    }
}
