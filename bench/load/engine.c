/*
 * The side of an engine, as far as a bridge needs it to carry sound: OpenAI's Realtime API,
 * whose answer is what it hears. Every piece appended comes back as a piece of the one answer
 * that was asked for.
 *
 *   engine <port>
 */
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ws.h"

typedef struct {
    ws_t ws;
    bool answers;
} client_t;

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static void say(client_t *c, const char *text)
{
    if (!ws_send(&c->ws, text, strlen(text))) {
        shutdown(c->ws.fd, SHUT_RDWR);
    }
}

static bool is(const char *text, size_t len, const char *type)
{
    size_t n;
    const char *found = ws_member(text, len, "type", &n);
    return found != NULL && n == strlen(type) && memcmp(found, type, n) == 0;
}

static void echo(client_t *c, const char *text, size_t len)
{
    char out[WS_OUT_MAX];
    size_t n;
    const char *audio = ws_member(text, len, "audio", &n);
    if (audio == NULL || n > WS_OUT_MAX / 2 || !c->answers) {
        return;
    }
    snprintf(
        out, sizeof(out),
        "{\"type\":\"response.output_audio.delta\",\"event_id\":\"event_0123456789abcdef\","
        "\"response_id\":\"resp_0123456789abcdef\",\"item_id\":\"item_0123456789abcdef\","
        "\"output_index\":0,\"content_index\":0,\"delta\":\"%.*s\"}",
        (int)n, audio);
    say(c, out);
}

static void on_text(void *ctx, const char *text, size_t len)
{
    client_t *c = ctx;
    if (is(text, len, "input_audio_buffer.append")) {
        echo(c, text, len);
    } else if (is(text, len, "session.update")) {
        say(c, "{\"type\":\"session.updated\",\"event_id\":\"event_2\",\"session\":{}}");
    } else if (is(text, len, "response.create") && !c->answers) {
        c->answers = true;
        say(c, "{\"type\":\"response.created\",\"event_id\":\"event_3\",\"response\":"
               "{\"id\":\"resp_0123456789abcdef\",\"status\":\"in_progress\",\"output\":[]}}");
    }
}

static void serve(client_t *c)
{
    bool before = c->ws.open;
    if (!ws_read(&c->ws, on_text, c)) {
        close(c->ws.fd);
        free(c);
    } else if (!before && c->ws.open) {
        say(c, "{\"type\":\"session.created\",\"event_id\":\"event_1\",\"session\":{}}");
    }
}

static int listen_on(int port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(fd, 1024) < 0) {
        die("listen");
    }
    return fd;
}

static void welcome(int ep, int listener)
{
    client_t *c = calloc(1, sizeof(*c));
    int fd = accept(listener, NULL, NULL);
    if (c == NULL || fd < 0) {
        die("accept");
    }
    ws_begin(&c->ws, fd, false);
    struct epoll_event ev = {.events = EPOLLIN, .data.ptr = c};
    epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: engine port\n");
        return 2;
    }
    struct rlimit files;
    signal(SIGPIPE, SIG_IGN); /* a write tells */
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    int ep = epoll_create1(0), listener = listen_on((int)strtol(argv[1], NULL, 10));
    struct epoll_event waiting = {.events = EPOLLIN, .data.ptr = NULL};
    epoll_ctl(ep, EPOLL_CTL_ADD, listener, &waiting);
    for (;;) {
        struct epoll_event ready[256];
        int n = epoll_wait(ep, ready, 256, -1);
        for (int i = 0; i < n; i++) {
            if (ready[i].data.ptr == NULL) {
                welcome(ep, listener);
            } else {
                serve(ready[i].data.ptr);
            }
        }
    }
}
