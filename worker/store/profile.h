/* Who and where a shop is, when it is open, and how its people are reached. */
#ifndef WK_STORE_PROFILE_H
#define WK_STORE_PROFILE_H

#include "worker/db.h"

/* $1 JSON of columns' names and values; what is not named stays. */
extern const wk_sql_t wk_sql_profile_put;

/*
 * $1 JSON with owner_phone, notification_phone and transfer_destinations, or some of them: the
 * name of one that is a number at which the shop's agent answers; no row: none is.
 */
extern const wk_sql_t wk_sql_profile_calls_itself;

/* $1 JSON with transfer_destinations. */
extern const wk_sql_t wk_sql_profile_destinations;

/* $1 name. One row: done; none: there is no such time zone. */
extern const wk_sql_t wk_sql_profile_timezone;

/*
 * $1 JSON, in any shape that normal_hours() reads; WK_INVALID for another. The exceptions stay
 * where it names none.
 */
extern const wk_sql_t wk_sql_profile_hours;

/* $1 JSON, hours by date or a list of dates that are closed: all exceptions. Likewise. */
extern const wk_sql_t wk_sql_profile_holidays;

#endif
