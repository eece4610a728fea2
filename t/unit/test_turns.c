#include "worker/turns.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "t/unit/support.h"

/* What sched_getattr(2) tells, as far as its first version goes. */
typedef struct {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
} scheduling_t;

static scheduling_t scheduling(void)
{
    scheduling_t now = {.size = sizeof(now)};
    assert_int_equal(syscall(SYS_sched_getattr, 0, &now, sizeof(now), 0), 0);
    return now;
}

static bool kernel_has_slices(void)
{
    struct utsname name;
    int major, minor;
    assert_int_equal(uname(&name), 0);
    assert_int_equal(sscanf(name.release, "%d.%d", &major, &minor), 2);
    return major > 6 || (major == 6 && minor >= 12);
}

/* In a process of its own: a niceness is not taken back. */
static void in_a_child(void (*act)(void))
{
    int status;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        act();
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void behind_calls(void)
{
    int before = getpriority(PRIO_PROCESS, 0);
    wk_turns_wait();
    int now = getpriority(PRIO_PROCESS, 0);
    _exit(now == (before + 5 > 19 ? 19 : before + 5) ? 0 : 1);
}

static void short_turns(void)
{
    scheduling_t before = scheduling();
    wk_turns_short();
    scheduling_t now = scheduling();
    bool kept = now.policy == before.policy && now.nice == before.nice;
    _exit(kept && (!kernel_has_slices() || now.runtime == 100000) ? 0 : 1);
}

static void who_can_wait_is_behind_calls(void **state)
{
    (void)state;
    in_a_child(behind_calls);
}

static void short_turns_change_neither_policy_nor_niceness(void **state)
{
    (void)state;
    in_a_child(short_turns);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(who_can_wait_is_behind_calls),
        TEST(short_turns_change_neither_policy_nor_niceness),
    };
    return RUN("turns", tests);
}
