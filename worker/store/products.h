/* What the shop sells, one row a variant. */
#ifndef WK_STORE_PRODUCTS_H
#define WK_STORE_PRODUCTS_H

#include "worker/db.h"

/* That a row is what somebody asks for: an id, bare or as stored, a SKU, or all of its words.
 */
#define WK_SQL_PRODUCT_IS(what)                                                                \
    "(" what " IN (provider_product_id, provider_variant_id, sku,"                             \
    "     substring(provider_product_id from '[0-9]+$'),"                                      \
    "     substring(provider_variant_id from '[0-9]+$'))"                                      \
    " OR NOT EXISTS (SELECT FROM regexp_split_to_table(lower(" what "), '\\W+') AS word"       \
    "                 WHERE word <> ''"                                                        \
    "                   AND strpos(lower(concat_ws(' ', title, variant_title,"                 \
    "                          replace(product_type, '_', ' '), vendor)), word) = 0))"

/*
 * $1 what is asked for: an id of the shop system, a SKU, or words of title, variant and type
 * (each has to occur), $2 variant (its id or title) or null, $3 rows: product_id variant_id sku
 * title variant_title vendor product_type price currency available tracked url, in stock first,
 * and known and today: when it was heard of, and the shop's day (YYYY-MM-DD HH24:MI,
 * YYYY-MM-DD).
 */
extern const wk_sql_t wk_sql_products_find;

/*
 * Candidates for a recommendation: $1 type or null, $2 most to pay or null, $3 accessories
 * alone ('t'), $4 rows. As above, and description attributes (JSON).
 */
extern const wk_sql_t wk_sql_products_candidates;

#endif
