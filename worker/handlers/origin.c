#include "worker/handlers/origin.h"

#include <string.h>

#define MAX_ORIGIN 200 /* bytes */

static bool starts_with(va_str_t text, const char *scheme)
{
    size_t n = strlen(scheme);
    return text.len > n && memcmp(text.data, scheme, n) == 0;
}

static bool is_host(va_str_t text)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789.-";
    bool ok = text.len > 0 && text.data[0] != '.' && text.data[0] != '-';
    for (size_t i = 0; ok && i < text.len; i++) {
        ok = memchr(letters, text.data[i], sizeof(letters) - 1) != NULL;
    }
    return ok;
}

/* Decimal, without a zero in front, and not the one that browsers leave out. */
static bool is_port(va_str_t text, const char *own)
{
    int64_t n = 0;
    bool ok = text.len > 0 && text.len <= 5 && text.data[0] != '0';
    for (size_t i = 0; ok && i < text.len; i++) {
        ok = text.data[i] >= '0' && text.data[i] <= '9';
        n = n * 10 + (text.data[i] - '0');
    }
    return ok && n <= UINT16_MAX && !va_str_eq(text, va_str_c(own));
}

/* A host, a port if there is a colon. */
static bool is_host_at(va_str_t text, const char *own_port)
{
    const char *colon = text.len > 0 ? memchr(text.data, ':', text.len) : NULL;
    if (colon == NULL) {
        return is_host(text);
    }
    size_t len = (size_t)(colon - text.data);
    return is_host(va_str(text.data, len)) &&
           is_port(va_str(colon + 1, text.len - len - 1), own_port);
}

bool wk_is_origin(va_str_t text)
{
    bool secure = starts_with(text, "https://");
    size_t n = secure ? 8 : 7;
    return (secure || starts_with(text, "http://")) && text.len <= MAX_ORIGIN &&
           is_host_at(va_str(text.data + n, text.len - n), secure ? "443" : "80");
}

bool wk_is_authority(va_str_t text)
{
    return text.len <= MAX_ORIGIN && is_host_at(text, "");
}
