/*
 * /api/appointments[/{id}]: the shop's people read the schedule, and book, move and cancel
 * through the same tools as agents; they also mark what became of an appointment.
 */
#include "worker/agent/appointment.h"
#include "worker/agent/reminder.h"
#include "worker/agent/tools.h"
#include "worker/effect.h"
#include "worker/handlers/audit.h"
#include "worker/handlers/caller.h"
#include "worker/handlers/handlers.h"
#include "worker/handlers/list.h"
#include "worker/handlers/reply.h"
#include "worker/handlers/tool_caller.h"
#include "worker/store/schedule.h"

#define MAX_NOTES 2000

static const char *const statuses[] = {"held",      "confirmed", "in_progress", "completed",
                                       "cancelled", "no_show",   NULL};

/* What a person may mark; an appointment is cancelled by DELETE. */
static const char *const marks[] = {"confirmed", "in_progress", "completed", "no_show", NULL};

static const char *const markable[] = {"status", "notes", "pickup_ready", NULL};

/* What comes with a booking and decides nothing: the token tells whose shop it is, and days
 * that were preferred are of the question what is free. */
static const char *const needless[] = {
    "organization", "organization_id", "client_id", "preferred_date",
    "date",         "days_ahead",      NULL};

typedef struct {
    wk_ctx_t *ctx;
    wk_list_t list;
    va_str_t id;
    va_str_t status, notes; /* to mark; each absent when it stays */
    bool has_notes;         /* absent notes take the old ones away */
    bool pickup_ready;
    wk_rows_t *rows;
} schedule_t;

static bool is_method(const wk_ctx_t *ctx, const char *method)
{
    return va_str_eq(ctx->job->http_method, va_str_c(method));
}

/* ---------------------------------------------------------------- read */

static bool list_tx(wk_tx_t *tx, const wk_caller_t *caller, void *arg, wk_error_t *e)
{
    schedule_t *s = arg;
    va_str_t params[WK_LIST_PARAMS];
    (void)caller;
    wk_list_params(s->ctx, &s->list, params);
    return wk_sql_last(tx, &wk_sql_schedule, params, &s->rows, e);
}

static wk_outcome_t list(schedule_t *s, va_reply_t *reply, wk_error_t *e)
{
    wk_document_t doc;
    if (!wk_list_read(s->ctx, statuses, &s->list, e) ||
        !wk_caller_tx(s->ctx, WK_ANY_ROLE, list_tx, s, e)) {
        return wk_reply_error(s->ctx, reply, e);
    }
    va_json_writer_t *w = wk_reply_begin(s->ctx, &doc);
    wk_page_put(s->ctx, w, "appointments", s->rows, &s->list.page, false);
    return wk_reply_end(s->ctx, &doc, 200, reply, e);
}

static bool get_tx(wk_tx_t *tx, const wk_caller_t *caller, void *arg, wk_error_t *e)
{
    schedule_t *s = arg;
    (void)caller;
    return wk_request_known_id(s->id, e) &&
           wk_sql_last(tx, &wk_sql_schedule_entry, &s->id, &s->rows, e) &&
           wk_request_found(s->rows, e);
}

static wk_outcome_t answer_entry(schedule_t *s, va_reply_t *reply, wk_error_t *e)
{
    wk_document_t doc;
    va_json_writer_t *w = wk_reply_begin(s->ctx, &doc);
    va_json_key(w, "appointment");
    va_json_put_raw(w, wk_cell(s->rows, 0, "item"));
    return wk_reply_end(s->ctx, &doc, 200, reply, e);
}

static wk_outcome_t get(schedule_t *s, va_reply_t *reply, wk_error_t *e)
{
    return wk_caller_tx(s->ctx, WK_ANY_ROLE, get_tx, s, e) ? answer_entry(s, reply, e)
                                                           : wk_reply_error(s->ctx, reply, e);
}

/* ---------------------------------------------------------------- by the tools */

static wk_outcome_t run_tool(schedule_t *s, const char *name, const va_json_t *args,
                             int done_status, va_reply_t *reply, wk_error_t *e)
{
    wk_tool_caller_t caller;
    wk_tool_answer_t answer;
    wk_ctx_t *ctx = s->ctx;
    const wk_tool_t *tool = wk_tool_find(va_str_c(name));
    const wk_catalogue_t *c = wk_catalogue(ctx->config, e);
    if (c == NULL || !wk_tool_caller_member(ctx, c, "api", WK_ANY_ROLE, &caller, e) ||
        !wk_tool_run(ctx, c, tool, &caller, args, &answer, e)) {
        return wk_reply_error(ctx, reply, e);
    }
    bool done_now = answer.status == 200 && !answer.repeated;
    *reply = (va_reply_t){.status = done_now ? done_status : answer.status,
                          .type = VA_STR("application/json"),
                          .body = answer.body};
    wk_reply_header(ctx, reply, "cache-control", VA_STR("no-store"));
    return WK_DONE;
}

