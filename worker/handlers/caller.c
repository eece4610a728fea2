#include "worker/handlers/caller.h"

#include "worker/handlers/audit.h"
#include "worker/handlers/reply.h"
#include "worker/handlers/request.h"
#include "worker/store/users.h"

/* A transaction on behalf of somebody. */
typedef struct {
    wk_ctx_t *ctx;
    unsigned roles;
    wk_caller_t caller;
    va_str_t claimed_role;
    va_str_t home;  /* the organization of the token */
    bool elsewhere; /* another one is named */
    wk_caller_fn fn;
    void *arg;
} visit_t;

bool wk_role_parse(va_str_t word, wk_role_t *role)
{
    static const struct {
        const char *word;
        wk_role_t role;
    } roles[] = {{"super_admin", WK_SUPER_ADMIN},
                 {"admin", WK_ADMIN},
                 {"manager", WK_MANAGER},
                 {"staff", WK_STAFF},
                 {"service_tech", WK_SERVICE_TECH}};
    for (size_t i = 0; i < sizeof(roles) / sizeof(*roles); i++) {
        if (va_str_eq(word, va_str_c(roles[i].word))) {
            *role = roles[i].role;
            return true;
        }
    }
    return false;
}

/* Ours has userId and role; a Supabase token sub and app_metadata (its own role is Postgres').
 */
static bool read_claims(visit_t *v, wk_error_t *e)
{
    const va_job_t *job = v->ctx->job;
    va_str_t user = va_json_scalar(va_json_get(job->claims, "userId"));
    va_str_t role = va_json_string(va_json_pointer(job->claims, VA_STR("/app_metadata/role")));

    if (job->claims == NULL) {
        return wk_refuse(e, WK_R_UNAUTHORIZED, "The request carries no valid token.");
    }
    if (!wk_request_path(job, e)) {
        return false;
    }
    if (!wk_is_uuid(job->org)) {
        return wk_refuse(e, WK_R_ORGANIZATION, "The token names no organization.");
    }
    v->home = v->caller.organization = job->org;
    v->caller.user_id = user.len > 0 ? user : va_json_get_string(job->claims, "sub");
    v->claimed_role = role.len > 0 ? role : va_json_get_string(job->claims, "role");
    return true;
}

static void read_named_organization(visit_t *v)
{
    va_str_t named = wk_request_header(v->ctx->job, "x-va-organization");
    v->elsewhere = named.len > 0 && !va_str_ieq(named, v->home);
    if (v->elsewhere) {
        v->caller.organization = named;
    }
}

/* ---------------------------------------------------------------- the token's organization */

/*
 * What a token says and what the database says: what both allow. A token that says nothing
 * leaves it to the database; one that says a word nobody knows is of no role.
 */
static bool lesser_role(va_str_t claimed, va_str_t known, wk_role_t *role)
{
    wk_role_t told;
    if (!wk_role_parse(known, role)) {
        return false;
    }
    if (claimed.len == 0) {
        return true;
    }
    if (!wk_role_parse(claimed, &told)) {
        return false;
    }
    *role = told < *role ? told : *role;
    return true;
}

static bool judge(visit_t *v, const wk_rows_t *rows, wk_error_t *e)
{
    va_str_t known = v->claimed_role;

    if (wk_rows_count(rows) == 0 || !wk_cell_bool(rows, 0, "organization_active")) {
        return wk_refuse(e, WK_R_ORGANIZATION, "The organization is not active.");
    }
    if (wk_cell(rows, 0, "user_id").data != NULL) {
        if (!wk_cell_bool(rows, 0, "user_active")) {
            return wk_refuse(e, WK_R_FORBIDDEN, "The account is not active.");
        }
        v->caller.user_id = wk_cell(rows, 0, "user_id");
        known = wk_cell(rows, 0, "role");
    }
    if (wk_cell_bool(rows, 0, "of_another")) {
        return wk_refuse(e, WK_R_ORGANIZATION, "The token names another's organization.");
    }
    if (!lesser_role(v->claimed_role, known, &v->caller.role) ||
        (v->roles & v->caller.role) == 0) {
        return wk_refuse(e, WK_R_ROLE, "The role does not allow this.");
    }
    if (v->elsewhere && v->caller.role != WK_SUPER_ADMIN) {
        return wk_refuse(e, WK_R_ROLE, "The role does not allow another organization.");
    }
    return true;
}

static bool at_home(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    visit_t *v = arg;
    wk_rows_t *rows;
    return wk_sql(tx, &wk_sql_caller, &v->caller.user_id, &rows, e) && judge(v, rows, e) &&
           (v->elsewhere || v->fn(tx, &v->caller, v->arg, e));
}

/* ---------------------------------------------------------------- the named organization */

static va_str_t audit_data(visit_t *v)
{
    va_buf_t text;
    va_buf_init(&text, wk_mem(v->ctx->arena), 256);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_object(w);
    va_json_add_str(w, "home_organization", v->home);
    va_json_add_str(w, "request", v->ctx->job->type);
    va_json_add_str(w, "path", v->ctx->job->http_uri);
    va_json_object_end(w);
    return va_json_writer_end(w) == VA_OK ? va_buf_str(&text) : VA_STR_NULL;
}

static bool abroad(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    visit_t *v = arg;
    const wk_audit_t entry = {.actor = wk_audit_actor(WK_SUPER_ADMIN),
                              .user_id = v->caller.user_id,
                              .action = "organization_switched",
                              .entity = "organization",
                              .entity_id = wk_tx_organization(tx),
                              .data = audit_data(v)};
    v->caller.organization = wk_tx_organization(tx);
    return wk_audit(v->ctx, tx, &entry, e) && v->fn(tx, &v->caller, v->arg, e);
}

static bool visit_named(visit_t *v, wk_error_t *e)
{
    va_str_t found;
    if (!wk_tx_by(v->ctx->db, v->ctx->arena, "id", v->caller.organization,
                  wk_request_deadline_ms(v->ctx), abroad, v, &found, e)) {
        return false;
    }
    return found.data != NULL || wk_refuse(e, WK_R_NOT_FOUND, "There is no such organization.");
}

bool wk_caller_tx(wk_ctx_t *ctx, unsigned roles, wk_caller_fn fn, void *arg, wk_error_t *e)
{
    visit_t v = {.ctx = ctx, .roles = roles, .fn = fn, .arg = arg};
    if (!read_claims(&v, e)) {
        return false;
    }
    read_named_organization(&v);
    return wk_tx(ctx->db, ctx->arena, v.home, wk_request_deadline_ms(ctx), at_home, &v, e) &&
           (!v.elsewhere || visit_named(&v, e));
}

static bool nothing_more(wk_tx_t *tx, const wk_caller_t *caller, void *arg, wk_error_t *e)
{
    (void)tx;
    (void)caller;
    (void)arg;
    (void)e;
    return true;
}

bool wk_caller_check(wk_ctx_t *ctx, unsigned roles, wk_error_t *e)
{
    return wk_caller_tx(ctx, roles, nothing_more, NULL, e);
}
