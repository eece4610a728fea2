#include "worker/store/calendar.h"

#include "worker/store/appointments.h"
#include "worker/store/sql.h"

/* Laid out by hand: clang-format breaks SQL in the middle of a word. */
/* clang-format off */

#define RFC3339(at) "to_char((" at ") AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"
#define SECONDS(at) "extract(epoch FROM " at ")::bigint"

/* As wk_sql_service says: what has no service of its own is the default resource's. */
#define RESOURCES(calendar) \
    "(SELECT resource FROM services WHERE calendar_id = " calendar " AND is_active" \
    " UNION SELECT 'default' WHERE " calendar " = 'primary')"

/* The calendars that the shop's appointments go to. */
#define NAMED \
    "(SELECT calendar_id FROM services WHERE is_active UNION SELECT 'primary')"

#define STANDS "(a.status IN ('confirmed', 'in_progress')" \
    " OR (a.status = 'held' AND a.hold_expires_at > now()))"

/* Google does not show it any more. */
#define GONE(calendar) \
    "EXISTS (SELECT FROM sync_tokens g WHERE g.service = 'google_calendar'" \
    "                                    AND g.resource = " calendar " AND g.gone_at IS NOT NULL)"
#define CALENDAR "coalesce(google_calendar_id, 'primary')"

#define BEGAN(us) "(timestamptz 'epoch' + " us "::bigint * interval '1 microsecond')"

/* ---------------------------------------------------------------- appointments */

const wk_sql_t wk_sql_calendar_pending = {
    "calendar_pending",
    "UPDATE appointments SET calendar_state = 'pending'"
    " WHERE id = $1::uuid AND status <> 'held'"
    "   AND EXISTS (SELECT FROM integrations"
    "                WHERE service = 'google_calendar' AND status <> 'disconnected')"
    " RETURNING NOT " GONE(CALENDAR) " AS is_there",
    1};

const wk_sql_t wk_sql_calendar_doubted = {
    "calendar_doubted",
    "UPDATE appointments SET calendar_state = 'pending'"
    " WHERE calendar_state = 'synced' AND ends_at > now()"
    "   AND (status <> 'cancelled' OR cancelled_at > calendar_synced_at)"
    "   AND NOT EXISTS (SELECT FROM integrations"
    "                    WHERE service = 'google_calendar' AND status = 'connected')",
    0};

const wk_sql_t wk_sql_calendar_appointment = {
    "calendar_appointment",
    "SELECT a.id, a.status, coalesce(a.google_calendar_id, 'primary') AS calendar,"
    "       a.google_event_id AS event, a.calendar_state, a.appointment_type AS type,"
    "       a.purpose, a.notes, a.customer_name, a.customer_phone, a.customer_email,"
    "       coalesce((a.metadata ->> 'invites')::bool, true) AS invites,"
    "       a.metadata -> 'left_calendars' AS left_calendars,"
    "       " GONE("coalesce(a.google_calendar_id, 'primary')") " AS gone,"
    "       " RFC3339("a.starts_at") " AS starts, " RFC3339("a.ends_at") " AS ends,"
    "       " SECONDS("a.starts_at") " AS starts_s, " SECONDS("a.ends_at") " AS ends_s,"
    "       o.timezone::text AS zone, o.language"
    "  FROM appointments a JOIN organizations o ON o.id = a.organization_id"
    " WHERE a.id = $1::uuid",
    1};

/* Without those of $9, which were looked after. */
#define LEFT_AFTER \
    "(coalesce(metadata -> 'left_calendars', '[]')" \
    " - ARRAY(SELECT jsonb_array_elements_text(coalesce($9::jsonb, '[]'))))"
#define IS_THERE CALENDAR " = $2"

