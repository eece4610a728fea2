#include "worker/voice/wire.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>

#include "worker/voice/tls.h"

#define DIAL_MS   5000 /* name, connection and handshake together */
#define TRY_MS    1200 /* for one of several addresses: a question that was lost comes again */
#define ADDRESSES 6    /* of a name, that are tried */
#define UNACKED_MS                                                                             \
    4000 /* sound flows always: a peer that has taken none of it for so long is gone */
#define FLUSH_MS  2000
#define KEEP_S    30
#define READ_SIZE 65536

struct wk_wire {
    union {
        uv_handle_t handle;
        uv_stream_t stream;
        uv_tcp_t tcp;
        uv_pipe_t pipe;
    } socket;
    uv_timer_t timer, beat;
    void (*on_beat)(void *ctx);
    uv_getaddrinfo_t lookup;
    struct {
        union {
            struct sockaddr any;
            struct sockaddr_in v4;
            struct sockaddr_in6 v6;
        } to[ADDRESSES];
        size_t n, next;
        bool under_way;    /* one of them */
        uint64_t until_ms; /* of the loop's time, for all */
    } dial;
    uv_connect_t connect;
    uv_shutdown_t shutdown;
    int held; /* by how many handles and requests of the loop */
    wk_wire_events_t events;
    void *ctx;
    wk_tls_t *tls; /* NULL: none */
    size_t pending;
    bool open, closed; /* closed: by the owner, or broken */
    bool said_all, heard_all;
};

typedef struct {
    uv_write_t request;
    wk_wire_t *wire;
    size_t len;
    char data[];
} write_t;

/* A loop reads one connection at a time, and there is one loop a process. */
static char read_buffer[READ_SIZE], plain_buffer[READ_SIZE];

/* ---------------------------------------------------------------- life */

static wk_wire_t *new_wire(const wk_wire_events_t *events, void *ctx)
{
    wk_wire_t *w = calloc(1, sizeof(*w));
    if (w == NULL) {
        abort();
    }
    w->events = *events;
    w->ctx = ctx;
    return w;
}

static void let_go(wk_wire_t *w)
{
    if (--w->held == 0) {
        wk_tls_free(w->tls);
        w->events.gone(w->ctx);
        free(w);
    }
}

static void on_handle_closed(uv_handle_t *handle)
{
    let_go(handle->data);
}

static void close_handles(wk_wire_t *w)
{
    if (!uv_is_closing(&w->socket.handle)) {
        uv_close(&w->socket.handle, on_handle_closed);
    }
    if (!uv_is_closing((uv_handle_t *)&w->timer)) {
        uv_close((uv_handle_t *)&w->timer, on_handle_closed);
        uv_close((uv_handle_t *)&w->beat, on_handle_closed);
    }
    uv_cancel((uv_req_t *)&w->lookup); /* harmless when there is none, or it is too late */
}

static void break_off(wk_wire_t *w, const char *why)
{
    if (w->closed) {
        return;
    }
    w->closed = true;
    w->events.broken(w->ctx, why);
    close_handles(w);
}

static void try_next(wk_wire_t *w, const char *why);

static void on_timer(uv_timer_t *timer)
{
    wk_wire_t *w = timer->data;
    if (w->closed) {
        close_handles(w);
    } else if (w->dial.under_way) {
        try_next(w, "timed out");
    } else {
        break_off(w, "timed out");
    }
}

static void hold_handles(wk_wire_t *w, uv_loop_t *loop)
{
    uv_timer_init(loop, &w->timer);
    uv_timer_init(loop, &w->beat);
    w->socket.handle.data = w->timer.data = w->beat.data = w;
    w->held = 3;
}

void wk_wire_deadline(wk_wire_t *w, uint64_t ms)
{
    if (w->closed) {
        return;
    }
    if (ms > 0) {
        uv_timer_start(&w->timer, on_timer, ms, 0);
    } else {
        uv_timer_stop(&w->timer);
    }
}

