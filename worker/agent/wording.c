#include "worker/agent/wording.h"

#include "worker/agent/clock_time.h"
#include "worker/agent/date.h"

/* ---------------------------------------------------------------- times, dates */

/* Of exactly two digits. */
static bool two_digits(va_str_t s, size_t from, int *value)
{
    *value = wk_small_number(va_str(s.data + from, 2));
    return *value >= 0;
}

va_str_t wk_word_time(wk_arena_t *a, const wk_language_t *l, va_str_t hh_mm)
{
    int hour, minute;
    if (hh_mm.len != 5 || hh_mm.data[2] != ':' || !two_digits(hh_mm, 0, &hour) ||
        !two_digits(hh_mm, 3, &minute) || hour > 24 || minute > 59) {
        return hh_mm;
    }
    return wk_say(
        a, l, minute == 0 ? "time.full_hour" : "time", {"hour", wk_decimal(a, hour % 24)},
        {"hour12", wk_decimal(a, (hour + 11) % 12 + 1)}, {"minute", va_str(hh_mm.data + 3, 2)},
        {"half", wk_text(l, hour % 24 < 12 ? "time.am" : "time.pm")});
}

/* 1 Monday to 7 Sunday. */
static va_str_t word_weekday(const wk_language_t *l, int iso_day)
{
    return wk_word_at(l, "weekdays", (size_t)iso_day - 1);
}

va_str_t wk_word_date(wk_arena_t *a, const wk_language_t *l, va_str_t date)
{
    wk_date_t d;
    if (!wk_date_parse(date, &d)) {
        return date;
    }
    va_str_t day = d.day == 1 ? wk_text(l, "date.first") : wk_decimal(a, d.day);
    return wk_say(a, l, "date", {"weekday", word_weekday(l, wk_date_weekday(&d))}, {"day", day},
                  {"month", wk_word_at(l, "months", (size_t)d.month - 1)},
                  {"year", wk_decimal(a, d.year)});
}

va_str_t wk_word_day(wk_arena_t *a, const wk_language_t *l, va_str_t date, va_str_t today)
{
    wk_date_t d, t;
    if (wk_date_parse(date, &d) && wk_date_parse(today, &t)) {
        long ahead = wk_date_days(&d) - wk_date_days(&t);
        if (ahead == 0 || ahead == 1) {
            return wk_text(l, ahead == 0 ? "day.today" : "day.tomorrow");
        }
    }
    return wk_word_date(a, l, date);
}

va_str_t wk_word_moment(wk_arena_t *a, const wk_language_t *l, va_str_t moment, va_str_t today)
{
    if (moment.len < 16) {
        return moment;
    }
    va_str_t date = va_str(moment.data, 10), time = va_str(moment.data + 11, 5);
    return wk_say(a, l, "moment", {"day", wk_word_day(a, l, date, today)},
                  {"time", wk_word_time(a, l, time)});
}

va_str_t wk_word_slot(wk_arena_t *a, const wk_language_t *l, const wk_slot_t *slot)
{
    return wk_say(a, l, "moment", {"day", wk_word_date(a, l, slot->date)},
                  {"time", wk_word_time(a, l, slot->time)});
}

/* ---------------------------------------------------------------- money, lists */

va_str_t wk_word_money(wk_arena_t *a, const wk_language_t *l, va_str_t amount,
                       va_str_t currency)
{
    va_buf_t text;
    const char *point = amount.len > 0 ? memchr(amount.data, '.', amount.len) : NULL;
    size_t whole = point != NULL ? (size_t)(point - amount.data) : amount.len;
    va_buf_init(&text, wk_mem(a), amount.len + 16);
    for (size_t i = 0; i < whole; i++) {
        if (i > 0 && (whole - i) % 3 == 0 && amount.data[i - 1] != '-') {
            va_buf_add_str(&text, wk_text(l, "money.group"));
        }
        va_buf_add_char(&text, amount.data[i]);
    }
    if (point != NULL) {
        va_buf_add_str(&text, wk_text(l, "money.point"));
        va_buf_add(&text, point + 1, amount.len - whole - 1);
    }
    return wk_say(a, l, "money", {"amount", va_buf_str(&text)}, {"currency", currency});
}

va_str_t wk_word_list_of(wk_arena_t *a, const wk_language_t *l, const va_str_t *items, size_t n)
{
    va_buf_t text;
    va_buf_init(&text, wk_mem(a), 64);
    for (size_t i = 0; i < n; i++) {
        if (i > 0) {
            const char *joint = i + 1 < n ? "list.comma" : n == 2 ? "list.and" : "list.last";
            va_buf_add_str(&text, wk_text(l, joint));
        }
        va_buf_add_str(&text, items[i]);
    }
    return text.len > 0 ? va_buf_str(&text) : VA_STR("");
}

va_str_t wk_word_address(wk_arena_t *a, const va_json_t *address)
{
    va_str_t street = va_json_get_string(address, "street");
    va_str_t city = va_json_get_string(address, "city");
    if (street.len == 0) {
        return city;
    }
    return city.len == 0 ? street
                         : wk_printf(a, "%.*s, %.*s", (int)street.len, street.data,
                                     (int)city.len, city.data);
}

