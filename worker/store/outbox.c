#include "worker/store/outbox.h"

/* Members of events that hold what people said or wrote. */
#define WORDS "'{transcript,response,message,summary,subject,reason,callReason,parameters,result}'"

const wk_sql_t wk_sql_outbox_event = {
    "outbox_event",
    "INSERT INTO outbox (organization_id, kind, type, customer_id, call_id, data)"
    " VALUES (current_organization(), 'event', $1, $2::uuid, $3::uuid,"
    "         coalesce($4::jsonb, '{}') - CASE WHEN"
    "             (SELECT zero_retention FROM privacy_settings) THEN " WORDS "::text[]"
    "             ELSE '{}' END)",
    4};

const wk_sql_t wk_sql_outbox_job = {
    "outbox_job",
    "INSERT INTO outbox (organization_id, kind, type, queue, lane, serial, dedup, data)"
    " VALUES (current_organization(), 'job', $1, $2, $3, $4, $5,"
    "         coalesce($6::jsonb, '{}'))",
    6};

const wk_sql_t wk_sql_outbox_oldest = {
    "outbox_oldest",
    "SELECT id, id || '-' || (extract(epoch FROM created_at) * 1000000)::bigint AS key,"
    "       kind, type, customer_id AS customer, call_id AS call, queue, lane, serial, dedup,"
    "       data, (extract(epoch FROM created_at) * 1000)::bigint AS created_ms"
    "  FROM outbox ORDER BY organization_id, id LIMIT $1::int",
    1};

const wk_sql_t wk_sql_outbox_delete = {"outbox_delete",
                                       "DELETE FROM outbox WHERE id = ANY ($1::bigint[])", 1};

const wk_sql_t wk_sql_outbox_due = {"outbox_due", "SELECT due_outbox($1::int) AS organization",
                                    1};
