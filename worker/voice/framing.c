#include "worker/voice/framing.h"

#include <stdlib.h>
#include <sys/queue.h>

#include <openssl/rand.h>
#include <wslay/wslay.h>

#include "worker/voice/bytes.h"

#define HEAD  2 /* bytes of a frame before what depends on its length */
#define MASK  4
#define SHORT 126 /* a payload from here on has its length in two bytes more */
#define LONG  65536

struct wk_framing_state {
    wslay_event_context_ptr wslay;
    wk_framing_t *user;
    SLIST_ENTRY(wk_framing_state) link;
};

static SLIST_HEAD(states, wk_framing_state) idle[2]; /* of clients, of servers */

/* wslay gives the head of a frame and its payload one by one; they leave in one write. */
static wk_bytes_t outgoing; /* one connection sends at a time */

/* ---------------------------------------------------------------- what wslay asks for */

static ssize_t take_bytes(wslay_event_context_ptr wslay, uint8_t *to, size_t room, int flags,
                          void *ctx)
{
    wk_framing_t *f = ((wk_framing_state_t *)ctx)->user;
    size_t n = f->in_len < room ? f->in_len : room;
    (void)flags;
    if (n == 0) {
        wslay_event_set_error(wslay, WSLAY_ERR_WOULDBLOCK);
        return -1;
    }
    memcpy(to, f->in, n);
    f->in += n;
    f->in_len -= n;
    f->ahead += (uint64_t)n;
    return (ssize_t)n;
}

static ssize_t give_frame(const uint8_t *data, size_t len, int flags, void *ctx)
{
    (void)flags;
    (void)ctx;
    wk_bytes_add(&outgoing, data, len);
    return (ssize_t)len;
}

static ssize_t give_bytes(wslay_event_context_ptr wslay, const uint8_t *data, size_t len,
                          int flags, void *ctx)
{
    (void)wslay;
    return give_frame(data, len, flags, ctx);
}

/* Random bytes cost less by the kilobyte; each of them is used once. */
static int make_mask(uint8_t *mask, size_t len, void *ctx)
{
    static uint8_t store[1024];
    static size_t left;
    (void)ctx;
    if (left < len) {
        if (RAND_bytes(store, sizeof(store)) != 1) {
            return -1;
        }
        left = sizeof(store);
    }
    left -= len;
    memcpy(mask, store + left, len);
    return 0;
}

static int make_event_mask(wslay_event_context_ptr wslay, uint8_t *mask, size_t len, void *ctx)
{
    (void)wslay;
    return make_mask(mask, len, ctx);
}

static void on_frame(wslay_event_context_ptr wslay,
                     const struct wslay_event_on_frame_recv_start_arg *frame, void *ctx)
{
    wk_framing_t *f = ((wk_framing_state_t *)ctx)->user;
    uint64_t len = frame->payload_length;
    size_t head = HEAD + (len < SHORT ? 0 : len < LONG ? sizeof(uint16_t) : sizeof(uint64_t));
    (void)wslay;
    f->ahead -= head + (f->server ? MASK : 0) + len;
    if (!wslay_is_ctrl_frame(frame->opcode)) {
        f->fragmented = !frame->fin;
    }
}

static void on_message(wslay_event_context_ptr wslay,
                       const struct wslay_event_on_msg_recv_arg *message, void *ctx)
{
    wk_framing_t *f = ((wk_framing_state_t *)ctx)->user;
    (void)wslay;
    if (message->opcode == WSLAY_PONG) {
        f->answers = true;
    } else if (message->opcode == WSLAY_TEXT_FRAME && !f->stopped) {
        f->events->text(f->ctx, va_str((const char *)message->msg, message->msg_length));
    }
}

/* ---------------------------------------------------------------- lending */

static wk_framing_state_t *new_state(bool server)
{
    static const struct wslay_event_callbacks callbacks = {
        .recv_callback = take_bytes,
        .send_callback = give_bytes,
        .genmask_callback = make_event_mask,
        .on_frame_recv_start_callback = on_frame,
        .on_msg_recv_callback = on_message,
    };
    wk_framing_state_t *state = calloc(1, sizeof(*state));
    if (state == NULL ||
        (server ? wslay_event_context_server_init
                : wslay_event_context_client_init)(&state->wslay, &callbacks, state) != 0) {
        abort(); /* no memory */
    }
    return state;
}

