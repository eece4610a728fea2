#include "worker/store/customers.h"

/* The update changes nothing; it takes the lock that an insert would hold. */
const wk_sql_t wk_sql_customer_reach = {
    "customer_reach",
    "INSERT INTO customers (organization_id, phone_number, source)"
    " VALUES (current_organization(), $1, $2)"
    " ON CONFLICT ON CONSTRAINT customers_phone_number"
    " DO UPDATE SET phone_number = excluded.phone_number"
    " RETURNING id, name, first_name, preferred_language, conversation_language, dialog_state",
    2};

const wk_sql_t wk_sql_customer_withheld = {
    "customer_withheld",
    "INSERT INTO customers (organization_id, source) VALUES (current_organization(), $1)"
    " RETURNING id",
    1};

const wk_sql_t wk_sql_customer_contacted = {
    "customer_contacted",
    "UPDATE customers"
    "   SET interaction_count = interaction_count + 1, last_contact_at = now()"
    " WHERE id = $1::uuid",
    1};

const wk_sql_t wk_sql_customer_uncounted = {
    "customer_uncounted",
    "UPDATE customers SET interaction_count = greatest(interaction_count - 1, 0)"
    " WHERE id = $1::uuid",
    1};

const wk_sql_t wk_sql_customer_dialog = {
    "customer_dialog",
    "UPDATE customers"
    "   SET dialog_state = dialog_state || $2::jsonb,"
    "       conversation_language = coalesce($3, conversation_language),"
    "       preferred_language = coalesce($4, preferred_language)"
    " WHERE id = $1::uuid",
    4};

/*
 * The status only rises: a booking makes a lead hot, a score of 50 qualifies it, a talk is
 * a contact. What people closed stays closed.
 */
const wk_sql_t wk_sql_customer_learnt = {
    "customer_learnt",
    "UPDATE customers"
    "   SET conversation_summary = coalesce($2, conversation_summary),"
    "       conversation_language = coalesce($3, conversation_language),"
    "       preferred_language = coalesce(preferred_language, $3),"
    "       conversation_sentiment = coalesce($4, conversation_sentiment),"
    "       sentiment = coalesce($4, sentiment),"
    "       lead_score = greatest(lead_score, $5::int),"
    "       lead_status = CASE"
    "           WHEN lead_status = 'closed' THEN 'closed'"
    "           WHEN lead_status = 'hot' OR $6::bool THEN 'hot'"
    "           WHEN lead_status = 'qualified' OR greatest(lead_score, $5::int) >= 50"
    "               THEN 'qualified'"
    "           ELSE 'contacted' END,"
    "       last_name = CASE WHEN name = '' THEN coalesce($8, '') ELSE last_name END,"
    "       first_name = CASE WHEN name = '' THEN coalesce($7, '') ELSE first_name END,"
    "       email = coalesce(email, (SELECT lower($9) WHERE $9 ~ '^[^@[:space:]]+@[^@[:space:]]+$')),"
    "       bike_interest = bike_interest || coalesce($10::jsonb, '{}')"
    " WHERE id = $1::uuid",
    10};

const wk_sql_t wk_sql_customer_named = {
    "customer_named",
    "UPDATE customers"
    "   SET last_name = CASE WHEN name = '' THEN coalesce($3, '') ELSE last_name END,"
    "       first_name = CASE WHEN name = '' THEN coalesce($2, '') ELSE first_name END,"
    "       email = CASE WHEN name = '' OR $5::bool"
    "           THEN coalesce(email, (SELECT lower($4)"
    "                                  WHERE $4 ~ '^[^@[:space:]]+@[^@[:space:]]+$'))"
    "           ELSE email END"
    " WHERE id = $1::uuid AND (name = '' OR email IS NULL)",
    5};

const wk_sql_t wk_sql_customer_language = {
    "customer_language",
    "UPDATE customers SET conversation_language = $2, preferred_language = $2"
    " WHERE phone_number = $1",
    2};

const wk_sql_t wk_sql_customer_promised = {
    "customer_promised",
    "UPDATE customers"
    "   SET commitments = (SELECT coalesce(jsonb_agg(p.item ORDER BY p.n), '[]')"
    "         FROM (SELECT item, n FROM jsonb_array_elements("
    "                 commitments || jsonb_build_array(jsonb_build_object('text', $2::text,"
    "                     'at', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'),"
    "                     'done', false))) WITH ORDINALITY AS i (item, n)"
    "                ORDER BY n DESC LIMIT 20) p)"
    " WHERE id = $1::uuid",
    2};

const wk_sql_t wk_sql_customer_urgent = {
    "customer_urgent", "UPDATE customers SET priority = 'urgent' WHERE id = $1::uuid", 1};
