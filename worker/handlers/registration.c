#define _GNU_SOURCE /* memmem */
#include "worker/handlers/registration.h"

#include <string.h>

#include "core/phone.h"
#include "worker/agent/time_zone.h"
#include "worker/handlers/list.h"
#include "worker/handlers/members.h"
#include "worker/handlers/person.h"
#include "worker/handlers/reply.h"
#include "worker/handlers/request.h"

#define MAX_NAME    100 /* bytes */
#define MAX_SHOP    200
#define MAX_PHONE   40 /* as people write it */
#define MAX_ZONE    64
#define MAX_WEBSITE 500
#define MAX_TEXT    1000
#define MAX_SLUG    40 /* leaves room for a suffix */

static const char *const plans[] = {"FREE", "BASIC", "PRO", NULL};
static const char *const days[] = {"monday", "tuesday",  "wednesday", "thursday",
                                   "friday", "saturday", "sunday",    NULL};

/* ---------------------------------------------------------------- words */

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* In small letters, what is none of the kept as one separator, none at either end. */
static va_str_t joined(wk_ctx_t *ctx, va_str_t text, char separator, bool with_digits,
                       size_t most)
{
    va_buf_t word;
    bool gap = false;
    va_buf_init(&word, wk_mem(ctx->arena), most + 1);
    for (size_t i = 0; i < text.len && word.len + gap < most; i++) {
        char c = text.data[i];
        if (is_letter(c) || (with_digits && is_digit(c))) {
            if (gap && word.len > 0) {
                va_buf_add_char(&word, separator);
            }
            gap = false;
            va_buf_add_char(&word, (char)(is_letter(c) ? c | 0x20 : c));
        } else {
            gap = true;
        }
    }
    return word.len > 0 ? va_buf_str(&word) : VA_STR_NULL;
}

static bool holds(va_str_t word, const char *part)
{
    return word.len > 0 && memmem(word.data, word.len, part, strlen(part)) != NULL;
}

/* "Bicycle store" is a bike shop, as templates and emergencies know it; a garage is none. */
static va_str_t type_of(wk_ctx_t *ctx, va_str_t said)
{
    va_str_t word = joined(ctx, said, '_', false, MAX_NAME);
    bool bikes = holds(word, "bike") || holds(word, "bicycle") || holds(word, "cycling");
    if (bikes && !holds(word, "motor")) {
        return VA_STR("bike_shop");
    }
    return word.data != NULL ? word : VA_STR("general");
}

/* ---------------------------------------------------------------- members */

static bool read_phone(wk_ctx_t *ctx, const va_json_t *body, const char *name, va_str_t *phone,
                       wk_error_t *e)
{
    char number[VA_PHONE_MAX + 1];
    if (!wk_request_text(body, name, MAX_PHONE, phone, e)) {
        return false;
    }
    if (!va_phone_normalize(number, *phone)) {
        return wk_refuse(e, WK_R_BAD_REQUEST, "%s must be a phone number, as +14165550100.",
                         name);
    }
    *phone = wk_copy(ctx->arena, va_str_c(number));
    return true;
}

static bool read_optional_phone(wk_ctx_t *ctx, const va_json_t *body, const char *name,
                                va_str_t *phone, wk_error_t *e)
{
    return wk_request_optional_text(body, name, MAX_PHONE, phone, e) &&
           (phone->data == NULL || read_phone(ctx, body, name, phone, e));
}

static bool read_website(const va_json_t *body, va_str_t *url, wk_error_t *e)
{
    static const wk_member_rule_t rule = {.max = MAX_WEBSITE};
    return wk_request_optional_text(body, "websiteUrl", MAX_WEBSITE, url, e) &&
           (url->data == NULL ||
            wk_member_website(&rule, NULL, va_json_get(body, "websiteUrl")) ||
            wk_refuse(e, WK_R_BAD_REQUEST, "websiteUrl must be a URL of http or https."));
}

static bool read_plan(wk_ctx_t *ctx, const va_json_t *body, va_str_t *plan, wk_error_t *e)
{
    if (!wk_request_optional_text(body, "plan", MAX_NAME, plan, e)) {
        return false;
    }
    if (plan->data == NULL) {
        *plan = va_str_c(ctx->config->signup_plan);
    }
    for (const char *const *p = plans; *p != NULL; p++) {
        if (va_str_ieq(*plan, va_str_c(*p))) {
            *plan = va_str_c(*p);
            return true;
        }
    }
    return wk_refuse(e, WK_R_BAD_REQUEST, "plan must be FREE, BASIC or PRO.");
}

static bool read_terms(const va_json_t *body, wk_error_t *e)
{
    return va_json_is(va_json_get(body, "termsAccepted"), VA_JSON_TRUE) ||
           wk_refuse(e, WK_R_BAD_REQUEST, "termsAccepted must be true.");
}

/* ---------------------------------------------------------------- hours */

static bool is_time(va_str_t text)
{
    size_t colon = text.len - 3;
    return (text.len == 4 || text.len == 5) && text.data[colon] == ':' &&
           is_digit(text.data[0]) && is_digit(text.data[colon - 1]) &&
           is_digit(text.data[colon + 1]) && is_digit(text.data[colon + 2]);
}

static bool read_time(const va_json_t *body, const char *name, va_str_t *time, wk_error_t *e)
{
    return wk_request_text(body, name, MAX_NAME, time, e) &&
           (is_time(*time) ||
            wk_refuse(e, WK_R_BAD_REQUEST, "%s must be a time of day, as 09:00.", name));
}

