/*
 * The process for what is nobody's job: it ends leases that ran out, lets due retries
 * run, and does the fleet's periodic work. Each host has one; the periodic work is done
 * by the one that leads (va:leader:scheduler), and by another when that one is gone or stuck.
 */
#ifndef WK_SCHEDULER_H
#define WK_SCHEDULER_H

#include "worker/config.h"

/* Runs until SIGTERM; returns the exit status. */
int wk_scheduler_process(const wk_config_t *config);

#endif
