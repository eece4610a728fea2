/* The key set that nginx verifies by, fetched from an identity provider. */
#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "t/worker/lib/fixture.h"
#include "worker/file.h"
#include "worker/jwks_fetch.h"

/* The Ed25519 key of RFC 8037, appendix A.2. */
#define KEY                                                                                    \
    "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"%s\","                                     \
    "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}"

static t_redis_t redis;
static wk_redis_t *r;
static wk_http_t *http;
static wk_arena_t *a;
static char url[64], file[300];
static char answer[1024];   /* what the provider says next, headers included */
static volatile int served; /* requests answered */

/* ---------------------------------------------------------------- the provider */

static void *serve(void *arg)
{
    int listener = *(int *)arg;
    for (;;) {
        char request[2048];
        int fd = accept(listener, NULL, NULL);
        if (fd >= 0 && recv(fd, request, sizeof(request), 0) > 0) {
            (void)!send(fd, answer, strlen(answer), MSG_NOSIGNAL);
            served++;
        }
        close(fd);
    }
    return NULL;
}

static void says(const char *status, const char *body)
{
    snprintf(answer, sizeof(answer),
             "HTTP/1.1 %s\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n%s", status,
             strlen(body), body);
}

static void says_key(const char *kid)
{
    char body[512];
    snprintf(body, sizeof(body), "{\"keys\":[" KEY "]}", kid);
    says("200 OK", body);
}

static void start_provider(void)
{
    static int listener;
    static pthread_t thread;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);
    listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(listen(listener, 8), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&at, &len), 0);
    snprintf(url, sizeof(url), "http://127.0.0.1:%d/jwks.json", ntohs(at.sin_port));
    assert_int_equal(pthread_create(&thread, NULL, serve, &listener), 0);
}

/* ---------------------------------------------------------------- tests */

static wk_config_t config;
static int64_t now = 1; /* goes on from test to test, as the clock does */

static bool look(wk_error_t *e)
{
    wk_ctx_t ctx = {.config = &config, .redis = r, .http = http, .arena = a};
    return wk_jwks_fetch_when_due(&ctx, now, e);
}

static bool file_has(const char *kid)
{
    va_str_t text;
    wk_error_t e;
    return wk_file_read(a, file, 65536, &text, &e) && strstr(text.data, kid) != NULL;
}

static void the_set_is_fetched_at_once_and_then_every_ten_minutes(void **state)
{
    (void)state;
    says_key("first");
    assert_ok(look(&t_e));
    assert_true(file_has("first"));
    assert_int_equal(served, 1);
    says_key("second");
    now += 599000;
    assert_ok(look(&t_e));
    assert_int_equal(served, 1);
    now += 1000;
    assert_ok(look(&t_e));
    assert_true(file_has("second"));
}

static void an_unknown_key_fetches_sooner_but_not_at_every_look(void **state)
{
    int before = served;
    (void)state;
    says_key("third");
    t_redis(r, a, "SET va:jwks:wanted some-kid");
    now += 20000;
    assert_ok(look(&t_e));
    assert_int_equal(served, before);
    now += 10000;
    assert_ok(look(&t_e));
    assert_int_equal(served, before + 1);
    assert_true(file_has("third"));
    t_redis(r, a, "DEL va:jwks:wanted");
    now += 60000;
    assert_ok(look(&t_e));
    assert_int_equal(served, before + 1);
}

static void what_is_no_key_set_changes_nothing(void **state)
{
    static const char *const bodies[] = {"", "{}", "{\"keys\":[]}", "<html>",
                                         "{\"keys\":[{}]}"};
    (void)state;
    for (size_t i = 0; i < sizeof(bodies) / sizeof(*bodies); i++) {
        says("200 OK", bodies[i]);
        now += 600000;
        assert_false(look(&t_e));
        assert_true(file_has("third"));
    }
    says("503 Unavailable", "{}");
    now += 600000;
    assert_false(look(&t_e));
    assert_true(file_has("third"));
}

static void without_an_address_nothing_is_asked(void **state)
{
    int before = served;
    (void)state;
    config.jwks_url = NULL;
    now += 600000;
    assert_ok(look(&t_e));
    assert_int_equal(served, before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_set_is_fetched_at_once_and_then_every_ten_minutes),
        cmocka_unit_test(an_unknown_key_fetches_sooner_but_not_at_every_look),
        cmocka_unit_test(what_is_no_key_set_changes_nothing),
        cmocka_unit_test(without_an_address_nothing_is_asked),
    };
    if (!wk_http_global()) {
        return 1;
    }
    t_redis_start(&redis, NULL);
    r = wk_redis_new(redis.url, 20000);
    http = wk_http_new();
    a = wk_arena_new();
    start_provider();
    snprintf(file, sizeof(file), "%s/jwks.json", t_folder());
    config = (wk_config_t){.jwks_url = url, .jwks_file = file};
    cmocka_set_message_output(CM_OUTPUT_TAP);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    wk_http_free(http);
    wk_redis_free(r);
    wk_arena_free(a);
    return failed;
}
