#include "worker/store/reception.h"

#include "worker/store/sql.h"

/* An order is told to the number it carries, or, carrying none, to its customer's. */
#define MINE                                                                                   \
    "(r.phone_number = $2 OR (r.phone_number IS NULL AND r.customer_id = $1::uuid))"

#define STANDS                                                                                 \
    "(p.status = 'confirmed' OR (p.status = 'held' AND p.hold_expires_at > now()))"
#define APPOINTMENT                                                                            \
    "json_build_array(p.id, p.appointment_type,"                                               \
    " to_char(p.starts_at AT TIME ZONE o.timezone, 'YYYY-MM-DD'),"                             \
    " to_char(p.starts_at AT TIME ZONE o.timezone, 'HH24:MI'), " STANDS ")"

/*
 * $4 is so far from today, or the next such day of a month or of a year. Of a month without it
 * it is one of the next: whoever asked sees that by its number.
 */
#define DAY_MEANT                                                                              \
    "CASE WHEN $4::text LIKE '+%' THEN (t.wall + $4::interval)::date"                          \
    "     WHEN length($4) = 2 THEN"                                                            \
    "          (date_trunc('month', t.wall)"                                                   \
    "           + CASE WHEN $4::int < extract(day FROM t.wall) THEN interval '1 month'"        \
    "                  ELSE interval '0' END)::date + $4::int - 1"                             \
    "     ELSE (SELECT min(of_year.day) FROM (SELECT (date_trunc('year', t.wall)"              \
    "                 + make_interval(years => y, months => substr($4, 1, 2)::int - 1))::date" \
    "                 + substr($4, 4)::int - 1 AS day FROM generate_series(0, 1) y) of_year"   \
    "            WHERE of_year.day >= t.wall::date) END"

/*
 * When the last text left that invites the letters; NULL: none did. reminded_24h_at alone says
 * only that the reminder was dealt with, wanted or not, and that it was not moved since.
 */
#define INVITED_AT                                                                             \
    "greatest(p.confirmation_sent_at,"                                                         \
    " (SELECT max(f.finished_at) FROM effects f"                                               \
    "   WHERE f.organization_id = p.organization_id AND f.state = 'done'"                      \
    "     AND p.reminded_24h_at IS NOT NULL"                                                   \
    "     AND f.key IN ('reminder:' || p.id::text || ':24h',"                                  \
    "                   'reminder:' || p.id::text || ':24h:' ||"                               \
    "                   to_char(p.starts_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI\"Z\"'))))"

