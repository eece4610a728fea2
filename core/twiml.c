#include "core/twiml.h"

#include "core/utf8.h"

/*
 * What stands for a character, or NULL when it stays. Line ends and tabs become
 * references, since an attribute's parser turns them into spaces (XML 1.0
 * section 3.3.3).
 */
static const char *reference(uint32_t c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\t':
        return "&#9;";
    case '\n':
        return "&#10;";
    case '\r':
        return "&#13;";
    default:
        return NULL;
    }
}

/* Control characters, and what XML 1.0 section 2.2 allows in no document. */
static bool dropped(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0xfffe || c == 0xffff;
}

void va_xml_escape(va_buf_t *out, va_str_t text)
{
    while (text.len > 0) {
        uint32_t c;
        va_str_t taken = va_utf8_take(&text, &c);
        const char *ref = reference(c);

        if (ref != NULL)
            va_buf_add_c(out, ref);
        else if (!dropped(c))
            va_buf_add_str(out, taken);
    }
}

void va_twiml_begin(va_buf_t *out)
{
    va_buf_add_c(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response>");
}

void va_twiml_end(va_buf_t *out)
{
    va_twiml_close(out, "Response");
}

static void start_tag(va_buf_t *out, const char *verb, const va_twiml_attr_t *attrs, size_t n)
{
    va_buf_add_char(out, '<');
    va_buf_add_c(out, verb);
    for (size_t i = 0; i < n; i++) {
        if (attrs[i].value.data == NULL)
            continue;
        va_buf_add_char(out, ' ');
        va_buf_add_c(out, attrs[i].name);
        va_buf_add_c(out, "=\"");
        va_xml_escape(out, attrs[i].value);
        va_buf_add_char(out, '"');
    }
}

void va_twiml_open(va_buf_t *out, const char *verb, const va_twiml_attr_t *attrs, size_t n)
{
    start_tag(out, verb, attrs, n);
    va_buf_add_char(out, '>');
}

void va_twiml_close(va_buf_t *out, const char *verb)
{
    va_buf_add_c(out, "</");
    va_buf_add_c(out, verb);
    va_buf_add_char(out, '>');
}

void va_twiml_verb(va_buf_t *out, const char *verb, const va_twiml_attr_t *attrs, size_t n,
                   va_str_t text)
{
    if (text.data == NULL) {
        start_tag(out, verb, attrs, n);
        va_buf_add_c(out, "/>");
        return;
    }

    va_twiml_open(out, verb, attrs, n);
    va_xml_escape(out, text);
    va_twiml_close(out, verb);
}
