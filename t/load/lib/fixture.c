#include "t/load/lib/fixture.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#define SPARE_FILES 64

t_redis_t t_store;
t_publisher_t t_publisher;

/* As VA_LOAD_SEED says, so that a failure can be repeated. */
static unsigned choose_seed(void)
{
    const char *given = getenv("VA_LOAD_SEED");
    return given != NULL ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL);
}

int t_load_setup(void **state)
{
    static const char *const options[] = {"--appendfsync", "always", "--maxmemory-policy",
                                          "noeviction", NULL};
    (void)state;
    t_publisher.seed = choose_seed();
    printf("# VA_LOAD_SEED=%u\n", t_publisher.seed);
    t_redis_start(&t_store, options);
    t_publisher_open(&t_publisher, &t_store);
    return 0;
}

bool t_room_for(size_t files)
{
    struct rlimit limit;
    rlim_t want = files + SPARE_FILES;
    getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur < want) {
        limit.rlim_cur = want;
        limit.rlim_max = limit.rlim_max < want ? want : limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
        getrlimit(RLIMIT_NOFILE, &limit);
    }
    if (limit.rlim_cur < want) {
        printf("# SKIPPED: %zu files may not be opened here, only %zu (ulimit -n)\n", files,
               (size_t)limit.rlim_cur);
    }
    return limit.rlim_cur >= want;
}
