#include "worker/agent/reception_days.h"

#include <string.h>
#include <time.h>

#define DATE        10    /* characters */
#define DAY         86400 /* seconds */
#define MONDAY      1
#define THURSDAY    4 /* 1970-01-01 */
#define SUNDAY      7
#define YEAR        12 /* months */
#define MOST_MONTHS 9  /* ahead; of a date further away this year's is meant, which is past */

/* ---------------------------------------------------------------- the coming days */

/* Rows: [date, weekday, opens, closes]. The first from row on that is that weekday. */
static const va_json_t *weekday_from(const wk_reception_turn_t *t, const va_json_t *row, int n)
{
    va_str_t wanted = wk_printf(t->a, "%d", n);
    while (row != NULL && !va_str_eq(wk_fact_text(row, 1), wanted)) {
        row = row->next;
    }
    return row;
}

/* With which the next week begins. */
static const va_json_t *next_monday(const wk_reception_turn_t *t)
{
    return weekday_from(t, wk_fact_at(t->f->week, 1), MONDAY);
}

static bool is_before(const va_json_t *row, const va_json_t *other)
{
    va_str_t date = wk_fact_text(row, 0), then = wk_fact_text(other, 0);
    return date.len == then.len && date.len > 0 && memcmp(date.data, then.data, date.len) < 0;
}

static int number_at(va_str_t date, size_t from, size_t n)
{
    int value = 0;
    for (size_t i = from; i < from + n && i < date.len; i++) {
        value = value * 10 + (date.data[i] - '0');
    }
    return value;
}

/* Of a date, from 1970 on. */
static int64_t days_of(va_str_t date)
{
    struct tm tm = {.tm_year = number_at(date, 0, 4) - 1900,
                    .tm_mon = number_at(date, 5, 2) - 1,
                    .tm_mday = number_at(date, 8, 2)};
    return (int64_t)timegm(&tm) / DAY;
}

static int weekday_of(int64_t days)
{
    return (int)((days + THURSDAY - 1) % SUNDAY) + 1;
}

