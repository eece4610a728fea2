#include "worker/store/calls.h"

#include "worker/store/sql.h"

const wk_sql_t wk_sql_call_lock = {
    "call_lock", "SELECT lock_key($1::text), lock_key($2::text)", 2};

const wk_sql_t wk_sql_call_find = {
    "call_find",
    "SELECT id, customer_id, status, engine, analyzed_at IS NOT NULL AS analyzed FROM calls"
    " WHERE twilio_call_sid = $1 OR elevenlabs_conversation_id = $2"
    " ORDER BY twilio_call_sid = $1 DESC NULLS LAST FOR UPDATE",
    2};

const wk_sql_t wk_sql_call_insert = {
    "call_insert",
    "INSERT INTO calls (organization_id, direction, caller_number, called_number,"
    "                   twilio_call_sid, elevenlabs_conversation_id, agent_id, engine, customer_id,"
    "                   language, forwarded_from, caller_name, stir_verstat, started_at,"
    "                   dynamic_variables, conversation_context)"
    " VALUES (current_organization(), $1, $2, $3, $4, $5, $6, $7, $8::uuid, $9, $10, $11, $12,"
    "         coalesce(to_timestamp($13::bigint), now()), coalesce($14::jsonb, '{}'), $15)"
    " RETURNING id, status",
    15};

const wk_sql_t wk_sql_call_complete = {
    "call_complete",
    "UPDATE calls"
    "   SET direction = CASE WHEN $16 = 'outbound' THEN $16 ELSE direction END,"
    "       caller_number = CASE WHEN $16 = 'outbound' THEN coalesce($2, caller_number)"
    "                            ELSE coalesce(caller_number, $2) END,"
    "       called_number = CASE WHEN $16 = 'outbound' THEN coalesce($3, called_number)"
    "                            ELSE coalesce(called_number, $3) END,"
    "       twilio_call_sid = coalesce(twilio_call_sid, $4),"
    "       elevenlabs_conversation_id = coalesce(elevenlabs_conversation_id, $5),"
    "       agent_id = coalesce(agent_id, $6), engine = coalesce(engine, $7),"
    "       customer_id = coalesce(customer_id, $8::uuid), language = coalesce(language, $9),"
    "       forwarded_from = coalesce(forwarded_from, $10),"
    "       caller_name = coalesce(caller_name, $11),"
    "       stir_verstat = coalesce(stir_verstat, $12),"
    "       started_at = least(started_at, to_timestamp($13::bigint)),"
    "       dynamic_variables = coalesce($14::jsonb, '{}') || dynamic_variables,"
    "       conversation_context = coalesce(conversation_context, $15)"
    " WHERE id = $1::uuid",
    16};

const wk_sql_t wk_sql_call_move = {
    "call_move",
    "WITH moved_tasks AS (UPDATE tasks SET call_id = $1::uuid WHERE call_id = $2::uuid),"
    "     moved_appointments AS ("
    "         UPDATE appointments SET call_id = $1::uuid WHERE call_id = $2::uuid),"
    "     moved_runs AS (UPDATE campaign_runs SET call_id = $1::uuid WHERE call_id = $2::uuid),"
    "     moved_data AS ("
    "         UPDATE call_data g SET call_id = $1::uuid"
    "          WHERE g.call_id = $2::uuid AND NOT EXISTS ("
    "              SELECT FROM call_data k WHERE k.call_id = $1::uuid"
    "                 AND k.data_type = g.data_type AND k.field_name = g.field_name)),"
    "     moved_recording AS ("
    "         UPDATE recordings g SET call_id = $1::uuid"
    "          WHERE g.call_id = $2::uuid"
    "            AND NOT EXISTS (SELECT FROM recordings k WHERE k.call_id = $1::uuid)),"
    "     moved_evaluations AS ("
    "         UPDATE evaluations g SET call_id = $1::uuid"
    "          WHERE g.call_id = $2::uuid AND NOT EXISTS ("
    "              SELECT FROM evaluations k WHERE k.call_id = $1::uuid"
    "                 AND k.criterion = g.criterion))"
    " UPDATE messages g"
    "    SET call_id = $1::uuid,"
    "        position = CASE WHEN EXISTS (SELECT FROM messages k WHERE k.call_id = $1::uuid"
    "                                        AND k.position = g.position)"
    "                        THEN NULL ELSE g.position END"
    "  WHERE g.call_id = $2::uuid",
    2};

