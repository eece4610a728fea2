/* Everything a call is greeted with, in one statement. */
#ifndef WK_STORE_PERSONALIZATION_H
#define WK_STORE_PERSONALIZATION_H

#include "worker/db.h"

/*
 * $1 the caller's number or null, $2 the instant or null for now. One row:
 *
 * the shop    name phone owner_phone website timezone language languages (JSON) description
 *             services hours (JSON) promotions (JSON)
 *             stock ([[type, whether any is in stock]])
 * the time    today (YYYY-MM-DD) clock (HH:MM) weekday (1 Monday)
 *             opens closes (HH:MM of today, null: closed today)
 *             open closing (HH:MM, when open) next_opening (YYYY-MM-DD HH:MM, when closed)
 * the caller  customer (null: unknown) customer_name first_name email tier preferred_language
 *             customer_since (date) lead_status sentiment total_spent currency purchase_count
 *             last_purchase last_contact (dates) interaction_count summary
 * the past    messages, newest first ([[when, speaker, channel, text]]), message_count (50 at
 *             most)
 *             orders, newest first ([[number, status, total, currency, tracking, carrier,
 *             expected, titles]])
 *             appointments, next first ([[type, date, time, status, bike]])
 */
extern const wk_sql_t wk_sql_personalization;

#endif
