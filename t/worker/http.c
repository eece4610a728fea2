/* The HTTP client against a server with every fault. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "t/worker/lib/fixture.h"
#include "worker/http.h"

static int port, closed_port, tls_port;
static atomic_int requests; /* that arrived whole */
static char last_request[8192];
static wk_http_t *http;
static wk_arena_t *a;

/* ---------------------------------------------------------------- names */

#define LOST     "lost.example"
#define LOOKUP_S 20 /* that a lookup takes which nobody lets go */

static sem_t let_go, over;
static atomic_int running; /* lookups of that name */

static void wait_for_nothing(void)
{
    struct timespec until;
    atomic_fetch_add(&running, 1);
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += LOOKUP_S;
    sem_timedwait(&let_go, &until);
    atomic_fetch_sub(&running, 1);
    sem_post(&over);
}

/* libcurl's, in a thread of its own: the question for that name was lost. */
int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **res)
{
    int (*next)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    if (node != NULL && strcmp(node, LOST) == 0) {
        wait_for_nothing();
        return EAI_AGAIN;
    }
    *(void **)&next = dlsym(RTLD_NEXT, "getaddrinfo");
    return next(node, service, hints, res);
}

/* ---------------------------------------------------------------- the server */

static void say(int fd, const char *text)
{
    (void)!send(fd, text, strlen(text), MSG_NOSIGNAL);
}

