#include "worker/http.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>

#include "core/buf.h"
#include "worker/crash.h"
#include "worker/public_address.h"
#include "worker/version.h"

#define CONNECT_MS   3000
#define MAX_BYTES    (1 << 20)
#define MAX_IDLE_S   30 /* less than servers keep one: a request must not meet its end */
#define MAX_RETRY_MS (INT64_C(24) * 3600 * 1000)

struct wk_http {
    CURL *curl;
};

/* One exchange, as the callbacks see it. */
typedef struct {
    CURL *curl;
    const wk_http_request_t *req;
    wk_arena_t *a;
    va_buf_t body;
    wk_http_piece_fn on_piece;
    void *on_piece_ctx;
    size_t taken;       /* bytes given to on_piece */
    bool once;          /* sent twice, the request would be done twice */
    bool sent;          /* something of the request may have reached the server */
    bool headers_ended; /* curl takes an answer that breaks off before for a whole one */
    bool cut;           /* the body of a refusal was too large: its status says enough */
    bool refused;       /* an address that is not public, */
    bool opened;        /* and another one was tried */
    int64_t retry_after_ms;
    va_str_t location, etag, last_modified;
} exchange_t;

bool wk_http_global(void)
{
    return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
}

wk_http_t *wk_http_new(void)
{
    wk_http_t *h = calloc(1, sizeof(*h));
    if (h == NULL || (h->curl = curl_easy_init()) == NULL) {
        fputs("voiceagent-worker: out of memory\n", stderr);
        abort();
    }
    return h;
}

void wk_http_free(wk_http_t *h)
{
    if (h != NULL) {
        curl_easy_cleanup(h->curl);
        free(h);
    }
}

/* ---------------------------------------------------------------- connections */

/*
 * No program that is started by ours inherits it. What a name leads to is judged here and not
 * before: this is the address that is connected to, whatever the name's server says next.
 */
static curl_socket_t open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *address)
{
    exchange_t *x = ctx;
    (void)purpose;
    if (x->req->public_only && !wk_address_is_public(&address->addr) &&
        !wk_address_is_listed(&address->addr, x->req->public_beside)) {
        x->refused = true;
        return CURL_SOCKET_BAD;
    }
    x->opened = true;
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* ---------------------------------------------------------------- answer */

static bool is_success(CURL *c)
{
    long status = 0;
    return curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK && status >= 200 &&
           status < 300;
}

static size_t on_piece(exchange_t *x, char *data, size_t len)
{
    x->taken += len;
    if (x->taken > x->body.max) {
        x->body.status = VA_ELIMIT;
        return 0;
    }
    return x->on_piece(x->on_piece_ctx, va_str(data, len)) ? len : 0;
}

static size_t on_body(char *data, size_t size, size_t n, void *ctx)
{
    exchange_t *x = ctx;
    if (x->on_piece != NULL && is_success(x->curl)) {
        return on_piece(x, data, size * n);
    }
    if (!is_success(x->curl) && x->body.len + size * n > x->body.max) {
        x->cut = true;
        return 0;
    }
    va_buf_add(&x->body, data, size * n);
    return x->body.status == VA_OK ? size * n : 0;
}

/* Retry-After (RFC 9110 10.2.3): seconds, or a date. */
static int64_t retry_after_ms(const char *value)
{
    char *end;
    long long seconds = strtoll(value, &end, 10);
    if (end == value || *end != '\0') {
        time_t at = curl_getdate(value, NULL);
        if (at == -1) {
            return 0;
        }
        seconds = (long long)(at - time(NULL));
    }
    if (seconds <= 0) {
        return 0;
    }
    return seconds < MAX_RETRY_MS / 1000 ? seconds * 1000 : MAX_RETRY_MS;
}

static bool has_name(va_str_t line, const char *name, va_str_t *value)
{
    size_t len = strlen(name);
    if (line.len < len || strncasecmp(line.data, name, len) != 0) {
        return false;
    }
    *value = va_str(line.data + len, line.len - len);
    while (value->len > 0 && strchr(" \t", value->data[0]) != NULL) {
        *value = va_str(value->data + 1, value->len - 1);
    }
    while (value->len > 0 && strchr(" \t\r\n", value->data[value->len - 1]) != NULL) {
        value->len--;
    }
    return true;
}

static void take_header(exchange_t *x, va_str_t line)
{
    va_str_t value;
    if (has_name(line, "retry-after:", &value)) {
        x->retry_after_ms = value.len < 64 ? retry_after_ms(wk_strdup(x->a, value)) : 0;
    } else if (has_name(line, "location:", &value)) {
        x->location = wk_copy(x->a, value);
    } else if (has_name(line, "etag:", &value)) {
        x->etag = wk_copy(x->a, value);
    } else if (has_name(line, "last-modified:", &value)) {
        x->last_modified = wk_copy(x->a, value);
    }
}

/* Called for each line, the empty one included; of interim answers and trailers as well. */
static size_t on_header(char *data, size_t size, size_t n, void *ctx)
{
    exchange_t *x = ctx;
    size_t len = size * n;
    if (len > 0 && (data[0] == '\r' || data[0] == '\n')) {
        x->headers_ended = true;
    } else if (len >= 5 && memcmp(data, "HTTP/", 5) == 0) {
        x->headers_ended = false;
    }
    take_header(x, va_str(data, len));
    return len;
}

/*
 * Called when the connection stands (TLS included), before the first byte of the
 * request: from here on the server may have acted on it. Called again when a kept
 * connection broke without an answer, since curl then tries a new one by itself.
 */
static int on_request(void *ctx, char *peer, char *local, int peer_port, int local_port)
{
    exchange_t *x = ctx;
    (void)peer;
    (void)local;
    (void)peer_port;
    (void)local_port;
    if (x->sent && x->once) {
        return CURL_PREREQFUNC_ABORT;
    }
    x->sent = true;
    wk_crash_point("http.before");
    return CURL_PREREQFUNC_OK;
}

/* ---------------------------------------------------------------- request */

#define SET(option, value)                                                                     \
    do {                                                                                       \
        CURLcode rc_ = curl_easy_setopt(c, option, value);                                     \
        if (rc_ != CURLE_OK) {                                                                 \
            return wk_error(e, WK_INTERNAL, "HTTP: %s: %s", #option, curl_easy_strerror(rc_)); \
        }                                                                                      \
    } while (0)

static bool set_limits(CURL *c, const wk_http_request_t *req, exchange_t *x, wk_error_t *e)
{
    SET(CURLOPT_NOSIGNAL, 1L); /* threads: no longjmp out of a resolver */
    /* Without it curl waits for its thread that looks the name up, beyond every time limit. */
    SET(CURLOPT_QUICK_EXIT, 1L);
    SET(CURLOPT_CONNECTTIMEOUT_MS,
        (long)(req->timeout_ms < CONNECT_MS ? req->timeout_ms : CONNECT_MS));
    SET(CURLOPT_TIMEOUT_MS, (long)req->timeout_ms);
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_MAXAGE_CONN, (long)MAX_IDLE_S);
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_OPENSOCKETFUNCTION, open_socket);
    SET(CURLOPT_OPENSOCKETDATA, x);
    SET(CURLOPT_PREREQFUNCTION, on_request);
    SET(CURLOPT_PREREQDATA, x);
    return true;
}

