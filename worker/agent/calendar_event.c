#include "worker/agent/calendar_event.h"

#include <stdlib.h>

#include "core/hmac.h"
#include "worker/moment.h"
#include "worker/store/calendar.h"

#define MARK "voiceagent"      /* private property: the appointment */
#define SPAN "voiceagent_span" /* private property: "1764000000-1764001800" */

#define REMIND_EMAIL_MIN 1440
#define REMIND_POPUP_MIN 60

/* ---------------------------------------------------------------- id */

/* RFC 4648 section 7 without padding, in lower case: the alphabet Google asks for. */
static size_t base32hex(char *out, const uint8_t *in, size_t n)
{
    static const char alphabet[] = "0123456789abcdefghijklmnopqrstuv";
    size_t len = 0;
    unsigned bits = 0, value = 0;
    for (size_t i = 0; i < n; i++) {
        value = (value << 8 | in[i]) & 0xfff;
        for (bits += 8; bits >= 5; bits -= 5) {
            out[len++] = alphabet[value >> (bits - 5) & 31];
        }
    }
    if (bits > 0) {
        out[len++] = alphabet[value << (5 - bits) & 31];
    }
    return len;
}

bool wk_calendar_event_id(wk_arena_t *a, va_str_t organization, va_str_t appointment,
                          va_str_t *id, wk_error_t *e)
{
    uint8_t digest[32];
    char *text = wk_alloc(a, 52);
    va_str_t key = wk_printf(a, "tenant:%.*s:booking:%.*s", (int)organization.len,
                             organization.data, (int)appointment.len, appointment.data);
    if (va_sha256(key, digest) != VA_OK) {
        return wk_error(e, WK_INTERNAL, "an event's id cannot be made");
    }
    *id = va_str(text, base32hex(text, digest, sizeof(digest)));
    return true;
}

/* ---------------------------------------------------------------- body */

static void put_line(va_buf_t *text, va_str_t line)
{
    if (line.len > 0) {
        va_buf_add_str(text, line);
        va_buf_add_char(text, '\n');
    }
}

static va_str_t description(wk_arena_t *a, const wk_calendar_entry_t *entry)
{
    va_buf_t text;
    va_buf_init(&text, wk_mem(a), 256);
    put_line(&text, entry->phone);
    put_line(&text, entry->email);
    put_line(&text, entry->purpose);
    put_line(&text, entry->notes);
    va_buf_add_c(&text, "Booked via AI Assistant");
    return va_buf_str(&text);
}

static va_str_t summary(wk_arena_t *a, const wk_calendar_entry_t *entry)
{
    va_str_t who = entry->customer.len > 0 ? entry->customer : entry->phone;
    return who.len == 0 ? entry->service
                        : wk_printf(a, "%.*s - %.*s", (int)entry->service.len,
                                    entry->service.data, (int)who.len, who.data);
}

static void put_moment(va_json_writer_t *w, const char *name, va_str_t at, va_str_t zone)
{
    va_json_key(w, name);
    va_json_object(w);
    va_json_add_str(w, "dateTime", at);
    va_json_add_str(w, "timeZone", zone);
    va_json_object_end(w);
}

static void put_ours(wk_arena_t *a, va_json_writer_t *w, const wk_calendar_entry_t *entry)
{
    va_json_add_str(w, "summary", summary(a, entry));
    put_moment(w, "start", entry->starts, entry->zone);
    put_moment(w, "end", entry->ends, entry->zone);
    va_json_add_c(w, "status", "confirmed");
    va_json_key(w, "extendedProperties");
    va_json_object(w);
    va_json_key(w, "private");
    va_json_object(w);
    va_json_add_str(w, MARK, entry->id);
    va_json_add_str(w, SPAN,
                    wk_printf(a, "%.*s-%.*s", (int)entry->starts_s.len, entry->starts_s.data,
                              (int)entry->ends_s.len, entry->ends_s.data));
    va_json_object_end(w);
    va_json_object_end(w);
}

static void put_reminder(va_json_writer_t *w, const char *method, int minutes)
{
    va_json_object(w);
    va_json_add_c(w, "method", method);
    va_json_add_int(w, "minutes", minutes);
    va_json_object_end(w);
}

static void put_reminders(va_json_writer_t *w)
{
    va_json_key(w, "reminders");
    va_json_object(w);
    va_json_add_bool(w, "useDefault", false);
    va_json_key(w, "overrides");
    va_json_array(w);
    put_reminder(w, "email", REMIND_EMAIL_MIN);
    put_reminder(w, "popup", REMIND_POPUP_MIN);
    va_json_array_end(w);
    va_json_object_end(w);
}

