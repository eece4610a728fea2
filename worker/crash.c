#include "worker/crash.h"

#ifdef WK_CRASH_POINTS

#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void note(const char *name)
{
    const char *path = getenv("VA_CRASH_LOG");
    int fd = path != NULL ? open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600) : -1;
    if (fd >= 0) {
        dprintf(fd, "%s\n", name);
        close(fd);
    }
}

static void die_at(const char *at, const char *name)
{
    static atomic_long visits;
    size_t len = strcspn(at, ":");
    if (strlen(name) != len || memcmp(name, at, len) != 0) {
        return;
    }
    long when = at[len] == ':' ? strtol(at + len + 1, NULL, 10) : 1;
    if (atomic_fetch_add(&visits, 1) + 1 == when) {
        raise(SIGKILL);
    }
}

void wk_crash_point(const char *name)
{
    const char *at = getenv("VA_CRASH_AT");
    note(name);
    if (at != NULL) {
        die_at(at, name);
    }
}

#else
typedef int wk_no_crash_points_t; /* ISO C wants something here */
#endif
