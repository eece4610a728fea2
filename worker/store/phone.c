#include "worker/store/phone.h"

#include "worker/store/sql.h"

const wk_sql_t wk_sql_phone_shop = {
    "phone_shop",
    "SELECT o.name, o.phone, o.owner_phone, " WK_SQL_PLAN("o") " AS plan, o.language,"
    "       array_to_json(o.languages) AS languages, array_to_json(o.engines) AS engines,"
    "       o.max_concurrent_calls, o.max_call_seconds, o.elevenlabs_agent_id,"
    "       o.use_elevenlabs_inbound,"
    "       g.transfer_destinations AS destinations, g.twilio_voice, g.twilio_language,"
    "       g.voice_end_call_message AS end_message, g.transfer_message,"
    "       (SELECT json_agg(phone_number) FROM organization_phone_numbers"
    "         WHERE organization_id = o.id AND is_active) AS own_numbers,"
    "       is_open(o.hours, o.timezone) AS open"
    "  FROM organizations o JOIN agent_configs g ON g.organization_id = o.id"
    " WHERE o.id = (SELECT current_organization())",
    0};

const wk_sql_t wk_sql_phone_call = {
    "phone_call",
    "SELECT c.id, c.customer_id, c.language, c.engine,"
    "       extract(epoch FROM now() - c.started_at)::bigint AS elapsed,"
    "       c.metadata ? 'warned' AS warned,"
    "       EXISTS (SELECT FROM recordings r WHERE r.call_id = c.id AND r.state = 'begun')"
    "           AS recorded,"
    "       CASE c.direction WHEN 'outbound' THEN c.called_number ELSE c.caller_number END"
    "           AS customer_number,"
    "       CASE c.direction WHEN 'outbound' THEN c.caller_number ELSE c.called_number END"
    "           AS shop_number,"
    "       " WK_SQL_ATTESTED("c", "g") " AS attested,"
    "       " WK_SQL_UNANSWERED("c") " AS unanswered"
    "  FROM calls c JOIN agent_configs g ON g.organization_id = c.organization_id"
    " WHERE c.twilio_call_sid = $1",
    1};

const wk_sql_t wk_sql_phone_customer = {
    "phone_customer",
    "SELECT id, name, first_name, preferred_language, conversation_language, dialog_state"
    "  FROM customers WHERE id = $1::uuid FOR UPDATE",
    1};

const wk_sql_t wk_sql_phone_answered = {
    "phone_answered",
    "SELECT metadata ->> 'twiml' AS twiml FROM messages"
    " WHERE provider = 'twilio' AND provider_message_id = $1",
    1};

const wk_sql_t wk_sql_phone_next_turn = {
    "phone_next_turn",
    "SELECT max(substring(provider_message_id FROM ':(\\d+)$')::bigint) + 1 AS turn"
    "  FROM messages WHERE call_id = $1::uuid AND metadata ? 'twiml'",
    1};

const wk_sql_t wk_sql_phone_heard = {
    "phone_heard",
    "INSERT INTO messages (organization_id, call_id, customer_id, channel, direction, speaker,"
    "                      content, language, confidence, provider, provider_message_id, "
    "intent,"
    "                      occurred_at)"
    " VALUES (current_organization(), $1::uuid, $2::uuid, 'voice', 'inbound', 'customer', $3, "
    "$4,"
    "         $5::numeric, 'twilio', $6 || ':heard', $7, clock_timestamp())"
    " ON CONFLICT ON CONSTRAINT messages_provider_message DO NOTHING RETURNING id",
    7};

const wk_sql_t wk_sql_phone_said = {
    "phone_said",
    "INSERT INTO messages (organization_id, call_id, customer_id, channel, direction, speaker,"
    "                      content, language, provider, provider_message_id, metadata,"
    "                      latency, occurred_at, tools_used, citations)"
    " VALUES (current_organization(), $1::uuid, $2::uuid, 'voice', 'outbound', 'agent', $3, $4,"
    "         'twilio', $5, jsonb_build_object('twiml', $6::text), $7::jsonb, clock_timestamp(),"
    "         coalesce($8::jsonb, '[]'), coalesce($9::jsonb, '[]'))"
    " ON CONFLICT ON CONSTRAINT messages_provider_message DO NOTHING RETURNING id",
    9};

const wk_sql_t wk_sql_phone_goes_on = {
    "phone_goes_on",
    "UPDATE calls"
    "   SET language = $2, end_reason = coalesce(end_reason, $3), engine = coalesce($4, engine)"
    " WHERE id = $1::uuid",
    4};

const wk_sql_t wk_sql_phone_warned = {
    "phone_warned",
    "UPDATE calls SET metadata = metadata || '{\"warned\": true}' WHERE id = $1::uuid", 1};

/* Whoever is rung hears why he is, and not why somebody was rung before. */
const wk_sql_t wk_sql_phone_transferred = {
    "phone_transferred",
    "UPDATE calls"
    "   SET transferred_at = coalesce(transferred_at, now()), transferred_to = $2,"
    "       transfer_reason = $3, human_escalation_required = true,"
    "       metadata = metadata || '{\"rung\": true}'"
    " WHERE id = $1::uuid",
    3};

const wk_sql_t wk_sql_phone_returned = {
    "phone_returned",
    "UPDATE calls"
    "   SET resumed_at = now(),"
    "       metadata = CASE WHEN $2::bool"
    "                       THEN metadata || jsonb_build_object('unanswered', now())"
    "                       ELSE metadata - 'unanswered' END"
    " WHERE id = $1::uuid",
    2};

const wk_sql_t wk_sql_phone_accepted = {
    "phone_accepted",
    "UPDATE calls SET metadata = metadata || jsonb_build_object('accepted', $2::bigint)"
    " WHERE id = $1::uuid AND (metadata ->> 'accepted')::bigint IS DISTINCT FROM $2::bigint"
    " RETURNING id",
    2};

/* `accepted` stays: figures ask whether a person ever came. */
const wk_sql_t wk_sql_phone_came_back = {
    "phone_came_back",
    "UPDATE calls SET metadata = metadata || jsonb_build_object('came_back', $2::bigint)"
    " WHERE id = $1::uuid AND coalesce((metadata ->> 'came_back')::bigint < $2::bigint, true)",
    2};

const wk_sql_t wk_sql_phone_dialed = {
    "phone_dialed",
    "UPDATE calls"
    "   SET metadata = metadata || jsonb_build_object('dialed',"
    "           coalesce(metadata -> 'dialed', '{}') || jsonb_build_object($2::text, $3::int))"
    " WHERE id = $1::uuid",
    3};

const wk_sql_t wk_sql_phone_transfer = {
    "phone_transfer",
    "SELECT customer_id, transfer_reason, transferred_to,"
    "       EXISTS (SELECT FROM recordings r WHERE r.call_id = calls.id AND r.state = 'begun')"
    "           AS recorded,"
    "       coalesce((metadata ->> 'accepted')::bigint = $2::bigint, false) AS accepted"
    "  FROM calls WHERE id = $1::uuid",
    2};
