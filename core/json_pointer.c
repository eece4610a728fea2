#include "core/json_pointer.h"

#include "core/json.h"

/* Longer than the index of any element that can be parsed. */
#define INDEX_DIGITS 10

bool va_json_token_next(va_str_t *rest, va_str_t *token)
{
    if (rest->len == 0 || rest->data[0] != '/')
        return false;

    const char *begin = rest->data + 1;
    const char *slash = memchr(begin, '/', rest->len - 1);
    size_t len = slash != NULL ? (size_t)(slash - begin) : rest->len - 1;

    *token = va_str(begin, len);
    *rest = va_str(begin + len, rest->len - 1 - len);

    return true;
}

bool va_json_token_is_name(va_str_t token, va_str_t name)
{
    size_t n = 0;

    for (size_t i = 0; i < token.len; i++, n++) {
        char c = token.data[i];

        if (c == '~') {
            i++;
            if (i == token.len || (token.data[i] != '0' && token.data[i] != '1'))
                return false;
            c = token.data[i] == '0' ? '~' : '/';
        }
        if (n == name.len || name.data[n] != c)
            return false;
    }

    return n == name.len;
}

bool va_json_token_is_index(va_str_t token, size_t *index)
{
    if (token.len == 0 || token.len > INDEX_DIGITS || (token.data[0] == '0' && token.len > 1))
        return false;

    *index = 0;
    for (size_t i = 0; i < token.len; i++) {
        if (token.data[i] < '0' || token.data[i] > '9')
            return false;
        *index = *index * 10 + (size_t)(token.data[i] - '0');
    }

    return true;
}

static const va_json_t *child(const va_json_t *value, va_str_t token)
{
    const va_json_t *child;
    size_t index;

    if (va_json_is(value, VA_JSON_OBJECT)) {
        for (child = value->first; child != NULL; child = child->next) {
            if (va_json_token_is_name(token, child->name))
                return child;
        }
        return NULL;
    }

    if (!va_json_is(value, VA_JSON_ARRAY) || !va_json_token_is_index(token, &index))
        return NULL;
    for (child = value->first; child != NULL && index > 0; child = child->next)
        index--;

    return child;
}

const va_json_t *va_json_pointer(const va_json_t *value, va_str_t pointer)
{
    va_str_t token;

    while (value != NULL && va_json_token_next(&pointer, &token))
        value = child(value, token);

    return pointer.len == 0 ? value : NULL;
}
