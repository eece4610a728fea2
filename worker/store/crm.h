/* The shop's CRM: what is told to it of customers and calls, and what it tells. */
#ifndef WK_STORE_CRM_H
#define WK_STORE_CRM_H

#include "worker/db.h"

/* connected: whether calls are to be logged. */
extern const wk_sql_t wk_sql_crm_connected;

/*
 * $1 call, with its customer: customer_id first_name last_name email phone contact (HubSpot's
 * id) direction caller_number called_number status started_ms duration_ms summary call_type
 * outcome resolution lead_score lead_reasons unanswered followup_at. No row: it has no
 * customer.
 */
extern const wk_sql_t wk_sql_crm_call;

/* $1 customer, $2 contact: known by it from now on, unless another customer is. */
extern const wk_sql_t wk_sql_crm_contact_known;

/* $1 contact: it is gone there. */
extern const wk_sql_t wk_sql_crm_contact_gone;

/*
 * $1 contact, $2 first name, $3 last name, $4 e-mail, $5 number (E.164) or null: the customer
 * known by the contact, or by that number and no contact yet, is called so.
 */
extern const wk_sql_t wk_sql_crm_contact_changed;

/*
 * $1 access token (sealed), $2 account or null, $3 key id, $4 user: HubSpot is connected. A
 * conflict with "routing_keys_portal" says that another shop has the account.
 */
extern const wk_sql_t wk_sql_crm_connect;

#endif
