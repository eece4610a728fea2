/*
 * An appointment as an event of Google Calendar. The event carries which appointment it is and
 * the time it was last given by us, so that a time given by hand can be told from an echo.
 */
#ifndef WK_AGENT_CALENDAR_EVENT_H
#define WK_AGENT_CALENDAR_EVENT_H

#include "core/json.h"
#include "worker/db.h"

/* What the event says of the appointment. Times: RFC 3339 and Unix time. */
typedef struct {
    va_str_t id, service, customer, phone, email, purpose, notes;
    va_str_t starts, ends, zone;
    va_str_t starts_s, ends_s;
    bool invites; /* email is a guest of it */
} wk_calendar_entry_t;

/* Made of shop and appointment: base32hex of SHA-256, 52 characters. */
bool wk_calendar_event_id(wk_arena_t *a, va_str_t organization, va_str_t appointment,
                          va_str_t *id, wk_error_t *e);

/* Of a new event, with reminders, and the customer as a guest where that may be. */
va_str_t wk_calendar_event_new(wk_arena_t *a, va_str_t event_id,
                               const wk_calendar_entry_t *entry);

/* Only what belongs to the appointment: the shop's own words and guests stay. */
va_str_t wk_calendar_event_change(wk_arena_t *a, const wk_calendar_entry_t *entry);

/*
 * The appointment of that shop whose event this is. Absent: it is another shop's, or a copy,
 * which carries the marks of the event it was copied from.
 */
bool wk_calendar_event_appointment(wk_arena_t *a, va_str_t organization, const va_json_t *event,
                                   va_str_t *appointment, wk_error_t *e);

/* Unix time. */
typedef struct {
    int64_t starts_s, ends_s;
} wk_calendar_span_t;

/* The times it was last given by us; false for an event that is none of ours. */
bool wk_calendar_event_given(const va_json_t *event, wk_calendar_span_t *span);

/*
 * The times it has. zone: the calendar's, for whole days; absent: the shop's. *readable false:
 * they are none.
 */
bool wk_calendar_event_times(wk_tx_t *tx, const va_json_t *event, va_str_t zone,
                             wk_calendar_span_t *span, bool *readable, wk_error_t *e);

bool wk_calendar_event_cancelled(const va_json_t *event);

/* Whether the owner is taken meanwhile: not transparent, and not declined. */
bool wk_calendar_event_busy(const va_json_t *event);

#endif
