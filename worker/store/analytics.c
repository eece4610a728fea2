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

#define SHARE_OF(some, which) \
    "round(100.0 * count(*) filter (WHERE is_over AND " some " AND " which ")" \
    " / nullif(count(*) filter (WHERE is_over AND " some "), 0), 1)"
#define SHARE(which) SHARE_OF("true", which)

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
    " sum(cost_usd) AS total_cost, count(cost_usd) AS costed_calls," \
    SHARE_OF("status = 'completed'", \
             "resolution = 'resolved' AND NOT by_people AND NOT human_escalation_required") \
    "     AS automation_rate," \
    SHARE_OF("is_first AND NOT by_people AND resolution IS NOT NULL", \
             "resolution = 'resolved' AND NOT calls_again") " AS first_call_resolution_rate," \
    SHARE_OF("wants_appointment", "appointment_booked") " AS scheduling_success_rate," \
    SHARE_OF("rung", "person_came") " AS transfer_success_rate," \
    SHARE_OF("language_right IS NOT NULL", "language_right") " AS language_accuracy_rate," \
    " round(avg(satisfaction_score) / 2, 1) AS average_satisfaction_of_5," \
    " round(avg(handle_seconds)) AS average_handle_seconds"

/* No call is longer than 4 hours, also where its end was not told. */
#define DURING \
    " BETWEEN c.started_at" \
    "     AND coalesce(c.ended_at, c.started_at + interval '4 hours') + interval '1 minute'"

/* About the same thing, within a week: then one of the two did not settle it. */
#define INBOUND_OF_THE_SAME(which) \
    "EXISTS (SELECT FROM calls o WHERE o.organization_id = c.organization_id" \
    "           AND o.customer_id = c.customer_id AND o.direction = 'inbound'" \
    "           AND o.call_type IS NOT DISTINCT FROM c.call_type AND " which ")"
#define FIRST_AND_AGAIN \
    "c.direction = 'inbound' AND c.customer_id IS NOT NULL AND NOT " \
    INBOUND_OF_THE_SAME("o.started_at < c.started_at" \
                        " AND o.started_at >= c.started_at - interval '7 days'") " AS is_first," \
    INBOUND_OF_THE_SAME("o.started_at > c.started_at" \
                        " AND o.started_at <= c.started_at + interval '7 days'") " AS calls_again,"

/* Who came to cancel did not ask for an appointment. */
#define WANTS_APPOINTMENT \
    "c.appointment_booked OR c.call_type = 'service_booking' AND NOT EXISTS (" \
    "    SELECT FROM appointments a WHERE a.organization_id = c.organization_id" \
    "       AND a.customer_id = c.customer_id AND a.cancelled_by = 'customer'" \
    "       AND a.cancelled_at" DURING ")"

#define MS(stage) \
    "(CASE WHEN jsonb_typeof(m.latency -> '" stage "_ms') = 'number'" \
    "      THEN (m.latency -> '" stage "_ms')::bigint END)"

/* As voiceagent_turn_seconds has them (docs/voice.md): from the caller's last sound. */
#define RESPONSE_MS MS("written") " - " MS("caller_ended")
#define SINCE_END   MS("tool_called") ", " MS("end_detected") ", " MS("caller_ended")
#define SINCE_TOOL  MS("tool_answered") ", " SINCE_END
#define OWN_MS \
    "coalesce(" MS("tool_answered") " - coalesce(" SINCE_END "), 0)" \
    " + coalesce(" MS("asked") " - coalesce(" SINCE_TOOL "), 0)" \
    " + " MS("written") " - coalesce(" MS("first_sound") ", " MS("first_token") ", " \
    MS("asked") ", " SINCE_TOOL ")"
#define P95(ms) "round(percentile_cont(0.95) WITHIN GROUP (ORDER BY " ms ")::numeric)"

/*
 * A call's turns are read once, in the order they were spoken. What the caller first said was
 * answered in a language (answered_in); what a platform reports has one language for all of it,
 * and tells nothing. By TwiML the wait for us is measured from where nginx took the call
 * (docs/voice.md): waited_ms.
 */
#define FIRST_OF(what, which) "(array_agg(" what ") FILTER (WHERE " which "))[1]"
#define TURNS_OF_CALL \
    "SELECT " FIRST_OF("t.language", "t.by_agent AND t.own AND t.occurred_at > t.heard_at") \
    "           AS answered_in," \
    "       min(t.occurred_at) FILTER (WHERE t.by_agent) AS answered_at," \
    "       " FIRST_OF("t.waited_ms", "t.by_agent") " AS waited_ms," \
    "       array_agg(t.response_ms) FILTER (WHERE t.timed) AS response_ms," \
    "       array_agg(t.own_ms) FILTER (WHERE t.timed) AS own_ms" \
    "  FROM (SELECT u.*, min(u.occurred_at) FILTER (WHERE u.own AND NOT u.by_agent) OVER () AS heard_at" \
    "          FROM (SELECT m.language::text, m.occurred_at, x.by_agent, x.timed," \
    "                       m.provider IS DISTINCT FROM 'elevenlabs' AS own," \
    "                       CASE WHEN x.by_agent AND m.latency ? 'received_ms'" \
    "                            THEN coalesce(" MS("written") ", 0) END AS waited_ms," \
    "                       CASE WHEN x.timed THEN " RESPONSE_MS " END AS response_ms," \
    "                       CASE WHEN x.timed THEN " OWN_MS " END AS own_ms" \
    "                  FROM messages m," \
    "                       LATERAL (SELECT m.speaker = 'agent' AS by_agent," \
    "                                       m.speaker = 'agent' AND m.latency ? 'caller_ended_ms'" \
    "                                           AND m.latency ? 'written_ms' AS timed) x" \
    "                 WHERE m.organization_id = c.organization_id AND m.call_id = c.id" \
    "                   AND m.channel = 'voice' AND m.speaker IN ('agent', 'customer')" \
    "                 ORDER BY m.occurred_at) u) t"
