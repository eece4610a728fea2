/* Appointments as the shop's people read and mark them. */
#ifndef WK_STORE_SCHEDULE_H
#define WK_STORE_SCHEDULE_H

#include "worker/db.h"

/* The parameters of a list (handlers/list.h), by start, latest first: item key_us key_id. */
extern const wk_sql_t wk_sql_schedule;

/* $1 id: item. */
extern const wk_sql_t wk_sql_schedule_entry;

/*
 * $1 id, $2 status, $3 notes, either null to leave it; $4 the bike is ready. Affects no row when
 * the appointment is cancelled or not there.
 */
extern const wk_sql_t wk_sql_schedule_mark;

#endif
