#include "worker/turns.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "worker/log.h"

#define BEHIND_CALLS  5      /* nice(2) */
#define SHORT_TURN_NS 100000 /* the least that Linux gives */

/* As sched_setattr(2) has it; glibc knows it since 2.41 only. */
typedef struct {
    uint32_t size;
    uint32_t sched_policy;
    uint64_t sched_flags;
    int32_t sched_nice;
    uint32_t sched_priority;
    uint64_t sched_runtime;
    uint64_t sched_deadline;
    uint64_t sched_period;
} scheduling_t;

void wk_turns_wait(void)
{
    errno = 0;
    if (nice(BEHIND_CALLS) == -1 && errno != 0) {
        wk_log(WK_WARN, "the priority cannot be lowered", WK_C("error", strerror(errno)));
    }
}

void wk_turns_short(void)
{
    scheduling_t wanted = {.size = sizeof(wanted)};
    if (syscall(SYS_sched_getattr, 0, &wanted, sizeof(wanted), 0) == 0) {
        wanted.sched_runtime = SHORT_TURN_NS;
        if (syscall(SYS_sched_setattr, 0, &wanted, 0) == 0) {
            return;
        }
    }
    wk_log(WK_WARN, "short turns are refused", WK_C("error", strerror(errno)));
}
