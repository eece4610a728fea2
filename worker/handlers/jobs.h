/* Whose answer a job's is, once it is given: GET /api/jobs/{id} tells nobody else. */
#ifndef WK_HANDLERS_JOBS_H
#define WK_HANDLERS_JOBS_H

#include "worker/context.h"

/*
 * Notes who may ask for the answer of the job at hand, when it is of a type that is
 * finished even after its caller has left (WK_EFFECT). Called with every answer.
 */
void wk_job_keep_owner(wk_ctx_t *ctx);

#endif
