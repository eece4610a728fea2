/*
 * The ledger of outside effects: a row of `effects` is claimed before anything
 * leaves the house, under a key made of what is meant and never of the attempt.
 *
 *   pending   claimed: the request may be on its way
 *   done      carried out; result is what a second asker gets
 *   failed    refused for good; result says why
 *   unknown   nobody can tell: a task and an alarm were raised, never sent again
 */
#ifndef WK_EFFECT_H
#define WK_EFFECT_H

#include "worker/context.h"

typedef enum {
    WK_EFFECT_NEW,     /* ours to carry out now */
    WK_EFFECT_PENDING, /* an earlier attempt may have carried it out: ask the provider */
    WK_EFFECT_DONE,
    WK_EFFECT_FAILED,
    WK_EFFECT_UNKNOWN,
} wk_effect_state_t;

typedef struct {
    va_str_t id; /* UUID; rides in callbacks */
    va_str_t key;
    wk_effect_state_t state;
    va_str_t provider_id; /* the provider's id, when done */
    va_str_t result;      /* JSON, when done or failed */
    int64_t age_ms;       /* since it was claimed */
} wk_effect_t;

/*
 * Claims within a transaction. kind: "sms", "call", …; request: JSON kept for
 * reconciling, or absent. A claim counts when its transaction is committed: carry the
 * effect out after that.
 */
bool wk_effect_claim(wk_tx_t *tx, const char *kind, va_str_t key, va_str_t request,
                     wk_effect_t *out, wk_error_t *e);

/*
 * Ends it as done, failed or unknown. Only a pending effect changes, or an unknown one
 * about which a late answer tells. provider_id and result may be absent.
 */
bool wk_effect_finish(wk_tx_t *tx, va_str_t id, wk_effect_state_t state, va_str_t provider_id,
                      va_str_t result, wk_error_t *e);

/*
 * For what a job does in this transaction alone. *first: no run of it before was committed. A
 * job that is run again, since its worker died before the answer, does nothing again: another
 * may have changed since what it changed. kind: as above; the key is the job's id.
 */
bool wk_effect_once(wk_tx_t *tx, const char *kind, va_str_t job, bool *first, wk_error_t *e);

/*
 * A claim under which surely nothing was done is as if it had never been made. Of a number that
 * is so also where nobody could tell before: who looks for it finds it or not. Anything else
 * that ended as one nobody can tell of stays so, since people were told.
 */
bool wk_effect_release(wk_tx_t *tx, va_str_t id, wk_error_t *e);

#endif
