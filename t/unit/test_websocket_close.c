/* The end of a WebSocket that we close: its last words reach a peer that goes on sending. */
#include <netinet/in.h>
#include <unistd.h>

#include "worker/voice/bytes.h"
#include "worker/voice/framing.h"

#include "t/unit/websocket.h"

#define TEXT_MAX  4096
#define LONGEST_S 20 /* of a test */

static uv_loop_t loop;
static uv_tcp_t listener;
static uv_timer_t late;
static struct {
    int fd;
    wk_framing_t framing;
    wk_bytes_t said;
} peer;

/* ---------------------------------------------------------------- the two ends */

static void on_connection(uv_stream_t *stream, int status)
{
    assert_int_equal(status, 0);
    ws = wk_ws_accept(stream, TEXT_MAX, &ws_events, NULL);
    assert_non_null(ws);
}

static void on_late(uv_timer_t *timer)
{
    (void)timer;
    fail_msg("nothing happens");
}

static void run_until(const bool *happened)
{
    while (!*happened) {
        uv_run(&loop, UV_RUN_ONCE);
    }
}

static void peer_text(void *ctx, va_str_t text)
{
    (void)ctx, (void)text;
}

static void peer_write(void *ctx, va_str_t bytes)
{
    (void)ctx;
    wk_bytes_add(&peer.said, bytes.data, bytes.len);
}

/* All that the peer's end has made leaves at once. */
static void peer_send(void)
{
    va_str_t said = wk_bytes_str(&peer.said);
    assert_int_equal(send(peer.fd, said.data, said.len, MSG_NOSIGNAL), said.len);
    wk_bytes_take(&peer.said, said.len);
}

/* 0: the other end sends no more; less: nothing yet. */
static ssize_t peer_read(char *to, size_t room)
{
    uv_run(&loop, UV_RUN_NOWAIT);
    return recv(peer.fd, to, room, MSG_DONTWAIT);
}

static void peer_hears_close(uint16_t code)
{
    char bytes[256];
    ssize_t n;
    while ((n = peer_read(bytes, sizeof(bytes))) < 0) {
    }
    assert_true(wk_framing_read(&peer.framing, va_str(bytes, (size_t)n)));
    assert_int_equal(wk_framing_closed_with(&peer.framing), code);
}

static void peer_hears_end(void)
{
    char byte;
    ssize_t n;
    while ((n = peer_read(&byte, 1)) < 0) {
    }
    assert_int_equal(n, 0);
}

static void shake_hands(void)
{
    static const char head[] = "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
                               "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                               "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    char answer[512];
    assert_int_equal(send(peer.fd, head, sizeof(head) - 1, 0), sizeof(head) - 1);
    run_until(&seen.open);
    ssize_t n = recv(peer.fd, answer, sizeof(answer), 0);
    assert_true(n > 12 && memcmp(answer, "HTTP/1.1 101", 12) == 0);
}

static int set_up(void **state)
{
    static const wk_framing_events_t events = {peer_text, peer_write};
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr *address = (struct sockaddr *)&at;
    int len = sizeof(at);
    (void)state;
    memset(&seen, 0, sizeof(seen));
    memset(&peer, 0, sizeof(peer));
    wk_framing_init(&peer.framing, false, TEXT_MAX, &events, NULL);
    uv_loop_init(&loop);
    uv_timer_init(&loop, &late);
    uv_timer_start(&late, on_late, LONGEST_S * 1000, 0);
    uv_tcp_init(&loop, &listener);
    peer.fd = socket(AF_INET, SOCK_STREAM, 0);
    if (uv_tcp_bind(&listener, address, 0) != 0 ||
        uv_listen((uv_stream_t *)&listener, 1, on_connection) != 0 ||
        uv_tcp_getsockname(&listener, address, &len) != 0 ||
        connect(peer.fd, address, (socklen_t)len) != 0) {
        return -1;
    }
    shake_hands();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    close(peer.fd);
    run_until(&seen.gone);
    wk_framing_free(&peer.framing);
    wk_bytes_free(&peer.said);
    uv_close((uv_handle_t *)&late, NULL);
    uv_close((uv_handle_t *)&listener, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    return uv_loop_close(&loop);
}

/* ---------------------------------------------------------------- the tests */

static void assert_not_ended(void)
{
    char byte;
    for (int i = 0; i < 20; i++) {
        assert_int_equal(peer_read(&byte, 1), -1);
    }
}

static void the_end_comes_when_the_peer_has_read_our_close(void **state)
{
    (void)state;
    wk_framing_text(&peer.framing, VA_STR("sound"));
    wk_ws_close(ws, WK_WS_NORMAL);
    wk_framing_text(&peer.framing, VA_STR("more sound"));
    peer_send();
    peer_hears_close(WK_WS_NORMAL);
    wk_bytes_t answer = peer.said; /* wslay's, held back */
    memset(&peer.said, 0, sizeof(peer.said));
    assert_not_ended();
    assert_false(seen.gone);
    peer.said = answer;
    peer_send();
    peer_hears_end();
    assert_int_equal(seen.heard, 0);
    assert_int_equal(seen.closed, 0);
}

/* In the middle of what it reads, the peer's close behind it. */
static void what_comes_with_the_word_that_ends_it_is_read_but_not_told(void **state)
{
    (void)state;
    seen.closes = true;
    wk_framing_text(&peer.framing, VA_STR("bye"));
    wk_framing_text(&peer.framing, VA_STR("unheard"));
    wk_framing_close(&peer.framing, WK_WS_NORMAL);
    peer_send();
    peer_hears_close(WK_WS_NORMAL);
    peer_hears_end();
    assert_int_equal(seen.heard, 1);
    assert_int_equal(seen.closed, 0);
}

static void a_peer_that_never_answers_is_not_waited_for_long(void **state)
{
    (void)state;
    wk_ws_close(ws, WK_WS_GOING_AWAY);
    peer_hears_close(WK_WS_GOING_AWAY);
    run_until(&seen.gone);
    assert_int_equal(seen.closed, 0);
}

static void a_peer_that_breaks_the_rules_meanwhile_is_not_waited_for(void **state)
{
    (void)state;
    wk_ws_close(ws, WK_WS_NORMAL);
    peer_hears_close(WK_WS_NORMAL);
    wk_bytes_take(&peer.said, peer.said.len);
    peer_write(NULL, VA_STR("no frame at all"));
    peer_send();
    peer_hears_end();
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(the_end_comes_when_the_peer_has_read_our_close),
        CASE(what_comes_with_the_word_that_ends_it_is_read_but_not_told),
        CASE(a_peer_that_never_answers_is_not_waited_for_long),
        CASE(a_peer_that_breaks_the_rules_meanwhile_is_not_waited_for),
    };
    return RUN("websocket_close", tests);
}
