/*
 * Whether the program on disk can begin: it may be another one by now, half of an upgrade, or
 * without one of its libraries.
 */
#ifndef WK_PROBE_H
#define WK_PROBE_H

#include <stdbool.h>

/* Runs it, for its version; waits for its end, for 5 s at most. It may complain to stderr. */
bool wk_program_begins(const char *path);

#endif
