/* A connection that is dialled: which of its addresses it finds, and that a dead peer is
 * noticed. */
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <signal.h>
#include <unistd.h>

#include "worker/voice/wire.h"

#include "t/unit/support.h"

#define PLACES    8
#define LONGEST_S 20 /* of a test */

/* ---------------------------------------------------------------- names */

static struct sockaddr_storage places[PLACES]; /* of the name that is dialled, in their order */
static size_t n_places;

/* libuv's: the addresses of the test. */
int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **res)
{
    struct addrinfo *found = calloc(n_places, sizeof(*found));
    (void)node, (void)service, (void)hints;
    for (size_t i = 0; i < n_places; i++) {
        found[i].ai_family = places[i].ss_family;
        found[i].ai_socktype = SOCK_STREAM;
        found[i].ai_addr = (struct sockaddr *)&places[i];
        found[i].ai_addrlen = places[i].ss_family == AF_INET ? sizeof(struct sockaddr_in)
                                                             : sizeof(struct sockaddr_in6);
        found[i].ai_next = i + 1 < n_places ? &found[i + 1] : NULL;
    }
    *res = found;
    return 0;
}

void freeaddrinfo(struct addrinfo *found)
{
    free(found);
}

static int sockets[PLACES];
static size_t n_sockets;

static int new_socket(void)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0 && n_sockets < PLACES);
    sockets[n_sockets++] = fd;
    return fd;
}

/* A place where somebody listens; the next address of the name. */
static int listen_at_next(int backlog)
{
    int fd = new_socket(), small = 2048;
    struct sockaddr_in *at = (struct sockaddr_in *)&places[n_places++];
    socklen_t len = sizeof(*at);
    at->sin_family = AF_INET;
    at->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
    assert_int_equal(bind(fd, (struct sockaddr *)at, len), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)at, &len), 0);
    assert_int_equal(listen(fd, backlog), 0);
    return fd;
}

/* Nobody listens there any more. */
static void refuse_at_next(void)
{
    close(listen_at_next(1));
    n_sockets--;
}

/* A host that does not answer: one whose queue is full drops what comes. */
static void say_nothing_at_next(void)
{
    listen_at_next(0);
    for (int i = 0; i < 2; i++) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        assert_true(n_sockets < PLACES);
        sockets[n_sockets++] = fd;
        (void)connect(fd, (struct sockaddr *)&places[n_places - 1], sizeof(struct sockaddr_in));
    }
}

/* Of a family that leads nowhere: there is no such route. */
static void lead_nowhere_at_next(void)
{
    struct sockaddr_in6 *at = (struct sockaddr_in6 *)&places[n_places++];
    at->sin6_family = AF_INET6;
    at->sin6_port = htons(9);
    assert_int_equal(inet_pton(AF_INET6, "2001:db8::1", &at->sin6_addr), 1);
}

/* ---------------------------------------------------------------- the connection */

static uv_loop_t loop;
static uv_timer_t ticks;
static wk_wire_t *wire;
static struct {
    bool open, gone, late;
    int broken;
    char why[80];
} seen;

static void on_open(void *ctx)
{
    (void)ctx;
    seen.open = true;
}

static void on_data(void *ctx, const char *data, size_t len)
{
    (void)ctx, (void)data, (void)len;
}

static void on_broken(void *ctx, const char *why)
{
    (void)ctx;
    seen.broken++;
    snprintf(seen.why, sizeof(seen.why), "%s", why);
}

static void on_gone(void *ctx)
{
    (void)ctx;
    seen.gone = true;
}

/* As a voice process sends sound: 20 ms of it at a time. */
static void on_tick(uv_timer_t *timer)
{
    static const char sound[256];
    if (seen.open && !seen.gone && wk_wire_pending(wire) < 65536) {
        wk_wire_write(wire, sound, sizeof(sound));
    }
    seen.late = uv_now(timer->loop) > *(uint64_t *)timer->data;
}

