#include "worker/store/campaigns.h"

#include "worker/store/carts.h"
#include "worker/store/sql.h"

const wk_sql_t wk_sql_campaigns_due = {
    "campaigns_due",
    "SELECT due('campaigns', $1::int) AS organization UNION SELECT due_campaigns($1::int)", 1};

/* clang-format off */

/* Of whatever campaign, who is written to at all. */
#define ABOUT_SOMEBODY(trigger) \
    "m.is_active AND m.trigger = '" trigger "' AND u.lead_status NOT IN ('cold', 'closed')" \
    " AND u.phone_number IS NOT NULL"

/*
 * Somebody who was followed up on in the last week is left alone by the nurture campaign. Whose
 * turn it can be is said in a bound that no row is asked for: row level security lets an index
 * take no other.
 */
#define ABOUT_LEADS \
    ABOUT_SOMEBODY("lead_created") \
    " AND u.created_at > (SELECT now() - max(delay_seconds) * interval '1 second'" \
    "                            - interval '7 days'" \
    "                       FROM campaigns WHERE is_active AND trigger = 'lead_created')" \
    " AND u.source IN ('call', 'sms', 'chat')" \
    " AND u.created_at <= now() - m.delay_seconds * interval '1 second'" \
    " AND u.created_at > now() - m.delay_seconds * interval '1 second' - interval '7 days'" \
    " AND u.created_at > now() - interval '" WK_RUN_REASON "'" \
    " AND (NOT m.conditions ? 'lead_status' OR m.conditions -> 'lead_status' ? u.lead_status)" \
    " AND NOT (coalesce((m.conditions ->> 'no_purchase')::bool, false) AND u.purchase_count > 0)" \
    " AND NOT EXISTS (SELECT FROM campaign_runs r" \
    "                  WHERE r.organization_id = u.organization_id AND r.customer_id = u.id" \
    "                    AND (r.state = 'scheduled' OR r.executed_at > now() - interval '7 days'))"

/* Whose last service was when: of all customers at once, and not asked for each. */
#define SERVED \
    "served AS (SELECT v.customer_id, max(v.at) AS at" \
    "    FROM (SELECT customer_id, ends_at AS at FROM appointments" \
    "           WHERE status IN ('confirmed', 'in_progress', 'completed') AND ends_at < now()" \
    "             AND appointment_type IN ('tune_up', 'repair', 'warranty', 'fitting')" \
    "             AND EXISTS (SELECT FROM campaigns WHERE is_active AND trigger = 'service_due')" \
    "          UNION ALL" \
    "          SELECT id, last_service_at FROM customers WHERE last_service_at IS NOT NULL) v" \
    "   GROUP BY v.customer_id HAVING max(v.at) > now() - interval '" WK_RUN_REASON "')"

#define ABOUT_SERVICE \
    ABOUT_SOMEBODY("service_due") \
    " AND s.at <= now() - make_interval(months =>" \
    "         coalesce((m.conditions ->> 'months_since_service')::int, 6))" \
    " AND NOT EXISTS (SELECT FROM appointments a" \
    "                  WHERE a.organization_id = u.organization_id AND a.customer_id = u.id" \
    "                    AND a.status IN ('held', 'confirmed', 'in_progress')" \
    "                    AND a.starts_at > now())"

#define KEY_OF(customer, at) \
    "'campaign:' || m.name || ':' || " customer " || ':'" \
    " || to_char(" at " AT TIME ZONE 'UTC', 'YYYY-MM-DD')"
#define NO_RUN_OF(customer, at) \
    " AND NOT EXISTS (SELECT FROM campaign_runs k WHERE k.key = " KEY_OF(customer, at) ")"

/* clang-format on */