static void on_beat(uv_timer_t *timer)
{
    wk_wire_t *w = timer->data;
    if (!w->closed) {
        w->on_beat(w->ctx);
    }
}

void wk_wire_beat(wk_wire_t *w, uint64_t ms, void (*beat)(void *ctx))
{
    if (!w->closed) {
        w->on_beat = beat;
        uv_timer_start(&w->beat, on_beat, ms, ms);
    }
}

/* ---------------------------------------------------------------- writing */

static void on_written(uv_write_t *request, int status)
{
    write_t *write = request->data;
    wk_wire_t *w = write->wire;
    w->pending -= write->len;
    free(write);
    if (status < 0 && status != UV_ECANCELED) {
        break_off(w, uv_strerror(status));
    }
    let_go(w);
}

/* The loop takes what the socket did not take at once. */
static void send_later(wk_wire_t *w, const char *data, size_t len)
{
    write_t *write = malloc(sizeof(*write) + len);
    if (write == NULL) {
        abort();
    }
    write->wire = w;
    write->len = len;
    write->request.data = write;
    memcpy(write->data, data, len);
    uv_buf_t buffer = uv_buf_init(write->data, (unsigned)len);
    if (uv_write(&write->request, &w->socket.stream, &buffer, 1, on_written) != 0) {
        free(write); /* the reading side tells what is wrong */
        return;
    }
    w->held++;
    w->pending += len;
}

static void send_bytes(wk_wire_t *w, const char *data, size_t len)
{
    if (w->pending == 0) {
        uv_buf_t buffer = uv_buf_init((char *)data, (unsigned)len);
        int taken = uv_try_write(&w->socket.stream, &buffer, 1);
        size_t n = taken > 0 ? (size_t)taken : 0;
        data += n;
        len -= n;
    }
    if (len > 0) {
        send_later(w, data, len);
    }
}

static void send_ciphertext(wk_wire_t *w)
{
    char piece[16384];
    size_t n;
    while ((n = wk_tls_drain(w->tls, piece, sizeof(piece))) > 0) {
        send_bytes(w, piece, n);
    }
}

void wk_wire_write(wk_wire_t *w, const char *data, size_t len)
{
    if (w->closed || !w->open) {
        return;
    }
    if (w->tls == NULL) {
        send_bytes(w, data, len);
    } else if (wk_tls_write(w->tls, data, len)) {
        send_ciphertext(w);
    }
}

size_t wk_wire_pending(const wk_wire_t *w)
{
    return w->pending;
}

/* ---------------------------------------------------------------- reading */

static void tls_failed(wk_wire_t *w)
{
    char why[200];
    wk_tls_reason(w->tls, why, sizeof(why));
    break_off(w, why);
}

static void opened(wk_wire_t *w)
{
    w->open = true;
    wk_wire_deadline(w, 0);
    w->events.open(w->ctx);
}

/* True when the handshake has been done, now or before. */
static bool shake_hands(wk_wire_t *w)
{
    if (w->open) {
        return true;
    }
    wk_tls_result_t result = wk_tls_handshake(w->tls);
    send_ciphertext(w); /* an alert too */
    if (result == WK_TLS_OK) {
        opened(w);
    } else if (result != WK_TLS_MORE) {
        tls_failed(w);
    }
    return result == WK_TLS_OK;
}

static void read_ciphertext(wk_wire_t *w, const char *data, size_t len)
{
    wk_tls_feed(w->tls, data, len);
    if (!shake_hands(w)) {
        return;
    }
    while (!w->closed) {
        size_t n;
        wk_tls_result_t result = wk_tls_read(w->tls, plain_buffer, sizeof(plain_buffer), &n);
        if (result == WK_TLS_OK) {
            w->events.data(w->ctx, plain_buffer, n);
        } else if (result == WK_TLS_MORE) {
            send_ciphertext(w); /* an answer to a change of keys */
            return;
        } else if (result == WK_TLS_ENDED) {
            break_off(w, "closed by the peer");
        } else {
            tls_failed(w);
        }
    }
}

