#include "worker/store/profile.h"

#include "worker/store/kept.h"

/* Laid out by hand: clang-format breaks SQL in the middle of a word. */
/* clang-format off */

#define KEPT_EMAIL(column)                                                                     \
    column " = CASE WHEN $1::jsonb ? '" column "' THEN lower($1::jsonb ->> '" column "')"      \
    "               ELSE " column " END"

const wk_sql_t wk_sql_profile_put = {
    "profile_put",
    "UPDATE organizations SET "
    KEPT("name", "text") ", " KEPT_OR_NULL("phone") ", " KEPT_OR_NULL("owner_phone") ", "
    KEPT_EMAIL("email") ", " KEPT_EMAIL("notification_email") ", "
    KEPT_OR_NULL("notification_phone") ", " KEPT_OR_NULL("website_url") ", "
    KEPT_OR_NULL("directions") ", " KEPT_OR_NULL("description") ", "
    KEPT_OR_NULL("services_description") ", " KEPT_JSON("policies") ", "
    KEPT_JSON("promotions") ","
    " address = CASE WHEN $1::jsonb ? 'address' THEN nullif($1::jsonb -> 'address', 'null')"
    "                ELSE address END"
    " WHERE id = current_organization()",
    1};

const wk_sql_t wk_sql_profile_calls_itself = {
    "profile_calls_itself",
    "SELECT m.name"
    "  FROM (SELECT key AS name, value #>> '{}' AS number FROM jsonb_each($1::jsonb)"
    "         WHERE key IN ('owner_phone', 'notification_phone')"
    "         UNION ALL"
    "        SELECT 'transfer_destinations', d ->> 'number'"
    "          FROM jsonb_path_query($1::jsonb, '$.transfer_destinations[*]') d) m"
    "  JOIN organization_phone_numbers n ON n.phone_number = m.number AND n.is_active"
    " WHERE n.organization_id = (SELECT current_organization()) LIMIT 1",
    1};

const wk_sql_t wk_sql_profile_destinations = {
    "profile_destinations",
    "UPDATE agent_configs SET " KEPT_JSON("transfer_destinations")
    " WHERE organization_id = current_organization()",
    1};

const wk_sql_t wk_sql_profile_timezone = {
    "profile_timezone",
    "UPDATE organizations SET timezone = $1::text"
    " WHERE id = current_organization() AND is_time_zone($1::text) RETURNING id",
    1};

const wk_sql_t wk_sql_profile_hours = {
    "profile_hours",
    "UPDATE organizations"
    "   SET hours = CASE WHEN $1::jsonb - 'exceptions' = '{}' THEN hours || $1::jsonb"
    "                    WHEN $1::jsonb ? 'exceptions' THEN $1::jsonb"
    "                    ELSE $1::jsonb || jsonb_build_object('exceptions',"
    "                             coalesce(hours -> 'exceptions', '{}')) END"
    " WHERE id = current_organization()",
    1};

const wk_sql_t wk_sql_profile_holidays = {
    "profile_holidays",
    "UPDATE organizations SET hours = hours || jsonb_build_object('exceptions',"
    "    CASE jsonb_typeof($1::jsonb)"
    "    WHEN 'array' THEN (SELECT coalesce(jsonb_object_agg(d, '{\"closed\": true}'::jsonb), '{}')"
    "                         FROM jsonb_array_elements_text($1::jsonb) d)"
    "    ELSE $1::jsonb END)"
    " WHERE id = current_organization()",
    1};

/* clang-format on */
