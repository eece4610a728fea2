/*
 * Shopify's Admin API over GraphQL: what became of orders, what is in stock, who a customer is.
 * Reads only, so that every question may be asked again.
 *
 * A question whose answer is of another shop than the one asked (a token in the wrong place)
 * fails. Texts of callers go into a search quoted, and what comes back is compared.
 */
#ifndef WK_PROVIDERS_SHOPIFY_H
#define WK_PROVIDERS_SHOPIFY_H

#include "worker/context.h"
#include "worker/providers/shopify_data.h"

typedef struct {
    va_str_t domain; /* something.myshopify.com */
    va_str_t token;  /* Admin API access token */
    int budget_ms;   /* for the answer, waiting for points of the cost limit included */
} wk_shopify_t;

/* Lower case, and of the form SHOP.myshopify.com: nothing else is ever asked. */
bool wk_shopify_is_domain(va_str_t domain);

/*
 * All of these fail with
 *   WK_UNAVAILABLE  not answered in time, too many questions, an error on their side: to be
 *                   asked again, not before e->retry_after_ms
 *   WK_FORBIDDEN    the token is refused, lacks a scope, or is another shop's
 *   WK_REFUSED      the shop is gone, frozen, or will not answer this
 *   WK_INVALID      the domain is none
 *   WK_INTERNAL     the query is not one Shopify knows
 * and e->detail is Shopify's code, when it gave one.
 */

/* The order of that number, with or without '#': 0 or 1. */
bool wk_shopify_order_by_name(wk_ctx_t *ctx, const wk_shopify_t *shop, va_str_t number,
                              wk_shopify_orders_t *orders, wk_error_t *e);

/* By its id, gid://shopify/Order/…: 0 or 1. */
bool wk_shopify_order(wk_ctx_t *ctx, const wk_shopify_t *shop, va_str_t id,
                      wk_shopify_orders_t *orders, wk_error_t *e);

/* The latest orders that carry the address. */
bool wk_shopify_orders_by_email(wk_ctx_t *ctx, const wk_shopify_t *shop, va_str_t email,
                                wk_shopify_orders_t *orders, wk_error_t *e);

/* The customer of a number in E.164; customer->id absent: there is none. */
bool wk_shopify_customer_by_phone(wk_ctx_t *ctx, const wk_shopify_t *shop, va_str_t phone,
                                  wk_shopify_customer_t *customer, wk_error_t *e);

/*
 * Variants of what is asked for: an id of a product or variant, a SKU, or words. What words
 * find is Shopify's judgement: whether it suits is for the caller to see.
 */
bool wk_shopify_variants(wk_ctx_t *ctx, const wk_shopify_t *shop, va_str_t what,
                         wk_shopify_variants_t *variants, wk_error_t *e);

/*
 * A link that opens the shop's online store with a cart of that variant (its id, bare or
 * gid://shopify/ProductVariant/…); absent when the domain or the id is none. Paying is a matter
 * between customer and store.
 */
va_str_t wk_shopify_cart_link(wk_arena_t *a, va_str_t domain, va_str_t variant,
                              int64_t quantity);

#endif