static void give_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    (void)handle;
    (void)suggested;
    *buffer = uv_buf_init(read_buffer, sizeof(read_buffer));
}

/* What still comes when all has been said is of no use. */
static void drain(wk_wire_t *w, ssize_t n)
{
    if (n < 0) {
        w->heard_all = true;
        if (w->said_all) {
            close_handles(w);
        }
    }
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buffer)
{
    wk_wire_t *w = stream->data;
    if (w->closed) {
        drain(w, n);
    } else if (n == 0) {
        return;
    } else if (n < 0) {
        break_off(w, n == UV_EOF ? "closed by the peer" : uv_strerror((int)n));
    } else if (w->tls != NULL) {
        read_ciphertext(w, buffer->base, (size_t)n);
    } else {
        w->events.data(w->ctx, buffer->base, (size_t)n);
    }
}

/* ---------------------------------------------------------------- beginning */

wk_wire_t *wk_wire_accept(uv_stream_t *listener, const wk_wire_events_t *events, void *ctx)
{
    wk_wire_t *w = new_wire(events, ctx);
    int rc = listener->type == UV_NAMED_PIPE ? uv_pipe_init(listener->loop, &w->socket.pipe, 0)
                                             : uv_tcp_init(listener->loop, &w->socket.tcp);
    if (rc != 0) {
        free(w);
        return NULL;
    }
    hold_handles(w, listener->loop);
    w->open = true;
    if (uv_accept(listener, &w->socket.stream) != 0 ||
        uv_read_start(&w->socket.stream, give_buffer, on_read) != 0) {
        w->events.gone = NULL;
        wk_wire_close(w, false);
        return NULL;
    }
    if (listener->type == UV_TCP) {
        uv_tcp_nodelay(&w->socket.tcp, 1);
    }
    return w;
}

static uint64_t left_ms(const wk_wire_t *w)
{
    uint64_t now = uv_now(w->timer.loop);
    return w->dial.until_ms > now ? w->dial.until_ms - now : 1;
}

static void watch_peer(wk_wire_t *w)
{
    const unsigned unacked_ms = UNACKED_MS;
    uv_os_fd_t fd;
    uv_tcp_nodelay(&w->socket.tcp, 1);
    uv_tcp_keepalive(&w->socket.tcp, 1, KEEP_S);
    if (uv_fileno(&w->socket.handle, &fd) == 0) {
        (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unacked_ms, sizeof(unacked_ms));
    }
}

static void on_connected(uv_connect_t *request, int status)
{
    wk_wire_t *w = request->data;
    if (w->closed || uv_is_closing(&w->socket.handle)) {
        return; /* another address is tried by now, or none */
    }
    if (status == 0) {
        status = uv_read_start(&w->socket.stream, give_buffer, on_read);
    }
    if (status != 0) {
        try_next(w, uv_strerror(status));
        return;
    }
    w->dial.under_way = false;
    watch_peer(w);
    wk_wire_deadline(w, left_ms(w));
    if (w->tls == NULL) {
        opened(w);
    } else {
        shake_hands(w);
    }
}

/* The socket is a new one. */
static void connect_next(wk_wire_t *w)
{
    const struct sockaddr *to = &w->dial.to[w->dial.next++].any;
    bool last = w->dial.next >= w->dial.n;
    w->dial.under_way = true;
    wk_wire_deadline(w, last || left_ms(w) < TRY_MS ? left_ms(w) : TRY_MS);
    w->connect.data = w;
    int status = uv_tcp_connect(&w->connect, &w->socket.tcp, to, on_connected);
    if (status != 0) {
        try_next(w, uv_strerror(status));
    }
}

static void on_tried(uv_handle_t *handle)
{
    wk_wire_t *w = handle->data;
    if (w->closed) {
        let_go(w);
        return;
    }
    uv_tcp_init(w->timer.loop, &w->socket.tcp); /* no socket yet: cannot fail */
    w->socket.handle.data = w;
    connect_next(w);
}

