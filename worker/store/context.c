#include "worker/store/context.h"

const wk_sql_t wk_sql_context = {
    "context",
    "SELECT g.agent_name, g.persona_prompt AS persona, g.system_prompt,"
    "       g.voice_personality AS personality, g.llm_model AS model, g.max_tokens,"
    "       g.transfer_destinations AS destinations, o.policies,"
    "       c.conversation_summary AS summary, c.commitments,"
    "       (SELECT json_agg(json_build_array(to_char(m.occurred_at AT TIME ZONE o.timezone,"
    "                                                 'YYYY-MM-DD HH24:MI'),"
    "                                         m.speaker, m.channel, left(m.content, 1000))"
    "                        ORDER BY m.occurred_at DESC, m.id DESC)"
    "          FROM (SELECT * FROM messages WHERE customer_id = c.id"
    "                 ORDER BY occurred_at DESC, id DESC LIMIT 50) m) AS messages"
    "  FROM organizations o"
    "  JOIN agent_configs g ON g.organization_id = o.id"
    "  LEFT JOIN customers c ON c.id = $1::uuid"
    " WHERE o.id = current_organization()",
    1};
