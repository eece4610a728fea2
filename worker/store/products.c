#include "worker/store/products.h"

#include "worker/store/sql.h"

/* clang-format off */

#define TELLS \
    "provider_product_id AS product_id, provider_variant_id AS variant_id, sku, title," \
    " variant_title, vendor, product_type, price, currency, available, is_tracked AS tracked, url"
#define IN_STOCK "(available > 0 OR NOT is_tracked)"

/* clang-format on */

const wk_sql_t wk_sql_products_find = {
    "products_find",
    "SELECT " TELLS ", " WK_SQL_KNOWN("p.synced_at")
    "  FROM " WK_SQL_PRODUCTS_ASKED("$1") " p"
    " WHERE $2::text IS NULL OR $2 IN (provider_variant_id, variant_key)"
    "    OR lower($2) = lower(variant_title)"
    " ORDER BY " IN_STOCK " DESC, title, variant_title LIMIT $3::int",
    3};

const wk_sql_t wk_sql_products_candidates = {
    "products_candidates",
    "SELECT " TELLS ", description, attributes FROM products p"
    " WHERE is_active AND ($1::text IS NULL OR product_type = $1)"
    "   AND ($2::numeric IS NULL OR price <= $2::numeric)"
    "   AND ($5::numeric IS NULL OR price >= $5::numeric)"
    "   AND (product_type = 'accessory') = $3::bool"
    " ORDER BY " IN_STOCK " DESC, price LIMIT $4::int",
    5};