/* One that became another service meanwhile may have to be in another calendar. */
const wk_sql_t wk_sql_calendar_pushed = {
    "calendar_pushed",
    "UPDATE appointments"
    "   SET google_calendar_id = CASE WHEN " IS_THERE " THEN $2 ELSE google_calendar_id END,"
    "       google_event_id = CASE WHEN " IS_THERE " THEN coalesce($3, google_event_id)"
    "                              ELSE google_event_id END,"
    "       google_etag = CASE WHEN " IS_THERE " THEN $4 ELSE google_etag END,"
    "       calendar_synced_at = now(),"
    "       calendar_state = CASE WHEN " IS_THERE
    "                              AND " SECONDS("starts_at") " = $5::bigint"
    "                              AND " SECONDS("ends_at") " = $6::bigint AND status = $7"
    "                              AND appointment_type = $8"
    "                             THEN 'synced' ELSE calendar_state END,"
    "       metadata = metadata - '{left_calendars,google_period}'::text[] || CASE"
    "           WHEN $3 IS NULL THEN '{}'"
    "           ELSE jsonb_build_object('google_period', tstzrange(to_timestamp($5::bigint),"
    "                                                      to_timestamp($6::bigint))) END"
    "       || CASE"
    "           WHEN NOT (" IS_THERE ") AND $3 IS NOT NULL"
    "           THEN jsonb_build_object('left_calendars', " LEFT_AFTER " || to_jsonb(array[$2::text]))"
    "           WHEN " LEFT_AFTER " <> '[]' THEN jsonb_build_object('left_calendars', " LEFT_AFTER ")"
    "           ELSE '{}' END"
    " WHERE id = $1::uuid",
    9};

const wk_sql_t wk_sql_calendar_failed = {
    "calendar_failed",
    "UPDATE appointments SET calendar_state = 'failed'"
    " WHERE id = $1::uuid AND calendar_state = 'pending'",
    1};

const wk_sql_t wk_sql_calendar_behind = {
    "calendar_behind",
    "SELECT id FROM appointments"
    " WHERE ends_at > now() - interval '1 day' AND NOT " GONE(CALENDAR)
    "   AND (calendar_state = 'none' AND status = 'confirmed'"
    "        OR calendar_state = 'pending'"
    "           AND ($1::boolean OR updated_at < now() - interval '10 minutes')"
    "        OR calendar_state = 'failed'"
    "           AND ($1::boolean OR updated_at < now() - interval '1 hour'))"
    " ORDER BY starts_at LIMIT 100",
    1};

const wk_sql_t wk_sql_calendar_unseen = {
    "calendar_unseen",
    "SELECT id, google_event_id AS event FROM appointments"
    " WHERE google_calendar_id = $1 AND google_event_id <> ALL ($2::text[])"
    "   AND calendar_state = 'synced' AND status = 'confirmed' AND ends_at > now()"
    " ORDER BY starts_at",
    2};

const wk_sql_t wk_sql_calendar_lock_slots = {
    "calendar_lock_slots",
    "SELECT lock_key('appointments:' || current_organization()::text || ':' || resource),"
    "       resource"
    "  FROM appointments WHERE google_calendar_id = $1 AND google_event_id = $2",
    2};

const wk_sql_t wk_sql_calendar_owner = {
    "calendar_owner",
    "SELECT id, status, calendar_state, starts_at <= now() AS began, ends_at <= now() AS over,"
    "       " SECONDS("starts_at") " AS starts_s, " SECONDS("ends_at") " AS ends_s"
    "  FROM appointments WHERE google_calendar_id = $1 AND google_event_id = $2"
    "                      AND resource = $3 FOR UPDATE",
    3};

const wk_sql_t wk_sql_calendar_names = {
    "calendar_names",
    "SELECT EXISTS (SELECT FROM appointments WHERE id = uuid_or_null($1)) AS one", 1};

const wk_sql_t wk_sql_calendar_occupied = {
    "calendar_occupied",
    "SELECT EXISTS (SELECT FROM appointments a JOIN appointments own ON own.id = $1::uuid"
    "                WHERE a.resource = own.resource AND a.id <> own.id AND " STANDS
    "                  AND a.starts_at < to_timestamp($3::bigint)"
    "                  AND a.ends_at > to_timestamp($2::bigint)) AS other",
    3};

