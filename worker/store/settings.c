#include "worker/store/settings.h"

#include "worker/store/sql.h"

/* Laid out by hand: clang-format breaks SQL in the middle of a word. */
/* clang-format off */

const wk_sql_t wk_sql_settings = {
    "settings",
    "SELECT json_build_object("
    "    'campaigns', (SELECT coalesce(json_agg(row_to_json(c) ORDER BY c.name), '[]') FROM ("
    "        SELECT name, trigger, channel, delay_seconds, conditions, is_active"
    "          FROM campaigns) c),"
    "    'hubspot', (SELECT json_build_object('status', i.status, 'portal', i.account_id,"
    "                                         'error', i.error)"
    "                  FROM integrations i WHERE i.service = 'hubspot'),"
    "    'chat', json_build_object('origins', o.widget_origins, 'keys', ("
    "        SELECT coalesce(json_agg(row_to_json(k) ORDER BY k.created_at), '[]') FROM ("
    "            SELECT " WK_SQL_ISO("w.created_at") " AS created_at,"
    "                   " WK_SQL_ISO("w.expires_at") " AS expires_at FROM widget_keys w"
    "             WHERE w.expires_at IS NULL OR w.expires_at > now()) k)),"
    "    'voice', (SELECT json_build_object('vad_threshold', g.vad_threshold,"
    "                  'prefix_padding_ms', g.prefix_padding_ms, 'silence_ms', g.silence_ms,"
    "                  'speech', g.speech)"
    "                FROM agent_configs g),"
    "    'voicemail', (SELECT json_build_object('action', g.voicemail_action,"
    "                                           'message', g.voicemail_message)"
    "                    FROM agent_configs g),"
    "    'recording', (SELECT json_build_object('enabled', g.recording_enabled) FROM agent_configs g),"
    "    'shop', json_build_object('name', o.name, 'hours', o.hours,"
    "        'holidays', coalesce(o.hours -> 'exceptions', '{}'), 'timezone', o.timezone,"
    "        'language', o.language, 'languages', o.languages, 'phone', o.phone,"
    "        'owner_phone', o.owner_phone, 'notification_phone', o.notification_phone,"
    "        'email', o.email, 'notification_email', o.notification_email,"
    "        'website_url', o.website_url, 'address', o.address, 'directions', o.directions,"
    "        'description', o.description, 'services_description', o.services_description,"
    "        'policies', o.policies, 'promotions', o.promotions, 'transfer_destinations',"
    "        (SELECT g.transfer_destinations FROM agent_configs g))) AS item"
    "  FROM organizations o WHERE o.id = current_organization()",
    0};

/* clang-format on */

const wk_sql_t wk_sql_settings_lock = {
    "settings_lock",
    "SELECT id FROM organizations WHERE id = current_organization() FOR NO KEY UPDATE", 0};

const wk_sql_t wk_sql_settings_campaign = {
    "settings_campaign",
    "UPDATE campaigns"
    "   SET is_active = coalesce($2::bool, is_active),"
    "       delay_seconds = coalesce($3::int, delay_seconds),"
    "       conditions = coalesce($4::jsonb, conditions)"
    " WHERE name = $1 AND trigger = coalesce($5, trigger) AND channel = coalesce($6, channel)"
    " RETURNING id",
    6};

const wk_sql_t wk_sql_settings_voicemail = {
    "settings_voicemail",
    "UPDATE agent_configs"
    "   SET voicemail_action = coalesce($1::jsonb ->> 'action', voicemail_action),"
    "       voicemail_message = coalesce($1::jsonb -> 'message', voicemail_message)"
    " WHERE organization_id = current_organization()",
    1};

const wk_sql_t wk_sql_settings_recording = {
    "settings_recording",
    "UPDATE agent_configs SET recording_enabled = $1::bool"
    " WHERE organization_id = current_organization()",
    1};

const wk_sql_t wk_sql_settings_origins = {
    "settings_origins",
    "UPDATE organizations SET widget_origins = ARRAY("
    "    SELECT o FROM jsonb_array_elements_text($1::jsonb) WITH ORDINALITY AS l (o, n)"
    "     ORDER BY n)"
    " WHERE id = current_organization()",
    1};

const wk_sql_t wk_sql_settings_key = {
    "settings_key",
    "INSERT INTO widget_keys (organization_id, key_sha256) VALUES (current_organization(), $1)"
    " ON CONFLICT DO NOTHING",
    1};

const wk_sql_t wk_sql_settings_keys_end = {
    "settings_keys_end",
    "UPDATE widget_keys SET expires_at = least(expires_at, now() + make_interval(hours => $2::int))"
    " WHERE key_sha256 <> $1",
    2};
