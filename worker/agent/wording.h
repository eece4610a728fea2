/*
 * Times, days, money and lists as people of a language say them. What is formatted comes
 * from Postgres: dates are YYYY-MM-DD, times HH:MM, both the shop's; nothing here knows a time
 * zone.
 */
#ifndef WK_AGENT_WORDING_H
#define WK_AGENT_WORDING_H

#include "core/json.h"
#include "worker/agent/catalogue.h"

/* "08:00" as "8:00 AM", "8 h"; the text itself when it is no time. */
va_str_t wk_word_time(wk_arena_t *a, const wk_language_t *l, va_str_t hh_mm);

/* "2026-11-24" as "Tuesday, November 24"; the text itself when it is no date. */
va_str_t wk_word_date(wk_arena_t *a, const wk_language_t *l, va_str_t date);

/* "2026-11-24 08:00" as both; a day that is today, or its morrow, by that word. */
va_str_t wk_word_moment(wk_arena_t *a, const wk_language_t *l, va_str_t moment, va_str_t today);

/* A start: ISO 8601 with the shop's offset, and the shop's date and time. */
typedef struct {
    va_str_t starts, date, time;
} wk_slot_t;

/* "Saturday, November 28 at 10:00 AM". */
va_str_t wk_word_slot(wk_arena_t *a, const wk_language_t *l, const wk_slot_t *slot);

/* "today", "tomorrow", or the date. */
va_str_t wk_word_day(wk_arena_t *a, const wk_language_t *l, va_str_t date, va_str_t today);

/* "2485.94", "CAD" as "2,485.94 CAD". */
va_str_t wk_word_money(wk_arena_t *a, const wk_language_t *l, va_str_t amount,
                       va_str_t currency);

/* "a", "a and b", "a, b, and c". */
va_str_t wk_word_list_of(wk_arena_t *a, const wk_language_t *l, const va_str_t *items,
                         size_t n);

/* Street and city of an address as organizations.address has it; what is missing is left out.
 */
va_str_t wk_word_address(wk_arena_t *a, const va_json_t *address);

/* A word of the program's ("tier", "vip") in the language; readable all the same without one.
 */
va_str_t wk_word_for(wk_arena_t *a, const wk_language_t *l, const char *kind, va_str_t word);

/* The same as a kind of business says it (catalogue.h). */
va_str_t wk_word_of_trade(wk_arena_t *a, const wk_language_t *l, const char *kind,
                          va_str_t word, va_str_t business_type);

/* What a type is called: by the shop in the language (names: services.name, may be NULL), else
 * by the catalogue. */
va_str_t wk_word_service(wk_arena_t *a, const wk_language_t *l, const va_json_t *names,
                         va_str_t type);

/* Midnight to midnight, as organizations.hours has it. */
bool wk_is_all_day(va_str_t opens, va_str_t closes);

/* From opening to closing: "8:00 AM to 6:00 PM", "24 hours". */
va_str_t wk_word_range(wk_arena_t *a, const wk_language_t *l, va_str_t opens, va_str_t closes);

/* A week of opening hours, as organizations.hours has them. */
typedef struct {
    va_str_t opens[7], closes[7]; /* Monday first; absent: closed */
} wk_week_t;

wk_week_t wk_week(const va_json_t *hours);

/* "Monday through Friday 8:00 AM to 6:00 PM, Saturday 9:00 AM to 5:00 PM" */
va_str_t wk_word_week(wk_arena_t *a, const wk_language_t *l, const wk_week_t *week);

/* The days alone: "Monday through Saturday". */
va_str_t wk_word_open_days(wk_arena_t *a, const wk_language_t *l, const wk_week_t *week);

/* The hours alone, when all days have the same; else as wk_word_week(). */
va_str_t wk_word_open_hours(wk_arena_t *a, const wk_language_t *l, const wk_week_t *week);

#endif
