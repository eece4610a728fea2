#include "worker/voice/http_async.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/queue.h>

#include <curl/curl.h>

#include "worker/log.h"
#include "worker/version.h"
#include "worker/voice/bytes.h"

#define CONNECT_MS 3000

struct wk_exchange {
    LIST_ENTRY(wk_exchange) link;
    wk_ahttp_t *h;
    CURL *curl;
    struct curl_slist *headers;
    wk_ahttp_events_t events;
    void *ctx;
    wk_bytes_t in; /* came, and was not told yet */
    size_t left;   /* bytes that may still come */
};

struct wk_ahttp {
    uv_loop_t *loop;
    uv_timer_t timer;
    CURLM *multi;
    const char *ca_file;
    LIST_HEAD(exchanges, wk_exchange) exchanges;
    int held; /* by the timer and the watched sockets */
    bool closing;
};

/* A socket that curl wants to be watched. */
typedef struct {
    uv_poll_t poll;
    wk_ahttp_t *h;
    curl_socket_t socket;
} watch_t;

/* ---------------------------------------------------------------- life */

static void let_go(wk_ahttp_t *h)
{
    if (--h->held == 0) {
        free(h);
    }
}

static void free_exchange(wk_exchange_t *x)
{
    LIST_REMOVE(x, link);
    curl_multi_remove_handle(x->h->multi, x->curl);
    curl_easy_cleanup(x->curl);
    curl_slist_free_all(x->headers);
    wk_bytes_free(&x->in);
    free(x);
}

void wk_ahttp_cancel(wk_exchange_t *x)
{
    free_exchange(x);
}

/* ---------------------------------------------------------------- telling */

/*
 * curl may not be called from its own callbacks. So what comes is put aside there, and told
 * when curl has returned; whoever is told may begin and cancel what he likes.
 */
static wk_exchange_t *one_that_has_news(wk_ahttp_t *h)
{
    wk_exchange_t *x;
    LIST_FOREACH(x, &h->exchanges, link)
    {
        if (x->in.len > 0) {
            return x;
        }
    }
    return NULL;
}

static void tell_pieces(wk_ahttp_t *h)
{
    wk_exchange_t *x;
    while ((x = one_that_has_news(h)) != NULL) {
        wk_bytes_t in = x->in;
        x->in = (wk_bytes_t){.data = NULL};
        x->events.piece(x->ctx, wk_bytes_str(&in)); /* x may be gone behind it */
        wk_bytes_free(&in);
    }
}

static void finish(wk_exchange_t *x, CURLcode rc)
{
    long status = 0;
    char why[160] = "";
    wk_ahttp_events_t events = x->events;
    void *ctx = x->ctx;
    (void)curl_easy_getinfo(x->curl, CURLINFO_RESPONSE_CODE, &status);
    bool ok = rc == CURLE_OK && status >= 200 && status < 300;
    if (!ok) {
        snprintf(why, sizeof(why), "status %ld, %s", status, curl_easy_strerror(rc));
    }
    free_exchange(x);
    events.end(ctx, (int)status, ok ? NULL : why);
}

static void tell_ends(wk_ahttp_t *h)
{
    CURLMsg *message;
    int left;
    while (!h->closing && (message = curl_multi_info_read(h->multi, &left)) != NULL) {
        wk_exchange_t *x = NULL;
        if (message->msg == CURLMSG_DONE &&
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&x) ==
                CURLE_OK) {
            finish(x, message->data.result);
        }
    }
}

static void act(wk_ahttp_t *h, curl_socket_t socket, int what)
{
    int running;
    (void)curl_multi_socket_action(h->multi, socket, what, &running);
    tell_pieces(h);
    tell_ends(h);
}

/* ---------------------------------------------------------------- the loop */

static void on_poll(uv_poll_t *poll, int status, int events)
{
    watch_t *watch = poll->data;
    int what = (events & UV_READABLE ? CURL_CSELECT_IN : 0) |
               (events & UV_WRITABLE ? CURL_CSELECT_OUT : 0);
    act(watch->h, watch->socket, status < 0 ? CURL_CSELECT_ERR : what);
}

static void on_watch_closed(uv_handle_t *handle)
{
    watch_t *watch = handle->data;
    let_go(watch->h);
    free(watch);
}

static watch_t *watch_socket(wk_ahttp_t *h, curl_socket_t socket)
{
    watch_t *watch = calloc(1, sizeof(*watch));
    if (watch == NULL) {
        abort();
    }
    watch->h = h;
    watch->socket = socket;
    if (uv_poll_init_socket(h->loop, &watch->poll, socket) != 0) {
        free(watch);
        return NULL;
    }
    watch->poll.data = watch;
    h->held++;
    curl_multi_assign(h->multi, socket, watch);
    return watch;
}

