/*
 * settings.handle: what a shop chooses for itself. What is connected, who may ask from where,
 * and whether calls are recorded, is an admin's. A change is whole or not at all, done once,
 * and noted in the audit log.
 */
#include "worker/store/settings.h"
#include "worker/agent/hubspot_account.h"
#include "worker/effect.h"
#include "worker/handlers/audit.h"
#include "worker/handlers/caller.h"
#include "worker/handlers/handlers.h"
#include "worker/handlers/list.h"
#include "worker/handlers/origin.h"
#include "worker/handlers/reply.h"
#include "worker/handlers/request.h"
#include "worker/handlers/settings_shop.h"
#include "worker/handlers/settings_voice.h"
#include "worker/handlers/settings_voicemail.h"
#include "worker/handlers/token.h"
#include "worker/providers/hubspot.h"

#define MAX_NAME        64
#define MAX_TOKEN       512
#define MAX_PORTAL      20
#define MAX_ORIGINS     20
#define MAX_CAMPAIGNS   50
#define MAX_DELAY_S     7776000 /* 90 days */
#define MAX_GRACE_HOURS 168
#define GRACE_HOURS     24 /* for pages that still carry the key of before */

/* What a body asks for; a part that is NULL or absent stays as it is. */
typedef struct {
    const va_json_t *campaigns, *hubspot, *chat, *voice, *voicemail, *shop, *recording;
    va_str_t token, portal; /* of HubSpot */
    const va_json_t *origins;
    bool rotates;
    int64_t grace_hours;
    va_str_t hearing, machine, profile; /* JSON of voice, voicemail, shop, as it is written */
    va_str_t records;                   /* absent: as it is */
} change_t;

