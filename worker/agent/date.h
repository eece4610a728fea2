/* Dates of the Gregorian calendar, without a time zone. */
#ifndef WK_AGENT_DATE_H
#define WK_AGENT_DATE_H

#include <stdbool.h>

#include "core/base.h"

typedef struct {
    int year, month, day;
} wk_date_t;

/* What begins with YYYY-MM-DD. */
bool wk_date_parse(va_str_t text, wk_date_t *d);

/* Days since 1970-01-01; a day beyond its month's last is one of the next month. */
long wk_date_days(const wk_date_t *d);

/* 1 Monday to 7 Sunday. */
int wk_date_weekday(const wk_date_t *d);

/* To the day behind it. */
void wk_date_step(wk_date_t *d);

/* Whether it lies that many months behind the day that is so many days before it: a month
 * without that day has its last one instead. */
bool wk_date_is_months_after(const wk_date_t *d, int months, long days);

#endif