static int on_socket(CURL *curl, curl_socket_t socket, int what, void *ctx, void *assigned)
{
    wk_ahttp_t *h = ctx;
    watch_t *watch = assigned;
    (void)curl;
    if (what == CURL_POLL_REMOVE) {
        if (watch != NULL) {
            curl_multi_assign(h->multi, socket, NULL);
            uv_close((uv_handle_t *)&watch->poll, on_watch_closed);
        }
        return 0;
    }
    watch = watch != NULL ? watch : watch_socket(h, socket);
    int events =
        (what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0);
    return watch != NULL && uv_poll_start(&watch->poll, events, on_poll) == 0 ? 0 : -1;
}

static void on_timer(uv_timer_t *timer)
{
    act(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

static int on_timeout(CURLM *multi, long ms, void *ctx)
{
    wk_ahttp_t *h = ctx;
    (void)multi;
    if (ms < 0 || h->closing) {
        uv_timer_stop(&h->timer);
    } else {
        uv_timer_start(&h->timer, on_timer, (uint64_t)ms, 0);
    }
    return 0;
}

wk_ahttp_t *wk_ahttp_new(uv_loop_t *loop, const char *ca_file)
{
    wk_ahttp_t *h = calloc(1, sizeof(*h));
    if (h == NULL || (h->multi = curl_multi_init()) == NULL) {
        abort();
    }
    h->loop = loop;
    h->ca_file = ca_file;
    h->held = 1;
    LIST_INIT(&h->exchanges);
    uv_timer_init(loop, &h->timer);
    h->timer.data = h;
    curl_multi_setopt(h->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(h->multi, CURLMOPT_SOCKETDATA, h);
    curl_multi_setopt(h->multi, CURLMOPT_TIMERFUNCTION, on_timeout);
    curl_multi_setopt(h->multi, CURLMOPT_TIMERDATA, h);
    return h;
}

static void on_timer_closed(uv_handle_t *handle)
{
    let_go(handle->data);
}

void wk_ahttp_close(wk_ahttp_t *h)
{
    h->closing = true;
    while (!LIST_EMPTY(&h->exchanges)) {
        free_exchange(LIST_FIRST(&h->exchanges));
    }
    curl_multi_cleanup(h->multi); /* closes what it kept, and has it watched no more */
    uv_close((uv_handle_t *)&h->timer, on_timer_closed);
}

/* ---------------------------------------------------------------- asking */

static size_t on_body(char *data, size_t size, size_t n, void *ctx)
{
    wk_exchange_t *x = ctx;
    long status = 0;
    size_t len = size * n;
    if (len > x->left || curl_easy_getinfo(x->curl, CURLINFO_RESPONSE_CODE, &status)) {
        return 0;
    }
    x->left -= len;
    if (status >= 200 && status < 300) {
        wk_bytes_add(&x->in, data, len);
    }
    return len;
}

static bool add_headers(wk_exchange_t *x, const char *const *headers)
{
    static const char *const no_wait[] = {"Expect:", NULL};
    const char *const *lists[] = {headers, no_wait};
    for (size_t i = 0; i < 2; i++) {
        for (const char *const *h = lists[i]; *h != NULL; h++) {
            struct curl_slist *longer = curl_slist_append(x->headers, *h);
            if (strpbrk(*h, "\r\n") != NULL || longer == NULL) {
                return false;
            }
            x->headers = longer;
        }
    }
    return true;
}

#define SET(option, value)                                                                     \
    if (curl_easy_setopt(c, option, value) != CURLE_OK) {                                      \
        return false;                                                                          \
    }

static bool set_up(wk_exchange_t *x, const wk_ahttp_request_t *request)
{
    CURL *c = x->curl;
    SET(CURLOPT_URL, request->url);
    SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.len);
    SET(CURLOPT_COPYPOSTFIELDS, request->body.data);
    SET(CURLOPT_HTTPHEADER, x->headers);
    SET(CURLOPT_USERAGENT, "voiceagent/" WK_VERSION);
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_NOSIGNAL, 1L);
    /* Without it curl waits for the thread that looks a name up, which may take 30 s. */
    SET(CURLOPT_QUICK_EXIT, 1L);
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    SET(CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
    SET(CURLOPT_LOW_SPEED_LIMIT, 1L);
    SET(CURLOPT_LOW_SPEED_TIME, (long)request->quiet_s);
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, x);
    SET(CURLOPT_PRIVATE, x);
    if (x->h->ca_file != NULL) {
        SET(CURLOPT_CAINFO, x->h->ca_file);
    }
    return true;
}

wk_exchange_t *wk_ahttp_post(wk_ahttp_t *h, const wk_ahttp_request_t *request,
                             const wk_ahttp_events_t *events, void *ctx)
{
    wk_exchange_t *x = calloc(1, sizeof(*x));
    if (x == NULL || (x->curl = curl_easy_init()) == NULL) {
        abort();
    }
    x->h = h;
    x->events = *events;
    x->ctx = ctx;
    x->left = request->max_bytes;
    LIST_INSERT_HEAD(&h->exchanges, x, link);
    if (h->closing || !add_headers(x, request->headers) || !set_up(x, request) ||
        curl_multi_add_handle(h->multi, x->curl) != CURLM_OK) {
        wk_log(WK_ERROR, "a request cannot be made", WK_C("url", request->url));
        free_exchange(x);
        return NULL;
    }
    return x;
}
