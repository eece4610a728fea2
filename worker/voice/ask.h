/*
 * What a loop asks of the workers: a job, and its reply some time later. A question is pushed
 * as nginx pushes one (docs/protocol.md), its reply comes over the process' own channel, and is
 * looked for once where it is stored, since a published one can be missed.
 */
#ifndef WK_VOICE_ASK_H
#define WK_VOICE_ASK_H

#include "core/job.h"
#include "worker/queue.h"
#include "worker/voice/redis_async.h"

typedef struct wk_asks wk_asks_t;

/* process: a name that no other process ever had; it must outlive it, as must redis and url. */
wk_asks_t *wk_asks_new(uv_loop_t *loop, const char *url, const char *process,
                       wk_aredis_t *redis);
void wk_asks_close(wk_asks_t *asks);

typedef struct {
    wk_queue_t queue;
    const char *type;
    va_str_t organization;
    va_str_t serial; /* jobs of one call are done in their order */
    va_str_t dedup;  /* a key: asked again, the first one's reply comes; absent: none */
    va_str_t body;   /* JSON */
    int64_t wait_ms; /* for the reply */
} wk_question_t;

/*
 * reply NULL: none came in time. Status 503: the question was never asked, Redis did not take
 * it. Never from within wk_ask().
 */
typedef void (*wk_answer_fn)(void *ctx, const va_reply_t *reply);

/* Asked again while Redis does not take it, as long as a reply is waited for; one job all the
 * same. */
void wk_ask(wk_asks_t *asks, const wk_question_t *question, wk_answer_fn fn, void *ctx);

/*
 * Nobody waits for a reply. Told again while Redis is away or takes nothing, in the order of
 * the calls, for a minute at most; it becomes one job all the same.
 */
void wk_tell(wk_asks_t *asks, const wk_question_t *question);

#endif
