#include "worker/handlers/audit.h"

#include "worker/handlers/request.h"
#include "worker/store/audit.h"

const char *wk_audit_actor(wk_role_t role)
{
    return role == WK_SUPER_ADMIN ? "super_admin" : "user";
}

bool wk_audit(wk_ctx_t *ctx, wk_tx_t *tx, const wk_audit_t *entry, wk_error_t *e)
{
    va_str_t params[] = {va_str_c(entry->actor),
                         entry->user_id,
                         va_str_c(entry->action),
                         va_str_c(entry->entity),
                         entry->entity_id,
                         entry->data,
                         wk_request_peer(ctx->job),
                         wk_request_header(ctx->job, "user-agent"),
                         ctx->job->trace};
    return wk_sql(tx, &wk_sql_audit, params, NULL, e) ||
           wk_error_wrap(e, "audit %s", entry->action);
}

va_str_t wk_audit_members(wk_ctx_t *ctx, const va_json_t *body)
{
    va_buf_t data;
    va_buf_init(&data, wk_mem(ctx->arena), 128);
    va_json_writer_t *w = va_json_writer_new(&data);
    va_json_object(w);
    for (const va_json_t *member = body->first; member != NULL; member = member->next) {
        va_json_add_bool(w, wk_strdup(ctx->arena, member->name), true);
    }
    va_json_object_end(w);
    return va_json_writer_end(w) == VA_OK ? va_buf_str(&data) : VA_STR_NULL;
}

va_str_t wk_audit_chat(wk_ctx_t *ctx, va_str_t session)
{
    va_buf_t data;
    if (session.data == NULL) {
        return VA_STR_NULL;
    }
    va_buf_init(&data, wk_mem(ctx->arena), 64);
    va_json_writer_t *w = va_json_writer_new(&data);
    va_json_object(w);
    va_json_add_str(w, "sessionId", session);
    va_json_object_end(w);
    return va_json_writer_end(w) == VA_OK ? va_buf_str(&data) : VA_STR_NULL;
}

bool wk_audit_settings(wk_ctx_t *ctx, wk_tx_t *tx, const wk_caller_t *caller,
                       const char *entity, const va_json_t *body, wk_error_t *e)
{
    wk_audit_t entry = {.actor = wk_audit_actor(caller->role),
                        .user_id = caller->user_id,
                        .action = "settings_changed",
                        .entity = entity,
                        .data = wk_audit_members(ctx, body)};
    return wk_audit(ctx, tx, &entry, e);
}
