/* Who did what, noted in the transaction that does it. */
#ifndef WK_HANDLERS_AUDIT_H
#define WK_HANDLERS_AUDIT_H

#include "core/json.h"
#include "worker/handlers/caller.h"

typedef struct {
    const char *actor;  /* "user", "super_admin", "agent", "system", "customer" */
    va_str_t user_id;   /* absent: nobody of ours */
    const char *action; /* a word of its own: "login", "logout", … */
    const char *entity; /* NULL: none */
    va_str_t entity_id;
    va_str_t data; /* JSON object; absent: {} */
} wk_audit_t;

/* The word for somebody of that role. */
const char *wk_audit_actor(wk_role_t role);

/* The data of an entry: which members the body has, and nothing of what they are now. */
va_str_t wk_audit_members(wk_ctx_t *ctx, const va_json_t *body);

/* The data of an entry about a chat; session: chat_sessions.id, absent: it is about none. */
va_str_t wk_audit_chat(wk_ctx_t *ctx, va_str_t session);

/* Address, user agent and trace are those of the job. */
bool wk_audit(wk_ctx_t *ctx, wk_tx_t *tx, const wk_audit_t *entry, wk_error_t *e);

/* "settings_changed", with the members of the body. */
bool wk_audit_settings(wk_ctx_t *ctx, wk_tx_t *tx, const wk_caller_t *caller,
                       const char *entity, const va_json_t *body, wk_error_t *e);

#endif
