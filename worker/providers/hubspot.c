#include "worker/providers/hubspot.h"

#include <stdio.h>
#include <string.h>

#include "core/form.h"
#include "core/phone.h"
#include "worker/json.h"

#define BASE_URL   "https://api.hubapi.com"
#define TIMEOUT_MS 20000
#define MAX_BYTES  (1 << 20)
#define MAX_FOUND  "20" /* contacts that may be the one */

/* How long to wait when the answer does not say: by the limit that was reached. */
#define SECOND_MS 1000
#define TEN_MS    10000
#define DAY_MS    3600000 /* the day ends at midnight of the account's zone: looked at hourly */

static const va_json_limits_t limits = {MAX_BYTES, 16, 50000};

static const struct {
    const char *name;
    const char *known; /* a property of HubSpot's, whose group ours joins */
    int association;   /* of one with its contact, 0: none */
} kinds[] = {
    [WK_HUBSPOT_CONTACTS] = {"contacts", "phone", 0},
    [WK_HUBSPOT_CALLS] = {"calls", "hs_call_title", 194},
    [WK_HUBSPOT_NOTES] = {"notes", "hs_note_body", 202},
};

/* ---------------------------------------------------------------- errors */

static wk_code_t class_of(int status)
{
    switch (status) {
    case 401:
    case 403:
        return WK_FORBIDDEN;
    case 404:
        return WK_NOT_FOUND;
    case 409:
        return WK_CONFLICT;
    case 408:
    case 423:
    case 429:
        return WK_UNAVAILABLE;
    default:
        return status >= 500 ? WK_UNAVAILABLE : WK_REFUSED;
    }
}

/* Where part begins in the text, or its length: it is not in there. */
static size_t place_of(va_str_t text, const char *part)
{
    size_t len = strlen(part);
    for (size_t i = 0; i + len <= text.len; i++) {
        if (memcmp(text.data + i, part, len) == 0) {
            return i;
        }
    }
    return text.len;
}

static int64_t wait_of(const wk_http_response_t *res, va_str_t policy)
{
    if (res->retry_after_ms > 0 || res->status != 429) {
        return res->retry_after_ms;
    }
    return va_str_eq(policy, VA_STR("DAILY"))      ? DAY_MS
           : va_str_eq(policy, VA_STR("SECONDLY")) ? SECOND_MS
                                                   : TEN_MS;
}

/* "Contact already exists. Existing ID: 512" */
static void note_existing(va_str_t message, wk_error_t *e)
{
    static const char mark[] = "Existing ID: ";
    size_t from = place_of(message, mark) + strlen(mark), n = 0;
    while (from + n < message.len && n < sizeof(e->detail) - 1 &&
           message.data[from + n] >= '0' && message.data[from + n] <= '9') {
        n++;
    }
    snprintf(e->detail, sizeof(e->detail), "%.*s", (int)n, n > 0 ? message.data + from : "");
}

static bool refused(const wk_hubspot_t *h, const wk_http_response_t *res, wk_error_t *e)
{
    const va_json_t *root = NULL;
    (void)va_json_parse(wk_mem(h->ctx->arena), res->body, &limits, &root);
    va_str_t category = va_json_get_string(root, "category");
    va_str_t message = va_json_get_string(root, "message");
    if (place_of(message, "PROPERTY_DOESNT_EXIST") < message.len) {
        category = VA_STR("PROPERTY_DOESNT_EXIST");
    }
    int len = (int)(category.len < 31 ? category.len : 31);
    wk_error(e, class_of(res->status), "HubSpot: status %d %.*s", res->status, len,
             len > 0 ? category.data : "");
    snprintf(e->detail, sizeof(e->detail), "%.*s", len, len > 0 ? category.data : "");
    if (res->status == 409) {
        note_existing(message, e);
    }
    if (e->code == WK_REFUSED && root == NULL) {
        e->code = WK_UNAVAILABLE; /* broken off: why it was refused decides what to do */
    }
    e->retry_after_ms = wait_of(res, va_json_get_string(root, "policyName"));
    return false;
}

/* ---------------------------------------------------------------- requests */

/* Paths by date: "/crm/objects/2026-09/contacts" of the place "/crm/objects/". */
static void begin_url(const wk_hubspot_t *h, va_buf_t *url, const char *place, const char *name)
{
    const wk_config_t *config = h->ctx->config;
    va_buf_init(url, wk_mem(h->ctx->arena), 160);
    va_buf_add_c(url, config->hubspot_base_url != NULL ? config->hubspot_base_url : BASE_URL);
    va_buf_add_c(url, place);
    va_buf_add_c(url, config->hubspot_api_version);
    va_buf_add_char(url, '/');
    va_buf_add_c(url, name);
}

