/* The chat of a shop's web site: who may ask, sessions, and what is said in them. */
#ifndef WK_STORE_CHAT_H
#define WK_STORE_CHAT_H

#include "worker/db.h"

/* Without a tenant. $1 origin: known, whether any shop's pages have it. */
extern const wk_sql_t wk_sql_chat_origin;

/*
 * $1 the key's SHA-256, $2 origin or null: key_known, origin_known (true without one), sender,
 * the number the shop writes from.
 */
extern const wk_sql_t wk_sql_chat_shop;

/*
 * A session, locked, that was heard of within $3 seconds. $1 SHA-256 of its token, $2 the
 * origin it began at or null: id customer_id language state phone_number.
 */
extern const wk_sql_t wk_sql_chat_session;

/*
 * Two runs of the message that begins a session: the second waits here until it is begun.
 * $1 SHA-256 of its token.
 */
extern const wk_sql_t wk_sql_chat_begin_lock;

/* $1 SHA-256 of the token, $2 origin or null, $3 customer. Gives id. */
extern const wk_sql_t wk_sql_chat_begin;

/*
 * What somebody says of himself. $1 session, $2 name, $3 e-mail address, $4 number, each of
 * which may be null. Gives name phone_number, as they are known by now.
 */
extern const wk_sql_t wk_sql_chat_told;

/*
 * Name and e-mail address for the session's lead, where nothing stands and it has no number.
 * $1 session.
 */
extern const wk_sql_t wk_sql_chat_lead;

/* $1 session, $2 customer: a session that began without a number has told one. */
extern const wk_sql_t wk_sql_chat_number;

/* Until the transaction ends nobody else counts for them. $1 source, $2 number or null. */
extern const wk_sql_t wk_sql_chat_effect_lock;

/*
 * One more booking, or number that is told. $1 source, $2 number (a booking's may be null), $3
 * how many a source may have in a day, $4 how many bookings a number: counted, false: no more.
 */
extern const wk_sql_t wk_sql_chat_effect_booking, wk_sql_chat_effect_number;

/* Content of what was written in a session in the last ten minutes, newest first. $1 session.
 */
extern const wk_sql_t wk_sql_chat_recent;

/*
 * $1 session, $2 text, $3 language, $4 the message's key, $5 intent or null. Gives id; no row:
 * known already.
 */
extern const wk_sql_t wk_sql_chat_heard;

/*
 * $1 session, $2 text, $3 language, $4 the key of the message it answers, $5 citations (JSON
 * list) or null, $6 next action, $7 emergency level. Gives the row of wk_sql_chat_answer.
 */
extern const wk_sql_t wk_sql_chat_said;

/* $1 the key of a message: content next_action emergency_level lead (JSON), of its answer. */
extern const wk_sql_t wk_sql_chat_answer;

/* Where the talk stands. $1 session, $2 state, $3 language. */
extern const wk_sql_t wk_sql_chat_dialog;

#endif