const wk_sql_t wk_sql_calendar_move = {
    "calendar_move",
    "UPDATE appointments"
    "   SET starts_at = to_timestamp($2::bigint), ends_at = to_timestamp($3::bigint),"
    "       " WK_SQL_MOVED
    " WHERE id = $1::uuid",
    3};

/* ---------------------------------------------------------------- the mirror */

const wk_sql_t wk_sql_calendars_ensure = {
    "calendars_ensure",
    "INSERT INTO sync_tokens (organization_id, service, resource)"
    " SELECT current_organization(), 'google_calendar', calendar_id FROM " NAMED " calendars"
    " ON CONFLICT DO NOTHING",
    0};

const wk_sql_t wk_sql_calendars_drop_events = {
    "calendars_drop_events",
    "DELETE FROM calendar_events c"
    " WHERE NOT EXISTS (SELECT FROM " NAMED " n WHERE n.calendar_id = c.calendar_id)",
    0};

const wk_sql_t wk_sql_calendars_drop = {
    "calendars_drop",
    "DELETE FROM sync_tokens t"
    " WHERE service = 'google_calendar'"
    "   AND NOT EXISTS (SELECT FROM " NAMED " n WHERE n.calendar_id = t.resource)"
    "   AND NOT EXISTS (SELECT FROM appointments a"
    "                    WHERE a.google_calendar_id = t.resource"
    "                      AND a.google_event_id IS NOT NULL"
    "                      AND a.status = 'confirmed' AND a.ends_at > now())"
    " RETURNING resource AS calendar",
    0};

const wk_sql_t wk_sql_calendars_forget_state = {
    "calendars_forget_state",
    "UPDATE sync_tokens"
    "   SET token = NULL, synced_at = NULL, channel_expires_at = now(), error = NULL,"
    "       stale_since = now(), gone_at = NULL"
    " WHERE service = 'google_calendar'",
    0};

const wk_sql_t wk_sql_calendars_forget_events = {
    "calendars_forget_events",
    "DELETE FROM calendar_events WHERE organization_id = current_organization()", 0};

const wk_sql_t wk_sql_calendars_remove = {
    "calendars_remove", "DELETE FROM sync_tokens WHERE service = 'google_calendar'", 0};

const wk_sql_t wk_sql_calendars = {
    "calendars",
    "SELECT resource AS calendar, token, channel_id, channel_resource_id,"
    "       channel_id IS NULL OR channel_expires_at < now() + interval '1 day'"
    "           AS channel_ends,"
    "       (extract(epoch FROM synced_at) * 1000)::bigint AS synced_ms,"
    "       gone_at IS NOT NULL AS gone,"
    "       (extract(epoch FROM now()) * 1000000)::bigint AS began,"
    "       " RFC3339("now() - interval '1 day'") " AS time_min"
    "  FROM sync_tokens"
    " WHERE service = 'google_calendar' AND ($1::text IS NULL OR resource = $1)"
    " ORDER BY resource",
    1};

const wk_sql_t wk_sql_calendars_shown = {
    "calendars_shown",
    "SELECT resource AS calendar, error, " WK_SQL_ISO("synced_at") " AS synced_at,"
    "       coalesce(synced_at < now() - interval '10 minutes', true) AS stale,"
    "       gone_at IS NOT NULL AS gone,"
    "       " WK_SQL_ISO("channel_expires_at") " AS channel_expires_at"
    "  FROM sync_tokens WHERE service = 'google_calendar' ORDER BY resource",
    0};

const wk_sql_t wk_sql_calendar_of_channel = {
    "calendar_of_channel",
    "SELECT resource AS calendar, channel_resource_id AS resource_id"
    "  FROM sync_tokens WHERE service = 'google_calendar' AND channel_id = $1",
    1};

