/* What the shop sells, one row a variant. */
#ifndef WK_STORE_PRODUCTS_H
#define WK_STORE_PRODUCTS_H

#include "worker/db.h"

/* clang-format off */

/* What people name an id by, as the keys of products: its number, or all of it. */
#define WK_SQL_PRODUCT_KEY(what) "(SELECT coalesce(substring(" what " from '[0-9]+$'), " what "))"

/* Words have no character but '_' that LIKE knows. */
#define WK_SQL_WORDS(what) \
    "coalesce((SELECT array_agg('%' || replace(word, '_', '\\_') || '%')" \
    "   FROM regexp_split_to_table(lower(" what "), '\\W+') AS word WHERE word <> ''), '{}')"

/*
 * The rows of products that somebody asks for by an id, bare or as stored, or a SKU; where there
 * are none, those that have all of its words. Three indexes know the first, none the second: row
 * level security lets no index answer a LIKE.
 */
#define WK_SQL_PRODUCTS_ASKED(what) \
    "(WITH named AS MATERIALIZED (" \
    "      SELECT * FROM products WHERE is_active AND (sku = " what \
    "          OR product_key = " WK_SQL_PRODUCT_KEY(what) \
    "             AND " what " IN (product_key, provider_product_id)" \
    "          OR variant_key = " WK_SQL_PRODUCT_KEY(what) \
    "             AND " what " IN (variant_key, provider_variant_id)))" \
    "  SELECT * FROM named UNION ALL" \
    "  SELECT * FROM products WHERE NOT EXISTS (SELECT FROM named) AND is_active" \
    "     AND " what " ~ '\\w' AND search_text LIKE ALL (" WK_SQL_WORDS(what) "))"

/* clang-format on */

/*
 * $1 what is asked for: an id of the shop system or a SKU, and where no product has that, words
 * of title, variant and type (each has to occur), $2 variant (its id, bare or as stored, or its
 * title) or null, $3 rows: product_id variant_id sku title variant_title vendor product_type price
 * currency available tracked url, in stock first, and known and today: when it was heard of, and
 * the shop's day (YYYY-MM-DD HH24:MI, YYYY-MM-DD).
 */
extern const wk_sql_t wk_sql_products_find;

/*
 * Candidates for a recommendation: $1 type or null, $2 most to pay or null, $3 accessories
 * alone ('t'), $4 rows, $5 least to pay or null. As above, and description attributes (JSON).
 */
extern const wk_sql_t wk_sql_products_candidates;

#endif
