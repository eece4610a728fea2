#include "worker/moment.h"

#include <time.h>

/* What is left to read of a text. */
typedef struct {
    const char *p, *end;
} cursor_t;

static bool take(cursor_t *c, const char *any_of)
{
    if (c->p == c->end || *c->p == '\0' || strchr(any_of, *c->p) == NULL) {
        return false;
    }
    c->p++;
    return true;
}

/* Exactly that many digits, a number from min to max. */
static bool take_number(cursor_t *c, int digits, int min, int max, int *n)
{
    *n = 0;
    for (; digits > 0; digits--) {
        if (c->p == c->end || *c->p < '0' || *c->p > '9') {
            return false;
        }
        *n = *n * 10 + (*c->p++ - '0');
    }
    return *n >= min && *n <= max;
}

static int days_in(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

static bool take_date(cursor_t *c, struct tm *t)
{
    int year, month;
    if (!take_number(c, 4, 1900, 2200, &year) || !take(c, "-") ||
        !take_number(c, 2, 1, 12, &month) || !take(c, "-") ||
        !take_number(c, 2, 1, days_in(year, month), &t->tm_mday)) {
        return false;
    }
    t->tm_year = year - 1900;
    t->tm_mon = month - 1;
    return true;
}

/* hh:mm[:ss[.fraction]]; the fraction, its point included, up to microseconds. */
static bool take_time(cursor_t *c, struct tm *t, va_str_t *fraction)
{
    *fraction = VA_STR("");
    if (!take_number(c, 2, 0, 23, &t->tm_hour) || !take(c, ":") ||
        !take_number(c, 2, 0, 59, &t->tm_min)) {
        return false;
    }
    if (!take(c, ":")) {
        return true;
    }
    if (!take_number(c, 2, 0, 59, &t->tm_sec)) {
        return false;
    }
    const char *point = c->p;
    if (!take(c, ".")) {
        return true;
    }
    while (take(c, "0123456789")) {
    }
    size_t len = (size_t)(c->p - point);
    *fraction = va_str(point, len < 7 ? len : 7);
    return len > 1;
}

/* "Z", or an offset, which is taken off *t. A '+' nobody escaped in a query reads as a space.
 */
static bool take_zone(cursor_t *c, struct tm *t)
{
    int hours, minutes;
    if (take(c, "Zz")) {
        return true;
    }
    bool west = c->p < c->end && *c->p == '-';
    if (!take(c, "+- ") || !take_number(c, 2, 0, 23, &hours)) {
        return false;
    }
    minutes = 0;
    if (c->p < c->end && (take(c, ":"), !take_number(c, 2, 0, 59, &minutes))) {
        return false;
    }
    int offset = hours * 60 + minutes;
    t->tm_min -= west ? -offset : offset;
    return true;
}

/* timegm() carries days, hours and minutes beyond their bounds. */
static va_str_t wall_text(wk_arena_t *a, struct tm *t, va_str_t fraction)
{
    char text[32];
    time_t seconds = timegm(t);
    gmtime_r(&seconds, t);
    strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", t);
    return wk_printf(a, "%s%.*s", text, (int)fraction.len, fraction.data);
}

bool wk_moment_parse(wk_arena_t *a, va_str_t text, bool whole_days, wk_moment_t *moment)
{
    cursor_t c = {text.data, text.data + text.len};
    struct tm t = {.tm_isdst = 0};
    va_str_t fraction = VA_STR(""), zone = VA_STR_NULL;

    *moment = (wk_moment_t){VA_STR_NULL, VA_STR_NULL};
    if (!take_date(&c, &t)) {
        return false;
    }
    if (c.p == c.end) {
        t.tm_mday += whole_days;
    } else if (!take(&c, "Tt ") || !take_time(&c, &t, &fraction)) {
        return false;
    } else if (c.p != c.end) {
        if (!take_zone(&c, &t) || c.p != c.end) {
            return false;
        }
        zone = VA_STR("UTC");
    }
    *moment = (wk_moment_t){wall_text(a, &t, fraction), zone};
    return true;
}
