/* Appointments: free slots, and taking, moving and giving back one of them. */
#ifndef WK_STORE_APPOINTMENTS_H
#define WK_STORE_APPOINTMENTS_H

#include "worker/db.h"

/* Nothing is booked farther ahead; nor does free_slots() look there. */
#define WK_FURTHEST_START "370 days"

/*
 * $1 appointment_type: what is known of the service: service (its names by language, JSON)
 * minutes price resource calendar_id, and of the shop: shop zone address (JSON) language phone today.
 */
extern const wk_sql_t wk_sql_service;

/* $1 resource: until the transaction ends nobody else takes a slot of it. */
extern const wk_sql_t wk_sql_slots_lock;
/*
 * $1, $2 as wk_sql_appointment_find: of the resource of that one, and of $3, unless null. own:
 * the former, as it was before that was waited for; null: there is no such appointment.
 */
extern const wk_sql_t wk_sql_appointment_lock_slots;

/*
 * $1 resource, $2 minutes, $3 first day (YYYY-MM-DD) or null for today, $4 number of days, $5
 * rows, $6 wall time they begin after, $7 its zone or null for the shop's, $8, $9 the same of
 * the moment they begin before; null: any. starts (ISO 8601 with the shop's offset) date time
 * (the shop's), earliest first, and total.
 */
extern const wk_sql_t wk_sql_slots;

/* $1 resource, $2 minutes, $3 ISO 8601, $4 rows: as above, those nearest to the instant. */
extern const wk_sql_t wk_sql_slots_near;

/*
 * $1 resource, $2 minutes, $3 wall time, $4 its zone or null for the shop's, $5 appointment
 * that may be in the way, or null, $6 number whose own hold may be: starts date time as above,
 * and state: free, taken, closed, past or far.
 */
extern const wk_sql_t wk_sql_slot_state;

/*
 * $1 customer or null, $2 call or null, $3 type, $4 purpose, $5 resource, $6 start, $7 minutes,
 * $8 name, $9 phone, $10 e-mail, $11 language, $12 notes, $13 price, $14 source, $15
 * calendar, $16 seconds to hold it or null to confirm it, $17 talk or null, $18 whether the
 * calendar may invite that e-mail address. Gives id status.
 */
extern const wk_sql_t wk_sql_appointment_insert;

/* $1 phone, $2 resource, $3 start, $4 minutes: the holds of that number there are given up. */
extern const wk_sql_t wk_sql_holds_release;

/*
 * How often that very booking was given up: cancelled, moved, or made another. $1 customer or
 * null, and then $2 phone or null and $3 name; $4 type, $5 start, $6 true: of holds:
 * generation.
 */
extern const wk_sql_t wk_sql_appointment_generation;

/*
 * Locked: id appointment_type status resource minutes starts date time customer_id
 * customer_name customer_phone customer_email language calendar_id moves stands comes. The one
 * of id $1, if it is the customer's of $2; null: anybody's; and the resource's $3, unless null.
 */
extern const wk_sql_t wk_sql_appointment_find;

/*
 * What the customer $1 may mean without naming one: id appointment_type starts, stands, and
 * is_then: it begins at $2 ($3: its zone, else the shop's). Those that come, and behind them
 * what he gave back a moment ago; $4 of them at most.
 */
extern const wk_sql_t wk_sql_appointments_meant;

/* $1 id, $2 start, $3 minutes. */
extern const wk_sql_t wk_sql_appointment_move;

/*
 * $1 id, $2 type, $3 resource, $4 price or null, $5 start, $6 minutes, $7 calendar: it is that
 * service from now on. An event in another calendar is noted, to be taken away.
 */
extern const wk_sql_t wk_sql_appointment_become;

/* $1 id, $2 type, $3 price or null: that is what was done. */
extern const wk_sql_t wk_sql_appointment_was;

/* $1 id, $2 by whom, $3 reason or null; affects no row when it is over already. */
extern const wk_sql_t wk_sql_appointment_cancel;

/* $1 id: a confirmation was queued. */
extern const wk_sql_t wk_sql_appointment_confirmed;

/* $1 id: event (its name at Google, null: none yet) and in_calendar, whether it is to have one. */
extern const wk_sql_t wk_sql_appointment_event;

#endif
