#include "worker/store/appointments.h"

#include "worker/store/sql.h"

/* clang-format off */

#define SHOP \
    "shop AS (SELECT timezone::text AS zone, hours, (now() AT TIME ZONE timezone)::date AS today" \
    "           FROM organizations WHERE id = (SELECT current_organization()))"

/* A start in the shop's time: ISO 8601 with the offset of that very moment. */
#define OFFSET(at, zone) "((" at " AT TIME ZONE " zone ") - (" at " AT TIME ZONE 'UTC'))"
#define STARTS(at, zone) \
    "to_char(" at " AT TIME ZONE " zone ", 'YYYY-MM-DD\"T\"HH24:MI:SS')" \
    " || CASE WHEN " OFFSET(at, zone) " < '0' THEN '-' ELSE '+' END" \
    " || to_char(greatest(" OFFSET(at, zone) ", - " OFFSET(at, zone) "), 'HH24:MI') AS starts"

#define STANDS "(status IN ('confirmed', 'in_progress') OR (status = 'held' AND hold_expires_at > now()))"
/* Made for the number, or in the talk. */
#define HOLDER(phone, talk) \
    "(coalesce(a.customer_phone = " phone ", false)" \
    "  OR coalesce(a.metadata ->> 'talk' = " talk ", false))"
/* The appointment of an id ($1), when it is that customer's ($2; null: anybody's). */
#define MEANT "($2::uuid IS NULL OR a.customer_id = $2::uuid) AND a.id = uuid_or_null($1)"
#define UPCOMING "(a.status = 'confirmed' OR (a.status = 'held' AND a.hold_expires_at > now()))"

/* What an appointment was before it became another service. */
#define CHANGED_FROM(type, at) \
    "(" type "::text || ' ' || to_char(" at " AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI'))"

/* Of the calendars that an event of it may still be in, while it goes to $7: who made it may have
 * died before that was noted. */
#define CALENDAR "coalesce(google_calendar_id, 'primary')"
#define LEFT_CALENDARS \
    "coalesce(metadata -> 'left_calendars', '[]') - $7::text" \
    " || CASE WHEN google_event_id IS NULL AND calendar_state = 'none' OR " CALENDAR " = $7" \
    "         THEN '[]'::jsonb ELSE to_jsonb(array[" CALENDAR "]) END"

/* clang-format on */

/* Half an hour where the shop says nothing about the type. */
const wk_sql_t wk_sql_service = {
    "service",
    "SELECT coalesce(s.name, '{}') AS service, coalesce(s.duration_minutes, 30) AS minutes, s.price,"
    "       coalesce(s.resource, 'default') AS resource,"
    "       coalesce(s.calendar_id, 'primary') AS calendar_id,"
    "       o.name AS shop, o.timezone::text AS zone, o.address, o.language, o.phone,"
    "       to_char(now() AT TIME ZONE o.timezone, 'YYYY-MM-DD') AS today"
    "  FROM organizations o"
    "  LEFT JOIN services s ON s.organization_id = o.id AND s.appointment_type = $1 AND s.is_active"
    " WHERE o.id = (SELECT current_organization())",
    1};

const wk_sql_t wk_sql_slots_lock = {
    "slots_lock",
    "SELECT lock_key('appointments:' || current_organization()::text || ':' || $1)", 1};

const wk_sql_t wk_sql_appointment_lock_slots = {
    "appointment_lock_slots",
    "SELECT lock_key('appointments:' || current_organization()::text || ':' || x.resource),"
    "       (SELECT a.resource FROM appointments a WHERE " MEANT ") AS own"
    "  FROM (SELECT a.resource FROM appointments a WHERE " MEANT
    "        UNION SELECT $3::text WHERE $3::text IS NOT NULL ORDER BY 1) x",
    3};

/* Of the resource that does the type, for as long as it takes there; $2: that long instead. */
const wk_sql_t wk_sql_slots = {
    "slots",
    "WITH " SHOP ", service AS ("
    "    SELECT resource, duration_minutes AS minutes FROM services"
    "     WHERE appointment_type = $1 AND is_active),"
    " bounds AS ("
    "    SELECT zone, greatest(now(), instant_of(coalesce($3::date, today)::timestamp, zone)) AS first,"
    "           instant_of((coalesce($3::date, today) + $4::int)::timestamp, zone) AS last,"
    "           coalesce(resource, 'default') AS resource,"
    "           make_interval(mins => coalesce($2::int, minutes, 30)) AS duration"
    "      FROM shop LEFT JOIN service ON true),"
    " first AS ("
    "    SELECT s.starts_at, b.zone, count(*) OVER () AS total"
    "      FROM bounds b, free_slots(b.resource, b.duration, b.first, b.last) s"
    "     WHERE ($6::timestamp IS NULL OR s.starts_at > instant_of($6::timestamp, coalesce($7, zone)))"
    "       AND ($8::timestamp IS NULL OR s.starts_at < instant_of($8::timestamp, coalesce($9, zone)))"
    "     ORDER BY s.starts_at LIMIT $5::int)"
    " SELECT " STARTS("starts_at", "zone") ", total FROM first ORDER BY starts_at",
    9};

