#include "worker/store/call_sessions.h"

#include "worker/store/sql.h"

/* Laid out by hand: clang-format breaks SQL in the middle of a word. */
/* clang-format off */

/* lead_id and customer_id are one: older clients use either. */
#define LISTED \
    "s.id, s.organization_id, s.customer_id AS lead_id, s.customer_id," \
    "coalesce(nullif(c.name, ''), s.caller_name) AS customer_name, s.direction," \
    "s.caller_number, s.called_number, s.twilio_call_sid, s.elevenlabs_conversation_id," \
    "s.engine, s.language, s.status," \
    WK_SQL_ISO("s.started_at") " AS started_at," \
    WK_SQL_ISO("s.answered_at") " AS answered_at," \
    WK_SQL_ISO("s.ended_at") " AS ended_at," \
    "s.duration_seconds, s.end_reason, s.call_reason, s.priority, s.summary, s.call_type," \
    "s.outcome, s.resolution, s.sentiment, s.satisfaction_score, s.success_score," \
    "s.lead_score, s.appointment_booked, s.emergency_level, s.human_escalation_required," \
    "s.transferred_to, s.transfer_reason, s.taken_over_by," \
    "s.recording_url IS NOT NULL AND s.recording_deleted_at IS NULL AS has_recording," \
    "s.cost_usd, " WK_SQL_ISO("s.created_at") " AS created_at"

/*
 * The provider's own transcript repeats the turns; one that would not leave them room in
 * the answer is left out.
 */
#define WHOLE \
    LISTED ", s.caller_name, s.forwarded_from, s.answered_by, s.sip_response_code," \
    "s.initiated_by, s.conversation_context, s.dynamic_variables, s.analysis," \
    WK_SQL_ISO("s.transferred_at") " AS transferred_at," \
    WK_SQL_ISO("s.taken_over_at") " AS taken_over_at," \
    WK_SQL_ISO("s.resumed_at") " AS resumed_at," \
    WK_SQL_ISO("s.analyzed_at") " AS analyzed_at, s.analysis_source, s.intents," \
    "s.unanswered_questions, s.lead_reasons," \
    "s.recording_seconds, s.costs, s.tokens_in, s.tokens_out, s.latency," \
    "CASE WHEN octet_length(s.transcript::text) <= 262144 THEN s.transcript END AS transcript," \
    "(SELECT coalesce(json_agg(d), '[]')" \
    "   FROM (SELECT data_type, field_name, field_value, confidence FROM call_data" \
    "          WHERE organization_id = s.organization_id AND call_id = s.id" \
    "          ORDER BY data_type, field_name) d) AS collected_data," \
    "(SELECT coalesce(json_agg(v), '[]')" \
    "   FROM (SELECT criterion, result, rationale, confidence, source FROM evaluations" \
    "          WHERE organization_id = s.organization_id AND call_id = s.id" \
    "          ORDER BY criterion) v) AS evaluations," \
    WK_SQL_ISO("s.updated_at") " AS updated_at"

#define FROM_CALLS(members) \
    "  FROM calls s" \
    "  LEFT JOIN customers c ON c.organization_id = s.organization_id AND c.id = s.customer_id" \
    " CROSS JOIN LATERAL (SELECT " members ") l" \
    " WHERE s.organization_id = current_organization()"

const wk_sql_t wk_sql_calls = {
    "calls",
    "SELECT row_to_json(l) AS item, " WK_SQL_KEY("s.started_at", "s.id")
    FROM_CALLS(LISTED)
    "   AND " WK_SQL_OLDER("s.started_at", "s.id", "$2", "$3")
    "   AND " WK_SQL_BETWEEN("s.started_at", "$6", "$7", "$8", "$9")
    "   AND ($4::text IS NULL OR s.status = $4)"
    "   AND ($5::text IS NULL OR strpos(lower(c.name), lower($5)) > 0"
    "        OR strpos(lower(s.caller_name), lower($5)) > 0"
    "        OR strpos(lower(s.summary), lower($5)) > 0"
    "        OR " WK_SQL_NUMBER_HAS("s.caller_number", "$5")
    "        OR " WK_SQL_NUMBER_HAS("s.called_number", "$5") ")"
    " ORDER BY s.started_at DESC, s.id DESC LIMIT $1::int",
    9};

const wk_sql_t wk_sql_call = {
    "call", "SELECT row_to_json(l) AS item" FROM_CALLS(WHOLE) " AND s.id = $1::uuid", 1};

const wk_sql_t wk_sql_call_summary = {
    "call_summary",
    "SELECT row_to_json(l) AS item, s.customer_id" FROM_CALLS(LISTED) " AND s.id = $1::uuid",
    1};

/* No call is longer than 4 hours: what looks live beyond that was never told to have ended. */
const wk_sql_t wk_sql_calls_live = {
    "calls_live",
    "SELECT row_to_json(l) AS item"
    FROM_CALLS(LISTED)
    "   AND s.status IN ('connecting', 'in_progress')"
    "   AND s.started_at > now() - interval '5 hours'"
    "   AND ($1::uuid IS NULL OR s.customer_id = $1::uuid)"
    " ORDER BY s.started_at DESC, s.id DESC LIMIT $2::int",
    2};

const wk_sql_t wk_sql_call_outcome = {
    "call_outcome",
    "UPDATE calls SET outcome = $2, outcome_set_at = clock_timestamp()"
    " WHERE organization_id = current_organization() AND id = $1::uuid RETURNING id",
    2};

const wk_sql_t wk_sql_call_named = {
    "call_named",
    "SELECT id FROM calls"
    " WHERE organization_id = current_organization()"
    "   AND (twilio_call_sid = $1 OR elevenlabs_conversation_id = $1)",
    1};

const wk_sql_t wk_sql_call_exists = {
    "call_exists",
    "SELECT id FROM calls WHERE organization_id = current_organization() AND id = $1::uuid", 1};