static void put_guest(va_json_writer_t *w, const wk_calendar_entry_t *entry)
{
    va_json_key(w, "attendees");
    va_json_array(w);
    va_json_object(w);
    va_json_add_str(w, "email", entry->email);
    if (entry->customer.len > 0) {
        va_json_add_str(w, "displayName", entry->customer);
    }
    va_json_object_end(w);
    va_json_array_end(w);
}

static va_str_t ended(va_json_writer_t *w, va_buf_t *text)
{
    va_json_object_end(w);
    return va_json_writer_end(w) == VA_OK ? va_buf_str(text) : VA_STR("{}");
}

va_str_t wk_calendar_event_new(wk_arena_t *a, va_str_t event_id,
                               const wk_calendar_entry_t *entry)
{
    va_buf_t text;
    va_buf_init(&text, wk_mem(a), 1024);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_object(w);
    va_json_add_str(w, "id", event_id);
    va_json_add_str(w, "description", description(a, entry));
    put_ours(a, w, entry);
    put_reminders(w);
    if (entry->invites && entry->email.len > 0) {
        put_guest(w, entry);
    }
    return ended(w, &text);
}

va_str_t wk_calendar_event_change(wk_arena_t *a, const wk_calendar_entry_t *entry)
{
    va_buf_t text;
    va_buf_init(&text, wk_mem(a), 512);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_object(w);
    put_ours(a, w, entry);
    return ended(w, &text);
}

/* ---------------------------------------------------------------- reading one */

static const va_json_t *private_properties(const va_json_t *event)
{
    return va_json_pointer(event, VA_STR("/extendedProperties/private"));
}

bool wk_calendar_event_appointment(wk_arena_t *a, va_str_t organization, const va_json_t *event,
                                   va_str_t *appointment, wk_error_t *e)
{
    va_str_t id, marked = va_json_get_string(private_properties(event), MARK);
    *appointment = VA_STR_NULL;
    if (marked.data == NULL) {
        return true;
    }
    if (!wk_calendar_event_id(a, organization, marked, &id, e)) {
        return false;
    }
    if (va_str_eq(id, va_json_get_string(event, "id"))) {
        *appointment = marked;
    }
    return true;
}

bool wk_calendar_event_given(const va_json_t *event, wk_calendar_span_t *span)
{
    char *end;
    va_str_t text = va_json_get_string(private_properties(event), SPAN);
    if (text.len == 0 || text.data[0] < '0' || text.data[0] > '9') {
        return false;
    }
    span->starts_s = strtoll(text.data, &end, 10); /* terminated, as every text of a tree */
    if (*end != '-') {
        return false;
    }
    span->ends_s = strtoll(end + 1, &end, 10);
    return *end == '\0';
}

/* {"dateTime": RFC 3339}, or {"date": "YYYY-MM-DD"} for whole days, the end exclusive. */
static bool read_moment(wk_arena_t *a, const va_json_t *at, wk_moment_t *moment)
{
    va_str_t text = va_json_get_string(at, "dateTime");
    if (text.data == NULL) {
        text = va_json_get_string(at, "date");
    }
    return text.data != NULL && wk_moment_parse(a, text, false, moment);
}

bool wk_calendar_event_times(wk_tx_t *tx, const va_json_t *event, va_str_t zone,
                             wk_calendar_span_t *span, bool *readable, wk_error_t *e)
{
    wk_rows_t *rows;
    wk_moment_t start, end;
    wk_arena_t *a = wk_tx_arena(tx);
    *readable = read_moment(a, va_json_get(event, "start"), &start) &&
                read_moment(a, va_json_get(event, "end"), &end);
    if (!*readable) {
        return true;
    }
    va_str_t params[] = {start.wall, start.zone, end.wall, end.zone, zone};
    if (!wk_sql(tx, &wk_sql_calendar_times, params, &rows, e)) {
        return false;
    }
    *span = (wk_calendar_span_t){wk_cell_int(rows, 0, "starts_s", 0),
                                 wk_cell_int(rows, 0, "ends_s", 0)};
    *readable = span->ends_s >= span->starts_s;
    return true;
}

bool wk_calendar_event_cancelled(const va_json_t *event)
{
    return va_str_eq(va_json_get_string(event, "status"), VA_STR("cancelled"));
}

static bool declined(const va_json_t *event)
{
    const va_json_t *guests = va_json_get(event, "attendees");
    const va_json_t *g = va_json_is(guests, VA_JSON_ARRAY) ? guests->first : NULL;
    for (; g != NULL; g = g->next) {
        if (va_json_bool(va_json_get(g, "self"), false)) {
            return va_str_eq(va_json_get_string(g, "responseStatus"), VA_STR("declined"));
        }
    }
    return false;
}

bool wk_calendar_event_busy(const va_json_t *event)
{
    return !va_str_eq(va_json_get_string(event, "transparency"), VA_STR("transparent")) &&
           !declined(event);
}
