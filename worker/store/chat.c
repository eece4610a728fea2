#include "worker/store/chat.h"

#include "worker/store/sql.h"

const wk_sql_t wk_sql_chat_origin = {"chat_origin", "SELECT is_widget_origin($1) AS known", 1};

const wk_sql_t wk_sql_chat_shop = {
    "chat_shop",
    "SELECT EXISTS (SELECT FROM widget_keys k WHERE k.key_sha256 = $1"
    "                  AND (k.expires_at IS NULL OR k.expires_at > now())) AS key_known,"
    "       $2::text IS NULL OR $2 = ANY (o.widget_origins) AS origin_known,"
    "       (SELECT p.phone_number FROM organization_phone_numbers p"
    "         WHERE p.is_active AND p.sms_enabled"
    "         ORDER BY p.is_primary DESC, p.created_at LIMIT 1) AS sender"
    "  FROM organizations o WHERE o.id = (SELECT current_organization())",
    2};

const wk_sql_t wk_sql_chat_face = {
    "chat_face",
    "SELECT jsonb_build_object("
    "    'name', o.name, 'agent', g.agent_name, 'greeting', g.welcome_message,"
    "    'phone', o.phone,"
    "    'branding', CASE WHEN " WK_SQL_PLAN("o") " <> 'PRO' THEN $1::text END) AS item"
    "  FROM organizations o JOIN agent_configs g ON g.organization_id = o.id"
    " WHERE o.id = (SELECT current_organization())",
    1};

const wk_sql_t wk_sql_chat_session = {
    "chat_session",
    "SELECT id, customer_id, language, state, phone_number FROM chat_sessions"
    " WHERE token_sha256 = $1 AND origin IS NOT DISTINCT FROM $2"
    "   AND last_seen_at > now() - make_interval(secs => $3::int)"
    "   FOR UPDATE",
    3};

const wk_sql_t wk_sql_chat_begin_lock = {"chat_begin_lock", "SELECT lock_key('chat:' || $1)",
                                         1};

const wk_sql_t wk_sql_chat_begin = {
    "chat_begin",
    "INSERT INTO chat_sessions (organization_id, token_sha256, origin, customer_id)"
    " VALUES (current_organization(), $1, $2, $3::uuid) RETURNING id",
    3};

const wk_sql_t wk_sql_chat_told = {
    "chat_told",
    "UPDATE chat_sessions"
    "   SET name = coalesce($2, name), email = coalesce(lower($3), email),"
    "       phone_number = coalesce($4, phone_number), last_seen_at = now()"
    " WHERE id = $1::uuid RETURNING name, phone_number",
    4};

/* Else whoever writes somebody's number would choose how that person is greeted. */
const wk_sql_t wk_sql_chat_lead = {
    "chat_lead",
    "UPDATE customers c"
    "   SET first_name = CASE WHEN c.name = '' THEN coalesce(s.name, '') ELSE c.first_name END,"
    "       email = coalesce(c.email, s.email)"
    "  FROM chat_sessions s"
    " WHERE s.id = $1::uuid AND c.id = s.customer_id AND c.phone_number IS NULL",
    1};

const wk_sql_t wk_sql_chat_number = {"chat_number",
                                     "SELECT chat_tells_number($1::uuid, $2::uuid)", 2};

const wk_sql_t wk_sql_chat_effect_lock = {
    "chat_effect_lock", "SELECT lock_key('chat:' || $1::text), lock_key('chat:' || $2::text)",
    2};

const wk_sql_t wk_sql_chat_lock = {
    "chat_lock", "SELECT customer_id FROM chat_sessions WHERE id = $1::uuid FOR UPDATE", 1};

const wk_sql_t wk_sql_chat_people = {
    "chat_people",
    "SELECT s.said, s.told, s.joins,"
    "       EXISTS (SELECT FROM takeovers t"
    "                WHERE t.chat_session_id = s.id AND t.state IN ('joining', 'held')) AS held"
    "  FROM chat_sessions s WHERE s.id = $1::uuid",
    1};

/* Laid out by hand: clang-format breaks SQL in the middle of a word. */
/* clang-format off */

#define TODAY(which) \
    "(SELECT count(*) FROM chat_effects" \
    "  WHERE " which " AND created_at > now() - interval '1 day')"