static bool read_days(const va_json_t *body, const va_json_t **list, wk_error_t *e)
{
    *list = va_json_get(body, "businessDays");
    bool ok = va_json_is(*list, VA_JSON_ARRAY) && (*list)->count > 0;
    for (const va_json_t *d = ok ? (*list)->first : NULL; ok && d != NULL; d = d->next) {
        ok = wk_list_has(days, va_json_string(d)) && !wk_members_repeat(d);
    }
    return ok || wk_refuse(e, WK_R_BAD_REQUEST,
                           "businessDays must be a list of days, as [\"monday\",\"tuesday\"].");
}

/* The week of businessHours, where it says more than the three others. */
static bool read_week(const va_json_t *body, const va_json_t **week, wk_error_t *e)
{
    *week = va_json_get(body, "businessHours");
    if (*week == NULL || va_json_is(*week, VA_JSON_NULL)) {
        *week = NULL;
        return true;
    }
    return va_json_is(*week, VA_JSON_OBJECT) ||
           wk_refuse(e, WK_R_BAD_REQUEST, "businessHours must be hours by day.");
}

static void put_hours(va_json_writer_t *w, const va_json_t *week, const va_json_t *list,
                      va_str_t opens, va_str_t closes)
{
    const va_json_t *m = week != NULL ? week->first : NULL;
    bool daily = week == NULL || va_json_get(week, "open") != NULL;
    va_json_object(w);
    for (; m != NULL; m = m->next) {
        va_json_key_n(w, m->name);
        va_json_put_value(w, m);
    }
    if (week == NULL) {
        va_json_add_str(w, "open", opens);
        va_json_add_str(w, "close", closes);
    }
    if (daily && va_json_get(week, "days") == NULL) {
        va_json_key(w, "days");
        va_json_put_value(w, list);
    }
    va_json_object_end(w);
}

static bool read_hours(wk_ctx_t *ctx, const va_json_t *body, va_str_t *hours, wk_error_t *e)
{
    va_buf_t text;
    va_str_t opens, closes;
    const va_json_t *list, *week;
    if (!read_time(body, "businessHoursOpen", &opens, e) ||
        !read_time(body, "businessHoursClose", &closes, e) || !read_days(body, &list, e) ||
        !read_week(body, &week, e)) {
        return false;
    }
    if (va_str_eq(opens, closes)) {
        return wk_refuse(e, WK_R_BAD_REQUEST,
                         "businessHoursClose must be another time than businessHoursOpen.");
    }
    va_buf_init(&text, wk_mem(ctx->arena), 512);
    va_json_writer_t *w = va_json_writer_new(&text);
    put_hours(w, week, list, opens, closes);
    bool written = va_json_writer_end(w) == VA_OK;
    *hours = va_buf_str(&text);
    return written || wk_error(e, WK_INTERNAL, "hours that cannot be written");
}

/* ---------------------------------------------------------------- a body */

static bool read_person(wk_ctx_t *ctx, const va_json_t *body, wk_registration_t *r,
                        wk_error_t *e)
{
    return wk_person_email(ctx, body, &r->email, e) &&
           wk_person_password(body, &r->password, e) &&
           wk_person_line(body, "firstName", MAX_NAME, &r->first_name, e) &&
           wk_person_line(body, "lastName", MAX_NAME, &r->last_name, e);
}

static bool read_zone(wk_ctx_t *ctx, const va_json_t *body, va_str_t *zone, wk_error_t *e)
{
    if (!wk_person_line(body, "timezone", MAX_ZONE, zone, e)) {
        return false;
    }
    *zone = wk_zone_present_name(ctx->arena, *zone);
    return true;
}

static bool read_shop(wk_ctx_t *ctx, const va_json_t *body, wk_registration_t *r, wk_error_t *e)
{
    return wk_person_line(body, "businessName", MAX_SHOP, &r->business, e) &&
           read_phone(ctx, body, "businessPhone", &r->business_phone, e) &&
           read_phone(ctx, body, "ownerPhone", &r->owner_phone, e) &&
           read_zone(ctx, body, &r->timezone, e) && read_hours(ctx, body, &r->hours, e) &&
           read_terms(body, e);
}

static bool read_rest(wk_ctx_t *ctx, const va_json_t *body, wk_registration_t *r, wk_error_t *e)
{
    va_str_t type;
    if (!wk_request_optional_text(body, "businessType", MAX_NAME, &type, e) ||
        !read_website(body, &r->website, e) ||
        !read_optional_phone(ctx, body, "phoneNumber", &r->phone, e) ||
        !wk_request_optional_text(body, "businessDescription", MAX_TEXT, &r->description, e) ||
        !wk_request_optional_text(body, "services", MAX_TEXT, &r->services, e) ||
        !wk_request_optional_text(body, "referralCode", MAX_NAME, &r->referral, e) ||
        !read_plan(ctx, body, &r->plan, e)) {
        return false;
    }
    r->type = type_of(ctx, type);
    r->slug = joined(ctx, r->business, '-', true, MAX_SLUG);
    if (r->slug.data == NULL) {
        r->slug = VA_STR("shop");
    }
    if (r->phone.data == NULL) {
        r->phone = r->owner_phone;
    }
    return true;
}

bool wk_registration_read(wk_ctx_t *ctx, wk_registration_t *r, wk_error_t *e)
{
    const va_json_t *body;
    *r = (wk_registration_t){.email = VA_STR_NULL};
    return wk_request_json(ctx, &body, e) && read_person(ctx, body, r, e) &&
           read_shop(ctx, body, r, e) && read_rest(ctx, body, r, e);
}
