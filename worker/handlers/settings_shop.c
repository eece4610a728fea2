#include "worker/handlers/settings_shop.h"

#include <string.h>

#include "worker/agent/time_zone.h"
#include "worker/handlers/reply.h"
#include "worker/moment.h"
#include "worker/store/agent_config.h"
#include "worker/store/profile.h"

#define MAX_DAYS     366 /* exceptions to the hours */
#define MAX_POLICIES 20
#define MAX_SUBJECT  60 /* bytes of a policy's name */
#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* ---------------------------------------------------------------- promotions */

static const wk_member_rule_t promotion_rules[] = {
    {.name = "text", .check = wk_member_text, .min = 1, .max = 300},
    {.name = "starts", .check = wk_member_text, .min = 10, .max = 10, .nullable = true},
    {.name = "ends", .check = wk_member_text, .min = 10, .max = 10, .nullable = true},
};

static bool are_promotions(const wk_member_rule_t *rule, const wk_catalogue_t *c,
                           const va_json_t *value)
{
    bool ok = va_json_is(value, VA_JSON_ARRAY) && (double)value->count <= rule->max;
    for (const va_json_t *p = ok ? value->first : NULL; ok && p != NULL; p = p->next) {
        ok = va_json_get(p, "text") != NULL &&
             wk_members_wrong(c, promotion_rules, COUNT(promotion_rules), p) == NULL;
    }
    return ok;
}

static bool is_date(wk_arena_t *a, va_str_t text)
{
    wk_moment_t moment;
    return text.len == strlen("2026-12-25") && wk_moment_parse(a, text, false, &moment);
}

/* Dates in this form are in the order of their letters. */
static bool is_period(wk_arena_t *a, va_str_t starts, va_str_t ends)
{
    return (starts.len == 0 || is_date(a, starts)) && (ends.len == 0 || is_date(a, ends)) &&
           (starts.len == 0 || ends.len == 0 || memcmp(starts.data, ends.data, ends.len) <= 0);
}

static bool check_periods(wk_arena_t *a, const va_json_t *promotions, wk_error_t *e)
{
    const va_json_t *p = promotions != NULL ? promotions->first : NULL;
    while (p != NULL &&
           is_period(a, va_json_get_string(p, "starts"), va_json_get_string(p, "ends"))) {
        p = p->next;
    }
    return p == NULL || wk_refuse(e, WK_R_BAD_REQUEST,
                                  "promotions must have starts and ends as 2026-12-25, the end "
                                  "not before the start.");
}

/* ---------------------------------------------------------------- people */

static const wk_member_rule_t destination_rules[] = {
    {.name = "name", .check = wk_member_line, .min = 1, .max = 60},
    {.name = "number", .check = wk_member_phone},
    {.name = "description", .check = wk_member_text, .min = 1, .max = 200, .nullable = true},
    {.name = "rules", .check = wk_member_list, .max = 20},
};

/* Each is found by its name, whatever the case. */
static bool is_named_again(const va_json_t *destination)
{
    const va_json_t *next = destination->next;
    while (next != NULL && !va_str_ieq(va_json_get_string(next, "name"),
                                       va_json_get_string(destination, "name"))) {
        next = next->next;
    }
    return next != NULL;
}

static bool are_destinations(const wk_member_rule_t *rule, const wk_catalogue_t *c,
                             const va_json_t *value)
{
    bool ok = va_json_is(value, VA_JSON_ARRAY) && (double)value->count <= rule->max;
    for (const va_json_t *d = ok ? value->first : NULL; ok && d != NULL; d = d->next) {
        ok = va_json_get(d, "name") != NULL && va_json_get(d, "number") != NULL &&
             wk_members_wrong(c, destination_rules, COUNT(destination_rules), d) == NULL &&
             !is_named_again(d);
    }
    return ok;
}

/* ---------------------------------------------------------------- the place */

static const wk_member_rule_t address_rules[] = {
    {.name = "street", .check = wk_member_line, .min = 1, .max = 200},
    {.name = "city", .check = wk_member_line, .min = 1, .max = 100},
    {.name = "region", .check = wk_member_line, .min = 1, .max = 100},
    {.name = "postal_code", .check = wk_member_line, .min = 1, .max = 20},
    {.name = "country", .check = wk_member_line, .min = 1, .max = 100},
};

static bool is_address(const wk_member_rule_t *rule, const wk_catalogue_t *c,
                       const va_json_t *value)
{
    (void)rule;
    return va_json_is(value, VA_JSON_OBJECT) && value->count > 0 &&
           wk_members_wrong(c, address_rules, COUNT(address_rules), value) == NULL;
}

