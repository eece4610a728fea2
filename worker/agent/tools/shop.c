/* get_store_hours, get_business_info: what anybody may know of the shop. */
#include "worker/agent/tools/tools.h"
#include "worker/agent/wording.h"
#include "worker/store/organizations.h"

static const wk_arg_t no_args[] = {{NULL}};

static bool get_store_hours(wk_tx_t *tx, wk_tool_call_t *call, wk_error_t *e)
{
    wk_rows_t *rows;
    wk_arena_t *a = call->ctx->arena;
    const wk_language_t *l = call->caller->language;
    if (!wk_sql(tx, &wk_sql_shop_facts, NULL, &rows, e)) {
        return false;
    }
    const va_json_t *hours = wk_cell_json(a, rows, 0, "hours");
    wk_week_t week = wk_week(hours);
    bool open = wk_cell_bool(rows, 0, "open");
    va_str_t closing = wk_cell(rows, 0, "closing"), next = wk_cell(rows, 0, "next_opening");
    va_str_t status =
        open ? wk_say(a, l, "reply.open", {"close", wk_word_time(a, l, closing)})
             : wk_say(a, l, "reply.closed",
                      {"next", wk_word_moment(a, l, next, wk_cell(rows, 0, "today"))});
    va_json_add_bool(call->out, "is_open", open);
    va_json_add_str(call->out, "timezone", wk_cell(rows, 0, "timezone"));
    va_json_add_str(call->out, "closes_at", closing);
    va_json_add_str(call->out, "next_opening", next);
    va_json_key(call->out, "hours");
    va_json_put_value(call->out, hours);
    call->message =
        wk_say(a, l, "reply.hours", {"status", status}, {"week", wk_word_week(a, l, &week)});
    return true;
}

const wk_tool_t wk_tool_get_store_hours = {
    .name = "get_store_hours",
    .args = no_args,
    .run = get_store_hours,
};

static bool get_business_info(wk_tx_t *tx, wk_tool_call_t *call, wk_error_t *e)
{
    static const char *const texts[] = {"name",       "phone",       "email",   "website_url",
                                        "directions", "description", "services"};
    static const char *const trees[] = {"address", "policies", "promotions", "hours"};
    wk_rows_t *rows;
    if (!wk_sql(tx, &wk_sql_shop_facts, NULL, &rows, e)) {
        return false;
    }
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        va_json_add_str(call->out, texts[i], wk_cell(rows, 0, texts[i]));
    }
    for (size_t i = 0; i < sizeof(trees) / sizeof(*trees); i++) {
        va_json_key(call->out, trees[i]);
        va_json_put_value(call->out, wk_cell_json(call->ctx->arena, rows, 0, trees[i]));
    }
    call->message = wk_tool_say(call, "tool.business_info", {"shop", wk_cell(rows, 0, "name")},
                                {"description", wk_cell(rows, 0, "description")},
                                {"services", wk_cell(rows, 0, "services")});
    return true;
}

const wk_tool_t wk_tool_get_business_info = {
    .name = "get_business_info",
    .args = no_args,
    .run = get_business_info,
};
