#include "worker/store/conclusions.h"

#include "worker/store/sql.h"

#define DURING " BETWEEN c.started_at AND coalesce(c.ended_at, now()) + interval '1 minute'"

/* By the call itself, or by its customer while it lasted. */
#define BOOKED                                                                                 \
    "(c.appointment_booked OR EXISTS (SELECT FROM appointments a"                              \
    "    WHERE a.status IN ('confirmed', 'in_progress', 'completed')"                          \
    "      AND (a.call_id = c.id OR a.customer_id = c.customer_id AND a.created_at" DURING ")))"

/* People have a task already of what was open. */
#define PASSED_ON                                                                              \
    "EXISTS (SELECT FROM tasks k WHERE k.customer_id = c.customer_id"                          \
    "           AND k.kind IN ('callback', 'message') AND k.created_at" DURING ")"

const wk_sql_t wk_sql_call_to_conclude = {
    "call_to_conclude",
    "SELECT c.concluded_at IS NOT NULL AS concluded, c.customer_id, u.phone_number AS phone,"
    "       c.transcript, c.summary, c.call_type, c.outcome, c.resolution, c.sentiment,"
    "       c.satisfaction_score AS satisfaction, c.lead_score, c.language, o.name AS shop,"
    "       " WK_SQL_PLAN("o") " AS plan, o.engines[1] AS engine, g.llm_model AS model,"
    "       " BOOKED
    "           AS booked, " PASSED_ON " AS passed_on,"
    "       EXISTS (SELECT FROM effects f"
    "                WHERE f.kind = 'trigger_followup' AND f.claimed_at >= c.started_at"
    "                  AND (starts_with(f.key, 'followup:' || c.twilio_call_sid || ':')"
    "                       OR starts_with(f.key, 'followup:' || c.elevenlabs_conversation_id"
    "                                             || ':'))) AS followup_wished,"
    "       (SELECT string_agg(t ->> 'text', E'\\n') FROM jsonb_array_elements(c.transcript) t"
    "         WHERE t ->> 'speaker' = 'customer') AS said,"
    "       c.transferred_at IS NOT NULL OR c.resolution = 'transferred' AS transferred,"
    "       (u.bike_interest ? 'type')::int + (u.bike_interest ? 'budget')::int"
    "           + (u.bike_interest ? 'timeline')::int"
    "           + (u.email IS NOT NULL OR u.phone_number IS NOT NULL)::int AS known"
    "  FROM calls c JOIN organizations o ON o.id = c.organization_id"
    "  JOIN agent_configs g ON g.organization_id = c.organization_id"
    "  LEFT JOIN customers u ON u.organization_id = c.organization_id AND u.id = c.customer_id"
    " WHERE c.id = $1::uuid AND c.analyzed_at IS NOT NULL FOR UPDATE OF c",
    1};

#define SAID                                                                                   \
    " FROM messages m WHERE m.call_id = c.id AND m.channel = 'voice' AND m.speaker = 'customer'"

const wk_sql_t wk_sql_call_own_talk = {
    "call_own_talk",
    "SELECT c.customer_id, " BOOKED " AS booked, c.transferred_at IS NOT NULL AS transferred,"
    "       (SELECT string_agg(DISTINCT m.intent, ' ')" SAID ") AS intents,"
    "       (SELECT string_agg(m.content, E'\\n' ORDER BY m.occurred_at, m.id)" SAID ") AS said"
    "  FROM calls c"
    " WHERE c.id = $1::uuid AND c.analyzed_at IS NULL AND c.status = 'completed'"
    "   AND c.engine IN ('receptionist', 'gather', 'realtime', 'pipeline')"
    "   AND c.elevenlabs_conversation_id IS NULL FOR UPDATE OF c",
    1};

const wk_sql_t wk_sql_call_own_verdict = {
    "call_own_verdict",
    "UPDATE calls SET call_type = $2, outcome = $3, resolution = $4, lead_score = $5::int,"
    "       appointment_booked = $6::bool, analyzed_at = now(),"
    "       human_escalation_required = human_escalation_required OR $4 = 'transferred'"
    " WHERE id = $1::uuid",
    6};

const wk_sql_t wk_sql_call_concluded = {
    "call_concluded",
    "UPDATE calls c"
    "   SET concluded_at = now(), analysis_source = $2, summary = coalesce(c.summary, $3),"
    "       call_type = $4, outcome = $5, resolution = $6,"
    "       sentiment = coalesce(c.sentiment, $7),"
    "       satisfaction_score = coalesce(c.satisfaction_score, $8::int), lead_score = $9::int,"
    "       intents = coalesce($10::jsonb, '[]'),"
    "       unanswered_questions = coalesce($11::jsonb, '[]'),"
    "       lead_reasons = coalesce($12::jsonb, '[]'), appointment_booked = $13::bool,"
    "       success_score = coalesce(c.success_score, v.score)"
    "  FROM (SELECT CASE WHEN count(*) FILTER (WHERE result <> 'unknown') > 0 THEN"
    "                    round(100.0 * count(*) FILTER (WHERE result = 'success') / count(*), "
    "2)"
    "               END AS score"
    "          FROM evaluations WHERE call_id = $1::uuid) v"
    " WHERE c.id = $1::uuid",
    13};

const wk_sql_t wk_sql_followup_schedule = {
    "followup_schedule",
    "INSERT INTO campaign_runs (organization_id, campaign_id, customer_id, key, due_at, data)"
    " SELECT current_organization(), m.id, $2::uuid, 'followup:' || $1::text,"
    "        now() + make_interval(hours => $4::int),"
    "        jsonb_build_object('call', $1::text, 'channel', $3::text)"
    "   FROM campaigns m WHERE m.trigger = 'call_ended' AND m.is_active"
    "  ORDER BY m.created_at, m.id LIMIT 1"
    " ON CONFLICT ON CONSTRAINT campaign_runs_key DO NOTHING RETURNING id",
    4};