static bool are_policies(const wk_member_rule_t *rule, const wk_catalogue_t *c,
                         const va_json_t *value)
{
    bool ok = va_json_is(value, VA_JSON_OBJECT) && value->count <= MAX_POLICIES;
    for (const va_json_t *p = ok ? value->first : NULL; ok && p != NULL; p = p->next) {
        ok = p->name.len > 0 && p->name.len <= MAX_SUBJECT && wk_member_text(rule, c, p);
    }
    return ok;
}

/* ---------------------------------------------------------------- hours */

/* That they are hours is Postgres' to say (normal_hours), which reads many shapes of them. */
static bool is_week(const wk_member_rule_t *rule, const wk_catalogue_t *c,
                    const va_json_t *value)
{
    bool ok = va_json_is(value, VA_JSON_OBJECT) && value->count > 0;
    (void)c;
    for (const va_json_t *part = ok ? value->first : NULL; ok && part != NULL;
         part = part->next) {
        ok = (double)part->count <= rule->max; /* of its days, the exceptions are the most */
    }
    return ok;
}

static bool are_holidays(const wk_member_rule_t *rule, const wk_catalogue_t *c,
                         const va_json_t *value)
{
    (void)c;
    return (va_json_is(value, VA_JSON_OBJECT) || va_json_is(value, VA_JSON_ARRAY)) &&
           (double)value->count <= rule->max;
}

/* ---------------------------------------------------------------- the part */

#define HOURS                                                                                  \
    "hours by day, as {\"monday\":{\"open\":\"08:00\",\"close\":\"18:00\"},"                   \
    "\"sunday\":{\"closed\":true},\"exceptions\":{\"2026-12-25\":{\"closed\":true}}}, at "     \
    "most 366 exceptions"
#define HOLIDAYS                                                                               \
    "dates that are closed, as [\"2026-12-25\"], or hours by date, as "                        \
    "{\"2026-12-24\":{\"open\":\"08:00\",\"close\":\"13:00\"}}, at most 366"
#define PHONE "a number as +14165550100, or null"
#define EMAIL "an e-mail address, or null"

static const wk_member_rule_t rules[] = {
    {.name = "name",
     .also = "business_name",
     .check = wk_member_line,
     .min = 1,
     .max = 200,
     .must = "one line of 1 to 200 bytes"},
    {.name = "hours",
     .also = "business_hours",
     .check = is_week,
     .max = MAX_DAYS,
     .must = HOURS},
    {.name = "holidays", .check = are_holidays, .max = MAX_DAYS, .must = HOLIDAYS},
    {.name = "timezone",
     .also = "time_zone",
     .check = wk_member_text,
     .min = 1,
     .max = 64,
     .must = "the name of a time zone, as America/Toronto"},
    WK_SETTINGS_LANGUAGE_RULES,
    {.name = "phone", .check = wk_member_phone, .nullable = true, .must = PHONE},
    {.name = "owner_phone", .check = wk_member_phone, .nullable = true, .must = PHONE},
    {.name = "notification_phone", .check = wk_member_phone, .nullable = true, .must = PHONE},
    {.name = "email", .check = wk_member_email, .max = 254, .nullable = true, .must = EMAIL},
    {.name = "notification_email",
     .also = "owner_email",
     .check = wk_member_email,
     .max = 254,
     .nullable = true,
     .must = EMAIL},
    {.name = "website_url",
     .check = wk_member_website,
     .max = 500,
     .nullable = true,
     .must = "a URL of http or https, or null"},
    {.name = "address",
     .check = is_address,
     .nullable = true,
     .must = "an object of texts: street, city, region, postal_code and country; or null"},
    {.name = "directions",
     .check = wk_member_text,
     .min = 1,
     .max = 500,
     .nullable = true,
     .must = "a text of 1 to 500 bytes, or null"},
    {.name = "description",
     .check = wk_member_text,
     .min = 1,
     .max = 1000,
     .nullable = true,
     .must = "a text of 1 to 1000 bytes, or null"},
    {.name = "services_description",
     .also = "services",
     .check = wk_member_text,
     .min = 1,
     .max = 1000,
     .nullable = true,
     .must = "a text of 1 to 1000 bytes, or null"},
    {.name = "policies",
     .check = are_policies,
     .min = 1,
     .max = 1000,
     .must = "texts of 1 to 1000 bytes by subject (1 to 60 bytes), at most 20"},
    {.name = "promotions",
     .check = are_promotions,
     .max = 20,
     .must = "a list of at most 20 promotions, each with text (1 to 300 bytes) and perhaps "
             "starts and ends, dates as 2026-12-25"},
    {.name = "transfer_destinations",
     .check = are_destinations,
     .max = 20,
     .must = "a list of at most 20 destinations, each with a name of its own (1 to 60 bytes), "
             "number (as +14165550100), and perhaps description (1 to 200 bytes) and rules (at "
             "most 20 texts of 1 to 60 bytes)"},
};

