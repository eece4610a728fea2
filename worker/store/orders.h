/* The shop's orders, as far as they are known here. */
#ifndef WK_STORE_ORDERS_H
#define WK_STORE_ORDERS_H

#include "worker/db.h"

/*
 * $1 number, $2 the caller's phone or null, $3 postcode or null, $4 e-mail or null: the order
 * of that number, whoever it belongs to: id, by_phone and by_factor (whether the phone, and the
 * postcode or the e-mail, are the order's own), and what orders tell (below).
 */
extern const wk_sql_t wk_sql_order_by_number;

/* $1 phone, $2 rows: the orders that carry the number, latest first. */
extern const wk_sql_t wk_sql_orders_by_phone;

/* Staff: $1 number or null, $2 phone or null, $3 e-mail or null, $4 rows. */
extern const wk_sql_t wk_sql_orders_search;

/*
 * What each of them tells: id customer_id order_number status total_amount currency items
 * (JSON) tracking_number tracking_company tracking_url expected placed (YYYY-MM-DD) shipped
 * (the same, or null), whether it may still leave today: can_ship_today, and known and today:
 * when it was heard of, and the shop's day (YYYY-MM-DD HH24:MI, YYYY-MM-DD).
 */

/* $1 scope, $2 phone: tries are counted one after another until the transaction ends. */
extern const wk_sql_t wk_sql_proof_lock;

/* $1 scope, $2 phone or '': tries, the greater of those of the scope and of the phone's day. */
extern const wk_sql_t wk_sql_proof_tries;

/* $1 scope, $2 phone or '', $3 whether it was proven. */
extern const wk_sql_t wk_sql_proof_note;

/* $1 order, $2 line or "all": returns, locked until the transaction ends, and earlier: how many
 * of them are of that line, and older than a day. */
extern const wk_sql_t wk_sql_order_returns;

/*
 * $1 order, $2 return ({"rma", "line_id" or "all", "quantity", "lines": [{"line_id",
 * "quantity"}], "reason", "state"}): appended.
 */
extern const wk_sql_t wk_sql_order_return;

#endif