const wk_sql_t wk_sql_campaigns_find = {
    "campaigns_find",
    "INSERT INTO campaign_runs (organization_id, campaign_id, customer_id, key)"
    " WITH " SERVED ","
    " found AS ("
    "    SELECT m.id AS campaign, u.id AS customer, " KEY_OF("u.id", "u.created_at") " AS key"
    "      FROM campaigns m CROSS JOIN customers u"
    "     WHERE " ABOUT_LEADS NO_RUN_OF("u.id", "u.created_at")
    "    UNION ALL"
    "    SELECT m.id, u.id, " KEY_OF("s.customer_id", "s.at")
    "      FROM campaigns m CROSS JOIN served s JOIN customers u ON u.id = s.customer_id"
    "     WHERE " ABOUT_SERVICE NO_RUN_OF("s.customer_id", "s.at") ")"
    " SELECT current_organization(), campaign, customer, key FROM found LIMIT $1::int"
    " ON CONFLICT ON CONSTRAINT campaign_runs_key DO NOTHING",
    1};

/* An order that was shipped or delivered long before we heard of it is no news. */
const wk_sql_t wk_sql_delivery_notice = {
    "delivery_notice",
    "INSERT INTO campaign_runs (organization_id, campaign_id, customer_id, key, data)"
    " SELECT current_organization(), m.id, o.customer_id,"
    "        'delivery:' || o.order_number || ':' || k.kind,"
    "        jsonb_build_object('order', o.order_number, 'kind', k.kind, 'url', o.tracking_url)"
    "   FROM orders o CROSS JOIN LATERAL (SELECT notice_of_order(o.status) AS kind) k"
    "   JOIN campaigns m ON m.trigger = 'order_moved' AND m.is_active"
    "  WHERE o.provider = 'shopify' AND o.provider_order_id = $1 AND o.customer_id IS NOT NULL AND k.kind IS NOT NULL"
    "    AND CASE k.kind WHEN 'shipped' THEN coalesce(o.shipped_at, o.provider_updated_at)"
    "                    WHEN 'delivered' THEN coalesce(o.delivered_at, o.provider_updated_at)"
    "                    ELSE o.provider_updated_at END > now() - interval '3 days'"
    "    AND o.placed_at > now() - interval '" WK_RUN_REASON "'"
    " ON CONFLICT ON CONSTRAINT campaign_runs_key DO NOTHING",
    1};

/* Who booked or moved it less than two days before has just been told. */
const wk_sql_t wk_sql_appointment_call = {
    "appointment_call",
    "INSERT INTO campaign_runs (organization_id, campaign_id, customer_id, key, data)"
    " SELECT current_organization(), m.id, a.customer_id, 'reminder:' || a.id || ':48h:' ||"
    "        to_char(a.starts_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI\"Z\"'),"
    "        jsonb_build_object('appointment', a.id, 'starts', a.starts_at::text,"
    "                           'channel', 'call')"
    "   FROM appointments a JOIN agent_configs g ON g.organization_id = a.organization_id"
    "   JOIN campaigns m ON m.trigger = 'appointment_near' AND m.is_active"
    "  WHERE a.id = $1::uuid AND g.call_reminders AND a.customer_id IS NOT NULL"
    "    AND coalesce(a.confirmation_sent_at, a.created_at) < a.starts_at - interval '48 hours'"
    " ON CONFLICT ON CONSTRAINT campaign_runs_key DO NOTHING",
    1};

const wk_sql_t wk_sql_campaigns_swept = {
    "campaigns_swept",
    "UPDATE campaigns SET swept_at = now()"
    " WHERE is_active AND trigger IN ('lead_created', 'service_due')",
    0};

/* clang-format off */

#define ZONE WK_SQL_CUSTOMER_ZONE("u", "u.phone_number", "o.timezone::text")

/* The wish of the run, else the campaign's. */
#define CHANNEL "coalesce(r.data ->> 'channel', m.channel)"

/* A promotion needs a yes on record; every other reason only that there is no "no". */
#define REFUSED \
    "(coalesce(u.contact_preferences ->> " CHANNEL ", 'true') = 'false'" \
    " OR coalesce(NOT n.granted, m.call_reason = 'promotion'))"