/* As an endless stream, until the client has enough. */
static void say_much(int fd)
{
    char data[4096];
    memset(data, 'x', sizeof(data));
    say(fd, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n");
    while (send(fd, data, sizeof(data), MSG_NOSIGNAL) > 0) {
    }
}

static void drip(int fd)
{
    say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
    for (int i = 0; i < 1000 && send(fd, "x", 1, MSG_NOSIGNAL) > 0; i++) {
        usleep(20000);
    }
}

static void say_retry(int fd, const char *after)
{
    char text[200];
    snprintf(text, sizeof(text),
             "HTTP/1.1 429 Too Many\r\nConnection: close\r\nretry-AFTER: %s "
             "\r\nContent-Length: 2\r\n\r\nno",
             after);
    say(fd, text);
}

static void say_retry_at(int fd, int seconds)
{
    char date[64];
    struct tm utc;
    time_t at = time(NULL) + seconds;
    gmtime_r(&at, &utc);
    strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", &utc);
    say_retry(fd, date);
}

static void reset(int fd)
{
    struct linger now = {1, 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
}

static bool asks(const char *path)
{
    const char *at = strchr(last_request, ' ');
    return at != NULL && strncmp(at + 1, path, strlen(path)) == 0;
}

/* False: close the connection. n: which request on this connection. */
static bool answer(int fd, int n)
{
    if (asks("/keep") && n == 1) {
        say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        return true;
    }
    if (asks("/keep")) {
        return false; /* read, and no word of an answer */
    }
    if (asks("/reset")) {
        reset(fd);
    } else if (asks("/truncated")) {
        say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this");
    } else if (asks("/headers-only")) {
        say(fd, "HTTP/1.1 200 OK\r\nContent-Le");
    } else if (asks("/drip")) {
        drip(fd);
    } else if (asks("/huge")) {
        say_much(fd);
    } else if (asks("/retry-seconds")) {
        say_retry(fd, "7");
    } else if (asks("/retry-date")) {
        say_retry_at(fd, 100);
    } else if (asks("/retry-past")) {
        say_retry_at(fd, -100);
    } else if (asks("/retry-nonsense")) {
        say_retry(fd, "soon");
    } else if (asks("/retry-endless")) {
        say_retry(fd, "99999999999");
    } else if (asks("/redirect")) {
        say(fd, "HTTP/1.1 302 Found\r\nConnection: close\r\nLocation: /ok\r\nContent-Length: "
                "0\r\n\r\n");
    } else if (asks("/interim-and-trailer")) {
        say(fd, "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\n"
                "Connection: close\r\nTransfer-Encoding: chunked\r\nTrailer: "
                "X-T\r\n\r\n2\r\nok\r\n0\r\nX-T: 1\r\n\r\n");
    } else if (asks("/empty")) {
        say(fd, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
    } else {
        say(fd, "HTTP/1.1 500 Oops\r\nConnection: close\r\nContent-Type: "
                "application/json\r\nContent-Length: 2\r\n\r\n{}");
    }
    return false;
}

/* A request with its body, into last_request. */
static bool read_request(int fd)
{
    size_t n = 0;
    for (;;) {
        ssize_t k = recv(fd, last_request + n, sizeof(last_request) - 1 - n, 0);
        if (k <= 0) {
            return false;
        }
        n += (size_t)k;
        last_request[n] = '\0';
        const char *end = strstr(last_request, "\r\n\r\n");
        const char *length = strcasestr(last_request, "content-length: ");
        size_t body = length != NULL ? strtoul(length + 16, NULL, 10) : 0;
        if (end != NULL && n >= (size_t)(end + 4 - last_request) + body) {
            return true;
        }
    }
}

static void *serve_one(void *arg)
{
    int fd = (int)(intptr_t)arg;
    for (int n = 1; read_request(fd); n++) {
        atomic_fetch_add(&requests, 1);
        if (!answer(fd, n)) {
            break;
        }
    }
    close(fd);
    return NULL;
}

static void *serve(void *arg)
{
    int listener = (int)(intptr_t)arg;
    for (;;) {
        pthread_t thread;
        int fd = accept(listener, NULL, NULL);
        pthread_create(&thread, NULL, serve_one, (void *)(intptr_t)fd);
        pthread_detach(thread);
    }
    return NULL;
}

static void start_server(void)
{
    pthread_t thread;
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    port = t_free_port();
    address.sin_port = htons((uint16_t)port);
    int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(fd, 64), 0);
    assert_int_equal(pthread_create(&thread, NULL, serve, (void *)(intptr_t)fd), 0);
}

/* ---------------------------------------------------------------- fixture */

static int setup(void **state)
{
    (void)state;
    a = wk_arena_new();
    http = wk_http_new();
    atomic_store(&requests, 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    wk_http_free(http);
    wk_arena_free(a);
    return 0;
}

static const char *url_of(const char *path)
{
    return wk_printf(a, "http://127.0.0.1:%d%s", port, path).data;
}

#define PATIENCE_MS 30000 /* for an answer that comes */

static bool ask_for(int ms, const char *method, const char *url, wk_http_response_t *res)
{
    wk_http_request_t req = {.method = method, .url = url, .timeout_ms = ms};
    memset(res, 0, sizeof(*res));
    t_e.code = WK_OK;
    return wk_http(http, a, &req, res, &t_e);
}

static bool ask(const char *method, const char *url, wk_http_response_t *res)
{
    return ask_for(PATIENCE_MS, method, url, res);
}

static bool have_arrived(void *n)
{
    return atomic_load(&requests) >= *(int *)n;
}

/* Of what fails, which may take all of its time. */
static wk_code_t code_of(const char *method, const char *url)
{
    wk_http_response_t res;
    assert_false(ask_for(1000, method, url, &res));
    return t_e.code;
}

/* ---------------------------------------------------------------- answers */

static void test_any_complete_answer_is_one(void **state)
{
    wk_http_response_t res;
    (void)state;
    assert_ok(ask("GET", url_of("/"), &res));
    assert_int_equal(res.status, 500);
    assert_str(res.body, "{}");
    assert_str(res.content_type, "application/json");
    assert_ok(ask("GET", url_of("/empty"), &res));
    assert_int_equal(res.status, 204);
    assert_int_equal(res.body.len, 0);
    assert_ok(ask("GET", url_of("/redirect"), &res));
    assert_int_equal(res.status, 302);
    assert_ok(ask("GET", url_of("/interim-and-trailer"), &res));
    assert_int_equal(res.status, 200);
    assert_str(res.body, "ok");
    assert_int_equal(atomic_load(&requests), 4);
}

static void test_the_request_is_what_was_asked_for(void **state)
{
    static const char *const headers[] = {"X-One: 1", "Content-Type: application/json", NULL};
    wk_http_response_t res;
    wk_http_request_t req = {.method = "PATCH",
                             .url = url_of("/a?b=c%20d"),
                             .headers = headers,
                             .body = VA_STR("{\"n\":\"a\0b\"}"),
                             .basic_user = "user",
                             .basic_password = "pa:ss",
                             .timeout_ms = PATIENCE_MS};
    (void)state;
    assert_ok(wk_http(http, a, &req, &res, &t_e));
    assert_non_null(strstr(last_request, "PATCH /a?b=c%20d HTTP/1.1\r\n"));
    assert_non_null(strstr(last_request, "\r\nX-One: 1\r\n"));
    assert_non_null(strstr(last_request, "\r\nContent-Type: application/json\r\n"));
    assert_non_null(strstr(last_request, "\r\nAuthorization: Basic dXNlcjpwYTpzcw==\r\n"));
    assert_non_null(strstr(last_request, "\r\nContent-Length: 11\r\n"));
    assert_null(strstr(last_request, "Expect"));
    req = (wk_http_request_t){.method = "POST", .url = url_of("/"), .timeout_ms = PATIENCE_MS};
    assert_ok(wk_http(http, a, &req, &res, &t_e));
    assert_non_null(strstr(last_request, "\r\nContent-Length: 0\r\n"));
    assert_null(strstr(last_request, "Authorization"));
    assert_null(strstr(last_request, "X-One"));
    assert_null(strcasestr(last_request, "content-type"));
}

static void test_retry_after_is_seconds_or_a_date(void **state)
{
    static const struct {
        const char *path;
        int64_t least, most;
    } cases[] = {{"/retry-seconds", 7000, 7000},
                 {"/retry-date", 90000, 100000},
                 {"/retry-past", 0, 0},
                 {"/retry-nonsense", 0, 0},
                 {"/retry-endless", 86400000, 86400000},
                 {"/", 0, 0}};
    wk_http_response_t res;
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        assert_ok(ask("POST", url_of(cases[i].path), &res));
        assert_in_range(res.retry_after_ms, cases[i].least, cases[i].most);
    }
}

/* ---------------------------------------------------------------- somebody else's addresses */

static bool ask_public(const char *url, const char *beside, wk_http_response_t *res)
{
    wk_http_request_t req = {.method = "GET",
                             .url = url,
                             .timeout_ms = PATIENCE_MS,
                             .public_only = true,
                             .public_beside = beside};
    t_e.code = WK_OK;
    return wk_http(http, a, &req, res, &t_e);
}

static void test_only_public_addresses_are_connected_to(void **state)
{
    const char *const urls[] = {
        url_of("/keep"), wk_printf(a, "http://localhost:%d/", port).data,
        wk_printf(a, "http://[::ffff:127.0.0.1]:%d/", port).data,
        wk_printf(a, "http://0:%d/", port).data, wk_printf(a, "https://0x7f.1:%d/", port).data};
    wk_http_response_t res;
    (void)state;
    assert_ok(ask("GET", url_of("/keep"), &res)); /* leaves a connection that could be used */
    for (size_t i = 0; i < sizeof(urls) / sizeof(*urls); i++) {
        assert_false(ask_public(urls[i], i % 2 == 0 ? NULL : "127.0.0.2, ::2", &res));
        assert_int_equal(t_e.code, WK_FORBIDDEN);
    }
    assert_int_equal(atomic_load(&requests), 1);
    assert_ok(ask_public(url_of("/redirect"), "127.0.0.1", &res));
    assert_int_equal(res.status, 302);
    assert_str(res.location, "/ok");
    assert_null(res.etag.data);
}

/* Its name has a private address as well: that is no word on the other one. */
static void test_a_public_address_that_does_not_answer_is_unavailable(void **state)
{
    wk_http_response_t res;
    (void)state;
    const char *url = wk_printf(a, "http://localhost:%d/", closed_port).data;
    assert_false(ask_public(url, "127.0.0.1", &res));
    assert_int_equal(t_e.code, WK_UNAVAILABLE);
}

static void test_a_proxy_does_not_connect_instead(void **state)
{
    wk_http_response_t res;
    (void)state;
    setenv("http_proxy", url_of("/"), 1);
    assert_ok(ask("GET", "http://no-such-host.invalid/", &res));
    assert_false(ask_public("http://no-such-host.invalid/", "127.0.0.1", &res));
    assert_int_equal(t_e.code, WK_UNAVAILABLE);
    unsetenv("http_proxy");
    assert_int_equal(atomic_load(&requests), 1);
}

/* ---------------------------------------------------------------- faults */

static void test_what_was_not_sent_is_unavailable(void **state)
{
    (void)state;
    assert_int_equal(code_of("POST", wk_printf(a, "http://127.0.0.1:%d/", closed_port).data),
                     WK_UNAVAILABLE);
    assert_int_equal(code_of("POST", "http://no-such-host.invalid/"), WK_UNAVAILABLE);
    /* TLS with a server that speaks none. */
    assert_int_equal(code_of("POST", wk_printf(a, "https://127.0.0.1:%d/", port).data),
                     WK_UNAVAILABLE);
    assert_int_equal(atomic_load(&requests), 0);
}

/* A job has to end in its time, whatever the name's server does. */
static void test_a_name_that_is_not_found_in_time_is_not_waited_for(void **state)
{
    (void)state;
    assert_int_equal(code_of("POST", "http://" LOST "/"), WK_UNAVAILABLE);
    assert_int_equal(atomic_load(&running), 1);
    wk_http_free(http);
    assert_int_equal(atomic_load(&running), 1);
    http = wk_http_new();
    sem_post(&let_go);
    while (sem_wait(&over) != 0) {
    }
}

static void test_what_may_have_been_done_is_unknown(void **state)
{
    static const char *const paths[] = {"/reset", "/truncated", "/headers-only", "/drip",
                                        "/huge"};
    (void)state;
    for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
        int sent = (int)i + 1; /* which a busy server may read when nobody waits any more */
        assert_int_equal(code_of("POST", url_of(paths[i])), WK_UNKNOWN);
        assert_true(t_until(have_arrived, &sent, PATIENCE_MS));
        assert_int_equal(atomic_load(&requests), sent);
    }
}

static void test_a_limit_of_bytes_is_the_callers(void **state)
{
    wk_http_response_t res;
    wk_http_request_t req = {.method = "GET",
                             .url = url_of("/interim-and-trailer"),
                             .timeout_ms = PATIENCE_MS,
                             .max_bytes = 1};
    (void)state;
    assert_false(wk_http(http, a, &req, &res, &t_e));
    assert_int_equal(t_e.code, WK_UNKNOWN);
    req.max_bytes = 2;
    assert_ok(wk_http(http, a, &req, &res, &t_e));
    req.max_bytes = 1;
    req.url = url_of("/"); /* of a refusal the status says enough */
    assert_ok(wk_http(http, a, &req, &res, &t_e));
    assert_int_equal(res.status, 500);
    assert_int_equal(res.body.len, 0);
}

/* A kept connection that breaks: curl would send again by itself. */
static void test_a_post_is_never_sent_twice(void **state)
{
    wk_http_response_t res;
    (void)state;
    assert_ok(ask("POST", url_of("/keep"), &res));
    assert_int_equal(code_of("POST", url_of("/keep")), WK_UNKNOWN);
    assert_int_equal(atomic_load(&requests), 2);
    assert_ok(ask("GET", url_of("/keep"), &res));
    assert_ok(ask("GET", url_of("/keep"), &res)); /* may be: on a new connection */
    assert_int_equal(atomic_load(&requests), 5);
}

static void test_bad_requests_are_invalid(void **state)
{
    static const char *const headers[] = {"X: a\r\nInjected: 1", NULL};
    wk_http_response_t res;
    wk_http_request_t req = {
        .method = "GET", .url = url_of("/"), .timeout_ms = PATIENCE_MS, .headers = headers};
    (void)state;
    assert_false(wk_http(http, a, &req, &res, &t_e));
    assert_int_equal(t_e.code, WK_INVALID);
    assert_int_equal(code_of("GET", "file:///etc/passwd"), WK_INVALID);
    assert_int_equal(code_of("GET", "gopher://127.0.0.1/"), WK_INVALID);
    assert_int_equal(code_of("GET", "http://"), WK_INVALID);
    assert_int_equal(atomic_load(&requests), 0);
}

/* ---------------------------------------------------------------- TLS */

static const char *tls_file(const char *name)
{
    static char path[4][200];
    static int n;
    char *p = path[n++ % 4];
    snprintf(p, 200, "%s/%s", t_folder(), name);
    return p;
}

static pid_t start_tls_server(void)
{
    int status;
    char number[8];
    const char *key = tls_file("key.pem"), *cert = tls_file("cert.pem");
    tls_port = t_free_port();
    snprintf(number, sizeof(number), "%d", tls_port);
    pid_t pid = t_spawn(
        "openssl", (const char *const[]){"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                                         "ec_paramgen_curve:P-256", "-nodes", "-keyout", key,
                                         "-out", cert, "-days", "2", "-subj", "/CN=localhost",
                                         "-addext", "subjectAltName=DNS:localhost", NULL});
    assert_true(t_wait(pid, 20000, &status) && status == 0);
    return t_spawn("tls",
                   (const char *const[]){"openssl", "s_server", "-accept", number, "-key", key,
                                         "-cert", cert, "-www", "-quiet", NULL});
}

static bool tls_answers(void *arg)
{
    wk_http_response_t res;
    return ask("GET", arg, &res);
}

static void test_tls_is_verified(void **state)
{
    wk_http_response_t res;
    (void)state;
    pid_t pid = start_tls_server();
    char *url = wk_strdup(a, wk_printf(a, "https://localhost:%d/", tls_port));
    setenv("SSL_CERT_FILE", tls_file("cert.pem"), 1);
    assert_true(t_until(tls_answers, url, 10000));
    assert_ok(ask("GET", url, &res));
    assert_int_equal(res.status, 200);
    /* The name of the certificate is localhost. */
    assert_int_equal(code_of("GET", wk_printf(a, "https://127.0.0.1:%d/", tls_port).data),
                     WK_UNAVAILABLE);
    unsetenv("SSL_CERT_FILE");
    wk_http_free(http);
    http = wk_http_new();
    assert_int_equal(code_of("GET", url), WK_UNAVAILABLE);
    t_end(pid);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_any_complete_answer_is_one),
        TEST(test_the_request_is_what_was_asked_for),
        TEST(test_retry_after_is_seconds_or_a_date),
        TEST(test_only_public_addresses_are_connected_to),
        TEST(test_a_public_address_that_does_not_answer_is_unavailable),
        TEST(test_a_proxy_does_not_connect_instead),
        TEST(test_what_was_not_sent_is_unavailable),
        TEST(test_a_name_that_is_not_found_in_time_is_not_waited_for),
        TEST(test_what_may_have_been_done_is_unknown),
        TEST(test_a_limit_of_bytes_is_the_callers),
        TEST(test_a_post_is_never_sent_twice),
        TEST(test_bad_requests_are_invalid),
        TEST(test_tls_is_verified),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    signal(SIGPIPE, SIG_IGN);
    unsetenv("http_proxy");
    unsetenv("https_proxy");
    unsetenv("ALL_PROXY");
    wk_http_global();
    sem_init(&let_go, 0, 0);
    sem_init(&over, 0, 0);
    start_server();
    closed_port = t_free_port();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
