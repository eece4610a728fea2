#define _GNU_SOURCE /* memrchr */
#include "worker/redis_url.h"

#include <string.h>

#define DEFAULT_PORT  6379
#define SENTINEL_PORT 26379

static bool bad(wk_error_t *e, const char *what)
{
    return wk_error(e, WK_INVALID, "Redis URL: %s", what);
}

/* Cuts what stands before the first (or last) c off *s; false when c is not there. */
static bool cut(va_str_t *s, char c, bool last, va_str_t *before)
{
    const char *at = last ? memrchr(s->data, c, s->len) : memchr(s->data, c, s->len);
    if (at == NULL) {
        return false;
    }
    *before = va_str(s->data, (size_t)(at - s->data));
    *s = va_str(at + 1, s->len - before->len - 1);
    return true;
}

static bool parse_number(va_str_t s, int max, int *out)
{
    int n = 0;
    for (size_t i = 0; i < s.len; i++) {
        if (s.data[i] < '0' || s.data[i] > '9') {
            return false;
        }
        n = n * 10 + (s.data[i] - '0');
        if (n > max) {
            return false;
        }
    }
    *out = n;
    return s.len > 0;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* NULL when an escape is broken. */
static const char *unescape(wk_arena_t *a, va_str_t s)
{
    char *out = wk_alloc(a, s.len + 1);
    size_t n = 0;
    for (size_t i = 0; i < s.len; i++, n++) {
        out[n] = s.data[i];
        if (s.data[i] != '%') {
            continue;
        }
        int high = i + 2 < s.len ? hex_digit(s.data[i + 1]) : -1;
        int low = high >= 0 ? hex_digit(s.data[i + 2]) : -1;
        if (low < 0) {
            return NULL;
        }
        out[n] = (char)(high << 4 | low);
        i += 2;
    }
    return out;
}

static bool parse_user(wk_arena_t *a, va_str_t *rest, wk_redis_url_t *url, wk_error_t *e)
{
    va_str_t info, user;
    if (!cut(rest, '@', true, &info)) {
        return true;
    }
    if (!cut(&info, ':', false, &user)) {
        user = info;
        info = VA_STR("");
    }
    url->user = user.len > 0 ? unescape(a, user) : NULL;
    url->password = unescape(a, info);
    if (url->password == NULL || (user.len > 0 && url->user == NULL)) {
        return bad(e, "user or password with a broken %-escape");
    }
    return true;
}

static bool parse_host(wk_arena_t *a, va_str_t text, int default_port, wk_redis_url_t *url,
                       wk_error_t *e)
{
    va_str_t name = text, port = VA_STR_NULL;
    if (text.len > 0 && text.data[0] == '[') {
        text = va_str(text.data + 1, text.len - 1);
        if (!cut(&text, ']', false, &name) || (text.len > 0 && text.data[0] != ':')) {
            return bad(e, "an IPv6 address is [address]:port");
        }
        port = text.len > 0 ? va_str(text.data + 1, text.len - 1) : VA_STR_NULL;
    } else if (cut(&text, ':', false, &name)) {
        port = text;
    }
    int number = default_port;
    if (name.len == 0 || (port.data != NULL && !parse_number(port, 65535, &number)) ||
        number == 0) {
        return bad(e, "a host is name:port");
    }
    if (url->n_hosts == WK_REDIS_MAX_HOSTS) {
        return bad(e, "too many hosts");
    }
    url->hosts[url->n_hosts].name = wk_strdup(a, name);
    url->hosts[url->n_hosts++].port = number;
    return true;
}

static bool parse_db(va_str_t text, wk_redis_url_t *url, wk_error_t *e)
{
    return parse_number(text, 1 << 20, &url->db) || bad(e, "the database is a number");
}

/* Cuts "?db=n" off the end. */
static bool parse_query(va_str_t *rest, wk_redis_url_t *url, wk_error_t *e)
{
    va_str_t query = *rest, before;
    if (!cut(&query, '?', false, &before)) {
        return true;
    }
    *rest = before;
    if (query.len < 3 || memcmp(query.data, "db=", 3) != 0) {
        return bad(e, "the only parameter is ?db=");
    }
    return parse_db(va_str(query.data + 3, query.len - 3), url, e);
}

static bool parse_tcp(wk_arena_t *a, va_str_t rest, wk_redis_url_t *url, wk_error_t *e)
{
    va_str_t host;
    if (!parse_user(a, &rest, url, e)) {
        return false;
    }
    if (!cut(&rest, '/', false, &host)) {
        return parse_host(a, rest, DEFAULT_PORT, url, e);
    }
    return parse_host(a, host, DEFAULT_PORT, url, e) &&
           (rest.len == 0 || parse_db(rest, url, e));
}

static bool parse_unix(wk_arena_t *a, va_str_t rest, wk_redis_url_t *url, wk_error_t *e)
{
    if (rest.len >= 2 && memcmp(rest.data, "//", 2) == 0) {
        rest = va_str(rest.data + 2, rest.len - 2);
        if (!parse_user(a, &rest, url, e)) {
            return false;
        }
    }
    if (!parse_query(&rest, url, e)) {
        return false;
    }
    if (rest.len == 0 || rest.data[0] != '/') {
        return bad(e, "the path of a socket begins with /");
    }
    url->path = wk_strdup(a, rest);
    return true;
}

static bool parse_sentinel(wk_arena_t *a, va_str_t rest, wk_redis_url_t *url, wk_error_t *e)
{
    va_str_t hosts, host, primary;
    if (!parse_user(a, &rest, url, e) || !parse_query(&rest, url, e)) {
        return false;
    }
    if (!cut(&rest, '/', false, &hosts)) {
        return bad(e, "the name of the primary is missing");
    }
    if (!cut(&rest, '/', false, &primary)) {
        primary = rest;
    } else if (rest.len > 0 && !parse_db(rest, url, e)) {
        return false;
    }
    if (primary.len == 0) {
        return bad(e, "the name of the primary is missing");
    }
    url->primary = wk_strdup(a, primary);
    while (cut(&hosts, ',', false, &host)) {
        if (!parse_host(a, host, SENTINEL_PORT, url, e)) {
            return false;
        }
    }
    return parse_host(a, hosts, SENTINEL_PORT, url, e);
}

bool wk_redis_url_parse(wk_arena_t *a, const char *text, wk_redis_url_t *url, wk_error_t *e)
{
    static const struct {
        va_str_t prefix;
        int kind;
        bool (*parse)(wk_arena_t *, va_str_t, wk_redis_url_t *, wk_error_t *);
    } schemes[] = {
        {{"redis://", 8}, WK_REDIS_TCP, parse_tcp},
        {{"unix:", 5}, WK_REDIS_UNIX, parse_unix},
        {{"redis+sentinel://", 17}, WK_REDIS_SENTINEL, parse_sentinel},
    };
    va_str_t s = va_str_c(text);
    memset(url, 0, sizeof(*url));
    for (size_t i = 0; i < sizeof(schemes) / sizeof(*schemes); i++) {
        va_str_t prefix = schemes[i].prefix;
        if (s.len > prefix.len && memcmp(s.data, prefix.data, prefix.len) == 0) {
            url->kind = schemes[i].kind;
            return schemes[i].parse(a, va_str(s.data + prefix.len, s.len - prefix.len), url, e);
        }
    }
    return bad(e, "must begin with redis://, unix: or redis+sentinel://");
}
