/*
 * Said versus done (promise.h) in a call of an agent that is run at ElevenLabs: what its report
 * says that the agent claimed, and its tools did. Nothing can be put right any more; people are
 * told.
 */
#ifndef WK_AGENT_CALL_PROMISES_H
#define WK_AGENT_CALL_PROMISES_H

#include "worker/agent/call.h"
#include "worker/agent/call_report.h"
#include "worker/agent/catalogue.h"
#include "worker/context.h"

typedef struct wk_call_promises wk_call_promises_t;

/*
 * What is claimed in a report, and wished for: all that its words have to be searched for,
 * which is done before the transaction that stores it. Lives in the job's arena.
 */
wk_call_promises_t *wk_call_promises(wk_ctx_t *ctx, const wk_catalogue_t *c,
                                     const wk_report_t *report);

/*
 * A task of the kind alarm for each turn with a claim that nothing stands behind. In the
 * transaction that stores the report, before its turns. A call whose sound went through us was
 * judged while it went on.
 */
bool wk_call_promises_judge(wk_call_promises_t *p, wk_tx_t *tx, const wk_call_t *call,
                            wk_error_t *e);

/* Counts those tasks, once their transaction has been committed. */
void wk_call_promises_count(const wk_call_promises_t *p);

#endif
