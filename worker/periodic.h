/*
 * The fleet's periodic work, in a thread of its own: it waits for Postgres and for outside
 * servers, which nothing that callers or jobs wait for may do.
 */
#ifndef WK_PERIODIC_H
#define WK_PERIODIC_H

#include <stdbool.h>

#include "worker/config.h"
#include "worker/error.h"

typedef struct wk_periodic wk_periodic_t;

wk_periodic_t *wk_periodic_start(const wk_config_t *config, wk_error_t *e);

/* Whether this host does what one of the fleet does. From any thread; false at first. */
void wk_periodic_lead(wk_periodic_t *p, bool leads);

/* How long its thread has been at the same piece of work. From any thread. */
int64_t wk_periodic_busy_ms(const wk_periodic_t *p);

/* When the end was asked for (stop.h). What runs in Postgres is told to stop. */
void wk_periodic_stop(wk_periodic_t *p);

#endif
