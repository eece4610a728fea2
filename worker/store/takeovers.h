/* Talks that a person has taken over from the agent. */
#ifndef WK_STORE_TAKEOVERS_H
#define WK_STORE_TAKEOVERS_H

#include "worker/db.h"

/*
 * $1 what is to be taken over: calls.id, chat_sessions.id, or customers.id, which means the call
 * that customer is in, else what he writes. No row: none of the organization's. customer_id
 * phone_number shop_number language; of the call, null without one: call_id sid engine live.
 */
extern const wk_sql_t wk_sql_takeover_target;

/*
 * Which chat is meant by $1, an id as above. $2 its customer, $3 whether a person joins, $4
 * seconds of silence after which a chat is over. The chat of that id; for a customer the chat
 * a person has (not for who joins), else the one he wrote in last, if he wrote there last and
 * it is not over: id language over, sure (no other reading). No row: his texts.
 */
extern const wk_sql_t wk_sql_takeover_chat;

/*
 * Everything that speaks in the thread, and whoever takes it over, waits here for each other.
 * What is read afterwards is true until the end of the transaction. $1 customer; or $1 number.
 */
extern const wk_sql_t wk_sql_thread_lock;
extern const wk_sql_t wk_sql_thread_lock_by_number;

/*
 * $1 customer, or $1 chat session: the one that is not over. id call_id user_id channel state
 * step reached.
 */
extern const wk_sql_t wk_sql_takeover_open;
extern const wk_sql_t wk_sql_takeover_open_chat;

/* Row, or none: a person has it. $1 number; $1 calls.id (step: documents given so far). */
extern const wk_sql_t wk_sql_thread_is_held;
extern const wk_sql_t wk_sql_call_is_held;

/*
 * Begins one, or begins the open one anew. $1 customer, $2 call or null, $3 user or null,
 * $4 channel, $5 number to be rung or null, $6 job. id step.
 */
extern const wk_sql_t wk_sql_takeover_begin;

/* The same of a chat. $1 session, $2 user or null, $3 channel, $4 job. id step. */
extern const wk_sql_t wk_sql_takeover_begin_chat;

/* $1 id, $2 job: a further join that this is the end of. */
extern const wk_sql_t wk_sql_takeover_joined_by;

/*
 * $1 customer, $2 chat, each or null, $3 job. A row when what it began, or came to, has ended, or
 * is about to.
 */
extern const wk_sql_t wk_sql_takeover_has_been;

/* $1 id, $2 state, $3 states it may come from (array). A row when that was news. */
extern const wk_sql_t wk_sql_takeover_state;

/* $1 CallSid: the call has ended, and with it what people did in it. id customer_id call_id. */
extern const wk_sql_t wk_sql_takeover_call_ended;

/* $1 calls.id, $2 WK_PHONE_HELD_TURN: a row when a colleague has it, whom it was put through to. */
extern const wk_sql_t wk_sql_call_put_through;

/* $1 calls.id, $2 user or null: who has it; $1 calls.id: the agent again. */
extern const wk_sql_t wk_sql_call_taken_over;
extern const wk_sql_t wk_sql_call_given_back;

/* $1 number: wait_ms until no text of the agent's to it can be on its way; null: none is. */
extern const wk_sql_t wk_sql_texts_under_way;

/*
 * $1 calls.id, locked: id step document dial, awaited: somebody was just asked to fetch the
 * next document at once, spoken_to: what the document says was said to that asking, unanswered:
 * a person writes to him, and he has heard nothing for some time. No row: nobody has it.
 */
extern const wk_sql_t wk_sql_held_call;

/*
 * $1 calls.id, $2 the step at which a person was rung, and behind which nothing else was given
 * out, locked: id, document, leaving: the end of that leg has been answered, by the document.
 */
extern const wk_sql_t wk_sql_held_rung;

/*
 * $1 id, $2 step, $3 document, $4 listening, $5 the asking it is said to, null: it says nothing of
 * the person's, $6 whether it says anything. What was to be rung has been.
 */
extern const wk_sql_t wk_sql_held_step;

/*
 * $1 id: the document that only listens shall be replaced; nothing else replaces it for some
 * seconds. A row (asked: how often so far) when the carrier is to be asked for that: it only
 * listens, or an earlier asking has come to nothing.
 */
extern const wk_sql_t wk_sql_held_call_away;

/* $1 id: its person has just done something. */
extern const wk_sql_t wk_sql_takeover_active;

/*
 * At most $1 that nobody has ended, ended now as "leaving": id customer_id phone_number chat_id
 * (null: of no chat), and of a live call call_id sid engine language.
 */
extern const wk_sql_t wk_sql_takeovers_forgotten;

/* Organizations with forgotten takeovers or postponed texts, at most $1: organization. */
extern const wk_sql_t wk_sql_takeovers_due;

/* $1 messages.id, $2 until when it is of use: it waits for the end of the takeover. */
extern const wk_sql_t wk_sql_text_postponed;

/*
 * Takes at most $1 that wait no more: message_id effect_id key, skip: why it is not to be sent
 * ("ended": that is settled already), or null; result: the same for the ledger.
 */
extern const wk_sql_t wk_sql_texts_postponed;

/* What people wrote into the call and was not said yet: content, oldest first; now it is. */
extern const wk_sql_t wk_sql_held_unsaid;

/*
 * A person's words in a call. $1 call, $2 customer, $3 text, $4 language, $5 user or null, $6
 * key of its own. id; no row: it is known.
 */
extern const wk_sql_t wk_sql_held_message;

/* Of one in a call or a chat. $1 key: id, unsaid (it waits to be said in a call). */
extern const wk_sql_t wk_sql_takeover_message_known;

/* $1 users.id or what a token names: name, phone. */
extern const wk_sql_t wk_sql_takeover_person;

/*
 * $1 a number in E.164, $2 the open takeover or null: own, the shop's agent answers there; rung,
 * it was rung, or will be, by the last document given out.
 */
extern const wk_sql_t wk_sql_takeover_ring;

#endif
