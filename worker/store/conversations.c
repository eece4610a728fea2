#include "worker/store/conversations.h"

#include "worker/store/sql.h"

/* Laid out by hand: clang-format breaks SQL in the middle of a word. */
/* clang-format off */

const wk_sql_t wk_sql_conversation = {
    "conversation",
    "SELECT row_to_json(l) AS item"
    "  FROM customers c, LATERAL ("
    "       SELECT c.id AS lead_id, c.id AS customer_id, c.name AS customer_name,"
    "              c.phone_number, c.email,"
    "              coalesce(c.conversation_language, c.preferred_language) AS language,"
    "              coalesce(c.conversation_sentiment, c.sentiment) AS sentiment,"
    "              c.conversation_summary AS summary, c.commitments,"
    "              " WK_SQL_ISO("c.last_contact_at") " AS last_contact_at) l"
    " WHERE c.organization_id = current_organization() AND c.id = $1::uuid",
    1};

/* sent_by and type are the words of older clients for speaker and channel. */
#define FROM_MESSAGES \
    "  FROM messages m, LATERAL (" \
    "       SELECT m.id, m.call_id, m.channel," \
    "              CASE m.channel WHEN 'chat' THEN 'text' ELSE m.channel END AS type," \
    "              m.direction, m.speaker," \
    "              CASE m.speaker WHEN 'customer' THEN 'user' ELSE m.speaker END AS sent_by," \
    "              m.content, m.language, m.sentiment, m.intent, m.confidence, m.user_id," \
    "              m.position, m.status, m.error_code, m.media, m.interrupted, m.tools_used," \
    "              m.citations, m.latency, " WK_SQL_ISO("m.occurred_at") " AS timestamp," \
    "              (SELECT json_build_object('session_id', s.id, 'name', s.name, 'email', s.email," \
    "                                        'phone', s.phone_number, 'verified', false)" \
    "                 FROM chat_sessions s WHERE s.organization_id = m.organization_id" \
    "                  AND s.id = m.chat_session_id) AS chat) l" \
    " WHERE m.organization_id = current_organization()"

const wk_sql_t wk_sql_conversation_messages = {
    "conversation_messages",
    "SELECT row_to_json(l) AS item, " WK_SQL_KEY("m.occurred_at", "m.id")
    FROM_MESSAGES
    "   AND m.customer_id = $4::uuid AND " WK_SQL_OLDER("m.occurred_at", "m.id", "$2", "$3")
    " ORDER BY m.occurred_at DESC, m.id DESC LIMIT $1::int",
    4};

/* What has no position (a person's word in a takeover) stands where it was said. */
const wk_sql_t wk_sql_call_turns = {
    "call_turns",
    "SELECT row_to_json(l) AS item"
    FROM_MESSAGES
    "   AND m.call_id = $2::uuid"
    " ORDER BY m.occurred_at DESC, m.position DESC NULLS LAST, m.id DESC LIMIT $1::int",
    2};
