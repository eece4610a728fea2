/* trigger_followup, create_lead, get_customer_history: what goes on after the talk. */
#include "worker/store/followups.h"
#include "worker/agent/task.h"
#include "worker/agent/tools/tools.h"

/* ---------------------------------------------------------------- trigger_followup */

static const char *const channels[] = {"call", "sms", "email", NULL};

static const wk_arg_t followup_args[] = {
    {.name = "reason", .description = "what about", .required = true, .max = 500},
    {.name = "channel",
     .description = "how the customer wants to be reached",
     .words = channels},
    {.name = "customer_name", .description = "who it is", .max = 120},
    {NULL},
};

static bool trigger_followup(wk_tx_t *tx, wk_tool_call_t *call, wk_error_t *e)
{
    bool first;
    va_str_t customer, key, reason = wk_arg_text(call->args, "reason");
    if (!wk_tool_words_key(call, "followup", reason, &key, e) ||
        !wk_tool_customer(tx, call, &customer, e) || !wk_tool_claim(tx, call, key, &first, e)) {
        return false;
    }
    if (!first) {
        return true;
    }
    wk_task_t task = {.kind = "followup",
                      .key = call->effect,
                      .title = "task.followup",
                      .text = reason,
                      .who = wk_tool_who(call),
                      .customer = customer,
                      .chat = call->caller->visitor.session};
    call->message = wk_text(call->caller->language, "tool.followup_noted");
    return wk_task_raise(call->ctx, tx, &task, e);
}

const wk_tool_t wk_tool_trigger_followup = {
    .name = "trigger_followup",
    .args = followup_args,
    .effect = true,
    .run = trigger_followup,
};

/* ---------------------------------------------------------------- create_lead */

static const wk_arg_t lead_args[] = {
    {.name = "first_name", .description = "first name", .max = 60},
    {.name = "last_name", .description = "last name", .max = 60},
    {.name = "email", .description = "e-mail address", .max = 254, .email = true},
    {.name = "interest", .description = "what the customer looks for", .max = 500},
    {NULL},
};

static bool create_lead(wk_tx_t *tx, wk_tool_call_t *call, wk_error_t *e)
{
    va_str_t customer;
    const wk_language_t *l = call->caller->language;
    if (!wk_tool_customer(tx, call, &customer, e)) {
        return false;
    }
    if (customer.data == NULL) {
        return wk_tool_refuse(call, 422, "no_number", wk_text(l, "tool.sms_no_number"));
    }
    va_str_t params[] = {customer,
                         wk_arg_text(call->args, "first_name"),
                         wk_arg_text(call->args, "last_name"),
                         wk_arg_text(call->args, "email"),
                         wk_arg_text(call->args, "interest"),
                         call->caller->visitor.session.len > 0 ? VA_STR("true")
                                                               : VA_STR("false")};
    va_json_add_str(call->out, "lead_id", customer);
    call->message = wk_text(l, "tool.lead_noted");
    return wk_sql(tx, &wk_sql_lead_noted, params, NULL, e);
}

const wk_tool_t wk_tool_create_lead = {
    .name = "create_lead",
    .args = lead_args,
    .effect = true,
    .run = create_lead,
};

/* ---------------------------------------------------------------- get_customer_history */

static const wk_arg_t no_args[] = {{NULL}};

static bool get_customer_history(wk_tx_t *tx, wk_tool_call_t *call, wk_error_t *e)
{
    wk_rows_t *rows;
    va_str_t phone = call->caller->phone;
    const wk_language_t *l = call->caller->language;
    if (!wk_sql(tx, &wk_sql_customer_history, &phone, &rows, e)) {
        return false;
    }
    if (wk_rows_count(rows) == 0) {
        return wk_tool_refuse(call, 404, "not_found", wk_text(l, "tool.history_none"));
    }
    va_json_key(call->out, "customer");
    va_json_put_raw(call->out, wk_cell(rows, 0, "item"));
    call->message = wk_tool_say(call, "tool.history", {"name", wk_cell(rows, 0, "name")},
                                {"count", wk_cell(rows, 0, "contacts")});
    return true;
}

const wk_tool_t wk_tool_get_customer_history = {
    .name = "get_customer_history",
    .args = no_args,
    .level = WK_LEVEL_PHONE,
    .run = get_customer_history,
};
