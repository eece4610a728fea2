#include "worker/store/carts.h"

/* clang-format off */

/* "cart_over" is the least a cart has to be worth. */
#define ABOUT_CARTS(total) \
    "c.is_active AND c.trigger = 'cart_abandoned'" \
    " AND " total "::numeric >= coalesce((c.conditions ->> 'cart_over')::numeric, 0)"

/* clang-format on */

const wk_sql_t wk_sql_cart_wanted = {
    "cart_wanted",
    "SELECT EXISTS (SELECT FROM campaigns c WHERE " ABOUT_CARTS("$1") ") AS wanted", 1};

const wk_sql_t wk_sql_cart_customer = {
    "cart_customer",
    "SELECT id FROM customers WHERE phone_number = $1 OR shopify_customer_id = $2"
    "    OR email = lower($3)"
    " ORDER BY phone_number = $1 DESC NULLS LAST, shopify_customer_id = $2 DESC NULLS LAST, id"
    " LIMIT 1",
    3};

const wk_sql_t wk_sql_cart_lock = {"cart_lock", "SELECT lock_key('cart:' || $1::text)", 1};

const wk_sql_t wk_sql_cart_left = {
    "cart_left",
    "INSERT INTO campaign_runs AS r"
    "    (organization_id, campaign_id, customer_id, key, due_at, data)"
    " SELECT current_organization(), c.id, $2::text::uuid,"
    "        'campaign:' || c.name || ':' || $2::text || ':' || $1::text,"
    "        $4::text::timestamptz + c.delay_seconds * interval '1 second',"
    "        $5::jsonb || jsonb_build_object('cart', $1::text, 'updated_at', $4::text)"
    "   FROM campaigns c WHERE " ABOUT_CARTS(
        "$3") "    AND NOT " WK_CART_BOUGHT("$1::text")
              " ON CONFLICT ON CONSTRAINT campaign_runs_key DO UPDATE"
              "    SET due_at = excluded.due_at, data = excluded.data"
              "  WHERE r.state = 'scheduled' AND (r.data ->> 'updated_at')::timestamptz < "
              "$4::text::timestamptz",
    5};

const wk_sql_t wk_sql_cart_cancel = {
    "cart_cancel",
    "UPDATE campaign_runs SET state = 'cancelled', executed_at = now(), result = $2"
    " WHERE state = 'scheduled' AND data ->> 'cart' = $1",
    2};
