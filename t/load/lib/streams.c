#include "t/load/lib/streams.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_S 120
#define TURN       256

/* ---------------------------------------------------------------- what it must see */

static bool passes(const t_stream_t *s, const t_event_t *e)
{
    return (s->customer == T_ANY || s->customer == e->customer) &&
           (s->call == T_ANY || s->call == e->call);
}

/* Over what is not for it. */
static void skip(t_stream_t *s)
{
    while (s->next < s->feed->n && !passes(s, &s->feed->events[s->next])) {
        s->next++;
    }
}

/* Events up to position are told or lost. */
static void pass(t_streams_t *set, t_stream_t *s, size_t position)
{
    for (skip(s); s->next < position; skip(s)) {
        set->lost++;
        s->next++;
    }
}

/* Its id says where the stream begins; one without goes on behind the last seen. */
static void take_connected(t_streams_t *set, t_stream_t *s, size_t position)
{
    if (s->id[0] == '\0') {
        return;
    }
    if (s->placed) {
        pass(set, s, position);
    }
    s->next = position;
    s->placed = true;
}

static void take_live(t_streams_t *set, t_stream_t *s, uint64_t ms, uint64_t seq,
                      size_t position)
{
    const t_event_t *e = position > 0 ? &s->feed->events[position - 1] : NULL;
    if (e == NULL || e->ms != ms || e->seq != seq || !passes(s, e)) {
        set->foreign++;
    } else if (position <= s->next) {
        set->doubled++;
    } else {
        pass(set, s, position - 1);
        s->next = position;
        set->seen++;
    }
}

/* At the empty line behind an event; one without data may still carry an id. */
static void take_event(t_streams_t *set, t_stream_t *s)
{
    uint64_t ms = 0, seq = 0;
    if (s->id[0] != '\0' && !t_event_id(s->id, &ms, &seq)) {
        set->foreign++;
        return;
    }
    size_t position = t_feed_position(s->feed, ms, seq);
    if (!s->data) {
        if (s->id[0] != '\0') {
            pass(set, s, position);
        }
    } else if (strcmp(s->type, "connected") == 0) {
        take_connected(set, s, position);
    } else if (strcmp(s->type, "resync") == 0) {
        set->resyncs++;
        s->next = position;
    } else {
        take_live(set, s, ms, seq, position);
    }
    if (s->id[0] != '\0') {
        memcpy(s->last_id, s->id, sizeof(s->last_id));
    }
}

/* ---------------------------------------------------------------- reading */

static void take_line(t_streams_t *set, t_stream_t *s)
{
    s->line[s->len] = '\0';
    if (s->len == 0) {
        take_event(set, s);
        s->type[0] = s->id[0] = '\0';
        s->data = false;
    } else if (strncmp(s->line, "id: ", 4) == 0) {
        snprintf(s->id, sizeof(s->id), "%.40s", s->line + 4);
    } else if (strncmp(s->line, "event: ", 7) == 0) {
        snprintf(s->type, sizeof(s->type), "%.30s", s->line + 7);
    } else if (strncmp(s->line, "data: ", 6) == 0) {
        s->data = true;
    } else if (strncmp(s->line, "retry: ", 7) == 0) {
        s->retry = (int)strtol(s->line + 7, NULL, 10);
    }
    s->len = 0;
}

static void take_text(t_streams_t *set, t_stream_t *s, const char *p, size_t n)
{
    const char *end = p + n;
    while (p < end) {
        const char *newline = memchr(p, '\n', (size_t)(end - p));
        size_t len = (size_t)((newline != NULL ? newline : end) - p);
        size_t room = T_LINE - 1 - s->len;
        memcpy(s->line + s->len, p, len < room ? len : room);
        s->len += len < room ? len : room;
        p += len;
        if (newline != NULL) {
            take_line(set, s);
            p++;
        }
    }
}

static void take_head(t_streams_t *set, t_stream_t *s, char c)
{
    static const char ok[] = "HTTP/1.1 200";
    if (s->len < sizeof(ok) - 1) {
        s->line[s->len++] = c;
        set->refused += s->len == sizeof(ok) - 1 && memcmp(s->line, ok, s->len) != 0;
    }
    s->matched = c == "\r\n\r\n"[s->matched] ? s->matched + 1 : c == '\r';
    if (s->matched == 4) {
        s->part = T_CHUNK_SIZE;
        s->len = 0;
    }
}

