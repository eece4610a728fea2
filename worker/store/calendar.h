/* The shop's Google calendars: what of them is mirrored, and how far appointments are there. */
#ifndef WK_STORE_CALENDAR_H
#define WK_STORE_CALENDAR_H

#include "worker/db.h"

/* ---------------------------------------------------------------- appointments */

/*
 * $1 appointment: its event is to be brought up to date. No row without a calendar; is_there:
 * Google shows that one.
 */
extern const wk_sql_t wk_sql_calendar_pending;

/*
 * While no calendar is connected: what Google has of coming appointments, and of those that
 * were cancelled since they were told to it, is not known any more and is to be brought up to
 * date.
 */
extern const wk_sql_t wk_sql_calendar_doubted;

/*
 * $1 appointment, as its event is to be: id status calendar event calendar_state type purpose
 * notes customer_name customer_phone customer_email invites left_calendars (JSON: calendars
 * that an event of it may be left in, or null) gone (its calendar is) starts ends (RFC 3339, UTC)
 * starts_s ends_s (Unix time) zone language of the shop.
 */
extern const wk_sql_t wk_sql_calendar_appointment;

/*
 * $1 appointment, $2 calendar, $3 event or null, $4 etag or null, $5 and $6 starts_s and
 * ends_s, $7 status, $8 type: that is what Google has now. The row counts as synced if it is
 * still so. $9 left_calendars: there is none in those any more.
 */
extern const wk_sql_t wk_sql_calendar_pushed;

/* $1 appointment: its event was given up. */
extern const wk_sql_t wk_sql_calendar_failed;

/*
 * Up to 100 ids whose events are missing or stayed behind in a calendar that is there: id. $1
 * whether that was just now.
 */
extern const wk_sql_t wk_sql_calendar_behind;

/*
 * $1 calendar, $2 ids of events (a text[]): id event, of coming appointments whose event should
 * be in the calendar and is none of those.
 */
extern const wk_sql_t wk_sql_calendar_unseen;

/* $1 calendar, $2 event, $3 resource: the appointment of it, if it is that resource's, locked:
 * id status calendar_state began over starts_s ends_s. */
extern const wk_sql_t wk_sql_calendar_owner;

/* $1 calendar, $2 event: the slots of its appointment's resource, before the appointment is:
 * resource, as it was before they were waited for. */
extern const wk_sql_t wk_sql_calendar_lock_slots;

/* $1 what may be an appointment's id: one, whether the shop has it. */
extern const wk_sql_t wk_sql_calendar_names;

/* $1 appointment, $2 and $3 Unix time: other, whether another one stands there. */
extern const wk_sql_t wk_sql_calendar_occupied;

/* $1 appointment, $2 and $3 Unix time. */
extern const wk_sql_t wk_sql_calendar_move;

/* ---------------------------------------------------------------- the mirror */

/* Every calendar of the shop has a row to be synchronised by. */
extern const wk_sql_t wk_sql_calendars_ensure;

/*
 * What was mirrored of calendars that no service goes to any more is forgotten, and they
 * themselves, once no coming appointment has its event there: calendar.
 */
extern const wk_sql_t wk_sql_calendars_drop_events;
extern const wk_sql_t wk_sql_calendars_drop;

/* After a consent: nothing of what another account had is left; its channel is replaced. */
extern const wk_sql_t wk_sql_calendars_forget_state;
extern const wk_sql_t wk_sql_calendars_forget_events;

/* All rows are gone, and so are the channels' routes. */
extern const wk_sql_t wk_sql_calendars_remove;

/*
 * $1 calendar or null for all: calendar token channel_id channel_resource_id, channel_ends
 * (within a day, or there is none), synced_ms (Unix time), gone, began (of this transaction,
 * microseconds) time_min (RFC 3339, yesterday).
 */
extern const wk_sql_t wk_sql_calendars;

/* What is shown: calendar synced_at stale gone error channel_expires_at. */
extern const wk_sql_t wk_sql_calendars_shown;

/* $1 channel: calendar resource_id. */
extern const wk_sql_t wk_sql_calendar_of_channel;