#define ANSWER_MS \
    "CASE WHEN c.direction = 'inbound' AND t.answered_at IS NOT NULL" \
    "     THEN greatest(0, coalesce(t.waited_ms," \
    "              extract(epoch FROM t.answered_at - c.started_at) * 1000)) END"

#define OF_A_DIMENSION \
    "CASE grouping(day, type, language) WHEN 7 THEN 'total' WHEN 3 THEN 'day'" \
    "                                   WHEN 5 THEN 'type' ELSE 'language' END AS dimension," \
    " coalesce(day, type, language, '') AS value"
#define DIMENSIONS " GROUP BY GROUPING SETS ((), (day), (type), (language))"

const wk_sql_t wk_sql_analytics = {
    "analytics",
    "WITH of_time AS ("
    "    SELECT c.id, c.organization_id,"
    "           to_char(c.started_at AT TIME ZONE o.timezone::text, 'YYYY-MM-DD') AS day,"
    "           coalesce(c.call_type, 'unknown') AS type,"
    "           coalesce(c.language::text, 'unknown') AS language, c.direction, c.status,"
    "           c.status NOT IN ('connecting', 'in_progress') AS is_over,"
    "           c.resolution IS NOT DISTINCT FROM 'transferred' OR c.transferred_at IS NOT NULL"
    "               OR c.taken_over_at IS NOT NULL AS by_people,"
    "           c.resolution, c.appointment_booked, c.satisfaction_score, c.duration_seconds,"
    "           c.cost_usd, c.human_escalation_required, " FIRST_AND_AGAIN
    "           c.metadata ? 'rung' AS rung,"
    "           c.metadata ? 'accepted' OR c.taken_over_at IS NOT NULL AS person_came,"
    "           " WANTS_APPOINTMENT " AS wants_appointment,"
    "           t.answered_in = c.language::text AS language_right,"
    "           " ANSWER_MS " AS answer_ms,"
    "           t.response_ms, t.own_ms,"
    "           CASE c.status WHEN 'completed' THEN"
    "               coalesce(c.duration_seconds, extract("
    "                   epoch FROM c.ended_at - coalesce(c.answered_at, c.started_at)))"
    "               END AS handle_seconds"
    "      FROM calls c JOIN organizations o ON o.id = c.organization_id"
    "      CROSS JOIN LATERAL (" TURNS_OF_CALL ") t"
    "     WHERE c.organization_id = current_organization() AND " WITHIN("c.started_at") "),"
    " figures AS (SELECT " OF_A_DIMENSION ", " FIGURES " FROM of_time" DIMENSIONS "),"
    " turns AS ("
    "    SELECT c.day, c.type, c.language, w.response_ms, w.own_ms"
    "      FROM of_time c, unnest(c.response_ms, c.own_ms) AS w (response_ms, own_ms)),"
    " waits AS ("
    "    SELECT " OF_A_DIMENSION ", " P95("response_ms") " AS p95_response_ms,"
    "           " P95("own_ms") " AS p95_own_ms FROM turns" DIMENSIONS "),"
    " whole AS (SELECT f.*, w.p95_response_ms, w.p95_own_ms"
    "             FROM figures f LEFT JOIN waits w USING (dimension, value))"
    " SELECT w.*, row_to_json(w) AS item FROM whole w"
    "  ORDER BY array_position(ARRAY['total', 'day', 'type', 'language'], dimension), value",
    4};

/*
 * An appointment is one that was made in a call, once, however often it was moved since; a hold
 * that came to nothing, or made room for the booking, is none. A sale is an order of somebody
 * who had called before, within the time.
 */
const wk_sql_t wk_sql_analytics_funnel = {
    "analytics_funnel",
    "WITH of_time AS ("
    "    SELECT id, organization_id, customer_id, call_type, started_at, ended_at"
    "      FROM calls"
    "     WHERE organization_id = current_organization() AND " WITHIN("started_at") "),"
    " callers AS (SELECT customer_id, min(started_at) AS since FROM of_time GROUP BY customer_id),"
    " made AS ("
    "    SELECT a.id, a.status, a.hold_expires_at, a.rescheduled_from"
    "      FROM of_time c JOIN appointments a"
    "        ON a.organization_id = c.organization_id AND a.call_id = c.id"
    "    UNION"
    "    SELECT a.id, a.status, a.hold_expires_at, a.rescheduled_from"
    "      FROM of_time c JOIN appointments a"
    "        ON a.organization_id = c.organization_id AND a.customer_id = c.customer_id"
    "       AND a.source = 'agent' AND a.created_at" DURING ")"
    " SELECT json_build_object("
    "        'inquiries', (SELECT count(*) FROM of_time"
    "                       WHERE call_type IN ('sales_inquiry', 'service_booking')),"
    "        'appointments', (SELECT count(*) FROM made"
    "                          WHERE rescheduled_from IS NULL AND (hold_expires_at IS NULL"
    "                             OR status NOT IN ('held', 'cancelled'))),"
    "        'sales', (SELECT count(*) FROM orders p JOIN callers k USING (customer_id)"
    "                   WHERE p.placed_at >= k.since"
    "                     AND p.placed_at < " WK_SQL_INSTANT("$3", "$4", "infinity") "))"
    "        AS item",
    4};
