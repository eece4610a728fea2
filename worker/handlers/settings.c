/*
 * settings.handle: what a shop chooses for itself. What is connected, and who may ask
 * from where, is an admin's. A change is whole or not at all, and noted in the audit log.
 */
#include <string.h>

#include "worker/agent/hubspot_account.h"
#include "worker/handlers/audit.h"
#include "worker/handlers/caller.h"
#include "worker/handlers/handlers.h"
#include "worker/handlers/reply.h"
#include "worker/handlers/request.h"
#include "worker/handlers/token.h"
#include "worker/store/settings.h"

#define MAX_NAME        64
#define MAX_TOKEN       512
#define MAX_PORTAL      20
#define MAX_ORIGIN      200
#define MAX_ORIGINS     20
#define MAX_CAMPAIGNS   50
#define MAX_DELAY_S     7776000 /* 90 days */
#define MAX_GRACE_HOURS 168
#define GRACE_HOURS     24 /* for pages that still carry the key of before */

typedef struct {
    wk_ctx_t *ctx;
    const va_json_t *body; /* NULL: it is only read */
    va_str_t key;          /* of the chat, made just now; shown this once */
    wk_rows_t *rows;
} settings_t;

static bool refuse(wk_error_t *e, const char *what)
{
    return wk_refuse(e, WK_R_BAD_REQUEST, "%s", what);
}

/* A member that is an object, or is not there. */
static bool section(const va_json_t *body, const char *name, va_json_type_t type,
                    const va_json_t **value, wk_error_t *e)
{
    *value = va_json_get(body, name);
    return *value == NULL || va_json_is(*value, type) ||
           wk_refuse(e, WK_R_BAD_REQUEST, "%s is not what it should be.", name);
}

static bool optional_int(const va_json_t *object, const char *name, int64_t max, int64_t *value,
                         wk_error_t *e)
{
    const va_json_t *member = va_json_get(object, name);
    return member == NULL || (va_json_int(member, value) && *value >= 0 && *value <= max) ||
           wk_refuse(e, WK_R_BAD_REQUEST, "%s must be a whole number from 0 to %lld.", name,
                     (long long)max);
}

static bool is_bool(const va_json_t *value)
{
    return va_json_is(value, VA_JSON_TRUE) || va_json_is(value, VA_JSON_FALSE);
}

static bool optional_bool(const va_json_t *object, const char *name, va_str_t *value,
                          wk_error_t *e)
{
    const va_json_t *member = va_json_get(object, name);
    if (member == NULL) {
        return true;
    }
    *value = va_json_bool(member, false) ? VA_STR("true") : VA_STR("false");
    return is_bool(member) || wk_refuse(e, WK_R_BAD_REQUEST, "%s must be true or false.", name);
}

static va_str_t text_of(wk_ctx_t *ctx, const va_json_t *value)
{
    va_buf_t text;
    va_buf_init(&text, wk_mem(ctx->arena), 256);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_put_value(w, value);
    return va_json_writer_end(w) == VA_OK ? va_buf_str(&text) : VA_STR_NULL;
}

/* ---------------------------------------------------------------- campaigns */

static bool is_lead_status(const va_json_t *word)
{
    static const char *const words[] = {"new", "contacted", "qualified",
                                        "hot", "cold",      "closed"};
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
        if (va_str_eq(va_json_string(word), va_str_c(words[i]))) {
            return true;
        }
    }
    return false;
}

static bool are_lead_statuses(const va_json_t *list)
{
    bool ok = va_json_is(list, VA_JSON_ARRAY) && list->first != NULL;
    for (const va_json_t *word = ok ? list->first : NULL; ok && word != NULL;
         word = word->next) {
        ok = is_lead_status(word);
    }
    return ok;
}

/* Those that the statements of campaigns read (store/campaigns.c), and what they can read. */
static bool check_condition(const va_json_t *c, wk_error_t *e)
{
    int64_t n = 0;
    bool number = va_json_int(c, &n) && n >= 0;
    bool ok = va_str_eq(c->name, VA_STR("lead_status"))            ? are_lead_statuses(c)
              : va_str_eq(c->name, VA_STR("no_purchase"))          ? is_bool(c)
              : va_str_eq(c->name, VA_STR("cart_over"))            ? number && n <= 1000000
              : va_str_eq(c->name, VA_STR("months_since_service")) ? number && n >= 1 && n <= 24
                                                                   : false;
    return ok || wk_refuse(e, WK_R_BAD_REQUEST,
                           "The condition %.*s is none, or not what it should "
                           "be.",
                           (int)c->name.len, c->name.data);
}

