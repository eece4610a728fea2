#include "worker/agent/appointment.h"

#include "worker/agent/calendar_push.h"
#include "worker/agent/event.h"
#include "worker/agent/reminder.h"
#include "worker/agent/wording.h"
#include "worker/store/appointments.h"
#include "worker/store/consents.h"

#define DATE_LEN 10
#define TIME_LEN 5

/* ---------------------------------------------------------------- service */

static wk_service_t service_of(wk_tx_t *tx, const wk_language_t *l, va_str_t type,
                               const wk_rows_t *rows)
{
    wk_arena_t *a = wk_tx_arena(tx);
    return (wk_service_t){.type = type,
                          .name =
                              wk_word_service(a, l, wk_cell_json(a, rows, 0, "service"), type),
                          .resource = wk_cell(rows, 0, "resource"),
                          .calendar = wk_cell(rows, 0, "calendar_id"),
                          .price = wk_cell(rows, 0, "price"),
                          .shop = wk_cell(rows, 0, "shop"),
                          .zone = wk_cell(rows, 0, "zone"),
                          .shop_phone = wk_cell(rows, 0, "phone"),
                          .today = wk_cell(rows, 0, "today"),
                          .address = wk_cell_json(a, rows, 0, "address"),
                          .minutes = wk_cell_int(rows, 0, "minutes", 30)};
}

bool wk_service(wk_tx_t *tx, const wk_language_t *l, va_str_t type, wk_service_t *s,
                wk_error_t *e)
{
    wk_rows_t *rows;
    if (!wk_sql(tx, &wk_sql_service, &type, &rows, e)) {
        return wk_error_wrap(e, "service");
    }
    *s = service_of(tx, l, type, rows);
    return true;
}

/* ---------------------------------------------------------------- slots */

/* "YYYY-MM-DDTHH:MM:SS", and the offset behind it. */
static wk_slot_t slot_of(const wk_rows_t *rows, size_t row)
{
    va_str_t starts = wk_cell(rows, row, "starts");
    return (wk_slot_t){starts, va_str(starts.data, DATE_LEN),
                       va_str(starts.data + DATE_LEN + 1, TIME_LEN)};
}

static void read_slots(wk_tx_t *tx, const wk_rows_t *rows, wk_slots_t *slots)
{
    slots->count = wk_rows_count(rows);
    slots->at = wk_alloc(wk_tx_arena(tx), (slots->count + 1) * sizeof(*slots->at));
    slots->total = slots->count > 0 ? wk_cell_int(rows, 0, "total", 0) : 0;
    for (size_t i = 0; i < slots->count; i++) {
        slots->at[i] = slot_of(rows, i);
    }
}

bool wk_slots_last(wk_tx_t *tx, const wk_language_t *l, const wk_slots_wanted_t *wanted,
                   wk_service_t *s, wk_slots_t *slots, wk_error_t *e)
{
    wk_rows_t *service, *rows;
    bool own = wanted->minutes == 0;
    va_str_t params[] = {wanted->type,
                         own ? VA_STR_NULL : wk_decimal(wk_tx_arena(tx), wanted->minutes),
                         wanted->from,
                         wk_decimal(wk_tx_arena(tx), wanted->days),
                         wk_decimal(wk_tx_arena(tx), wanted->most),
                         wanted->after.wall,
                         wanted->after.zone,
                         wanted->before.wall,
                         wanted->before.zone};
    if (!wk_sql_ahead(tx, &wk_sql_service, &wanted->type, &service, e) ||
        !wk_sql_last(tx, &wk_sql_slots, params, &rows, e)) {
        return wk_error_wrap(e, "slots");
    }
    *s = service_of(tx, l, wanted->type, service);
    s->minutes = own ? s->minutes : wanted->minutes;
    read_slots(tx, rows, slots);
    return true;
}

bool wk_slots_near(wk_tx_t *tx, const wk_service_t *s, va_str_t starts, int n,
                   wk_slots_t *slots, wk_error_t *e)
{
    wk_rows_t *rows;
    va_str_t params[] = {s->resource, wk_decimal(wk_tx_arena(tx), s->minutes), starts,
                         wk_decimal(wk_tx_arena(tx), n)};
    if (!wk_sql(tx, &wk_sql_slots_near, params, &rows, e)) {
        return wk_error_wrap(e, "slots");
    }
    read_slots(tx, rows, slots);
    return true;
}

static wk_slot_state_t state_of(va_str_t word)
{
    static const char *const words[] = {
        [WK_SLOT_FREE] = "free", [WK_SLOT_TAKEN] = "taken", [WK_SLOT_CLOSED] = "closed",
        [WK_SLOT_PAST] = "past", [WK_SLOT_FAR] = "far",
    };
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
        if (va_str_eq(word, va_str_c(words[i]))) {
            return (wk_slot_state_t)i;
        }
    }
    return WK_SLOT_TAKEN;
}

