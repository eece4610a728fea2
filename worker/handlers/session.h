/* What who signs in is left with: a session, its tokens, and who he is. */
#ifndef WK_HANDLERS_SESSION_H
#define WK_HANDLERS_SESSION_H

#include "worker/handlers/reply.h"

/* Who is signed in, as the answers tell it. */
typedef struct {
    va_str_t id, email, first_name, last_name, role, organization, organization_name,
        organization_timezone;
} wk_signed_in_t;

/* Of the first row: user_id email first_name last_name role organization_id organization_name
 * organization_timezone.
 */
wk_signed_in_t wk_session_user(const wk_rows_t *rows);

/* A refresh token, and what the database keeps of it. */
typedef struct {
    va_str_t refresh, digest;
} wk_session_t;

bool wk_session_make(wk_ctx_t *ctx, wk_session_t *session, wk_error_t *e);

/* With the last statement of the transaction. */
bool wk_session_open(wk_ctx_t *ctx, wk_tx_t *tx, va_str_t user, const wk_session_t *session,
                     wk_error_t *e);

/*
 * Begins the answer; what more it is to hold follows through doc->json. told: the refresh token
 * stands in the body as well, not only in a cookie no script reads. *access is set.
 */
bool wk_session_reply_begin(wk_ctx_t *ctx, wk_document_t *doc, const wk_signed_in_t *user,
                            va_str_t refresh, bool told, va_str_t *access, wk_error_t *e);

/* Ends it, with the cookies. */
wk_outcome_t wk_session_reply_end(wk_ctx_t *ctx, wk_document_t *doc, int status,
                                  va_str_t access, va_str_t refresh, va_reply_t *reply,
                                  wk_error_t *e);

#endif