/* As of the calendar, whose hours on a day beyond it are not known. */
static const va_json_t *row_of(const wk_reception_turn_t *t, int64_t days, int weekday)
{
    struct tm tm;
    const va_json_t *row = wk_fact_at(t->f->week, 0);
    time_t seconds = (time_t)(days * DAY);
    if (gmtime_r(&seconds, &tm) == NULL) {
        return NULL;
    }
    va_str_t date =
        wk_printf(t->a, "%04d-%02d-%02d", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
    while (row != NULL && !va_str_eq(wk_fact_text(row, 0), date)) {
        row = row->next;
    }
    if (row == NULL) {
        (void)va_json_parse(
            wk_mem(t->a),
            wk_printf(t->a, "[\"%.*s\",%d,null,null]", (int)date.len, date.data, weekday),
            &VA_JSON_LIMITS_DEFAULT, &row);
    }
    return row;
}

/* Of the weekday named the one nearest to t->near, none that is past; NULL: near what? */
static const va_json_t *nearest_weekday(const wk_reception_turn_t *t)
{
    if (t->near.len != DATE) {
        return NULL;
    }
    int64_t near = days_of(t->near), today = days_of(t->f->today);
    int own = weekday_of(near);
    int ahead = (t->r->weekday - own + SUNDAY) % SUNDAY;
    int64_t days = near + (ahead > SUNDAY / 2 ? ahead - SUNDAY : ahead);
    return row_of(t, days < today ? days + SUNDAY : days, t->r->weekday);
}

/* "Next Tuesday" is the coming one, or that of the next week: clear where they are the same. */
static const va_json_t *weekday_meant(const wk_reception_turn_t *t)
{
    const wk_reading_t *r = t->r;
    const va_json_t *monday = next_monday(t);
    const va_json_t *coming = weekday_from(t, wk_fact_at(t->f->week, r->next), r->weekday);
    const va_json_t *of_next_week = weekday_from(t, monday, r->weekday);
    const va_json_t *nearest = nearest_weekday(t);
    if (nearest != NULL && !r->next && r->span == WK_SPAN_NONE) {
        return nearest;
    }
    switch (r->span) {
    case WK_SPAN_NEXT_WEEK:
        return of_next_week;
    case WK_SPAN_THIS_WEEK:
        return is_before(coming, monday) ? coming : NULL;
    case WK_SPAN_NEXT_MONTH:
        return NULL;
    case WK_SPAN_WEEKEND:
    case WK_SPAN_NONE:
        break;
    }
    return r->next && coming != of_next_week ? NULL : coming;
}

/* ---------------------------------------------------------------- one day */

/* The calendar was asked for the day of the whole message: a part of it may name another. */
static bool is_day_found(const wk_reception_turn_t *t)
{
    return t->r->day.data != NULL && va_str_eq(t->r->day, t->f->day_asked);
}

/* "The 31st" of a month that ends before it has become one of the first of the next, and so has
 * February 29 of most years. */
static bool is_beyond_its_month(const wk_reception_turn_t *t)
{
    va_str_t day = t->r->day, found = wk_fact_text(t->f->day, 0);
    bool by_number = day.len == 2 || day.len == 5;
    return by_number && is_day_found(t) && found.len == DATE &&
           number_at(found, DATE - 2, 2) != number_at(day, day.len - 2, 2);
}

const va_json_t *wk_turn_day(const wk_reception_turn_t *t)
{
    if (t->r->day.data != NULL) {
        return is_day_found(t) && !is_beyond_its_month(t) ? t->f->day : NULL;
    }
    if (t->r->weekday != 0) {
        return weekday_meant(t);
    }
    return t->r->ahead >= 1 ? wk_fact_at(t->f->week, (size_t)t->r->ahead) : NULL;
}

/* Of a date without its year that of this one is past, and that of the next far away. */
static bool is_past(const wk_reception_turn_t *t)
{
    const wk_reading_t *r = t->r;
    va_str_t today = t->f->today, date = wk_fact_text(t->f->day, 0);
    int months = (number_at(date, 0, 4) - number_at(today, 0, 4)) * YEAR +
                 number_at(date, 5, 2) - number_at(today, 5, 2);
    bool of_year = r->day.len == 5 && date.len > 0 && is_day_found(t);
    return of_year && (r->year != 0 ? r->year < number_at(date, 0, 4) : months > MOST_MONTHS);
}

/* The year that was said, and the weekday, are those of the date. */
static bool is_that_date(const wk_reception_turn_t *t, const va_json_t *day)
{
    int64_t weekday = 0;
    (void)va_json_int(wk_fact_at(day, 1), &weekday);
    return (t->r->year == 0 || t->r->year == number_at(wk_fact_text(day, 0), 0, 4)) &&
           (t->r->weekday == 0 || t->r->weekday == weekday) && !is_past(t);
}

wk_named_day_t wk_turn_date(const wk_reception_turn_t *t, va_str_t *date)
{
    const wk_reading_t *r = t->r;
    const va_json_t *day = r->day.data == NULL && r->ahead >= 0
                               ? wk_fact_at(t->f->week, (size_t)r->ahead)
                               : wk_turn_day(t);
    bool clear = day != NULL && !r->vague && is_that_date(t, day) &&
                 (r->day.data == NULL || r->ahead < 0);
    *date = clear ? wk_fact_text(day, 0) : VA_STR_NULL;
    return clear ? WK_DAY_ONE : wk_reading_names_a_day(r) ? WK_DAY_UNCLEAR : WK_DAY_NONE;
}

bool wk_turn_excepts(const wk_reception_turn_t *t, va_str_t date)
{
    int64_t day = days_of(date), ahead = day - days_of(t->f->today);
    return (t->r->not_weekdays & (1U << weekday_of(day))) != 0 ||
           (ahead >= 0 && ahead <= WK_DAYS_AHEAD && (t->r->not_ahead & (1U << ahead)) != 0);
}

const char *wk_turn_day_fault(const wk_reception_turn_t *t)
{
    bool none = t->r->impossible || is_beyond_its_month(t);
    return none ? "reply.day_impossible" : is_past(t) ? "reply.day_past" : NULL;
}

/* ---------------------------------------------------------------- several */

/* The first of the month behind that of a date. */
static va_str_t next_month(wk_arena_t *a, va_str_t date)
{
    int year = number_at(date, 0, 4), month = number_at(date, 5, 2);
    return wk_printf(a, "%04d-%02d-01", month == YEAR ? year + 1 : year, month % YEAR + 1);
}

/* The Saturday and Sunday that come, or what is left of them. */
static wk_days_t weekend(const wk_reception_turn_t *t)
{
    const va_json_t *today = wk_fact_at(t->f->week, 0);
    const va_json_t *sunday = weekday_from(t, today, SUNDAY);
    const va_json_t *from = sunday == today ? today : weekday_from(t, today, SUNDAY - 1);
    return (wk_days_t){wk_fact_text(from, 0), wk_fact_text(sunday, 0)};
}

bool wk_turn_days(const wk_reception_turn_t *t, wk_days_t *days)
{
    const wk_reading_t *r = t->r;
    bool other = r->weekday != 0 || r->ahead >= 0 || r->day.data != NULL || r->vague;
    *days = (wk_days_t){.from = VA_STR_NULL};
    switch (other ? WK_SPAN_NONE : r->span) {
    case WK_SPAN_NONE:
        break;
    case WK_SPAN_THIS_WEEK:
        *days = (wk_days_t){
            t->f->today, wk_fact_text(weekday_from(t, wk_fact_at(t->f->week, 0), SUNDAY), 0)};
        break;
    case WK_SPAN_WEEKEND:
        *days = weekend(t);
        break;
    case WK_SPAN_NEXT_WEEK:
        days->from = wk_fact_text(next_monday(t), 0);
        break;
    case WK_SPAN_NEXT_MONTH:
        days->from = next_month(t->a, t->f->today);
        break;
    }
    return days->from.data != NULL;
}

bool wk_turn_names_a_moment(const wk_reception_turn_t *t)
{
    return wk_reading_names_a_moment(t->r);
}
