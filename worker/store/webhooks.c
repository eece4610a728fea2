#include "worker/store/webhooks.h"

const wk_sql_t wk_sql_webhook_note = {
    "webhook_note",
    "INSERT INTO webhook_events (organization_id, provider, type, key)"
    " VALUES (current_organization(), $1, $2, $3) ON CONFLICT DO NOTHING",
    3};

const wk_sql_t wk_sql_webhook_unrouted = {
    "webhook_unrouted", "SELECT record_unrouted($1, $2, $3, $4)", 4};

const wk_sql_t wk_sql_organization_by = {
    "organization_by", "SELECT organization_by($1, $2) AS organization", 2};
