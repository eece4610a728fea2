/* The turns of calls, and messages: what was said or written, once each. */
#ifndef WK_STORE_MESSAGES_H
#define WK_STORE_MESSAGES_H

#include "worker/db.h"

/*
 * An SMS that came in. $1 customer or null, $2 text, $3 language or null, $4 from, $5 to,
 * $6 MessageSid, $7 media, $8 segments or null, $9 intent or null. Gives id; no row: known already.
 */
extern const wk_sql_t wk_sql_sms_received;

/*
 * An SMS that is to go out. $1 customer or null, $2 text, $3 language, $4 from, $5 to,
 * $6 effect, $7 template, $8 true: it is sent by a job of its own. Else its metadata.sending is
 * when (ms) the attempt to send began that may still be on its way. $9 citations (JSON list) or
 * null, $10 who of the shop wrote it or null, $11 until when it is of use or null,
 * $12 segments, $13 tools that were used (JSON list) or null. Gives id sending.
 */
extern const wk_sql_t wk_sql_sms_queued;

/*
 * The message of an effect, by the effect's key ($1) or id ($2), locked: id effect_id state
 * key content subject language from_number to_number customer_id provider_message_id speaker
 * template useful_until sending absent_since now_ms claimed_ms; numbers are addresses where it is
 * an e-mail.
 */
extern const wk_sql_t wk_sql_message_of_effect;

/*
 * $1 message, $2 begin of the attempt (ms; null: surely not under way), $3 when the provider
 * was first seen not to know it (ms) or null.
 */
extern const wk_sql_t wk_sql_message_attempt;

/* $1 message, $2 MessageSid: the provider has it. */
extern const wk_sql_t wk_sql_sms_accepted;

/* $1 message, $2 the provider's code or null: it was refused, or was never sent. */
extern const wk_sql_t wk_sql_message_failed;

/* $1 message, $2 why: it was never tried. */
extern const wk_sql_t wk_sql_sms_canceled;

/* What the ledger calls what is done for a text, before its MessageSid. */
#define WK_SMS_ANSWER  "sms:answer:"
#define WK_SMS_KEYWORD "sms:keyword:"

/* $1 MessageSid: a row when the text came before, though its message be swept. */
extern const wk_sql_t wk_sql_sms_heard;

/* $1 ids of the provider, a Postgres array: sid, of those that are messages of ours. */
extern const wk_sql_t wk_sql_sms_known;

/* $1 MessageSid, $2 status in the provider's words, $3 error code or null. */
extern const wk_sql_t wk_sql_sms_status_insert;

/*
 * Content of what a customer wrote by SMS in the last ten minutes, newest first; asked: what he
 * was sent last, if he wrote nothing since. $1 customer.
 */
extern const wk_sql_t wk_sql_sms_recent;

/*
 * A turn of a call as it is spoken. $1 call, $2 customer, $3 speaker, $4 text, $5 language,
 * $6 confidence, $7 tools, $8 its name at ElevenLabs; $2, $5 to $7 may be null. Gives id; no row:
 * known already, or the call's transcript is here.
 */
extern const wk_sql_t wk_sql_turn_insert;

/* $1 its name at ElevenLabs, $2 what was really heard of it. Gives tools_used (JSON). */
extern const wk_sql_t wk_sql_turn_correct;

/*
 * The content of a call's last customer turns as they were spoken, newest first; asked: what was
 * said to him last, if he said nothing since. $1 call.
 */
extern const wk_sql_t wk_sql_turn_recent;

/*
 * The transcript takes the place of what was stored while it was spoken, unless the sound
 * passed through us: then we know better what was heard. $1 call, $2 customer or null, $3 language or null, $4 begin of the call (Unix time) or null, $5 turns:
 * [{position, speaker, content, offset_ms, interrupted, tools}].
 */
extern const wk_sql_t wk_sql_turns_forget, wk_sql_turns_insert;

#endif
