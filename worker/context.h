/*
 * What a handler may use: the thread's own handles and the memory of the job.
 */
#ifndef WK_CONTEXT_H
#define WK_CONTEXT_H

#include "core/job.h"
#include "worker/arena.h"
#include "worker/config.h"
#include "worker/db.h"
#include "worker/error.h"
#include "worker/http.h"
#include "worker/redis.h"

typedef struct {
    const wk_config_t *config;
    wk_redis_t *redis;
    wk_db_t *db;
    wk_http_t *http;
    wk_arena_t *arena; /* gone after the job */
    const va_job_t *job;
    int attempt; /* 1 for the first */
} wk_ctx_t;

#endif
