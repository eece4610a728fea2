#include "worker/store/personalization.h"

/*
 * The phone rings while this runs, so it touches a few rows by index and each table as
 * seldom as can be (a reference under row level security costs more than the row).
 *
 * A shop may have thousands of products: their kinds are found by skipping through the
 * index, 12 at most, and of each it is asked only whether any is in stock.
 */
#define KINDS                                                                                  \
    "WITH RECURSIVE kinds (product_type, n) AS ("                                              \
    "    VALUES ('', 0)"                                                                       \
    "    UNION ALL"                                                                            \
    "    SELECT (SELECT p.product_type FROM products p WHERE p.product_type > k.product_type"  \
    "             ORDER BY p.product_type LIMIT 1), k.n + 1"                                   \
    "      FROM kinds k WHERE k.product_type IS NOT NULL AND k.n < 12) "

#define STOCK                                                                                  \
    "(SELECT json_agg(json_build_array(k.product_type,"                                        \
    "            EXISTS (SELECT FROM products p WHERE p.product_type = k.product_type"         \
    "                       AND p.is_active AND (p.available > 0 OR NOT p.is_tracked))))"      \
    "   FROM kinds k WHERE k.product_type <> '') AS stock"

#define MESSAGES                                                                               \
    "  LEFT JOIN LATERAL ("                                                                    \
    "      SELECT count(*) AS count,"                                                          \
    "             json_agg(json_build_array(to_char(h.occurred_at AT TIME ZONE o.timezone,"    \
    "                                               'YYYY-MM-DD HH24:MI'),"                    \
    "                                       h.speaker, h.channel, left(h.content, 300)))"      \
    "                 FILTER (WHERE h.n <= 8) AS last"                                         \
    "        FROM (SELECT occurred_at, speaker, channel, content,"                             \
    "                     row_number() OVER (ORDER BY occurred_at DESC, id DESC) AS n"         \
    "                FROM messages WHERE customer_id = c.id AND channel <> 'chat'"             \
    "               ORDER BY occurred_at DESC, id DESC LIMIT 50) h) m ON c.id IS NOT NULL"

#define ORDERS                                                                                 \
    "(SELECT json_agg(json_build_array(r.order_number, r.status, r.total_amount, r.currency,"  \
    "            r.tracking_number, r.tracking_company, r.estimated_delivery,"                 \
    "            (SELECT string_agg(i ->> 'title', ', ')"                                      \
    "               FROM jsonb_array_elements(r.items) i)))"                                   \
    "   FROM (SELECT * FROM orders WHERE phone_number = $1 OR customer_id = c.id"              \
    "          ORDER BY placed_at DESC LIMIT 3) r) AS orders"

#define APPOINTMENTS                                                                           \
    "(SELECT json_agg(json_build_array(a.appointment_type,"                                    \
    "            to_char(a.wall, 'YYYY-MM-DD'), to_char(a.wall, 'HH24:MI'), a.status,"         \
    "            a.bike_details ->> 'model'))"                                                 \
    "   FROM (SELECT *, starts_at AT TIME ZONE o.timezone AS wall FROM appointments"           \
    "          WHERE customer_id = c.id AND starts_at > t.at - interval '12 hours'"            \
    "            AND ends_at > t.at AND status IN ('held', 'confirmed', 'in_progress')"        \
    "          ORDER BY starts_at LIMIT 3) a) AS appointments"

/* OFFSET 0: evaluated once, however often its columns are used. */
const wk_sql_t wk_sql_personalization = {
    "personalization",
    KINDS
    "SELECT o.name, o.phone, o.owner_phone, o.website_url AS website, o.timezone, o.language,"
    "       o.business_type, array_to_json(o.languages) AS languages, o.description,"
    "       o.services_description AS services, o.hours, o.promotions, " STOCK ","
    "       (SELECT voice_greeting_message FROM agent_configs) AS greeting,"
    "       to_char(t.wall, 'YYYY-MM-DD') AS today, to_char(t.wall, 'HH24:MI') AS clock,"
    "       extract(isodow FROM t.wall)::int AS weekday, h.open AS opens, h.close AS closes,"
    "       x.at IS NOT NULL AS open, to_char(x.at AT TIME ZONE o.timezone, 'HH24:MI') AS closing,"
    "       to_char(CASE WHEN x.at IS NULL"
    "                    THEN next_opening(o.hours, o.timezone, t.at) AT TIME ZONE o.timezone END,"
    "               'YYYY-MM-DD HH24:MI') AS next_opening,"
    "       c.id AS customer, c.name AS customer_name, c.first_name, c.email, c.tier,"
    "       c.preferred_language,"
    "       (c.customer_since AT TIME ZONE o.timezone)::date AS customer_since, c.lead_status,"
    "       coalesce(c.conversation_sentiment, c.sentiment) AS sentiment, c.total_spent,"
    "       o.currency, c.purchase_count,"
    "       (c.last_purchase_at AT TIME ZONE o.timezone)::date AS last_purchase,"
    "       (c.last_contact_at AT TIME ZONE o.timezone)::date AS last_contact,"
    "       c.interaction_count, c.conversation_summary AS summary, c.commitments, m.last AS messages,"
    "       coalesce(m.count, 0) AS message_count, " ORDERS ", " APPOINTMENTS
    "  FROM organizations o"
    " CROSS JOIN LATERAL (SELECT coalesce($2::timestamptz, now()) AS at,"
    "                            coalesce($2::timestamptz, now()) AT TIME ZONE o.timezone AS wall"
    "                    OFFSET 0) t"
    " CROSS JOIN LATERAL hours_on(o.hours, t.wall::date) h"
    " CROSS JOIN LATERAL (SELECT closes_at(o.hours, o.timezone, t.at) AS at OFFSET 0) x"
    "  LEFT JOIN customers c ON c.phone_number = $1"
    MESSAGES
    " WHERE o.id = (SELECT current_organization())",
    2};
