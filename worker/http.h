/*
 * The one HTTP client, over libcurl: time limits, a byte limit, https and http
 * only, no redirects, one handle a thread. Providers' files build requests and
 * read answers; nothing else calls it.
 */
#ifndef WK_HTTP_H
#define WK_HTTP_H

#include "worker/arena.h"
#include "worker/error.h"

typedef struct wk_http wk_http_t;

/* wk_http_global() once in main, before threads. */
bool wk_http_global(void);
wk_http_t *wk_http_new(void);
void wk_http_free(wk_http_t *h);

/* A piece of a body as it comes; false ends the exchange. */
typedef bool (*wk_http_piece_fn)(void *ctx, va_str_t piece);

typedef struct {
    const char *method;
    const char *url;            /* terminated, already encoded */
    const char *const *headers; /* "Name: value", NULL at the end; may be NULL */
    va_str_t body;
    const char *basic_user, *basic_password; /* both or none */
    int timeout_ms;                          /* in all; connecting has 3 s of it */
    size_t max_bytes;          /* 0: 1 MiB; of an answer that is no 2xx the body is cut there */
    wk_http_piece_fn on_piece; /* of a 2xx answer, which has an empty body then; may be NULL */
    void *on_piece_ctx;
    bool public_only; /* the URL is somebody else's: no address but a public one (or one of
                         public_beside, see public_address.h) is connected to, by no proxy */
    const char *public_beside;
} wk_http_request_t;

typedef struct {
    int status;
    va_str_t body;
    va_str_t content_type;
    int64_t retry_after_ms;                 /* from Retry-After, 0: none */
    va_str_t location, etag, last_modified; /* headers; absent: none */
} wk_http_response_t;

/*
 * True for any complete answer, whatever its status. False: WK_UNAVAILABLE when
 * the request surely did not reach the server (name, connect, TLS); WK_UNKNOWN
 * when it may have been carried out (sent, and no complete answer came, or one that
 * is too large); WK_FORBIDDEN for an address that is not public; WK_INVALID for a
 * URL or header that is none. A POST or PATCH is never sent twice.
 */
bool wk_http(wk_http_t *h, wk_arena_t *a, const wk_http_request_t *req, wk_http_response_t *res,
             wk_error_t *e);

#endif