static bool check_conditions(const va_json_t *conditions, wk_error_t *e)
{
    const va_json_t *c = conditions != NULL ? conditions->first : NULL;
    for (; c != NULL; c = c->next) {
        if (!check_condition(c, e)) {
            return false;
        }
    }
    return true;
}

static bool put_campaign(wk_tx_t *tx, const settings_t *s, const va_json_t *c, wk_error_t *e)
{
    wk_rows_t *rows;
    va_str_t name, active = VA_STR_NULL;
    int64_t delay = -1;
    const va_json_t *conditions;
    if (!va_json_is(c, VA_JSON_OBJECT)) {
        return refuse(e, "campaigns must be a list of objects.");
    }
    if (!wk_request_text(c, "name", MAX_NAME, &name, e) ||
        !optional_bool(c, "is_active", &active, e) ||
        !optional_int(c, "delay_seconds", MAX_DELAY_S, &delay, e) ||
        !section(c, "conditions", VA_JSON_OBJECT, &conditions, e) ||
        !check_conditions(conditions, e)) {
        return false;
    }
    va_str_t params[] = {name, active,
                         delay >= 0 ? wk_printf(s->ctx->arena, "%lld", (long long)delay)
                                    : VA_STR_NULL,
                         conditions != NULL ? text_of(s->ctx, conditions) : VA_STR_NULL};
    return wk_sql(tx, &wk_sql_settings_campaign, params, &rows, e) &&
           (wk_rows_count(rows) == 1 ||
            wk_refuse(e, WK_R_BAD_REQUEST, "There is no campaign %.*s.", (int)name.len,
                      name.data));
}

static bool put_campaigns(wk_tx_t *tx, const settings_t *s, const va_json_t *list,
                          wk_error_t *e)
{
    if (list->count > MAX_CAMPAIGNS) {
        return refuse(e, "campaigns are too many.");
    }
    for (const va_json_t *c = list->first; c != NULL; c = c->next) {
        if (!put_campaign(tx, s, c, e)) {
            return false;
        }
    }
    return true;
}

/* ---------------------------------------------------------------- HubSpot */

static bool is_portal(va_str_t text)
{
    bool ok = text.len > 0;
    for (size_t i = 0; i < text.len; i++) {
        ok = ok && text.data[i] >= '0' && text.data[i] <= '9';
    }
    return ok;
}

static bool put_hubspot(wk_tx_t *tx, const settings_t *s, const va_json_t *h, va_str_t user,
                        wk_error_t *e)
{
    va_str_t token, portal;
    if (!wk_request_text(h, "token", MAX_TOKEN, &token, e) ||
        !wk_request_text(h, "portal", MAX_PORTAL, &portal, e)) {
        return false;
    }
    if (!is_portal(portal)) {
        return refuse(e, "portal must be the number of a HubSpot account.");
    }
    if (!wk_hubspot_account_connect(s->ctx, tx, token, portal, user, e)) {
        return e->code == WK_CONFLICT
                   ? wk_refuse(e, WK_R_CONFLICT, "That portal cannot be connected here.")
                   : false;
    }
    return true;
}

/* ---------------------------------------------------------------- the chat */

static bool starts_with(va_str_t text, const char *scheme)
{
    size_t n = strlen(scheme);
    return text.len > n && memcmp(text.data, scheme, n) == 0;
}

/* As browsers write one: scheme, host, a port if it is not the scheme's own, and nothing else.
 */
static bool is_origin(va_str_t text)
{
    static const char host[] = "abcdefghijklmnopqrstuvwxyz0123456789.-:";
    size_t n = starts_with(text, "https://") ? 8 : starts_with(text, "http://") ? 7 : 0;
    bool ok = n > 0 && text.len > n && text.len <= MAX_ORIGIN;
    for (size_t i = n; ok && i < text.len; i++) {
        ok = memchr(host, text.data[i], sizeof(host) - 1) != NULL;
    }
    return ok;
}

static bool put_origins(wk_tx_t *tx, const settings_t *s, const va_json_t *list, wk_error_t *e)
{
    va_str_t json = text_of(s->ctx, list);
    bool ok = list->count <= MAX_ORIGINS;
    for (const va_json_t *o = list->first; ok && o != NULL; o = o->next) {
        ok = is_origin(va_json_string(o));
    }
    if (!ok) {
        return refuse(e, "origins must be at most 20 of the form https://shop.example.");
    }
    return wk_sql(tx, &wk_sql_settings_origins, &json, NULL, e);
}

