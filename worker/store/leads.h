/* Customers as the API tells of them: leads. */
#ifndef WK_STORE_LEADS_H
#define WK_STORE_LEADS_H

#include "worker/db.h"

/*
 * A page, latest change first: $1 rows, $2 key_us, $3 key_id, $4 lead_status, $5 search
 * words, $6 and $7 from and its zone, $8 and $9 to and its zone (of the latest change), $10
 * 't': only customers with an appointment; all but $1 and $10 may be null. item key_us key_id.
 */
extern const wk_sql_t wk_sql_leads;

/* $1 id, $2 't': only when with an appointment. item, with more members than in a list. */
extern const wk_sql_t wk_sql_lead;

/* $1 id, $2 JSON of what changes, by the columns' names; a row when there is such a customer. */
extern const wk_sql_t wk_sql_lead_change;

/* $1 id: item, as in a list; no row: no such customer. */
extern const wk_sql_t wk_sql_lead_status;

/* $1 id: a row when there is such a customer. */
extern const wk_sql_t wk_sql_lead_exists;

#endif
