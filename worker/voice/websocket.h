/*
 * A WebSocket (RFC 6455) on a wire, as the server of a carrier or as the client of an engine:
 * text messages in, text and binary messages out. Its frames are made and checked by wslay
 * (framing.h): masks, UTF-8, control frames, sizes.
 */
#ifndef WK_VOICE_WEBSOCKET_H
#define WK_VOICE_WEBSOCKET_H

#include "worker/error.h"
#include "worker/voice/http_head.h"
#include "worker/voice/wire.h"

typedef struct wk_ws wk_ws_t;

/* The reasons of closing that we give (RFC 6455, 7.4.1). */
#define WK_WS_NORMAL     1000
#define WK_WS_GOING_AWAY 1001
#define WK_WS_POLICY     1008

typedef struct {
    /*
     * Server: whether the request is let in: 101, or the status it is refused with. The head is
     * gone afterwards.
     */
    int (*request)(void *ctx, const wk_http_head_t *head);
    void (*open)(void *ctx);
    void (*text)(void *ctx, va_str_t text);     /* valid during the call */
    void (*closed)(void *ctx, const char *why); /* not by us; once */
    void (*gone)(void *ctx);                    /* last of all */

    /*
     * Client, while it is open: once a second, by what is done and not by the clock (a process
     * that was kept from the processor finds one late, with what has come meanwhile behind it).
     * May be NULL.
     */
    void (*beat)(void *ctx);
} wk_ws_events_t;

/* max: bytes of a message that is taken. NULL: whoever waited went away. */
wk_ws_t *wk_ws_accept(uv_stream_t *listener, size_t max, const wk_ws_events_t *events,
                      void *ctx);

typedef struct {
    const char *url;           /* ws:// or wss:// */
    const char *authorization; /* the header's value, "Bearer …"; NULL: none */
    SSL_CTX *tls;              /* for wss:// */
    size_t max;
} wk_ws_dial_t;

/*
 * NULL: it is no such URL. Everything else that fails is told by closed(); so is a peer of
 * which nothing comes for four to five seconds, pings being answered by it before.
 */
wk_ws_t *wk_ws_dial(uv_loop_t *loop, const wk_ws_dial_t *to, const wk_ws_events_t *events,
                    void *ctx, wk_error_t *e);

/* Copied. Nothing happens before open() and after the end. */
void wk_ws_send(wk_ws_t *ws, va_str_t text);
void wk_ws_send_binary(wk_ws_t *ws, va_str_t data);

/* Bytes that the peer has not taken yet. */
size_t wk_ws_pending(const wk_ws_t *ws);

/* What the peer closed with, as closed() is told; 0: it did not say. */
uint16_t wk_ws_closed_with(const wk_ws_t *ws);

/* closed("timed out") unless it is set anew within ms; 0: none. */
void wk_ws_deadline(wk_ws_t *ws, uint64_t ms);

/* Says why, and ends when the peer has read that, within two seconds; no more events but
 * gone(). */
void wk_ws_close(wk_ws_t *ws, uint16_t code);

#endif
