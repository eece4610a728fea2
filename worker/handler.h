/*
 * A job type and the function that does it. handlers/registry.c holds the one
 * table; a new type is a line there, a handler and a test.
 */
#ifndef WK_HANDLER_H
#define WK_HANDLER_H

#include "worker/context.h"

typedef enum {
    WK_READ,   /* changes nothing: dropped past its deadline, never retried */
    WK_EFFECT, /* always finished */
} wk_kind_t;

typedef enum {
    WK_DONE,  /* reply, if any, is the answer */
    WK_LATER, /* nothing is wrong, it is not time yet: in e->retry_after_ms */
    WK_AGAIN, /* retry after e->retry_after_ms, or the usual back-off */
    WK_GIVE_UP,
} wk_outcome_t;

typedef struct {
    const char *type;
    wk_kind_t kind;
    /*
     * Must be safe to run again from its beginning, at any point of which an
     * earlier run may have died. reply is zeroed; status 0 means no reply. On
     * WK_AGAIN and WK_GIVE_UP *e says why.
     */
    wk_outcome_t (*run)(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e);
    int max_attempts; /* 0: the configured one */
} wk_handler_t;

const wk_handler_t *wk_handler_find(va_str_t type);

/* Whether what all of them (and the calls) need at hand is there, and can be read. */
bool wk_handlers_ready(const wk_config_t *config, wk_error_t *e);

/*
 * The same for who asks before they start, with what would be said otherwise than it is meant,
 * or not at all; reported as wk_config_check() does. languages: of the texts; 0: they cannot be
 * read.
 */
bool wk_handlers_check(const wk_config_t *config, size_t *languages, wk_report_fn report,
                       void *ctx);

#endif
