/*
 * Finding and entering a Redis: straight, or through Sentinels. For redis.c.
 */
#ifndef WK_REDIS_CONNECT_H
#define WK_REDIS_CONNECT_H

#include <hiredis/hiredis.h>

#include "worker/error.h"

/*
 * Connected, logged in, the database selected, and a primary when Sentinels named
 * it. NULL and *e otherwise. timeout_ms holds for each step.
 */
redisContext *wk_redis_connect(const char *url, int timeout_ms, wk_error_t *e);

struct timeval wk_redis_timeval(int ms);

#endif
