#include "core/form.h"

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;

    return -1;
}

/* The byte of the escape at p, or -1 when it is broken. */
static int escaped_byte(const char *p, const char *end)
{
    if (end - p < 3)
        return -1;

    int high = hex_value(p[1]);
    int low = hex_value(p[2]);

    return high < 0 || low < 0 ? -1 : high << 4 | low;
}

/* The characters that are not simply copied. */
static const bool special[256] = {['%'] = true, ['+'] = true, ['&'] = true, ['='] = true};

/*
 * Decodes from *in to '&', to '=' if that is to stop it, or to the end, and leaves
 * *in there. The decoded text begins at *out, which moves behind it.
 */
static va_str_t decode_until(const char **in, const char *end, bool stop_at_equals, char **out)
{
    const char *p = *in;
    char *begin = *out;
    char *o = begin;

    for (; p < end; p++) {
        int byte;

        if (!special[(uint8_t)*p]) {
            *o++ = *p;
            continue;
        }
        if (*p == '&' || (*p == '=' && stop_at_equals))
            break;
        if (*p == '%' && (byte = escaped_byte(p, end)) >= 0) {
            *o++ = (char)byte;
            p += 2;
        } else {
            *o++ = *p == '+' ? ' ' : *p;
        }
    }

    *in = p;
    *out = o;
    return va_str(begin, (size_t)(o - begin));
}

static size_t most_pairs(va_str_t text)
{
    const char *p = text.data;
    const char *end = p + text.len;
    size_t n = 1;

    while (n < VA_FORM_MAX_PAIRS && (p = memchr(p, '&', (size_t)(end - p))) != NULL) {
        p++;
        n++;
    }

    return n;
}

va_status_t va_form_parse(const va_alloc_t *mem, va_str_t text, va_form_t *form)
{
    *form = (va_form_t){NULL, 0};
    if (text.len == 0)
        return VA_OK;

    char *out = va_alloc(mem, text.len);
    va_form_pair_t *pairs = va_alloc(mem, most_pairs(text) * sizeof(*pairs));
    const char *p = text.data;
    const char *end = p + text.len;

    if (out == NULL || pairs == NULL)
        return VA_ENOMEM;

    form->pairs = pairs;
    while (p < end) {
        if (*p == '&') {
            p++;
            continue;
        }
        if (form->count == VA_FORM_MAX_PAIRS)
            return VA_ELIMIT;

        va_form_pair_t *pair = &pairs[form->count++];

        pair->name = decode_until(&p, end, true, &out);
        if (p < end && *p == '=')
            p++;
        pair->value = decode_until(&p, end, false, &out);
    }

    return VA_OK;
}

va_str_t va_form_get_n(const va_form_t *form, va_str_t name)
{
    for (size_t i = 0; i < form->count; i++) {
        if (va_str_eq(form->pairs[i].name, name))
            return form->pairs[i].value;
    }

    return VA_STR_NULL;
}

va_str_t va_form_get(const va_form_t *form, const char *name)
{
    return va_form_get_n(form, va_str_c(name));
}

static bool alphanumeric(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static void add_escaped(va_buf_t *out, char c)
{
    static const char digits[] = "0123456789ABCDEF";
    uint8_t byte = (uint8_t)c;

    va_buf_add(out, (char[]){'%', digits[byte >> 4], digits[byte & 0x0f]}, 3);
}

/* plain: the characters that stay beside letters and digits. */
static void add_encoded(va_buf_t *out, va_str_t s, const char plain[4], bool space_is_plus)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.data[i];

        if (alphanumeric(c) || memchr(plain, c, 4) != NULL)
            va_buf_add_char(out, c);
        else if (c == ' ' && space_is_plus)
            va_buf_add_char(out, '+');
        else
            add_escaped(out, c);
    }
}

void va_form_add(va_buf_t *out, va_str_t name, va_str_t value)
{
    if (out->len > 0)
        va_buf_add_char(out, '&');
    add_encoded(out, name, "*-._", true);
    va_buf_add_char(out, '=');
    add_encoded(out, value, "*-._", true);
}

void va_url_encode(va_buf_t *out, va_str_t s)
{
    add_encoded(out, s, "-._~", false);
}
