/* Figures of the calls of a time. */
#ifndef WK_STORE_ANALYTICS_H
#define WK_STORE_ANALYTICS_H

#include "worker/db.h"

/*
 * $1, $2 from and $3, $4 to, each a wall time and its zone; null: a month ago, and now. A row
 * for all calls together, and one for each day of the shop's, type and language: dimension
 * ("total", "day", "type", "language"), value, the figures of WK_ANALYTICS_FIGURES, and item:
 * all of it as JSON. Shares are per cent of the calls that are over; null where there is
 * nothing to divide.
 */
extern const wk_sql_t wk_sql_analytics;

/* $1 to $4 as above: item, a JSON object of inquiries, appointments and sales. */
extern const wk_sql_t wk_sql_analytics_funnel;

#define WK_ANALYTICS_FIGURES                                                                   \
    "total_calls", "inbound_calls", "outbound_calls", "completion_rate", "ai_resolution_rate", \
        "human_transfer_rate", "appointments_booked", "appointment_conversion_rate",           \
        "average_satisfaction", "average_duration_seconds", "average_answer_ms",               \
        "cost_per_call", "total_cost", "costed_calls", "automation_rate",                      \
        "first_call_resolution_rate", "scheduling_success_rate", "transfer_success_rate",      \
        "language_accuracy_rate", "average_satisfaction_of_5", "average_handle_seconds",       \
        "p95_response_ms", "p95_own_ms"

#endif
