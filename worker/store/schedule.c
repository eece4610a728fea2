#include "worker/store/schedule.h"

#include "worker/store/sql.h"

/* clang-format off */

#define ENTRY \
    "a.id, a.organization_id, a.customer_id AS lead_id, a.call_id, a.customer_name," \
    "a.customer_phone, a.customer_email, a.appointment_type, a.purpose, a.status, a.resource," \
    WK_SQL_ISO("a.starts_at") " AS starts_at," WK_SQL_ISO("a.ends_at") " AS ends_at," \
    "(extract(epoch FROM a.ends_at - a.starts_at) / 60)::int AS duration_minutes," \
    WK_SQL_ISO("a.hold_expires_at") " AS hold_expires_at," \
    "a.language, a.bike_details, a.notes, a.price, a.source, a.google_event_id," \
    "a.calendar_state, " WK_SQL_ISO("a.confirmation_sent_at") " AS confirmation_sent_at," \
    WK_SQL_ISO("a.pickup_ready_at") " AS pickup_ready_at," \
    WK_SQL_ISO("a.pickup_notified_at") " AS pickup_notified_at," \
    WK_SQL_ISO("a.cancelled_at") " AS cancelled_at, a.cancelled_by, a.cancel_reason," \
    WK_SQL_ISO("a.created_at") " AS created_at," WK_SQL_ISO("a.updated_at") " AS updated_at"

const wk_sql_t wk_sql_schedule = {
    "schedule",
    "SELECT row_to_json(l) AS item, " WK_SQL_KEY("a.starts_at", "a.id")
    "  FROM appointments a, LATERAL (SELECT " ENTRY ") l"
    " WHERE a.organization_id = current_organization()"
    "   AND " WK_SQL_OLDER("a.starts_at", "a.id", "$2", "$3")
    "   AND " WK_SQL_BETWEEN("a.starts_at", "$6", "$7", "$8", "$9")
    "   AND ($4::text IS NULL OR a.status = $4)"
    "   AND NOT (a.status = 'cancelled' AND a.cancelled_by = 'reschedule'"
    "            AND a.hold_expires_at IS NOT NULL)" /* its booking is there */
    "   AND ($5::text IS NULL OR strpos(lower(a.customer_name), lower($5)) > 0"
    "        OR " WK_SQL_NUMBER_HAS("a.customer_phone", "$5") ")"
    " ORDER BY a.starts_at DESC, a.id DESC LIMIT $1::int",
    9};

const wk_sql_t wk_sql_schedule_entry = {
    "schedule_entry",
    "SELECT row_to_json(l) AS item FROM appointments a, LATERAL (SELECT " ENTRY ") l"
    " WHERE a.organization_id = current_organization() AND a.id = $1::uuid",
    1};

/* clang-format on */

const wk_sql_t wk_sql_schedule_mark = {
    "schedule_mark",
    "UPDATE appointments"
    "   SET status = coalesce($2, status), notes = CASE WHEN $5::bool THEN $3 ELSE notes END,"
    "       hold_expires_at = CASE WHEN coalesce($2, status) = 'held' THEN hold_expires_at END,"
    "       pickup_ready_at = CASE WHEN $4::bool THEN coalesce(pickup_ready_at, now())"
    "                              ELSE pickup_ready_at END"
    " WHERE id = $1::uuid AND status <> 'cancelled'",
    5};
