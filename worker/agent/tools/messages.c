/* take_message: words for the people of the shop. */
#include "worker/agent/task.h"
#include "worker/agent/tools/tools.h"

static const wk_arg_t message_args[] = {
    {.name = "message",
     .description = "what the shop is to know, in the customer's words",
     .required = true,
     .max = 2000},
    {.name = "customer_name", .description = "who says it", .max = 120},
    {.name = "callback", WK_ARG_BOOLEAN, "true when the customer wants to be called back"},
    {NULL},
};

static bool take_message(wk_tx_t *tx, wk_tool_call_t *call, wk_error_t *e)
{
    bool first;
    va_str_t customer, key, text = wk_arg_text(call->args, "message");
    bool callback = wk_arg_bool(call->args, "callback", false);
    if (!wk_tool_words_key(call, "message", text, &key, e) ||
        !wk_tool_customer(tx, call, &customer, e) || !wk_tool_claim(tx, call, key, &first, e)) {
        return false;
    }
    if (!first) {
        return true;
    }
    wk_task_t task = {.kind = callback ? "callback" : "message",
                      .key = call->effect,
                      .title = callback ? "task.callback" : "task.message",
                      .text = text,
                      .who = wk_tool_who(call),
                      .customer = customer,
                      .chat = call->caller->visitor.session};
    if (!wk_task_raise(call->ctx, tx, &task, e)) {
        return false;
    }
    call->message =
        wk_text(call->caller->language, callback ? "reply.human" : "reply.message_taken");
    return true;
}

const wk_tool_t wk_tool_take_message = {
    .name = "take_message",
    .args = message_args,
    .effect = true,
    .run = take_message,
};
