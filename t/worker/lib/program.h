/* The program under test as its operators run it: the supervisor and its processes. */
#ifndef T_PROGRAM_H
#define T_PROGRAM_H

#include "servers.h"

typedef struct {
    pid_t pid;     /* of the supervisor */
    char log[256]; /* its log file */
} t_program_t;

/* A folder of message catalogues that cannot be read; to the tests' job types any other is
 * good. */
#define T_BROKEN "/nowhere/broken"

/* Settings are taken from the environment: see t_program_defaults(). */
void t_program_start(t_program_t *p);

/* A part of it: "jobs" or "voice". */
void t_program_start_part(t_program_t *p, const char *part);

/* Small: 1 process of 4 threads. Leases that no test is to lose, however slow its machine is.
 */
void t_program_defaults(const t_redis_t *redis, const t_postgres_t *postgres);

/* SIGTERM; the exit status, or -1 when it did not end within ms (it is killed then). */
int t_program_stop(t_program_t *p, int ms);

/* Its processes of the role ("jobs", "scheduler"), by name in /proc; at most max. */
size_t t_program_children(const t_program_t *p, const char *role, pid_t *pids, size_t max);

/* How many lines of its log hold the text. */
int t_program_logged(const t_program_t *p, const char *text);

#endif
