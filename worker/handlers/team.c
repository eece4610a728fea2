/*
 * team.handle: the people of a shop, for its admins. Nobody gives a role above his own, nor
 * changes whoever has one; a shop always keeps an admin. Who goes is made inactive and not
 * deleted: what he did keeps its name, and a token of his that still lives opens nothing
 * (caller.h).
 */
#include <string.h>

#include "worker/effect.h"
#include "worker/handlers/audit.h"
#include "worker/handlers/caller.h"
#include "worker/handlers/handlers.h"
#include "worker/handlers/list.h"
#include "worker/handlers/person.h"
#include "worker/handlers/reply.h"
#include "worker/handlers/request.h"
#include "worker/password.h"
#include "worker/store/settings.h"
#include "worker/store/team.h"

#define MAX_NAME 100

static const char *const statuses[] = {"active", "inactive", NULL};

typedef struct {
    wk_ctx_t *ctx;
    const char *action; /* as the audit log names it */
    wk_list_t list;
    va_str_t id; /* of the person */
    va_str_t email, hash;
    va_str_t name, role, active; /* absent: as it was */
    wk_rows_t *rows;
} team_t;

static bool is_method(const wk_ctx_t *ctx, const char *method)
{
    return va_str_eq(ctx->job->http_method, va_str_c(method));
}

/* ---------------------------------------------------------------- what a body asks for */

static bool only(const va_json_t *body, const char *const *names, wk_error_t *e)
{
    for (const va_json_t *member = body->first; member != NULL; member = member->next) {
        if (!wk_list_has(names, member->name)) {
            return wk_refuse(e, WK_R_BAD_REQUEST, "%.*s cannot be set here.",
                             (int)member->name.len, member->name.data);
        }
    }
    return body->count > 0 || wk_refuse(e, WK_R_BAD_REQUEST, "The body says nothing.");
}

static bool read_name(const va_json_t *body, team_t *t, wk_error_t *e)
{
    return wk_person_line(body, "name", MAX_NAME, &t->name, e);
}

static bool read_role(const va_json_t *body, team_t *t, wk_error_t *e)
{
    wk_role_t role;
    return wk_request_text(body, "role", MAX_NAME, &t->role, e) &&
           (wk_role_parse(t->role, &role) ||
            wk_refuse(e, WK_R_BAD_REQUEST,
                      "role must be admin, manager, staff or service_tech."));
}

static bool read_password(const va_json_t *body, team_t *t, wk_error_t *e)
{
    va_str_t password;
    return wk_person_password(body, &password, e) &&
           wk_password_hash(t->ctx->arena, password, t->ctx->config->password_cost, &t->hash,
                            e);
}

static bool read_active(const va_json_t *member, team_t *t, wk_error_t *e)
{
    bool active = va_json_is(member, VA_JSON_TRUE);
    t->active = active ? VA_STR("true") : VA_STR("false");
    return active || va_json_is(member, VA_JSON_FALSE) ||
           wk_refuse(e, WK_R_BAD_REQUEST, "active must be true or false.");
}

static bool read_member(team_t *t, wk_error_t *e)
{
    static const char *const names[] = {"email", "name", "role", "password", NULL};
    const va_json_t *body;
    return wk_request_json(t->ctx, &body, e) && only(body, names, e) &&
           wk_person_email(t->ctx, body, &t->email, e) && read_name(body, t, e) &&
           read_role(body, t, e) && read_password(body, t, e);
}

static bool read_change(team_t *t, wk_error_t *e)
{
    static const char *const names[] = {"name", "role", "active", NULL};
    const va_json_t *body;
    if (!wk_request_json(t->ctx, &body, e) || !only(body, names, e)) {
        return false;
    }
    const va_json_t *active = va_json_get(body, "active");
    return (va_json_get(body, "name") == NULL || read_name(body, t, e)) &&
           (va_json_get(body, "role") == NULL || read_role(body, t, e)) &&
           (active == NULL || read_active(active, t, e));
}

/* ---------------------------------------------------------------- whether he may */

static bool within(const wk_caller_t *caller, va_str_t word, wk_error_t *e)
{
    wk_role_t role;
    return (wk_role_parse(word, &role) && role <= caller->role) ||
           wk_refuse(e, WK_R_ROLE, "That role is above your own.");
}

