/*
 * Private servers of one test program: on free ports, with their files in a folder of
 * its own. They end, and the folder goes, with the program, however it ends.
 */
#ifndef T_SERVERS_H
#define T_SERVERS_H

#include <stdbool.h>
#include <sys/types.h>

#include "t/worker/lib/ports.h"

/* The folder, made when first asked for; world-accessible, since Postgres is not root. */
const char *t_folder(void);

/* A process with its output in <folder>/<name>.log. Dies with this program. */
pid_t t_spawn(const char *name, const char *const *argv);

/* When this is root, as that user: some servers refuse to be root. */
pid_t t_spawn_as(const char *name, const char *user, const char *const *argv);
void t_kill(pid_t pid, int signal);

/* Kills and waits. */
void t_end(pid_t pid);

/* Waits for the end of pid, at most ms; false when it lives on. */
bool t_wait(pid_t pid, int ms, int *status);

/* Until condition(arg), for at most ms. False when it never came. */
bool t_until(bool (*condition)(void *arg), void *arg, int ms);

typedef struct {
    int port;
    pid_t pid;
    char url[64];
    char dir[256];
    const char *const *options; /* "--name", "value", …, NULL */
} t_redis_t;

/* Ends the program when the server does not come up. options may be NULL. */
void t_redis_start(t_redis_t *r, const char *const *options);
void t_redis_stop(t_redis_t *r);            /* as a crash: SIGKILL */
void t_redis_restart(t_redis_t *r);         /* same port, same files */
void t_redis_restart_unready(t_redis_t *r); /* does not wait until it answers */

typedef struct {
    int port;
    pid_t pid;
    char super_url[128], owner_url[128], app_url[128];
} t_postgres_t;

/* A new copy of a cluster that the product's own migrate command made of sql/. */
void t_postgres_start(t_postgres_t *p);
void t_postgres_stop(t_postgres_t *p);    /* as a crash */
void t_postgres_restart(t_postgres_t *p); /* same port, same files */

/* Statements as the owner of the database; ends the program when one fails. */
void t_sql(const t_postgres_t *p, const char *text);

/* One as superuser; the first cell of its result, in a static buffer. */
const char *t_sql_value(const t_postgres_t *p, const char *text);

/*
 * PgBouncer in transaction mode, with one connection to the server for all clients, which
 * keeps their prepared statements or does not; its address as va_app. For t_end().
 */
pid_t t_pooler_start(const t_postgres_t *p, bool keeps_statements, char url[160]);

/* From 1.21 on PgBouncer can: Debian 12 has an older one. */
bool t_pooler_can_keep_statements(void);

/* The program under test, built with job types of its own (registry.c). */
const char *t_worker_program(void);

#endif