/* What was reported of the other row counts more than what is computed of this one. */
#define REPORTED "g.costs ? 'reported' AND NOT k.costs ? 'reported'"

#define URGENCY(level) "array_position('{low,normal,high,urgent}'::text[], " level "::text)"

const wk_sql_t wk_sql_call_inherit = {
    "call_inherit",
    "UPDATE calls k"
    "   SET direction = greatest(k.direction, g.direction),"
    "       customer_id = coalesce(k.customer_id, g.customer_id),"
    "       caller_number = coalesce(k.caller_number, g.caller_number),"
    "       called_number = coalesce(k.called_number, g.called_number),"
    "       agent_id = coalesce(k.agent_id, g.agent_id), engine = coalesce(k.engine, g.engine),"
    "       language = coalesce(k.language, g.language),"
    "       started_at = least(k.started_at, g.started_at),"
    "       answered_at = least(k.answered_at, g.answered_at),"
    "       ended_at = greatest(k.ended_at, g.ended_at),"
    "       duration_seconds = greatest(k.duration_seconds, g.duration_seconds),"
    "       end_reason = coalesce(k.end_reason, g.end_reason),"
    "       answered_by = coalesce(k.answered_by, g.answered_by),"
    "       call_reason = coalesce(k.call_reason, g.call_reason),"
    "       priority = CASE WHEN k.call_reason IS NULL THEN g.priority ELSE k.priority END,"
    "       initiated_by = coalesce(k.initiated_by, g.initiated_by),"
    "       transcript = coalesce(k.transcript, g.transcript),"
    "       summary = coalesce(k.summary, g.summary),"
    "       analysis = g.analysis || k.analysis,"
    "       call_type = coalesce(k.call_type, g.call_type),"
    "       outcome = CASE WHEN g.outcome_set_at > coalesce(k.outcome_set_at, '-infinity')"
    "                      THEN g.outcome ELSE coalesce(k.outcome, g.outcome) END,"
    "       outcome_set_at = greatest(k.outcome_set_at, g.outcome_set_at),"
    "       resolution = coalesce(k.resolution, g.resolution),"
    "       sentiment = coalesce(k.sentiment, g.sentiment),"
    "       satisfaction_score = coalesce(k.satisfaction_score, g.satisfaction_score),"
    "       success_score = coalesce(k.success_score, g.success_score),"
    "       lead_score = coalesce(k.lead_score, g.lead_score),"
    "       appointment_booked = k.appointment_booked OR g.appointment_booked,"
    "       emergency_level = CASE WHEN " URGENCY("g.emergency_level")
    "                                   > " URGENCY("k.emergency_level")
    "                              THEN g.emergency_level ELSE k.emergency_level END,"
    "       analyzed_at = least(k.analyzed_at, g.analyzed_at),"
    "       concluded_at = least(k.concluded_at, g.concluded_at),"
    "       analysis_source = coalesce(k.analysis_source, g.analysis_source),"
    "       intents = CASE k.intents WHEN '[]' THEN g.intents ELSE k.intents END,"
    "       unanswered_questions = CASE k.unanswered_questions WHEN '[]'"
    "           THEN g.unanswered_questions ELSE k.unanswered_questions END,"
    "       lead_reasons = CASE k.lead_reasons WHEN '[]' THEN g.lead_reasons"
    "                                          ELSE k.lead_reasons END,"
    "       human_escalation_required = k.human_escalation_required"
    "                                   OR g.human_escalation_required,"
    "       transferred_to = coalesce(k.transferred_to, g.transferred_to),"
    "       transfer_reason = coalesce(k.transfer_reason, g.transfer_reason),"
    "       transferred_at = least(k.transferred_at, g.transferred_at),"
    "       has_audio = k.has_audio OR g.has_audio,"
    "       recording_url = coalesce(k.recording_url, g.recording_url),"
    "       recording_sid = coalesce(k.recording_sid, g.recording_sid),"
    "       recording_seconds = coalesce(k.recording_seconds, g.recording_seconds),"
    "       recording_deleted_at = coalesce(k.recording_deleted_at, g.recording_deleted_at),"
    "       cost_usd = CASE WHEN " REPORTED " THEN g.cost_usd ELSE k.cost_usd END,"
    "       costs = CASE WHEN " REPORTED " THEN g.costs ELSE k.costs END,"
    "       tokens_in = k.tokens_in + g.tokens_in, tokens_out = k.tokens_out + g.tokens_out,"
    "       dynamic_variables = g.dynamic_variables || k.dynamic_variables,"
    "       metadata = g.metadata || k.metadata,"
    "       status = CASE WHEN call_status_rank(g.status) > call_status_rank(k.status)"
    "                     THEN g.status ELSE k.status END"
    "  FROM calls g WHERE k.id = $1::uuid AND g.id = $2::uuid",
    2};