/* A connection that is kept was opened for somebody else, and a proxy would connect for us. */
static bool set_public(CURL *c, const wk_http_request_t *req, wk_error_t *e)
{
    if (req->public_only) {
        SET(CURLOPT_PROXY, "");
        SET(CURLOPT_FRESH_CONNECT, 1L);
        SET(CURLOPT_FORBID_REUSE, 1L);
    }
    return true;
}

static bool set_answer(CURL *c, exchange_t *x, wk_error_t *e)
{
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, x);
    SET(CURLOPT_HEADERFUNCTION, on_header);
    SET(CURLOPT_HEADERDATA, x);
    SET(CURLOPT_ACCEPT_ENCODING, ""); /* what this curl can unpack */
    return true;
}

static bool set_request(CURL *c, const wk_http_request_t *req, struct curl_slist *headers,
                        wk_error_t *e)
{
    const char *ca_file =
        getenv("SSL_CERT_FILE"); /* OpenSSL's name for more than the system's */
    SET(CURLOPT_URL, req->url);
    SET(CURLOPT_CUSTOMREQUEST, req->method);
    if (req->body.data != NULL) {
        SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)req->body.len);
        SET(CURLOPT_POSTFIELDS, req->body.data);
    } else if (strcmp(req->method, "HEAD") == 0) {
        SET(CURLOPT_NOBODY, 1L);
    } else if (strcmp(req->method, "POST") == 0 || strcmp(req->method, "PUT") == 0) {
        SET(CURLOPT_POSTFIELDSIZE, 0L);
        SET(CURLOPT_POSTFIELDS, "");
    }
    SET(CURLOPT_HTTPHEADER, headers);
    SET(CURLOPT_USERAGENT, "voiceagent/" WK_VERSION);
    if (req->basic_user != NULL) {
        SET(CURLOPT_USERNAME, req->basic_user);
        SET(CURLOPT_PASSWORD, req->basic_password);
    }
    if (ca_file != NULL && *ca_file != '\0') {
        SET(CURLOPT_CAINFO, ca_file);
    }
    return true;
}

