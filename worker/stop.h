/*
 * The end of a worker process, asked for by a signal: a flag every thread may look at
 * and sleep on. There is one a process, since a process ends once.
 */
#ifndef WK_STOP_H
#define WK_STOP_H

#include <stdbool.h>

/* Before any thread, or when all have ended. False: errno. */
bool wk_stop_init(void);

void wk_stop_request(void);
bool wk_stop_requested(void);

/* Sleeps at most ms; true as soon as the end was asked for. */
bool wk_stop_sleep(int ms);

/*
 * Blocks the signals a worker answers to, in this thread and those it starts. Only
 * wk_stop_wait_signal() and the supervisor see them.
 */
void wk_stop_block_signals(void);

/*
 * Waits at most ms (-1: any time) for a signal: SIGUSR1 opens the log again here,
 * SIGTERM and SIGINT ask for the end. True as soon as the end was asked for.
 */
bool wk_stop_wait_signal(int ms);

#endif
