/* What tools know and note of a customer beyond the talk. */
#ifndef WK_STORE_FOLLOWUPS_H
#define WK_STORE_FOLLOWUPS_H

#include "worker/db.h"

/* The number the shop's texts leave from: phone_number; no row: none. */
extern const wk_sql_t wk_sql_texting_number;

/* $1 customer: recent, the texts that agents chose to send him within a day. */
extern const wk_sql_t wk_sql_texts_of_a_day;

/*
 * $1 customer, $2 first name, $3 last name, $4 e-mail, each only where nothing stands; $5
 * interest, added to the notes once. All but $1 may be null.
 */
extern const wk_sql_t wk_sql_lead_noted;

/* $1 number: name contacts, and item: the customer with purchases, services and appointments.
 */
extern const wk_sql_t wk_sql_customer_history;

#endif