bool wk_slot_look(wk_tx_t *tx, const wk_service_t *s, const wk_moment_t *moment, va_str_t own,
                  const wk_holder_t *holder, wk_slot_t *slot, wk_slot_state_t *state,
                  wk_error_t *e)
{
    wk_rows_t *rows;
    va_str_t params[] = {s->resource,  wk_decimal(wk_tx_arena(tx), s->minutes),
                         moment->wall, moment->zone,
                         own,          holder->phone,
                         holder->talk};
    if (!wk_sql(tx, &wk_sql_slots_lock, &s->resource, NULL, e) ||
        !wk_sql(tx, &wk_sql_slot_state, params, &rows, e)) {
        return wk_error_wrap(e, "slot");
    }
    *slot = slot_of(rows, 0);
    *state = state_of(wk_cell(rows, 0, "state"));
    return true;
}

/* ---------------------------------------------------------------- one of them */

/* resource: absent, or what it has to be of. */
static bool find(wk_tx_t *tx, va_str_t id, va_str_t customer, va_str_t resource,
                 wk_appointment_t *out, bool *found, wk_error_t *e)
{
    wk_rows_t *rows;
    va_str_t params[] = {id, customer, resource};
    if (!wk_sql(tx, &wk_sql_appointment_find, params, &rows, e)) {
        return wk_error_wrap(e, "appointment");
    }
    *found = wk_rows_count(rows) == 1;
    if (*found) {
        *out = (wk_appointment_t){.id = wk_cell(rows, 0, "id"),
                                  .type = wk_cell(rows, 0, "appointment_type"),
                                  .status = wk_cell(rows, 0, "status"),
                                  .resource = wk_cell(rows, 0, "resource"),
                                  .calendar = wk_cell(rows, 0, "calendar_id"),
                                  .slot = slot_of(rows, 0),
                                  .minutes = wk_cell_int(rows, 0, "minutes", 0),
                                  .customer = wk_cell(rows, 0, "customer_id"),
                                  .name = wk_cell(rows, 0, "customer_name"),
                                  .phone = wk_cell(rows, 0, "customer_phone"),
                                  .email = wk_cell(rows, 0, "customer_email"),
                                  .language = wk_cell(rows, 0, "language"),
                                  .moves = wk_cell_int(rows, 0, "moves", 0),
                                  .stands = wk_cell_bool(rows, 0, "stands"),
                                  .comes = wk_cell_bool(rows, 0, "comes")};
    }
    return true;
}

bool wk_appointment_find(wk_tx_t *tx, va_str_t id, va_str_t customer, wk_appointment_t *out,
                         bool *found, wk_error_t *e)
{
    return find(tx, id, customer, VA_STR_NULL, out, found, e);
}

/*
 * Who makes it another resource's has the slots of both before its row: while those were waited
 * for it may have been done, and then they are the wrong ones.
 */
bool wk_appointment_find_to_move(wk_tx_t *tx, va_str_t id, va_str_t customer, va_str_t resource,
                                 wk_appointment_t *out, bool *found, wk_error_t *e)
{
    va_str_t own;
    va_str_t params[] = {id, customer, resource};
    do {
        wk_rows_t *rows;
        if (!wk_sql(tx, &wk_sql_appointment_lock_slots, params, &rows, e)) {
            return wk_error_wrap(e, "appointment");
        }
        own = wk_rows_count(rows) > 0 ? wk_cell(rows, 0, "own") : VA_STR_NULL;
        if (!find(tx, id, customer, own, out, found, e)) {
            return false;
        }
    } while (!*found && own.data != NULL);
    return true;
}

bool wk_appointments_meant(wk_tx_t *tx, va_str_t customer, const wk_moment_t *moment,
                           wk_candidate_t *out, size_t *n, wk_error_t *e)
{
    wk_rows_t *rows;
    va_str_t params[] = {customer, moment != NULL ? moment->wall : VA_STR_NULL,
                         moment != NULL ? moment->zone : VA_STR_NULL,
                         wk_decimal(wk_tx_arena(tx), WK_CANDIDATES)};
    if (!wk_sql(tx, &wk_sql_appointments_meant, params, &rows, e)) {
        return wk_error_wrap(e, "appointments");
    }
    *n = wk_rows_count(rows);
    for (size_t i = 0; i < *n; i++) {
        out[i] = (wk_candidate_t){.id = wk_cell(rows, i, "id"),
                                  .type = wk_cell(rows, i, "appointment_type"),
                                  .slot = slot_of(rows, i),
                                  .stands = wk_cell_bool(rows, i, "stands"),
                                  .is_then = wk_cell_bool(rows, i, "is_then")};
    }
    return true;
}

