#include "worker/store/messages.h"

#include "worker/store/sql.h"

/*
 * Twilio signs no time, and the sweep takes messages: what was done for a text, an answer or what
 * its keyword says, is in the ledger for longer.
 */
#define HEARD(sid)                                                                             \
    "SELECT FROM effects"                                                                      \
    " WHERE key IN ('" WK_SMS_ANSWER "' || " sid ", '" WK_SMS_KEYWORD "' || " sid ")"

const wk_sql_t wk_sql_sms_received = {
    "sms_received",
    "INSERT INTO messages (organization_id, customer_id, channel, direction, speaker, content,"
    "                      language, from_number, to_number, provider, provider_message_id,"
    "                      status, status_at, media, segments, intent)"
    " SELECT current_organization(), $1::uuid, 'sms', 'inbound', 'customer', $2, $3, $4, $5,"
    "        'twilio', $6::text, 'received', now(), $7::jsonb, $8::int, $9"
    "  WHERE NOT EXISTS (" HEARD("$6::text") ")"
    " ON CONFLICT ON CONSTRAINT messages_provider_message DO NOTHING RETURNING id",
    9};

/* clock_timestamp(): an answer comes after what it answers, in one transaction too. */
const wk_sql_t wk_sql_sms_queued = {
    "sms_queued",
    "INSERT INTO messages (organization_id, customer_id, channel, direction, speaker, content,"
    "                      language, from_number, to_number, status, status_at, effect_id,"
    "                      template, metadata, citations, occurred_at, user_id, segments,"
    "                      tools_used)"
    " VALUES (current_organization(), $1::uuid, 'sms', 'outbound',"
    "         CASE WHEN $10::text IS NULL THEN 'agent' ELSE 'human_agent' END, $2, $3, $4, $5,"
    "         'queued', now(), $6::uuid, $7,"
    "         jsonb_strip_nulls(jsonb_build_object('useful_until', $11::text))"
    "         || jsonb_build_object('sending', CASE WHEN NOT $8::bool THEN"
    "             (extract(epoch FROM clock_timestamp()) * 1000)::bigint END),"
    "         coalesce($9::jsonb, '[]'), clock_timestamp(),"
    "         (SELECT id FROM users WHERE id = uuid_or_null($10)), $12::int,"
    "         coalesce($13::jsonb, '[]'))"
    " RETURNING id, (metadata ->> 'sending')::bigint AS sending",
    13};

const wk_sql_t wk_sql_message_of_effect = {
    "message_of_effect",
    "SELECT m.id, e.id AS effect_id, e.state, m.content, m.language, m.from_number,"
    "       m.to_number, m.customer_id, m.provider_message_id, m.speaker, m.template, e.key,"
    "       m.metadata ->> 'subject' AS subject,"
    "       m.metadata ->> 'useful_until' AS useful_until,"
    "       (m.metadata ->> 'sending')::bigint AS sending,"
    "       (m.metadata ->> 'absent_since')::bigint AS absent_since,"
    "       (extract(epoch FROM e.claimed_at) * 1000)::bigint AS claimed_ms,"
    "       (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now_ms"
    "  FROM effects e JOIN messages m ON m.effect_id = e.id"
    " WHERE e.key = $1 OR e.id = uuid_or_null($2)"
    "   FOR UPDATE",
    2};

const wk_sql_t wk_sql_message_attempt = {
    "message_attempt",
    "UPDATE messages"
    "   SET metadata = metadata"
    "       || jsonb_build_object('sending', $2::bigint, 'absent_since', $3::bigint)"
    " WHERE id = $1::uuid",
    3};

const wk_sql_t wk_sql_sms_accepted = {
    "sms_accepted",
    "UPDATE messages"
    "   SET provider = 'twilio', provider_message_id = $2,"
    "       metadata = metadata - 'sending' - 'absent_since'"
    " WHERE id = $1::uuid",
    2};

const wk_sql_t wk_sql_message_failed = {
    "message_failed",
    "UPDATE messages"
    "   SET status = 'failed', status_at = now(), error_code = $2,"
    "       metadata = metadata - 'sending' - 'absent_since'"
    " WHERE id = $1::uuid",
    2};

const wk_sql_t wk_sql_sms_canceled = {
    "sms_canceled",
    "UPDATE messages SET status = 'canceled', status_at = now(), error_code = $2"
    " WHERE id = $1::uuid",
    2};

const wk_sql_t wk_sql_sms_known = {
    "sms_known",
    "SELECT provider_message_id AS sid FROM messages"
    " WHERE provider = 'twilio' AND provider_message_id = ANY ($1::text[])",
    1};

