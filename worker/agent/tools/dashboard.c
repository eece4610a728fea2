/*
 * update_dashboard, display_product: what the people of the shop see of a talk while it goes
 * on, as the live event client_tool_executed. Clients of ElevenLabs' agents know them as client
 * tools; here they are tools like any other.
 */
#include "worker/agent/event.h"
#include "worker/agent/redact.h"
#include "worker/agent/tools/tools.h"
#include "worker/store/products.h"

#define MAX_DATA (16 * 1024)

/* The call's customer, or the lead a chat is kept as; a talk of nobody's is shown to nobody. */
static bool customer_of(wk_tx_t *tx, wk_tool_call_t *call, va_str_t *customer, wk_error_t *e)
{
    if (!wk_tool_customer(tx, call, customer, e)) {
        return false;
    }
    return customer->data != NULL || call->caller->call.data != NULL ||
           wk_tool_refuse(call, 422, "no_talk", VA_STR("There is no talk to show it with."));
}

/* rows: the product that is shown, or NULL. Nothing of a card number leaves with it. */
static bool show(wk_tx_t *tx, wk_tool_call_t *call, const wk_rows_t *rows, wk_error_t *e)
{
    wk_event_t ev;
    va_str_t customer;
    wk_arena_t *a = call->ctx->arena;
    if (!customer_of(tx, call, &customer, e)) {
        return false;
    }
    if (call->status != 0) {
        return true;
    }
    va_str_t parameters = wk_redact_json(wk_redactor(a, call->catalogue), a, call->args);
    if (parameters.len > MAX_DATA) {
        return wk_tool_refuse(call, 413, "too_large", VA_STR("That is too much to be shown."));
    }
    wk_event_begin(&ev, tx, "client_tool_executed", customer, call->caller->call);
    va_json_add_c(ev.json, "toolName", call->tool->name);
    va_json_key(ev.json, "parameters");
    va_json_put_raw(ev.json, parameters.len > 0 ? parameters : VA_STR("{}"));
    va_json_key(ev.json, "result");
    va_json_object(ev.json);
    va_json_add_bool(ev.json, "success", true);
    if (rows != NULL) {
        va_json_key(ev.json, "product");
        va_json_object(ev.json);
        wk_tool_put_product(ev.json, a, rows, 0);
        va_json_object_end(ev.json);
    }
    va_json_object_end(ev.json);
    call->message = VA_STR(""); /* the customer hears nothing of it */
    return wk_event_end(&ev, e);
}

/* ---------------------------------------------------------------- update_dashboard */

static const wk_arg_t update_args[] = {
    {.name = "event_type",
     .description = "what happens, in a word: transfer_request, appointment_booked",
     .required = true,
     .max = 60},
    {.name = "data", WK_ARG_OBJECT, "what there is to know about it"},
    {NULL},
};

static bool update_dashboard(wk_tx_t *tx, wk_tool_call_t *call, wk_error_t *e)
{
    return show(tx, call, NULL, e);
}

const wk_tool_t wk_tool_update_dashboard = {
    .name = "update_dashboard",
    .args = update_args,
    .level = WK_LEVEL_ANYBODY,
    .effect = true,
    .run = update_dashboard,
};

/* ---------------------------------------------------------------- display_product */

static const char *const actions[] = {"show", "highlight", "compare", NULL};

static const wk_arg_t product_args[] = {
    {.name = "product_id",
     .description = "product id, SKU, or words of its name",
     .required = true,
     .max = 200},
    {.name = "action", .description = "show if absent", .words = actions},
    {NULL},
};

static bool display_product(wk_tx_t *tx, wk_tool_call_t *call, wk_error_t *e)
{
    wk_rows_t *rows;
    va_str_t what = wk_arg_text(call->args, "product_id");
    va_str_t params[] = {what, VA_STR_NULL, VA_STR("1")};
    if (!wk_sql(tx, &wk_sql_products_find, params, &rows, e)) {
        return false;
    }
    return wk_rows_count(rows) > 0
               ? show(tx, call, rows, e)
               : wk_tool_refuse(call, 404, "not_found",
                                wk_tool_say(call, "tool.no_product", {"product", what}));
}

const wk_tool_t wk_tool_display_product = {
    .name = "display_product",
    .args = product_args,
    .level = WK_LEVEL_ANYBODY,
    .effect = true,
    .run = display_product,
};
