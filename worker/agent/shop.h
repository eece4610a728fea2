/*
 * The shop's own system behind the cache of its orders and products: whether there is one, and
 * keeping what it tells.
 */
#ifndef WK_AGENT_SHOP_H
#define WK_AGENT_SHOP_H

#include "worker/agent/tool.h"
#include "worker/providers/shopify.h"

#define WK_SHOP_CALLER_MS 2000 /* while a customer waits */
#define WK_SHOP_JOB_MS    15000

/*
 * How the organization's shop is reached; *connected false: it has none. A shop without a token
 * of its own is asked with the configured one.
 */
bool wk_shop_connection(wk_tx_t *tx, const wk_config_t *config, wk_shopify_t *shop,
                        bool *connected, wk_error_t *e);

/*
 * Until the transaction ends what is told of them is written by nobody else. Of several none is
 * waited for that somebody has who waits for another of them.
 */
bool wk_shop_lock_orders(wk_tx_t *tx, const wk_shopify_orders_t *orders, wk_error_t *e);
bool wk_shop_lock_order(wk_tx_t *tx, va_str_t id, wk_error_t *e);
bool wk_shop_lock_product(wk_tx_t *tx, va_str_t id, wk_error_t *e);

/* asked: they were asked for just now, so that the same state counts as fresh. Locks them. */
bool wk_shop_keep_orders(wk_tx_t *tx, const wk_shopify_orders_t *orders, bool asked,
                         wk_error_t *e);

/* as_of: RFC 3339, when it was so. Locks their products. */
bool wk_shop_keep_variants(wk_tx_t *tx, const wk_shopify_variants_t *variants, va_str_t as_of,
                           bool asked, wk_error_t *e);

/*
 * Asks the shop when the cache knows nothing, or nothing fresh, and keeps the answer. True:
 * what the cache has may be old, since the shop did not answer. A failure is logged.
 */
bool wk_shop_refresh_orders(wk_ctx_t *ctx, va_str_t organization, va_str_t number,
                            va_str_t phone, va_str_t email);
bool wk_shop_refresh_products(wk_ctx_t *ctx, va_str_t organization, va_str_t what);

/*
 * The same in the steps of a tool: whether the shop is to be asked travels ahead of the
 * transaction's next statement, and can be read behind it; then, outside of any transaction,
 * the shop is asked.
 */
typedef struct wk_shop_need wk_shop_need_t;
bool wk_shop_see_products(wk_tx_t *tx, wk_ctx_t *ctx, va_str_t what, wk_shop_need_t **need,
                          wk_error_t *e);
bool wk_shop_is_needed(const wk_shop_need_t *need);
bool wk_shop_ask(wk_shop_need_t *need);

/*
 * Who is new here, by whatever way he came, may be known there: a job asks (shopify.customer),
 * once a customer. customer may be absent, or without a number.
 */
bool wk_shop_look_up_later(wk_tx_t *tx, va_str_t customer, wk_error_t *e);

/* Adds to an answer from the cache, whose first row has known and today, how old it is. */
void wk_shop_tell_age(wk_tool_call_t *call, const wk_rows_t *rows);

/* The shop's orders as a list of purchases: order_number date total currency items. */
va_str_t wk_shop_purchases(wk_arena_t *a, const wk_shopify_orders_t *orders);

#endif
