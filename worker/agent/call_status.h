/*
 * What the carrier says of a call, told by its callbacks or by its answer when it is asked:
 * each is kept once, in whatever order they come (merge_call_status), and what follows the end
 * of a call follows once.
 */
#ifndef WK_AGENT_CALL_STATUS_H
#define WK_AGENT_CALL_STATUS_H

#include "worker/agent/call.h"
#include "worker/context.h"

typedef struct {
    wk_call_told_t told; /* with the CallSid */
    va_str_t status;     /* a word of the carrier's */
    va_str_t sequence;   /* of a callback; absent: none tells it */
    va_str_t seconds, sip_code;
    int64_t at; /* Unix time; 0: now */
} wk_call_status_t;

/* A word that the carrier has for a call. */
bool wk_call_status_known(va_str_t status);

/* The call is over by it. */
bool wk_call_status_final(va_str_t status);

/* Of an erased person nothing is kept. */
bool wk_call_status_keep(wk_ctx_t *ctx, wk_tx_t *tx, const wk_call_status_t *s, wk_error_t *e);

/* Behind that transaction: of a call that is over nobody goes on with it, and its slots are
 * free. Twice is once. */
bool wk_call_status_let_go(wk_ctx_t *ctx, const wk_call_status_t *s, va_str_t organization,
                           wk_error_t *e);

#endif
