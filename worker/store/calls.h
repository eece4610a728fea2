/*
 * Calls and what the carrier reports of them. A call is known by the carrier's CallSid, by
 * the id of the conversation at ElevenLabs, or by both; agent/call.h keeps them one row.
 */
#ifndef WK_STORE_CALLS_H
#define WK_STORE_CALLS_H

#include "worker/db.h"

/*
 * $1 CallSid, $2 conversation, either null: until the transaction ends nobody else works on
 * that call. The CallSid first, as the triggers of calls do.
 */
extern const wk_sql_t wk_sql_call_lock;

/*
 * $1 CallSid, $2 conversation: id customer_id status engine analyzed, locked; two rows when
 * each name has one of its own, that of the CallSid first.
 */
extern const wk_sql_t wk_sql_call_find;

/*
 * $1 direction, $2 caller, $3 called, $4 CallSid, $5 conversation, $6 agent, $7 engine,
 * $8 customer, $9 language, $10 forwarded from, $11 caller's name, $12 STIR verdict,
 * $13 begin (Unix time), $14 dynamic variables, $15 conversation context; all but $1 may be
 * null. Gives id status.
 */
extern const wk_sql_t wk_sql_call_insert;

/*
 * $1 id, then $2 to $15 as above: each only where nothing stands. $16 direction: who says
 * outbound knows it, and its numbers with it; inbound is also said by who does not know.
 */
extern const wk_sql_t wk_sql_call_complete;

/*
 * Two rows turned out to be one call: what refers to $2 refers to $1 now, and what $2 knew
 * beyond $1 is kept; then $2 is deleted.
 */
extern const wk_sql_t wk_sql_call_move, wk_sql_call_inherit, wk_sql_call_delete;

/*
 * $1 CallSid, $2 SequenceNumber (null: the carrier gave none; then each status counts
 * once), $3 status in the carrier's words, $4 when (Unix time), $5 seconds, $6 SIP code,
 * $7 data; $4 to $6 may be null.
 */
extern const wk_sql_t wk_sql_call_status_insert;

/* $1 id: twilio_call_sid. */
extern const wk_sql_t wk_sql_call_sid;

/* $1 id: status, and duration_seconds ended_at (ISO 8601). */
extern const wk_sql_t wk_sql_call_status;

/*
 * $1 id, $2 status, $3 since when (Unix time), $4 reason or null. Of several beginnings the
 * first counts, of several ends the last, in whatever order they are told.
 */
extern const wk_sql_t wk_sql_call_advance;

/* $1 id, $2 to, $3 reason; no row when it was handed over before. */
extern const wk_sql_t wk_sql_call_transferred;

/*
 * The analysis. $1 id, $2 transcript (null: what was said is not told), $3 summary,
 * $4 analysis, $5 call_type, $6 outcome, $7 resolution, $8 sentiment, $9 satisfaction,
 * $10 success score, $11 lead score, $12 appointment booked, $13 seconds, $14 cost in USD,
 * $15 language, $16 end reason, $17 human needed, $18 answered at (Unix time), $19 metadata.
 */
extern const wk_sql_t wk_sql_call_analyzed;

/*
 * $1 CallSid, $2 conversation, either null: language, the shop's, and of the call, null when
 * there is none, call (its id) call_language customer_number shop_number and attested: the
 * number is surely his (WK_SQL_ATTESTED).
 */
extern const wk_sql_t wk_sql_call_caller;

/* Without a tenant. $1 at most: organization, of shops with calls to ask the carrier about. */
extern const wk_sql_t wk_sql_calls_due;

/*
 * The one that waits longest, whose next look is planned by it, or none: id sid direction,
 * too_long: beyond the longest time, with two minutes for its last words, and no person has it.
 * $1: from that turn on a person's talk is one of a takeover.
 */
extern const wk_sql_t wk_sql_calls_look;

/* $1 call: it is ended since it takes too long. */
extern const wk_sql_t wk_sql_call_limit;

/*
 * $1 id, $2 emergency_level: raises it. A row, customer_number shop_number (another of the
 * shop's where the call's is not known), when it was lower.
 */
extern const wk_sql_t wk_sql_call_emergency;

/*
 * $1 id, $2 customer or null, $3 when it began (Unix time) or null. judged: what was said in it
 * went through us; appointments: of the customer and the call, as promise.h has them (JSON).
 */
extern const wk_sql_t wk_sql_call_promises;

/* $1 id: there is audio of it. */
extern const wk_sql_t wk_sql_call_has_audio;

#endif
