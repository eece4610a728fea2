/*
 * Work that dies at every place it passes. The places are nowhere listed: a run that lives
 * writes down those it visits (crash.h), and each of these visits is then one death by SIGKILL
 * in a process of its own. What that process left behind goes on as it would in life: leases
 * run out, retries fall due, the scheduler drains the outbox, another worker takes the jobs.
 *
 * With VA_DEATHS=all in the environment it dies at every visit, else at some of each place.
 */
#ifndef T_DEATHS_H
#define T_DEATHS_H

#include "t/handlers/lib/client.h"

typedef struct {
    const char *name;
    void (*begin)(void); /* the world before, and the jobs pushed (t_push) */
    void (*pass)(void);  /* time goes by for what waits; may be NULL */
    void (*judge)(void); /* what has become of it when nothing is left to do */
} t_death_t;

/*
 * Fails for a place where it did not die, and for work that comes to no end. Prints how often
 * it died, and what it passes; returns how many places that are.
 */
int t_die_everywhere(const t_death_t *d);

/*
 * Asks in a process of its own, which dies at that visit of the place; true when it came
 * there. What it left behind stays as it is.
 */
bool t_dies_at(const char *point, int visit, const t_ask_t *ask);

#endif
