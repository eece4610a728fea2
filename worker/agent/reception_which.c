#include "worker/agent/reception_which.h"

#include "worker/agent/reception_services.h"

#include "worker/agent/date.h"
#include "worker/agent/wording.h"

/* Rows of facts: [id, type, date, time, stands]. */
va_str_t wk_moment_of(const wk_reception_turn_t *t, const va_json_t *row)
{
    const wk_slot_t slot = {.date = wk_fact_text(row, 2), .time = wk_fact_text(row, 3)};
    return wk_word_slot(t->a, t->l, &slot);
}

void wk_add_about(wk_reception_turn_t *t, const char *name, const va_json_t *row)
{
    wk_turn_add(t, wk_say(t->a, t->l, name,
                          {"service", wk_turn_service_word(t, wk_fact_text(row, 1))},
                          {"moment", wk_moment_of(t, row)}));
}

bool wk_is_the_only(const va_json_t *list)
{
    return list != NULL && list->first != NULL && list->first->next == NULL;
}

bool wk_row_fits(const wk_reception_turn_t *t, const va_json_t *row, va_str_t date)
{
    va_str_t service = wk_turn_service(t);
    return (date.data == NULL || va_str_eq(wk_fact_text(row, 2), date)) &&
           (t->r->time.hour < 0 || wk_clock_time_is(t->r->time, wk_fact_text(row, 3))) &&
           (service.data == NULL || va_str_eq(wk_fact_text(row, 1), service));
}

/* NULL: none of this talk's, or it is over, or whose it is cannot be told. */
const va_json_t *wk_appointment_booked(const wk_reception_turn_t *t)
{
    const va_json_t *row = wk_fact_at(t->f->appointments, 0);
    while (row != NULL && !va_str_eq(wk_fact_text(row, 0), t->dialog->booked)) {
        row = row->next;
    }
    return t->dialog->booked.data != NULL ? row : NULL;
}

va_str_t wk_service_booked(const wk_reception_turn_t *t)
{
    return wk_fact_text(wk_appointment_booked(t), 1);
}

/*
 * The coming appointment that the message means: that of the day, time and service it names,
 * else the one just booked, else the next. *sure: it can be no other.
 */
const va_json_t *wk_appointment_meant(const wk_reception_turn_t *t, bool *sure)
{
    va_str_t date;
    size_t n = 0;
    const va_json_t *booked = wk_appointment_booked(t);
    const va_json_t *meant = booked != NULL ? booked : wk_fact_at(t->f->appointments, 0);
    bool clear = wk_turn_date(t, &date) != WK_DAY_UNCLEAR;
    for (size_t i = 0; wk_fact_at(t->f->appointments, i) != NULL; i++) {
        const va_json_t *row = wk_fact_at(t->f->appointments, i);
        if (wk_row_fits(t, row, date)) {
            meant = n == 0 || row == booked ? row : meant;
            n++;
        }
    }
    *sure = clear && n == 1;
    return meant;
}

/* Those that the message means with "both" or "all". */
wk_meant_t wk_all_meant(const wk_reception_turn_t *t)
{
    va_str_t date;
    wk_meant_t rows = {.count = 0};
    (void)wk_turn_date(t, &date);
    for (size_t i = 0; i < WK_MOST_MEANT && wk_fact_at(t->f->appointments, i) != NULL; i++) {
        const va_json_t *row = wk_fact_at(t->f->appointments, i);
        if (wk_row_fits(t, row, date)) {
            rows.at[rows.count++] = row;
        }
    }
    return rows;
}

static wk_meant_t on_weekday(const wk_reception_turn_t *t)
{
    wk_date_t date;
    wk_meant_t rows = {.count = 0};
    const va_json_t *row = wk_fact_at(t->f->appointments, 0);
    for (; row != NULL && rows.count < WK_MOST_MEANT; row = row->next) {
        if (wk_date_parse(wk_fact_text(row, 2), &date) &&
            wk_date_weekday(&date) == t->r->weekday && wk_row_fits(t, row, VA_STR_NULL)) {
            rows.at[rows.count++] = row;
        }
    }
    return rows;
}

wk_meant_t wk_all_named(const wk_reception_turn_t *t)
{
    va_str_t date;
    const wk_reading_t *r = t->r;
    bool weekday = r->weekday != 0 && r->day.data == NULL && !r->vague;
    wk_meant_t rows = {.count = 0};
    if (wk_turn_date(t, &date) != WK_DAY_UNCLEAR) {
        rows = wk_all_meant(t);
    }
    return rows.count == 0 && weekday ? on_weekday(t) : rows;
}

/* A letter answers the last text that invited it; without one the only appointment. */
const va_json_t *wk_appointment_of_letter(const wk_reception_turn_t *t, bool *sure)
{
    *sure = t->f->texted != NULL || wk_is_the_only(t->f->appointments);
    return t->f->texted != NULL ? t->f->texted : wk_fact_at(t->f->appointments, 0);
}
