#define _GNU_SOURCE /* memmem */
#include "ws.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/evp.h>

#define TEXT_FRAME 0x81 /* whole */
#define CLOSE      0x8
#define PING       0x9
#define KEY_LEN    24

static const unsigned char mask[4] = {0x5a, 0xc3, 0x17, 0x88};

void ws_begin(ws_t *ws, int fd, bool client)
{
    int on = 1;
    ws->fd = fd;
    ws->client = client;
    ws->open = false;
    ws->len = 0;
    fcntl(fd, F_SETFL, O_NONBLOCK);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

/* ---------------------------------------------------------------- handshake */

static bool put(const ws_t *ws, const char *data, size_t len)
{
    return write(ws->fd, data, len) == (ssize_t)len;
}

bool ws_request(ws_t *ws, const char *path)
{
    char text[2048];
    int len = snprintf(text, sizeof(text),
                       "GET %s HTTP/1.1\r\nHost: voice.example.test\r\nUpgrade: websocket\r\n"
                       "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                       "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
                       path);
    return len < (int)sizeof(text) && put(ws, text, (size_t)len);
}

static bool answer(const ws_t *ws, const char *head, size_t len)
{
    static const char name[] = "Sec-WebSocket-Key: ";
    static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    const char *key = memmem(head, len, name, sizeof(name) - 1);
    unsigned char digest[EVP_MAX_MD_SIZE], accept[64];
    char text[KEY_LEN + sizeof(guid)], out[256];
    if (key == NULL || key + sizeof(name) - 1 + KEY_LEN > head + len) {
        return false;
    }
    memcpy(text, key + sizeof(name) - 1, KEY_LEN);
    memcpy(text + KEY_LEN, guid, sizeof(guid));
    EVP_Digest(text, KEY_LEN + sizeof(guid) - 1, digest, NULL, EVP_sha1(), NULL);
    EVP_EncodeBlock(accept, digest, 20);
    int n = snprintf(out, sizeof(out),
                     "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                     "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
                     accept);
    return put(ws, out, (size_t)n);
}

static void drop(ws_t *ws, size_t len)
{
    ws->len -= len;
    memmove(ws->in, ws->in + len, ws->len);
}

/* False: refused. Until the whole head is there nothing changes. */
static bool shake_hands(ws_t *ws)
{
    char *end = memmem(ws->in, ws->len, "\r\n\r\n", 4);
    if (end == NULL) {
        return ws->len < sizeof(ws->in);
    }
    size_t len = (size_t)(end + 4 - ws->in);
    if (ws->client ? memcmp(ws->in, "HTTP/1.1 101", 12) != 0 : !answer(ws, ws->in, len)) {
        return false;
    }
    ws->open = true;
    drop(ws, len);
    return true;
}

/* ---------------------------------------------------------------- frames */

typedef struct {
    unsigned opcode;
    bool masked;
    size_t head, len;
} frame_t;

/* False: more is to come. */
static bool read_head(const unsigned char *in, size_t have, frame_t *f)
{
    if (have < 2) {
        return false;
    }
    size_t extra = (in[1] & 0x7f) == 126 ? 2 : (in[1] & 0x7f) == 127 ? 8 : 0;
    f->opcode = in[0] & 0xf;
    f->masked = (in[1] & 0x80) != 0;
    f->head = 2 + extra + (f->masked ? 4 : 0);
    f->len = extra > 0 ? 0 : in[1] & 0x7f;
    if (have < f->head) {
        return false;
    }
    for (size_t i = 0; i < extra; i++) {
        f->len = f->len << 8 | in[2 + i];
    }
    return have >= f->head + f->len;
}

static void unmask(unsigned char *text, size_t len, const unsigned char key[4])
{
    for (size_t i = 0; i < len; i++) {
        text[i] ^= key[i % 4];
    }
}

static bool read_frames(ws_t *ws, ws_text_fn fn, void *ctx)
{
    frame_t f;
    size_t used = 0;
    unsigned char *in = (unsigned char *)ws->in;
    while (read_head(in + used, ws->len - used, &f)) {
        unsigned char *text = in + used + f.head;
        if (f.opcode == CLOSE) {
            return false;
        }
        if (f.masked) {
            unmask(text, f.len, text - 4);
        }
        if (f.opcode != PING) {
            fn(ctx, (char *)text, f.len);
        }
        used += f.head + f.len;
    }
    drop(ws, used);
    return ws->len < sizeof(ws->in);
}

bool ws_read(ws_t *ws, ws_text_fn fn, void *ctx)
{
    ssize_t n = read(ws->fd, ws->in + ws->len, sizeof(ws->in) - ws->len);
    if (n <= 0) {
        return n < 0 && errno == EAGAIN;
    }
    ws->len += (size_t)n;
    if (!ws->open && !shake_hands(ws)) {
        return false;
    }
    return !ws->open || read_frames(ws, fn, ctx);
}

bool ws_send(ws_t *ws, const char *text, size_t len)
{
    unsigned char out[WS_OUT_MAX + 8];
    size_t at = 0;
    if (len > WS_OUT_MAX) {
        return false;
    }
    out[at++] = TEXT_FRAME;
    out[at++] = (unsigned char)((ws->client ? 0x80 : 0) | (len < 126 ? len : 126));
    if (len >= 126) {
        out[at++] = (unsigned char)(len >> 8);
        out[at++] = (unsigned char)len;
    }
    if (ws->client) {
        memcpy(out + at, mask, sizeof(mask));
        at += sizeof(mask);
    }
    memcpy(out + at, text, len);
    if (ws->client) {
        unmask(out + at, len, mask);
    }
    return put(ws, (char *)out, at + len);
}

const char *ws_member(const char *text, size_t len, const char *name, size_t *value_len)
{
    char before[64];
    int n = snprintf(before, sizeof(before), "\"%s\":\"", name);
    const char *at = memmem(text, len, before, (size_t)n);
    if (at == NULL) {
        return NULL;
    }
    at += n;
    const char *end = memchr(at, '"', (size_t)(text + len - at));
    *value_len = end != NULL ? (size_t)(end - at) : 0;
    return end != NULL ? at : NULL;
}
