/*
 * What Shopify tells of orders, variants and customers, in one shape, whether the Admin API's
 * (GraphQL) or a webhook's. Absent texts were not told. Ids are Shopify's global ones
 * (gid://shopify/Order/…), times RFC 3339, numbers the text they came as: an id is beyond 2^53.
 */
#ifndef WK_PROVIDERS_SHOPIFY_DATA_H
#define WK_PROVIDERS_SHOPIFY_DATA_H

#include "core/json.h"
#include "worker/arena.h"

typedef struct {
    va_str_t id;
    va_str_t number;                 /* its name without '#' */
    const char *status;              /* a word of orders.status: what may be said of it */
    va_str_t financial, fulfillment; /* Shopify's words */
    va_str_t total, currency;
    va_str_t items;   /* JSON list: line_id title sku quantity price */
    va_str_t address; /* JSON object: street city region postal_code country */
    va_str_t email, phone, customer;
    va_str_t tracking_number, tracking_company, tracking_url;
    va_str_t expected, shipped_at, delivered_at; /* of the latest shipment */
    va_str_t placed_at, cancelled_at, updated_at;
} wk_shopify_order_t;

typedef struct {
    wk_shopify_order_t *list;
    size_t n;
} wk_shopify_orders_t;

typedef struct {
    va_str_t id, product, inventory_item;
    va_str_t sku, title, variant_title, vendor, product_type, description, url;
    va_str_t price, currency, available;
    bool tracked, active;
} wk_shopify_variant_t;

typedef struct {
    wk_shopify_variant_t *list;
    size_t n;
} wk_shopify_variants_t;

typedef struct {
    va_str_t id, first_name, last_name, email;
    const char *tier; /* of customers.tier, by the customer's tags; NULL: they say nothing */
    va_str_t spent, orders_count;
    wk_shopify_orders_t orders; /* the latest */
} wk_shopify_customer_t;

/* gid://shopify/<kind>/<id>; a global id stays as it is. Absent: no id. */
va_str_t wk_shopify_id(wk_arena_t *a, const char *kind, va_str_t id);

/* Nodes of the Admin API. False: what every order (variant) has is missing. */
bool wk_shopify_read_order(wk_arena_t *a, const va_json_t *node, wk_shopify_order_t *order);
bool wk_shopify_read_variant(wk_arena_t *a, const va_json_t *node,
                             wk_shopify_variant_t *variant);
void wk_shopify_read_customer(wk_arena_t *a, const va_json_t *node,
                              wk_shopify_customer_t *customer);

/* The body of a webhook about an order itself. */
bool wk_shopify_read_order_webhook(wk_arena_t *a, const va_json_t *body,
                                   wk_shopify_order_t *order);

/* The body of products/update: all its variants. They have no currency. */
bool wk_shopify_read_product_webhook(wk_arena_t *a, const va_json_t *body,
                                     wk_shopify_variants_t *variants);

#endif
