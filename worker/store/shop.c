#include "worker/store/shop.h"

#include "worker/store/products.h"

/* clang-format off */

#define ADDRESS_OR_NULL(text) \
    "(SELECT lower(" text ") WHERE " text " ~ '^[^@[:space:]]+@[^@[:space:]]+$' AND length(" text ") <= 254)"
#define SHOP_DAY(instant) \
    "(" instant "::timestamptz AT TIME ZONE" \
    " (SELECT timezone FROM organizations WHERE id = (SELECT current_organization())))::date"

/* clang-format on */

const wk_sql_t wk_sql_shop_connection = {
    "shop_connection",
    "SELECT account_id AS domain, access_token FROM integrations"
    " WHERE service = 'shopify' AND status = 'connected' AND account_id IS NOT NULL",
    0};

const wk_sql_t wk_sql_shop_disconnect = {
    "shop_disconnect",
    "UPDATE integrations"
    "   SET status = 'disconnected', access_token = NULL, refresh_token = NULL, secret = NULL"
    " WHERE service = 'shopify'",
    0};

/* ---------------------------------------------------------------- freshness */

/* clang-format off */

/* No row without a shop's system, and nothing is looked at then. */
#define DUE(stale) \
    "SELECT i.account_id AS domain, (" stale ") AS stale FROM integrations i" \
    " WHERE i.service = 'shopify' AND i.status = 'connected' AND i.account_id IS NOT NULL"

const wk_sql_t wk_sql_shop_orders_due = {
    "shop_orders_due",
    DUE("SELECT coalesce(min(synced_at) < now() - interval '1 hour', true) FROM orders"
        " WHERE ($1::text IS NULL OR order_number = $1)"
        "   AND ($2::text IS NULL OR phone_number = $2)"
        "   AND ($3::text IS NULL OR email = lower($3))"),
    3};

const wk_sql_t wk_sql_shop_products_due = {
    "shop_products_due",
    DUE("SELECT coalesce(min(synced_at) < now() - interval '5 minutes', true)"
        "  FROM " WK_SQL_PRODUCTS_ASKED("$1") " p"),
    1};

/* clang-format on */

/* ---------------------------------------------------------------- what is told */

/* Told late, or found by a search that does not know it yet, it comes back no more. */
#define DELETED(type, id)                                                                      \
    "EXISTS (SELECT FROM webhook_events w WHERE w.provider = 'shopify'"                        \
    "           AND w.type = '" type "' AND w.key = " id ")"

/*
 * A number belongs to one order: where an order of that number is known that came from
 * elsewhere, it is this one.
 */
const wk_sql_t wk_sql_shop_order_keep = {
    "shop_order_keep",
    "INSERT INTO orders AS o (organization_id, provider_order_id, order_number, status,"
    "    financial_status, fulfillment_status, total_amount, currency, items, email,"
    "    phone_number, shipping_address, tracking_number, tracking_company, tracking_url,"
    "    estimated_delivery, placed_at, shipped_at, delivered_at, cancelled_at,"
    "    provider_updated_at, customer_id)"
    " SELECT current_organization(), $1::text, $2::text, $3::text, lower($4), lower($5), "
    "$6::numeric,"
    "        coalesce($7::text, 'CAD'), $8::jsonb, " ADDRESS_OR_NULL(
        "$9::text") ", $10::text, $11::jsonb, $12,"
                    "        $13, $14, " SHOP_DAY(
                        "$15") ", coalesce($16::timestamptz, now()),"
                               "        $17::timestamptz, $18::timestamptz, $19::timestamptz, "
                               "$20::timestamptz,"
                               "        (SELECT c.id FROM customers c WHERE "
                               "c.shopify_customer_id = $21::text"
                               "             OR c.phone_number = $10::text ORDER BY "
                               "c.shopify_customer_id = $21::text DESC NULLS LAST"
                               "          LIMIT 1)"
                               "  WHERE NOT EXISTS (SELECT FROM orders k WHERE "
                               "k.provider = 'shopify' AND k.provider_order_id = $1::text"
                               "                       AND k.order_number <> $2::text)"
                               "    AND NOT " DELETED(
                                   WK_SHOP_ORDER_DELETED,
                                   "$1::text") " ON CONFLICT ON CONSTRAINT orders_number DO "
                                               "UPDATE SET"
                                               "    provider_order_id = "
                                               "excluded.provider_order_id, status = "
                                               "excluded.status,"
                                               "    financial_status = "
                                               "excluded.financial_status,"
                                               "    fulfillment_status = "
                                               "excluded.fulfillment_status,"
                                               "    total_amount = excluded.total_amount, "
                                               "currency = "
                                               "excluded.currency,"
                                               "    items = excluded.items, email = "
                                               "coalesce(excluded.email, "
                                               "o.email),"
                                               "    phone_number = "
                                               "coalesce(excluded.phone_number, "
                                               "o.phone_number),"
                                               "    shipping_address = "
                                               "coalesce(excluded.shipping_address, "
                                               "o.shipping_address),"
                                               "    tracking_number = excluded.tracking_number,"
                                               "    tracking_company = "
                                               "excluded.tracking_company, tracking_url "
                                               "= excluded.tracking_url,"
                                               "    estimated_delivery = "
                                               "excluded.estimated_delivery, "
                                               "shipped_at = excluded.shipped_at,"
                                               "    delivered_at = excluded.delivered_at, "
                                               "cancelled_at = "
                                               "excluded.cancelled_at,"
                                               "    provider_updated_at = "
                                               "excluded.provider_updated_at,"
                                               "    customer_id = "
                                               "coalesce(excluded.customer_id, "
                                               "o.customer_id), synced_at = now()"
                                               " WHERE o.provider_updated_at IS NULL"
                                               "    OR o.provider_updated_at < "
                                               "excluded.provider_updated_at"
                                               "    OR ($22::bool AND o.provider_updated_at = "
                                               "excluded.provider_updated_at)",
    WK_SHOP_ORDER_PARAMS};

