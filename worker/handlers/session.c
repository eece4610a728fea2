#include "worker/handlers/session.h"

#include "worker/handlers/request.h"
#include "worker/handlers/token.h"
#include "worker/store/sessions.h"

wk_signed_in_t wk_session_user(const wk_rows_t *rows)
{
    return (wk_signed_in_t){.id = wk_cell(rows, 0, "user_id"),
                            .email = wk_cell(rows, 0, "email"),
                            .first_name = wk_cell(rows, 0, "first_name"),
                            .last_name = wk_cell(rows, 0, "last_name"),
                            .role = wk_cell(rows, 0, "role"),
                            .organization = wk_cell(rows, 0, "organization_id"),
                            .organization_name = wk_cell(rows, 0, "organization_name"),
                            .organization_timezone = wk_cell(rows, 0, "organization_timezone")};
}

bool wk_session_make(wk_ctx_t *ctx, wk_session_t *session, wk_error_t *e)
{
    return wk_token_random(ctx, &session->refresh, e) &&
           wk_token_digest(ctx, session->refresh, &session->digest, e);
}

bool wk_session_open(wk_ctx_t *ctx, wk_tx_t *tx, va_str_t user, const wk_session_t *session,
                     wk_error_t *e)
{
    va_str_t params[] = {user, session->digest,
                         wk_printf(ctx->arena, "%d", ctx->config->refresh_token_s),
                         wk_request_peer(ctx->job), wk_request_header(ctx->job, "user-agent")};
    return wk_sql_last(tx, &wk_sql_session_open, params, NULL, e);
}

static void put_user(va_json_writer_t *w, const wk_signed_in_t *user)
{
    va_json_key(w, "user");
    va_json_object(w);
    va_json_add_str(w, "id", user->id);
    va_json_add_str(w, "email", user->email);
    va_json_add_str(w, "first_name", user->first_name);
    va_json_add_str(w, "last_name", user->last_name);
    va_json_add_str(w, "role", user->role);
    va_json_add_str(w, "organization_id", user->organization);
    va_json_add_str(w, "organization_name", user->organization_name);
    va_json_add_str(w, "organization_timezone", user->organization_timezone);
    va_json_object_end(w);
}

bool wk_session_reply_begin(wk_ctx_t *ctx, wk_document_t *doc, const wk_signed_in_t *user,
                            va_str_t refresh, bool told, va_str_t *access, wk_error_t *e)
{
    if (!wk_token_access(ctx, user->id, user->organization, user->role, access, e)) {
        return false;
    }
    va_json_writer_t *w = wk_reply_begin(ctx, doc);
    va_json_add_str(w, "token", *access);
    va_json_add_int(w, "expires_in", ctx->config->access_token_s);
    if (told) {
        va_json_add_str(w, "refresh_token", refresh);
    }
    put_user(w, user);
    return true;
}

wk_outcome_t wk_session_reply_end(wk_ctx_t *ctx, wk_document_t *doc, int status,
                                  va_str_t access, va_str_t refresh, va_reply_t *reply,
                                  wk_error_t *e)
{
    wk_outcome_t outcome = wk_reply_end(ctx, doc, status, reply, e);
    if (outcome == WK_DONE) {
        wk_token_cookie(ctx, reply, WK_COOKIE_ACCESS, access, ctx->config->access_token_s);
        wk_token_cookie(ctx, reply, WK_COOKIE_REFRESH, refresh, ctx->config->refresh_token_s);
    }
    return outcome;
}
