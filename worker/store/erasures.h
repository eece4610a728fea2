/* Deletion requests, what others were asked for, and their receipts. */
#ifndef WK_STORE_ERASURES_H
#define WK_STORE_ERASURES_H

#include "worker/db.h"

/* $1 a customer's id or null, $2 number or null: id phone email, of a customer if there is one.
 */
extern const wk_sql_t wk_sql_erasure_person;

/* $1 number or null: own, whether it is one of the shop's, that says nothing of a person. */
extern const wk_sql_t wk_sql_erasure_own;

/* Until the transaction ends nobody else asks for the same. $1 hash of the subject. */
extern const wk_sql_t wk_sql_erasure_lock;

/*
 * $1 hash of the subject, $2 number, $3 customer, $4 e-mail address, $5 reason, $6 who asks;
 * all but the hash and the reason may be null. Gives id; of the same subject's open one, if
 * any.
 */
extern const wk_sql_t wk_sql_erasure_request;

/* $1 id: item (JSON), the receipt. */
extern const wk_sql_t wk_sql_erasure_receipt;

/* Those that are not done: id. */
extern const wk_sql_t wk_sql_erasures_open;

/* $1 id: state; overdue, a week old. */
extern const wk_sql_t wk_sql_erasure;

/* $1 id: words (JSON list), what the person is found by, after wk_sql_erasure_erase also what
 * it has found; ours (JSON list), what the shop is. */
extern const wk_sql_t wk_sql_erasure_traces;

/* $1 id: erased, false: not now. */
extern const wk_sql_t wk_sql_erasure_erase;

/* $1 id: vendor kind reference state, of all there are. */
extern const wk_sql_t wk_sql_erasure_requests;

/* $1 a call's SID or null, $2 a conversation's id or null: erased, whether the call's person
 * was.
 */
extern const wk_sql_t wk_sql_erasure_of_call;

/* $1 id, $2 vendor, $3 kind, $4 reference, $5 state, $6 answer or null. */
extern const wk_sql_t wk_sql_erasure_answered;

/* $1 id, $2 place, $3 how many were deleted there. */
extern const wk_sql_t wk_sql_erasure_counted;

/* $1 id: it is done, or failed when a service refused, and forgets whom it was about. */
extern const wk_sql_t wk_sql_erasure_done;

#endif
