/* Jobs that run beside the test, each on a thread and connections of its own, and what they
 * wait for. */
#ifndef T_RUNS_H
#define T_RUNS_H

#include <libpq-fe.h>
#include <pthread.h>
#include <stdatomic.h>

#include "t/handlers/lib/client.h"

typedef struct {
    t_ask_t ask;
    t_answer_t answer; /* its texts are gone with its thread; body is not */
    char body[4000];
    pthread_t thread;
    atomic_bool done;
} t_run_t;

void t_run(t_run_t *run);

/* Waits until each of the n is done, or waits for a lock that somebody has in the database. */
void t_runs_still(t_run_t *runs, size_t n);

void t_run_end(t_run_t *run);

/* Until PQfinish() nobody else gets the table. */
PGconn *t_lock(const char *table, const char *mode);

/*
 * By somebody else, in a transaction that has the slots of Downtown's resource until
 * t_commit(); t_booking_of: a statement that books an hour of it, at a wall clock time or an
 * instant.
 */
PGconn *t_lock_slots(const char *resource, const char *statements);
const char *t_booking_of(const char *resource, const char *at);
void t_commit(PGconn *db);

#endif
