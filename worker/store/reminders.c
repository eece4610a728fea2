#include "worker/store/reminders.h"

#include "worker/store/sql.h"

/* clang-format off */

/* The shop, between which hours it may not write, and the number it writes from. */
#define SHOP \
    "shop AS (SELECT o.timezone::text AS zone, o.language AS shop_language, o.business_type, g.sms_reminders," \
    "                g.quiet_from, g.quiet_until," \
    "                (SELECT p.phone_number FROM organization_phone_numbers p" \
    "                  WHERE p.is_active AND p.sms_enabled" \
    "                  ORDER BY p.is_primary DESC, p.created_at LIMIT 1) AS sender" \
    "           FROM organizations o JOIN agent_configs g ON g.organization_id = o.id" \
    "          WHERE o.id = (SELECT current_organization()))"

#define PHONE "coalesce(a.customer_phone, c.phone_number)"

/* Until when the customer is not written to, by his own clock. */
#define QUIET \
    "LATERAL (SELECT quiet_ends(s.quiet_from, s.quiet_until, " \
    WK_SQL_CUSTOMER_ZONE("c", PHONE, "s.zone") ") AS ends) q"

/* Neither a STOP nor a preference stands against a text to the appointment's number. */
#define MAY_BE_WRITTEN_TO \
    "(" PHONE " IS NOT NULL AND s.sender IS NOT NULL" \
    " AND coalesce(c.contact_preferences ->> 'sms', 'true') <> 'false'" \
    " AND NOT EXISTS (SELECT FROM consent_states n WHERE n.channel = 'sms'" \
    "                   AND n.address = " PHONE " AND NOT n.granted))"

/* An appointment that was made after today's campaign was confirmed today: never both. */
#define CAMPAIGN_TODAY \
    "EXISTS (SELECT FROM campaign_runs r" \
    "         WHERE r.organization_id = a.organization_id AND r.customer_id = a.customer_id" \
    "           AND r.state IN ('running', 'done') AND r.key LIKE 'campaign:%'" \
    "           AND r.executed_at >= (now() AT TIME ZONE s.zone)::date::timestamp" \
    "                                AT TIME ZONE s.zone)"

#define COLUMNS \
    "a.id, a.starts_at::text AS starts," \
    " to_char(a.starts_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI\"Z\"') AS start," \
    " to_char(a.starts_at AT TIME ZONE s.zone, 'YYYY-MM-DD') AS date," \
    " to_char(a.starts_at AT TIME ZONE s.zone, 'HH24:MI') AS time," \
    " s.business_type, a.appointment_type, a.customer_id, " PHONE " AS phone, s.sender," \
    " coalesce(a.language, c.preferred_language, s.shop_language) AS language"

#define KIND \
    "CASE WHEN a.reminded_1h_at IS NULL AND a.starts_at <= now() + interval '1 hour' THEN '1h'" \
    "     WHEN a.reminded_24h_at IS NULL AND a.starts_at <= now() + interval '24 hours' THEN '24h'" \
    "     WHEN a.reminded_48h_at IS NULL THEN '48h' END"

/* clang-format on */

const wk_sql_t wk_sql_reminders_due = {
    "reminders_due",
    "SELECT due('reminders', $1::int) AS organization UNION SELECT due_pickups($1::int)", 1};

/* One that waits is looked at within the hour: hours and clocks may change meanwhile. */
#define LOOK_AT "least(q.ends, now() + interval '1 hour')::text AS look_at"

/*
 * Who was confirmed half an hour ago needs no reminder yet; a text that could only leave
 * after the appointment began never leaves. One whose quiet hours end before it `waits` is
 * among the rows, not left out by a condition: whose clock shows what is then asked of the
 * few that are taken, and not of all that are due. Nor is `moved` an EXISTS, for which a plan
 * may read all that the shop ever did instead of a key a row.
 */
