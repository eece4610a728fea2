#define _GNU_SOURCE
#include "proxy.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_PAIRS 64

typedef struct {
    int client, server; /* -1: free */
    bool client_spoke;  /* and the server has not answered since */
    bool cut_answer;
} pair_t;

struct t_proxy {
    pthread_t thread;
    int listener, port, target;
    atomic_bool quit;
    atomic_long round_trips, cut_before, cut_after; /* counts down to the cut; 0: none */
    pair_t pairs[MAX_PAIRS];
};

static void close_pair(pair_t *p)
{
    close(p->client);
    close(p->server);
    p->client = p->server = -1;
}

static void accept_one(t_proxy_t *p)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)p->target),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int client = accept4(p->listener, NULL, NULL, SOCK_CLOEXEC);
    int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(server, (struct sockaddr *)&to, sizeof(to)) == 0) {
        for (int i = 0; i < MAX_PAIRS; i++) {
            if (p->pairs[i].client < 0) {
                p->pairs[i] = (pair_t){client, server, false, false};
                return;
            }
        }
    }
    close(client);
    close(server);
}

/* False when the connection has ended. */
static bool forward(int from, int to)
{
    char data[65536];
    ssize_t n = read(from, data, sizeof(data));
    for (ssize_t done = 0; done < n;) {
        ssize_t k = send(to, data + done, (size_t)(n - done), MSG_NOSIGNAL);
        if (k < 0) {
            return false;
        }
        done += k;
    }
    return n > 0;
}

/* True when this was the one to cut at. */
static bool count_down(atomic_long *n)
{
    return atomic_load(n) > 0 && atomic_fetch_sub(n, 1) == 1;
}

static void client_speaks(t_proxy_t *p, pair_t *pair)
{
    if (!pair->client_spoke) {
        pair->client_spoke = true;
        atomic_fetch_add(&p->round_trips, 1);
        if (count_down(&p->cut_before)) {
            close_pair(pair);
            return;
        }
        pair->cut_answer = count_down(&p->cut_after);
    }
    if (!forward(pair->client, pair->server)) {
        close_pair(pair);
    }
}

static void server_speaks(pair_t *pair)
{
    pair->client_spoke = false;
    if (pair->cut_answer || !forward(pair->server, pair->client)) {
        close_pair(pair);
    }
}

static void *proxy_thread(void *arg)
{
    t_proxy_t *p = arg;
    while (!atomic_load(&p->quit)) {
        struct pollfd fds[1 + 2 * MAX_PAIRS] = {{p->listener, POLLIN, 0}};
        for (int i = 0; i < MAX_PAIRS; i++) {
            fds[1 + 2 * i] = (struct pollfd){p->pairs[i].client, POLLIN, 0};
            fds[2 + 2 * i] = (struct pollfd){p->pairs[i].server, POLLIN, 0};
        }
        poll(fds, 1 + 2 * MAX_PAIRS, 20);
        for (int i = 0; i < MAX_PAIRS; i++) {
            if (fds[2 + 2 * i].revents != 0) {
                server_speaks(&p->pairs[i]);
            }
            if (fds[1 + 2 * i].revents != 0 && p->pairs[i].client >= 0) {
                client_speaks(p, &p->pairs[i]);
            }
        }
        if (fds[0].revents != 0) {
            accept_one(p);
        }
    }
    return NULL;
}

t_proxy_t *t_proxy_start(int target)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    t_proxy_t *p = calloc(1, sizeof(*p));
    p->target = target;
    for (int i = 0; i < MAX_PAIRS; i++) {
        p->pairs[i].client = p->pairs[i].server = -1;
    }
    p->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(p->listener, (struct sockaddr *)&address, len) != 0 ||
        listen(p->listener, 64) != 0 ||
        getsockname(p->listener, (struct sockaddr *)&address, &len) != 0 ||
        pthread_create(&p->thread, NULL, proxy_thread, p) != 0) {
        abort();
    }
    p->port = ntohs(address.sin_port);
    return p;
}

void t_proxy_stop(t_proxy_t *p)
{
    atomic_store(&p->quit, true);
    pthread_join(p->thread, NULL);
    for (int i = 0; i < MAX_PAIRS; i++) {
        if (p->pairs[i].client >= 0) {
            close_pair(&p->pairs[i]);
        }
    }
    close(p->listener);
    free(p);
}

int t_proxy_port(const t_proxy_t *p)
{
    return p->port;
}

long t_proxy_round_trips(const t_proxy_t *p)
{
    return atomic_load(&p->round_trips);
}

void t_proxy_cut_before(t_proxy_t *p, long n)
{
    atomic_store(&p->cut_before, n);
}

void t_proxy_cut_after(t_proxy_t *p, long n)
{
    atomic_store(&p->cut_after, n);
}
