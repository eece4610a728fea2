/*
 * Redis from within a loop: commands and scripts that never wait, and one channel listened to.
 * Each connection is found as redis_url.h says (on a thread of the loop's pool, since that may
 * take time), watched, and made again when it is lost.
 *
 * A command whose connection is lost may have been carried out.
 */
#ifndef WK_VOICE_REDIS_ASYNC_H
#define WK_VOICE_REDIS_ASYNC_H

#include <uv.h>

#include "worker/redis.h"

#define WK_AREDIS_ARGS 1024 /* of a command; one with more is refused */

typedef struct wk_aredis wk_aredis_t;

/* reply: NULL when there is none, or an error; freed afterwards. Never within the call that
 * asks. */
typedef void (*wk_aredis_fn)(void *ctx, const redisReply *reply);

/* url must outlive it. */
wk_aredis_t *wk_aredis_new(uv_loop_t *loop, const char *url);

/*
 * Listens to the channel from now on, and on each connection anew: ready() whenever that is so
 * (something may have been missed before), message() for each. For commands no more.
 */
typedef struct {
    void (*ready)(void *ctx);
    void (*message)(void *ctx, va_str_t text);
} wk_aredis_listener_t;

void wk_aredis_listen(wk_aredis_t *r, const char *channel, const wk_aredis_listener_t *listener,
                      void *ctx);

/* fn may be NULL. */
void wk_aredis_command(wk_aredis_t *r, const va_str_t *argv, size_t argc, wk_aredis_fn fn,
                       void *ctx);
void wk_aredis_script(wk_aredis_t *r, const wk_script_t *script, const va_str_t *keys,
                      size_t n_keys, const va_str_t *args, size_t n_args, wk_aredis_fn fn,
                      void *ctx);

/* What was asked and not answered is told so. Freed when the loop has run on. */
void wk_aredis_close(wk_aredis_t *r);

#endif
