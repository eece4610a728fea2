/*
 * One connection on the loop: TCP or a unix socket, with TLS on top where we are the client of
 * somebody outside. Bytes in, bytes out, a bound in time on whatever is awaited.
 */
#ifndef WK_VOICE_WIRE_H
#define WK_VOICE_WIRE_H

#include <openssl/ssl.h>
#include <uv.h>

#include "core/base.h"

typedef struct wk_wire wk_wire_t;

/* None of them is called from within a function of this file. */
typedef struct {
    void (*open)(void *ctx); /* of a dialled one: bytes may be sent */
    void (*data)(void *ctx, const char *data, size_t len);
    void (*broken)(void *ctx, const char *why); /* the peer, the network, or too late; once */
    void (*gone)(void *ctx); /* last of all: nothing refers to ctx any more */
} wk_wire_events_t;

/* Of a listening socket that has somebody waiting. NULL: it went away, nothing is called. */
wk_wire_t *wk_wire_accept(uv_stream_t *listener, const wk_wire_events_t *events, void *ctx);

/* port: decimal. tls NULL: none. What fails is told by broken(). */
wk_wire_t *wk_wire_dial(uv_loop_t *loop, const char *host, const char *port, SSL_CTX *tls,
                        const wk_wire_events_t *events, void *ctx);

/* Copied. After open(), or of an accepted one. Nothing happens on one that is broken or closed.
 */
void wk_wire_write(wk_wire_t *w, const char *data, size_t len);

/* Bytes that the peer has not taken yet. */
size_t wk_wire_pending(const wk_wire_t *w);

/* broken("timed out") unless the deadline is set anew within ms; 0: none. */
void wk_wire_deadline(wk_wire_t *w, uint64_t ms);

/* From now on beat() every so many ms, until the end. One that comes late comes once. */
void wk_wire_beat(wk_wire_t *w, uint64_t ms, void (*beat)(void *ctx));

/*
 * No more events but gone(). With flush, what was written is delivered first, if the peer takes
 * it within two seconds.
 */
void wk_wire_close(wk_wire_t *w, bool flush);

#endif
