/*
 * WebSocket connections of the load programs: whole text frames on non-blocking sockets of this
 * machine. A peer that does not take what is written to it is given up.
 */
#ifndef BENCH_WS_H
#define BENCH_WS_H

#include <stdbool.h>
#include <stddef.h>

#define WS_IN_MAX  (128 << 10)
#define WS_OUT_MAX 4096 /* bytes of a text that is sent */

typedef struct {
    int fd;
    bool client;
    bool open; /* the handshake is done */
    size_t len;
    char in[WS_IN_MAX];
} ws_t;

/* text is valid during the call, and is not terminated. */
typedef void (*ws_text_fn)(void *ctx, const char *text, size_t len);

void ws_begin(ws_t *ws, int fd, bool client);

/* The request of a client; its answer is read by ws_read(). */
bool ws_request(ws_t *ws, const char *path);

/* Takes all that has come; false: the connection is of no more use. */
bool ws_read(ws_t *ws, ws_text_fn fn, void *ctx);

bool ws_send(ws_t *ws, const char *text, size_t len);

/* The text of a JSON string behind `"name":"`, as it stands there; NULL: there is none. */
const char *ws_member(const char *text, size_t len, const char *name, size_t *value_len);

#endif
