#include "worker/store/crm.h"

#include "worker/store/sql.h"

const wk_sql_t wk_sql_crm_connected = {"crm_connected",
                                       "SELECT EXISTS (SELECT FROM integrations WHERE service "
                                       "= 'hubspot' AND status = 'connected')"
                                       "           AS connected",
                                       0};

const wk_sql_t wk_sql_crm_call = {
    "crm_call",
    "SELECT u.id AS customer_id, u.first_name, u.last_name, u.email, u.phone_number AS phone,"
    "       u.hubspot_contact_id AS contact, c.direction, c.caller_number, c.called_number,"
    "       c.status, (extract(epoch FROM c.started_at) * 1000)::bigint AS started_ms,"
    "       c.duration_seconds * 1000::bigint AS duration_ms,"
    "       CASE WHEN NOT s.zero_retention THEN c.summary END AS summary, c.call_type, "
    "c.outcome,"
    "       c.resolution, c.lead_score, c.lead_reasons,"
    "       CASE WHEN NOT s.zero_retention THEN c.unanswered_questions END AS unanswered,"
    "       (SELECT " WK_SQL_ISO(
        "r.due_at") " FROM campaign_runs r"
                    "         WHERE r.key = 'followup:' || c.id) AS followup_at"
                    "  FROM calls c"
                    "  JOIN customers u ON u.organization_id = c.organization_id AND u.id = "
                    "c.customer_id"
                    "  JOIN privacy_settings s ON s.organization_id = c.organization_id"
                    " WHERE c.id = $1::uuid",
    1};

const wk_sql_t wk_sql_crm_contact_known = {"crm_contact_known",
                                           "UPDATE customers u SET hubspot_contact_id = $2"
                                           " WHERE u.id = $1::uuid"
                                           "   AND NOT EXISTS (SELECT FROM customers o WHERE "
                                           "o.hubspot_contact_id = $2 AND o.id <> u.id)",
                                           2};

const wk_sql_t wk_sql_crm_contact_gone = {
    "crm_contact_gone",
    "UPDATE customers SET hubspot_contact_id = NULL WHERE hubspot_contact_id = $1", 1};

const wk_sql_t wk_sql_crm_contact_changed = {
    "crm_contact_changed",
    "UPDATE customers u"
    "   SET hubspot_contact_id = $1, first_name = coalesce($2, u.first_name),"
    "       last_name = coalesce($3, u.last_name),"
    "       email = coalesce((SELECT lower($4) WHERE $4 ~ '^[^@[:space:]]+@[^@[:space:]]+$'"
    "                                            AND length($4) <= 254), u.email)"
    " WHERE u.id = (SELECT o.id FROM customers o"
    "                WHERE o.hubspot_contact_id = $1"
    "                   OR o.hubspot_contact_id IS NULL AND o.phone_number = $5"
    "                ORDER BY o.hubspot_contact_id = $1 DESC NULLS LAST LIMIT 1)",
    5};

const wk_sql_t wk_sql_crm_connect = {
    "crm_connect",
    "INSERT INTO integrations (organization_id, service, access_token, account_id, key_id,"
    "                          connected_by)"
    " VALUES (current_organization(), 'hubspot', $1::bytea, $2, $3,"
    "         (SELECT id FROM users WHERE id = uuid_or_null($4)))"
    " ON CONFLICT (organization_id, service) DO UPDATE"
    "    SET access_token = excluded.access_token, account_id = excluded.account_id,"
    "        key_id = excluded.key_id, connected_by = excluded.connected_by,"
    "        connected_at = now(), status = 'connected', error = NULL",
    4};
