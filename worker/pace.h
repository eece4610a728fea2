/*
 * Bulk work gives way to what somebody waits for. While realtime jobs come in, one transaction
 * of bulk jobs runs at a time in a process, and none for a while behind each: what an answer
 * waits for is the processors, which Postgres spends on those. A thread whose bulk job waits
 * for its turn serves no other queue, so that only two of a process take bulk jobs meanwhile.
 *
 * However much is asked, one transaction a second begins; nobody waits longer for one that
 * takes its time. All is a process's own: it knows only of the realtime jobs that it took.
 */
#ifndef WK_PACE_H
#define WK_PACE_H

#include <stdbool.h>
#include <stdint.h>

/* A realtime job was taken. */
void wk_pace_asked(void);

/* Whether a thread may take a bulk job; then it leaves when it has none any more. */
bool wk_pace_enter(void);
void wk_pace_leave(void);

/* Returns when a transaction of a bulk job may begin; what it returns is for the other. */
int64_t wk_pace_begin(void);
void wk_pace_end(int64_t begun);

#endif