bool wk_appointment_changed(wk_tx_t *tx, const wk_appointment_t *p, const char *change,
                            wk_error_t *e)
{
    wk_event_t ev;
    bool elsewhere = strcmp(change, "moved") == 0 || strcmp(change, "cancelled") == 0;
    if (elsewhere && !wk_reminders_withdraw(tx, p->id, e)) {
        return false;
    }
    wk_event_begin(&ev, tx, "appointment_changed", p->customer, VA_STR_NULL);
    va_json_add_str(ev.json, "appointmentId", p->id);
    va_json_add_c(ev.json, "change", change);
    va_json_add_str(ev.json, "appointmentType", p->type);
    va_json_add_str(ev.json, "startsAt", p->slot.starts);
    va_json_add_str(ev.json, "customerName", p->name);
    return wk_event_end(&ev, e) && wk_calendar_push_later(tx, p->id, e);
}

bool wk_appointment_cancel(wk_tx_t *tx, const wk_appointment_t *p, const char *by,
                           va_str_t reason, bool *cancelled, wk_error_t *e)
{
    wk_rows_t *rows;
    va_str_t params[] = {p->id, va_str_c(by), reason};
    if (!wk_sql(tx, &wk_sql_appointment_cancel, params, &rows, e)) {
        return wk_error_wrap(e, "appointment");
    }
    *cancelled = wk_rows_affected(rows) == 1;
    return !*cancelled || wk_appointment_changed(tx, p, "cancelled", e);
}

/* ---------------------------------------------------------------- confirmation */

static bool wants_no_texts(wk_tx_t *tx, va_str_t phone, bool *refused, wk_error_t *e)
{
    wk_rows_t *rows;
    if (!wk_sql(tx, &wk_sql_consent_sms, &phone, &rows, e)) {
        return false;
    }
    *refused = wk_cell_bool(rows, 0, "refused");
    return true;
}

va_str_t wk_appointment_confirmation(wk_arena_t *a, const wk_appointment_t *p,
                                     const wk_service_t *s, const wk_language_t *l)
{
    const wk_param_t params[] = {{"service", s->name},
                                 {"shop", s->shop},
                                 {"moment", wk_word_slot(a, l, &p->slot)},
                                 {"address", wk_word_address(a, s->address)},
                                 {NULL, VA_STR_NULL}};
    va_str_t text = wk_fill(a, wk_text_of_kind(l, "appointment.confirmation", s->type), params);
    va_str_t unsure = wk_text(l, "appointment.unasked");
    return p->unasked ? wk_printf(a, "%.*s %.*s", (int)text.len, text.data, (int)unsure.len,
                                  unsure.data)
                      : text;
}

/* draft: what of it is known already; to, and unless it has one from, are found here. */
static bool write_to_customer(wk_tx_t *tx, const wk_appointment_t *p, const wk_service_t *s,
                              const wk_language_t *l, wk_sms_draft_t *draft, bool *sent,
                              wk_error_t *e)
{
    bool refused = true;
    *sent = false;
    draft->from = draft->from.len > 0 ? draft->from : s->shop_phone;
    if (p->phone.len == 0 || draft->from.len == 0) {
        return true;
    }
    if (!wants_no_texts(tx, p->phone, &refused, e)) {
        return false;
    }
    *sent = !refused;
    draft->customer = p->customer;
    draft->to = p->phone;
    draft->language = wk_language_code(l);
    return refused || wk_sms_queue_later(tx, draft, e);
}

bool wk_appointment_confirm(wk_ctx_t *ctx, wk_tx_t *tx, const wk_appointment_t *p,
                            const wk_service_t *s, const wk_language_t *l, va_str_t from,
                            bool *sent, wk_error_t *e)
{
    wk_arena_t *a = ctx->arena;
    wk_sms_draft_t draft = {
        .key = wk_printf(a, "sms:confirm:%.*s:%.*s:%lld", (int)p->id.len, p->id.data,
                         (int)p->slot.starts.len, p->slot.starts.data, (long long)p->moves),
        .from = from,
        .text = wk_appointment_confirmation(a, p, s, l),
        .template = "confirmation",
    };
    return write_to_customer(tx, p, s, l, &draft, sent, e) &&
           (!*sent || wk_sql(tx, &wk_sql_appointment_confirmed, &p->id, NULL, e));
}

bool wk_appointment_tell_cancelled(wk_ctx_t *ctx, wk_tx_t *tx, const wk_appointment_t *p,
                                   const wk_service_t *s, const wk_language_t *l, va_str_t from,
                                   bool *sent, wk_error_t *e)
{
    wk_arena_t *a = ctx->arena;
    wk_sms_draft_t draft = {
        .key = wk_printf(a, "sms:cancelled:%.*s", (int)p->id.len, p->id.data),
        .from = from,
        .text = wk_say(a, l, "appointment.cancellation", {"service", s->name},
                       {"shop", s->shop}, {"moment", wk_word_slot(a, l, &p->slot)}),
        .template = "cancellation",
    };
    return write_to_customer(tx, p, s, l, &draft, sent, e);
}
