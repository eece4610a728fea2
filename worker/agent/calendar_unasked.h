/*
 * Appointments that were made while Google could not say what is taken: the shop's people have
 * one task an outage, which lists them. When all calendars were read again it settles itself,
 * or says which of them stand where the calendar has something else.
 */
#ifndef WK_AGENT_CALENDAR_UNASKED_H
#define WK_AGENT_CALENDAR_UNASKED_H

#include "worker/agent/appointment.h"

/* In the transaction that books or moves it. */
bool wk_calendar_unasked(wk_ctx_t *ctx, wk_tx_t *tx, const wk_appointment_t *appointment,
                         wk_error_t *e);

/* After a synchronisation; nothing happens while a calendar is older than such an appointment.
 */
bool wk_calendar_unasked_settle(wk_ctx_t *ctx, wk_tx_t *tx, wk_error_t *e);

#endif