/* A webhook has neither currency nor description: what was known of them stays. */
const wk_sql_t wk_sql_shop_variant_keep = {
    "shop_variant_keep",
    "INSERT INTO products AS p (organization_id, provider_variant_id, provider_product_id,"
    "    provider_inventory_item_id, sku, title, variant_title, vendor, product_type,"
    "    description, price, currency, available, is_tracked, is_active, url,"
    "    provider_updated_at)"
    " SELECT current_organization(), $1, $2::text, $3, $4, $5, $6, $7, $8, $9, $10::numeric,"
    "    coalesce($11::text, 'CAD'), coalesce($12::int, 0), $13::bool, $14::bool, $15,"
    "    $16::timestamptz WHERE NOT " DELETED(
        WK_SHOP_PRODUCT_DELETED,
        "$2::text") " ON CONFLICT ON CONSTRAINT products_variant DO UPDATE SET"
                    "    provider_product_id = excluded.provider_product_id,"
                    "    provider_inventory_item_id = "
                    "coalesce(excluded.provider_inventory_item_id,"
                    "                                          p.provider_inventory_item_id),"
                    "    sku = excluded.sku, title = excluded.title, variant_title = "
                    "excluded.variant_title,"
                    "    vendor = excluded.vendor, product_type = excluded.product_type,"
                    "    description = coalesce(excluded.description, p.description),"
                    "    price = excluded.price, currency = coalesce($11::text, p.currency),"
                    "    available = coalesce($12::int, p.available), is_tracked = "
                    "excluded.is_tracked,"
                    "    is_active = excluded.is_active, url = coalesce(excluded.url, p.url),"
                    "    provider_updated_at = excluded.provider_updated_at,"
                    "    synced_at = CASE WHEN $17::bool THEN now() ELSE p.synced_at END"
                    " WHERE p.provider_updated_at IS NULL"
                    "    OR p.provider_updated_at < excluded.provider_updated_at",
    WK_SHOP_VARIANT_PARAMS};

const wk_sql_t wk_sql_shop_variants_drop = {
    "shop_variants_drop",
    "UPDATE products SET is_active = false, provider_updated_at = $3::timestamptz"
    " WHERE provider = 'shopify' AND provider_product_id = $1"
    "   AND NOT provider_variant_id = ANY ($2::text[])"
    "   AND coalesce(provider_updated_at < $3::timestamptz, true)",
    3};

/* Keys share locks, so that it is those that are taken in the same order by all. */
#define LOCKS(prefix)                                                                          \
    "SELECT lock_key(k.key) FROM (SELECT '" prefix "' || id AS key"                            \
    "    FROM jsonb_array_elements_text($1::jsonb) id ORDER BY hashtext('" prefix              \
    "' || id) & 1023) k"

const wk_sql_t wk_sql_shop_orders_lock = {"shop_orders_lock", LOCKS("order:"), 1};

const wk_sql_t wk_sql_shop_products_lock = {"shop_products_lock", LOCKS("product:"), 1};

const wk_sql_t wk_sql_shop_product_gone = {
    "shop_product_gone",
    "UPDATE products SET is_active = false"
    " WHERE provider = 'shopify' AND provider_product_id = $1",
    1};

/* A level is told by the place; what counts is the sum, which nobody told. */
const wk_sql_t wk_sql_shop_stock_changed = {
    "shop_stock_changed",
    "UPDATE products SET synced_at = least(synced_at, now() - interval '5 minutes 1 second')"
    " WHERE provider_inventory_item_id = $1",
    1};

