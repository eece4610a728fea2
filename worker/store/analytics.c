#include "worker/store/analytics.h"

#include "worker/store/sql.h"

/* clang-format off */

#define FROM_OR_A_MONTH_AGO(from, from_zone) \
    "(SELECT coalesce(instant_of(" from "::timestamp, coalesce(" from_zone ", timezone))," \
    "                 now() - interval '30 days')" \
    "   FROM organizations WHERE id = current_organization())"
#define WITHIN(moment) \
    moment " >= " FROM_OR_A_MONTH_AGO("$1", "$2") \
    " AND " moment " < " WK_SQL_INSTANT("$3", "$4", "infinity")

#define OVER         "filter (WHERE is_over)"
#define SHARE(which) "round(100.0 * count(*) filter (WHERE is_over AND " which ")" \
                     " / nullif(count(*) " OVER ", 0), 1)"

/* A call counts as the agent's own work when nobody of the shop had to step in. */
#define FIGURES \
    "count(*) AS total_calls," \
    " count(*) filter (WHERE direction = 'inbound') AS inbound_calls," \
    " count(*) filter (WHERE direction = 'outbound') AS outbound_calls," \
    SHARE("status = 'completed'") " AS completion_rate," \
    SHARE("resolution = 'resolved' AND NOT by_people") " AS ai_resolution_rate," \
    SHARE("by_people") " AS human_transfer_rate," \
    " count(*) filter (WHERE appointment_booked) AS appointments_booked," \
    SHARE("appointment_booked") " AS appointment_conversion_rate," \
    " round(avg(satisfaction_score), 1) AS average_satisfaction," \
    " round(avg(duration_seconds)) AS average_duration_seconds," \
    " round(avg(answer_ms)) AS average_answer_ms," \
    " round(avg(cost_usd), 4) AS cost_per_call," \
    " sum(cost_usd) AS total_cost, count(cost_usd) AS costed_calls"

/* clang-format on */

const wk_sql_t wk_sql_analytics = {
    "analytics",
    "WITH of_time AS ("
    "    SELECT to_char(c.started_at AT TIME ZONE o.timezone::text, 'YYYY-MM-DD') AS day,"
    "           coalesce(c.call_type, 'unknown') AS type,"
    "           coalesce(c.language::text, 'unknown') AS language, c.direction, c.status,"
    "           c.status NOT IN ('connecting', 'in_progress') AS is_over,"
    "           c.resolution IS NOT DISTINCT FROM 'transferred' OR c.transferred_at IS NOT NULL"
    "               OR c.taken_over_at IS NOT NULL AS by_people,"
    "           c.resolution, c.appointment_booked, c.satisfaction_score, c.duration_seconds,"
    "           c.cost_usd,"
    "           CASE WHEN jsonb_typeof(c.latency -> 'answer_ms') = 'number'"
    "                THEN (c.latency ->> 'answer_ms')::numeric END AS answer_ms"
    "      FROM calls c JOIN organizations o ON o.id = c.organization_id"
    "     WHERE c.organization_id = current_organization() AND " WITHIN("c.started_at") "),"
    " figures AS ("
    "    SELECT CASE grouping(day, type, language) WHEN 7 THEN 'total' WHEN 3 THEN 'day'"
    "                                              WHEN 5 THEN 'type' ELSE 'language' END"
    "               AS dimension,"
    "           coalesce(day, type, language, '') AS value, " FIGURES
    "      FROM of_time GROUP BY GROUPING SETS ((), (day), (type), (language)))"
    " SELECT f.*, row_to_json(f) AS item FROM figures f"
    "  ORDER BY array_position(ARRAY['total', 'day', 'type', 'language'], dimension), value",
    4};

/* A sale is an order of somebody who had called before, within the time. */
const wk_sql_t wk_sql_analytics_funnel = {
    "analytics_funnel",
    "WITH of_time AS ("
    "    SELECT customer_id, call_type, appointment_booked, started_at"
    "      FROM calls"
    "     WHERE organization_id = current_organization() AND " WITHIN("started_at") "),"
    " callers AS (SELECT customer_id, min(started_at) AS since FROM of_time GROUP BY customer_id)"
    " SELECT json_build_object("
    "        'inquiries', (SELECT count(*) FROM of_time"
    "                       WHERE call_type IN ('sales_inquiry', 'service_booking')),"
    "        'appointments', (SELECT count(*) FROM of_time WHERE appointment_booked),"
    "        'sales', (SELECT count(*) FROM orders p JOIN callers k USING (customer_id)"
    "                   WHERE p.placed_at >= k.since"
    "                     AND p.placed_at < " WK_SQL_INSTANT("$3", "$4", "infinity") "))"
    "        AS item",
    4};