static void dial(void)
{
    static const wk_wire_events_t events = {on_open, on_data, on_broken, on_gone};
    static uint64_t limit;
    wire = wk_wire_dial(&loop, "engine.example", "443", NULL, &events, NULL);
    limit = uv_now(&loop) + LONGEST_S * 1000;
    ticks.data = &limit;
    uv_timer_start(&ticks, on_tick, 20, 20);
}

static int set_up(void **state)
{
    (void)state;
    memset(&seen, 0, sizeof(seen));
    memset(places, 0, sizeof(places));
    n_places = n_sockets = 0;
    return uv_loop_init(&loop) == 0 && uv_timer_init(&loop, &ticks) == 0 ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    if (!seen.gone) {
        wk_wire_close(wire, false);
    }
    uv_close((uv_handle_t *)&ticks, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    for (size_t i = 0; i < n_sockets; i++) {
        close(sockets[i]);
    }
    return seen.gone ? uv_loop_close(&loop) : -1;
}

static void run_until(const bool *happened)
{
    while (!*happened && seen.broken == 0 && !seen.late) {
        uv_run(&loop, UV_RUN_ONCE);
    }
}

/* ---------------------------------------------------------------- the tests */

static void an_address_that_refuses_is_followed_by_the_next(void **state)
{
    (void)state;
    refuse_at_next();
    refuse_at_next();
    listen_at_next(8);
    dial();
    run_until(&seen.open);
    assert_true(seen.open);
}

static void an_address_that_says_nothing_is_followed_by_the_next(void **state)
{
    (void)state;
    say_nothing_at_next();
    listen_at_next(8);
    dial();
    run_until(&seen.open);
    assert_true(seen.open);
}

/* More of one family than there is time for. */
static void the_families_take_turns(void **state)
{
    (void)state;
    for (int i = 0; i < 6; i++) {
        lead_nowhere_at_next();
    }
    listen_at_next(8);
    dial();
    run_until(&seen.open);
    assert_true(seen.open);
}

static void nobody_anywhere_is_told_once(void **state)
{
    (void)state;
    refuse_at_next();
    say_nothing_at_next();
    dial();
    run_until(&seen.open);
    assert_false(seen.open);
    assert_int_equal(seen.broken, 1);
    assert_string_equal(seen.why, "timed out");
}

static void one_that_is_closed_while_it_is_dialled_is_gone(void **state)
{
    (void)state;
    refuse_at_next();
    say_nothing_at_next();
    listen_at_next(8);
    dial();
    for (int i = 0; i < 10; i++) {
        uv_run(&loop, UV_RUN_ONCE);
    }
    wk_wire_close(wire, false);
    run_until(&seen.gone);
    assert_true(seen.gone);
    assert_false(seen.open);
    assert_int_equal(seen.broken, 0);
}

/* It is there, and takes nothing more: as one behind a line that is gone, without a word. */
static void a_peer_that_takes_no_more_is_noticed(void **state)
{
    (void)state;
    listen_at_next(8);
    dial();
    run_until(&seen.gone);
    assert_true(seen.open);
    assert_int_equal(seen.broken, 1);
    /* Whichever asks first hears of the time; a busy machine may have both ask at once. */
    assert_true(strcmp(seen.why, "connection timed out") == 0 ||
                strcmp(seen.why, "broken pipe") == 0);
}

#define WIRE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WIRE(an_address_that_refuses_is_followed_by_the_next),
        WIRE(an_address_that_says_nothing_is_followed_by_the_next),
        WIRE(the_families_take_turns),
        WIRE(nobody_anywhere_is_told_once),
        WIRE(one_that_is_closed_while_it_is_dialled_is_gone),
        WIRE(a_peer_that_takes_no_more_is_noticed),
    };
    signal(SIGPIPE, SIG_IGN); /* as the program does */
    return RUN("wire", tests);
}