const wk_sql_t wk_sql_slots_near = {
    "slots_near",
    "WITH " SHOP ", wanted AS (SELECT $3::timestamptz AS at),"
    " near AS ("
    "    SELECT s.starts_at, b.zone"
    "      FROM shop b, wanted w, free_slots($1, make_interval(mins => $2::int),"
    "           greatest(now(), w.at - interval '3 days'), greatest(now(), w.at) + interval '14 days') s"
    "     ORDER BY abs(extract(epoch FROM s.starts_at - w.at)) LIMIT $4::int)"
    " SELECT " STARTS("starts_at", "zone") ", 0 AS total"
    "   FROM near ORDER BY starts_at",
    4};

const wk_sql_t wk_sql_slot_state = {
    "slot_state",
    "WITH " SHOP ", slot AS ("
    "    SELECT zone, hours, instant_of($3::timestamp, coalesce($4, zone)) AS s,"
    "           make_interval(mins => $2::int) AS d FROM shop)"
    " SELECT " STARTS("s", "zone") ","
    "        CASE WHEN s <= now() THEN 'past'"
    "             WHEN s > now() + interval '" WK_FURTHEST_START "' THEN 'far'"
    "             WHEN NOT coalesce(tstzrange(s, s + d) <@ opening_period(hours, zone,"
    "                       (s AT TIME ZONE zone)::date), false)"
    "              AND NOT coalesce(tstzrange(s, s + d) <@ opening_period(hours, zone,"
    "                       (s AT TIME ZONE zone)::date - 1), false) THEN 'closed'"
    "             WHEN EXISTS (SELECT FROM appointments a"
    "                           WHERE a.resource = $1 AND a.starts_at < s + d AND a.ends_at > s"
    "                             AND " STANDS " AND a.id IS DISTINCT FROM $5::uuid"
    "                             AND NOT (a.status = 'held' AND " HOLDER("$6", "$7") "))"
    "               OR EXISTS (SELECT FROM calendar_events c"
    "                           WHERE c.resource = $1 AND c.is_busy"
    "                             AND c.starts_at < s + d AND c.ends_at > s) THEN 'taken'"
    "             ELSE 'free' END AS state"
    "   FROM slot",
    7};

const wk_sql_t wk_sql_appointment_insert = {
    "appointment_insert",
    "INSERT INTO appointments (organization_id, customer_id, call_id, appointment_type, purpose,"
    "                          resource, starts_at, ends_at, customer_name, customer_phone,"
    "                          customer_email, language, notes, price, source, google_calendar_id,"
    "                          status, hold_expires_at, metadata)"
    " VALUES (current_organization(), $1::uuid, $2::uuid, $3, $4, $5, $6::timestamptz,"
    "         $6::timestamptz + make_interval(mins => $7::int), $8, $9, lower($10), $11, $12,"
    "         $13::numeric, $14, $15,"
    "         CASE WHEN $16::int IS NULL THEN 'confirmed' ELSE 'held' END,"
    "         now() + make_interval(secs => $16::int),"
    "         jsonb_strip_nulls(jsonb_build_object('talk', $17::text, 'invites', $18::bool)))"
    " RETURNING id, status",
    18};

const wk_sql_t wk_sql_appointment_event = {
    "appointment_event",
    "SELECT google_event_id AS event, calendar_state IN ('pending', 'synced') AS in_calendar"
    "  FROM appointments WHERE id = $1::uuid",
    1};

const wk_sql_t wk_sql_holds_release = {
    "holds_release",
    "UPDATE appointments a"
    "   SET status = 'cancelled', cancelled_at = now(), cancelled_by = 'reschedule'"
    " WHERE a.status = 'held' AND " HOLDER("$1", "$5") " AND a.resource = $2"
    "   AND a.starts_at < $3::timestamptz + make_interval(mins => $4::int)"
    "   AND a.ends_at > $3::timestamptz",
    5};