va_str_t wk_word_for(wk_arena_t *a, const wk_language_t *l, const char *kind, va_str_t word)
{
    va_str_t name = wk_printf(a, "%s.%.*s", kind, (int)word.len, word.data);
    va_str_t text = wk_text_if_any(l, name.data);
    if (text.data != NULL) {
        return text;
    }
    char *readable = wk_strdup(a, word);
    for (size_t i = 0; i < word.len; i++) {
        readable[i] = readable[i] == '_' ? ' ' : readable[i];
    }
    return va_str(readable, word.len);
}

va_str_t wk_word_of_trade(wk_arena_t *a, const wk_language_t *l, const char *kind,
                          va_str_t word, va_str_t business_type)
{
    const char *name = wk_printf(a, "%s.%.*s", kind, (int)word.len, word.data).data;
    return wk_text_if_any(l, name).data != NULL ? wk_text_of_kind(l, name, business_type)
                                                : wk_word_for(a, l, kind, word);
}

va_str_t wk_word_service(wk_arena_t *a, const wk_language_t *l, const va_json_t *names,
                         va_str_t type)
{
    va_str_t own = va_json_get_string(names, wk_strdup(a, wk_language_code(l)));
    return own.len > 0 ? own : wk_word_for(a, l, "appointment", type);
}

/* ---------------------------------------------------------------- opening hours */

wk_week_t wk_week(const va_json_t *hours)
{
    static const char *const days[] = {"monday", "tuesday",  "wednesday", "thursday",
                                       "friday", "saturday", "sunday"};
    wk_week_t week;
    for (size_t i = 0; i < 7; i++) {
        const va_json_t *day = va_json_get(hours, days[i]);
        week.opens[i] = va_json_get_string(day, "open");
        week.closes[i] = va_json_get_string(day, "close");
    }
    return week;
}

static bool same_hours(const wk_week_t *w, size_t i, size_t j)
{
    return (w->opens[i].data == NULL) == (w->opens[j].data == NULL) &&
           va_str_eq(w->opens[i], w->opens[j]) && va_str_eq(w->closes[i], w->closes[j]);
}

/* Day first to last: one, two by name, more as a range. Adds to items. */
static void add_days(wk_arena_t *a, const wk_language_t *l, size_t first, size_t last,
                     va_str_t *items, size_t *n)
{
    if (last - first >= 2) {
        items[(*n)++] = wk_say(a, l, "days.range", {"first", word_weekday(l, (int)first + 1)},
                               {"last", word_weekday(l, (int)last + 1)});
        return;
    }
    for (size_t i = first; i <= last; i++) {
        items[(*n)++] = word_weekday(l, (int)i + 1);
    }
}

bool wk_is_all_day(va_str_t opens, va_str_t closes)
{
    return va_str_eq(opens, VA_STR("00:00")) && va_str_eq(closes, VA_STR("24:00"));
}

va_str_t wk_word_range(wk_arena_t *a, const wk_language_t *l, va_str_t opens, va_str_t closes)
{
    if (wk_is_all_day(opens, closes)) {
        return wk_text(l, "hours.all_day");
    }
    return wk_say(a, l, "hours.range", {"open", wk_word_time(a, l, opens)},
                  {"close", wk_word_time(a, l, closes)});
}

static va_str_t day_hours(wk_arena_t *a, const wk_language_t *l, const wk_week_t *w, size_t i)
{
    return wk_word_range(a, l, w->opens[i], w->closes[i]);
}

va_str_t wk_word_week(wk_arena_t *a, const wk_language_t *l, const wk_week_t *week)
{
    va_str_t items[7];
    size_t n = 0;
    for (size_t i = 0, last; i < 7; i = last + 1) {
        for (last = i; last + 1 < 7 && same_hours(week, i, last + 1); last++) {
        }
        if (week->opens[i].data != NULL) {
            va_str_t days[2];
            size_t n_days = 0;
            add_days(a, l, i, last, days, &n_days);
            items[n++] =
                wk_say(a, l, "hours.days", {"days", wk_word_list_of(a, l, days, n_days)},
                       {"hours", day_hours(a, l, week, i)});
        }
    }
    return n > 0 ? wk_word_list_of(a, l, items, n) : wk_text(l, "hours.never");
}

va_str_t wk_word_open_days(wk_arena_t *a, const wk_language_t *l, const wk_week_t *week)
{
    va_str_t items[7];
    size_t n = 0;
    for (size_t i = 0, last; i < 7; i = last + 1) {
        last = i;
        if (week->opens[i].data != NULL) {
            for (; last + 1 < 7 && week->opens[last + 1].data != NULL; last++) {
            }
            add_days(a, l, i, last, items, &n);
        }
    }
    return n > 0 ? wk_word_list_of(a, l, items, n) : wk_text(l, "hours.never");
}

va_str_t wk_word_open_hours(wk_arena_t *a, const wk_language_t *l, const wk_week_t *week)
{
    size_t first = 7;
    for (size_t i = 0; i < 7; i++) {
        if (week->opens[i].data == NULL) {
            continue;
        }
        if (first == 7) {
            first = i;
        } else if (!same_hours(week, first, i)) {
            return wk_word_week(a, l, week);
        }
    }
    return first < 7 ? day_hours(a, l, week, first) : wk_text(l, "hours.never");
}
