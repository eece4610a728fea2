#include "worker/store/organizations.h"

const wk_sql_t wk_sql_shop_language = {
    "shop_language", "SELECT language FROM organizations WHERE id = (SELECT current_organization())", 0};

const wk_sql_t wk_sql_shop_agent = {
    "shop_agent",
    "SELECT elevenlabs_agent_id AS agent FROM organizations WHERE id = (SELECT current_organization())",
    0};

const wk_sql_t wk_sql_number_is_ours = {
    "number_is_ours", "SELECT organization_by('number', $1) IS NOT NULL AS ours", 1};

const wk_sql_t wk_sql_shop_facts = {
    "shop_facts",
    "SELECT name, phone, email, website_url, directions, description,"
    "       services_description AS services, address, policies, promotions, hours,"
    "       timezone::text AS timezone, language,"
    "       to_char(now() AT TIME ZONE timezone, 'YYYY-MM-DD') AS today,"
    "       is_open(hours, timezone) AS open,"
    "       to_char(closes_at(hours, timezone) AT TIME ZONE timezone, 'HH24:MI') AS closing,"
    "       to_char(next_opening(hours, timezone) AT TIME ZONE timezone, 'YYYY-MM-DD HH24:MI')"
    "           AS next_opening"
    "  FROM organizations WHERE id = (SELECT current_organization())",
    0};
