/* What a live voice call reads and writes. */
#ifndef WK_STORE_MEDIA_H
#define WK_STORE_MEDIA_H

#include "worker/db.h"

/*
 * $1 CallSid. One row, or none: id customer_id language customer_number shop_number, attested:
 * the number is surely his (WK_SQL_ATTESTED); resumed: some of it was spoken
 * already; returned: from a person, and the agent has not spoken since; unanswered
 * (WK_SQL_UNANSWERED); left_s: of the longest call, negative behind it; warned: the caller was
 * told that it ends soon; engines (JSON, first to last) voice speech voices (JSON)
 * vad_threshold prefix_padding_ms silence_ms business_type emergency_words (JSON).
 */
extern const wk_sql_t wk_sql_media_call;

/*
 * A turn as it is spoken. $1 CallSid, $2 speaker, $3 text, $4 language, $5 its name, $6 latency
 * so far (JSON) or absent. Gives call_id customer_id tools_used (JSON) before (the language of the
 * turn before it, absent for the first); no row: stored before, or no such call.
 */
extern const wk_sql_t wk_sql_media_turn;

/*
 * $1 calls.id, $2 a tool, $3 the answer of the agent's that it is asked for in. A row when it was
 * done for another one and the agent has said nothing since: once (of its caller, tool.h), heard:
 * what the customer said since it was asked for (JSON list or null).
 */
extern const wk_sql_t wk_sql_media_wish;

/* $1 calls.id: answers: of such tools that were done since the agent's last words, or null. */
extern const wk_sql_t wk_sql_media_unspoken;

/* $1 calls.id, $2 a tool that was done, $3 once, $4 answer, $5 when it was asked for (ms). */
extern const wk_sql_t wk_sql_media_wished;

/* $1 its name, $2 what was really heard of it. Gives call_id customer_id tools_used. */
extern const wk_sql_t wk_sql_media_turn_cut;

/* $1 calls.id, $2 tools that answered, $3 what of the knowledge they found (JSON lists): the
 * next turn's. */
extern const wk_sql_t wk_sql_media_used;

/* $1 calls.id, $2 a JSON list of words (promise.h), not empty: that was done in the call. */
extern const wk_sql_t wk_sql_media_did;

/*
 * $1 calls.id, $2 the name of claims. One row, locked: did: what was done since claims were
 * judged last, deeds: what was done in the call (JSON lists or null), verdict: of these claims
 * when they were judged before, "" for none that was broken.
 */
extern const wk_sql_t wk_sql_media_deeds;

/*
 * $1 calls.id, $2 ms. What the customer said until then and after something was done, a row
 * each: heard, behind: what was done before (JSON list).
 */
extern const wk_sql_t wk_sql_media_heard;

/* $1 calls.id, $2 the name of claims, $3 their verdict. */
extern const wk_sql_t wk_sql_media_judged;

/* $1 its name, $2 latency (JSON). */
extern const wk_sql_t wk_sql_media_turn_timed;

#endif
