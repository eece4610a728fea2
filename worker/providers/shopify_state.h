/* How an order stands, in one word, from the many Shopify has. */
#ifndef WK_PROVIDERS_SHOPIFY_STATE_H
#define WK_PROVIDERS_SHOPIFY_STATE_H

#include "core/base.h"

#define WK_SHOPIFY_SHIPMENTS 10

typedef struct {
    bool cancelled;
    va_str_t financial;   /* PAID, …, or a webhook's "paid" */
    va_str_t fulfillment; /* FULFILLED, …, or a webhook's "fulfilled", "partial" */
    va_str_t shipments[WK_SHOPIFY_SHIPMENTS]; /* display states of those not cancelled */
    size_t n;
} wk_shopify_facts_t;

/* A word of orders.status. A word of Shopify's that is not known counts for nothing. */
const char *wk_shopify_state(const wk_shopify_facts_t *facts);

#endif