/* Made of the job: run again after its worker died, it makes the same key. */
static bool rotate_key(wk_tx_t *tx, settings_t *s, int64_t hours, wk_error_t *e)
{
    va_str_t token, digest;
    if (!wk_token_widget_key(s->ctx, wk_tx_organization(tx), &token, e)) {
        return false;
    }
    s->key = wk_printf(s->ctx->arena, "wk_%.*s", (int)token.len, token.data);
    if (!wk_token_digest(s->ctx, s->key, &digest, e)) {
        return false;
    }
    va_str_t ends[] = {digest, wk_printf(s->ctx->arena, "%lld", (long long)hours)};
    return wk_sql(tx, &wk_sql_settings_key, &digest, NULL, e) &&
           wk_sql(tx, &wk_sql_settings_keys_end, ends, NULL, e);
}

static bool put_chat(wk_tx_t *tx, settings_t *s, const va_json_t *chat, wk_error_t *e)
{
    const va_json_t *origins;
    va_str_t rotate = VA_STR_NULL;
    int64_t hours = GRACE_HOURS;
    return section(chat, "origins", VA_JSON_ARRAY, &origins, e) &&
           optional_bool(chat, "rotate_key", &rotate, e) &&
           optional_int(chat, "grace_hours", MAX_GRACE_HOURS, &hours, e) &&
           (origins == NULL || put_origins(tx, s, origins, e)) &&
           (!va_str_eq(rotate, VA_STR("true")) || rotate_key(tx, s, hours, e));
}

/* ---------------------------------------------------------------- reading, writing */

/* Which parts were changed, and nothing of what they are now. */
static bool audit(wk_tx_t *tx, const settings_t *s, const wk_caller_t *caller, wk_error_t *e)
{
    va_buf_t data;
    va_buf_init(&data, wk_mem(s->ctx->arena), 128);
    va_json_writer_t *w = va_json_writer_new(&data);
    va_json_object(w);
    for (const va_json_t *part = s->body->first; part != NULL; part = part->next) {
        va_json_add_bool(w, wk_strdup(s->ctx->arena, part->name), true);
    }
    va_json_object_end(w);
    wk_audit_t entry = {.actor = caller->role == WK_SUPER_ADMIN ? "super_admin" : "user",
                        .user_id = caller->user_id,
                        .action = "settings_changed",
                        .entity = "settings",
                        .data =
                            va_json_writer_end(w) == VA_OK ? va_buf_str(&data) : VA_STR_NULL};
    return wk_audit(s->ctx, tx, &entry, e);
}

static bool put(wk_tx_t *tx, settings_t *s, const wk_caller_t *caller, wk_error_t *e)
{
    const va_json_t *campaigns, *hubspot, *chat;
    if (!section(s->body, "campaigns", VA_JSON_ARRAY, &campaigns, e) ||
        !section(s->body, "hubspot", VA_JSON_OBJECT, &hubspot, e) ||
        !section(s->body, "chat", VA_JSON_OBJECT, &chat, e)) {
        return false;
    }
    size_t known = (campaigns != NULL) + (hubspot != NULL) + (chat != NULL);
    if (known == 0 || known != s->body->count) {
        return refuse(e, "Settings are campaigns, hubspot and chat.");
    }
    if ((hubspot != NULL || chat != NULL) && (caller->role & WK_FROM_ADMIN) == 0) {
        return wk_refuse(e, WK_R_ROLE, "The role does not allow this.");
    }
    return (campaigns == NULL || put_campaigns(tx, s, campaigns, e)) &&
           (hubspot == NULL || put_hubspot(tx, s, hubspot, caller->user_id, e)) &&
           (chat == NULL || put_chat(tx, s, chat, e)) && audit(tx, s, caller, e);
}

static bool settings_tx(wk_tx_t *tx, const wk_caller_t *caller, void *arg, wk_error_t *e)
{
    settings_t *s = arg;
    return (s->body == NULL || put(tx, s, caller, e)) &&
           wk_sql(tx, &wk_sql_settings, NULL, &s->rows, e);
}

static wk_outcome_t answer(settings_t *s, va_reply_t *reply, wk_error_t *e)
{
    wk_document_t doc;
    if (!wk_caller_tx(s->ctx, WK_FROM_MANAGER, settings_tx, s, e)) {
        return wk_reply_error(s->ctx, reply, e);
    }
    va_json_writer_t *w = wk_reply_begin(s->ctx, &doc);
    va_json_key(w, "settings");
    va_json_put_raw(w, wk_cell(s->rows, 0, "item"));
    if (s->key.data != NULL) {
        va_json_add_str(w, "chat_key", s->key);
    }
    return wk_reply_end(s->ctx, &doc, 200, reply, e);
}

wk_outcome_t wk_settings_handle(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    settings_t s = {.ctx = ctx};
    bool writes = va_str_eq(ctx->job->http_method, VA_STR("PUT"));
    if (writes && !wk_request_json(ctx, &s.body, e)) {
        return wk_reply_error(ctx, reply, e);
    }
    return answer(&s, reply, e);
}