static bool add_header(struct curl_slist **list, const char *header, wk_error_t *e)
{
    if (strpbrk(header, "\r\n") != NULL) {
        return wk_error(e, WK_INVALID, "HTTP: a header with a line end");
    }
    struct curl_slist *longer = curl_slist_append(*list, header);
    if (longer == NULL) {
        return wk_error(e, WK_UNAVAILABLE, "HTTP: out of memory");
    }
    *list = longer;
    return true;
}

/* curl's own are removed: no wait for 100-continue, no invented content type. */
static bool add_headers(struct curl_slist **list, const char *const *headers, wk_error_t *e)
{
    bool typed = false;
    for (const char *const *h = headers; h != NULL && *h != NULL; h++) {
        if (!add_header(list, *h, e)) {
            return false;
        }
        typed = typed || strncasecmp(*h, "content-type:", 13) == 0;
    }
    return add_header(list, "Expect:", e) && (typed || add_header(list, "Content-Type:", e));
}

/* ---------------------------------------------------------------- outcome */

static bool failed(const exchange_t *x, CURLcode rc, const char *text, wk_error_t *e)
{
    if (x->body.status != VA_OK) {
        return wk_error(e, WK_UNKNOWN, "HTTP: the answer is larger than allowed");
    }
    if (x->refused && !x->opened) {
        return wk_error(e, WK_FORBIDDEN, "HTTP: the address is not public");
    }
    if (rc == CURLE_URL_MALFORMAT || rc == CURLE_UNSUPPORTED_PROTOCOL) {
        return wk_error(e, WK_INVALID, "HTTP: %s", text);
    }
    return wk_error(e, x->sent ? WK_UNKNOWN : WK_UNAVAILABLE, "HTTP: %s", text);
}

static bool answered(CURL *c, wk_arena_t *a, const exchange_t *x, wk_http_response_t *res,
                     wk_error_t *e)
{
    long status = 0;
    char *type = NULL;
    if (curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status) != CURLE_OK ||
        curl_easy_getinfo(c, CURLINFO_CONTENT_TYPE, &type) != CURLE_OK || status < 100 ||
        !x->headers_ended) {
        return wk_error(e, WK_UNKNOWN, "HTTP: an answer without a status, or broken off");
    }
    *res = (wk_http_response_t){.status = (int)status,
                                .body = va_buf_str(&x->body),
                                .content_type = wk_copy(a, va_str_c(type)),
                                .retry_after_ms = x->retry_after_ms,
                                .location = x->location,
                                .etag = x->etag,
                                .last_modified = x->last_modified};
    return true;
}

static bool perform(CURL *c, const wk_http_request_t *req, struct curl_slist *headers,
                    exchange_t *x, wk_error_t *e)
{
    char text[CURL_ERROR_SIZE] = "";
    if (!set_limits(c, req, x, e) || !set_public(c, req, e) || !set_answer(c, x, e) ||
        !set_request(c, req, headers, e)) {
        return false;
    }
    SET(CURLOPT_ERRORBUFFER, text);
    CURLcode rc = curl_easy_perform(c);
    wk_crash_point("http.after");
    return rc == CURLE_OK || x->cut ||
           failed(x, rc, text[0] != '\0' ? text : curl_easy_strerror(rc), e);
}

/* RFC 9110 9.2.2 */
static bool idempotent(const char *method)
{
    static const char *const methods[] = {"GET", "HEAD", "PUT", "DELETE", "OPTIONS"};
    for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++) {
        if (strcmp(method, methods[i]) == 0) {
            return true;
        }
    }
    return false;
}

bool wk_http(wk_http_t *h, wk_arena_t *a, const wk_http_request_t *req, wk_http_response_t *res,
             wk_error_t *e)
{
    exchange_t x = {.curl = h->curl,
                    .req = req,
                    .a = a,
                    .on_piece = req->on_piece,
                    .on_piece_ctx = req->on_piece_ctx,
                    .once = !idempotent(req->method)};
    va_buf_init(&x.body, wk_mem(a), 0);
    x.body.max = req->max_bytes != 0 ? req->max_bytes : MAX_BYTES;
    struct curl_slist *headers = NULL;
    bool ok = add_headers(&headers, req->headers, e) && perform(h->curl, req, headers, &x, e) &&
              answered(h->curl, a, &x, res, e);
    curl_easy_reset(h->curl); /* it must not point at what goes now; keeps the connections */
    curl_slist_free_all(headers);
    return ok;
}