static void begin_objects(const wk_hubspot_t *h, va_buf_t *url, wk_hubspot_kind_t kind)
{
    begin_url(h, url, "/crm/objects/", kinds[kind].name);
}

static const char *end_url(va_buf_t *url)
{
    va_buf_add_char(url, '\0');
    return va_buf_str(url).data;
}

/* A question may be asked again whatever became of it; a change may have been made. */
static bool ask(const wk_hubspot_t *h, const char *method, const char *url, va_str_t body,
                bool changes, const va_json_t **answer, wk_error_t *e)
{
    wk_http_response_t res;
    wk_code_t unsure = changes ? WK_UNKNOWN : WK_UNAVAILABLE;
    va_str_t token = wk_printf(h->ctx->arena, "Authorization: Bearer %.*s", (int)h->token.len,
                               h->token.data);
    const char *const headers[] = {token.data, "Accept: application/json",
                                   body.data != NULL ? "Content-Type: application/json" : NULL,
                                   NULL};
    wk_http_request_t req = {.method = method,
                             .url = url,
                             .headers = headers,
                             .body = body,
                             .timeout_ms = TIMEOUT_MS,
                             .max_bytes = MAX_BYTES};
    if (!wk_http(h->ctx->http, h->ctx->arena, &req, &res, e)) {
        e->code = e->code == WK_UNKNOWN ? unsure : e->code;
        return wk_error_wrap(e, "HubSpot");
    }
    if (res.status < 200 || res.status >= 300) {
        return refused(h, &res, e);
    }
    if (res.status == 204) {
        *answer = NULL;
        return true;
    }
    if (va_json_parse(wk_mem(h->ctx->arena), res.body, &limits, answer) != VA_OK ||
        !va_json_is(*answer, VA_JSON_OBJECT)) {
        return wk_error(e, unsure, "HubSpot: an answer that cannot be read");
    }
    return true;
}

/* ---------------------------------------------------------------- the account */

bool wk_hubspot_portal(const wk_hubspot_t *h, va_str_t *portal, wk_error_t *e)
{
    va_buf_t url;
    int64_t number;
    const va_json_t *account;
    begin_url(h, &url, "/account-info/", "details");
    if (!ask(h, "GET", end_url(&url), VA_STR_NULL, false, &account, e)) {
        return false;
    }
    if (!va_json_int(va_json_get(account, "portalId"), &number)) {
        return wk_error(e, WK_UNAVAILABLE, "HubSpot: an account without a number");
    }
    *portal = wk_printf(h->ctx->arena, "%lld", (long long)number);
    return true;
}

/* ---------------------------------------------------------------- reading contacts */

static wk_hubspot_contact_t read_contact(const va_json_t *object)
{
    const va_json_t *p = va_json_get(object, "properties");
    return (wk_hubspot_contact_t){.id = va_json_get_string(object, "id"),
                                  .first_name = va_json_get_string(p, "firstname"),
                                  .last_name = va_json_get_string(p, "lastname"),
                                  .email = va_json_get_string(p, "email"),
                                  .phone = va_json_get_string(p, "phone"),
                                  .mobile = va_json_get_string(p, "mobilephone"),
                                  .key = va_json_get_string(p, WK_HUBSPOT_KEY)};
}

static bool get(const wk_hubspot_t *h, wk_hubspot_kind_t kind, va_str_t id, bool by_key,
                const va_json_t **object, wk_error_t *e)
{
    va_buf_t url;
    begin_objects(h, &url, kind);
    va_buf_add_char(&url, '/');
    va_url_encode(&url, id);
    va_buf_add_c(&url,
                 "?properties=firstname,lastname,email,phone,mobilephone," WK_HUBSPOT_KEY);
    va_buf_add_c(&url, by_key ? "&idProperty=" WK_HUBSPOT_KEY : "");
    return ask(h, "GET", end_url(&url), VA_STR_NULL, false, object, e);
}

bool wk_hubspot_contact(const wk_hubspot_t *h, va_str_t id, wk_hubspot_contact_t *contact,
                        wk_error_t *e)
{
    const va_json_t *object;
    if (!get(h, WK_HUBSPOT_CONTACTS, id, false, &object, e)) {
        return false;
    }
    *contact = read_contact(object);
    return true;
}

/* An account without our property has no object with a key. */
static bool is_none(const wk_error_t *e)
{
    return e->code == WK_NOT_FOUND ||
           (e->code == WK_REFUSED && (strcmp(e->detail, "PROPERTY_DOESNT_EXIST") == 0 ||
                                      strcmp(e->detail, "VALIDATION_ERROR") == 0));
}

