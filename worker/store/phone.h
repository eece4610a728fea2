/* Calls that are talked with by TwiML: what a turn needs to know, and what it leaves. */
#ifndef WK_STORE_PHONE_H
#define WK_STORE_PHONE_H

#include "worker/db.h"

/*
 * The shop as its phone needs it: name phone owner_phone plan language languages (JSON) engines
 * (JSON, first to last) max_concurrent_calls max_call_seconds elevenlabs_agent_id
 * use_elevenlabs_inbound destinations (JSON) twilio_voice twilio_language end_message
 * transfer_message (JSON by language) open.
 */
extern const wk_sql_t wk_sql_phone_shop;

/*
 * $1 CallSid: id customer_id language elapsed (s, since it began) warned (of its length) engine
 * customer_number shop_number attested: the number is surely his (WK_SQL_ATTESTED);
 * unanswered (WK_SQL_UNANSWERED).
 */
extern const wk_sql_t wk_sql_phone_call;

/* $1 customer: the columns of wk_sql_customer_reach, locked likewise. */
extern const wk_sql_t wk_sql_phone_customer;

/* $1 key of the turn: twiml, the document it was answered with. */
extern const wk_sql_t wk_sql_phone_answered;

/* $1 call: turn, the one behind the last that is answered; null: none is. */
extern const wk_sql_t wk_sql_phone_next_turn;

/*
 * What was heard. $1 call, $2 customer or null, $3 text, $4 language, $5 confidence or null,
 * $6 key of the turn, $7 intent or null. No row: it was heard before.
 */
extern const wk_sql_t wk_sql_phone_heard;

/*
 * What is said. $1 call, $2 customer or null, $3 text, $4 language, $5 key of the turn, $6 the
 * document, $7 latency (JSON), $8 tools that were used and $9 the knowledge it is made from
 * (JSON lists) or null. No row: the turn was answered before.
 */
extern const wk_sql_t wk_sql_phone_said;

/* $1 call, $2 language, $3 why it ends or null, $4 the engine that has it now or null. */
extern const wk_sql_t wk_sql_phone_goes_on;

/* $1 call: its length was spoken of. */
extern const wk_sql_t wk_sql_phone_warned;

/* $1 call, $2 to whom, $3 why: it is put through. */
extern const wk_sql_t wk_sql_phone_transferred;

/* $1 call, $2 whether nobody took it: the agent has it back from a person, or from none. */
extern const wk_sql_t wk_sql_phone_returned;

/* $1 call, $2 turn: a person took the call that was put through then; no row: he had already.
 */
extern const wk_sql_t wk_sql_phone_accepted;

/* $1 call, $2 turn: whoever took it then or before has it no more, and no answer is kept. */
extern const wk_sql_t wk_sql_phone_came_back;

/* $1 call, $2 turn, $3 seconds: how long the leg to the person lasted that was rung then. */
extern const wk_sql_t wk_sql_phone_dialed;

/* $1 call, $2 turn: accepted, recorded, and customer_id transfer_reason transferred_to.
 */
extern const wk_sql_t wk_sql_phone_transfer;

#endif
