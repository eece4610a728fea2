/* What the calls of one voice process share. One loop, one thread: nothing here is locked. */
#ifndef WK_VOICE_VOICE_H
#define WK_VOICE_VOICE_H

#include <openssl/ssl.h>
#include <sys/queue.h>
#include <uv.h>

#include "core/signature.h"
#include "worker/agent/catalogue.h"
#include "worker/agent/redact.h"
#include "worker/voice/ask.h"
#include "worker/voice/http_async.h"
#include "worker/voice/redis_async.h"

typedef struct wk_session wk_session_t;

typedef struct {
    uv_loop_t *loop;
    const wk_config_t *config;
    const wk_catalogue_t *catalogue;
    const wk_redactor_t *redactor;
    char name[320]; /* of the process, which no other ever had */
    SSL_CTX *tls;
    wk_ahttp_t *http;
    va_secret_t
        secrets[2]; /* sign admissions and stream tokens; the second is the one before */
    size_t n_secrets;
    wk_aredis_t *redis;
    wk_asks_t *asks;
    wk_arena_t *lasting; /* of what is needed as long as the process lives */
    /* Of one message that is written, and of one that is read; emptied by whoever fills it. */
    wk_arena_t *scratch, *reading;
    wk_arena_t *engine_writing, *engine_reading; /* the same of the engines */
    LIST_HEAD(wk_sessions, wk_session) sessions;
    size_t n_sessions; /* whose stream has not ended; one that did may still be listed */
    bool draining;     /* it is to be sent no new calls */
    bool fenced;       /* the lease could not be renewed: none at all */
} wk_voice_t;

#endif
