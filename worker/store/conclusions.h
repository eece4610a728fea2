/* What follows a call that is over: its judgement, and what was decided on. */
#ifndef WK_STORE_CONCLUSIONS_H
#define WK_STORE_CONCLUSIONS_H

#include "worker/db.h"

/*
 * $1 call, locked: customer_id booked transferred intents (of its turns, blanks between) said
 * (by its caller). No row: it has not ended, somebody else reports it, or it was judged.
 */
extern const wk_sql_t wk_sql_call_own_talk;

/* $1 call, $2 call type, $3 outcome, $4 resolution, $5 lead score, $6 booked. */
extern const wk_sql_t wk_sql_call_own_verdict;

/*
 * $1 call, locked: concluded customer_id phone (null: cannot be reached) transcript summary
 * call_type outcome resolution sentiment satisfaction lead_score language shop plan engine
 * model, the facts booked (in the database), passed_on (people have a task of it) and
 * transferred, and known: how many of kind of
 * bike, budget, time and contact are known of the customer. No row: there is no such call, or
 * nothing was reported of it.
 */
extern const wk_sql_t wk_sql_call_to_conclude;

/*
 * $1 call, $2 source, $3 summary, $4 call type, $5 outcome, $6 resolution, $7 sentiment,
 * $8 satisfaction, $9 lead score, $10 intents, $11 unanswered questions, $12 reasons of the
 * score (JSON lists), $13 booked. What the platform or the customer said of summary, sentiment
 * and satisfaction stays.
 */
extern const wk_sql_t wk_sql_call_concluded;

/*
 * $1 call, $2 customer, $3 channel, $4 hours: a follow-up of the shop's campaign for it, once a
 * call: id. No row: the shop wants none, or there is one already.
 */
extern const wk_sql_t wk_sql_followup_schedule;

#endif