const wk_sql_t wk_sql_reception = {
    "reception",
    "SELECT o.name, o.phone, o.website_url AS website, o.language,"
    "       array_to_json(o.languages) AS languages, o.address, o.directions, g.agent_name,"
    "       o.policies,"
    "       (SELECT json_agg(p.value ->> 'text' ORDER BY p.ordinality)"
    "          FROM jsonb_array_elements(o.promotions) WITH ORDINALITY p"
    "         WHERE to_char(t.wall, 'YYYY-MM-DD') BETWEEN coalesce(p.value ->> 'starts', '')"
    "                   AND coalesce(p.value ->> 'ends', '9999')) AS promotions,"
    "       (SELECT json_object_agg(s.appointment_type, s.price) FROM services s"
    "         WHERE s.organization_id = o.id AND s.is_active AND s.price IS NOT NULL) AS prices,"
    "       (SELECT json_object_agg(s.appointment_type, s.duration_minutes) FROM services s"
    "         WHERE s.organization_id = o.id AND s.is_active) AS durations,"
    "       (SELECT json_object_agg(s.appointment_type, s.name) FROM services s"
    "         WHERE s.organization_id = o.id AND s.is_active) AS services,"
    "       o.currency, g.language_detection, g.language_confidence,"
    "       " WK_SQL_PLAN("o") " AS plan, o.engines[1] AS engine,"
    "       o.business_type, g.emergency_words,"
    "       coalesce(o.notification_phone, o.owner_phone) AS page_number,"
    "       to_char(t.wall, 'YYYY-MM-DD') AS today, extract(isodow FROM t.wall)::int AS weekday,"
    "       x.at IS NOT NULL AS open, to_char(x.at AT TIME ZONE o.timezone, 'HH24:MI') AS closing,"
    "       to_char(n.at AT TIME ZONE o.timezone, 'YYYY-MM-DD HH24:MI') AS next_opening,"
    "       (SELECT json_agg(json_build_array(d.day, extract(isodow FROM d.day), h.open, h.close)"
    "                        ORDER BY d.day)"
    "          FROM (SELECT t.wall::date + i AS day FROM generate_series(0, 14) i) d"
    "         CROSS JOIN LATERAL hours_on(o.hours, d.day) h) AS week,"
    "       (SELECT json_agg(json_build_array(d.key, d.value ->> 'open', d.value ->> 'close')"
    "                        ORDER BY d.key)"
    "          FROM (SELECT * FROM jsonb_each(coalesce(o.hours -> 'exceptions', '{}'))"
    "                 WHERE key BETWEEN to_char(t.wall, 'YYYY-MM-DD')"
    "                               AND to_char(t.wall + interval '90 days', 'YYYY-MM-DD')"
    "                 ORDER BY key LIMIT 5) d) AS exceptions,"
    "       (SELECT json_build_array(d.day, extract(isodow FROM d.day), h.open, h.close)"
    "          FROM (SELECT " DAY_MEANT " AS day) d"
    "         CROSS JOIN LATERAL hours_on(o.hours, d.day) h WHERE $4 IS NOT NULL) AS day,"
    "       r.id AS order_id, r.order_number, r.status, r.tracking_number, r.tracking_company,"
    "       r.tracking_url, r.estimated_delivery AS expected,"
    "       (SELECT count(*) FROM orders r WHERE " MINE ") AS order_count,"
    "       (SELECT json_agg(p.a ORDER BY p.starts_at)"
    "          FROM (SELECT p.starts_at, " APPOINTMENT " AS a FROM appointments p"
    "                 WHERE p.customer_id = $1::uuid AND " STANDS " AND p.starts_at > t.at"
    "                 ORDER BY p.starts_at LIMIT 10) p) AS appointments,"
    "       (SELECT " APPOINTMENT " FROM appointments p"
    "         CROSS JOIN LATERAL (SELECT " INVITED_AT " AS at) i"
    "         WHERE p.customer_id = $1::uuid AND p.starts_at > t.at AND i.at IS NOT NULL"
    "         ORDER BY i.at DESC, p.starts_at DESC LIMIT 1) AS texted,"
    "       (SELECT p.pickup_ready_at IS NOT NULL FROM appointments p"
    "         WHERE p.customer_id = $1::uuid AND p.starts_at <= t.at"
    "           AND p.status IN ('confirmed', 'in_progress', 'completed')"
    "         ORDER BY p.starts_at DESC LIMIT 1) AS ready,"
    "       EXISTS (SELECT FROM knowledge_chunks) AS knows,"
    "       EXISTS (SELECT FROM tasks WHERE customer_id = $1::uuid AND kind = 'callback'"
    "                  AND status = 'open' AND NOT data ? 'chat_session') AS open_callback"
    "  FROM organizations o"
    "  JOIN agent_configs g ON g.organization_id = o.id"
    " CROSS JOIN LATERAL (SELECT coalesce($5::timestamptz, now()) AS at,"
    "                            coalesce($5::timestamptz, now()) AT TIME ZONE o.timezone AS wall) t"
    " CROSS JOIN LATERAL (SELECT closes_at(o.hours, o.timezone, t.at) AS at) x"
    " CROSS JOIN LATERAL (SELECT next_opening(o.hours, o.timezone, t.at) AS at) n"
    "  LEFT JOIN LATERAL (SELECT * FROM orders r"
    "                      WHERE " MINE " AND ($3::text IS NULL OR r.order_number = $3)"
    "                      ORDER BY r.placed_at DESC LIMIT 1) r ON true"
    " WHERE o.id = current_organization()",
    5};

const wk_sql_t wk_sql_essential_questions = {
    "essential_questions",
    "SELECT coalesce(translations ->> $1, question_text) AS question FROM lead_questions"
    " WHERE is_essential_for_emergency ORDER BY position LIMIT 3",
    1};
