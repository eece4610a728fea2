#include "worker/agent/tools/moment.h"

#include "worker/agent/date.h"
#include "worker/agent/message_reading.h"
#include "worker/agent/wording.h"

#define DATE_LEN 10 /* YYYY-MM-DD, as every moment begins */

/*
 * What people write, read to its last word: what is left over may be the zone, or another half
 * of the day, and the moment would be another one than was meant.
 */
static bool read_words(const wk_tool_call_t *call, va_str_t text, wk_reading_t *r)
{
    static const char *const beside[] = {"time.at", NULL};
    *r = wk_read_message(call->ctx->arena, call->catalogue, NULL, text);
    return wk_reading_is_only(call->ctx->arena, call->catalogue, r, beside, false);
}

/* YYYY-MM-DD of a date in words ("December 18, 2026"), its year included; absent: none. */
static va_str_t named_date(const wk_tool_call_t *call, const wk_reading_t *r)
{
    return r->day.len > 0 && r->year != 0 && !r->vague
               ? wk_printf(call->ctx->arena, "%04d-%.*s", r->year, (int)r->day.len, r->day.data)
               : VA_STR_NULL;
}

/* "Friday, December 19, 2026", which is a Saturday: one of the two is not meant. */
static bool is_other_weekday(const wk_reading_t *r, va_str_t date)
{
    wk_date_t d;
    return r->weekday != 0 && wk_date_parse(date, &d) && wk_date_weekday(&d) != r->weekday;
}

static va_str_t date_of(const wk_tool_call_t *call, const wk_reading_t *r)
{
    va_str_t date = named_date(call, r);
    return is_other_weekday(r, date) ? VA_STR_NULL : date;
}

/* HH:MM of a time in words that leave no doubt: "10:45 AM", "2pm", "14h"; absent: none. */
static va_str_t time_of(const wk_tool_call_t *call, const wk_reading_t *r)
{
    return r->time.hour >= 0 && r->time.certain && !r->time.doubtful
               ? wk_printf(call->ctx->arena, "%02d:%02d", r->time.hour, r->time.minute)
               : VA_STR_NULL;
}

static bool parse_both(const wk_tool_call_t *call, va_str_t date, va_str_t time,
                       wk_moment_t *moment)
{
    wk_arena_t *a = call->ctx->arena;
    va_str_t whole =
        wk_printf(a, "%.*sT%.*s", (int)date.len, date.data, (int)time.len, time.data);
    return date.len == DATE_LEN && time.len > 0 && wk_moment_parse(a, whole, false, moment);
}

/* As ISO 8601 has them, else as people write them. */
static bool read_date_and_time(const wk_tool_call_t *call, va_str_t date, va_str_t time,
                               wk_moment_t *moment)
{
    wk_moment_t day;
    wk_reading_t r;
    if (!wk_moment_parse(call->ctx->arena, date, false, &day)) {
        date = read_words(call, date, &r) && r.time.hour < 0 ? date_of(call, &r) : VA_STR_NULL;
    }
    return parse_both(call, date, time, moment) ||
           (read_words(call, time, &r) && !wk_reading_names_a_day(&r) &&
            parse_both(call, date, time_of(call, &r), moment));
}

/* "December 18, 2026 at 10 AM" */
static bool read_both_in_words(const wk_tool_call_t *call, va_str_t text, wk_moment_t *moment)
{
    wk_reading_t r;
    return read_words(call, text, &r) &&
           parse_both(call, date_of(call, &r), time_of(call, &r), moment);
}

/* RFC 9557 puts the zone's name behind the offset, which tells the instant by itself. */
static va_str_t without_zone_name(va_str_t text)
{
    const char *open = text.len > 0 && text.data[text.len - 1] == ']'
                           ? memchr(text.data, '[', text.len)
                           : NULL;
    return open != NULL ? va_str(text.data, (size_t)(open - text.data)) : text;
}

static bool read_whole(const wk_tool_call_t *call, va_str_t text, wk_moment_t *moment)
{
    va_str_t bare = without_zone_name(text);
    if (bare.len <= DATE_LEN + 1) {
        return false;
    }
    if (wk_moment_parse(call->ctx->arena, bare, false, moment)) {
        return bare.len == text.len || moment->zone.data != NULL;
    }
    return read_date_and_time(call, va_str(text.data, DATE_LEN),
                              va_str(text.data + DATE_LEN + 1, text.len - DATE_LEN - 1),
                              moment) ||
           read_both_in_words(call, text, moment);
}

bool wk_tool_read_moment(const wk_tool_call_t *call, wk_moment_t *moment)
{
    va_str_t whole = wk_arg_text(call->args, "appointment_datetime");
    va_str_t date = wk_arg_text(call->args, "appointment_date");
    va_str_t time = wk_arg_text(call->args, "appointment_time");
    if (whole.data != NULL) {
        return read_whole(call, whole, moment);
    }
    return date.data != NULL && time.data != NULL &&
           read_date_and_time(call, date, time, moment);
}

bool wk_tool_names_moment(const wk_tool_call_t *call)
{
    return wk_arg_text(call->args, "appointment_datetime").data != NULL ||
           wk_arg_text(call->args, "appointment_date").data != NULL ||
           wk_arg_text(call->args, "appointment_time").data != NULL;
}

/* A date that is named with another weekday than its own; absent: none. */
static va_str_t doubtful_date(const wk_tool_call_t *call)
{
    static const char *const names[] = {"appointment_datetime", "appointment_date"};
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        wk_reading_t r;
        va_str_t text = wk_arg_text(call->args, names[i]);
        va_str_t date = text.data != NULL && read_words(call, text, &r) ? named_date(call, &r)
                                                                        : VA_STR_NULL;
        if (date.data != NULL && is_other_weekday(&r, date)) {
            return date;
        }
    }
    return VA_STR_NULL;
}

bool wk_tool_refuse_moment(wk_tool_call_t *call)
{
    va_str_t date = doubtful_date(call);
    if (date.data != NULL) {
        va_str_t day = wk_word_date(call->ctx->arena, call->caller->language, date);
        return wk_tool_refuse(call, 400, "bad_request",
                              wk_tool_say(call, "tool.other_weekday", {"date", day}));
    }
    bool given = wk_arg_text(call->args, "appointment_datetime").data != NULL ||
                 (wk_arg_text(call->args, "appointment_date").data != NULL &&
                  wk_arg_text(call->args, "appointment_time").data != NULL);
    return wk_tool_refuse(
        call, 400, "bad_request",
        wk_printf(
            call->ctx->arena,
            "appointment_datetime %s: ISO 8601, as 2026-11-28T14:30, or appointment_date, "
            "as 2026-11-28, and appointment_time, as 14:30 or 2:30 PM.",
            given ? "is no moment that can be read" : "is missing"));
}
