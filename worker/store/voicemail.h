/* Calls of the shop's that a machine answered. */
#ifndef WK_STORE_VOICEMAIL_H
#define WK_STORE_VOICEMAIL_H

#include "worker/db.h"

/*
 * $1 CallSid, $2 the turn of the document for a machine; locked: id customer_id direction
 * answered_by end_reason language, over (it has ended), told (that document was given out),
 * message (the agent's own words for it), voicemail_action voicemail_message agent_name shop.
 */
extern const wk_sql_t wk_sql_voicemail_call;

/* $1 call, $2 answered_by. */
extern const wk_sql_t wk_sql_voicemail_answered_by;

/*
 * $1 call, $2 answered_by, $3 the agent's own words or null: a machine has it. So has the run
 * of a campaign that it was made for.
 */
extern const wk_sql_t wk_sql_voicemail_taken;

#endif
