
/*
 * Copyright (C) voiceagent authors
 */


/*
 * What goes over a WebSocket as frames.  wslay reads and makes them, and judges
 * masks, reserved bits, sizes, UTF-8 and the order of fragments; here are the
 * bytes it takes and gives, and how many of them may wait.
 */


#include "ngx_voiceagent_websocket.h"


#define NGX_VOICEAGENT_BACKLOG     8         /* messages; then reading waits */
#define NGX_VOICEAGENT_FRAGMENTS   1024      /* of a message */
#define NGX_VOICEAGENT_UNSENT      65536     /* for a client that reads none */
#define NGX_VOICEAGENT_OUT         512
#define NGX_VOICEAGENT_READ        16384     /* of one client in one turn */


static ssize_t ngx_voiceagent_frames_take(wslay_event_context_ptr wslay,
    uint8_t *to, size_t room, int flags, void *data);
static ssize_t ngx_voiceagent_frames_recv(ngx_voiceagent_websocket_t *ws,
    u_char *to, size_t room);
static ssize_t ngx_voiceagent_frames_give(wslay_event_context_ptr wslay,
    const uint8_t *bytes, size_t len, int flags, void *data);
static ngx_int_t ngx_voiceagent_frames_reserve(ngx_voiceagent_websocket_t *ws,
    size_t len);
static void ngx_voiceagent_frames_begun(wslay_event_context_ptr wslay,
    const struct wslay_event_on_frame_recv_start_arg *frame, void *data);
static void ngx_voiceagent_frames_message(wslay_event_context_ptr wslay,
    const struct wslay_event_on_msg_recv_arg *message, void *data);
static void ngx_voiceagent_frames_queue(ngx_voiceagent_websocket_t *ws,
    uint8_t opcode, va_str_t text);
static void ngx_voiceagent_frames_flush(ngx_voiceagent_websocket_t *ws);
static ngx_int_t ngx_voiceagent_frames_filter(ngx_http_request_t *r,
    ngx_chain_t *out);
static ngx_chain_t *ngx_voiceagent_frames_next(ngx_voiceagent_websocket_t *ws);
static void ngx_voiceagent_frames_writer(ngx_http_request_t *r);


static const struct wslay_event_callbacks  ngx_voiceagent_frames_callbacks = {
    ngx_voiceagent_frames_take,
    ngx_voiceagent_frames_give,
    NULL,                                  /* of a client: it masks */
    ngx_voiceagent_frames_begun,
    NULL,
    NULL,
    ngx_voiceagent_frames_message
};


ngx_int_t
ngx_voiceagent_frames_init(ngx_voiceagent_websocket_t *ws, size_t max_message)
{
    if (wslay_event_context_server_init(&ws->wslay,
                                        &ngx_voiceagent_frames_callbacks, ws)
        != 0)
    {
        ws->wslay = NULL;
        return NGX_ERROR;
    }

    wslay_event_config_set_max_recv_msg_length(ws->wslay, max_message);

    return NGX_OK;
}


void
ngx_voiceagent_frames_read(ngx_voiceagent_websocket_t *ws)
{
    int  rc;

    /* who sends as fast as is read would keep the others waiting for ever */

    ws->budget = NGX_VOICEAGENT_READ;
    ws->more = 0;

    rc = ws->closing ? 0 : wslay_event_recv(ws->wslay);

    if (rc == WSLAY_ERR_NOMEM) {
        ws->error = 1;
    }

    /* it has been closed, by either side, or the rules were broken */

    if (!wslay_event_get_read_enabled(ws->wslay)) {
        ws->closing = 1;
    }

    if (ngx_handle_read_event(ws->request->connection->read, 0) != NGX_OK) {
        ws->error = 1;
    }
}


static ssize_t
ngx_voiceagent_frames_take(wslay_event_context_ptr wslay, uint8_t *to,
    size_t room, int flags, void *data)
{
    ngx_voiceagent_websocket_t  *ws = data;

    ssize_t  n;

    ws->paused = ws->nwaiting >= NGX_VOICEAGENT_BACKLOG;

    ws->more = !ws->paused && ws->budget == 0;

    room = ngx_min(room, ws->budget);

    n = ws->paused || ws->more ? NGX_AGAIN
                               : ngx_voiceagent_frames_recv(ws, to, room);

    if (n > 0) {
        ws->budget -= n;
        ws->heard = ngx_current_msec;
        ws->pinged = 0;
        return n;
    }

    ws->gone = n != NGX_AGAIN;

    wslay_event_set_error(wslay, WSLAY_ERR_WOULDBLOCK);

    return -1;
}


/* first what came behind the handshake in one piece with it */