/* ---------------------------------------------------------------- what is forgotten */

const wk_sql_t wk_sql_shop_orders_forget = {
    "shop_orders_forget",
    "DELETE FROM orders WHERE provider = 'shopify' AND id IN ("
    "    SELECT id FROM orders WHERE provider = 'shopify' AND provider_order_id = ANY "
    "($1::text[])"
    "    UNION ALL SELECT o.id FROM orders o JOIN customers c ON c.id = o.customer_id"
    "               WHERE c.shopify_customer_id = $2)",
    2};

#define IS_HIS " WHERE shopify_customer_id = $1 OR phone_number = $2 OR email = lower($3)"

const wk_sql_t wk_sql_shop_customers_of = {"shop_customers_of",
                                           "SELECT id FROM customers" IS_HIS " ORDER BY id", 3};

#define FORGET                                                                                 \
    "UPDATE customers SET shopify_customer_id = NULL, total_spent = 0, purchase_count = 0,"    \
    "       purchase_history = '[]', last_purchase_at = NULL"

const wk_sql_t wk_sql_shop_customer_forget = {"shop_customer_forget", FORGET IS_HIS, 3};

const wk_sql_t wk_sql_shop_orders_forget_all = {
    "shop_orders_forget_all", "DELETE FROM orders WHERE provider = 'shopify'", 0};

const wk_sql_t wk_sql_shop_products_forget_all = {
    "shop_products_forget_all", "DELETE FROM products WHERE provider = 'shopify'", 0};

const wk_sql_t wk_sql_shop_customers_forget_all = {
    "shop_customers_forget_all", FORGET " WHERE shopify_customer_id IS NOT NULL", 0};

/* ---------------------------------------------------------------- customers */

const wk_sql_t wk_sql_shop_customer_of_order = {
    "shop_customer_of_order",
    "SELECT customer_id AS customer FROM orders"
    " WHERE provider = 'shopify' AND provider_order_id = $1 AND customer_id IS NOT NULL",
    1};

/* When he last bought, as far as we were told; null: never. */
#define LAST_ORDER                                                                             \
    "(SELECT max(o.placed_at) FROM orders o"                                                   \
    "  WHERE o.organization_id = c.organization_id AND o.customer_id = c.id)"

const wk_sql_t wk_sql_shop_customer_unknown = {
    "shop_customer_unknown",
    "SELECT c.phone_number AS phone FROM customers c"
    " WHERE c.id = $1::uuid AND c.phone_number IS NOT NULL"
    "   AND (c.looked_up_at IS NULL AND c.shopify_customer_id IS NULL"
    "        OR c.looked_up_at < " LAST_ORDER ")"
    "   AND EXISTS (SELECT FROM integrations"
    "                WHERE service = 'shopify' AND status = 'connected')",
    1};

/* A name that was only typed into a chat gives way to the shop's own. */
#define NO_NAME "(c.name = '' OR c.source = 'chat' AND $3::text IS NOT NULL)"

/* A number that changed hands may be known there twice: the id stays with whom has it. */
const wk_sql_t wk_sql_shop_customer_known = {
    "shop_customer_known",
    "UPDATE customers c SET looked_up_at = now(),"
    "    shopify_customer_id = CASE WHEN $2::text IS NULL THEN c.shopify_customer_id"
    "        WHEN NOT EXISTS (SELECT FROM customers k"
    "            WHERE k.shopify_customer_id = $2::text AND k.id <> c.id) THEN $2::text END,"
    "    first_name = CASE WHEN " NO_NAME " THEN coalesce($3, '') ELSE c.first_name END,"
    "    last_name = CASE WHEN " NO_NAME " THEN coalesce($4, '') ELSE c.last_name END,"
    "    email = coalesce(c.email, " ADDRESS_OR_NULL(
        "$5::text") "),"
                    "    tier = CASE WHEN c.tier = 'regular' THEN coalesce($6, c.tier) ELSE "
                    "c.tier END,"
                    "    total_spent = greatest(c.total_spent, coalesce($7::numeric, 0)),"
                    "    purchase_count = greatest(c.purchase_count, coalesce($8::int, 0)),"
                    "    purchase_history = CASE WHEN $9::jsonb IS NULL THEN c.purchase_history"
                    "                            ELSE $9::jsonb END,"
                    "    last_purchase_at = greatest(c.last_purchase_at, $10::timestamptz)"
                    " WHERE c.id = $1::uuid"
                    "   AND (c.looked_up_at IS NULL OR c.looked_up_at < " LAST_ORDER ")",
    10};
