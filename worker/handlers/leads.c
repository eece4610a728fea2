/*
 * GET /api/leads, /api/customers and one of them: a lead is a customer. PATCH of one: what the
 * shop's people know better, for managers and above.
 */
#include "worker/store/leads.h"
#include "worker/agent/stored_word.h"
#include "worker/handlers/audit.h"
#include "worker/handlers/caller.h"
#include "worker/handlers/handlers.h"
#include "worker/handlers/list.h"
#include "worker/handlers/members.h"
#include "worker/handlers/reply.h"

#define MAX_TEXT 4000 /* bytes of what people note down */

static const char *const statuses[] = {"new",  "contacted", "qualified", "hot",
                                       "cold", "closed",    NULL};

typedef struct {
    wk_ctx_t *ctx;
    wk_list_t list;
    va_str_t id;
    va_str_t change; /* JSON */
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

static wk_outcome_t get(leads_t *l, va_reply_t *reply, wk_error_t *e)
{
    return wk_caller_tx(l->ctx, WK_ANY_ROLE, get_tx, l, e) ? answer_lead(l, reply, e)
                                                           : wk_reply_error(l->ctx, reply, e);
}

/* ---------------------------------------------------------------- change */

static const char *const priorities[] = {"low", "normal", "high", "urgent", NULL};

static const wk_member_rule_t rules[] = {
    {"lead_status", "status", wk_member_word, 0, 0, false,
     "new, contacted, qualified, hot, cold or closed", statuses},
    {"priority", NULL, wk_member_word, 0, 0, false, "low, normal, high or urgent", priorities},
    {"first_name", NULL, wk_member_text, 1, 120, false, "text of 1 to 120 bytes", NULL},
    {"last_name", NULL, wk_member_text, 1, 120, true, "text of 1 to 120 bytes, or null", NULL},
    {"company", NULL, wk_member_text, 1, 200, true, "text of 1 to 200 bytes, or null", NULL},
    {"email", NULL, wk_member_email, 0, 254, true, "an e-mail address, or null", NULL},
    {"notes", NULL, wk_member_text, 1, MAX_TEXT, true, "text of 1 to 4000 bytes, or null",
     NULL},
    {"tags", NULL, wk_member_list, 0, 50, false, "a list of at most 50 short texts", NULL},
    {"assigned_to", NULL, wk_member_uuid, 0, 0, true, "the id of one of the team, or null",
     NULL},
};

/* The word of the list, where it is written as people do. */
static void store_word(const char *const *words, va_json_t *member)
{
    va_str_t word = wk_stored_word(words, va_json_string(member));
    if (word.data != NULL) {
        member->text = word;
    }
}

static const va_json_t *with_stored_words(wk_arena_t *a, const va_json_t *body)
{
    va_json_t *object = wk_alloc(a, sizeof(*object));
    va_json_t **next = &object->first;
    *object = *body;
    for (const va_json_t *m = body->first; m != NULL; m = m->next) {
        va_json_t *member = wk_alloc(a, sizeof(*member));
        *member = *m;
        if (va_str_eq(m->name, VA_STR("priority"))) {
            store_word(priorities, member);
        } else if (va_str_eq(m->name, VA_STR("lead_status")) ||
                   va_str_eq(m->name, VA_STR("status"))) {
            store_word(statuses, member);
        }
        *next = member;
        next = &member->next;
    }
    return object;
}

static bool read_change(leads_t *l, wk_error_t *e)
{
    const va_json_t *body;
    wk_arena_t *a = l->ctx->arena;
    const wk_catalogue_t *c = wk_catalogue(l->ctx->config, e);
    return c != NULL && wk_request_json(l->ctx, &body, e) &&
           wk_members_read(a, c, rules, sizeof(rules) / sizeof(*rules),
                           with_stored_words(a, body), &l->change, e);
}

static bool note_change(wk_tx_t *tx, const wk_caller_t *caller, const leads_t *l, wk_error_t *e)
{
    wk_audit_t entry = {.actor = "user",
                        .user_id = caller->user_id,
                        .action = "lead_changed",
                        .entity = "customer",
                        .entity_id = l->id};
    return wk_audit(l->ctx, tx, &entry, e);
}

static bool change_tx(wk_tx_t *tx, const wk_caller_t *caller, void *arg, wk_error_t *e)
{
    leads_t *l = arg;
    wk_rows_t *rows;
    va_str_t params[] = {l->id, l->change};
    if (!wk_request_known_id(l->id, e)) {
        return false;
    }
    if (!wk_sql(tx, &wk_sql_lead_change, params, &rows, e)) {
        return e->code != WK_CONFLICT
                   ? false
                   : wk_refuse(e, WK_R_UNPROCESSABLE, "assigned_to is nobody of the team.");
    }
    return wk_request_found(rows, e) && note_change(tx, caller, l, e) &&
           get_tx(tx, caller, l, e);
}

static wk_outcome_t change(leads_t *l, va_reply_t *reply, wk_error_t *e)
{
    return read_change(l, e) && wk_caller_tx(l->ctx, WK_FROM_MANAGER, change_tx, l, e)
               ? answer_lead(l, reply, e)
               : wk_reply_error(l->ctx, reply, e);
}

wk_outcome_t wk_leads_handle(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    leads_t l = {.ctx = ctx, .id = wk_request_segment(ctx->job, 2)};
    va_str_t method = ctx->job->http_method;
    if (va_str_eq(method, VA_STR("GET")) || va_str_eq(method, VA_STR("HEAD"))) {
        return get(&l, reply, e);
    }
    if (va_str_eq(method, VA_STR("PATCH"))) {
        return change(&l, reply, e);
    }
    wk_refuse(e, WK_R_NOT_FOUND, "There is no such operation.");
    return wk_reply_error(ctx, reply, e);
}
