#include "worker/store/erasures.h"

#include "worker/store/sql.h"

/* Laid out by hand: clang-format breaks SQL in the middle of a word. */
/* clang-format off */

const wk_sql_t wk_sql_erasure_person = {
    "erasure_person",
    "SELECT u.id, u.phone_number AS phone, u.email FROM customers u"
    " WHERE u.id = $1::uuid OR u.phone_number = $2",
    2};

const wk_sql_t wk_sql_erasure_own = {
    "erasure_own", "SELECT $1 = ANY (own_addresses()) AS own", 1};

const wk_sql_t wk_sql_erasure_lock = {
    "erasure_lock", "SELECT lock_key('erasure:' || $1::text)", 1};

const wk_sql_t wk_sql_erasure_request = {
    "erasure_request",
    "WITH open AS (SELECT id FROM erasures"
    "               WHERE subject_hash = $1 AND state IN ('requested', 'running')),"
    " asked AS ("
    "    INSERT INTO erasures (organization_id, subject_hash, phone_number, customer_id, email,"
    "                          reason, requested_by)"
    "    SELECT current_organization(), $1::text, $2::text, $3::uuid, lower($4::text), $5::text,"
    "           (SELECT id FROM users WHERE id = uuid_or_null($6::text))"
    "     WHERE NOT EXISTS (SELECT FROM open) RETURNING id)"
    " SELECT id FROM open UNION ALL SELECT id FROM asked LIMIT 1",
    6};

#define STATE_OF(vendor) \
    "(SELECT jsonb_object_agg(s.state, s.n) FROM (" \
    "    SELECT q.state, count(*) AS n FROM erasure_requests q" \
    "     WHERE q.erasure_id = e.id AND q.vendor = " vendor " GROUP BY q.state) s)"

const wk_sql_t wk_sql_erasure_receipt = {
    "erasure_receipt",
    "SELECT row_to_json(r) AS item FROM ("
    "    SELECT e.id, e.state, e.reason, e.subject_hash, e.requested_by, e.counts, e.error,"
    "           " WK_SQL_ISO("e.requested_at") " AS requested_at,"
    "           " WK_SQL_ISO("e.finished_at") " AS finished_at,"
    "           (SELECT coalesce(jsonb_object_agg(v.vendor, " STATE_OF("v.vendor") "), '{}')"
    "              FROM (SELECT DISTINCT q.vendor FROM erasure_requests q"
    "                     WHERE q.erasure_id = e.id) v) AS vendors,"
    "           (SELECT coalesce(json_agg(json_build_object('vendor', q.vendor, 'kind', q.kind,"
    "                       'reference', q.reference, 'state', q.state, 'answer', q.answer)"
    "                       ORDER BY q.vendor, q.kind, q.reference), '[]')"
    "              FROM erasure_requests q WHERE q.erasure_id = e.id AND q.state <> 'done') AS open"
    "      FROM erasures e WHERE e.id = $1::uuid) r",
    1};

const wk_sql_t wk_sql_erasures_open = {
    "erasures_open", "SELECT id FROM erasures WHERE state IN ('requested', 'running') LIMIT 1000", 0};

const wk_sql_t wk_sql_erasure = {
    "erasure",
    "SELECT state, requested_at < now() - interval '7 days' AS overdue FROM erasures"
    " WHERE id = $1::uuid",
    1};

/* What a job is the shop's by. Names stand in it as whole strings: of a header, of a body in JSON. */
const wk_sql_t wk_sql_erasure_traces = {
    "erasure_traces",
    "SELECT (SELECT jsonb_agg(ltrim(w, '+')) FROM unnest(ARRAY[e.phone_number::text, e.email::text,"
    "                e.customer_id::text] || e.found) w"
    "         WHERE w <> ALL (own_addresses())) AS words,"
    "       (SELECT jsonb_agg(w) FROM ("
    "            SELECT e.organization_id::text AS w"
    "            UNION ALL SELECT substr(phone_number, 2) FROM organization_phone_numbers"
    "            UNION ALL SELECT elevenlabs_agent_id FROM organizations"
    "                       WHERE elevenlabs_agent_id IS NOT NULL"
    "            UNION ALL SELECT '\\\"' || slug || '\\\"' FROM organizations"
    "            UNION ALL SELECT CASE service WHEN 'shopify' THEN to_json(account_id)::text"
    "                                          ELSE account_id END"
    "                        FROM integrations WHERE service IN ('shopify', 'hubspot')"
    "                                            AND account_id IS NOT NULL) o) AS ours"
    "  FROM erasures e WHERE e.id = $1::uuid",
    1};

const wk_sql_t wk_sql_erasure_erase = {
    "erasure_erase", "SELECT erase_person($1::uuid) AS erased", 1};

const wk_sql_t wk_sql_erasure_requests = {
    "erasure_requests",
    "SELECT vendor, kind, reference, state FROM erasure_requests WHERE erasure_id = $1::uuid"
    " ORDER BY vendor, kind, reference",
    1};

const wk_sql_t wk_sql_erasure_of_call = {
    "erasure_of_call",
    "SELECT EXISTS (SELECT FROM erasure_requests WHERE kind = 'call' AND reference = $1)"
    "    OR EXISTS (SELECT FROM erasure_requests WHERE kind = 'conversation' AND reference = $2)"
    "    AS erased",
    2};

const wk_sql_t wk_sql_erasure_answered = {
    "erasure_answered",
    "UPDATE erasure_requests SET state = $5, answer = $6, answered_at = now()"
    " WHERE erasure_id = $1::uuid AND vendor = $2 AND kind = $3 AND reference = $4",
    6};

const wk_sql_t wk_sql_erasure_counted = {
    "erasure_counted",
    "UPDATE erasures SET counts = counts || jsonb_build_object($2::text,"
    "        coalesce((counts ->> $2::text)::bigint, 0) + $3::bigint)"
    " WHERE id = $1::uuid",
    3};

const wk_sql_t wk_sql_erasure_done = {
    "erasure_done",
    "UPDATE erasures e SET finished_at = now(), phone_number = NULL, email = NULL,"
    "       customer_id = NULL, found = '{}',"
    "       state = CASE WHEN EXISTS (SELECT FROM erasure_requests q WHERE q.erasure_id = e.id"
    "                                    AND q.state = 'refused') THEN 'failed' ELSE 'done' END"
    " WHERE id = $1::uuid AND state = 'running'",
    1};

/* clang-format on */
