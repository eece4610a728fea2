#include "worker/handlers/call_named.h"

#include "worker/handlers/request.h"
#include "worker/handlers/webhook.h"
#include "worker/store/call_sessions.h"

bool wk_call_named(wk_tx_t *tx, va_str_t name, va_str_t *id, wk_error_t *e)
{
    wk_rows_t *rows;
    *id = name;
    if (wk_is_uuid(name)) {
        return true;
    }
    if (!wk_webhook_is_id(name)) {
        return wk_request_known_id(name, e);
    }
    if (!wk_sql(tx, &wk_sql_call_named, &name, &rows, e) || !wk_request_found(rows, e)) {
        return false;
    }
    *id = wk_cell(rows, 0, "id");
    return true;
}