bool wk_hubspot_contact_of_key(const wk_hubspot_t *h, va_str_t key,
                               wk_hubspot_contact_t *contact, wk_error_t *e)
{
    const va_json_t *object;
    *contact = (wk_hubspot_contact_t){.id = VA_STR_NULL};
    if (!get(h, WK_HUBSPOT_CONTACTS, key, true, &object, e)) {
        return is_none(e);
    }
    *contact = read_contact(object);
    return true;
}

bool wk_hubspot_find(const wk_hubspot_t *h, wk_hubspot_kind_t kind, va_str_t key, va_str_t *id,
                     wk_error_t *e)
{
    const va_json_t *object;
    *id = VA_STR_NULL;
    if (!get(h, kind, key, true, &object, e)) {
        return is_none(e);
    }
    *id = va_json_get_string(object, "id");
    return true;
}

/* ---------------------------------------------------------------- searching contacts */

/* Groups are alternatives. */
static void put_filter(va_json_writer_t *w, const char *property, const char *operator,
                       va_str_t value)
{
    va_json_object(w);
    va_json_key(w, "filters");
    va_json_array(w);
    va_json_object(w);
    va_json_add_c(w, "propertyName", property);
    va_json_add_c(w, "operator", operator);
    va_json_add_str(w, "value", value);
    va_json_object_end(w);
    va_json_array_end(w);
    va_json_object_end(w);
}

/* The digits without the country's: what HubSpot makes searchable of a number as typed. */
static va_str_t national(va_str_t phone)
{
    bool america = phone.len == 12 && memcmp(phone.data, "+1", 2) == 0;
    size_t skip = america ? 2 : 1;
    return va_str(phone.data + skip, phone.len - skip);
}

static va_str_t search_body(const wk_hubspot_t *h, va_str_t email, va_str_t phone)
{
    static const char *const wanted[] = {"firstname", "lastname", "email", "phone",
                                         "mobilephone"};
    va_buf_t text;
    va_json_writer_t *w = wk_json_begin(h->ctx->arena, &text);
    va_json_key(w, "filterGroups");
    va_json_array(w);
    if (email.len > 0) {
        put_filter(w, "email", "EQ", email);
    }
    if (phone.len > 1) {
        put_filter(w, "phone", "EQ", phone);
        put_filter(w, "mobilephone", "EQ", phone);
        put_filter(w, "hs_searchable_calculated_phone_number", "CONTAINS_TOKEN",
                   national(phone));
        put_filter(w, "hs_searchable_calculated_mobile_number", "CONTAINS_TOKEN",
                   national(phone));
    }
    va_json_array_end(w);
    va_json_key(w, "properties");
    va_json_array(w);
    for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
        va_json_put_c(w, wanted[i]);
    }
    va_json_array_end(w);
    va_json_key(w, "limit");
    va_json_put_number(w, VA_STR(MAX_FOUND));
    return wk_json_end(w, &text);
}

static bool is_number(va_str_t typed, va_str_t phone)
{
    char number[VA_PHONE_MAX + 1];
    return typed.len > 0 && phone.len > 0 && va_phone_normalize(number, typed) &&
           va_str_eq(va_str_c(number), phone);
}

/* A search finds tokens; whose number it is, is compared here. The address counts more. */
static void pick(const va_json_t *results, va_str_t email, va_str_t phone,
                 wk_hubspot_contact_t *out)
{
    const va_json_t *r = va_json_is(results, VA_JSON_ARRAY) ? results->first : NULL;
    for (; r != NULL; r = r->next) {
        wk_hubspot_contact_t c = read_contact(r);
        if (email.len > 0 && va_str_ieq(c.email, email)) {
            *out = c;
            return;
        }
        if (out->id.data == NULL && (is_number(c.phone, phone) || is_number(c.mobile, phone))) {
            *out = c;
        }
    }
}

bool wk_hubspot_contact_find(const wk_hubspot_t *h, va_str_t email, va_str_t phone,
                             wk_hubspot_contact_t *contact, wk_error_t *e)
{
    va_buf_t url;
    const va_json_t *answer;
    *contact = (wk_hubspot_contact_t){.id = VA_STR_NULL};
    if (email.len == 0 && phone.len == 0) {
        return true;
    }
    begin_objects(h, &url, WK_HUBSPOT_CONTACTS);
    va_buf_add_c(&url, "/search");
    if (!ask(h, "POST", end_url(&url), search_body(h, email, phone), false, &answer, e)) {
        return false;
    }
    pick(va_json_get(answer, "results"), email, phone, contact);
    return true;
}