/* A hold ends by itself, by a booking in its place, or by its time. */
const wk_sql_t wk_sql_appointment_generation = {
    "appointment_generation",
    "SELECT count(*) AS generation FROM appointments"
    " WHERE CASE WHEN $1::uuid IS NOT NULL THEN customer_id = $1::uuid"
    "            ELSE customer_phone IS NOT DISTINCT FROM $2 AND customer_name = $3 END"
    "   AND (CASE WHEN appointment_type <> $4 THEN false"
    "            WHEN $6::bool THEN starts_at = $5::timestamptz AND hold_expires_at IS NOT NULL"
    "                           AND (status <> 'held' OR hold_expires_at <= now())"
    "            ELSE (starts_at = $5::timestamptz AND status = 'cancelled'"
    "                  AND cancelled_by IN ('customer', 'staff', 'calendar'))"
    "              OR metadata -> 'moved_from' ? to_char($5::timestamptz AT TIME ZONE 'UTC',"
    "                                                   'YYYY-MM-DD\"T\"HH24:MI') END"
    "        OR metadata -> 'changed_from' ? " CHANGED_FROM("$4", "$5::timestamptz") ")",
    6};

const wk_sql_t wk_sql_appointment_find = {
    "appointment_find",
    "SELECT a.id, a.appointment_type, a.status, a.resource,"
    "       (extract(epoch FROM a.ends_at - a.starts_at) / 60)::int AS minutes,"
    "       " STARTS("a.starts_at", "o.timezone::text") ","
    "       a.customer_id, a.customer_name, a.customer_phone, a.customer_email, a.language,"
    "       a.google_calendar_id AS calendar_id,"
    "       jsonb_array_length(coalesce(a.metadata -> 'moved_from', '[]'))"
    "         + jsonb_array_length(coalesce(a.metadata -> 'changed_from', '[]')) AS moves,"
    "       " UPCOMING " AS stands, a.starts_at > now() AS comes"
    "  FROM appointments a JOIN organizations o ON o.id = a.organization_id"
    " WHERE " MEANT " AND ($3::text IS NULL OR a.resource = $3) FOR UPDATE OF a",
    3};

const wk_sql_t wk_sql_appointments_meant = {
    "appointments_meant",
    "SELECT a.id, a.appointment_type, " STARTS("a.starts_at", "o.timezone::text") ","
    "       " UPCOMING " AS stands,"
    "       coalesce(a.starts_at = instant_of($2::timestamp, coalesce($3, o.timezone::text)),"
    "                false) AS is_then"
    "  FROM appointments a JOIN organizations o ON o.id = a.organization_id"
    " WHERE a.customer_id = $1::uuid AND a.starts_at > now()"
    "   AND (" UPCOMING " OR (a.status = 'cancelled' AND a.cancelled_by = 'customer'"
    "                         AND a.cancelled_at > now() - interval '15 minutes'))"
    " ORDER BY stands DESC, a.starts_at, a.id LIMIT $4::int",
    4};

const wk_sql_t wk_sql_appointment_move = {
    "appointment_move",
    "UPDATE appointments"
    "   SET starts_at = $2::timestamptz,"
    "       ends_at = $2::timestamptz + make_interval(mins => $3::int), " WK_SQL_MOVED
    " WHERE id = $1::uuid",
    3};

const wk_sql_t wk_sql_appointment_become = {
    "appointment_become",
    "UPDATE appointments"
    "   SET appointment_type = $2, resource = $3, price = $4::numeric, starts_at = $5::timestamptz,"
    "       ends_at = $5::timestamptz + make_interval(mins => $6::int),"
    "       reminded_48h_at = CASE WHEN starts_at = $5::timestamptz THEN reminded_48h_at END,"
    "       reminded_24h_at = CASE WHEN starts_at = $5::timestamptz THEN reminded_24h_at END,"
    "       reminded_1h_at = CASE WHEN starts_at = $5::timestamptz THEN reminded_1h_at END,"
    "       confirmation_sent_at = NULL, google_calendar_id = $7,"
    "       google_event_id = CASE WHEN " CALENDAR " = $7 THEN google_event_id END,"
    "       google_etag = CASE WHEN " CALENDAR " = $7 THEN google_etag END,"
    "       metadata = metadata || jsonb_build_object('left_calendars', " LEFT_CALENDARS ","
    "           'changed_from', coalesce(metadata -> 'changed_from', '[]')"
    "               || to_jsonb(" CHANGED_FROM("appointment_type", "starts_at") "))"
    " WHERE id = $1::uuid",
    7};

const wk_sql_t wk_sql_appointment_was = {
    "appointment_was",
    "UPDATE appointments SET appointment_type = $2, price = $3::numeric WHERE id = $1::uuid", 3};

const wk_sql_t wk_sql_appointment_cancel = {
    "appointment_cancel",
    "UPDATE appointments"
    "   SET status = 'cancelled', cancelled_at = now(), cancelled_by = $2, cancel_reason = $3"
    " WHERE id = $1::uuid AND status IN ('held', 'confirmed')",
    3};

const wk_sql_t wk_sql_appointment_confirmed = {
    "appointment_confirmed",
    "UPDATE appointments SET confirmation_sent_at = now() WHERE id = $1::uuid", 1};
