#include "worker/agent/reception_days.h"

#include <string.h>
#include <time.h>

#include "worker/agent/date.h"
#include "worker/json.h"

#define DATE        10    /* characters */
#define DAY         86400 /* seconds */
#define MONDAY      1
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

/* Of a text that is none, the year 0. */
static wk_date_t date_of(va_str_t text)
{
    wk_date_t date;
    return wk_date_parse(text, &date) ? date : (wk_date_t){.year = 0};
}

/* As of the calendar, whose hours on a day beyond it are not known. */
static const va_json_t *row_of(const wk_reception_turn_t *t, long days, int weekday)
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
        row = wk_json_parse(t->a, wk_printf(t->a, "[\"%.*s\",%d,null,null]", (int)date.len,
                                            date.data, weekday));
    }
    return row;
}

/* Of the weekday named the one nearest to t->near, none that is past; NULL: near what? */
static const va_json_t *nearest_weekday(const wk_reception_turn_t *t)
{
    if (t->near.len != DATE) {
        return NULL;
    }
    wk_date_t near = date_of(t->near), today = date_of(t->f->today);
    int ahead = (t->r->weekday - wk_date_weekday(&near) + SUNDAY) % SUNDAY;
    long days = wk_date_days(&near) + (ahead > SUNDAY / 2 ? ahead - SUNDAY : ahead);
    return row_of(t, days < wk_date_days(&today) ? days + SUNDAY : days, t->r->weekday);
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
           date_of(found).day != wk_small_number(va_str(day.data + day.len - 2, 2));
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
    wk_date_t today = date_of(t->f->today), date = date_of(wk_fact_text(t->f->day, 0));
    int months = (date.year - today.year) * YEAR + date.month - today.month;
    bool of_year = r->day.len == 5 && date.year > 0 && is_day_found(t);
    return of_year && (r->year != 0 ? r->year < date.year : months > MOST_MONTHS);
}

/* The year that was said, and the weekday, are those of the date. */
static bool is_that_date(const wk_reception_turn_t *t, const va_json_t *day)
{
    int64_t weekday = 0;
    (void)va_json_int(wk_fact_at(day, 1), &weekday);
    return (t->r->year == 0 || t->r->year == date_of(wk_fact_text(day, 0)).year) &&
           (t->r->weekday == 0 || t->r->weekday == weekday) && !is_past(t);
}

bool wk_turn_wishes_past(const wk_reception_turn_t *t)
{
    static const char *const lists[] = {
        "wish.filler",       "courtesy",          "yes.",          "intent.book", "service.",
        "intent.reschedule", "reschedule.object", "reschedule.to", "time.at",     NULL};
    wk_reading_t r = *t->r;
    r.unmeant = false;
    return r.past && !wk_reading_names_a_day(&r) &&
           wk_reading_is_only(t->a, t->c, &r, lists, true);
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
    bool unclear = wk_reading_names_a_day(r) || wk_turn_wishes_past(t);
    return clear ? WK_DAY_ONE : unclear ? WK_DAY_UNCLEAR : WK_DAY_NONE;
}

bool wk_turn_excepts(const wk_reception_turn_t *t, va_str_t date)
{
    wk_date_t day = date_of(date), today = date_of(t->f->today);
    long ahead = wk_date_days(&day) - wk_date_days(&today);
    return (t->r->not_weekdays & (1U << wk_date_weekday(&day))) != 0 ||
           (ahead >= 0 && ahead <= WK_DAYS_AHEAD && (t->r->not_ahead & (1U << ahead)) != 0);
}

const char *wk_turn_day_fault(const wk_reception_turn_t *t)
{
    bool none = t->r->impossible || is_beyond_its_month(t);
    bool past = is_past(t) || wk_turn_wishes_past(t);
    return none ? "reply.day_impossible" : past ? "reply.day_past" : NULL;
}

/* ---------------------------------------------------------------- several */

/* The first of the month behind that of a date. */
static va_str_t next_month(wk_arena_t *a, va_str_t text)
{
    wk_date_t date = date_of(text);
    int year = date.month == YEAR ? date.year + 1 : date.year;
    return wk_printf(a, "%04d-%02d-01", year, date.month % YEAR + 1);
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
