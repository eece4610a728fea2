/* What the shop sells, one row a variant. */
#ifndef WK_STORE_PRODUCTS_H
#define WK_STORE_PRODUCTS_H

#include "worker/db.h"

/*
 * $1 what is asked for: an id of the shop system, a SKU, or words of title, variant and type (each has
 * to occur), $2 variant (its id or title) or null, $3 rows: product_id variant_id sku title
 * variant_title vendor product_type price currency available tracked url, in stock first.
 */
extern const wk_sql_t wk_sql_products_find;

/*
 * Candidates for a recommendation: $1 type or null, $2 most to pay or null, $3 accessories
 * alone ('t'), $4 rows. As above, and description attributes (JSON).
 */
extern const wk_sql_t wk_sql_products_candidates;

#endif
