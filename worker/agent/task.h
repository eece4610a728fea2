/* Something for a person to do, raised once, in the language of the shop. */
#ifndef WK_AGENT_TASK_H
#define WK_AGENT_TASK_H

#include "worker/agent/catalogue.h"
#include "worker/context.h"

typedef struct {
    const char *kind;     /* of tasks.kind */
    va_str_t key;         /* the same key is the same task */
    const char *priority; /* NULL: normal */
    const char *title;    /* the name of a text; {who} and {number} are filled in */
    const char *body;     /* the same, {text} too; NULL: text itself */
    va_str_t text;        /* may be absent */
    va_str_t who, number; /* may be absent */
    va_str_t customer, order;
    va_str_t
        chat; /* chat_sessions.id of who wished it, and is perhaps not customer; or absent */
} wk_task_t;

/* What the shop's people read in; NULL: it could not be told. */
const wk_language_t *wk_task_language(wk_ctx_t *ctx, wk_tx_t *tx, wk_error_t *e);

bool wk_task_raise(wk_ctx_t *ctx, wk_tx_t *tx, const wk_task_t *task, wk_error_t *e);

/* *is_new: there was none of that key before. */
bool wk_task_raise_new(wk_ctx_t *ctx, wk_tx_t *tx, const wk_task_t *task, bool *is_new,
                       wk_error_t *e);

#endif