const wk_sql_t wk_sql_call_sid = {
    "call_sid", "SELECT twilio_call_sid FROM calls WHERE id = $1::uuid", 1};

const wk_sql_t wk_sql_call_delete = {
    "call_delete", "DELETE FROM calls WHERE id = $1::uuid", 1};

/* Numbers from 1000 on stand for "none": the carrier's begin at 0 and stay small. */
const wk_sql_t wk_sql_call_status_insert = {
    "call_status_insert",
    "INSERT INTO call_status_events (organization_id, twilio_call_sid, sequence_number, status,"
    "                                occurred_at, duration_seconds, sip_response_code, data)"
    " VALUES (current_organization(), $1,"
    "         coalesce($2::int, 1000 + call_status_rank(call_status_of($3))), call_status_of($3),"
    "         coalesce(to_timestamp($4::bigint), now()), $5::int, $6::int, $7::jsonb)"
    " ON CONFLICT DO NOTHING",
    7};

const wk_sql_t wk_sql_call_status = {
    "call_status",
    "SELECT status, duration_seconds, " WK_SQL_ISO("ended_at") " AS ended_at"
    "  FROM calls WHERE id = $1::uuid",
    1};

const wk_sql_t wk_sql_call_advance = {
    "call_advance",
    "UPDATE calls"
    "   SET status = $2,"
    "       answered_at = CASE WHEN $2 = 'in_progress' THEN least(answered_at, to_timestamp($3::bigint))"
    "                          ELSE answered_at END,"
    "       ended_at = CASE WHEN call_status_rank($2) > 2"
    "                       THEN greatest(ended_at, to_timestamp($3::bigint))"
    "                       ELSE ended_at END,"
    "       end_reason = coalesce(end_reason, $4)"
    " WHERE id = $1::uuid",
    4};

const wk_sql_t wk_sql_call_transferred = {
    "call_transferred",
    "UPDATE calls"
    "   SET transferred_at = now(), transferred_to = $2, transfer_reason = $3,"
    "       human_escalation_required = true"
    " WHERE id = $1::uuid AND transferred_at IS NULL RETURNING id",
    3};

const wk_sql_t wk_sql_call_analyzed = {
    "call_analyzed",
    "UPDATE calls"
    "   SET transcript = coalesce($2::jsonb, transcript), summary = $3, analysis = coalesce($4::jsonb, '{}'),"
    "       call_type = $5, outcome = $6, resolution = $7, sentiment = $8,"
    "       satisfaction_score = $9::int, success_score = $10::numeric, lead_score = $11::int,"
    "       appointment_booked = appointment_booked OR $12::bool,"
    "       duration_seconds = greatest(duration_seconds, $13::int),"
    "       cost_usd = coalesce($14::numeric, cost_usd),"
    "       costs = CASE WHEN $14::numeric IS NULL THEN costs"
    "                    ELSE jsonb_build_object('reported', $14::numeric) END,"
    "       language = coalesce($15, language),"
    "       end_reason = CASE WHEN end_reason = 'voicemail' THEN end_reason"
    "                         ELSE coalesce(nullif($16, ''), end_reason) END,"
    "       human_escalation_required = human_escalation_required OR $17::bool,"
    "       answered_at = least(answered_at, to_timestamp($18::bigint)),"
    "       metadata = metadata || coalesce($19::jsonb, '{}'), analyzed_at = now()"
    " WHERE id = $1::uuid",
    19};

