#define _GNU_SOURCE /* memmem */
#include "multipart.h"

#include <string.h>

#define MAX_BOUNDARY 70 /* RFC 2046, 5.1.1 */

static bool begins_with(va_str_t s, va_str_t prefix)
{
    return s.len >= prefix.len && va_str_ieq(va_str(s.data, prefix.len), prefix);
}

static va_str_t behind(va_str_t s, size_t n)
{
    return va_str(s.data + n, s.len - n);
}

static va_str_t without_blanks(va_str_t s)
{
    while (s.len > 0 && (*s.data == ' ' || *s.data == '\t'))
        s = behind(s, 1);
    while (s.len > 0 && (s.data[s.len - 1] == ' ' || s.data[s.len - 1] == '\t'))
        s.len--;
    return s;
}

static size_t index_of(va_str_t s, char c)
{
    const char *found = s.len > 0 ? memchr(s.data, c, s.len) : NULL;
    return found != NULL ? (size_t)(found - s.data) : s.len;
}

/* Cuts "name=value" or "name=\"value\"" off a header's parameters; false at their end. */
static bool take_parameter(va_str_t *s, va_str_t *name, va_str_t *value)
{
    size_t semicolon = index_of(*s, ';');

    if (semicolon == s->len)
        return false;
    *s = without_blanks(behind(*s, semicolon + 1));

    size_t equals = index_of(*s, '=');

    if (equals == s->len)
        return false;
    *name = without_blanks(va_str(s->data, equals));
    *s = behind(*s, equals + 1);
    if (s->len > 0 && *s->data == '"') {
        *s = behind(*s, 1);
        *value = va_str(s->data, index_of(*s, '"'));
    } else {
        *value = without_blanks(va_str(s->data, index_of(*s, ';')));
    }
    *s = behind(*s, value->len);

    return true;
}

static va_str_t parameter(va_str_t header, const char *wanted)
{
    va_str_t name, value;

    while (take_parameter(&header, &name, &value)) {
        if (va_str_ieq(name, va_str_c(wanted)))
            return value;
    }

    return VA_STR_NULL;
}

/* ---------------------------------------------------------------- one part */

static void read_header(va_str_t line, va_part_t *part)
{
    const va_str_t disposition = VA_STR("content-disposition:"), type = VA_STR("content-type:");

    if (begins_with(line, disposition)) {
        part->name = parameter(line, "name");
        part->filename = parameter(line, "filename");
    } else if (begins_with(line, type)) {
        part->type = without_blanks(behind(line, type.len));
    }
}

/* Its headers end with an empty line; what is behind them is the content. */
static bool read_part(va_str_t text, va_part_t *part)
{
    *part = (va_part_t){.name = VA_STR_NULL};
    for (;;) {
        const char *end = text.len > 0 ? memmem(text.data, text.len, "\r\n", 2) : NULL;

        if (end == NULL)
            return false;

        va_str_t line = va_str(text.data, (size_t)(end - text.data));

        text = behind(text, line.len + 2);
        if (line.len == 0)
            break;
        read_header(line, part);
    }
    part->content = text;

    return part->name.data != NULL;
}

/* ---------------------------------------------------------------- all of them */

/* "\r\n--boundary" into delimiter; its length, or 0. */
static size_t delimiter_of(va_str_t type, char delimiter[MAX_BOUNDARY + 4])
{
    va_str_t boundary = parameter(type, "boundary");

    if (!begins_with(type, VA_STR("multipart/form-data")) || boundary.len == 0 ||
        boundary.len > MAX_BOUNDARY)
        return 0;
    memcpy(delimiter, "\r\n--", 4);
    memcpy(delimiter + 4, boundary.data, boundary.len);

    return boundary.len + 4;
}

va_status_t va_multipart_parse(va_str_t type, va_str_t body, va_multipart_t *form)
{
    char delimiter[MAX_BOUNDARY + 4];
    size_t len = delimiter_of(type, delimiter);

    form->count = 0;
    /* The first one has no line before it. */
    if (len == 0 || body.len < len - 2 || memcmp(body.data, delimiter + 2, len - 2) != 0)
        return VA_ESYNTAX;
    body = behind(body, len - 2);
    while (body.len < 2 || memcmp(body.data, "--", 2) != 0) {
        if (body.len < 2 || memcmp(body.data, "\r\n", 2) != 0)
            return VA_ESYNTAX;
        body = behind(body, 2);

        const char *end = body.len > 0 ? memmem(body.data, body.len, delimiter, len) : NULL;

        if (end == NULL)
            return VA_ESYNTAX;
        if (form->count == VA_MULTIPART_MAX)
            return VA_ELIMIT;

        va_str_t part = va_str(body.data, (size_t)(end - body.data));

        if (!read_part(part, &form->parts[form->count]))
            return VA_ESYNTAX;
        form->count++;
        body = behind(body, part.len + len);
    }

    return VA_OK;
}

const va_part_t *va_multipart_get(const va_multipart_t *form, const char *name)
{
    for (size_t i = 0; i < form->count; i++) {
        if (va_str_eq(form->parts[i].name, va_str_c(name)))
            return &form->parts[i];
    }

    return NULL;
}
