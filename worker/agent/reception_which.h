/*
 * Which of the customer's coming appointments a message means. A row is one of the facts:
 * [id, type, date, time, whether it stands].
 */
#ifndef WK_AGENT_RECEPTION_WHICH_H
#define WK_AGENT_RECEPTION_WHICH_H

#include "worker/agent/reception_days.h"

#define WK_MOST_MEANT 10 /* as many as the facts have */

typedef struct {
    const va_json_t *at[WK_MOST_MEANT];
    size_t count;
} wk_meant_t;

/* Its day and time in words. */
va_str_t wk_moment_of(const wk_reception_turn_t *t, const va_json_t *row);

/* Adds the text of that name, with its {service} and {moment}. */
void wk_add_about(wk_reception_turn_t *t, const char *name, const va_json_t *row);

bool wk_is_the_only(const va_json_t *list);

/* It is on that date (absent: any), and at the time and for the service that are named, if any.
 */
bool wk_row_fits(const wk_reception_turn_t *t, const va_json_t *row, va_str_t date);

/* What was booked in this talk. NULL: nothing, or it is over, or whose it is cannot be told. */
const va_json_t *wk_appointment_booked(const wk_reception_turn_t *t);

/* Its service; absent: there is none. */
va_str_t wk_service_booked(const wk_reception_turn_t *t);

/*
 * That of the day, time and service the message names, else the one just booked, else the next.
 * *sure: it can be no other.
 */
const va_json_t *wk_appointment_meant(const wk_reception_turn_t *t, bool *sure);

/* All that fit what it names: of "both", or "all". */
wk_meant_t wk_all_meant(const wk_reception_turn_t *t);

/* Those on the day, at the time and for the service that it names: a weekday on which none is
 * when it comes next is any of them. None where the day is not clear. */
wk_meant_t wk_all_named(const wk_reception_turn_t *t);

/* A letter answers the last text that invited it; without one the only appointment. */
const va_json_t *wk_appointment_of_letter(const wk_reception_turn_t *t, bool *sure);

#endif
