#define _GNU_SOURCE /* asprintf */
#include "worker/voice/websocket.h"

#include <stdio.h>
#include <stdlib.h>

#include <curl/curl.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "core/base64.h"
#include "worker/voice/framing.h"

#define HEAD_MS    5000 /* for the head of a handshake */
#define BEAT_MS    1000
#define SILENT     4    /* beats without a byte, of a peer that answers pings: it is gone */
#define GOODBYE_MS 2000 /* for the peer to say that it has read our close */
#define NONCE_SIZE 16
#define UNREAD_MAX (1 << 20) /* bytes for a peer that only writes: pongs queue as well */
#define ACCEPT_LEN VA_BASE64_LEN(20)

struct wk_ws {
    wk_wire_t *wire;
    wk_http_head_t *head; /* until it is open */
    wk_framing_t framing; /* from then on */
    wk_ws_events_t events;
    void *ctx;
    char *request;           /* of a client, until it is sent */
    char accept[ACCEPT_LEN]; /* what its answer must carry */
    bool server, open, closed;
    bool heard; /* since the last beat */
    int silent; /* beats in a row without a byte */
};

/* ---------------------------------------------------------------- end */

static void release(void *ctx)
{
    wk_ws_t *ws = ctx;
    wk_http_head_free(ws->head);
    wk_framing_free(&ws->framing);
    free(ws->request);
    ws->events.gone(ws->ctx);
    free(ws);
}

static void stop(wk_ws_t *ws)
{
    ws->closed = true;
    wk_framing_stop(&ws->framing);
}

static void fail(wk_ws_t *ws, const char *why)
{
    if (!ws->closed) {
        stop(ws);
        wk_wire_close(ws->wire, true);
        ws->events.closed(ws->ctx, why);
    }
}

static void on_broken(void *ctx, const char *why)
{
    wk_ws_t *ws = ctx;
    if (!ws->closed) {
        stop(ws);
        ws->events.closed(ws->ctx, why);
    }
}

/*
 * Who still sends may lose the last that he was sent when a connection, or a proxy on the way,
 * ends at once: his close says that he has read ours (RFC 6455, 7.1.1).
 */
void wk_ws_close(wk_ws_t *ws, uint16_t code)
{
    if (ws->closed) {
        return;
    }
    ws->closed = true;
    if (!ws->open) {
        wk_wire_close(ws->wire, true);
        return;
    }
    wk_framing_close(&ws->framing, code);
    wk_wire_deadline(ws->wire, GOODBYE_MS);
}

/* ---------------------------------------------------------------- frames */

static void on_message(void *ctx, va_str_t text)
{
    wk_ws_t *ws = ctx;
    ws->events.text(ws->ctx, text);
}

/* The wire takes everything; how much waits in it is the owner's to watch. */
static void write_frames(void *ctx, va_str_t bytes)
{
    wk_ws_t *ws = ctx;
    wk_wire_write(ws->wire, bytes.data, bytes.len);
}

static void read_frames(wk_ws_t *ws, const char *data, size_t len)
{
    char why[48];
    uint16_t code;
    bool ok = wk_framing_read(&ws->framing, va_str(data, len));
    if (ws->closed) {
        if (!ok || wk_framing_ended(&ws->framing, &code)) {
            wk_wire_close(ws->wire, true);
        }
    } else if (!ok) {
        fail(ws, "broken WebSocket");
    } else if (wk_ws_pending(ws) > UNREAD_MAX) {
        fail(ws, "the peer does not read");
    } else if (wk_framing_ended(&ws->framing, &code)) {
        snprintf(why, sizeof(why), "closed with %d", code);
        fail(ws, why);
    }
}

/*
 * TCP tells when a peer's host takes nothing any more, but not when what stands before the peer
 * does in its place. What counts are beats and not the time: a process that was kept from the
 * processor finds one of them late, and blames nobody. Who has never answered a ping may not
 * know them.
 */
static void on_beat(void *ctx)
{
    wk_ws_t *ws = ctx;
    if (ws->closed) {
        return;
    }
    ws->silent = ws->heard ? 0 : ws->silent + 1;
    ws->heard = false;
    if (ws->silent >= SILENT && ws->framing.answers) {
        fail(ws, "the peer has fallen silent");
        return;
    }
    if (ws->silent > 0) {
        wk_framing_ping(&ws->framing);
    }
    if (ws->events.beat != NULL) {
        ws->events.beat(ws->ctx);
    }
}

static void watch(wk_ws_t *ws)
{
    wk_framing_ping(&ws->framing);
    wk_wire_beat(ws->wire, BEAT_MS, on_beat);
}

static void begin_frames(wk_ws_t *ws)
{
    ws->open = true;
    wk_wire_deadline(ws->wire, 0);
    wk_http_head_free(ws->head);
    ws->head = NULL;
    ws->events.open(ws->ctx);
    if (!ws->closed && !ws->server) {
        watch(ws);
    }
}

