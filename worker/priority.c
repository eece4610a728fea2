#define _GNU_SOURCE /* gettid */
#include "worker/priority.h"

#include <errno.h>
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include "worker/log.h"

#define BEHIND 10 /* a tenth of the weight of the others, where the processors are short */

static int usual;       /* niceness of the process */
static bool can_return; /* also from a higher one */

static bool set(int niceness)
{
    return setpriority(PRIO_PROCESS, (id_t)gettid(), niceness) == 0;
}

/* On a thread of its own, which may have to stay where it went. */
static void *try_to_return(void *arg)
{
    (void)arg;
    can_return = set(usual + 1) && set(usual);
    return NULL;
}

void wk_priority_init(void)
{
    pthread_t probe;
    errno = 0;
    usual = getpriority(PRIO_PROCESS, 0);
    if (errno == 0 && pthread_create(&probe, NULL, try_to_return, NULL) == 0) {
        pthread_join(probe, NULL);
    }
    if (!can_return) {
        wk_log(WK_INFO, "bulk jobs have the priority of all others: RLIMIT_NICE is too low");
    }
}

void wk_priority_step_back(bool back)
{
    if (can_return && !set(back ? usual + BEHIND : usual)) {
        wk_log(WK_WARN, "the priority of a thread cannot be changed");
    }
}
