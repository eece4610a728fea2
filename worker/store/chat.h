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

/* What a page shows of the shop before anything is said: item (JSON). $1 who made the chat. */
extern const wk_sql_t wk_sql_chat_face;

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

/*
 * Content of what was written in a session in the last ten minutes, newest first; asked: what was
 * answered there last, if nothing was written since. $1 session.
 */
extern const wk_sql_t wk_sql_chat_recent;

/*
 * $1 session, $2 text, $3 language, $4 the message's key, $5 intent or null; and of a message
 * that a person has to answer $6 next action (null: it is the agent's), $7 emergency level, $8
 * and $9 as below. Gives the row of wk_sql_chat_answer; no row: known already.
 */
extern const wk_sql_t wk_sql_chat_heard;

/*
 * $1 session, $2 text, $3 language, $4 the key of the message it answers, $5 citations (JSON
 * list) or null, $6 next action, $7 emergency level, $8 after and $9 upto: of what people wrote
 * it brings what is behind the one number, up to the other; $10 the job whose reply it is,
 * $11 tools that were used (JSON list) or null.
 * Gives the row of wk_sql_chat_answer.
 */
extern const wk_sql_t wk_sql_chat_said;

/*
 * $1 the key of a message: held content next_action emergency_level lead (JSON) after upto, of
 * its answer; content is null where a person had the chat (held).
 */
extern const wk_sql_t wk_sql_chat_answer;

/*
 * What speaks in a chat, and whoever takes it over, waits here for each other. $1 session:
 * customer_id.
 */
extern const wk_sql_t wk_sql_chat_lock;

/*
 * $1 session, behind its lock: held (a person has it), said (how many messages people wrote
 * there), told (up to which number the visitor was given them), joins (how often a person has
 * taken it so far).
 */
extern const wk_sql_t wk_sql_chat_people;

/* $1 the key of a message: what, as the tools that did something for it told it; or null. */
extern const wk_sql_t wk_sql_chat_done;

/*
 * A note to people in a chat. $1 session, $2 text, $3 language, $4 the key of the message it is
 * about: id; no row: it is there.
 */
extern const wk_sql_t wk_sql_chat_note;

/* $1 session: job, of each of the agent's last answers. */
extern const wk_sql_t wk_sql_chat_jobs;

/* A person's message. $1 session, $2 text, $3 user or null, $4 key of its own. id. */
extern const wk_sql_t wk_sql_chat_write;

/* Those behind number $2 up to $3, in their order, $4 at most. $1 session: id position content
 * said_at. */
extern const wk_sql_t wk_sql_chat_words;

/* $1 session, $2 number: up to it the visitor has them. */
extern const wk_sql_t wk_sql_chat_given;

/* Where the talk stands. $1 session, $2 state, $3 language. */
extern const wk_sql_t wk_sql_chat_dialog;

#endif