void wk_ws_send(wk_ws_t *ws, va_str_t text)
{
    if (ws->open && !ws->closed) {
        wk_framing_text(&ws->framing, text);
    }
}

void wk_ws_send_binary(wk_ws_t *ws, va_str_t data)
{
    if (ws->open && !ws->closed) {
        wk_framing_binary(&ws->framing, data);
    }
}

size_t wk_ws_pending(const wk_ws_t *ws)
{
    return wk_wire_pending(ws->wire);
}

uint16_t wk_ws_closed_with(const wk_ws_t *ws)
{
    return wk_framing_closed_with(&ws->framing);
}

void wk_ws_deadline(wk_ws_t *ws, uint64_t ms)
{
    if (!ws->closed) {
        wk_wire_deadline(ws->wire, ms);
    }
}

/* ---------------------------------------------------------------- handshake */

/* RFC 6455, 4.2.2: what proves that the key was read. */
static void accept_of(va_str_t key, char accept[ACCEPT_LEN])
{
    static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    unsigned char digest[EVP_MAX_MD_SIZE];
    char text[VA_BASE64_LEN(NONCE_SIZE) + sizeof(guid)];
    memcpy(text, key.data, key.len);
    memcpy(text + key.len, guid, sizeof(guid) - 1);
    if (EVP_Digest(text, key.len + sizeof(guid) - 1, digest, NULL, EVP_sha1(), NULL) != 1) {
        abort(); /* no memory */
    }
    va_base64_encode(accept, digest, 20);
}

static bool names_websocket(const wk_http_head_t *head)
{
    return va_str_ieq(wk_http_head_get(head, "Upgrade"), VA_STR("websocket"));
}

static bool key_valid(va_str_t key)
{
    uint8_t nonce[VA_BASE64_MAX(VA_BASE64_LEN(NONCE_SIZE))];
    size_t len;
    return key.len == VA_BASE64_LEN(NONCE_SIZE) &&
           va_base64_decode(nonce, &len, key) == VA_OK && len == NONCE_SIZE;
}

static int judge_request(wk_ws_t *ws)
{
    const wk_http_head_t *head = ws->head;
    if (!wk_http_head_is_get(head) || !names_websocket(head) ||
        !key_valid(wk_http_head_get(head, "Sec-WebSocket-Key"))) {
        return 400;
    }
    if (!va_str_eq(wk_http_head_get(head, "Sec-WebSocket-Version"), VA_STR("13"))) {
        return 426;
    }
    return ws->events.request(ws->ctx, head);
}

static bool answer_request(wk_ws_t *ws)
{
    char text[256];
    int len, status = judge_request(ws);
    if (status != 101) {
        len = snprintf(text, sizeof(text),
                       "HTTP/1.1 %d Refused\r\nConnection: close\r\nContent-Length: 0\r\n"
                       "Sec-WebSocket-Version: 13\r\n\r\n",
                       status);
        wk_wire_write(ws->wire, text, (size_t)len);
        fail(ws, "refused");
        return false;
    }
    accept_of(wk_http_head_get(ws->head, "Sec-WebSocket-Key"), ws->accept);
    len = snprintf(text, sizeof(text),
                   "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                   "Connection: Upgrade\r\nSec-WebSocket-Accept: %.*s\r\n\r\n",
                   (int)ACCEPT_LEN, ws->accept);
    wk_wire_write(ws->wire, text, (size_t)len);
    begin_frames(ws);
    return true;
}

static bool judge_response(wk_ws_t *ws)
{
    char why[64];
    int status = wk_http_head_status(ws->head);
    if (status == 101 && names_websocket(ws->head) &&
        va_str_eq(wk_http_head_get(ws->head, "Sec-WebSocket-Accept"),
                  va_str(ws->accept, ACCEPT_LEN))) {
        begin_frames(ws);
        return true;
    }
    snprintf(why, sizeof(why), "handshake answered with %d", status);
    fail(ws, why);
    return false;
}

/* How many bytes belong to the head; what follows are frames. False: it goes no further. */
static bool read_head(wk_ws_t *ws, const char *data, size_t len, size_t *used)
{
    switch (wk_http_head_feed(ws->head, data, len, used)) {
    case WK_HEAD_MORE:
        return false;
    case WK_HEAD_DONE:
        return ws->server ? answer_request(ws) : judge_response(ws);
    case WK_HEAD_BAD:
        break;
    }
    /* An answer such as 401 ends like this too: it agrees to no other protocol. */
    if (ws->server) {
        fail(ws, "no request for a WebSocket");
    } else {
        judge_response(ws);
    }
    return false;
}

static void on_data(void *ctx, const char *data, size_t len)
{
    wk_ws_t *ws = ctx;
    size_t used = 0;
    ws->heard = true;
    if (!ws->open && (ws->closed || !read_head(ws, data, len, &used))) {
        return;
    }
    if (len > used) {
        read_frames(ws, data + used, len - used);
    }
}

static void on_connected(void *ctx)
{
    wk_ws_t *ws = ctx;
    wk_wire_write(ws->wire, ws->request, strlen(ws->request));
    wk_wire_deadline(ws->wire, HEAD_MS);
    free(ws->request);
    ws->request = NULL;
}

