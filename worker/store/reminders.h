/* Reminders of appointments: what is due, what was dealt with, and what is taken back. */
#ifndef WK_STORE_REMINDERS_H
#define WK_STORE_REMINDERS_H

#include "worker/db.h"

/* $1 rows: organizations with a reminder or a pickup notice that is due. */
extern const wk_sql_t wk_sql_reminders_due;

/*
 * The next $3 appointments after (starts $1, id $2; null: from the first), locked: id kind
 * ("48h", "24h", "1h") starts (with which to go on) start (UTC, as a key has it) date time (the
 * shop's) business_type appointment_type customer_id phone language sender, wanted: a text may
 * be sent now, until: it is of use until then, and moved: the kind was sent for another start.
 * waits: for the end of the quiet hours, and is to be looked at again at look_at.
 */
extern const wk_sql_t wk_sql_reminders_take;

/* $1 id, $2 look_at: not among the next ones until then. */
extern const wk_sql_t wk_sql_reminder_waits;

/* $1 id, $2 kind: dealt with, and with it the kinds that come earlier. */
extern const wk_sql_t wk_sql_reminder_done;

/* $1 rows: bikes that are ready; the members above, and none within quiet hours. */
extern const wk_sql_t wk_sql_pickups_take;

/* $1 id. */
extern const wk_sql_t wk_sql_pickup_done;

/* $1 id: its reminders that have not left yet never will. */
extern const wk_sql_t wk_sql_reminders_withdraw;

#endif
