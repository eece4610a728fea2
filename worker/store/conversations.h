/* What was said and written, as the API tells of it. */
#ifndef WK_STORE_CONVERSATIONS_H
#define WK_STORE_CONVERSATIONS_H

#include "worker/db.h"

/* $1 customer: item (whose conversation, its summary and language). */
extern const wk_sql_t wk_sql_conversation;

/* A page, latest first: $1 rows, $2 key_us, $3 key_id, $4 customer. item key_us key_id. */
extern const wk_sql_t wk_sql_conversation_messages;

/* The turns of a call, latest first: $1 rows, $2 call. item. */
extern const wk_sql_t wk_sql_call_turns;

#endif
