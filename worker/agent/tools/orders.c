/* lookup_order, request_return: what became of an order, for whom it belongs to. */
#include "worker/store/orders.h"
#include "worker/agent/order_access.h"
#include "worker/agent/shop.h"
#include "worker/agent/task.h"
#include "worker/agent/tools/tools.h"
#include "worker/agent/wording.h"

#define ORDER_NUMBER                                                                           \
    {                                                                                          \
        .name = "order_number", .description = "number of the order, with or without #",       \
        .max = 40                                                                              \
    }
#define PROOF                                                                                  \
    {.name = "postcode", .description = "postcode on the order, to prove it", .max = 16},      \
    {                                                                                          \
        .name = "email", .description = "e-mail address on the order, to prove it", .max = 254 \
    }

static va_str_t order_number(const va_json_t *args)
{
    va_str_t number = wk_arg_text(args, "order_number");
    while (number.len > 0 && (number.data[0] == '#' || number.data[0] == ' ')) {
        number = va_str(number.data + 1, number.len - 1);
    }
    return number.len > 0 ? number : VA_STR_NULL;
}

static wk_order_question_t question_of(const wk_tool_call_t *call, bool factor)
{
    return (wk_order_question_t){.number = order_number(call->args),
                                 .postcode = wk_arg_text(call->args, "postcode"),
                                 .email = wk_arg_text(call->args, "email"),
                                 .factor = factor};
}

/* Set as call->before: the shop's system did not answer, the cache may be old. */
static bool shop_is_away;

/*
 * The shop's system is asked for who could be told of the order: a stranger who proves nothing
 * must not keep it busy.
 */
static void ask_shop(wk_tool_call_t *call)
{
    const wk_tool_caller_t *caller = call->caller;
    va_str_t number = order_number(call->args), email = wk_arg_text(call->args, "email");
    bool staff = caller->level == WK_LEVEL_STAFF;
    va_str_t phone = staff ? wk_arg_text(call->args, "phone_number") : caller->phone;
    bool proves = email.data != NULL || wk_arg_text(call->args, "postcode").data != NULL;
    if (caller->level < WK_LEVEL_PHONE && !(number.data != NULL && proves)) {
        return;
    }
    if (number.data == NULL && phone.data == NULL && !(staff && email.data != NULL)) {
        return;
    }
    if (wk_shop_refresh_orders(call->ctx, caller->organization, number, phone,
                               staff ? email : VA_STR_NULL)) {
        call->before = &shop_is_away;
    }
}

/* An order that is not known may be one that could not be asked for. */
static void refuse_unknown(wk_tool_call_t *call)
{
    if (call->status == 404 && call->before != NULL) {
        wk_tool_refuse(call, 503, "unavailable",
                       wk_text(call->caller->language, "tool.shop_away"));
    }
}

/* ---------------------------------------------------------------- lookup_order */

static const wk_arg_t lookup_args[] = {
    ORDER_NUMBER,
    PROOF,
    {.name = "phone_number", .description = "for staff: whose orders", .max = 32},
    {NULL},
};

static void put_raw_or_null(va_json_writer_t *w, const char *name, va_str_t json)
{
    va_json_key(w, name);
    json.data != NULL ? va_json_put_raw(w, json) : va_json_put_null(w);
}

static void put_order(va_json_writer_t *w, const wk_rows_t *rows, size_t i)
{
    static const char *const texts[] = {"order_number",     "status",       "tracking_number",
                                        "tracking_company", "tracking_url", "total_amount",
                                        "currency"};
    va_json_object(w);
    for (size_t k = 0; k < sizeof(texts) / sizeof(*texts); k++) {
        va_json_add_str(w, texts[k], wk_cell(rows, i, texts[k]));
    }
    va_json_add_str(w, "estimated_delivery", wk_cell(rows, i, "expected"));
    va_json_add_str(w, "placed_on", wk_cell(rows, i, "placed"));
    va_json_add_str(w, "shipped_on", wk_cell(rows, i, "shipped"));
    va_json_add_bool(w, "can_ship_today", wk_cell_bool(rows, i, "can_ship_today"));
    put_raw_or_null(w, "items", wk_cell(rows, i, "items"));
    va_json_object_end(w);
}

static va_str_t say_order(const wk_tool_call_t *call, const wk_rows_t *rows)
{
    wk_arena_t *a = call->ctx->arena;
    const wk_language_t *l = call->caller->language;
    va_str_t state = wk_word_for(a, l, "order.status", wk_cell(rows, 0, "status"));
    va_str_t tracking = wk_cell(rows, 0, "tracking_number");
    va_str_t expected = wk_cell(rows, 0, "expected");
    va_buf_t text;
    va_buf_init(&text, wk_mem(a), 160);
    va_buf_add_str(&text,
                   wk_say(a, l, "reply.order", {"number", wk_cell(rows, 0, "order_number")},
                          {"status", state}));
    if (tracking.len > 0) {
        va_buf_add_char(&text, ' ');
        va_buf_add_str(&text, wk_say(a, l, "reply.order_tracking", {"tracking", tracking}));
    }
    if (expected.len > 0) {
        va_buf_add_char(&text, ' ');
        va_buf_add_str(&text, wk_say(a, l, "reply.order_expected",
                                     {"date", wk_word_date(a, l, expected)}));
    }
    return va_buf_str(&text);
}

