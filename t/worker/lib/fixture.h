/* What most tests of the runtime need: a Redis, a connection, an arena, and short words. */
#ifndef T_FIXTURE_H
#define T_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "t/worker/lib/servers.h"
#include "worker/queue.h"

#define assert_ok(call)                                                                        \
    do {                                                                                       \
        if (!(call)) {                                                                         \
            fail_msg("%s: %s", #call, t_e.text);                                               \
        }                                                                                      \
    } while (0)

extern wk_error_t t_e; /* of the last call */

bool t_eq(va_str_t s, const char *expected);

#define assert_str(s, expected)                                                                \
    do {                                                                                       \
        va_str_t s_ = (s);                                                                     \
        if (!t_eq(s_, (expected))) {                                                           \
            fail_msg("%s is \"%.*s\", not \"%s\"", #s, (int)s_.len,                            \
                     s_.data != NULL ? s_.data : "", (expected));                              \
        }                                                                                      \
    } while (0)

/* A command of words without spaces; the reply is freed with the arena. */
redisReply *t_redis(wk_redis_t *r, wk_arena_t *a, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Its integer, or its text as a number; fails for an error. */
long long t_redis_int(wk_redis_t *r, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Jobs of the type test.until last until they are let go by the name they were given: t_gate()
 * is their body.
 */
const char *t_gate(wk_arena_t *a, const char *name);
void t_let_go(const char *name);

/* A job as nginx would push it. */
void t_push_job(wk_redis_t *r, wk_queue_t q, const va_job_t *job);

/* One of no interest but for its place in the queue. */
void t_push(wk_redis_t *r, wk_queue_t q, const char *id, const char *lane, const char *serial);

#endif
