/*
 * calls.outcome: a person of the shop says what came of a call; no later guess replaces it.
 * Done once, and noted in the audit log.
 */
#include "worker/effect.h"
#include "worker/handlers/audit.h"
#include "worker/handlers/call_named.h"
#include "worker/handlers/caller.h"
#include "worker/handlers/handlers.h"
#include "worker/handlers/list.h"
#include "worker/handlers/members.h"
#include "worker/handlers/reply.h"
#include "worker/handlers/request.h"
#include "worker/store/call_sessions.h"

typedef struct {
    wk_ctx_t *ctx;
    va_str_t call, outcome;
    wk_rows_t *rows;
} saying_t;

static const char *const outcomes[] = {
    "appointment_booked", "product_inquiry",  "order_status", "technical_support",
    "complaint",          "information_only", "other",        NULL};

static const wk_member_rule_t rules[] = {
    {.name = "outcome",
     .check = wk_member_stored_word,
     .of = outcomes,
     .must = "appointment_booked, product_inquiry, order_status, technical_support, complaint, "
             "information_only or other"},
};

static bool read_body(saying_t *s, wk_error_t *e)
{
    va_str_t json;
    const va_json_t *body;
    if (!wk_request_json(s->ctx, &body, e) ||
        !wk_members_read(s->ctx->arena, NULL, rules, 1, body, &json, e)) {
        return false;
    }
    s->outcome = va_json_get_string(body, "outcome");
    return wk_list_word(outcomes, &s->outcome) ||
           wk_error(e, WK_INTERNAL, "an outcome that was read is none");
}

/* Of a job that is run again nothing is written again: another may have said more since. */
static bool say(wk_tx_t *tx, const saying_t *s, const wk_caller_t *caller, wk_error_t *e)
{
    bool first;
    wk_rows_t *rows;
    va_str_t params[] = {s->call, s->outcome};
    wk_audit_t entry = {.actor = wk_audit_actor(caller->role),
                        .user_id = caller->user_id,
                        .action = "outcome_set",
                        .entity = "call",
                        .entity_id = s->call};
    return wk_effect_once(tx, "outcome", s->ctx->job->id, &first, e) &&
           (!first || (wk_sql(tx, &wk_sql_call_outcome, params, &rows, e) &&
                       wk_request_found(rows, e) && wk_audit(s->ctx, tx, &entry, e)));
}

static bool outcome_tx(wk_tx_t *tx, const wk_caller_t *caller, void *arg, wk_error_t *e)
{
    saying_t *s = arg;
    return wk_call_named(tx, s->call, &s->call, e) && say(tx, s, caller, e) &&
           wk_sql(tx, &wk_sql_call, &s->call, &s->rows, e) && wk_request_found(s->rows, e);
}

wk_outcome_t wk_calls_outcome(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    wk_document_t doc;
    saying_t s = {.ctx = ctx, .call = wk_request_id(ctx, 2)};
    if (!read_body(&s, e) || !wk_caller_tx(ctx, WK_FROM_STAFF, outcome_tx, &s, e)) {
        return wk_reply_error(ctx, reply, e);
    }
    va_json_writer_t *w = wk_reply_begin(ctx, &doc);
    va_json_key(w, "call");
    va_json_put_raw(w, wk_cell(s.rows, 0, "item"));
    return wk_reply_end(ctx, &doc, 200, reply, e);
}
