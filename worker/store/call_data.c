#include "worker/store/call_data.h"

/* A field named twice in one list would be touched twice by one statement. */
const wk_sql_t wk_sql_call_data_put = {
    "call_data_put",
    "INSERT INTO call_data (organization_id, call_id, customer_id, data_type, field_name,"
    "                       field_value, value_type, confidence)"
    " SELECT DISTINCT ON (d.type, d.name) current_organization(), $1::uuid, $2::uuid, d.type,"
    "        d.name, d.value, d.value_type, d.confidence"
    "   FROM jsonb_to_recordset($3::jsonb) AS d (type text, name text, value text,"
    "                                            value_type text, confidence numeric)"
    " ON CONFLICT ON CONSTRAINT call_data_field DO UPDATE"
    "    SET field_value = excluded.field_value, value_type = excluded.value_type,"
    "        confidence = excluded.confidence, extracted_at = now()",
    3};

const wk_sql_t wk_sql_call_data_add = {
    "call_data_add",
    "INSERT INTO call_data (organization_id, call_id, customer_id, data_type, field_name,"
    "                       field_value, value_type)"
    " SELECT current_organization(), $1::uuid, $2::uuid, d.type, d.name, d.value, d.value_type"
    "   FROM jsonb_to_recordset($3::jsonb) AS d (type text, name text, value text,"
    "                                            value_type text)"
    " ON CONFLICT ON CONSTRAINT call_data_field DO NOTHING",
    3};