/* Whether the change, as far as it is one, leaves an admin to be one. */
static bool stays_admin(const team_t *t)
{
    return !va_str_eq(t->active, VA_STR("false")) &&
           (t->role.data == NULL || va_str_eq(t->role, VA_STR("admin")));
}

static bool may_change(wk_tx_t *tx, const team_t *t, const wk_caller_t *caller, wk_error_t *e)
{
    wk_rows_t *rows;
    if (!wk_sql(tx, &wk_sql_team_lock, &t->id, &rows, e) || !wk_request_found(rows, e) ||
        !within(caller, wk_cell(rows, 0, "role"), e) ||
        (t->role.data != NULL && !within(caller, t->role, e))) {
        return false;
    }
    return !wk_cell_bool(rows, 0, "last_admin") || stays_admin(t) ||
           wk_refuse(e, WK_R_CONFLICT, "The shop would be left without an admin.");
}

/* ---------------------------------------------------------------- once */

/*
 * One change of a shop after the other, so that two admins cannot each remove the other. *first
 * false: an earlier run of the job was committed, t->id being whom it was about.
 */
static bool claim(wk_tx_t *tx, team_t *t, wk_effect_t *effect, bool *first, wk_error_t *e)
{
    const va_job_t *job = t->ctx->job;
    va_str_t key = wk_printf(t->ctx->arena, "team:%.*s", (int)job->id.len, job->id.data);
    if (!wk_sql(tx, &wk_sql_settings_lock, NULL, NULL, e) ||
        !wk_effect_claim(tx, "team", key, VA_STR_NULL, effect, e)) {
        return false;
    }
    *first = effect->state == WK_EFFECT_NEW;
    t->id = *first ? t->id : effect->provider_id;
    return true;
}

/* What somebody may from now on; his name is not the log's. */
static va_str_t audit_data(const team_t *t)
{
    va_buf_t data;
    va_buf_init(&data, wk_mem(t->ctx->arena), 64);
    va_json_writer_t *w = va_json_writer_new(&data);
    va_json_object(w);
    if (t->name.data != NULL) {
        va_json_add_bool(w, "name", true);
    }
    if (t->role.data != NULL) {
        va_json_add_str(w, "role", t->role);
    }
    if (t->active.data != NULL) {
        va_json_add_bool(w, "active", va_str_eq(t->active, VA_STR("true")));
    }
    va_json_object_end(w);
    return va_json_writer_end(w) == VA_OK ? va_buf_str(&data) : VA_STR_NULL;
}

static bool settle(wk_tx_t *tx, const team_t *t, const wk_caller_t *caller,
                   const wk_effect_t *effect, wk_error_t *e)
{
    wk_audit_t entry = {.actor = wk_audit_actor(caller->role),
                        .user_id = caller->user_id,
                        .action = t->action,
                        .entity = "user",
                        .entity_id = t->id,
                        .data = audit_data(t)};
    return wk_audit(t->ctx, tx, &entry, e) &&
           wk_effect_finish(tx, effect->id, WK_EFFECT_DONE, t->id, VA_STR_NULL, e);
}

/* ---------------------------------------------------------------- writing */

static bool show(wk_tx_t *tx, team_t *t, wk_error_t *e)
{
    return wk_sql(tx, &wk_sql_team_member, &t->id, &t->rows, e) && wk_request_found(t->rows, e);
}

static bool is_taken(const wk_error_t *e)
{
    return e->code == WK_CONFLICT && (strcmp(e->detail, "users_email") == 0 ||
                                      strcmp(e->detail, "routing_keys_email") == 0);
}

/* An address has one login. Whether it is of this shop or of another is not told. */
static bool add(wk_tx_t *tx, team_t *t, wk_error_t *e)
{
    wk_rows_t *rows;
    va_str_t params[] = {t->email, t->hash, t->role, t->name};
    if (!wk_sql(tx, &wk_sql_team_add, params, &rows, e)) {
        return is_taken(e) ? wk_refuse(e, WK_R_CONFLICT, "That e-mail address cannot be used.")
                           : false;
    }
    t->id = wk_cell(rows, 0, "id");
    return true;
}

static bool create_tx(wk_tx_t *tx, const wk_caller_t *caller, void *arg, wk_error_t *e)
{
    bool first;
    wk_effect_t effect;
    team_t *t = arg;
    return within(caller, t->role, e) && claim(tx, t, &effect, &first, e) &&
           (!first || (add(tx, t, e) && settle(tx, t, caller, &effect, e))) && show(tx, t, e);
}

