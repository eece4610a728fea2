/*
 * The thread by which a process says that it is well: as long as Postgres answers a ping
 * on a connection of its own, va:alive hears of it once a second; the counters are sent
 * either way.
 */
#ifndef WK_PULSE_H
#define WK_PULSE_H

#include "worker/config.h"
#include "worker/leases.h"

typedef struct wk_pulse wk_pulse_t;

wk_pulse_t *wk_pulse_start(const wk_config_t *config, wk_leases_t *leases, wk_error_t *e);

/* Takes the process off va:alive and sends the last counters. */
void wk_pulse_stop(wk_pulse_t *p);

#endif