static ssize_t
ngx_voiceagent_frames_recv(ngx_voiceagent_websocket_t *ws, u_char *to,
    size_t room)
{
    size_t             n;
    ngx_buf_t         *b;
    ngx_connection_t  *c;

    c = ws->request->connection;
    b = ws->request->header_in;

    n = ngx_min((size_t) (b->last - b->pos), room);

    if (n) {
        ngx_memcpy(to, b->pos, n);
        b->pos += n;
        return n;
    }

    return c->read->ready ? c->recv(c, to, room) : NGX_AGAIN;
}


/* takes all of it: how much waits is judged when the frames are written */

static ssize_t
ngx_voiceagent_frames_give(wslay_event_context_ptr wslay, const uint8_t *bytes,
    size_t len, int flags, void *data)
{
    ngx_voiceagent_websocket_t  *ws = data;

    if (ngx_voiceagent_frames_reserve(ws, len) != NGX_OK) {
        wslay_event_set_error(wslay, WSLAY_ERR_CALLBACK_FAILURE);
        return -1;
    }

    ws->out_last = ngx_cpymem(ws->out_last, bytes, len);

    return len;
}


static ngx_int_t
ngx_voiceagent_frames_reserve(ngx_voiceagent_websocket_t *ws, size_t len)
{
    u_char  *out;
    size_t   used, size;

    if (len <= (size_t) (ws->out_end - ws->out_last)) {
        return NGX_OK;
    }

    used = ws->out_last - ws->out;
    size = ngx_max(2 * used, used + len);
    size = ngx_max(size, NGX_VOICEAGENT_OUT);

    out = ngx_alloc(size, ws->request->connection->log);
    if (out == NULL) {
        return NGX_ERROR;
    }

    if (ws->out) {
        ngx_memcpy(out, ws->out, used);
        ngx_free(ws->out);
    }

    ws->out = out;
    ws->out_last = out + used;
    ws->out_end = out + size;

    return NGX_OK;
}


/*
 * Each fragment costs some memory beside its bytes, so their number is bounded
 * as well as the message's size.
 */

static void
ngx_voiceagent_frames_begun(wslay_event_context_ptr wslay,
    const struct wslay_event_on_frame_recv_start_arg *frame, void *data)
{
    ngx_voiceagent_websocket_t  *ws = data;

    if (wslay_is_ctrl_frame(frame->opcode)) {
        return;
    }

    if (frame->opcode == WSLAY_BINARY_FRAME) {
        ngx_voiceagent_frames_close(ws, WSLAY_CODE_UNSUPPORTED_DATA);
        return;
    }

    ws->fragments = frame->opcode == WSLAY_CONTINUATION_FRAME
                    ? ws->fragments + 1 : 1;

    if (ws->fragments > NGX_VOICEAGENT_FRAGMENTS) {
        ngx_voiceagent_frames_close(ws, WSLAY_CODE_MESSAGE_TOO_BIG);
    }
}


static void
ngx_voiceagent_frames_message(wslay_event_context_ptr wslay,
    const struct wslay_event_on_msg_recv_arg *message, void *data)
{
    ngx_voiceagent_websocket_t  *ws = data;

    va_str_t  text;

    if (message->opcode != WSLAY_TEXT_FRAME
        || !wslay_event_get_read_enabled(wslay))
    {
        return;
    }

    text = va_str((const char *) message->msg, message->msg_length);

    if (ngx_voiceagent_message_add(ws, text) != NGX_OK) {
        ws->error = 1;
    }
}


void
ngx_voiceagent_frames_text(ngx_voiceagent_websocket_t *ws, va_str_t text)
{
    ngx_voiceagent_frames_queue(ws, WSLAY_TEXT_FRAME, text);
}


void
ngx_voiceagent_frames_ping(ngx_voiceagent_websocket_t *ws)
{
    ngx_voiceagent_frames_queue(ws, WSLAY_PING, VA_STR_NULL);
}


static void
ngx_voiceagent_frames_queue(ngx_voiceagent_websocket_t *ws, uint8_t opcode,
    va_str_t text)
{
    int                     rc;
    struct wslay_event_msg  msg;

    msg.opcode = opcode;
    msg.msg = (const uint8_t *) text.data;
    msg.msg_length = text.len;

    rc = wslay_event_queue_msg(ws->wslay, &msg);

    if (rc == WSLAY_ERR_NO_MORE_MSG) {
        /* behind a close nothing more is said */
        return;
    }

    /* at once: a close would overtake what still stood in wslay's queue */

    if (rc != 0 || wslay_event_send(ws->wslay) != 0) {
        ws->error = 1;
    }
}


