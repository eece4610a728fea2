#include "worker/store/leads.h"

#include "worker/store/sql.h"

/* Laid out by hand: clang-format breaks SQL in the middle of a word. */
/* clang-format off */

#define SUMMARY \
    "c.id, c.organization_id, c.name AS customer_name, c.first_name, c.last_name, c.company," \
    "c.phone_number, c.email, c.lead_status, c.lead_score, c.priority, c.sentiment, c.tier," \
    "c.source, c.tags, c.assigned_to, c.preferred_language, c.contact_preferences," \
    "c.bike_interest, c.total_spent AS total_purchases, c.purchase_count," \
    WK_SQL_ISO("c.last_purchase_at") " AS last_purchase_date," \
    WK_SQL_ISO("c.last_service_at") " AS last_service_date, c.interaction_count," \
    WK_SQL_ISO("c.last_contact_at") " AS last_contact_at," \
    WK_SQL_ISO("c.customer_since") " AS customer_since," \
    WK_SQL_ISO("c.created_at") " AS created_at," \
    WK_SQL_ISO("c.updated_at") " AS updated_at"

#define LISTED SUMMARY ", c.purchase_history, c.service_history"

#define WHOLE \
    LISTED ", c.address, c.notes, c.lead_answers, c.conversation_summary," \
    "c.conversation_language, c.conversation_sentiment, c.commitments," \
    "c.shopify_customer_id, c.hubspot_contact_id"

#define HAS_APPOINTMENT \
    "EXISTS (SELECT FROM appointments a WHERE a.organization_id = c.organization_id" \
    "           AND a.customer_id = c.id)"

const wk_sql_t wk_sql_leads = {
    "leads",
    "SELECT row_to_json(l) AS item, " WK_SQL_KEY("c.updated_at", "c.id")
    "  FROM customers c, LATERAL (SELECT " LISTED ") l"
    " WHERE c.organization_id = current_organization()"
    "   AND " WK_SQL_OLDER("c.updated_at", "c.id", "$2", "$3")
    "   AND " WK_SQL_BETWEEN("c.updated_at", "$6", "$7", "$8", "$9")
    "   AND ($4::text IS NULL OR c.lead_status = $4)"
    "   AND ($5::text IS NULL OR strpos(lower(c.name), lower($5)) > 0"
    "        OR strpos(c.email, lower($5)) > 0 OR strpos(lower(c.company), lower($5)) > 0"
    "        OR " WK_SQL_NUMBER_HAS("c.phone_number", "$5") ")"
    "   AND (NOT $10::boolean OR " HAS_APPOINTMENT ")"
    " ORDER BY c.updated_at DESC, c.id DESC LIMIT $1::int",
    10};

const wk_sql_t wk_sql_lead = {
    "lead",
    "SELECT row_to_json(l) AS item"
    "  FROM customers c, LATERAL (SELECT " WHOLE ") l"
    " WHERE c.organization_id = current_organization() AND c.id = $1::uuid"
    "   AND (NOT $2::boolean OR " HAS_APPOINTMENT ")",
    2};

#define CHANGED(column) "CASE WHEN $2::jsonb ? '" column "' THEN $2::jsonb ->> '" column "' ELSE " column " END"

const wk_sql_t wk_sql_lead_change = {
    "lead_change",
    "UPDATE customers"
    "   SET lead_status = " CHANGED("lead_status") ","
    "       priority = " CHANGED("priority") ","
    "       first_name = " CHANGED("first_name") ","
    "       last_name = coalesce(" CHANGED("last_name") ", ''),"
    "       company = " CHANGED("company") ","
    "       email = lower(" CHANGED("email") "),"
    "       notes = " CHANGED("notes") ","
    "       assigned_to = CASE WHEN $2::jsonb ? 'assigned_to'"
    "           THEN ($2::jsonb ->> 'assigned_to')::uuid ELSE assigned_to END,"
    "       tags = CASE WHEN $2::jsonb ? 'tags'"
    "           THEN ARRAY(SELECT tag FROM jsonb_array_elements_text($2::jsonb -> 'tags')"
    "                        WITH ORDINALITY t (tag, place) GROUP BY tag ORDER BY min(place))"
    "           ELSE tags END"
    " WHERE organization_id = current_organization() AND id = $1::uuid"
    " RETURNING id",
    2};

const wk_sql_t wk_sql_lead_status = {
    "lead_status",
    "SELECT row_to_json(l) AS item"
    "  FROM customers c, LATERAL (SELECT " SUMMARY ") l"
    " WHERE c.organization_id = current_organization() AND c.id = $1::uuid",
    1};

const wk_sql_t wk_sql_lead_exists = {
    "lead_exists",
    "SELECT id FROM customers WHERE organization_id = current_organization() AND id = $1::uuid",
    1};
