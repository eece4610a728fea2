/*
 * transfer_to_human, switch_language, skip_turn, end_call: what changes the talk itself. A call
 * is put through while the shop is open; where nobody can be (a text, a chat, at night) the
 * transfer is a person's task to call back. What is to happen with the call the answer's status
 * says, and whoever has the call does it.
 */
#include "worker/agent/language.h"
#include "worker/agent/task.h"
#include "worker/agent/tools/tools.h"
#include "worker/agent/transfer.h"
#include "worker/store/customers.h"
#include "worker/store/phone.h"

/* ---------------------------------------------------------------- transfer_to_human */

static const wk_arg_t transfer_args[] = {
    {.name = "reason",
     .description = "why a person is needed, in a few words",
     .required = true},
    {.name = "destination",
     .description = "general_support, technical_support, sales_specialist, manager, or another "
                    "one the shop named",
     .max = 80},
    {.name = "client_message", .description = "what to tell the customer", .max = 500},
    {.name = "agent_message", .description = "what the person should know first", .max = 1000},
    {NULL},
};

static va_str_t briefing(const wk_tool_call_t *call)
{
    va_str_t reason = wk_arg_text(call->args, "reason");
    va_str_t more = wk_arg_text(call->args, "agent_message");
    va_str_t to = wk_arg_text(call->args, "destination");
    return wk_printf(call->ctx->arena, "%.*s%s%.*s%s%.*s", (int)reason.len, reason.data,
                     more.len > 0 ? "\n" : "", (int)more.len, more.len > 0 ? more.data : "",
                     to.len > 0 ? "\n-> " : "", (int)to.len, to.len > 0 ? to.data : "");
}

/* Whom the call can be put through to now; number absent: nobody. */
static bool find_person(wk_tx_t *tx, const wk_tool_call_t *call, wk_destination_t *to,
                        wk_error_t *e)
{
    wk_rows_t *rows;
    const wk_tool_caller_t *caller = call->caller;
    *to = (wk_destination_t){.number = VA_STR_NULL};
    if (strcmp(caller->channel, "voice") != 0 || caller->call.data == NULL) {
        return true;
    }
    if (!wk_sql(tx, &wk_sql_phone_shop, NULL, &rows, e)) {
        return false;
    }
    if (!wk_cell_bool(rows, 0, "open")) {
        return true;
    }
    wk_arena_t *a = wk_tx_arena(tx);
    wk_transfer_wish_t wish = {.destinations = wk_cell_json(a, rows, 0, "destinations"),
                               .owner = wk_cell(rows, 0, "owner_phone"),
                               .named = wk_arg_text(call->args, "destination"),
                               .words = wk_arg_text(call->args, "reason"),
                               .caller = caller->phone,
                               .own = wk_cell_json(a, rows, 0, "own_numbers")};
    *to = wk_transfer_choose(a, call->catalogue, &wish);
    return true;
}

static bool put_through(wk_tool_call_t *call, const wk_destination_t *to)
{
    va_json_add_str(call->out, "transfer_id", call->effect);
    va_json_add_c(call->out, "status", "transferring");
    va_json_add_str(call->out, "destination", to->name);
    va_json_add_str(call->out, "transfer_number", to->number);
    va_json_add_str(call->out, "reason", briefing(call));
    va_str_t said = wk_arg_text(call->args, "client_message");
    call->message =
        said.len > 0 ? said : wk_text(call->caller->language, "speech.transferring");
    return true;
}

/* One wish a message or call for whoever it leads to, however often the model repeats it. */
static va_str_t transfer_key(const wk_tool_call_t *call, const wk_destination_t *to)
{
    va_str_t talk = wk_tool_talk(call);
    return wk_printf(call->ctx->arena, "transfer:%.*s%s%.*s", (int)talk.len, talk.data,
                     to->name.len > 0 ? ":" : "", (int)to->name.len,
                     to->name.len > 0 ? to->name.data : "");
}