/* What does not hold any more: it was bought, the parcel or the appointment has moved on. */
#define OBSOLETE \
    "(u.lead_status = 'closed' AND m.trigger NOT IN ('order_moved', 'appointment_near')" \
    " OR m.trigger = 'lead_created' AND coalesce((m.conditions ->> 'no_purchase')::bool, false)" \
    "    AND u.purchase_count > 0" \
    " OR m.trigger = 'order_moved' AND NOT EXISTS (" \
    "        SELECT FROM orders d WHERE d.order_number = r.data ->> 'order'" \
    "           AND notice_of_order(d.status) = r.data ->> 'kind')" \
    " OR m.trigger = 'cart_abandoned' AND " WK_CART_BOUGHT("r.data ->> 'cart'") \
    " OR m.trigger = 'appointment_near' AND NOT EXISTS (" \
    "        SELECT FROM appointments a WHERE a.id = uuid_or_null(r.data ->> 'appointment')" \
    "           AND a.status = 'confirmed' AND a.starts_at > now()" \
    "           AND a.starts_at = (r.data ->> 'starts')::timestamptz)" \
    " OR m.trigger = 'service_due' AND EXISTS (" \
    "        SELECT FROM appointments a" \
    "         WHERE a.organization_id = r.organization_id AND a.customer_id = r.customer_id" \
    "           AND a.status IN ('held', 'confirmed', 'in_progress') AND a.starts_at > now()))"

/*
 * A campaign's: today somebody hears from a campaign once, and not on the day of a reminder,
 * be it sent or still to come. What was asked for in a call is no campaign.
 */
#define DAY_TAKEN \
    "(r.key LIKE 'campaign:%' AND (" \
    "   EXISTS (SELECT FROM campaign_runs k" \
    "            WHERE k.organization_id = r.organization_id AND k.customer_id = r.customer_id" \
    "              AND k.id <> r.id AND k.state IN ('running', 'done')" \
    "              AND k.executed_at >= z.day_begins" \
    "              AND (k.key LIKE 'campaign:%' OR k.key LIKE 'reminder:%'))" \
    "   OR EXISTS (SELECT FROM effects f JOIN messages t" \
    "                ON t.organization_id = f.organization_id AND t.effect_id = f.id" \
    "               WHERE t.customer_id = r.customer_id AND t.occurred_at >= z.day_begins" \
    "                 AND f.key LIKE 'reminder:%')" \
    "   OR EXISTS (SELECT FROM appointments a" \
    "               WHERE a.organization_id = r.organization_id AND a.customer_id = r.customer_id" \
    "                 AND (a.status = 'confirmed' AND a.starts_at > now()" \
    "                      AND a.starts_at < z.day_ends + interval '48 hours'" \
    "                      OR a.pickup_ready_at IS NOT NULL" \
    "                         AND coalesce(a.pickup_notified_at >= z.day_begins, true)))))"

/* clang-format on */

