#include "worker/store/outbound.h"

#include "worker/store/sql.h"

/* Laid out by hand: clang-format breaks SQL in the middle of a word. */
/* clang-format off */

#define ZONE WK_SQL_CUSTOMER_ZONE("c", "c.phone_number", "o.timezone::text")

const wk_sql_t wk_sql_outbound_own = {
    "outbound_own", "SELECT " WK_SQL_OWN_NUMBER("$1") " AS own", 1};

/* A call nobody reported the end of does not stand in the way for ever. */
const wk_sql_t wk_sql_outbound_facts = {
    "outbound_facts",
    "SELECT c.phone_number AS number, " WK_SQL_OWN_NUMBER("c.phone_number") " AS own,"
    "       c.name, c.first_name,"
    "       " WK_SQL_SPOKEN("c", "o") " AS spoken,"
    "       o.elevenlabs_agent_id AS agent, p.elevenlabs_phone_number_id AS number_id,"
    "       p.phone_number AS agent_number, w.phone_number AS carrier_number,"
    "       o.name AS shop, o.business_type, " WK_SQL_PLAN("o") " AS plan, g.agent_name,"
    "       g.voicemail_action, g.voicemail_message,"
    "       to_char(now() AT TIME ZONE o.timezone::text, 'YYYY-MM-DD') AS day,"
    "       " WK_SQL_ISO("quiet_ends(g.quiet_from, g.quiet_until, " ZONE ")") " AS quiet_ends,"
    "       coalesce(c.contact_preferences ->> 'call', 'true') = 'false'"
    "           OR coalesce(NOT n.granted, false) AS refused,"
    "       coalesce(n.granted, false) AS agreed,"
    "       (SELECT count(*) FROM calls k"
    "         WHERE k.organization_id = c.organization_id AND k.customer_id = c.id"
    "           AND k.direction = 'outbound' AND k.call_reason = $2"
    "           AND k.started_at >= (now() AT TIME ZONE o.timezone::text)::date"
    "                               AT TIME ZONE o.timezone::text"
    "           AND (k.status NOT IN ('connecting', 'in_progress')"
    "                OR k.started_at < now() - interval '2 hours')) AS generation"
    "  FROM customers c JOIN organizations o ON o.id = c.organization_id"
    "  JOIN agent_configs g ON g.organization_id = c.organization_id"
    "  LEFT JOIN consent_states n ON n.organization_id = c.organization_id AND n.channel = 'call'"
    "                            AND n.address = c.phone_number"
    "  LEFT JOIN LATERAL (SELECT q.phone_number, q.elevenlabs_phone_number_id"
    "                       FROM organization_phone_numbers q"
    "                      WHERE q.organization_id = c.organization_id AND q.is_active"
    "                        AND q.elevenlabs_phone_number_id IS NOT NULL"
    "                      ORDER BY q.is_primary DESC, q.created_at LIMIT 1) p ON true"
    "  LEFT JOIN LATERAL (SELECT q.phone_number FROM organization_phone_numbers q"
    "                      WHERE q.organization_id = c.organization_id AND q.is_active"
    "                        AND q.voice_enabled AND q.provider = 'twilio'"
    "                      ORDER BY q.is_primary DESC, q.created_at LIMIT 1) w ON true"
    " WHERE c.organization_id = current_organization() AND c.id = uuid_or_null($1)"
    "   FOR UPDATE OF c",
    2};

const wk_sql_t wk_sql_outbound_of_job = {
    "outbound_of_job",
    "SELECT key FROM effects"
    " WHERE organization_id = current_organization() AND kind = 'call' AND job = $1",
    1};

const wk_sql_t wk_sql_outbound_effect = {
    "outbound_effect",
    "SELECT id, state, request, result, extract(epoch FROM claimed_at)::bigint AS claimed,"
    "       (extract(epoch FROM now() - claimed_at) * 1000)::bigint AS age_ms"
    "  FROM effects WHERE key = $1 FOR UPDATE",
    1};

#define USER(param) "(SELECT id FROM users WHERE id = uuid_or_null(" param "))"

const wk_sql_t wk_sql_outbound_note = {
    "outbound_note",
    "UPDATE calls SET call_reason = $2, priority = $3, initiated_by = " USER("$4")
    " WHERE id = $1::uuid",
    4};

const wk_sql_t wk_sql_outbound_failed = {
    "outbound_failed",
    "INSERT INTO calls (organization_id, customer_id, direction, caller_number, called_number,"
    "                   call_reason, priority, initiated_by, engine, status, ended_at, end_reason)"
    " VALUES (current_organization(), $1::uuid, 'outbound', $2, $3, $4, $5, " USER("$6") ","
    "         $8, 'failed', now(), $7)",
    8};

const wk_sql_t wk_sql_outbound_key = {
    "outbound_key", "SELECT key FROM effects WHERE id = uuid_or_null($1) AND kind = 'call'", 1};

const wk_sql_t wk_sql_outbound_unclaimed = {
    "outbound_unclaimed",
    "SELECT s.sid FROM jsonb_array_elements_text($1::jsonb) WITH ORDINALITY s (sid, n)"
    " WHERE NOT EXISTS (SELECT FROM effects f WHERE f.kind = 'call' AND f.provider_id = s.sid)"
    " ORDER BY s.n DESC LIMIT 1",
    1};

/* clang-format on */
