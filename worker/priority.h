/*
 * Jobs for which nobody waits leave the processors to those for which somebody does: their
 * thread is nicer as long as it is at work on one. Linux keeps a niceness for each thread.
 */
#ifndef WK_PRIORITY_H
#define WK_PRIORITY_H

#include <stdbool.h>

/*
 * Once, before the first thread. Whoever is not root needs RLIMIT_NICE to come back from a
 * higher niceness (LimitNICE= of a unit); without it all threads stay as they are.
 */
void wk_priority_init(void);

/* For the calling thread, until it says otherwise. */
void wk_priority_step_back(bool back);

#endif
