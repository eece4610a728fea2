/*
 * Setting up the agent of a shop that has its number, in steps: the agent, its number at the
 * agent's platform, and that calls go to it. Where one fails the shop's calls are answered
 * without it, and another run goes on with that step. What an earlier run may have made without
 * noting it is looked for first, so that nothing is made twice. One run at a time: whoever
 * calls has taken the holder's place (store/signup.h). A shop that is complete is never
 * touched.
 */
#ifndef WK_AGENT_PROVISIONING_H
#define WK_AGENT_PROVISIONING_H

#include "worker/context.h"

typedef struct {
    va_str_t state; /* of organizations.provisioning_state: the step that comes next */
    va_str_t number, agent, number_id; /* absent: not yet */
    va_str_t error;                    /* why it did not go on; absent: it is complete */
} wk_provisioning_t;

/*
 * Goes on until it is complete or a step fails, and leaves the holder's place. until_ms
 * (monotonic): no request takes longer. False: what became of it could not be noted.
 */
bool wk_provisioning_run(wk_ctx_t *ctx, va_str_t organization, va_str_t holder,
                         int64_t until_ms, wk_provisioning_t *p, wk_error_t *e);

/* How far it is. */
bool wk_provisioning_read(wk_tx_t *tx, wk_provisioning_t *p, wk_error_t *e);

#endif
