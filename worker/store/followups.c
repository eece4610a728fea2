#include "worker/store/followups.h"

#include "worker/store/sql.h"

const wk_sql_t wk_sql_texting_number = {
    "texting_number",
    "SELECT phone_number FROM organization_phone_numbers WHERE is_active AND sms_enabled"
    " ORDER BY is_primary DESC, created_at LIMIT 1",
    0};

/* What a visitor ($6) says of himself is not written to a number he did not prove. */
#define NAMELESS "name = '' AND (NOT $6::bool OR phone_number IS NULL)"

const wk_sql_t wk_sql_texts_of_a_day = {
    "texts_of_a_day",
    "SELECT count(*) AS recent FROM messages"
    " WHERE customer_id = $1::uuid AND channel = 'sms' AND template = 'tool'"
    "   AND occurred_at > now() - interval '1 day'",
    1};

const wk_sql_t wk_sql_lead_noted = {
    "lead_noted",
    "UPDATE customers"
    "   SET last_name = CASE WHEN " NAMELESS " THEN coalesce($3, '') ELSE last_name END,"
    "       first_name = CASE WHEN " NAMELESS " THEN coalesce($2, '') ELSE first_name END,"
    "       email = coalesce(email, (SELECT lower($4)"
    "                    WHERE $4 ~ '^[^@[:space:]]+@[^@[:space:]]+$'"
    "                      AND NOT ($6::bool AND phone_number IS NOT NULL))),"
    "       notes = CASE WHEN $5::text IS NULL OR strpos(coalesce(notes, ''), $5) > 0 THEN notes"
    "                    ELSE concat_ws(E'\\n', notes, $5) END"
    " WHERE id = $1::uuid",
    6};

const wk_sql_t wk_sql_customer_history = {
    "customer_history",
    "SELECT c.name, c.interaction_count AS contacts, row_to_json(l) AS item"
    "  FROM customers c, LATERAL ("
    "       SELECT c.id AS lead_id, c.name AS customer_name, c.tier, c.total_spent,"
    "              c.purchase_count, c.purchase_history, c.service_history,"
    "              c.interaction_count, " WK_SQL_ISO("c.last_contact_at") " AS last_contact_at,"
    "              c.conversation_summary AS summary,"
    "              (SELECT coalesce(json_agg(x ORDER BY x.starts_at DESC), '[]') FROM ("
    "                   SELECT a.appointment_type, a.status,"
    "                          " WK_SQL_ISO("a.starts_at") " AS starts_at"
    "                     FROM appointments a"
    "                    WHERE a.organization_id = c.organization_id AND a.customer_id = c.id"
    "                    ORDER BY a.starts_at DESC LIMIT 5) x) AS appointments) l"
    " WHERE c.organization_id = current_organization() AND c.phone_number = $1",
    1};