/*
 * Sessions are ended before, too: a login that was under way when he was made inactive has
 * opened one, which must not come to life with him.
 */
static bool change(wk_tx_t *tx, const team_t *t, wk_error_t *e)
{
    va_str_t params[] = {t->id, t->name, t->role, t->active};
    return wk_sql(tx, &wk_sql_team_end_sessions, &t->id, NULL, e) &&
           wk_sql(tx, &wk_sql_team_change, params, NULL, e) &&
           wk_sql(tx, &wk_sql_team_end_sessions, &t->id, NULL, e);
}

static bool change_tx(wk_tx_t *tx, const wk_caller_t *caller, void *arg, wk_error_t *e)
{
    bool first;
    wk_effect_t effect;
    team_t *t = arg;
    return claim(tx, t, &effect, &first, e) &&
           (!first || (may_change(tx, t, caller, e) && change(tx, t, e) &&
                       settle(tx, t, caller, &effect, e))) &&
           show(tx, t, e);
}

static wk_outcome_t answer(team_t *t, int status, va_reply_t *reply, wk_error_t *e)
{
    wk_document_t doc;
    va_json_writer_t *w = wk_reply_begin(t->ctx, &doc);
    va_json_key(w, "member");
    va_json_put_raw(w, wk_cell(t->rows, 0, "item"));
    return wk_reply_end(t->ctx, &doc, status, reply, e);
}

static wk_outcome_t create(team_t *t, va_reply_t *reply, wk_error_t *e)
{
    t->action = "team_member_added";
    return read_member(t, e) && wk_caller_tx(t->ctx, WK_FROM_ADMIN, create_tx, t, e)
               ? answer(t, 201, reply, e)
               : wk_reply_error(t->ctx, reply, e);
}

static wk_outcome_t update(team_t *t, va_reply_t *reply, wk_error_t *e)
{
    t->action = "team_member_changed";
    return wk_request_known_id(t->id, e) && read_change(t, e) &&
                   wk_caller_tx(t->ctx, WK_FROM_ADMIN, change_tx, t, e)
               ? answer(t, 200, reply, e)
               : wk_reply_error(t->ctx, reply, e);
}

static wk_outcome_t discharge(team_t *t, va_reply_t *reply, wk_error_t *e)
{
    t->action = "team_member_removed";
    t->active = VA_STR("false");
    return wk_request_known_id(t->id, e) && wk_caller_tx(t->ctx, WK_FROM_ADMIN, change_tx, t, e)
               ? answer(t, 200, reply, e)
               : wk_reply_error(t->ctx, reply, e);
}

/* ---------------------------------------------------------------- reading */

static bool list_tx(wk_tx_t *tx, const wk_caller_t *caller, void *arg, wk_error_t *e)
{
    team_t *t = arg;
    va_str_t params[WK_LIST_PARAMS];
    (void)caller;
    wk_list_params(t->ctx, &t->list, params);
    return wk_sql_last(tx, &wk_sql_team, params, &t->rows, e);
}

static wk_outcome_t list(team_t *t, va_reply_t *reply, wk_error_t *e)
{
    wk_document_t doc;
    if (!wk_list_read(t->ctx, statuses, &t->list, e) ||
        !wk_caller_tx(t->ctx, WK_FROM_ADMIN, list_tx, t, e)) {
        return wk_reply_error(t->ctx, reply, e);
    }
    va_json_writer_t *w = wk_reply_begin(t->ctx, &doc);
    wk_page_put(t->ctx, w, "team", t->rows, &t->list.page, false);
    return wk_reply_end(t->ctx, &doc, 200, reply, e);
}

wk_outcome_t wk_team_handle(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    team_t t = {.ctx = ctx, .id = wk_request_id(ctx, 2)};
    bool one = t.id.data != NULL;
    if (is_method(ctx, "GET") && !one) {
        return list(&t, reply, e);
    }
    if (is_method(ctx, "POST") && !one) {
        return create(&t, reply, e);
    }
    if (is_method(ctx, "PATCH") && one) {
        return update(&t, reply, e);
    }
    if (is_method(ctx, "DELETE") && one) {
        return discharge(&t, reply, e);
    }
    wk_refuse(e, WK_R_NOT_FOUND, "There is no such operation.");
    return wk_reply_error(ctx, reply, e);
}