static bool lookup_order(wk_tx_t *tx, wk_tool_call_t *call, wk_error_t *e)
{
    wk_rows_t *rows = NULL;
    wk_order_question_t question = question_of(call, false);
    if (!wk_order_access(tx, call, &question, &rows, e)) {
        return false;
    }
    if (call->status != 0) {
        refuse_unknown(call);
        return true;
    }
    va_json_key(call->out, "orders");
    va_json_array(call->out);
    for (size_t i = 0; i < wk_rows_count(rows); i++) {
        put_order(call->out, rows, i);
    }
    va_json_array_end(call->out);
    va_json_add_int(call->out, "total_orders", (int64_t)wk_rows_count(rows));
    call->message = say_order(call, rows);
    if (call->before != NULL) {
        wk_shop_tell_age(call, rows);
    }
    return true;
}

const wk_tool_t wk_tool_lookup_order = {
    .name = "lookup_order",
    .args = lookup_args,
    .level = WK_LEVEL_ANYBODY,
    .before = ask_shop,
    .run = lookup_order,
};

/* ---------------------------------------------------------------- request_return */

static const wk_arg_t return_args[] = {
    {.name = "order_number", .description = "number of the order", .required = true, .max = 40},
    PROOF,
    {.name = "item",
     .description = "which item: its title, SKU or line id; all of it if absent",
     .max = 200},
    {.name = "quantity", WK_ARG_INTEGER, "how many; all if absent", .min = 1, .max = 1000},
    {.name = "reason", .description = "why, in the customer's words", .max = 1000},
    {NULL},
};

static bool names_item(const va_json_t *line, va_str_t item)
{
    static const char *const members[] = {"line_id", "sku", "title"};
    for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++) {
        if (va_str_ieq(va_json_get_string(line, members[i]), item)) {
            return true;
        }
    }
    return false;
}

/* The line meant; NULL: no such line. item absent: *all. */
static const va_json_t *find_line(wk_arena_t *a, va_str_t items, va_str_t item)
{
    const va_json_t *list = NULL;
    va_json_limits_t limits = VA_JSON_LIMITS_DEFAULT;
    (void)va_json_parse(wk_mem(a), items, &limits, &list);
    const va_json_t *line = va_json_is(list, VA_JSON_ARRAY) ? list->first : NULL;
    while (line != NULL && !names_item(line, item)) {
        line = line->next;
    }
    return line;
}

static va_str_t return_json(const wk_tool_call_t *call, va_str_t rma, va_str_t line)
{
    va_buf_t text;
    va_buf_init(&text, wk_mem(call->ctx->arena), 256);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_object(w);
    va_json_add_str(w, "rma", rma);
    va_json_add_str(w, "line_id", line);
    va_json_key(w, "quantity");
    int64_t quantity = wk_arg_int(call->args, "quantity", 0);
    quantity > 0 ? va_json_put_int(w, quantity) : va_json_put_null(w);
    va_json_add_str(w, "reason", wk_arg_text(call->args, "reason"));
    va_json_add_c(w, "state", "requested");
    va_json_object_end(w);
    return va_json_writer_end(w) == VA_OK ? va_buf_str(&text) : VA_STR_NULL;
}

static bool open_return(wk_tx_t *tx, wk_tool_call_t *call, const wk_rows_t *rows, va_str_t line,
                        wk_error_t *e)
{
    wk_arena_t *a = call->ctx->arena;
    va_str_t id = wk_cell(rows, 0, "id"), number = wk_cell(rows, 0, "order_number");
    va_str_t rma =
        wk_printf(a, "RMA-%.*s-%.8s", (int)number.len, number.data, call->effect.data);
    va_str_t params[] = {id, return_json(call, rma, line)};
    wk_task_t task = {.kind = "return",
                      .key = rma,
                      .title = "task.return",
                      .text = wk_arg_text(call->args, "reason"),
                      .who = call->caller->phone,
                      .number = number,
                      .customer = wk_cell(rows, 0, "customer_id"),
                      .order = id};
    if (!wk_sql(tx, &wk_sql_order_return, params, NULL, e) ||
        !wk_task_raise(call->ctx, tx, &task, e)) {
        return false;
    }
    va_json_add_str(call->out, "rma", rma);
    va_json_add_str(call->out, "order_number", number);
    call->message = wk_tool_say(call, "tool.return_opened", {"number", number}, {"rma", rma});
    return true;
}

static bool request_return(wk_tx_t *tx, wk_tool_call_t *call, wk_error_t *e)
{
    bool first;
    wk_rows_t *rows = NULL;
    wk_arena_t *a = call->ctx->arena;
    va_str_t item = wk_arg_text(call->args, "item"), line = VA_STR("all");
    wk_order_question_t question = question_of(call, true);
    if (!wk_order_access(tx, call, &question, &rows, e)) {
        return false;
    }
    if (call->status != 0) {
        refuse_unknown(call);
        return true;
    }
    if (item.data != NULL) {
        const va_json_t *found = find_line(a, wk_cell(rows, 0, "items"), item);
        if (found == NULL) {
            return wk_tool_refuse(call, 404, "no_such_item",
                                  wk_text(call->caller->language, "tool.return_item"));
        }
        va_str_t id = va_json_scalar(va_json_get(found, "line_id"));
        line = id.len > 0 ? id : va_json_get_string(found, "title");
    }
    va_str_t order = wk_cell(rows, 0, "id");
    va_str_t key =
        wk_printf(a, "return:%.*s:%.*s", (int)order.len, order.data, (int)line.len, line.data);
    if (!wk_tool_claim(tx, call, key, &first, e)) {
        return false;
    }
    return !first || open_return(tx, call, rows, line, e);
}

const wk_tool_t wk_tool_request_return = {
    .name = "request_return",
    .args = return_args,
    .level = WK_LEVEL_ANYBODY,
    .effect = true,
    .before = ask_shop,
    .run = request_return,
};
