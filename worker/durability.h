/*
 * What a Redis promises about jobs it acknowledged, judged by its settings.
 */
#ifndef WK_DURABILITY_H
#define WK_DURABILITY_H

#include "worker/arena.h"
#include "worker/redis.h"

typedef struct {
    bool known; /* false: this login may not read the settings */
    bool appendonly;
    bool always; /* appendfsync always */
    bool everysec;
    bool noeviction;
    int min_replicas;
    int major, minor; /* the server's version; Valkey tells the Redis it is like */
} wk_durability_t;

bool wk_durability_read(wk_redis_t *r, wk_arena_t *a, wk_durability_t *d, wk_error_t *e);

/* A sentence each; the same everywhere. */
const char *wk_durability_promise(const wk_durability_t *d);

/* Says at the start which promise holds. */
void wk_durability_log(wk_redis_t *r);

#endif