/* ---------------------------------------------------------------- our property */

static va_str_t group_of(const va_json_t *list, const char *known)
{
    const va_json_t *results = va_json_get(list, "results");
    const va_json_t *p = va_json_is(results, VA_JSON_ARRAY) ? results->first : NULL;
    while (p != NULL && !va_str_eq(va_json_get_string(p, "name"), va_str_c(known))) {
        p = p->next;
    }
    return va_json_get_string(p, "groupName");
}

/* Made in the group of one that HubSpot has; that somebody else was quicker is well. */
static bool make_property(const wk_hubspot_t *h, wk_hubspot_kind_t kind, wk_error_t *e)
{
    va_buf_t url, text;
    const va_json_t *list, *made;
    begin_url(h, &url, "/crm/properties/", kinds[kind].name);
    const char *place = end_url(&url);
    if (!ask(h, "GET", place, VA_STR_NULL, false, &list, e)) {
        return false;
    }
    va_json_writer_t *w = wk_json_begin(h->ctx->arena, &text);
    va_json_add_c(w, "name", WK_HUBSPOT_KEY);
    va_json_add_c(w, "label", "Voice agent key");
    va_json_add_str(w, "groupName", group_of(list, kinds[kind].known));
    va_json_add_c(w, "type", "string");
    va_json_add_c(w, "fieldType", "text");
    va_json_add_bool(w, "hasUniqueValue", true);
    return ask(h, "POST", place, wk_json_end(w, &text), true, &made, e) ||
           e->code == WK_CONFLICT;
}

/* ---------------------------------------------------------------- writing */

static va_str_t object_body(const wk_hubspot_t *h, wk_hubspot_kind_t kind, va_str_t properties,
                            va_str_t contact)
{
    va_buf_t text;
    va_json_writer_t *w = wk_json_begin(h->ctx->arena, &text);
    va_json_key(w, "properties");
    va_json_put_raw(w, properties);
    if (contact.data != NULL) {
        va_json_key(w, "associations");
        va_json_array(w);
        va_json_object(w);
        va_json_key(w, "to");
        va_json_object(w);
        va_json_add_str(w, "id", contact);
        va_json_object_end(w);
        va_json_key(w, "types");
        va_json_array(w);
        va_json_object(w);
        va_json_add_c(w, "associationCategory", "HUBSPOT_DEFINED");
        va_json_add_int(w, "associationTypeId", kinds[kind].association);
        va_json_object_end(w);
        va_json_array_end(w);
        va_json_object_end(w);
        va_json_array_end(w);
    }
    return wk_json_end(w, &text);
}

/* Once more when the account did not know our property yet. */
static bool write_object(const wk_hubspot_t *h, wk_hubspot_kind_t kind, const char *method,
                         const char *url, va_str_t body, va_str_t *id, wk_error_t *e)
{
    const va_json_t *object;
    bool ok = ask(h, method, url, body, true, &object, e);
    if (!ok && e->code == WK_REFUSED && strcmp(e->detail, "PROPERTY_DOESNT_EXIST") == 0) {
        ok = make_property(h, kind, e) && ask(h, method, url, body, true, &object, e);
    }
    if (!ok) {
        return false;
    }
    *id = va_json_get_string(object, "id");
    return id->len > 0 || wk_error(e, WK_UNKNOWN, "HubSpot: an object without an id");
}

bool wk_hubspot_create(const wk_hubspot_t *h, wk_hubspot_kind_t kind, va_str_t properties,
                       va_str_t contact, va_str_t *id, wk_error_t *e)
{
    va_buf_t url;
    begin_objects(h, &url, kind);
    return write_object(h, kind, "POST", end_url(&url),
                        object_body(h, kind, properties, contact), id, e);
}

bool wk_hubspot_update(const wk_hubspot_t *h, wk_hubspot_kind_t kind, va_str_t id,
                       va_str_t properties, wk_error_t *e)
{
    va_buf_t url;
    va_str_t updated;
    begin_objects(h, &url, kind);
    va_buf_add_char(&url, '/');
    va_url_encode(&url, id);
    return write_object(h, kind, "PATCH", end_url(&url),
                        object_body(h, kind, properties, VA_STR_NULL), &updated, e);
}

bool wk_hubspot_remove(const wk_hubspot_t *h, wk_hubspot_kind_t kind, va_str_t id,
                       wk_error_t *e)
{
    va_buf_t url;
    const va_json_t *answer;
    begin_objects(h, &url, kind);
    va_buf_add_char(&url, '/');
    va_url_encode(&url, id);
    return ask(h, "DELETE", end_url(&url), VA_STR_NULL, true, &answer, e);
}