const wk_sql_t wk_sql_reminders_take = {
    "reminders_take",
    "WITH " SHOP " SELECT " COLUMNS ", k.kind,"
    "        k.kind <> '48h' AND s.sms_reminders AND q.ends IS NULL AND " MAY_BE_WRITTEN_TO
    "        AND coalesce(a.confirmation_sent_at < now() - interval '30 minutes', true)"
    "        AND NOT " CAMPAIGN_TODAY " AS wanted,"
    "        k.kind <> '48h' AND s.sms_reminders AND coalesce(q.ends < a.starts_at, false)"
    "            AS waits, " LOOK_AT ","
    "        (a.starts_at - CASE k.kind WHEN '24h' THEN interval '1 hour' ELSE '0' END)::text"
    "            AS until,"
    "        (SELECT true FROM effects f"
    "          WHERE f.key = 'reminder:' || a.id::text || ':' || k.kind) IS NOT NULL AS moved"
    "   FROM shop s CROSS JOIN appointments a"
    "   LEFT JOIN customers c ON c.organization_id = a.organization_id AND c.id = a.customer_id"
    "   CROSS JOIN LATERAL (SELECT " KIND " AS kind) k CROSS JOIN " QUIET
    "  WHERE a.status = 'confirmed' AND k.kind IS NOT NULL"
    "    AND (a.remind_at IS NULL OR a.remind_at <= now())"
    "    AND a.starts_at > now() AND a.starts_at <= now() + interval '48 hours'"
    "    AND (a.starts_at, a.id) > (coalesce($1::timestamptz, now()),"
    "                               coalesce($2::uuid, '00000000-0000-0000-0000-000000000000'))"
    "  ORDER BY a.starts_at, a.id LIMIT $3::int FOR UPDATE OF a SKIP LOCKED",
    3};

const wk_sql_t wk_sql_reminder_waits = {
    "reminder_waits",
    "UPDATE appointments SET remind_at = $2::timestamptz WHERE id = $1::uuid", 2};

const wk_sql_t wk_sql_reminder_done = {
    "reminder_done",
    "UPDATE appointments"
    "   SET reminded_48h_at = coalesce(reminded_48h_at, now()),"
    "       reminded_24h_at = CASE WHEN $2 = '48h' THEN reminded_24h_at"
    "                              ELSE coalesce(reminded_24h_at, now()) END,"
    "       reminded_1h_at = CASE WHEN $2 = '1h' THEN now() ELSE reminded_1h_at END"
    " WHERE id = $1::uuid",
    2};

const wk_sql_t wk_sql_pickups_take = {
    "pickups_take",
    "WITH " SHOP " SELECT " COLUMNS ", 'pickup' AS kind, " MAY_BE_WRITTEN_TO
    "        AS wanted, false AS moved, (now() + interval '7 days')::text AS until"
    "   FROM shop s CROSS JOIN appointments a"
    "   LEFT JOIN customers c ON c.organization_id = a.organization_id AND c.id = a.customer_id"
    "   CROSS JOIN " QUIET
    "  WHERE a.pickup_ready_at IS NOT NULL AND a.pickup_notified_at IS NULL AND q.ends IS NULL"
    "  ORDER BY a.pickup_ready_at LIMIT $1::int FOR UPDATE OF a SKIP LOCKED",
    1};

const wk_sql_t wk_sql_pickup_done = {
    "pickup_done", "UPDATE appointments SET pickup_notified_at = now() WHERE id = $1::uuid", 1};

const wk_sql_t wk_sql_reminders_withdraw = {
    "reminders_withdraw",
    "WITH unsent AS ("
    "    SELECT e.id AS effect, m.id AS message"
    "      FROM effects e JOIN messages m ON m.effect_id = e.id"
    "     WHERE e.state = 'pending' AND e.key LIKE 'reminder:' || $1 || ':%'"
    "       AND m.metadata ->> 'sending' IS NULL"
    "       FOR UPDATE),"
    " ended AS ("
    "    UPDATE effects SET state = 'failed', finished_at = now(),"
    "                       result = '{\"code\": \"withdrawn\"}'"
    "      FROM unsent WHERE effects.id = unsent.effect)"
    " UPDATE messages SET status = 'canceled', status_at = now()"
    "   FROM unsent WHERE messages.id = unsent.message",
    1};
