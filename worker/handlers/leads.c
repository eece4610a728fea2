/*
 * GET /api/leads, /api/customers and one of them: a lead is a customer. PATCH of one: what the
 * shop's people know better, for managers and above.
 */
#include "worker/store/leads.h"
#include "worker/effect.h"
#include "worker/handlers/audit.h"
#include "worker/handlers/caller.h"
#include "worker/handlers/handlers.h"
#include "worker/handlers/list.h"
#include "worker/handlers/members.h"
#include "worker/handlers/reply.h"

static const char *const statuses[] = {"new",  "contacted", "qualified", "hot",
                                       "cold", "closed",    NULL};

typedef struct {
    wk_ctx_t *ctx;
    wk_list_t list;
    va_str_t id;
    const va_json_t *body; /* of a change */
    va_str_t change;       /* JSON of it, as the table has it */
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

static wk_outcome_t answer_lead(leads_t *l, va_reply_t *reply, wk_error_t *e)
{
    wk_document_t doc;
    va_json_writer_t *w = wk_reply_begin(l->ctx, &doc);
    va_json_key(w, "lead");
    va_json_put_raw(w, wk_cell(l->rows, 0, "item"));
    return wk_reply_end(l->ctx, &doc, 200, reply, e);
}

wk_outcome_t wk_leads_get(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    leads_t l = {.ctx = ctx, .id = wk_request_id(ctx, 2)};
    return wk_caller_tx(ctx, WK_ANY_ROLE, get_tx, &l, e) ? answer_lead(&l, reply, e)
                                                         : wk_reply_error(ctx, reply, e);
}

/* ---------------------------------------------------------------- change */

static const char *const priorities[] = {"low", "normal", "high", "urgent", NULL};

static const wk_member_rule_t rules[] = {
    {.name = "lead_status",
     .also = "status",
     .check = wk_member_stored_word,
     .of = statuses,
     .must = "new, contacted, qualified, hot, cold or closed"},
    {.name = "priority",
     .check = wk_member_stored_word,
     .of = priorities,
     .must = "low, normal, high or urgent"},
    {.name = "first_name",
     .check = wk_member_line,
     .min = 1,
     .max = 120,
     .must = "one line of 1 to 120 bytes"},
    {.name = "last_name",
     .check = wk_member_line,
     .min = 1,
     .max = 120,
     .nullable = true,
     .must = "one line of 1 to 120 bytes, or null"},
    {.name = "company",
     .check = wk_member_line,
     .min = 1,
     .max = 200,
     .nullable = true,
     .must = "one line of 1 to 200 bytes, or null"},
    {.name = "email",
     .check = wk_member_email,
     .max = 254,
     .nullable = true,
     .must = "an e-mail address, or null"},
    {.name = "notes",
     .check = wk_member_text,
     .min = 1,
     .max = 4000,
     .nullable = true,
     .must = "text of 1 to 4000 bytes, or null"},
    {.name = "tags",
     .check = wk_member_list,
     .max = 50,
     .must = "a list of at most 50 short texts"},
    {.name = "assigned_to",
     .check = wk_member_uuid,
     .nullable = true,
     .must = "the id of one of the team, or null"},
};

static bool read_change(leads_t *l, wk_error_t *e)
{
    const wk_catalogue_t *c = wk_catalogue(l->ctx->config, e);
    return c != NULL && wk_request_json(l->ctx, &l->body, e) &&
           wk_members_read(l->ctx->arena, c, rules, sizeof(rules) / sizeof(*rules), l->body,
                           &l->change, e);
}

static bool note_change(wk_tx_t *tx, const wk_caller_t *caller, const leads_t *l, wk_error_t *e)
{
    wk_audit_t entry = {.actor = wk_audit_actor(caller->role),
                        .user_id = caller->user_id,
                        .action = "lead_changed",
                        .entity = "customer",
                        .entity_id = l->id,
                        .data = wk_audit_members(l->ctx, l->body)};
    return wk_audit(l->ctx, tx, &entry, e);
}

static bool write_change(wk_tx_t *tx, const leads_t *l, wk_error_t *e)
{
    wk_rows_t *rows;
    va_str_t params[] = {l->id, l->change};
    if (!wk_sql(tx, &wk_sql_lead_change, params, &rows, e)) {
        return e->code != WK_CONFLICT
                   ? false
                   : wk_refuse(e, WK_R_UNPROCESSABLE, "assigned_to is nobody of the team.");
    }
    return wk_request_found(rows, e);
}

/* Of a job that is run again nothing is written again: another may have changed it since. */
static bool change_tx(wk_tx_t *tx, const wk_caller_t *caller, void *arg, wk_error_t *e)
{
    leads_t *l = arg;
    bool first;
    return wk_request_known_id(l->id, e) &&
           wk_effect_once(tx, "lead", l->ctx->job->id, &first, e) &&
           (!first || (write_change(tx, l, e) && note_change(tx, caller, l, e))) &&
           get_tx(tx, caller, l, e);
}

static wk_outcome_t change(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    leads_t l = {.ctx = ctx, .id = wk_request_id(ctx, 2)};
    return read_change(&l, e) && wk_caller_tx(ctx, WK_FROM_MANAGER, change_tx, &l, e)
               ? answer_lead(&l, reply, e)
               : wk_reply_error(ctx, reply, e);
}

wk_outcome_t wk_leads_handle(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    if (va_str_eq(ctx->job->http_method, VA_STR("GET"))) {
        return wk_leads_get(ctx, reply, e);
    }
    if (va_str_eq(ctx->job->http_method, VA_STR("PATCH"))) {
        return change(ctx, reply, e);
    }
    wk_refuse(e, WK_R_NOT_FOUND, "There is no such operation.");
    return wk_reply_error(ctx, reply, e);
}
