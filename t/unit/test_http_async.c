/* Requests on the loop: a name that is looked up for long holds nobody up. */
#include <netdb.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <time.h>

#include "worker/voice/http_async.h"

#include "t/unit/support.h"

#define LOOKUP_S 20 /* that a lookup takes which nobody lets go */

static sem_t begun, let_go, over;
static atomic_int running;

/* libcurl's, in a thread of its own: as one whose question was lost. */
int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **res)
{
    struct timespec until;
    (void)node, (void)service, (void)hints, (void)res;
    atomic_fetch_add(&running, 1);
    sem_post(&begun);
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += LOOKUP_S;
    sem_timedwait(&let_go, &until);
    atomic_fetch_sub(&running, 1);
    sem_post(&over);
    return EAI_AGAIN;
}

static uv_loop_t loop;
static wk_ahttp_t *http;
static char ended[160]; /* why; empty: it has not */

static void on_piece(void *ctx, va_str_t piece)
{
    (void)ctx, (void)piece;
    fail_msg("nobody answered");
}

static void on_end(void *ctx, int status, const char *why)
{
    (void)ctx;
    assert_int_equal(status, 0);
    snprintf(ended, sizeof(ended), "%s", why != NULL ? why : "answered");
}

static int set_up(void **state)
{
    (void)state;
    ended[0] = '\0';
    sem_init(&begun, 0, 0);
    sem_init(&let_go, 0, 0);
    sem_init(&over, 0, 0);
    return uv_loop_init(&loop) == 0 && (http = wk_ahttp_new(&loop, NULL)) != NULL ? 0 : -1;
}

/* Everything is gone, and the lookup that was left behind with it. */
static int tear_down(void **state)
{
    (void)state;
    if (http != NULL) {
        wk_ahttp_close(http);
        http = NULL;
    }
    sem_post(&let_go);
    while (sem_wait(&over) != 0) {
    }
    uv_run(&loop, UV_RUN_DEFAULT);
    return uv_loop_close(&loop);
}

static wk_exchange_t *ask(void)
{
    static const wk_ahttp_events_t events = {on_piece, on_end};
    static const char *const no_headers[] = {NULL};
    const wk_ahttp_request_t request = {.url = "http://model.example/",
                                        .headers = no_headers,
                                        .body = VA_STR("{}"),
                                        .quiet_s = 60,
                                        .timeout_ms = 60000,
                                        .max_bytes = 1};
    wk_exchange_t *x = wk_ahttp_post(http, &request, &events, NULL);
    assert_non_null(x);
    while (sem_trywait(&begun) != 0) {
        uv_run(&loop, UV_RUN_NOWAIT);
    }
    return x;
}

static void a_cancel_does_not_wait_for_a_lookup(void **state)
{
    (void)state;
    wk_ahttp_cancel(ask());
    assert_int_equal(atomic_load(&running), 1);
    assert_string_equal(ended, "");
}

static void a_connection_that_takes_too_long_ends_before_its_lookup(void **state)
{
    (void)state;
    ask();
    while (ended[0] == '\0') {
        uv_run(&loop, UV_RUN_ONCE);
    }
    assert_int_equal(atomic_load(&running), 1);
    assert_non_null(strstr(ended, "Timeout"));
}

static void the_end_does_not_wait_for_a_lookup(void **state)
{
    (void)state;
    ask();
    wk_ahttp_close(http);
    http = NULL;
    assert_int_equal(atomic_load(&running), 1);
}

#define ASYNC(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ASYNC(a_cancel_does_not_wait_for_a_lookup),
        ASYNC(a_connection_that_takes_too_long_ends_before_its_lookup),
        ASYNC(the_end_does_not_wait_for_a_lookup),
    };
    return RUN("http_async", tests);
}