const wk_sql_t wk_sql_calendar_times = {
    "calendar_times",
    "WITH zone AS (SELECT coalesce($5, timezone::text) AS z FROM organizations"
    "               WHERE id = current_organization())"
    " SELECT " SECONDS("instant_of($1::timestamp, coalesce($2, z))") " AS starts_s,"
    "        " SECONDS("instant_of($3::timestamp, coalesce($4, z))") " AS ends_s FROM zone",
    5};

const wk_sql_t wk_sql_calendar_event_put = {
    "calendar_event_put",
    "INSERT INTO calendar_events (organization_id, calendar_id, event_id, resource, starts_at,"
    "                             ends_at, is_busy, etag)"
    " SELECT current_organization(), $1, $2, r.resource, to_timestamp($3::bigint),"
    "        to_timestamp($4::bigint), $5::boolean, $6 FROM " RESOURCES("$1") " r"
    " ON CONFLICT (organization_id, calendar_id, event_id, resource) DO UPDATE"
    "    SET starts_at = excluded.starts_at, ends_at = excluded.ends_at,"
    "        is_busy = excluded.is_busy, etag = excluded.etag, synced_at = now()",
    6};

const wk_sql_t wk_sql_calendar_event_drop = {
    "calendar_event_drop",
    "DELETE FROM calendar_events WHERE calendar_id = $1 AND event_id = $2", 2};

const wk_sql_t wk_sql_calendar_sweep = {
    "calendar_sweep",
    "DELETE FROM calendar_events WHERE calendar_id = $1 AND synced_at < " BEGAN("$2"), 2};

const wk_sql_t wk_sql_calendar_tidy = {
    "calendar_tidy",
    "DELETE FROM calendar_events"
    " WHERE calendar_id = $1"
    "   AND (event_id LIKE 'freebusy:%' AND synced_at < " BEGAN("$2")
    "        OR ends_at < now() - interval '7 days')",
    2};

const wk_sql_t wk_sql_calendar_synced = {
    "calendar_synced",
    "UPDATE sync_tokens"
    "   SET token = $2, synced_at = " BEGAN("$3") ", stale_since = NULL, error = NULL,"
    "       gone_at = NULL"
    " WHERE service = 'google_calendar' AND resource = $1 AND ($4::boolean OR gone_at IS NULL)",
    4};

const wk_sql_t wk_sql_calendar_token_lost = {
    "calendar_token_lost",
    "UPDATE sync_tokens SET token = NULL WHERE service = 'google_calendar' AND resource = $1",
    1};

const wk_sql_t wk_sql_calendar_stale = {
    "calendar_stale",
    "UPDATE sync_tokens SET stale_since = coalesce(stale_since, now()), error = $2"
    " WHERE service = 'google_calendar' AND resource = $1",
    2};

/* ---------------------------------------------------------------- not shown any more */

/* All of it is read when it is there again. */
const wk_sql_t wk_sql_calendar_gone = {
    "calendar_gone",
    "UPDATE sync_tokens"
    "   SET gone_at = coalesce(gone_at, now()), stale_since = coalesce(stale_since, now()),"
    "       error = $2, token = NULL"
    " WHERE service = 'google_calendar' AND resource = $1",
    2};

const wk_sql_t wk_sql_calendar_gone_since = {
    "calendar_gone_since",
    "SELECT (extract(epoch FROM coalesce(gone_at, now())) * 1000000)::bigint AS since_us"
    "  FROM sync_tokens WHERE service = 'google_calendar' AND resource = $1",
    1};

const wk_sql_t wk_sql_calendar_gone_events = {
    "calendar_gone_events", "DELETE FROM calendar_events WHERE calendar_id = $1", 1};

