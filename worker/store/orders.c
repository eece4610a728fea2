#include "worker/store/orders.h"

#include "worker/store/sql.h"

/* clang-format off */

/*
 * An order that is being prepared leaves today when the shop is open for another hour: what is
 * packed by then is handed to the carrier.
 */
#define TELLS \
    "r.id, r.customer_id, r.order_number, r.status, r.financial_status, r.total_amount," \
    " r.currency, r.items, " WK_SQL_ISO("r.placed_at") " AS created," \
    " r.tracking_number, r.tracking_company, r.tracking_url, r.estimated_delivery AS expected," \
    " to_char(r.shipped_at AT TIME ZONE o.timezone, 'YYYY-MM-DD') AS shipped," \
    " r.status = 'processing'" \
    "     AND coalesce(closes_at(o.hours, o.timezone) > now() + interval '1 hour', false)" \
    "     AS can_ship_today, " \
    WK_SQL_KNOWN("r.synced_at")
#define FROM_ORDERS \
    "  FROM orders r JOIN organizations o ON o.id = r.organization_id"

/* Letters and digits alone: people write "m5c-1e9". */
#define PLAIN(text) "upper(regexp_replace(" text ", '[^A-Za-z0-9]', '', 'g'))"

/* clang-format on */

const wk_sql_t wk_sql_order_by_number = {
    "order_by_number",
    "SELECT " TELLS ","
    "       coalesce(r.phone_number = $2, false) AS by_phone,"
    "       coalesce(" PLAIN("$3") " = " PLAIN(
        "r.shipping_address ->> 'postal_code'") ", false)"
                                                "           OR coalesce(lower($4) = r.email, "
                                                "false) AS by_factor" FROM_ORDERS
                                                " WHERE r.order_number = $1",
    4};

const wk_sql_t wk_sql_orders_by_phone = {
    "orders_by_phone",
    "SELECT " TELLS FROM_ORDERS
    " WHERE r.phone_number = $1 ORDER BY r.placed_at DESC, r.id LIMIT $2::int",
    2};

const wk_sql_t wk_sql_orders_search = {"orders_search",
                                       "SELECT " TELLS FROM_ORDERS
                                       " WHERE ($1::text IS NULL OR r.order_number = $1)"
                                       "   AND ($2::text IS NULL OR r.phone_number = $2)"
                                       "   AND ($3::text IS NULL OR r.email = lower($3))"
                                       " ORDER BY r.placed_at DESC, r.id LIMIT $4::int",
                                       4};

const wk_sql_t wk_sql_proof_lock = {
    "proof_lock", "SELECT lock_key('proof:' || $1), lock_key('proof:' || $2)", 2};

const wk_sql_t wk_sql_proof_tries = {
    "proof_tries",
    "SELECT greatest("
    "    (SELECT count(*) FROM proofs WHERE scope = $1 AND NOT succeeded"
    "        AND created_at > now() - interval '1 day'),"
    "    (SELECT count(*) FROM proofs WHERE phone = $2 AND NOT succeeded AND $2 <> ''"
    "        AND created_at > now() - interval '1 day')) AS tries",
    2};

const wk_sql_t wk_sql_proof_note = {
    "proof_note",
    "INSERT INTO proofs (organization_id, scope, phone, succeeded)"
    " VALUES (current_organization(), $1, $2, $3::bool)",
    3};

const wk_sql_t wk_sql_order_returns = {
    "order_returns",
    "SELECT returns, (SELECT count(*) FROM jsonb_array_elements(returns) r"
    "                  WHERE r ->> 'line_id' = $2"
    "                    AND coalesce((r ->> 'requested_at')::timestamptz"
    "                                 < now() - interval '1 day', true)) AS earlier"
    "  FROM orders WHERE id = $1::uuid FOR NO KEY UPDATE",
    2};

const wk_sql_t wk_sql_order_return = {
    "order_return",
    "UPDATE orders SET returns = returns || jsonb_build_array("
    "    $2::jsonb || jsonb_build_object('requested_at', now()))"
    " WHERE id = $1::uuid",
    2};
