/* What a language model is told of a shop and a customer before it answers. */
#ifndef WK_STORE_CONTEXT_H
#define WK_STORE_CONTEXT_H

#include "worker/db.h"

/*
 * $1 customer, $2 whether his number is attested, $3 call, $4 chat session and $5 talk, each of
 * which may be null: agent_name persona system_prompt personality model max_tokens destinations
 * (JSON) policies (JSON) summary commitments (JSON) messages ([[when, speaker, channel,
 * content, whether of this call]], newest first, of all channels, 50 at most; the turns of calls
 * among them) appointments ([[status, time, weekday, days from today, moved]])
 * questions (those of a lead, [[text, texts by language, format, required]], first to last). Without an attested number
 * messages and appointments are those of the call or chat alone.
 */
extern const wk_sql_t wk_sql_context;

#endif