/* Who made an event there may have died before that was noted, where it is not gone. */
const wk_sql_t wk_sql_calendar_gone_leave = {
    "calendar_gone_leave",
    "UPDATE appointments a"
    "   SET google_calendar_id = x.calendar, google_event_id = NULL, google_etag = NULL,"
    "       calendar_state = 'none',"
    "       metadata = a.metadata - 'google_period' || CASE"
    "           WHEN x.gone OR a.calendar_state = 'none' THEN '{}'"
    "           ELSE jsonb_build_object('left_calendars', coalesce("
    "                    a.metadata -> 'left_calendars', '[]') - x.calendar - a.google_calendar_id"
    "                    || to_jsonb(array[a.google_calendar_id])) END"
    "  FROM (SELECT p.id, coalesce(s.calendar_id, 'primary') AS calendar,"
    "               g.gone_at IS NOT NULL AS gone"
    "          FROM appointments p"
    "          LEFT JOIN sync_tokens g ON g.service = 'google_calendar'"
    "                                 AND g.resource = p.google_calendar_id"
    "          LEFT JOIN services s ON s.appointment_type = p.appointment_type AND s.is_active"
    "         WHERE p.status = 'confirmed' AND p.ends_at > now()"
    "           AND (g.gone_at IS NOT NULL"
    "                OR p.google_event_id IS NULL AND NOT EXISTS ("
    "                       SELECT FROM " NAMED " n WHERE n.calendar_id = p.google_calendar_id))) x"
    " WHERE a.id = x.id AND a.google_calendar_id <> x.calendar",
    0};

/* ---------------------------------------------------------------- its channel */

const wk_sql_t wk_sql_calendar_watched = {
    "calendar_watched",
    "UPDATE sync_tokens"
    "   SET channel_id = $2, channel_resource_id = $3,"
    "       channel_expires_at = to_timestamp($4::bigint / 1000.0)"
    " WHERE service = 'google_calendar' AND resource = $1",
    4};

/* ---------------------------------------------------------------- free/busy */

const wk_sql_t wk_sql_calendars_to_ask = {
    "calendars_to_ask",
    "SELECT t.resource AS calendar, " RFC3339("f.at - interval '1 day'") " AS from,"
    "       " RFC3339("f.at + make_interval(days => $3::int + 1)") " AS until"
    "  FROM integrations i JOIN sync_tokens t USING (organization_id, service)"
    "  JOIN organizations o ON o.id = i.organization_id,"
    "       LATERAL (SELECT greatest(now(), coalesce("
    "           instant_of($1::timestamp, coalesce($2, o.timezone::text)), now())) AS at) f"
    " WHERE i.service = 'google_calendar' AND i.status <> 'disconnected'"
    "   AND t.gone_at IS NULL AND (t.synced_at IS NULL OR t.synced_at < now() - interval '5 minutes')"
    "   AND f.at < now() + interval '" WK_FURTHEST_START "'"
    " ORDER BY t.resource LIMIT 50",
    3};

const wk_sql_t wk_sql_calendar_busy_clear = {
    "calendar_busy_clear",
    "DELETE FROM calendar_events"
    " WHERE calendar_id = $1 AND event_id LIKE 'freebusy:%'"
    "   AND starts_at < $3::timestamptz AND ends_at > $2::timestamptz",
    3};

/*
 * Ours where it is to be, and where Google has it yet: what was changed here and has not reached
 * Google. An appointment lasts 31 days at most.
 */
#define OURS(calendar) \
    "(SELECT range_agg(period) FROM (" \
    "  SELECT a.period FROM appointments a" \
    "   WHERE a.google_calendar_id = " calendar " AND a.google_event_id IS NOT NULL" \
    "     AND a.status IN ('confirmed', 'in_progress')" \
    "   UNION ALL" \
    "  SELECT (a.metadata ->> 'google_period')::tstzrange FROM appointments a" \
    "   WHERE a.starts_at > now() - interval '31 days'" \
    "     AND a.calendar_state IN ('pending', 'failed')" \
    "     AND (a.google_calendar_id = " calendar " OR a.metadata -> 'left_calendars' ? " calendar ")" \
    " ) ours)"