void
ngx_voiceagent_frames_close(ngx_voiceagent_websocket_t *ws, uint16_t code)
{
    int  rc;

    rc = wslay_event_queue_close(ws->wslay, code, NULL, 0);

    if (rc != 0 && rc != WSLAY_ERR_NO_MORE_MSG) {
        ws->error = 1;
    }

    wslay_event_shutdown_read(ws->wslay);

    ws->closing = 1;
}


/*
 * Much may come in one reading of Redis: who reads would else be taken for one
 * who does not, having had no turn to.
 */

void
ngx_voiceagent_frames_make_room(ngx_voiceagent_websocket_t *ws)
{
    if (!ws->blocked && !ws->error
        && ws->out_last - ws->out > NGX_VOICEAGENT_UNSENT / 2)
    {
        ngx_voiceagent_frames_write(ws);
    }
}


ngx_uint_t
ngx_voiceagent_frames_full(ngx_voiceagent_websocket_t *ws)
{
    if (ws->out_last - ws->out <= NGX_VOICEAGENT_UNSENT) {
        return 0;
    }

    ngx_log_error(NGX_LOG_INFO, ws->request->connection->log, 0,
                  "voiceagent: the client of a WebSocket does not read");

    return 1;
}


void
ngx_voiceagent_frames_write(ngx_voiceagent_websocket_t *ws)
{
    ngx_voiceagent_frames_flush(ws);

    if (ws->error || !wslay_event_want_write(ws->wslay)) {
        return;
    }

    /* pongs of one who only writes, and its close */

    if (ngx_voiceagent_frames_full(ws) || wslay_event_send(ws->wslay) != 0) {
        ws->error = 1;
        return;
    }

    ngx_voiceagent_frames_flush(ws);
}


/* frames are no body: what is set to change bodies would break them */

static ngx_int_t
ngx_voiceagent_frames_filter(ngx_http_request_t *r, ngx_chain_t *out)
{
    return out || r->connection->buffered ? ngx_http_write_filter(r, out)
                                          : NGX_OK;
}


static void
ngx_voiceagent_frames_flush(ngx_voiceagent_websocket_t *ws)
{
    ngx_int_t  rc;

    do {
        rc = ngx_voiceagent_stream_output(ws->request,
                                          ngx_voiceagent_frames_next(ws),
                                          ngx_voiceagent_frames_filter,
                                          ngx_voiceagent_frames_writer);

    } while (rc == NGX_OK && ws->out_last > ws->out);

    ws->blocked = rc == NGX_AGAIN;

    if (rc == NGX_OK) {
        ngx_voiceagent_frames_release(ws);
    }

    if (rc == NGX_ERROR) {
        ws->error = 1;
    }
}


/* NULL: what is on its way has to be sent before */

static ngx_chain_t *
ngx_voiceagent_frames_next(ngx_voiceagent_websocket_t *ws)
{
    ngx_buf_t  *b;

    b = &ws->buf;

    if (b->pos < b->last || ws->request->buffered
        || ws->request->connection->buffered
        || ws->out_last == ws->out)
    {
        return NULL;
    }

    if (b->start) {
        ngx_free(b->start);
    }

    ngx_memzero(b, sizeof(ngx_buf_t));

    b->start = ws->out;
    b->pos = ws->out;
    b->last = ws->out_last;
    b->end = ws->out_end;
    b->memory = 1;
    b->flush = 1;
    b->last_in_chain = 1;
    b->tag = (ngx_buf_tag_t) &ngx_voiceagent_module;

    ws->out = NULL;
    ws->out_last = NULL;
    ws->out_end = NULL;

    ws->link.buf = b;
    ws->link.next = NULL;

    return &ws->link;
}


static void
ngx_voiceagent_frames_writer(ngx_http_request_t *r)
{
    ngx_int_t                    rc;
    ngx_voiceagent_websocket_t  *ws;

    ws = ngx_voiceagent_get_ctx(r)->client;

    rc = ngx_voiceagent_stream_writable(r);

    if (rc == NGX_AGAIN) {
        return;
    }

    if (rc == NGX_ERROR) {
        ws->error = 1;
    }

    ngx_voiceagent_websocket_turn(ws);
}


void
ngx_voiceagent_frames_release(void *data)
{
    ngx_voiceagent_websocket_t  *ws = data;

    if (ws->buf.start) {
        ngx_free(ws->buf.start);
        ngx_memzero(&ws->buf, sizeof(ngx_buf_t));
    }

    if (ws->out) {
        ngx_free(ws->out);
        ws->out = NULL;
        ws->out_last = NULL;
        ws->out_end = NULL;
    }
}