const wk_sql_t wk_sql_call_emergency = {
    "call_emergency",
    "UPDATE calls SET emergency_level = $2"
    " WHERE id = $1::uuid AND " URGENCY("emergency_level") " < " URGENCY("$2")
    " RETURNING CASE direction WHEN 'outbound' THEN called_number ELSE caller_number END"
    "               AS customer_number,"
    "           coalesce(CASE direction WHEN 'outbound' THEN caller_number ELSE called_number END,"
    "                    (SELECT n.phone_number FROM organization_phone_numbers n"
    "                      WHERE n.is_active ORDER BY n.is_primary DESC, n.created_at LIMIT 1))"
    "               AS shop_number",
    2};

const wk_sql_t wk_sql_call_promises = {
    "call_promises",
    "SELECT " WK_SQL_SPOKEN_THROUGH_US("$1::uuid", "$3::bigint") " AS judged,"
    "       " WK_SQL_APPOINTMENTS_SPOKEN_OF("a.call_id = $1::uuid OR a.customer_id = $2::uuid",
                                            "least(to_timestamp($3::bigint), now())")
    "           AS appointments"
    "  FROM organizations o WHERE o.id = (SELECT current_organization())",
    3};

const wk_sql_t wk_sql_call_has_audio = {
    "call_has_audio", "UPDATE calls SET has_audio = true WHERE id = $1::uuid", 1};

const wk_sql_t wk_sql_call_caller = {
    "call_caller",
    "SELECT o.language, c.id AS call, c.language AS call_language,"
    "       CASE c.direction WHEN 'outbound' THEN c.called_number ELSE c.caller_number END"
    "           AS customer_number,"
    "       CASE c.direction WHEN 'outbound' THEN c.caller_number ELSE c.called_number END"
    "           AS shop_number,"
    "       " WK_SQL_ATTESTED("c", "g") " AS attested"
    "  FROM organizations o"
    "  LEFT JOIN (calls c JOIN agent_configs g ON g.organization_id = c.organization_id)"
    "    ON c.organization_id = o.id"
    "   AND (c.twilio_call_sid = $1 OR c.elevenlabs_conversation_id = $2)"
    " WHERE o.id = (SELECT current_organization()) ORDER BY c.started_at DESC LIMIT 1",
    2};

const wk_sql_t wk_sql_calls_due = {
    "calls_due", "SELECT due_calls($1::int) AS organization", 1};

/* A person has it who took it over, or whom it was put through to, until it comes back from him. */
#define HAS_PERSON \
    "(EXISTS (SELECT FROM takeovers t WHERE t.call_id = c.id AND t.state <> 'over')" \
    " OR " WK_SQL_PUT_THROUGH("c", "$1") ")"

const wk_sql_t wk_sql_calls_look = {
    "calls_look",
    "WITH due AS ("
    "    SELECT c.id, c.started_at + o.max_call_seconds * interval '1 second'"
    "               + interval '2 minutes' AS longest"
    "      FROM calls c JOIN organizations o ON o.id = c.organization_id"
    "     WHERE c.look_at <= now() ORDER BY c.look_at LIMIT 1 FOR UPDATE OF c SKIP LOCKED)"
    " UPDATE calls c"
    "    SET look_at = now() + least(greatest((now() - c.started_at) / 8, interval '30 seconds'),"
    "                                interval '10 minutes',"
    "                                CASE WHEN due.longest > now() THEN due.longest - now() END)"
    "   FROM due WHERE c.id = due.id"
    " RETURNING c.id, c.twilio_call_sid AS sid, c.direction,"
    "           due.longest <= now() AND NOT " HAS_PERSON " AS too_long",
    1};

const wk_sql_t wk_sql_call_limit = {
    "call_limit",
    "UPDATE calls SET end_reason = coalesce(end_reason, 'limit') WHERE id = $1::uuid", 1};
