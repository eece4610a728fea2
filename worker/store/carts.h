/* Carts that were left behind, as far as a campaign of the shop cares for them. */
#ifndef WK_STORE_CARTS_H
#define WK_STORE_CARTS_H

#include "worker/db.h"

/* $1 the cart's total: wanted, when an active campaign is about such carts. */
extern const wk_sql_t wk_sql_cart_wanted;

/*
 * $1 phone or null, $2 customer's id at the shop or null, $3 e-mail or null: id of the
 * customer, or no row.
 */
extern const wk_sql_t wk_sql_cart_customer;

/* $1 cart: until the commit nobody else notes that it was left or bought. */
extern const wk_sql_t wk_sql_cart_lock;

/*
 * A run of each such campaign, due after its delay. $1 cart, $2 customer, $3 total, $4 updated,
 * $5 data. An older state of the cart changes nothing, nor does one that was bought.
 */
extern const wk_sql_t wk_sql_cart_left;

/* SQL: somebody has bought this cart, as cart_bought() of handlers/shopify.c notes. */
#define WK_CART_BOUGHT(cart) \
    "EXISTS (SELECT FROM webhook_events w" \
    "         WHERE w.provider = 'shopify' AND w.type = 'cart bought' AND w.key = " cart ")"

/* $1 cart, $2 why: its runs that did not begin are cancelled. */
extern const wk_sql_t wk_sql_cart_cancel;

#endif