typedef struct {
    wk_ctx_t *ctx;
    const va_json_t *body; /* NULL: it is only read */
    change_t change;
    wk_plan_gap_t gap;
    va_str_t key; /* of the chat, made just now; shown this once */
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

static bool end_text(va_json_writer_t *w, const va_buf_t *buf, va_str_t *text, wk_error_t *e)
{
    *text = va_buf_str(buf);
    return va_json_writer_end(w) == VA_OK ||
           wk_error(e, WK_INTERNAL, "settings that cannot be written");
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

/* Whole numbers as the statements' casts read them: JSON has 6.0 and 6e0 for 6. */
static bool conditions_text(wk_ctx_t *ctx, const va_json_t *conditions, va_str_t *text,
                            wk_error_t *e)
{
    va_buf_t buf;
    va_buf_init(&buf, wk_mem(ctx->arena), 256);
    va_json_writer_t *w = va_json_writer_new(&buf);
    va_json_object(w);
    for (const va_json_t *c = conditions->first; c != NULL; c = c->next) {
        int64_t n;
        va_json_key(w, wk_strdup(ctx->arena, c->name));
        va_json_int(c, &n) ? va_json_put_int(w, n) : va_json_put_value(w, c);
    }
    va_json_object_end(w);
    return end_text(w, &buf, text, e);
}

/* What reading the settings tells of one may come back; trigger and channel are no choice. */
static bool has_known_members(const va_json_t *campaign, wk_error_t *e)
{
    static const char *const names[] = {"name",       "trigger",   "channel", "delay_seconds",
                                        "conditions", "is_active", NULL};
    for (const va_json_t *m = campaign->first; m != NULL; m = m->next) {
        if (!wk_list_has(names, m->name)) {
            return wk_refuse(e, WK_R_BAD_REQUEST, "%.*s cannot be set here.", (int)m->name.len,
                             m->name.data);
        }
    }
    return true;
}

static bool put_campaign(wk_tx_t *tx, const settings_t *s, const va_json_t *c, wk_error_t *e)
{
    wk_rows_t *rows;
    va_str_t name, trigger, channel, active = VA_STR_NULL, written = VA_STR_NULL;
    int64_t delay = -1;
    const va_json_t *conditions;
    if (!va_json_is(c, VA_JSON_OBJECT)) {
        return refuse(e, "campaigns must be a list of objects.");
    }
    if (!has_known_members(c, e) || !wk_request_text(c, "name", MAX_NAME, &name, e) ||
        !wk_request_optional_text(c, "trigger", MAX_NAME, &trigger, e) ||
        !wk_request_optional_text(c, "channel", MAX_NAME, &channel, e) ||
        !optional_bool(c, "is_active", &active, e) ||
        !optional_int(c, "delay_seconds", MAX_DELAY_S, &delay, e) ||
        !section(c, "conditions", VA_JSON_OBJECT, &conditions, e) ||
        !check_conditions(conditions, e) ||
        (conditions != NULL && !conditions_text(s->ctx, conditions, &written, e))) {
        return false;
    }
    va_str_t params[] = {
        name,
        active,
        delay >= 0 ? wk_printf(s->ctx->arena, "%lld", (long long)delay) : VA_STR_NULL,
        written,
        trigger,
        channel};
    return wk_sql(tx, &wk_sql_settings_campaign, params, &rows, e) &&
           (wk_rows_count(rows) == 1 ||
            wk_refuse(e, WK_R_BAD_REQUEST, "There is no campaign %.*s, or of another kind.",
                      (int)name.len, name.data));
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

/* It becomes part of a header. */
static bool is_token(va_str_t text)
{
    bool ok = text.len > 0;
    for (size_t i = 0; i < text.len; i++) {
        ok = ok && text.data[i] > ' ' && text.data[i] <= '~';
    }
    return ok;
}

static bool read_hubspot(const va_json_t *h, change_t *c, wk_error_t *e)
{
    if (!wk_request_text(h, "token", MAX_TOKEN, &c->token, e) ||
        !wk_request_text(h, "portal", MAX_PORTAL, &c->portal, e)) {
        return false;
    }
    if (!is_token(c->token)) {
        return refuse(e, "token must be a HubSpot access token.");
    }
    return is_portal(c->portal) || refuse(e, "portal must be the number of a HubSpot account.");
}

/*
 * Whoever names a portal is told its events and keeps it from others: only who has a token of
 * it may. HubSpot is asked outside of any transaction, and for nobody but an admin.
 */
static bool prove_portal(wk_ctx_t *ctx, const change_t *c, wk_error_t *e)
{
    va_str_t portal;
    wk_hubspot_t hubspot = {.ctx = ctx, .token = c->token};
    if (!wk_caller_check(ctx, WK_FROM_ADMIN, e)) {
        return false;
    }
    if (!wk_hubspot_portal(&hubspot, &portal, e)) {
        return wk_error_retryable(e)
                   ? false
                   : wk_refuse(e, WK_R_UNPROCESSABLE, "HubSpot does not take that token.");
    }
    return va_str_eq(portal, c->portal) ||
           wk_refuse(e, WK_R_UNPROCESSABLE, "The token is of another portal.");
}

static bool put_hubspot(wk_tx_t *tx, const settings_t *s, va_str_t user, wk_error_t *e)
{
    const change_t *c = &s->change;
    if (!wk_hubspot_account_connect(s->ctx, tx, c->token, c->portal, user, e)) {
        return e->code == WK_CONFLICT
                   ? wk_refuse(e, WK_R_CONFLICT, "That portal cannot be connected here.")
                   : false;
    }
    return true;
}

/* ---------------------------------------------------------------- the chat */

static bool are_origins(const va_json_t *list)
{
    bool ok = list->count <= MAX_ORIGINS;
    for (const va_json_t *o = list->first; ok && o != NULL; o = o->next) {
        ok = wk_is_origin(va_json_string(o));
    }
    return ok;
}

static bool read_chat(const va_json_t *chat, change_t *c, wk_error_t *e)
{
    va_str_t rotates = VA_STR_NULL;
    c->grace_hours = GRACE_HOURS;
    if (!section(chat, "origins", VA_JSON_ARRAY, &c->origins, e) ||
        !optional_bool(chat, "rotate_key", &rotates, e) ||
        !optional_int(chat, "grace_hours", MAX_GRACE_HOURS, &c->grace_hours, e)) {
        return false;
    }
    c->rotates = va_str_eq(rotates, VA_STR("true"));
    return c->origins == NULL || are_origins(c->origins) ||
           refuse(e, "origins must be at most 20 of the form https://shop.example.");
}

static bool put_origins(wk_tx_t *tx, const settings_t *s, wk_error_t *e)
{
    va_buf_t buf;
    va_str_t json;
    va_buf_init(&buf, wk_mem(s->ctx->arena), 256);
    va_json_writer_t *w = va_json_writer_new(&buf);
    va_json_put_value(w, s->change.origins);
    return end_text(w, &buf, &json, e) && wk_sql(tx, &wk_sql_settings_origins, &json, NULL, e);
}

/* Made of the job: run again after its worker died, it is told the same key. */
static bool make_key(wk_tx_t *tx, settings_t *s, wk_error_t *e)
{
    va_str_t token;
    if (!wk_token_widget_key(s->ctx, wk_tx_organization(tx), &token, e)) {
        return false;
    }
    s->key = wk_printf(s->ctx->arena, "wk_%.*s", (int)token.len, token.data);
    return true;
}

static bool rotate_key(wk_tx_t *tx, settings_t *s, wk_error_t *e)
{
    va_str_t digest;
    if (!make_key(tx, s, e) || !wk_token_digest(s->ctx, s->key, &digest, e)) {
        return false;
    }
    va_str_t ends[] = {digest,
                       wk_printf(s->ctx->arena, "%lld", (long long)s->change.grace_hours)};
    return wk_sql(tx, &wk_sql_settings_key, &digest, NULL, e) &&
           wk_sql(tx, &wk_sql_settings_keys_end, ends, NULL, e);
}

/* ---------------------------------------------------------------- recording */

static bool read_recording(change_t *c, wk_error_t *e)
{
    return optional_bool(c->recording, "enabled", &c->records, e) &&
           ((c->records.data != NULL && c->recording->count == 1) ||
            refuse(e, "recording has the member enabled."));
}

/* ---------------------------------------------------------------- reading, writing */

static bool read_texts(wk_ctx_t *ctx, change_t *c, wk_error_t *e)
{
    wk_arena_t *a = ctx->arena;
    const wk_catalogue_t *catalogue = wk_catalogue(ctx->config, e);
    return catalogue != NULL &&
           (c->voicemail == NULL ||
            wk_settings_voicemail_read(a, catalogue, c->voicemail, &c->machine, e)) &&
           (c->shop == NULL || wk_settings_shop_read(a, catalogue, c->shop, &c->profile, e));
}

static bool read_change(wk_ctx_t *ctx, const va_json_t *body, change_t *c, wk_error_t *e)
{
    if (!section(body, "campaigns", VA_JSON_ARRAY, &c->campaigns, e) ||
        !section(body, "hubspot", VA_JSON_OBJECT, &c->hubspot, e) ||
        !section(body, "chat", VA_JSON_OBJECT, &c->chat, e) ||
        !section(body, "voice", VA_JSON_OBJECT, &c->voice, e) ||
        !section(body, "voicemail", VA_JSON_OBJECT, &c->voicemail, e) ||
        !section(body, "shop", VA_JSON_OBJECT, &c->shop, e) ||
        !section(body, "recording", VA_JSON_OBJECT, &c->recording, e)) {
        return false;
    }
    size_t known = (c->campaigns != NULL) + (c->hubspot != NULL) + (c->chat != NULL) +
                   (c->voice != NULL) + (c->voicemail != NULL) + (c->shop != NULL) +
                   (c->recording != NULL);
    if (known == 0 || known != body->count) {
        return refuse(e, "Settings are campaigns, hubspot, chat, voice, voicemail, shop and "
                         "recording.");
    }
    return (c->hubspot == NULL || read_hubspot(c->hubspot, c, e)) &&
           (c->chat == NULL || read_chat(c->chat, c, e)) &&
           (c->voice == NULL || wk_settings_voice_read(ctx->arena, c->voice, &c->hearing, e)) &&
           (c->recording == NULL || read_recording(c, e)) && read_texts(ctx, c, e);
}

static bool write_change(wk_tx_t *tx, settings_t *s, const wk_caller_t *caller, wk_error_t *e)
{
    const change_t *c = &s->change;
    return (c->campaigns == NULL || put_campaigns(tx, s, c->campaigns, e)) &&
           (c->hubspot == NULL || put_hubspot(tx, s, caller->user_id, e)) &&
           (c->voice == NULL || wk_settings_voice_put(tx, c->hearing, &s->gap, e)) &&
           (c->voicemail == NULL || wk_settings_voicemail_put(tx, c->machine, e)) &&
           (c->shop == NULL || wk_settings_shop_put(tx, c->shop, c->profile, e)) &&
           (c->recording == NULL ||
            wk_sql(tx, &wk_sql_settings_recording, &c->records, NULL, e)) &&
           (c->origins == NULL || put_origins(tx, s, e)) &&
           (!c->rotates || rotate_key(tx, s, e)) &&
           wk_audit_settings(s->ctx, tx, caller, "settings", s->body, e);
}

/* One change of a shop after the other; and a job that is run again writes nothing again. */
static bool put(wk_tx_t *tx, settings_t *s, const wk_caller_t *caller, wk_error_t *e)
{
    const change_t *c = &s->change;
    bool first;
    if ((c->hubspot != NULL || c->chat != NULL || c->recording != NULL) &&
        (caller->role & WK_FROM_ADMIN) == 0) {
        return wk_refuse(e, WK_R_ROLE, "The role does not allow this.");
    }
    if (!wk_sql(tx, &wk_sql_settings_lock, NULL, NULL, e) ||
        !wk_effect_once(tx, "settings", s->ctx->job->id, &first, e)) {
        return false;
    }
    if (!first) {
        return !c->rotates || make_key(tx, s, e);
    }
    return write_change(tx, s, caller, e);
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
        return wk_plan_reply_error(s->ctx, &s->gap, reply, e);
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
    change_t *c = &s.change;
    bool writes = va_str_eq(ctx->job->http_method, VA_STR("PUT"));
    if (writes && (!wk_request_json(ctx, &s.body, e) || !read_change(ctx, s.body, c, e) ||
                   (c->hubspot != NULL && !prove_portal(ctx, c, e)))) {
        return wk_reply_error(ctx, reply, e);
    }
    return answer(&s, reply, e);
}