static bool transfer_to_human(wk_tx_t *tx, wk_tool_call_t *call, wk_error_t *e)
{
    bool first;
    wk_destination_t to;
    va_str_t customer;
    if (!wk_tool_customer(tx, call, &customer, e) || !find_person(tx, call, &to, e) ||
        !wk_tool_claim(tx, call, transfer_key(call, &to), &first, e)) {
        return false;
    }
    if (!first) {
        return true;
    }
    if (to.number.data != NULL) {
        return put_through(call, &to);
    }
    wk_task_t task = {.kind = "callback",
                      .key = call->effect,
                      .priority = "high",
                      .title = "task.callback",
                      .text = briefing(call),
                      .who = wk_tool_who(call),
                      .customer = customer,
                      .chat = call->caller->visitor.session};
    va_json_add_str(call->out, "transfer_id", call->effect);
    va_json_add_c(call->out, "status", "callback");
    call->message = wk_text(call->caller->language, "reply.human");
    return wk_task_raise(call->ctx, tx, &task, e);
}

const wk_tool_t wk_tool_transfer_to_human = {
    .name = "transfer_to_human",
    .also = "transfer_call",
    .args = transfer_args,
    .effect = true,
    .run = transfer_to_human,
};

/* ---------------------------------------------------------------- switch_language */

static const wk_arg_t language_args[] = {
    {.name = "language", .description = "ISO 639-1, as \"fr\"", .required = true, .max = 16},
    {.name = "reason", .description = "what made it clear", .max = 300},
    {NULL},
};

static bool switch_language(wk_tx_t *tx, wk_tool_call_t *call, wk_error_t *e)
{
    const wk_language_t *l = wk_language_named(call->ctx->arena, call->catalogue,
                                               wk_arg_text(call->args, "language"));
    if (l == NULL) {
        return wk_tool_refuse(call, 422, "unknown_language",
                              VA_STR("That language is not spoken here."));
    }
    va_str_t params[] = {call->caller->phone, wk_language_code(l)};
    va_json_add_str(call->out, "language", wk_language_code(l));
    call->message = wk_text(l, "tool.language_switched");
    return call->caller->phone.data == NULL ||
           wk_sql(tx, &wk_sql_customer_language, params, NULL, e);
}

/* Doing it twice is doing it once: it needs no row of the ledger. */
const wk_tool_t wk_tool_switch_language = {
    .name = "switch_language",
    .also = "language_detection",
    .args = language_args,
    .run = switch_language,
};

/* ---------------------------------------------------------------- end_call */

static const wk_arg_t end_args[] = {
    {.name = "reason",
     .description = "why the call is over, in a few words",
     .required = true,
     .max = 200},
    {.name = "message", .description = "the last words to the customer", .max = 500},
    {NULL},
};

static bool end_call(wk_tx_t *tx, wk_tool_call_t *call, wk_error_t *e)
{
    va_str_t said = wk_arg_text(call->args, "message");
    (void)tx;
    (void)e;
    if (strcmp(call->caller->channel, "voice") != 0) {
        return wk_tool_refuse(call, 422, "no_call", VA_STR("There is no call to end here."));
    }
    va_json_add_c(call->out, "status", "ending");
    va_json_add_str(call->out, "reason", wk_arg_text(call->args, "reason"));
    call->message = said.len > 0 ? said : wk_text(call->caller->language, "speech.goodbye");
    return true;
}

const wk_tool_t wk_tool_end_call = {
    .name = "end_call",
    .args = end_args,
    .run = end_call,
};

/* ---------------------------------------------------------------- skip_turn */

static const wk_arg_t skip_args[] = {
    {.name = "reason", .description = "what the customer is doing, in a few words", .max = 200},
    {NULL},
};

static bool skip_turn(wk_tx_t *tx, wk_tool_call_t *call, wk_error_t *e)
{
    (void)tx;
    (void)e;
    if (strcmp(call->caller->channel, "voice") != 0) {
        return wk_tool_refuse(call, 422, "no_call",
                              VA_STR("There is no call to wait in: answer in words."));
    }
    va_json_add_c(call->out, "status", "waiting");
    call->message = VA_STR("Say nothing until the customer speaks.");
    return true;
}

const wk_tool_t wk_tool_skip_turn = {
    .name = "skip_turn",
    .args = skip_args,
    .run = skip_turn,
};
