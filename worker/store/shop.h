/*
 * The shop's system: how it is reached, and what was last heard of it. Its orders and products
 * are a cache; provider_updated_at keeps an older state from overwriting a newer one.
 */
#ifndef WK_STORE_SHOP_H
#define WK_STORE_SHOP_H

#include "worker/db.h"

/* domain access_token (sealed, or null); no row: no shop is connected. */
extern const wk_sql_t wk_sql_shop_connection;

/* The connection ends, and its secrets go. */
extern const wk_sql_t wk_sql_shop_disconnect;

/*
 * $1 number, $2 phone, $3 e-mail, of which one is given: domain of the shop, and stale: nothing
 * is known or something is older than an hour. No row: no shop is connected.
 */
extern const wk_sql_t wk_sql_shop_orders_due;

/* $1 as in wk_sql_products_find; the same, with 5 minutes. */
extern const wk_sql_t wk_sql_shop_products_due;

#define WK_SHOP_ORDER_PARAMS 22

/*
 * An order as it stands. $1 id, $2 number, $3 status, $4 financial and $5 fulfilment status,
 * $6 total, $7 currency, $8 items, $9 e-mail, $10 phone, $11 address, $12 tracking number, $13
 * company, $14 url, $15 expected, $16 placed, $17 shipped, $18 delivered, $19 cancelled, $20
 * updated, $21 customer's id there, $22 whether it was asked for just now: then the same
 * state is taken once more. Affects no row when what is known is newer.
 */
extern const wk_sql_t wk_sql_shop_order_keep;

#define WK_SHOP_VARIANT_PARAMS 17

/*
 * A variant. $1 id, $2 product, $3 inventory item, $4 SKU, $5 title, $6 variant's title, $7
 * vendor, $8 type, $9 description, $10 price, $11 currency, $12 available, $13 tracked, $14
 * active, $15 url, $16 updated, $17 whether it was asked for just now: a webhook may be
 * hours late. Affects no row when what is known is newer.
 */
extern const wk_sql_t wk_sql_shop_variant_keep;

/* The types of webhook_events that a deleted product or order is noted under, by its id. */
#define WK_SHOP_PRODUCT_DELETED "product deleted"
#define WK_SHOP_ORDER_DELETED   "order deleted"

/* $1 their ids, a JSON array: what is told of each is written by one at a time. */
extern const wk_sql_t wk_sql_shop_orders_lock;
extern const wk_sql_t wk_sql_shop_products_lock;

/* $1 product: it is sold no more. */
extern const wk_sql_t wk_sql_shop_product_gone;

/* $1 product, $2 ids of its variants (array), $3 updated: the others are sold no more. */
extern const wk_sql_t wk_sql_shop_variants_drop;

/* $1 inventory item: its stock changed, and is to be asked for before it is told. */
extern const wk_sql_t wk_sql_shop_stock_changed;

/* $1 ids of orders (array), $2 customer's id there or null: forgotten. */
extern const wk_sql_t wk_sql_shop_orders_forget;
/* $1 customer's id there or null, $2 phone or null, $3 e-mail or null: id, of each who is
 * meant.
 */
extern const wk_sql_t wk_sql_shop_customers_of;
/* The same three: what the shop told of him is forgotten. */
extern const wk_sql_t wk_sql_shop_customer_forget;
/* All that came from the shop. */
extern const wk_sql_t wk_sql_shop_orders_forget_all, wk_sql_shop_products_forget_all,
    wk_sql_shop_customers_forget_all;

/* $1 order there: customer, ours whose it is. */
extern const wk_sql_t wk_sql_shop_customer_of_order;

/* $1 customer: phone, when the shop is connected and was not asked about him since he last
 * bought. */
extern const wk_sql_t wk_sql_shop_customer_unknown;

/*
 * What the shop knows of a customer. $1 customer, $2 his id there, $3 first and $4 last name,
 * $5 e-mail, $6 tier, $7 spent, $8 orders, $9 purchases (JSON list), $10 the last one's time.
 * $2 null: it knows nothing. What people entered stays.
 */
extern const wk_sql_t wk_sql_shop_customer_known;

#endif
