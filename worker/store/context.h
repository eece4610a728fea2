/* What a language model is told of a shop and a customer before it answers. */
#ifndef WK_STORE_CONTEXT_H
#define WK_STORE_CONTEXT_H

#include "worker/db.h"

/*
 * $1 customer: agent_name persona system_prompt personality model max_tokens destinations
 * (JSON) policies (JSON) summary commitments (JSON) messages ([[when, speaker, channel,
 * content]], newest first, of all channels, 50 at most; the turns of calls among them).
 */
extern const wk_sql_t wk_sql_context;

#endif
