/* The customers of a shop, as calls and messages reach them: a lead is a customer. */
#ifndef WK_STORE_CUSTOMERS_H
#define WK_STORE_CUSTOMERS_H

#include "worker/db.h"

/*
 * The customer of a number, made when there is none, and locked until the transaction
 * ends: two who serve the same customer do so one after the other.
 * $1 number, $2 source; gives id name first_name preferred_language
 * conversation_language dialog_state.
 */
extern const wk_sql_t wk_sql_customer_reach;

/* One whose number is withheld, new each time. $1 source; gives id. */
extern const wk_sql_t wk_sql_customer_withheld;

/* The customer of a call or a message was in touch just now. $1 id. */
extern const wk_sql_t wk_sql_customer_contacted;

/* $1 customer: two contacts turned out to be one. */
extern const wk_sql_t wk_sql_customer_uncounted;

/*
 * Where the talk stands. $1 id, $2 members of dialog_state, $3 conversation_language,
 * $4 preferred_language; null leaves a language as it is.
 */
extern const wk_sql_t wk_sql_customer_dialog;

/*
 * What a call taught. $1 id, $2 summary, $3 language, $4 sentiment, $5 lead score (never
 * lowered), $6 whether an appointment was booked, $7 first name, $8 last name, $9 e-mail
 * (the three only where nothing stands), $10 bike_interest members. All but $1, $5 and $6
 * may be null.
 */
extern const wk_sql_t wk_sql_customer_learnt;

/*
 * What somebody who books says of himself, where the lead has none: $1 id, $2 first name, $3 last
 * name, $4 e-mail, $5 't': somebody vouches for him. Who is known by name gets no e-mail address
 * from a stranger.
 */
extern const wk_sql_t wk_sql_customer_named;

/* $1 number, $2 language: the talk goes on in it, and the next begins in it. */
extern const wk_sql_t wk_sql_customer_language;

/*
 * $1 customer, $2 text: something was promised. The last 20 are kept.
 */
extern const wk_sql_t wk_sql_customer_promised;

/* $1 customer: urgent from now on. */
extern const wk_sql_t wk_sql_customer_urgent;

#endif