/* This address leads nowhere. */
static void try_next(wk_wire_t *w, const char *why)
{
    w->dial.under_way = false;
    if (w->dial.next >= w->dial.n || uv_now(w->timer.loop) >= w->dial.until_ms) {
        break_off(w, why);
    } else {
        uv_close(&w->socket.handle, on_tried);
    }
}

static const struct addrinfo *of_family(const struct addrinfo *a, int family, bool same)
{
    while (a != NULL && (a->ai_family == family) != same) {
        a = a->ai_next;
    }
    return a;
}

/* The families take turns: where one of them leads nowhere, the other is not far behind. */
static void keep_addresses(wk_wire_t *w, const struct addrinfo *found)
{
    int family = found->ai_family;
    const struct addrinfo *next[] = {found, of_family(found, family, false)};
    for (size_t turn = 0; (next[0] != NULL || next[1] != NULL) && w->dial.n < ADDRESSES;
         turn++) {
        size_t i = next[turn % 2] != NULL ? turn % 2 : 1 - turn % 2;
        if (next[i]->ai_addrlen <= sizeof(w->dial.to[0])) {
            memcpy(&w->dial.to[w->dial.n++], next[i]->ai_addr, next[i]->ai_addrlen);
        }
        next[i] = of_family(next[i]->ai_next, family, i == 0);
    }
}

static void on_found(uv_getaddrinfo_t *request, int status, struct addrinfo *found)
{
    wk_wire_t *w = request->data;
    if (!w->closed && status != 0) {
        break_off(w, uv_strerror(status));
    } else if (!w->closed) {
        keep_addresses(w, found);
        connect_next(w);
    }
    uv_freeaddrinfo(found);
    let_go(w);
}

static void on_not_begun(uv_timer_t *timer)
{
    break_off(timer->data, "cannot be begun");
}

wk_wire_t *wk_wire_dial(uv_loop_t *loop, const char *host, const char *port, SSL_CTX *tls,
                        const wk_wire_events_t *events, void *ctx)
{
    static const struct addrinfo hints = {.ai_family = AF_UNSPEC,
                                          .ai_socktype = SOCK_STREAM,
                                          .ai_flags = AI_ADDRCONFIG | AI_NUMERICSERV};
    wk_wire_t *w = new_wire(events, ctx);
    uv_tcp_init(loop, &w->socket.tcp); /* no socket yet: cannot fail */
    hold_handles(w, loop);
    w->tls = tls != NULL ? wk_tls_new(tls, host) : NULL;
    w->lookup.data = w;
    if ((tls != NULL && w->tls == NULL) ||
        uv_getaddrinfo(loop, &w->lookup, on_found, host, port, &hints) != 0) {
        uv_timer_start(&w->timer, on_not_begun, 0, 0); /* not from within this function */
        return w;
    }
    w->held++;
    w->dial.until_ms = uv_now(loop) + DIAL_MS;
    wk_wire_deadline(w, DIAL_MS);
    return w;
}

/* ---------------------------------------------------------------- end */

/*
 * A socket that is closed while the peer still sends resets the connection, and the peer may
 * lose the last that it was sent: its end is waited for (RFC 6455, 7.1.1).
 */
static void on_shutdown(uv_shutdown_t *request, int status)
{
    wk_wire_t *w = request->data;
    w->said_all = true;
    if (w->heard_all || status != 0) {
        close_handles(w);
    }
    let_go(w);
}

static void unwanted(void *ctx)
{
    (void)ctx;
}

void wk_wire_close(wk_wire_t *w, bool flush)
{
    if (w->closed) {
        return;
    }
    w->closed = true;
    if (w->events.gone == NULL) {
        w->events.gone = unwanted;
    }
    w->shutdown.data = w;
    if (flush && w->open && uv_shutdown(&w->shutdown, &w->socket.stream, on_shutdown) == 0) {
        w->held++;
        uv_timer_start(&w->timer, on_timer, FLUSH_MS, 0);
    } else {
        uv_read_stop(&w->socket.stream);
        close_handles(w);
    }
}