const wk_sql_t wk_sql_chat_effect_booking = {
    "chat_effect_booking",
    "WITH counted AS ("
    "    INSERT INTO chat_effects (organization_id, kind, source, phone_number)"
    "    SELECT current_organization(), 'booking', $1::text, $2::text"
    "     WHERE " TODAY("kind = 'booking' AND source = $1") " < $3::int"
    "       AND " TODAY("kind = 'booking' AND phone_number = $2") " < $4::int"
    "    RETURNING id)"
    " SELECT EXISTS (SELECT FROM counted) AS counted",
    4};

const wk_sql_t wk_sql_chat_effect_number = {
    "chat_effect_number",
    "WITH known AS ("
    "    SELECT FROM chat_effects WHERE kind = 'number' AND source = $1 AND phone_number = $2"
    "       AND created_at > now() - interval '1 day'"
    "), counted AS ("
    "    INSERT INTO chat_effects (organization_id, kind, source, phone_number)"
    "    SELECT current_organization(), 'number', $1, $2"
    "     WHERE NOT EXISTS (SELECT FROM known)"
    "       AND " TODAY("kind = 'number' AND source = $1") " < $3::int"
    "    RETURNING id)"
    " SELECT EXISTS (SELECT FROM known) OR EXISTS (SELECT FROM counted) AS counted",
    3};

/* clang-format on */

const wk_sql_t wk_sql_chat_recent = {
    "chat_recent",
    "SELECT content,"
    "       (SELECT CASE l.direction WHEN 'outbound' THEN l.content END FROM messages l"
    "         WHERE l.chat_session_id = $1::uuid AND l.speaker <> 'system'"
    "           AND l.occurred_at > now() - interval '10 minutes'"
    "         ORDER BY l.occurred_at DESC, l.id DESC LIMIT 1) AS asked"
    "  FROM messages"
    " WHERE chat_session_id = $1::uuid AND direction = 'inbound'"
    "   AND occurred_at > now() - interval '10 minutes'"
    " ORDER BY occurred_at DESC, id DESC LIMIT 4",
    1};

/* clang-format off */

/* What the visitor said of himself so far. */
#define LEAD                                                                                   \
    "jsonb_build_object('id', s.customer_id, 'name', s.name, 'email', s.email,"                \
    "                   'phone', s.phone_number)"

/* The row of an answer; where a person has the chat, the message that has none. */
#define ANSWER                                                                                 \
    "CASE WHEN NOT metadata ? 'held' THEN content END AS content,"                             \
    " metadata ? 'held' AS held, metadata ->> 'next_action' AS next_action,"                   \
    " metadata ->> 'emergency_level' AS emergency_level, metadata -> 'lead' AS lead,"          \
    " metadata ->> 'after' AS after, metadata ->> 'upto' AS upto"

const wk_sql_t wk_sql_chat_heard = {
    "chat_heard",
    "INSERT INTO messages (organization_id, customer_id, chat_session_id, channel, direction,"
    "                      speaker, content, language, provider, provider_message_id, intent,"
    "                      metadata)"
    " SELECT current_organization(), s.customer_id, s.id, 'chat', 'inbound', 'customer', $2, $3,"
    "        'chat', $4 || ':heard', $5,"
    "        CASE WHEN $6::text IS NULL THEN '{}' ELSE"
    "            jsonb_build_object('held', true, 'next_action', $6::text,"
    "                'emergency_level', $7::text, 'lead', " LEAD ","
    "                'after', $8::int, 'upto', $9::int) END"
    "   FROM chat_sessions s WHERE s.id = $1::uuid"
    " ON CONFLICT ON CONSTRAINT messages_provider_message DO NOTHING RETURNING " ANSWER,
    9};

