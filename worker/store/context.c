#include "worker/store/context.h"

#include "worker/store/sql.h"

const wk_sql_t wk_sql_context = {
    "context",
    "SELECT g.agent_name, g.persona_prompt AS persona, g.system_prompt,"
    "       g.voice_personality AS personality, g.llm_model AS model, g.max_tokens,"
    "       g.transfer_destinations AS destinations, o.policies,"
    "       c.conversation_summary AS summary, c.commitments,"
    "       (SELECT json_agg(json_build_array(question_text, translations, expected_format,"
    "                                         is_required) ORDER BY position)"
    "          FROM lead_questions) AS questions,"
    "       (SELECT json_agg(json_build_array(to_char(m.occurred_at AT TIME ZONE o.timezone,"
    "                                                 'YYYY-MM-DD HH24:MI'),"
    "                                         m.speaker, m.channel, left(m.content, 1000),"
    "                                         m.call_id IS NOT DISTINCT FROM $3::uuid)"
    "                        ORDER BY m.occurred_at DESC, m.id DESC)"
    "          FROM (SELECT * FROM messages WHERE customer_id = c.id AND content <> ''"
    "                    AND ($2::bool AND channel <> 'chat' OR call_id = $3::uuid"
    "                         OR chat_session_id = $4::uuid)"
    "                 ORDER BY occurred_at DESC, id DESC LIMIT 50) m) AS messages"
    "       , " WK_SQL_APPOINTMENTS_SPOKEN_OF(
                    "a.call_id = $3::uuid OR a.customer_id = c.id"
                    " AND ($2::bool OR a.metadata ->> 'talk' = $5)", "now()") " AS appointments"
    "  FROM organizations o"
    "  JOIN agent_configs g ON g.organization_id = o.id"
    "  LEFT JOIN customers c ON c.id = $1::uuid"
    " WHERE o.id = (SELECT current_organization())",
    5};
