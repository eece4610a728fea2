/*
 * A blocking connection to Redis (redis_url.h says how it is found), with time
 * limits on connecting and on every command, opened when first needed and again
 * after a failure. One thread each.
 *
 * A command whose connection is lost may have been carried out.
 */
#ifndef WK_REDIS_H
#define WK_REDIS_H

#include <hiredis/hiredis.h>

#include "core/base.h"
#include "worker/error.h"

typedef struct wk_redis wk_redis_t;

/* Does not connect. url must outlive it. */
wk_redis_t *wk_redis_new(const char *url, int timeout_ms);
void wk_redis_free(wk_redis_t *r);

/*
 * One command; the reply is the caller's (freeReplyObject). NULL and *e on a
 * lost connection or an error reply. WK_UNAVAILABLE for all that may pass: OOM,
 * LOADING, READONLY, NOREPLICAS and the like. wait_ms is added to the time limit, for
 * blocking commands.
 */
redisReply *wk_redis_command(wk_redis_t *r, int wait_ms, const va_str_t *argv, size_t argc,
                             wk_error_t *e);

/* A script of core/scripts/ or worker/scripts/, made into build/scripts.h. */
typedef struct {
    const char *name;
    const char *text;
    size_t len;
} wk_script_t;

/* EVALSHA; sent whole when the server does not know it. */
redisReply *wk_redis_script(wk_redis_t *r, const wk_script_t *script, const va_str_t *keys,
                            size_t n_keys, const va_str_t *args, size_t n_args, wk_error_t *e);

/*
 * Several scripts in one write: each _append that returned true needs one _reply, in
 * order; the write happens with the first. Keys and arguments are copied. An error
 * reply is that script's alone; when the connection is lost, so are the remaining
 * replies. A script the server did not know runs again, after the others.
 */
bool wk_redis_script_append(wk_redis_t *r, const wk_script_t *script, const va_str_t *keys,
                            size_t n_keys, const va_str_t *args, size_t n_args, wk_error_t *e);
redisReply *wk_redis_reply(wk_redis_t *r, wk_error_t *e);

/* The text of a string or status reply; absent for others. Valid as long as the reply. */
va_str_t wk_redis_str(const redisReply *reply);

/* The class of an error reply's text. */
wk_code_t wk_redis_error_code(const char *text);

/* Whether it means that the server has to be looked for again: it is a replica now, say. */
bool wk_redis_error_elsewhere(const char *text);

#endif
