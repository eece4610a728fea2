#include "worker/voice/http_head.h"

#include <stdlib.h>

#if __has_include(<http_parser.h>)
#include <http_parser.h>
typedef http_parser parser_t;
typedef http_parser_settings settings_t;
#else
#include <llhttp.h>
typedef llhttp_t parser_t;
typedef llhttp_settings_t settings_t;
#endif

typedef struct {
    size_t begin, len; /* in text */
} span_t;

struct wk_http_head {
    parser_t parser;
    settings_t settings;
    char text[WK_HEAD_MAX]; /* names and values, one behind the other */
    size_t used;
    size_t read; /* bytes of the head seen so far */
    struct {
        span_t name, value;
    } headers[WK_HEAD_HEADERS];
    size_t n;
    bool in_value; /* the last header's value has begun */
    bool done;
};

/* The parser gives a text in as many pieces as it came in. Nonzero ends the parsing. */
static int append(wk_http_head_t *h, span_t *span, const char *data, size_t len)
{
    if (h->used + len > sizeof(h->text)) {
        return -1;
    }
    if (span->len == 0) {
        span->begin = h->used;
    }
    memcpy(h->text + h->used, data, len);
    h->used += len;
    span->len += len;
    return 0;
}

static int on_header_field(parser_t *p, const char *data, size_t len)
{
    wk_http_head_t *h = p->data;
    if (h->n == 0 || h->in_value) {
        if (h->n == WK_HEAD_HEADERS) {
            return -1;
        }
        h->n++;
        h->in_value = false;
    }
    return append(h, &h->headers[h->n - 1].name, data, len);
}

static int on_header_value(parser_t *p, const char *data, size_t len)
{
    wk_http_head_t *h = p->data;
    h->in_value = true;
    return append(h, &h->headers[h->n - 1].value, data, len);
}

static int on_message_complete(parser_t *p)
{
    wk_http_head_t *h = p->data;
    h->done = true;
    return 0;
}

#if __has_include(<http_parser.h>)

static void begin(wk_http_head_t *h, bool response)
{
    http_parser_init(&h->parser, response ? HTTP_RESPONSE : HTTP_REQUEST);
    http_parser_settings_init(&h->settings);
}

/* False: no HTTP. */
static bool run(wk_http_head_t *h, const char *data, size_t len, size_t *used)
{
    *used = http_parser_execute(&h->parser, &h->settings, data, len);
    return HTTP_PARSER_ERRNO(&h->parser) == HPE_OK;
}

#else

static void begin(wk_http_head_t *h, bool response)
{
    llhttp_settings_init(&h->settings);
    llhttp_init(&h->parser, response ? HTTP_RESPONSE : HTTP_REQUEST, &h->settings);
}

static bool run(wk_http_head_t *h, const char *data, size_t len, size_t *used)
{
    llhttp_errno_t rc = llhttp_execute(&h->parser, data, len);
    const char *stop = llhttp_get_error_pos(&h->parser);
    *used = rc == HPE_PAUSED_UPGRADE && stop != NULL ? (size_t)(stop - data) : len;
    return rc == HPE_OK || rc == HPE_PAUSED_UPGRADE;
}

#endif

wk_http_head_t *wk_http_head_new(bool response)
{
    wk_http_head_t *h = calloc(1, sizeof(*h));
    if (h == NULL) {
        abort();
    }
    begin(h, response);
    h->parser.data = h;
    h->settings.on_header_field = on_header_field;
    h->settings.on_header_value = on_header_value;
    h->settings.on_message_complete = on_message_complete;
    return h;
}

void wk_http_head_free(wk_http_head_t *h)
{
    free(h);
}

wk_head_result_t wk_http_head_feed(wk_http_head_t *h, const char *data, size_t len,
                                   size_t *used)
{
    *used = 0;
    if (h->done || !run(h, data, len, used)) {
        return WK_HEAD_BAD;
    }
    h->read += *used;
    if (h->read > WK_HEAD_MAX) {
        return WK_HEAD_BAD;
    }
    if (!h->done) {
        return WK_HEAD_MORE;
    }
    return h->parser.upgrade ? WK_HEAD_DONE : WK_HEAD_BAD;
}

int wk_http_head_status(const wk_http_head_t *h)
{
    return (int)h->parser.status_code;
}

bool wk_http_head_is_get(const wk_http_head_t *h)
{
    return h->parser.method == HTTP_GET;
}

static va_str_t text_of(const wk_http_head_t *h, span_t span)
{
    return va_str(h->text + span.begin, span.len);
}

va_str_t wk_http_head_get(const wk_http_head_t *h, const char *name)
{
    for (size_t i = 0; i < h->n; i++) {
        if (va_str_ieq(text_of(h, h->headers[i].name), va_str_c(name))) {
            return text_of(h, h->headers[i].value);
        }
    }
    return VA_STR_NULL;
}
