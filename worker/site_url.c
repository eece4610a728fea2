#include "worker/site_url.h"

#include <curl/curl.h>

/* A part of it, copied; absent when it has none, or it cannot be had. */
static va_str_t part(wk_arena_t *a, CURLU *u, CURLUPart what, unsigned flags)
{
    char *text = NULL;
    if (curl_url_get(u, what, &text, flags) != CURLUE_OK) {
        return VA_STR_NULL;
    }
    va_str_t copy = wk_copy(a, va_str_c(text));
    curl_free(text);
    return copy;
}

static bool set(wk_arena_t *a, CURLU *u, va_str_t text)
{
    return curl_url_set(u, CURLUPART_URL, wk_strdup(a, text),
                        CURLU_URLENCODE | CURLU_DISALLOW_USER) == CURLUE_OK;
}

static va_str_t lower_case(va_str_t s)
{
    char *text = (char *)s.data; /* a copy of ours */
    for (size_t i = 0; i < s.len; i++) {
        text[i] = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] + 32) : text[i];
    }
    return s;
}

static bool is_ascii(va_str_t s)
{
    for (size_t i = 0; i < s.len; i++) {
        if ((unsigned char)s.data[i] <= ' ' || (unsigned char)s.data[i] >= 0x7f) {
            return false;
        }
    }
    return true;
}

static bool take(wk_arena_t *a, CURLU *u, wk_site_url_t *out)
{
    va_str_t scheme = part(a, u, CURLUPART_SCHEME, 0);
    va_str_t host = lower_case(part(a, u, CURLUPART_HOST, CURLU_PUNYCODE));
    bool web = va_str_ieq(scheme, VA_STR("http")) || va_str_ieq(scheme, VA_STR("https"));
    if (!web || host.len == 0 || !is_ascii(host) ||
        curl_url_set(u, CURLUPART_HOST, host.data, 0) != CURLUE_OK ||
        curl_url_set(u, CURLUPART_FRAGMENT, NULL, 0) != CURLUE_OK) {
        return false;
    }
    va_str_t port = part(a, u, CURLUPART_PORT, CURLU_DEFAULT_PORT);
    va_str_t query = part(a, u, CURLUPART_QUERY, 0);
    va_str_t path = part(a, u, CURLUPART_PATH, 0);
    out->plain_port = va_str_eq(port, VA_STR("80")) || va_str_eq(port, VA_STR("443"));
    out->host = out->plain_port ? host
                                : wk_printf(a, "%.*s:%.*s", (int)host.len, host.data,
                                            (int)port.len, port.data);
    out->path = query.len == 0 ? path
                               : wk_printf(a, "%.*s?%.*s", (int)path.len, path.data,
                                           (int)query.len, query.data);
    out->url = part(a, u, CURLUPART_URL, CURLU_NO_DEFAULT_PORT);
    return out->url.len > 0 && out->url.len <= WK_SITE_URL_MAX && is_ascii(out->url);
}

bool wk_site_url(wk_arena_t *a, va_str_t base, va_str_t text, wk_site_url_t *out)
{
    CURLU *u = curl_url();
    bool ok = u != NULL && text.len <= WK_SITE_URL_MAX && (base.len == 0 || set(a, u, base)) &&
              set(a, u, text) && take(a, u, out);
    curl_url_cleanup(u);
    return ok;
}
