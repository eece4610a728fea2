#include "worker/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *wk_code_name(wk_code_t code)
{
    switch (code) {
    case WK_OK:
        return "ok";
    case WK_INVALID:
        return "invalid";
    case WK_NOT_FOUND:
        return "not_found";
    case WK_FORBIDDEN:
        return "forbidden";
    case WK_CONFLICT:
        return "conflict";
    case WK_UNAVAILABLE:
        return "unavailable";
    case WK_TIMEOUT:
        return "timeout";
    case WK_UNKNOWN:
        return "unknown";
    case WK_REFUSED:
        return "refused";
    case WK_INTERNAL:
        return "internal";
    }
    return "internal";
}

static void set(wk_error_t *e, wk_code_t code, const char *format, va_list args)
{
    memset(e, 0, sizeof(*e));
    e->code = code;
    vsnprintf(e->text, sizeof(e->text), format, args);
}

bool wk_error(wk_error_t *e, wk_code_t code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    set(e, code, format, args);
    va_end(args);
    return false;
}

bool wk_error_away(wk_error_t *e, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    set(e, WK_UNAVAILABLE, format, args);
    va_end(args);
    e->store_away = true;
    return false;
}

bool wk_error_wrap(wk_error_t *e, const char *format, ...)
{
    char context[sizeof(e->text)];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(context, sizeof(context), format, args);
    va_end(args);
    if (n < 0) {
        return false;
    }
    size_t room = sizeof(e->text) - 1;
    size_t head = (size_t)n < room - 2 ? (size_t)n : room - 2;
    size_t tail = strlen(e->text);
    if (tail > room - head - 2) {
        tail = room - head - 2;
    }
    memmove(e->text + head + 2, e->text, tail);
    memcpy(e->text, context, head);
    memcpy(e->text + head, ": ", 2);
    e->text[head + 2 + tail] = '\0';
    return false;
}

bool wk_error_retryable(const wk_error_t *e)
{
    return e->code == WK_UNAVAILABLE || e->code == WK_TIMEOUT;
}
