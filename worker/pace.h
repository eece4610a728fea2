/*
 * Bulk work gives way to what somebody waits for. While realtime jobs come in, one transaction
 * of bulk jobs runs at a time in a process, and none for a while behind each: what an answer
 * waits for is the processors, which Postgres spends on those. Waiting for the network costs
 * nobody anything, so that as many bulk jobs as ever may do that meanwhile.
 *
 * However much is asked, one transaction a second begins; nobody waits longer for one that
 * takes its time. All is a process's own: it knows only of the realtime jobs that it took.
 */
#ifndef WK_PACE_H
#define WK_PACE_H

#include <stdint.h>

/* A realtime job was taken. */
void wk_pace_asked(void);

/* Returns when a transaction of a bulk job may begin; what it returns is for the other. */
int64_t wk_pace_begin(void);
void wk_pace_end(int64_t begun);

#endif