static wslay_event_context_ptr borrow(wk_framing_t *f)
{
    if (f->state == NULL) {
        wk_framing_state_t *state = SLIST_FIRST(&idle[f->server]);
        if (state != NULL) {
            SLIST_REMOVE_HEAD(&idle[f->server], link);
        } else {
            state = new_state(f->server);
        }
        wslay_event_config_set_max_recv_msg_length(state->wslay, f->max);
        state->user = f;
        f->state = state;
    }
    return f->state->wslay;
}

static void give_back(wk_framing_t *f)
{
    if (f->ahead == 0 && !f->fragmented && wslay_event_get_read_enabled(f->state->wslay) &&
        wslay_event_get_write_enabled(f->state->wslay)) {
        SLIST_INSERT_HEAD(&idle[f->server], f->state, link);
        f->state = NULL;
    }
}

/* ---------------------------------------------------------------- a connection's */

void wk_framing_init(wk_framing_t *f, bool server, size_t max,
                     const wk_framing_events_t *events, void *ctx)
{
    *f = (wk_framing_t){.events = events, .ctx = ctx, .max = max, .server = server};
}

void wk_framing_free(wk_framing_t *f)
{
    if (f->state != NULL) {
        wslay_event_context_free(f->state->wslay);
        free(f->state);
    }
}

static void write_outgoing(wk_framing_t *f)
{
    va_str_t bytes = wk_bytes_str(&outgoing);
    if (bytes.len > 0) {
        f->events->write(f->ctx, bytes);
        wk_bytes_take(&outgoing, bytes.len);
    }
}

bool wk_framing_read(wk_framing_t *f, va_str_t bytes)
{
    wslay_event_context_ptr wslay = borrow(f);
    f->in = bytes.data;
    f->in_len = bytes.len;
    bool ok = wslay_event_recv(wslay) == 0 && wslay_event_send(wslay) == 0;
    write_outgoing(f);
    give_back(f);
    return ok;
}

void wk_framing_stop(wk_framing_t *f)
{
    f->stopped = true;
}

/*
 * Of such a frame wslay has nothing to remember when all of it is taken at once: without its
 * queue there is no copy of it.
 */
static void send_frame(wk_framing_t *f, uint8_t opcode, va_str_t data)
{
    static const struct wslay_frame_callbacks callbacks = {.send_callback = give_frame,
                                                           .genmask_callback = make_mask};
    static wslay_frame_context_ptr frames[2]; /* of clients, of servers */
    struct wslay_frame_iocb frame = {.fin = 1,
                                     .opcode = opcode,
                                     .payload_length = data.len,
                                     .mask = !f->server,
                                     .data = (const uint8_t *)data.data,
                                     .data_length = data.len};
    wslay_frame_context_ptr *sender = &frames[f->server];
    if (*sender == NULL && wslay_frame_context_init(sender, &callbacks, NULL) != 0) {
        abort(); /* no memory */
    }
    if (wslay_frame_send(*sender, &frame) < 0) {
        abort(); /* it takes what it is given, and there are random bytes */
    }
    write_outgoing(f);
}

void wk_framing_text(wk_framing_t *f, va_str_t text)
{
    send_frame(f, WSLAY_TEXT_FRAME, text);
}

void wk_framing_binary(wk_framing_t *f, va_str_t data)
{
    send_frame(f, WSLAY_BINARY_FRAME, data);
}

void wk_framing_ping(wk_framing_t *f)
{
    send_frame(f, WSLAY_PING, VA_STR(""));
}

void wk_framing_close(wk_framing_t *f, uint16_t code)
{
    wslay_event_context_ptr wslay = borrow(f);
    wk_framing_stop(f);
    if (wslay_event_queue_close(wslay, code, NULL, 0) == 0) {
        (void)wslay_event_send(wslay);
        write_outgoing(f);
    }
}

bool wk_framing_ended(const wk_framing_t *f, uint16_t *code)
{
    if (f->state == NULL || wslay_event_get_read_enabled(f->state->wslay)) {
        return false;
    }
    *code = wslay_event_get_close_received(f->state->wslay)
                ? wslay_event_get_status_code_received(f->state->wslay)
                : wslay_event_get_status_code_sent(f->state->wslay);
    return true;
}

uint16_t wk_framing_closed_with(const wk_framing_t *f)
{
    bool said = f->state != NULL && wslay_event_get_close_received(f->state->wslay);
    return said ? wslay_event_get_status_code_received(f->state->wslay) : 0;
}
