#include <sys/prctl.h>
#include <sys/resource.h>

#include "worker/extract/extract.h"

static bool at_most(__rlimit_resource_t what, rlim_t limit)
{
    return setrlimit(what, &(struct rlimit){limit, limit}) == 0;
}

/*
 * Without descriptors to be had (RLIMIT_NOFILE; those that are open stay) there is neither a
 * file nor a socket. The time limit's second number is the one that cannot be caught.
 */
bool ex_limit(void)
{
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_DUMPABLE, 0) == 0 &&
           at_most(RLIMIT_CORE, 0) && at_most(RLIMIT_FSIZE, EX_MAX_TEXT) &&
           at_most(RLIMIT_AS, EX_MEMORY) && at_most(RLIMIT_CPU, EX_CPU_S) &&
           at_most(RLIMIT_NPROC, 0) && at_most(RLIMIT_NOFILE, 0);
}
