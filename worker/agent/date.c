#include "worker/agent/date.h"

#define YEAR 12 /* months */

/* A number of exactly that many digits at from; -1: there is none. */
static int number_at(va_str_t s, size_t from, size_t n)
{
    int value = 0;
    for (size_t i = from; i < from + n; i++) {
        if (i >= s.len || s.data[i] < '0' || s.data[i] > '9') {
            return -1;
        }
        value = value * 10 + (s.data[i] - '0');
    }
    return value;
}

bool wk_date_parse(va_str_t s, wk_date_t *d)
{
    d->year = number_at(s, 0, 4);
    d->month = number_at(s, 5, 2);
    d->day = number_at(s, 8, 2);
    return d->year >= 0 && d->month >= 1 && d->month <= YEAR && d->day >= 1 && d->day <= 31;
}

long wk_date_days(const wk_date_t *d)
{
    long y = d->month <= 2 ? d->year - 1 : d->year;
    long month = (d->month + 9) % YEAR; /* March first: the leap day ends the year */
    return 365 * y + y / 4 - y / 100 + y / 400 + (month * 306 + 5) / 10 + d->day - 1 - 719468;
}

/* 1970-01-01 was a Thursday. */
int wk_date_weekday(const wk_date_t *d)
{
    return (int)((wk_date_days(d) % 7 + 7 + 3) % 7) + 1;
}

/* months: since the year 0. */
static int month_length(int months)
{
    wk_date_t first = {months / YEAR, months % YEAR + 1, 1},
              next = {(months + 1) / YEAR, (months + 1) % YEAR + 1, 1};
    return (int)(wk_date_days(&next) - wk_date_days(&first));
}

void wk_date_step(wk_date_t *d)
{
    bool ends = d->day >= month_length(d->year * YEAR + d->month - 1);
    int month = d->year * YEAR + d->month - 1 + ends;
    *d = (wk_date_t){month / YEAR, month % YEAR + 1, ends ? 1 : d->day + 1};
}

bool wk_date_is_months_after(const wk_date_t *d, int months, long days)
{
    int month = d->year * YEAR + d->month - 1, from = month - months;
    int last = d->day == month_length(month) ? month_length(from) : d->day;
    wk_date_t day = {from / YEAR, from % YEAR + 1, d->day};
    long distance = wk_date_days(d) - wk_date_days(&day);
    return day.day <= month_length(from) && days <= distance &&
           days >= distance - (last > d->day ? last - d->day : 0);
}
