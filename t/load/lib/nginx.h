/* An nginx of the test's own, with the module, on a free port. */
#ifndef T_NGINX_H
#define T_NGINX_H

#include <stdio.h>

#include "t/worker/lib/servers.h"

typedef struct {
    int port, workers;
    pid_t pid; /* of the master */
    char dir[256];
} t_nginx_t;

/*
 * Ends the program when it does not come up. server: what stands in its server block.
 * TEST_NGINX_BINARY and TEST_NGINX_LOAD_MODULES name another nginx, as in t/lib.
 */
void t_nginx_start(t_nginx_t *n, const t_redis_t *redis, int workers, const char *server);

/* Stops it at once. How many lines of its log an operator should be woken for. */
int t_nginx_stop(t_nginx_t *n);

void t_nginx_reload(const t_nginx_t *n);

/* Its worker processes, those that take requests or those that are leaving; at most max. */
size_t t_nginx_workers(const t_nginx_t *n, bool leaving, pid_t *pids, size_t max);

/*
 * What a process itself has written to, in KB: its share of a file grows when another program
 * ends that has it open too.
 */
long t_memory_kb(pid_t pid);

size_t t_open_files(pid_t pid);

#endif