const wk_sql_t wk_sql_sms_heard = {
    "sms_heard",
    "SELECT FROM messages WHERE provider = 'twilio' AND provider_message_id = $1::text"
    " UNION ALL " HEARD("$1::text"),
    1};

const wk_sql_t wk_sql_sms_status_insert = {
    "sms_status_insert",
    "INSERT INTO message_status_events (organization_id, provider, provider_message_id, status,"
    "                                   error_code)"
    " VALUES (current_organization(), 'twilio', $1, message_status_of($2), $3)"
    " ON CONFLICT DO NOTHING",
    3};

const wk_sql_t wk_sql_sms_recent = {
    "sms_recent",
    "SELECT content,"
    "       (SELECT CASE l.direction WHEN 'outbound' THEN l.content END FROM messages l"
    "         WHERE l.customer_id = $1::uuid AND l.channel = 'sms'"
    "           AND l.occurred_at > now() - interval '10 minutes'"
    "         ORDER BY l.occurred_at DESC, l.id DESC LIMIT 1) AS asked"
    "  FROM messages"
    " WHERE customer_id = $1::uuid AND channel = 'sms' AND direction = 'inbound'"
    "   AND occurred_at > now() - interval '10 minutes'"
    " ORDER BY occurred_at DESC, id DESC LIMIT 4",
    1};

const wk_sql_t wk_sql_turn_insert = {
    "turn_insert",
    "INSERT INTO messages (organization_id, call_id, customer_id, channel, direction, speaker,"
    "                      content, language, confidence, tools_used, provider,"
    "                      provider_message_id)"
    " SELECT current_organization(), c.id, $2::uuid, 'voice',"
    "        CASE $3 WHEN 'customer' THEN 'inbound' ELSE 'outbound' END, $3, $4, $5, $6::numeric,"
    "        coalesce($7::jsonb, '[]'), 'elevenlabs', $8"
    "   FROM calls c WHERE c.id = $1::uuid AND c.transcript IS NULL"
    " ON CONFLICT ON CONSTRAINT messages_provider_message DO NOTHING RETURNING id",
    8};

const wk_sql_t wk_sql_turn_correct = {
    "turn_correct",
    "UPDATE messages SET content = $2, interrupted = true"
    " WHERE provider = 'elevenlabs' AND provider_message_id = $1 RETURNING tools_used",
    2};

const wk_sql_t wk_sql_turn_recent = {
    "turn_recent",
    "SELECT content,"
    "       (SELECT CASE WHEN l.speaker <> 'customer' THEN l.content END FROM messages l"
    "         WHERE l.call_id = $1::uuid AND l.channel = 'voice' AND l.position IS NULL"
    "         ORDER BY l.occurred_at DESC, l.id DESC LIMIT 1) AS asked"
    "  FROM messages"
    " WHERE call_id = $1::uuid AND channel = 'voice' AND speaker = 'customer' AND position IS NULL"
    " ORDER BY occurred_at DESC, id DESC LIMIT 4",
    1};

const wk_sql_t wk_sql_turns_forget = {
    "turns_forget",
    "DELETE FROM messages"
    " WHERE call_id = $1::uuid AND channel = 'voice' AND provider = 'elevenlabs'"
    "   AND position IS NULL AND speaker IN ('customer', 'agent')",
    1};

const wk_sql_t wk_sql_turns_insert = {
    "turns_insert",
    "INSERT INTO messages (organization_id, call_id, customer_id, channel, direction, speaker,"
    "                      position, content, language, offset_ms, interrupted, tools_used,"
    "                      provider, occurred_at)"
    " SELECT current_organization(), $1::uuid, $2::uuid, 'voice',"
    "        CASE t.speaker WHEN 'customer' THEN 'inbound' ELSE 'outbound' END, t.speaker,"
    "        t.position, t.content, $3, t.offset_ms, t.interrupted, t.tools, 'elevenlabs',"
    "        coalesce(to_timestamp($4::bigint), now()) + t.offset_ms * interval '1 millisecond'"
    "   FROM jsonb_to_recordset($5::jsonb) AS t (position int, speaker text, content text,"
    "                                            offset_ms int, interrupted bool, tools jsonb)"
    "  WHERE NOT " WK_SQL_SPOKEN_THROUGH_US("$1::uuid", "$4::bigint")
    " ON CONFLICT ON CONSTRAINT messages_call_position DO NOTHING",
    5};
