#include "worker/store/voicemail.h"

#include "worker/store/sql.h"

/* Laid out by hand: clang-format breaks SQL in the middle of a word. */
/* clang-format off */

/* The document is stored as what the call heard (phone_said), under its own turn. */
const wk_sql_t wk_sql_voicemail_call = {
    "voicemail_call",
    "SELECT c.id, c.customer_id, c.direction, c.answered_by, c.end_reason, c.language,"
    "       call_status_rank(c.status) > 2 AS over,"
    "       EXISTS (SELECT FROM messages m WHERE m.provider = 'twilio'"
    "                  AND m.provider_message_id = c.twilio_call_sid || ':' || $2) AS told,"
    "       c.dynamic_variables ->> 'voicemail' AS message,"
    "       g.voicemail_action, g.voicemail_message, g.agent_name, o.name AS shop"
    "  FROM calls c"
    "  JOIN organizations o ON o.id = c.organization_id"
    "  JOIN agent_configs g ON g.organization_id = c.organization_id"
    " WHERE c.twilio_call_sid = $1 FOR UPDATE OF c",
    2};

const wk_sql_t wk_sql_voicemail_answered_by = {
    "voicemail_answered_by", "UPDATE calls SET answered_by = $2 WHERE id = $1::uuid", 2};

const wk_sql_t wk_sql_voicemail_taken = {
    "voicemail_taken",
    "WITH run AS (UPDATE campaign_runs SET result = 'voicemail'"
    "              WHERE call_id = $1::uuid AND state = 'done')"
    " UPDATE calls"
    "    SET answered_by = $2, end_reason = 'voicemail',"
    "        dynamic_variables = dynamic_variables"
    "            || CASE WHEN $3::text IS NULL THEN '{}'::jsonb"
    "                    ELSE jsonb_build_object('voicemail', $3::text) END"
    "  WHERE id = $1::uuid",
    3};

/* clang-format on */
