/*
 * How a process stands beside others when the processors are short: sound is late before an
 * answer is. Neither can fail in a way that matters; what the kernel refuses is logged.
 */
#ifndef WK_TURNS_H
#define WK_TURNS_H

/* Behind live calls of the same host: nice(2). */
void wk_turns_wait(void);

/*
 * Soon and short: who asks for little at a time comes first when he wakes, and what he gets in
 * all is no more (sched_setattr(2), sched_runtime of SCHED_OTHER: Linux 6.12; older ones take
 * it and do nothing).
 */
void wk_turns_short(void);

#endif
