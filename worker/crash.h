/*
 * Places where a test lets a process die (docs/operations.md). With
 * VA_CRASH_AT="name[:n]" in the environment the n-th visit (the first, without n)
 * of that name ends the process by SIGKILL, as a power cut would. With VA_CRASH_LOG=file
 * each visit adds the name to the file, a line each: the places that a run passes, in
 * their order. Compiled in with -DWK_CRASH_POINTS only, which no installed program is
 * built with.
 */
#ifndef WK_CRASH_H
#define WK_CRASH_H

#ifdef WK_CRASH_POINTS
void wk_crash_point(const char *name);
#else
#define wk_crash_point(name) ((void)0)
#endif

#endif