static bool cannot_be_set(const va_json_t *member, wk_error_t *e)
{
    return wk_refuse(e, WK_R_BAD_REQUEST, "%.*s cannot be set here.", (int)member->name.len,
                     member->name.data);
}

/*
 * Models invent arguments, which tools pass over; whoever writes to this address learns that
 * what he asked for would not have been done.
 */
static bool takes_all(const char *tool, const va_json_t *body, wk_error_t *e)
{
    const wk_arg_t *args = wk_tool_find(va_str_c(tool))->args;
    const va_json_t *member = body != NULL ? body->first : NULL;
    for (; member != NULL; member = member->next) {
        if (!wk_args_have(args, member->name) && !wk_list_has(needless, member->name)) {
            return cannot_be_set(member, e);
        }
    }
    return true;
}

static wk_outcome_t create(schedule_t *s, va_reply_t *reply, wk_error_t *e)
{
    const va_json_t *body;
    return wk_request_json(s->ctx, &body, e) && takes_all("book_appointment", body, e)
               ? run_tool(s, "book_appointment", body, 201, reply, e)
               : wk_reply_error(s->ctx, reply, e);
}

/* The body, if any, with the id of the path in place of whatever it names. */
static const va_json_t *with_id(wk_ctx_t *ctx, const va_json_t *body, va_str_t id)
{
    va_json_t *object = wk_alloc(ctx->arena, sizeof(*object));
    va_json_t *member = wk_alloc(ctx->arena, sizeof(*member));
    *member = (va_json_t){.type = VA_JSON_STRING,
                          .name = VA_STR("appointment_id"),
                          .text = id,
                          .next = body != NULL ? body->first : NULL};
    *object = (va_json_t){
        .type = VA_JSON_OBJECT, .first = member, .count = (body != NULL ? body->count : 0) + 1};
    return object;
}

static wk_outcome_t cancel(schedule_t *s, va_reply_t *reply, wk_error_t *e)
{
    const va_json_t *body = NULL;
    if (!wk_request_known_id(s->id, e) ||
        (s->ctx->job->body.len > 0 && !wk_request_json(s->ctx, &body, e)) ||
        !takes_all("cancel_appointment", body, e)) {
        return wk_reply_error(s->ctx, reply, e);
    }
    return run_tool(s, "cancel_appointment", with_id(s->ctx, body, s->id), 200, reply, e);
}

/* ---------------------------------------------------------------- mark */

static bool marks_all(const va_json_t *body, wk_error_t *e)
{
    for (const va_json_t *member = body->first; member != NULL; member = member->next) {
        if (!wk_list_has(markable, member->name) && !wk_list_has(needless, member->name) &&
            !va_str_eq(member->name, VA_STR("appointment_id"))) {
            return cannot_be_set(member, e);
        }
    }
    return true;
}

/* null takes away what may be absent: notes alone. */
static bool read_marks(schedule_t *s, const va_json_t *body, wk_error_t *e)
{
    const va_json_t *ready = va_json_get(body, "pickup_ready");
    if (!marks_all(body, e) || !wk_request_optional_text(body, "status", 32, &s->status, e) ||
        !wk_request_optional_text(body, "notes", MAX_NOTES, &s->notes, e)) {
        return false;
    }
    if (ready != NULL && !va_json_is(ready, VA_JSON_TRUE) &&
        !va_json_is(ready, VA_JSON_FALSE)) {
        return wk_refuse(e, WK_R_BAD_REQUEST, "pickup_ready must be true or false.");
    }
    s->pickup_ready = va_json_bool(ready, false);
    s->has_notes = va_json_get(body, "notes") != NULL;
    bool marked = va_json_get(body, "status") != NULL;
    if (marked && !wk_list_word(marks, &s->status)) {
        return wk_refuse(e, WK_R_BAD_REQUEST,
                         "status must be confirmed, in_progress, completed or no_show.");
    }
    return s->status.data != NULL || s->has_notes || s->pickup_ready ||
           wk_refuse(e, WK_R_BAD_REQUEST, "There is nothing to change.");
}

/* One that is over needs no reminder any more. */
static bool is_over(va_str_t status)
{
    return va_str_eq(status, VA_STR("completed")) || va_str_eq(status, VA_STR("no_show"));
}

/*
 * Who comes before his time is waited on before it: then it may end before it as well. What it
 * is already may be said again.
 */
static bool may_be_marked(const wk_appointment_t *p, va_str_t status)
{
    bool is_early =
        va_str_eq(status, VA_STR("completed")) && va_str_eq(p->status, VA_STR("in_progress"));
    return !is_over(status) || !p->comes || is_early || va_str_eq(status, p->status);
}

