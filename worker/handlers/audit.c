#include "worker/handlers/audit.h"

#include "worker/handlers/request.h"
#include "worker/store/audit.h"

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
