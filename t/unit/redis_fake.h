/*
 * A Redis in the loop of a test: each command goes to the test's fake_command(), which answers
 * it, leaves it without an answer, or hangs up.
 */
#ifndef TEST_REDIS_FAKE_H
#define TEST_REDIS_FAKE_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <uv.h>

#include "core/base.h"

#define FAKE_ARGS 32
#define FAKE_MAX  (64 << 10) /* bytes of commands that have come in part */

typedef struct fake_client {
    uv_pipe_t pipe;
    char in[FAKE_MAX];
    size_t len;
} fake_client_t;

static struct {
    uv_pipe_t pipe;
    char path[64], url[80];
    int connections; /* ever */
} fake;

static void fake_command(fake_client_t *client, const va_str_t *argv, size_t argc);

static void fake_written(uv_write_t *request, int status)
{
    (void)status;
    free(request);
}

/* text lives on: a literal. */
static void fake_reply(fake_client_t *client, const char *text)
{
    uv_write_t *request = malloc(sizeof(*request));
    uv_buf_t buf = uv_buf_init((char *)(uintptr_t)text, (unsigned)strlen(text));
    assert_non_null(request);
    assert_int_equal(uv_write(request, (uv_stream_t *)&client->pipe, &buf, 1, fake_written), 0);
}

static void fake_client_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void fake_hang_up(fake_client_t *client)
{
    if (!uv_is_closing((uv_handle_t *)&client->pipe)) {
        uv_close((uv_handle_t *)&client->pipe, fake_client_closed);
    }
}

/* "*3" or "$5" and the end of the line; *at stands behind it. False: it is not there yet. */
static bool fake_count(const fake_client_t *client, size_t *at, size_t *n)
{
    const char *end = memchr(client->in + *at, '\n', client->len - *at);
    if (end == NULL) {
        return false;
    }
    *n = strtoul(client->in + *at + 1, NULL, 10);
    *at = (size_t)(end - client->in) + 1;
    return true;
}

/* How long the first command is; 0: it is not there yet. */
static size_t fake_read(fake_client_t *client, va_str_t *argv, size_t *argc)
{
    size_t at = 0, len;
    if (!fake_count(client, &at, argc)) {
        return 0;
    }
    assert_true(*argc <= FAKE_ARGS);
    for (size_t i = 0; i < *argc; i++) {
        if (!fake_count(client, &at, &len) || at + len + 2 > client->len) {
            return 0;
        }
        argv[i] = va_str(client->in + at, len);
        at += len + 2;
    }
    return at;
}

static void fake_heard(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    fake_client_t *client = stream->data;
    va_str_t argv[FAKE_ARGS];
    size_t argc, taken;
    (void)buf;
    if (n < 0) {
        fake_hang_up(client);
        return;
    }
    client->len += (size_t)n;
    while (client->len > 0 && (taken = fake_read(client, argv, &argc)) > 0) {
        fake_command(client, argv, argc);
        client->len -= taken;
        memmove(client->in, client->in + taken, client->len);
    }
}

static void fake_room(uv_handle_t *handle, size_t size, uv_buf_t *buf)
{
    fake_client_t *client = handle->data;
    (void)size;
    *buf = uv_buf_init(client->in + client->len, (unsigned)(FAKE_MAX - client->len));
}

static void fake_connected(uv_stream_t *server, int status)
{
    fake_client_t *client = calloc(1, sizeof(*client));
    assert_non_null(client);
    assert_int_equal(status, 0);
    fake.connections++;
    uv_pipe_init(server->loop, &client->pipe, 0);
    client->pipe.data = client;
    assert_int_equal(uv_accept(server, (uv_stream_t *)&client->pipe), 0);
    uv_read_start((uv_stream_t *)&client->pipe, fake_room, fake_heard);
}

static void fake_start(uv_loop_t *loop)
{
    snprintf(fake.path, sizeof(fake.path), "/tmp/fake-redis-%d", (int)getpid());
    snprintf(fake.url, sizeof(fake.url), "unix:%s", fake.path);
    unlink(fake.path);
    fake.connections = 0;
    uv_pipe_init(loop, &fake.pipe, 0);
    assert_int_equal(uv_pipe_bind(&fake.pipe, fake.path), 0);
    assert_int_equal(uv_listen((uv_stream_t *)&fake.pipe, 8, fake_connected), 0);
}

/* Those who are connected hang up themselves. */
static void fake_stop(void)
{
    uv_close((uv_handle_t *)&fake.pipe, NULL);
}

/* Lets the loop run until then, or for so long. */
static void run_until(uv_loop_t *loop, const int *what, int wanted, int64_t ms)
{
    uint64_t until = uv_hrtime() / 1000000 + (uint64_t)ms;
    while (*what < wanted && uv_hrtime() / 1000000 < until) {
        uv_run(loop, UV_RUN_NOWAIT);
        usleep(1000);
    }
}

#endif
