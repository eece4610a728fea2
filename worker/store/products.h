/* What the shop sells, one row a variant. */
#ifndef WK_STORE_PRODUCTS_H
#define WK_STORE_PRODUCTS_H

#include "worker/db.h"

/* clang-format off */

/* A provider's id ends with a number, by which people know it: the cheap test comes first. */
#define WK_SQL_ID_ENDS(id, what) \
    "right(" id ", length(" what ")) = " what " AND substring(" id " from '[0-9]+$') = " what

/* Words have no character but '_' that LIKE knows. */
#define WK_SQL_WORDS(what) \
    "coalesce((SELECT array_agg('%' || replace(word, '_', '\\_') || '%')" \
    "   FROM regexp_split_to_table(lower(" what "), '\\W+') AS word WHERE word <> ''), '{}')"

/* That a row is what somebody asks for: an id, bare or as stored, a SKU, or all of its words. */
#define WK_SQL_PRODUCT_IS(what) \
    "(" what " IN (provider_product_id, provider_variant_id, sku)" \
    " OR " WK_SQL_ID_ENDS("provider_product_id", what) \
    " OR " WK_SQL_ID_ENDS("provider_variant_id", what) \
    " OR (" what " ~ '\\w' AND search_text LIKE ALL (" WK_SQL_WORDS(what) ")))"

/* clang-format on */

/*
 * $1 what is asked for: an id of the shop system, a SKU, or words of title, variant and type
 * (each has to occur), $2 variant (its id, bare or as stored, or its title) or null, $3 rows: product_id variant_id sku
 * title variant_title vendor product_type price currency available tracked url, in stock first,
 * and known and today: when it was heard of, and the shop's day (YYYY-MM-DD HH24:MI,
 * YYYY-MM-DD).
 */
extern const wk_sql_t wk_sql_products_find;

/*
 * Candidates for a recommendation: $1 type or null, $2 most to pay or null, $3 accessories
 * alone ('t'), $4 rows, $5 least to pay or null. As above, and description attributes (JSON).
 */
extern const wk_sql_t wk_sql_products_candidates;

#endif
