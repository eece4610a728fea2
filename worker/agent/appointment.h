/*
 * Appointments as agents, texts and staff make them. Whoever changes one tells of it by
 * wk_appointment_changed(), in the same transaction.
 */
#ifndef WK_AGENT_APPOINTMENT_H
#define WK_AGENT_APPOINTMENT_H

#include "worker/agent/sms.h"
#include "worker/agent/wording.h"
#include "worker/moment.h"

/* What is booked, and at which shop. */
typedef struct {
    va_str_t type; /* services.appointment_type */
    va_str_t name; /* in the language asked for */
    va_str_t resource, calendar, price, shop, zone, shop_phone;
    va_str_t today; /* YYYY-MM-DD, by the shop's clock */
    const va_json_t *address;
    int64_t minutes;
} wk_service_t;

bool wk_service(wk_tx_t *tx, const wk_language_t *l, va_str_t type, wk_service_t *service,
                wk_error_t *e);

typedef struct {
    wk_slot_t *at;
    size_t count;
    int64_t total; /* also those beyond count */
} wk_slots_t;

typedef struct {
    va_str_t type;   /* services.appointment_type */
    int64_t minutes; /* 0: as long as the service takes */
    va_str_t from;   /* a day, YYYY-MM-DD; absent: today */
    int64_t days;
    wk_moment_t after, before; /* between these moments; each may be absent */
    int most;                  /* of those found, the earliest */
} wk_slots_wanted_t;

/* The service as well. Ends the transaction (wk_sql_last), in one round trip. */
bool wk_slots_last(wk_tx_t *tx, const wk_language_t *l, const wk_slots_wanted_t *wanted,
                   wk_service_t *service, wk_slots_t *slots, wk_error_t *e);

/* Those nearest to an instant, for who cannot have it. */
bool wk_slots_near(wk_tx_t *tx, const wk_service_t *s, va_str_t starts, int n,
                   wk_slots_t *slots, wk_error_t *e);

typedef enum {
    WK_SLOT_FREE,
    WK_SLOT_TAKEN,
    WK_SLOT_CLOSED,
    WK_SLOT_PAST,
    WK_SLOT_FAR
} wk_slot_state_t;

/* Whose holds are no obstacle: of the number, or made in the talk. Each may be absent. */
typedef struct {
    va_str_t phone, talk;
} wk_holder_t;

/*
 * What stands at that moment. From then on until the transaction ends nobody else takes a slot
 * of the resource. own: an appointment that may be in the way.
 *
 * Everywhere the lock of a resource's slots is taken before that of an appointment.
 */
bool wk_slot_look(wk_tx_t *tx, const wk_service_t *s, const wk_moment_t *moment, va_str_t own,
                  const wk_holder_t *holder, wk_slot_t *slot, wk_slot_state_t *state,
                  wk_error_t *e);

/* One row as it stands. */
typedef struct {
    va_str_t id, type, status, resource, calendar;
    wk_slot_t slot;
    int64_t minutes;
    va_str_t customer, name, phone, email, language;
    int64_t moves; /* how often its time or its service was changed */
    bool stands;   /* confirmed, or held and not run out */
    bool comes;    /* it has not begun */
    bool unasked;  /* it was made while the shop's calendar could not be asked */
} wk_appointment_t;

/* By id; customer absent: anybody's. *found false: there is none. The row is locked. */
bool wk_appointment_find(wk_tx_t *tx, va_str_t id, va_str_t customer, wk_appointment_t *out,
                         bool *found, wk_error_t *e);

/*
 * The same of one that is to be moved: nobody else takes a slot of its resource, or of the one
 * it may go to (resource; absent: its own), until the transaction ends.
 */
bool wk_appointment_find_to_move(wk_tx_t *tx, va_str_t id, va_str_t customer, va_str_t resource,
                                 wk_appointment_t *out, bool *found, wk_error_t *e);

#define WK_CANDIDATES 6

/* One that a customer may mean who names none. */
typedef struct {
    va_str_t id, type;
    wk_slot_t slot;
    bool stands;  /* else he gave it back a moment ago */
    bool is_then; /* it begins at the moment that was named */
} wk_candidate_t;

/* Those that stand first. moment: that is named, or NULL. *n: how many, WK_CANDIDATES at most.
 */
bool wk_appointments_meant(wk_tx_t *tx, va_str_t customer, const wk_moment_t *moment,
                           wk_candidate_t *out, size_t *n, wk_error_t *e);

/*
 * change: "booked", "held", "moved", "cancelled", "updated". Dashboards hear of it, and the
 * shop's Google calendar follows.
 */
bool wk_appointment_changed(wk_tx_t *tx, const wk_appointment_t *appointment,
                            const char *change, wk_error_t *e);

/* Gives it back; *cancelled false: it was over already. by: "customer", "staff", "calendar". */
bool wk_appointment_cancel(wk_tx_t *tx, const wk_appointment_t *appointment, const char *by,
                           va_str_t reason, bool *cancelled, wk_error_t *e);

/* What confirms it: the shop, the moment, whether that is sure, how to cancel it, the address.
 */
va_str_t wk_appointment_confirmation(wk_arena_t *a, const wk_appointment_t *appointment,
                                     const wk_service_t *s, const wk_language_t *l);

/*
 * A text that confirms it leaves after the commit, unless the number wants none. from: the
 * shop's number, absent: its own. *sent: one will be.
 */
bool wk_appointment_confirm(wk_ctx_t *ctx, wk_tx_t *tx, const wk_appointment_t *appointment,
                            const wk_service_t *s, const wk_language_t *l, va_str_t from,
                            bool *sent, wk_error_t *e);

/* The same, of one that the shop has cancelled. */
bool wk_appointment_tell_cancelled(wk_ctx_t *ctx, wk_tx_t *tx,
                                   const wk_appointment_t *appointment, const wk_service_t *s,
                                   const wk_language_t *l, va_str_t from, bool *sent,
                                   wk_error_t *e);

#endif