static void take_chunk_size(t_stream_t *s, char c)
{
    if (c == '\n') {
        s->part = s->chunk > 0 ? T_CHUNK : T_OVER;
    } else if (c != '\r') {
        s->chunk = s->chunk * 16 + (size_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
}

static void take_bytes(t_streams_t *set, t_stream_t *s, const char *p, size_t n)
{
    const char *end = p + n;
    while (p < end) {
        size_t left = (size_t)(end - p), len = 1;
        switch (s->part) {
        case T_HEAD:
            take_head(set, s, *p);
            break;
        case T_CHUNK_SIZE:
            take_chunk_size(s, *p);
            break;
        case T_CHUNK:
            len = left < s->chunk ? left : s->chunk;
            take_text(set, s, p, len);
            s->chunk -= len;
            s->part = s->chunk > 0 ? T_CHUNK : T_CHUNK_END;
            break;
        case T_CHUNK_END:
            s->part = *p == '\n' ? T_CHUNK_SIZE : T_CHUNK_END;
            break;
        case T_OVER:
            return;
        }
        p += len;
    }
}

/* ---------------------------------------------------------------- connections */

void t_streams_init(t_streams_t *set, int port, size_t n)
{
    *set = (t_streams_t){.port = port, .n = n, .epoll = epoll_create1(EPOLL_CLOEXEC)};
    set->all = calloc(n, sizeof(*set->all));
    for (size_t i = 0; i < n; i++) {
        set->all[i].fd = -1;
        set->all[i].customer = set->all[i].call = T_ANY;
    }
}

void t_streams_free(t_streams_t *set)
{
    for (size_t i = 0; i < set->n; i++) {
        t_stream_hang_up(&set->all[i], false);
    }
    close(set->epoll);
    free(set->all);
}

static size_t request(const t_stream_t *s, char *text, size_t size)
{
    char resume[80] = "";
    if (s->last_id[0] != '\0') {
        snprintf(resume, sizeof(resume), "Last-Event-ID: %s\r\n", s->last_id);
    }
    return (size_t)snprintf(text, size,
                            "GET %s?org=%s&customer=c%d&call=k%d HTTP/1.1\r\nHost: t\r\n%s\r\n",
                            s->location, s->feed->org, s->customer, s->call, resume);
}

__attribute__((noreturn)) static void bail(const char *what)
{
    printf("Bail out! %s: %s\n", what, strerror(errno));
    exit(EXIT_FAILURE);
}

void t_stream_open(t_streams_t *set, t_stream_t *s, int rcvbuf)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)set->port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct epoll_event ev = {.events = EPOLLIN, .data.ptr = s};
    char text[512];
    size_t len = request(s, text, sizeof(text));
    s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    s->part = T_HEAD;
    s->matched = s->chunk = s->len = 0;
    s->type[0] = s->id[0] = '\0';
    s->data = false;
    if (s->fd < 0) {
        bail("socket");
    }
    if (rcvbuf > 0) {
        setsockopt(s->fd, SOL_SOCKET, SO_RCVBUF, &rcvbuf, sizeof(rcvbuf));
    }
    if (connect(s->fd, (struct sockaddr *)&to, sizeof(to)) != 0 ||
        write(s->fd, text, len) != (ssize_t)len ||
        epoll_ctl(set->epoll, EPOLL_CTL_ADD, s->fd, &ev) != 0) {
        bail("a stream cannot be opened");
    }
    fcntl(s->fd, F_SETFL, O_NONBLOCK);
}

void t_stream_hang_up(t_stream_t *s, bool reset)
{
    struct linger linger = {.l_onoff = reset};
    if (s->fd >= 0) {
        setsockopt(s->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
        close(s->fd);
    }
    s->fd = -1;
}

void t_stream_idle(t_streams_t *set, t_stream_t *s, bool idle)
{
    struct epoll_event ev = {.events = idle ? 0 : EPOLLIN, .data.ptr = s};
    s->idle = idle;
    epoll_ctl(set->epoll, EPOLL_CTL_MOD, s->fd, &ev);
}

/* The server has ended it. */
static void end(t_streams_t *set, t_stream_t *s)
{
    bool over = s->part == T_OVER;
    t_stream_hang_up(s, false);
    set->ended += over;
    set->cut += !over;
    if (over && set->reopen) {
        t_stream_open(set, s, 0);
    }
}

void t_streams_read(t_streams_t *set, int ms)
{
    static char bytes[65536];
    struct epoll_event ready[TURN];
    int count = epoll_wait(set->epoll, ready, TURN, ms);
    for (int i = 0; i < count; i++) {
        t_stream_t *s = ready[i].data.ptr;
        if (s->idle) {
            continue; /* it broke: epoll says so unasked */
        }
        ssize_t n = read(s->fd, bytes, sizeof(bytes));
        if (n > 0) {
            take_bytes(set, s, bytes, (size_t)n);
        } else if (n == 0 || errno != EAGAIN) {
            end(set, s);
        }
    }
}

/* ---------------------------------------------------------------- all of them */

static bool is_within(t_stream_t *s, size_t behind)
{
    if (s->fd < 0 || s->idle) {
        return true;
    }
    skip(s);
    return s->placed && s->part != T_HEAD && s->feed->n - s->next <= behind;
}

static time_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec;
}

bool t_streams_within(t_streams_t *set, size_t behind)
{
    time_t end_of_patience = now() + PATIENCE_S;
    for (size_t i = 0; i < set->n; i++) {
        while (!is_within(&set->all[i], behind)) {
            t_streams_read(set, 100);
            if (now() >= end_of_patience) {
                printf("# stream %zu of %s stays %zu behind\n", i, set->all[i].feed->org,
                       set->all[i].feed->n - set->all[i].next);
                return false;
            }
        }
    }
    return true;
}

bool t_streams_perfect(const t_streams_t *set)
{
    if (set->lost + set->doubled + set->foreign + set->resyncs + set->cut + set->refused == 0) {
        return true;
    }
    printf(
        "# %zu seen, %zu lost, %zu doubled, %zu foreign, %zu resyncs, %zu cut, %zu refused\n",
        set->seen, set->lost, set->doubled, set->foreign, set->resyncs, set->cut, set->refused);
    return false;
}