bool wk_settings_shop_read(wk_arena_t *a, const wk_catalogue_t *c, const va_json_t *part,
                           va_str_t *json, wk_error_t *e)
{
    return wk_members_read(a, c, rules, COUNT(rules), part, json, e) &&
           check_periods(a, va_json_get(part, "promotions"), e);
}

/* Under its name or the other one. */
static const va_json_t *either(const va_json_t *part, const char *name, const char *also)
{
    const va_json_t *value = va_json_get(part, name);
    return value != NULL ? value : va_json_get(part, also);
}

static bool put_days(wk_tx_t *tx, const wk_sql_t *sql, const va_json_t *value, const char *must,
                     wk_error_t *e)
{
    va_buf_t text;
    va_buf_init(&text, wk_mem(wk_tx_arena(tx)), 512);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_put_value(w, value);
    if (va_json_writer_end(w) != VA_OK) {
        return wk_error(e, WK_INTERNAL, "hours that cannot be written");
    }
    va_str_t json = va_buf_str(&text);
    return wk_sql(tx, sql, &json, NULL, e) ||
           (e->code == WK_INVALID && wk_refuse(e, WK_R_BAD_REQUEST, "%s.", must));
}

static bool put_hours(wk_tx_t *tx, const va_json_t *part, wk_error_t *e)
{
    const va_json_t *week = either(part, "hours", "business_hours");
    const va_json_t *holidays = va_json_get(part, "holidays");
    return (week == NULL ||
            put_days(tx, &wk_sql_profile_hours, week, "hours must be " HOURS, e)) &&
           (holidays == NULL ||
            put_days(tx, &wk_sql_profile_holidays, holidays, "holidays must be " HOLIDAYS, e));
}

static bool put_timezone(wk_tx_t *tx, const va_json_t *part, wk_error_t *e)
{
    wk_rows_t *rows;
    va_str_t name = va_json_string(either(part, "timezone", "time_zone"));
    if (name.data == NULL) {
        return true;
    }
    name = wk_zone_present_name(wk_tx_arena(tx), name);
    return wk_sql(tx, &wk_sql_profile_timezone, &name, &rows, e) &&
           (wk_rows_count(rows) == 1 ||
            wk_refuse(e, WK_R_BAD_REQUEST,
                      "timezone must be the name of a time zone, as America/Toronto."));
}

bool wk_settings_languages_put(wk_tx_t *tx, const va_json_t *part, va_str_t json, wk_error_t *e)
{
    wk_rows_t *rows;
    if (va_json_get(part, "language") == NULL && va_json_get(part, "languages") == NULL) {
        return true;
    }
    return wk_sql(tx, &wk_sql_agent_languages_put, &json, &rows, e) &&
           (wk_rows_count(rows) == 1 ||
            wk_refuse(e, WK_R_BAD_REQUEST, "language must be one of languages."));
}

/* What a caller is put through to, and who is told of an emergency, is not the agent. */
static bool refuse_itself(wk_tx_t *tx, va_str_t json, wk_error_t *e)
{
    wk_rows_t *rows;
    if (!wk_sql(tx, &wk_sql_profile_calls_itself, &json, &rows, e)) {
        return false;
    }
    va_str_t name = wk_rows_count(rows) > 0 ? wk_cell(rows, 0, "name") : VA_STR_NULL;
    return name.data == NULL ||
           wk_refuse(
               e, WK_R_BAD_REQUEST,
               "%.*s must not be a number at which the shop's own agent answers: it would "
               "call itself.",
               (int)name.len, name.data);
}

/* Hours come first: of all members only theirs may hold what is no JSON to Postgres. */
bool wk_settings_shop_put(wk_tx_t *tx, const va_json_t *part, va_str_t json, wk_error_t *e)
{
    return put_hours(tx, part, e) && refuse_itself(tx, json, e) && put_timezone(tx, part, e) &&
           wk_settings_languages_put(tx, part, json, e) &&
           wk_sql(tx, &wk_sql_profile_put, &json, NULL, e) &&
           wk_sql(tx, &wk_sql_profile_destinations, &json, NULL, e);
}
