#include "worker/crash.h"

#ifdef WK_CRASH_POINTS

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

void wk_crash_point(const char *name)
{
    static atomic_long visits;
    const char *at = getenv("VA_CRASH_AT");
    if (at == NULL) {
        return;
    }
    size_t len = strcspn(at, ":");
    if (strlen(name) != len || memcmp(name, at, len) != 0) {
        return;
    }
    long when = at[len] == ':' ? strtol(at + len + 1, NULL, 10) : 1;
    if (atomic_fetch_add(&visits, 1) + 1 == when) {
        raise(SIGKILL);
    }
}

#else
typedef int wk_no_crash_points_t; /* ISO C wants something here */
#endif