const wk_sql_t wk_sql_calendar_busy_put = {
    "calendar_busy_put",
    "INSERT INTO calendar_events (organization_id, calendar_id, event_id, resource, starts_at,"
    "                             ends_at)"
    " SELECT current_organization(), $1, 'freebusy:' || " SECONDS("lower(taken)") ","
    "        r.resource, lower(taken), upper(taken)"
    "   FROM unnest($2::tstzmultirange - coalesce(" OURS("$1") ", '{}')) AS taken,"
    "        " RESOURCES("$1") " r"
    " ON CONFLICT (organization_id, calendar_id, event_id, resource) DO UPDATE"
    "    SET ends_at = greatest(calendar_events.ends_at, excluded.ends_at), synced_at = now()",
    2};

/* ---------------------------------------------------------------- not asked */

#define UNASKED "k.status = 'open' AND starts_with(k.key, 'calendar:unasked:')"
#define GROWS "NOT k.data ? 'clashes'"

/* A key of 64 bits: those of lock_key, of which the slots' lock is held, are few. */
const wk_sql_t wk_sql_calendar_unasked_lock = {
    "calendar_unasked_lock",
    "SELECT pg_advisory_xact_lock("
    "    hashtextextended('calendar:unasked:' || current_organization()::text, 0))",
    0};

const wk_sql_t wk_sql_calendar_unasked_open = {
    "calendar_unasked_open",
    "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS now_us,"
    "       EXISTS (SELECT FROM tasks k WHERE " UNASKED " AND " GROWS ") AS open",
    0};

const wk_sql_t wk_sql_calendar_unasked_add = {
    "calendar_unasked_add",
    "UPDATE tasks k"
    "   SET body = concat_ws(E'\n', k.body, $2::text),"
    "       data = k.data || jsonb_build_object('until_us', $3::bigint, 'appointments',"
    "           coalesce(k.data -> 'appointments', '[]') || to_jsonb($1::text))"
    " WHERE " UNASKED " AND " GROWS,
    3};

const wk_sql_t wk_sql_calendar_unasked_known = {
    "calendar_unasked_known",
    "SELECT k.id, k.key FROM tasks k"
    " WHERE " UNASKED
    "   AND NOT EXISTS (SELECT FROM sync_tokens t"
    "                    WHERE t.service = 'google_calendar' AND t.gone_at IS NULL"
    "                      AND (t.synced_at IS NULL"
    "                           OR t.synced_at < " BEGAN("(k.data ->> 'until_us')") "))",
    0};

const wk_sql_t wk_sql_calendar_clashes = {
    "calendar_clashes",
    "SELECT a.appointment_type AS type,"
    "       to_char(a.starts_at AT TIME ZONE o.timezone, 'YYYY-MM-DD') AS date,"
    "       to_char(a.starts_at AT TIME ZONE o.timezone, 'HH24:MI') AS time"
    "  FROM tasks k JOIN appointments a ON k.data -> 'appointments' ? a.id::text"
    "  JOIN organizations o ON o.id = a.organization_id"
    " WHERE k.id = $1::uuid AND a.status = 'confirmed' AND a.ends_at > now()"
    "   AND EXISTS (SELECT FROM calendar_events c"
    "                WHERE c.resource = a.resource AND c.is_busy"
    "                  AND c.starts_at < a.ends_at AND c.ends_at > a.starts_at)"
    " ORDER BY a.starts_at, a.id",
    1};

const wk_sql_t wk_sql_calendar_unasked_clash = {
    "calendar_unasked_clash",
    "UPDATE tasks"
    "   SET priority = 'high', title = $2, body = $3, data = data || '{\"clashes\": true}'"
    " WHERE id = $1::uuid AND body IS DISTINCT FROM $3",
    3};

/* ---------------------------------------------------------------- directory */

const wk_sql_t wk_sql_calendars_due = {
    "calendars_due", "SELECT due_calendars($1::int) AS organization", 1};

const wk_sql_t wk_sql_calendars_oldest = {
    "calendars_oldest",
    "SELECT (extract(epoch FROM min(coalesce(synced_at, 'epoch'))) * 1000000)::bigint"
    "           AS oldest_us"
    "  FROM sync_tokens WHERE service = 'google_calendar' AND gone_at IS NULL",
    0};