/* clock_timestamp(): an answer comes after what it answers, in one transaction too. */
const wk_sql_t wk_sql_chat_said = {
    "chat_said",
    "INSERT INTO messages (organization_id, customer_id, chat_session_id, channel, direction,"
    "                      speaker, content, language, provider, provider_message_id, citations,"
    "                      metadata, occurred_at, tools_used)"
    " SELECT current_organization(), s.customer_id, s.id, 'chat', 'outbound', 'agent', $2, $3,"
    "        'chat', $4, coalesce($5::jsonb, '[]'),"
    "        jsonb_build_object('next_action', $6::text, 'emergency_level', $7::text,"
    "            'lead', " LEAD ", 'after', $8::int, 'upto', $9::int, 'job', $10::text),"
    "        clock_timestamp(), coalesce($11::jsonb, '[]')"
    "   FROM chat_sessions s WHERE s.id = $1::uuid"
    " RETURNING " ANSWER,
    11};

/* The tools' own sentences (agent/tool.h, once). Of an hour: nothing is thought of for so long. */
const wk_sql_t wk_sql_chat_done = {
    "chat_done",
    "SELECT string_agg(result ->> 'message', ' ' ORDER BY finished_at, id) AS what FROM effects"
    " WHERE starts_with(key, 'once:' || $1 || ':') AND state = 'done'"
    "   AND claimed_at > now() - interval '1 hour'",
    1};

const wk_sql_t wk_sql_chat_note = {
    "chat_note",
    "INSERT INTO messages (organization_id, customer_id, chat_session_id, channel, direction,"
    "                      speaker, content, language, provider, provider_message_id,"
    "                      occurred_at)"
    " SELECT current_organization(), s.customer_id, s.id, 'chat', 'outbound', 'system', $2, $3,"
    "        'chat', $4 || ':done', clock_timestamp()"
    "   FROM chat_sessions s WHERE s.id = $1::uuid"
    " ON CONFLICT ON CONSTRAINT messages_provider_message DO NOTHING RETURNING id",
    4};

const wk_sql_t wk_sql_chat_answer = {
    "chat_answer",
    "SELECT " ANSWER " FROM messages WHERE provider = 'chat'"
    "   AND (provider_message_id = $1"
    "        OR provider_message_id = $1 || ':heard' AND metadata ? 'held')",
    1};

const wk_sql_t wk_sql_chat_jobs = {
    "chat_jobs",
    "SELECT metadata ->> 'job' AS job FROM messages"
    " WHERE chat_session_id = $1::uuid AND speaker = 'agent' AND metadata ? 'job'"
    "   AND occurred_at > now() - interval '1 day'"
    " ORDER BY occurred_at DESC, id DESC LIMIT 8",
    1};

const wk_sql_t wk_sql_chat_write = {
    "chat_write",
    "WITH s AS (UPDATE chat_sessions SET said = said + 1 WHERE id = $1::uuid"
    "            RETURNING id, customer_id, said, language)"
    " INSERT INTO messages (organization_id, customer_id, chat_session_id, channel, direction,"
    "                       speaker, position, content, language, user_id, provider,"
    "                       provider_message_id, status, status_at, occurred_at)"
    " SELECT current_organization(), customer_id, id, 'chat', 'outbound', 'human_agent', said, $2,"
    "        language, (SELECT id FROM users WHERE id = uuid_or_null($3)), 'takeover', $4,"
    "        'queued', now(), clock_timestamp()"
    "   FROM s RETURNING id",
    4};

const wk_sql_t wk_sql_chat_words = {
    "chat_words",
    "SELECT id, position, content, " WK_SQL_ISO("occurred_at") " AS said_at FROM messages"
    " WHERE chat_session_id = $1::uuid AND speaker = 'human_agent'"
    "   AND position > $2::int AND position <= $3::int"
    " ORDER BY position LIMIT $4::int",
    4};

/* FROM s: the session is locked before its messages, as everywhere. */
const wk_sql_t wk_sql_chat_given = {
    "chat_given",
    "WITH s AS (UPDATE chat_sessions SET told = greatest(told, least($2::int, said))"
    "            WHERE id = $1::uuid RETURNING id)"
    " UPDATE messages SET status = 'sent', status_at = now()"
    "   FROM s"
    "  WHERE chat_session_id = s.id AND speaker = 'human_agent' AND status = 'queued'"
    "    AND position <= $2::int",
    2};

/* clang-format on */

const wk_sql_t wk_sql_chat_dialog = {
    "chat_dialog",
    "UPDATE chat_sessions SET state = $2::jsonb, language = coalesce($3, language)"
    " WHERE id = $1::uuid",
    3};