/*
 * $1 start, $2 its zone, $3 end, $4 its zone (wall clocks, as wk_moment_t has them), $5 the
 * calendar's zone, or null for the shop's: starts_s ends_s.
 */
extern const wk_sql_t wk_sql_calendar_times;

/* $1 calendar, $2 event, $3 and $4 Unix time, $5 whether it takes the time, $6 etag. */
extern const wk_sql_t wk_sql_calendar_event_put;

/* $1 calendar, $2 event. */
extern const wk_sql_t wk_sql_calendar_event_drop;

/* $1 calendar, $2 began: forgets what was mirrored before, in a synchronisation from nothing.
 */
extern const wk_sql_t wk_sql_calendar_sweep;

/* $1 calendar, $2 began: what free/busy said before, and what is long over. */
extern const wk_sql_t wk_sql_calendar_tidy;

/*
 * $1 calendar, $2 token, $3 began, $4 whether all of it was read: what tells only of changes is
 * nothing to go on from where the mirror was forgotten meanwhile.
 */
extern const wk_sql_t wk_sql_calendar_synced;

/* $1 calendar: its token is none any more. */
extern const wk_sql_t wk_sql_calendar_token_lost;

/* $1 calendar, $2 why: what is known of it grows old. */
extern const wk_sql_t wk_sql_calendar_stale;

/* ---------------------------------------------------------------- not shown any more */

/* $1 calendar, $2 why. */
extern const wk_sql_t wk_sql_calendar_gone;

/* $1 calendar: since_us (Unix time, microseconds), when that was first seen, else now. */
extern const wk_sql_t wk_sql_calendar_gone_since;

/* $1 calendar: what was mirrored of it. */
extern const wk_sql_t wk_sql_calendar_gone_events;

/*
 * Coming appointments whose service goes to another calendar now, of a calendar that is gone or
 * of one that nothing goes to any more and that has no event of them: they go to the other one.
 */
extern const wk_sql_t wk_sql_calendar_gone_leave;

/* ---------------------------------------------------------------- its channel */

/* $1 calendar, $2 channel, $3 its resource, $4 its end (Unix time, ms). */
extern const wk_sql_t wk_sql_calendar_watched;

/* ---------------------------------------------------------------- free/busy */

/*
 * $1 first moment (wall clock) or null for now, $2 its zone or null for the shop's, $3 days:
 * the calendars whose mirror is older than five minutes, also where the consent has ended, but
 * none that is gone, with
 * the time to ask about, a day more on both sides: calendar from until (RFC 3339).
 */
extern const wk_sql_t wk_sql_calendars_to_ask;

/* $1 calendar, $2 and $3 from and until: what free/busy said before of that time goes. */
extern const wk_sql_t wk_sql_calendar_busy_clear;

/*
 * $1 calendar, $2 a multirange of times that are taken, as free/busy said: mirrored, but for
 * those of our own appointments, until the next synchronisation knows better.
 */
extern const wk_sql_t wk_sql_calendar_busy_put;

/* ---------------------------------------------------------------- not asked */

/* Before the following, so that two transactions do not raise two tasks. */
extern const wk_sql_t wk_sql_calendar_unasked_lock;

/* now_us (Unix time, microseconds), open: whether a task stands that takes more appointments. */
extern const wk_sql_t wk_sql_calendar_unasked_open;

/* $1 appointment, $2 a line that tells of it, $3 now_us: added to that task. */
extern const wk_sql_t wk_sql_calendar_unasked_add;

/* id key, of the tasks since whose last appointment every calendar was read that is there. */
extern const wk_sql_t wk_sql_calendar_unasked_known;

/* $1 task: type date time, of its appointments that stand where the calendar has an event. */
extern const wk_sql_t wk_sql_calendar_clashes;

/* $1 task, $2 title, $3 body: it tells of those alone from now on. */
extern const wk_sql_t wk_sql_calendar_unasked_clash;

/* ---------------------------------------------------------------- directory */

/* $1 most: organization, of those whose calendars are to be looked at. */
extern const wk_sql_t wk_sql_calendars_due;

/* oldest_us: when the calendar was looked at that waited longest (microseconds); null: all are
 * gone. */
extern const wk_sql_t wk_sql_calendars_oldest;

#endif