/* ---------------------------------------------------------------- beginning */

static const wk_wire_events_t wire_events = {on_connected, on_data, on_broken, release};

static wk_ws_t *new_socket(bool server, size_t max, const wk_ws_events_t *events, void *ctx)
{
    static const wk_framing_events_t framing_events = {on_message, write_frames};
    wk_ws_t *ws = calloc(1, sizeof(*ws));
    if (ws == NULL) {
        abort();
    }
    wk_framing_init(&ws->framing, server, max, &framing_events, ws);
    ws->server = server;
    ws->head = wk_http_head_new(!server);
    ws->events = *events;
    ws->ctx = ctx;
    return ws;
}

wk_ws_t *wk_ws_accept(uv_stream_t *listener, size_t max, const wk_ws_events_t *events,
                      void *ctx)
{
    wk_ws_t *ws = new_socket(true, max, events, ctx);
    ws->wire = wk_wire_accept(listener, &wire_events, ws);
    if (ws->wire == NULL) {
        wk_http_head_free(ws->head);
        free(ws);
        return NULL;
    }
    wk_wire_deadline(ws->wire, HEAD_MS);
    return ws;
}

typedef struct {
    bool tls;
    char *host, *port; /* curl's */
    char *target;
} place_t;

static char *part_of(CURLU *url, CURLUPart what, unsigned flags)
{
    char *part = NULL;
    return curl_url_get(url, what, &part, flags) == CURLUE_OK ? part : NULL;
}

/* Path and query, as they are sent. */
static char *target_of(CURLU *url)
{
    char *target = NULL;
    char *path = part_of(url, CURLUPART_PATH, 0), *query = part_of(url, CURLUPART_QUERY, 0);
    if (path != NULL && asprintf(&target, "%s%s%s", path, query != NULL ? "?" : "",
                                 query != NULL ? query : "") < 0) {
        abort();
    }
    curl_free(path);
    curl_free(query);
    return target;
}

static bool read_url(const char *text, place_t *place)
{
    CURLU *url = curl_url();
    *place = (place_t){0};
    if (url != NULL &&
        curl_url_set(url, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK) {
        char *scheme = part_of(url, CURLUPART_SCHEME, 0);
        bool plain = scheme != NULL && strcmp(scheme, "ws") == 0;
        place->tls = scheme != NULL && strcmp(scheme, "wss") == 0;
        if (plain || place->tls) {
            place->host = part_of(url, CURLUPART_HOST, 0);
            place->port = part_of(url, CURLUPART_PORT, 0);
            place->target = target_of(url);
        }
        curl_free(scheme);
    }
    curl_url_cleanup(url);
    return place->host != NULL && place->target != NULL;
}

static void free_place(place_t *place)
{
    curl_free(place->host);
    curl_free(place->port);
    free(place->target);
}

static void make_request(wk_ws_t *ws, const place_t *place, const char *authorization)
{
    unsigned char nonce[NONCE_SIZE];
    char key[VA_BASE64_LEN(NONCE_SIZE)];
    if (RAND_bytes(nonce, sizeof(nonce)) != 1) {
        abort();
    }
    va_base64_encode(key, nonce, sizeof(nonce));
    accept_of(va_str(key, sizeof(key)), ws->accept);
    if (asprintf(&ws->request,
                 "GET %s HTTP/1.1\r\nHost: %s%s%s\r\nUpgrade: websocket\r\n"
                 "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                 "Sec-WebSocket-Key: %.*s\r\n%s%s%s\r\n",
                 place->target, place->host, place->port != NULL ? ":" : "",
                 place->port != NULL ? place->port : "", (int)sizeof(key), key,
                 authorization != NULL ? "Authorization: " : "",
                 authorization != NULL ? authorization : "",
                 authorization != NULL ? "\r\n" : "") < 0) {
        abort();
    }
}

/* Those of an address of IPv6, which stand in URLs and heads only; cut off in place. */
static const char *without_brackets(char *host)
{
    size_t len = strlen(host);
    if (len < 2 || host[0] != '[') {
        return host;
    }
    host[len - 1] = '\0';
    return host + 1;
}

wk_ws_t *wk_ws_dial(uv_loop_t *loop, const wk_ws_dial_t *to, const wk_ws_events_t *events,
                    void *ctx, wk_error_t *e)
{
    place_t place;
    if (!read_url(to->url, &place)) {
        free_place(&place);
        wk_error(e, WK_INTERNAL, "not a WebSocket's address: %s", to->url);
        return NULL;
    }
    wk_ws_t *ws = new_socket(false, to->max, events, ctx);
    const char *port = place.port != NULL ? place.port : place.tls ? "443" : "80";
    make_request(ws, &place, to->authorization);
    ws->wire = wk_wire_dial(loop, without_brackets(place.host), port,
                            place.tls ? to->tls : NULL, &wire_events, ws);
    free_place(&place);
    return ws;
}
