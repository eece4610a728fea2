/*
 * Many clients of one event stream: opens N connections, sends the request given
 * to each, and measures when each event arrives after the time its data carries
 * ("data: {"at":<nanoseconds of CLOCK_MONOTONIC>…" anywhere in the line).
 *
 *   sse_clients <port> <clients> <request file> <events> [<seconds>]
 *
 * Says "connected" when all have their response header, and exits with a line of
 * figures when every client has seen all events, or when the seconds are over.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_BYTES 512
#define BUCKET_NS      100000 /* of the histogram: 0.1 ms */
#define BUCKETS        100000

struct client {
    int fd;
    int header; /* bytes of the blank line behind the header seen so far */
    size_t len;
    long seen;
    char line[LINE_MAX_BYTES];
};

static uint64_t histogram[BUCKETS + 1];
static long connected, delivered;

static int64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static void take_line(struct client *c, int64_t now)
{
    c->line[c->len] = '\0';
    if (strncmp(c->line, "data:", 5) != 0)
        return;

    const char *at = strstr(c->line, "\"at\":");

    if (at == NULL)
        return;

    int64_t late = (now - strtoll(at + 5, NULL, 10)) / BUCKET_NS;

    histogram[late < 0 ? 0 : late > BUCKETS ? BUCKETS : late]++;
    c->seen++;
    delivered++;
}

static void take_bytes(struct client *c, const char *p, ssize_t n)
{
    int64_t now = now_ns();

    for (; n > 0; n--, p++) {
        if (c->header < 4) {
            c->header = *p == "\r\n\r\n"[c->header] ? c->header + 1 : *p == '\r';
            connected += c->header == 4;
        } else if (*p == '\n') {
            take_line(c, now);
            c->len = 0;
        } else if (*p != '\r' && c->len < LINE_MAX_BYTES - 1) {
            c->line[c->len++] = *p;
        }
    }
}

static void open_client(struct client *c, int port, const char *request, size_t len)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (c->fd < 0)
        die("socket");
    if (connect(c->fd, (struct sockaddr *)&to, sizeof(to)) < 0)
        die("connect");
    if (write(c->fd, request, len) != (ssize_t)len)
        die("write");
    fcntl(c->fd, F_SETFL, O_NONBLOCK);
}

static double percentile(double p)
{
    uint64_t want = (uint64_t)((double)delivered * p), sum = 0;
    size_t i = 0;

    while (i < BUCKETS && sum + histogram[i] <= want)
        sum += histogram[i++];
    return (double)(i + 1) * BUCKET_NS / 1e6;
}

static size_t read_file(const char *name, char *out, size_t size)
{
    FILE *f = fopen(name, "rb");

    if (f == NULL)
        die(name);

    size_t n = fread(out, 1, size, f);

    fclose(f);
    return n;
}

int main(int argc, char **argv)
{
    if (argc < 5) {
        fprintf(stderr, "usage: sse_clients port clients request-file events [seconds]\n");
        return 2;
    }

    struct rlimit files;
    long n = strtol(argv[2], NULL, 10), events = strtol(argv[4], NULL, 10);
    int64_t end = now_ns() + (argc > 5 ? strtoll(argv[5], NULL, 10) : 120) * 1000000000;
    struct client *clients = calloc((size_t)n, sizeof(*clients));
    static char request[8192], bytes[65536];
    size_t len = read_file(argv[3], request, sizeof(request));
    int ep = epoll_create1(0), announced = 0;

    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);

    for (long i = 0; i < n; i++) {
        struct epoll_event ev = {.events = EPOLLIN, .data.ptr = &clients[i]};

        open_client(&clients[i], (int)strtol(argv[1], NULL, 10), request, len);
        epoll_ctl(ep, EPOLL_CTL_ADD, clients[i].fd, &ev);
    }

    while (delivered < n * events && now_ns() < end) {
        struct epoll_event ready[256];
        int count = epoll_wait(ep, ready, 256, 100);

        for (int i = 0; i < count; i++) {
            struct client *c = ready[i].data.ptr;
            ssize_t got = read(c->fd, bytes, sizeof(bytes));

            if (got > 0)
                take_bytes(c, bytes, got);
            else if (got == 0 || errno != EAGAIN)
                die("a stream ended");
        }
        if (!announced && connected == n) {
            announced = 1;
            puts("connected");
            fflush(stdout);
        }
    }

    printf("{\"delivered\":%ld,\"expected\":%ld,\"p50\":%.1f,\"p99\":%.1f,\"max\":%.1f}\n", delivered,
           n * events, percentile(0.5), percentile(0.99), percentile(1.0 - 1e-9));
    return delivered == n * events ? 0 : 1;
}
