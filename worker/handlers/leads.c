/* GET /api/leads, /api/customers and one of them: a lead is a customer. */
#include "worker/store/leads.h"
#include "worker/handlers/caller.h"
#include "worker/handlers/handlers.h"
#include "worker/handlers/list.h"
#include "worker/handlers/reply.h"

static const char *const statuses[] = {"new",  "contacted", "qualified", "hot",
                                       "cold", "closed",    NULL};

typedef struct {
    wk_ctx_t *ctx;
    wk_list_t list;
    va_str_t id;
    wk_rows_t *rows;
} leads_t;

/* A technician knows the customers who have an appointment, and no others. */
static va_str_t only_with_appointment(const wk_caller_t *caller)
{
    return caller->role == WK_SERVICE_TECH ? VA_STR("t") : VA_STR("f");
}

static bool list_tx(wk_tx_t *tx, const wk_caller_t *caller, void *arg, wk_error_t *e)
{
    leads_t *l = arg;
    va_str_t params[WK_LIST_PARAMS + 1];
    wk_list_params(l->ctx, &l->list, params);
    params[WK_LIST_PARAMS] = only_with_appointment(caller);
    return wk_sql_last(tx, &wk_sql_leads, params, &l->rows, e);
}

wk_outcome_t wk_leads_list(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    wk_document_t doc;
    leads_t l = {.ctx = ctx};
    if (!wk_list_read(ctx, statuses, &l.list, e) ||
        !wk_caller_tx(ctx, WK_ANY_ROLE, list_tx, &l, e)) {
        return wk_reply_error(ctx, reply, e);
    }
    va_json_writer_t *w = wk_reply_begin(ctx, &doc);
    wk_page_put(ctx, w, "leads", l.rows, &l.list.page, false);
    return wk_reply_end(ctx, &doc, 200, reply, e);
}

static bool get_tx(wk_tx_t *tx, const wk_caller_t *caller, void *arg, wk_error_t *e)
{
    leads_t *l = arg;
    va_str_t params[] = {l->id, only_with_appointment(caller)};
    return wk_request_known_id(l->id, e) &&
           wk_sql_last(tx, &wk_sql_lead, params, &l->rows, e) && wk_request_found(l->rows, e);
}

wk_outcome_t wk_leads_get(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    wk_document_t doc;
    leads_t l = {.ctx = ctx, .id = wk_request_segment(ctx->job, 2)};
    if (!wk_caller_tx(ctx, WK_ANY_ROLE, get_tx, &l, e)) {
        return wk_reply_error(ctx, reply, e);
    }
    va_json_writer_t *w = wk_reply_begin(ctx, &doc);
    va_json_key(w, "lead");
    va_json_put_raw(w, wk_cell(l.rows, 0, "item"));
    return wk_reply_end(ctx, &doc, 200, reply, e);
}