/* Of several runs for one customer the first: the others have to see what became of it. */
const wk_sql_t wk_sql_campaign_runs_take = {
    "campaign_runs_take",
    "SELECT r.id, r.key, m.name, " CHANNEL
    " AS channel, m.call_reason AS reason, r.customer_id,"
    "       (now() + interval '1 day')::text AS until,"
    "       extract(epoch FROM r.due_at)::bigint AS due_s,"
    "       u.first_name, u.phone_number AS phone, o.name AS shop, p.sender, r.data,"
    "       coalesce(u.conversation_language, u.preferred_language, o.language) AS language,"
    "       nullif(m.message_template, '{}') AS template,"
    "       CASE WHEN NOT m.is_active THEN 'campaign_off'"
    "            WHEN u.phone_number IS NULL THEN 'no_number'"
    "            WHEN " WK_SQL_OWN_NUMBER("u.phone_number") " THEN 'own_number'"
    "            WHEN " CHANNEL " = 'email' THEN 'no_email'"
    "            WHEN " CHANNEL " = 'sms' AND p.sender IS NULL THEN 'no_sender'"
    "            WHEN " REFUSED " THEN 'no_consent'"
    "            WHEN " OBSOLETE " THEN 'obsolete'"
    "            WHEN r.due_at < now() - interval '3 days' THEN 'too_late'"
    "       END AS skip,"
    "       CASE WHEN q.ends IS NOT NULL THEN q.ends WHEN " DAY_TAKEN
    "            THEN instant_of((z.today + 1) + greatest(g.quiet_until, '10:00'), z.zone)"
    "       END AS wait_until"
    "  FROM campaign_runs r"
    "  JOIN campaigns m ON m.organization_id = r.organization_id AND m.id = r.campaign_id"
    "  JOIN customers u ON u.organization_id = r.organization_id AND u.id = r.customer_id"
    "  JOIN organizations o ON o.id = r.organization_id"
    "  JOIN agent_configs g ON g.organization_id = r.organization_id"
    "  LEFT JOIN consent_states n ON n.organization_id = r.organization_id"
    "                            AND n.channel = " CHANNEL " AND n.address = u.phone_number"
    "  CROSS JOIN LATERAL (SELECT " ZONE " AS zone) c"
    "  CROSS JOIN LATERAL (SELECT c.zone, (now() AT TIME ZONE c.zone)::date AS today,"
    "      (now() AT TIME ZONE c.zone)::date::timestamp AT TIME ZONE c.zone AS day_begins,"
    "      ((now() AT TIME ZONE c.zone)::date + 1)::timestamp AT TIME ZONE c.zone AS day_ends) "
    "z"
    "  CROSS JOIN LATERAL (SELECT quiet_ends(g.quiet_from, g.quiet_until, z.zone) AS ends) q"
    "  LEFT JOIN LATERAL (SELECT x.phone_number AS sender FROM organization_phone_numbers x"
    "                      WHERE x.organization_id = r.organization_id AND x.is_active"
    "                        AND x.sms_enabled"
    "                      ORDER BY x.is_primary DESC, x.created_at LIMIT 1) p ON true"
    " WHERE r.state = 'scheduled' AND r.due_at <= now()"
    "   AND NOT EXISTS (SELECT FROM campaign_runs k"
    "                    WHERE k.organization_id = r.organization_id"
    "                      AND k.customer_id = r.customer_id AND k.state = 'scheduled'"
    "                      AND k.due_at <= now() AND (k.due_at, k.id) < (r.due_at, r.id))"
    " ORDER BY r.due_at, r.id LIMIT $1::int FOR UPDATE OF r SKIP LOCKED",
    1};

const wk_sql_t wk_sql_campaign_run_wait = {
    "campaign_run_wait",
    "UPDATE campaign_runs SET due_at = $2::timestamptz WHERE id = $1::uuid", 2};

const wk_sql_t wk_sql_campaign_run_end = {
    "campaign_run_end",
    "UPDATE campaign_runs r SET state = $2, result = $3, executed_at = now(),"
    "       message_id = (SELECT t.id FROM effects f JOIN messages t ON t.effect_id = f.id"
    "                      WHERE f.key = r.key)"
    " WHERE r.id = $1::uuid",
    3};

const wk_sql_t wk_sql_campaign_run_calling = {
    "campaign_run_calling",
    "SELECT r.state, r.key, r.customer_id, r.data, m.name, m.call_reason AS reason, "
    "u.first_name,"
    "       o.name AS shop, nullif(m.message_template, '{}') AS template,"
    "       " WK_SQL_SPOKEN("u", "o") " AS language"
    "  FROM campaign_runs r"
    "  JOIN campaigns m ON m.organization_id = r.organization_id AND m.id = r.campaign_id"
    "  JOIN customers u ON u.organization_id = r.organization_id AND u.id = r.customer_id"
    "  JOIN organizations o ON o.id = r.organization_id"
    " WHERE r.id = $1::uuid FOR UPDATE OF r",
    1};

const wk_sql_t wk_sql_campaign_run_postpone = {
    "campaign_run_postpone",
    "UPDATE campaign_runs SET state = 'scheduled', due_at = $2::timestamptz, result = NULL,"
    "                         executed_at = NULL"
    " WHERE id = $1::uuid AND state = 'running'",
    2};

const wk_sql_t wk_sql_campaign_run_called = {
    "campaign_run_called",
    "WITH made AS (SELECT end_reason FROM calls WHERE id = $4::uuid FOR SHARE)"
    " UPDATE campaign_runs"
    "    SET state = $2, executed_at = now(), call_id = $4::uuid,"
    "        result = CASE WHEN (SELECT end_reason FROM made) = 'voicemail' THEN 'voicemail'"
    "                      ELSE $3 END"
    "  WHERE id = $1::uuid AND state = 'running'",
    4};
