/*
 * An UPDATE by $1, JSON of columns' names and values: what is not named stays. For columns that
 * may be null the last one makes them so by null.
 */
#ifndef WK_STORE_KEPT_H
#define WK_STORE_KEPT_H

/* Laid out by hand: clang-format breaks SQL in the middle of a word. */
/* clang-format off */

#define KEPT(column, type) \
    column " = coalesce(($1::jsonb ->> '" column "')::" type ", " column ")"
#define KEPT_JSON(column) \
    column " = coalesce($1::jsonb -> '" column "', " column ")"
#define KEPT_OR_NULL(column) \
    column " = CASE WHEN $1::jsonb ? '" column "' THEN $1::jsonb ->> '" column "' ELSE " column " END"

/* clang-format on */

#endif
