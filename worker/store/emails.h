/* E-mails to customers: rows of messages, each with its row of the ledger. */
#ifndef WK_STORE_EMAILS_H
#define WK_STORE_EMAILS_H

#include "worker/db.h"

/* shop, shop_email: who writes, and who is answered to. */
extern const wk_sql_t wk_sql_email_shop;

/*
 * $1 customer or null, $2 an address he gave or null: address (that, else his own, may be
 * null), refused (he wants no e-mail), recent (how many he was sent in the last day).
 */
extern const wk_sql_t wk_sql_email_recipient;

/*
 * One that is to go out. $1 customer or null, $2 text, $3 language, $4 from, $5 to, $6 effect,
 * $7 template, $8 subject. Gives id.
 */
extern const wk_sql_t wk_sql_email_queued;

/* $1 message, $2 Message-ID: the server has it. */
extern const wk_sql_t wk_sql_email_sent;

#endif
