#include "worker/handlers/call_named.h"

#include <ctype.h>

#include "worker/handlers/request.h"
#include "worker/handlers/webhook.h"
#include "worker/store/call_sessions.h"

/* An id as the database spells it, so that it can be compared with what is read there. */
static va_str_t as_stored(wk_arena_t *a, va_str_t id)
{
    char *text = wk_strdup(a, id);
    for (size_t i = 0; i < id.len; i++) {
        text[i] = (char)tolower((unsigned char)text[i]);
    }
    return va_str(text, id.len);
}

bool wk_call_named(wk_tx_t *tx, va_str_t name, va_str_t *id, wk_error_t *e)
{
    wk_rows_t *rows;
    *id = name;
    if (wk_is_uuid(name)) {
        *id = as_stored(wk_tx_arena(tx), name);
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