static bool note_mark(wk_tx_t *tx, const wk_caller_t *caller, const schedule_t *s,
                      wk_error_t *e)
{
    wk_audit_t entry = {.actor = wk_audit_actor(caller->role),
                        .user_id = caller->user_id,
                        .action = "appointment_marked",
                        .entity = "appointment",
                        .entity_id = s->id};
    return wk_audit(s->ctx, tx, &entry, e);
}

static bool write_marks(wk_tx_t *tx, const wk_caller_t *caller, const schedule_t *s,
                        wk_error_t *e)
{
    bool found;
    wk_rows_t *rows;
    wk_appointment_t p;
    va_str_t params[] = {s->id, s->status, s->notes,
                         s->pickup_ready ? VA_STR("t") : VA_STR("f"),
                         s->has_notes ? VA_STR("t") : VA_STR("f")};
    if (!wk_appointment_find(tx, s->id, VA_STR_NULL, &p, &found, e)) {
        return false;
    }
    if (!found) {
        return wk_refuse(e, WK_R_NOT_FOUND, "There is nothing of that id.");
    }
    if (!va_str_eq(p.status, VA_STR("cancelled")) && !may_be_marked(&p, s->status)) {
        return wk_refuse(e, WK_R_CONFLICT,
                         "The appointment has not begun: it can be neither completed nor "
                         "no_show yet.");
    }
    if (!wk_sql(tx, &wk_sql_schedule_mark, params, &rows, e)) {
        return false;
    }
    if (wk_rows_affected(rows) == 0) {
        return wk_refuse(e, WK_R_CONFLICT, "The appointment is cancelled.");
    }
    return (!is_over(s->status) || wk_reminders_withdraw(tx, s->id, e)) &&
           note_mark(tx, caller, s, e) && wk_appointment_changed(tx, &p, "updated", e);
}

/* Of a job that is run again nothing is written again: another may have marked it since. */
static bool mark_tx(wk_tx_t *tx, const wk_caller_t *caller, void *arg, wk_error_t *e)
{
    bool first;
    schedule_t *s = arg;
    return wk_effect_once(tx, "mark", s->ctx->job->id, &first, e) &&
           (!first || write_marks(tx, caller, s, e)) && get_tx(tx, caller, s, e);
}

static wk_outcome_t mark(schedule_t *s, const va_json_t *body, va_reply_t *reply, wk_error_t *e)
{
    return read_marks(s, body, e) && wk_caller_tx(s->ctx, WK_ANY_ROLE, mark_tx, s, e)
               ? answer_entry(s, reply, e)
               : wk_reply_error(s->ctx, reply, e);
}

/* One at least that the tool for a new time or service takes, but the id, which the path names.
 */
static bool reschedules(const va_json_t *body)
{
    const wk_arg_t *args = wk_tool_find(VA_STR("reschedule_appointment"))->args;
    const va_json_t *member = body->first;
    while (member != NULL && (!wk_args_have(args, member->name) ||
                              va_str_eq(member->name, VA_STR("appointment_id")))) {
        member = member->next;
    }
    return member != NULL;
}

static bool marks_something(const va_json_t *body)
{
    const va_json_t *member = body->first;
    while (member != NULL && !wk_list_has(markable, member->name)) {
        member = member->next;
    }
    return member != NULL;
}

/* Either a new time or service, or a mark: each is done whole or not at all, both together
 * might not be. */
static wk_outcome_t change(schedule_t *s, va_reply_t *reply, wk_error_t *e)
{
    const va_json_t *body;
    if (!wk_request_known_id(s->id, e) || !wk_request_json(s->ctx, &body, e)) {
        return wk_reply_error(s->ctx, reply, e);
    }
    if (!reschedules(body)) {
        return mark(s, body, reply, e);
    }
    if (marks_something(body)) {
        wk_refuse(e, WK_R_BAD_REQUEST,
                  "Change the time or service and the rest in two requests.");
        return wk_reply_error(s->ctx, reply, e);
    }
    if (!takes_all("reschedule_appointment", body, e)) {
        return wk_reply_error(s->ctx, reply, e);
    }
    return run_tool(s, "reschedule_appointment", with_id(s->ctx, body, s->id), 200, reply, e);
}

/* ---------------------------------------------------------------- which */

wk_outcome_t wk_appointments_handle(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    schedule_t s = {.ctx = ctx, .id = wk_request_id(ctx, 2)};
    bool one = s.id.data != NULL;
    if (is_method(ctx, "GET")) {
        return one ? get(&s, reply, e) : list(&s, reply, e);
    }
    if (is_method(ctx, "POST") && !one) {
        return create(&s, reply, e);
    }
    if (is_method(ctx, "PATCH") && one) {
        return change(&s, reply, e);
    }
    if (is_method(ctx, "DELETE") && one) {
        return cancel(&s, reply, e);
    }
    wk_refuse(e, WK_R_NOT_FOUND, "There is no such operation.");
    return wk_reply_error(ctx, reply, e);
}
