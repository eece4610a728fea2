/* lookup_order, request_return: what became of an order, for whom it belongs to. */
#include "worker/store/orders.h"
#include "worker/agent/order_access.h"
#include "worker/agent/shop.h"
#include "worker/agent/task.h"
#include "worker/agent/tools/tools.h"
#include "worker/agent/wording.h"

#define ORDER_NUMBER                                                                           \
    {.name = "order_number", .description = "number of the order, with or without #", .max = 40}
#define PROOF                                                                                  \
    {.name = "postcode", .description = "postcode on the order, to prove it", .max = 16},      \
        {.name = "email",                                                                      \
         .description = "e-mail address on the order, to prove it",                            \
         .max = 254}

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

/*
 * The shop's system is asked for who could be told of the order: a stranger who proves nothing
 * must not keep it busy.
 */
static void ask_shop(wk_tool_call_t *call)
{
    const wk_tool_caller_t *caller = call->caller;
    va_str_t number = order_number(call->args), email = wk_arg_text(call->args, "email");
    bool staff = caller->level == WK_LEVEL_STAFF;
    va_str_t phone = staff ? wk_order_phone(call) : caller->phone;
    bool proves = email.data != NULL || wk_arg_text(call->args, "postcode").data != NULL;
    if (caller->level < WK_LEVEL_PHONE && !(number.data != NULL && proves)) {
        return;
    }
    if (number.data == NULL && phone.data == NULL && !(staff && email.data != NULL)) {
        return;
    }
    if (wk_shop_refresh_orders(call->ctx, caller->organization, number, phone,
                               staff ? email : VA_STR_NULL)) {
        call->shop_away = true;
    }
}

/* An order that is not known may be one that could not be asked for. */
static void refuse_unknown(wk_tool_call_t *call)
{
    if (call->status == 404 && call->shop_away) {
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

static void put_tracking_urls(va_json_writer_t *w, va_str_t url)
{
    va_json_key(w, "tracking_urls");
    va_json_array(w);
    if (url.len > 0) {
        va_json_put_str(w, url);
    }
    va_json_array_end(w);
}

/* Under the names of the bike store guide, as far as it has one. */
static void put_order(va_json_writer_t *w, const wk_rows_t *rows, size_t i)
{
    static const char *const texts[] = {"order_number", "status",          "financial_status",
                                        "currency",     "tracking_number", "tracking_company"};
    va_json_object(w);
    for (size_t k = 0; k < sizeof(texts) / sizeof(*texts); k++) {
        va_json_add_str(w, texts[k], wk_cell(rows, i, texts[k]));
    }
    va_json_add_str(w, "total_price", wk_cell(rows, i, "total_amount"));
    va_json_add_str(w, "created_at", wk_cell(rows, i, "created"));
    va_json_add_str(w, "estimated_delivery", wk_cell(rows, i, "expected"));
    va_json_add_str(w, "shipped_on", wk_cell(rows, i, "shipped"));
    va_json_add_bool(w, "can_ship_today", wk_cell_bool(rows, i, "can_ship_today"));
    put_tracking_urls(w, wk_cell(rows, i, "tracking_url"));
    put_raw_or_null(w, "line_items", wk_cell(rows, i, "items"));
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
    if (call->shop_away) {
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

/* A return in the making. */
typedef struct {
    wk_tool_call_t *call;
    const wk_rows_t *order;
    const va_json_t *items, *returns; /* of the order, and of it that go back already */
    const va_json_t *line;            /* what is meant of it; NULL: all that is left */
    bool rest;                        /* something of it goes back already */
} return_t;

static const va_json_t *list_of(const wk_tool_call_t *call, const wk_rows_t *rows,
                                const char *column)
{
    const va_json_t *list = wk_cell_json(call->ctx->arena, rows, 0, column);
    return va_json_is(list, VA_JSON_ARRAY) ? list : NULL;
}

static const va_json_t *first_of(const va_json_t *list)
{
    return list != NULL ? list->first : NULL;
}

static const va_json_t *find_line(const va_json_t *items, va_str_t item)
{
    const va_json_t *line = first_of(items);
    while (line != NULL && !names_item(line, item)) {
        line = line->next;
    }
    return line;
}

static va_str_t line_id(const va_json_t *line)
{
    va_str_t id = va_json_scalar(va_json_get(line, "line_id"));
    return id.len > 0 ? id : va_json_get_string(line, "title");
}

static int64_t ordered(const va_json_t *line)
{
    int64_t n = 1;
    (void)va_json_int(va_json_get(line, "quantity"), &n);
    return n;
}

/* How many pieces of a line do not go back yet. */
static int64_t left_of(const return_t *r, const va_json_t *line)
{
    int64_t left = ordered(line);
    for (const va_json_t *back = first_of(r->returns); back != NULL; back = back->next) {
        int64_t n = left;
        va_str_t id = va_json_get_string(back, "line_id");
        bool all = va_str_eq(id, VA_STR("all"));
        if (all || va_str_eq(id, line_id(line))) {
            (void)(!all && va_json_int(va_json_get(back, "quantity"), &n));
            left -= n < left ? n : left;
        }
    }
    return left;
}

static int64_t wanted_of(const return_t *r, const va_json_t *line)
{
    int64_t left = left_of(r, line);
    return r->line != NULL ? wk_arg_int(r->call->args, "quantity", left) : left;
}

/* False: something that is asked for goes back already, or was not ordered. */
static bool can_be_returned(return_t *r)
{
    bool any = false;
    if (r->line != NULL) {
        int64_t left = left_of(r, r->line);
        return left > 0 && wanted_of(r, r->line) <= left;
    }
    for (const va_json_t *line = first_of(r->items); line != NULL; line = line->next) {
        int64_t left = left_of(r, line);
        r->rest = r->rest || left < ordered(line);
        any = any || left > 0;
    }
    return any;
}

static void put_line(va_json_writer_t *w, const return_t *r, const va_json_t *line)
{
    int64_t quantity = wanted_of(r, line);
    if (quantity > 0) {
        va_json_object(w);
        va_json_add_str(w, "line_id", line_id(line));
        va_json_add_int(w, "quantity", quantity);
        va_json_object_end(w);
    }
}

static va_str_t return_json(const return_t *r, va_str_t rma)
{
    va_buf_t text;
    const wk_tool_call_t *call = r->call;
    va_buf_init(&text, wk_mem(call->ctx->arena), 256);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_object(w);
    va_json_add_str(w, "rma", rma);
    va_json_add_str(w, "line_id", r->line != NULL ? line_id(r->line) : VA_STR("all"));
    va_json_key(w, "quantity");
    r->line != NULL ? va_json_put_int(w, wanted_of(r, r->line)) : va_json_put_null(w);
    va_json_key(w, "lines");
    va_json_array(w);
    for (const va_json_t *line = first_of(r->items); line != NULL; line = line->next) {
        if (r->line == NULL || r->line == line) {
            put_line(w, r, line);
        }
    }
    va_json_array_end(w);
    va_json_add_str(w, "reason", wk_arg_text(call->args, "reason"));
    va_json_add_c(w, "state", "requested");
    va_json_object_end(w);
    return va_json_writer_end(w) == VA_OK ? va_buf_str(&text) : VA_STR_NULL;
}

static bool open_return(wk_tx_t *tx, const return_t *r, wk_error_t *e)
{
    wk_tool_call_t *call = r->call;
    va_str_t id = wk_cell(r->order, 0, "id"), number = wk_cell(r->order, 0, "order_number");
    va_str_t rma = wk_printf(call->ctx->arena, "RMA-%.*s-%.8s", (int)number.len, number.data,
                             call->effect.data);
    va_str_t params[] = {id, return_json(r, rma)};
    wk_task_t task = {.kind = "return",
                      .key = rma,
                      .title = "task.return",
                      .text = wk_arg_text(call->args, "reason"),
                      .who = call->caller->phone,
                      .number = number,
                      .customer = wk_cell(r->order, 0, "customer_id"),
                      .order = id};
    if (!wk_sql(tx, &wk_sql_order_return, params, NULL, e) ||
        !wk_task_raise(call->ctx, tx, &task, e)) {
        return false;
    }
    va_json_add_str(call->out, "rma", rma);
    va_json_add_str(call->out, "order_number", number);
    call->message = wk_tool_say(call, r->rest ? "tool.return_rest" : "tool.return_opened",
                                {"number", number}, {"rma", rma});
    return true;
}

static bool is_any_left(const return_t *r)
{
    bool any = false;
    const va_json_t *line = r->line != NULL ? r->line : first_of(r->items);
    for (; line != NULL && !any; line = r->line != NULL ? NULL : line->next) {
        any = left_of(r, line) > 0;
    }
    return any;
}

/*
 * What goes back already is read with the order locked. Who asks again within a day, or when
 * nothing is left, asks about the return there is; else it is another one of the same line.
 */
static bool return_key(wk_tx_t *tx, return_t *r, va_str_t *key, wk_error_t *e)
{
    wk_rows_t *rows;
    wk_arena_t *a = r->call->ctx->arena;
    va_str_t order = wk_cell(r->order, 0, "id");
    va_str_t line = r->line != NULL ? line_id(r->line) : VA_STR("all");
    va_str_t params[] = {order, line};
    if (!wk_sql(tx, &wk_sql_order_returns, params, &rows, e)) {
        return false;
    }
    r->returns = list_of(r->call, rows, "returns");
    int64_t earlier = wk_cell_int(rows, 0, "earlier", 0);
    if (earlier > 0 && !is_any_left(r)) {
        earlier--;
    }
    *key =
        wk_printf(a, "return:%.*s:%.*s", (int)order.len, order.data, (int)line.len, line.data);
    if (earlier > 0) {
        *key = wk_printf(a, "%.*s:%lld", (int)key->len, key->data, (long long)earlier);
    }
    return true;
}

static bool return_once(wk_tx_t *tx, return_t *r, wk_error_t *e)
{
    bool first;
    va_str_t key;
    wk_tool_call_t *call = r->call;
    if (!return_key(tx, r, &key, e) || !wk_tool_claim(tx, call, key, &first, e)) {
        return false;
    }
    if (!first) {
        return true;
    }
    return can_be_returned(r)
               ? open_return(tx, r, e)
               : wk_tool_refuse(call, 409, "already_returned",
                                wk_text(call->caller->language, "tool.return_no_more"));
}

static bool request_return(wk_tx_t *tx, wk_tool_call_t *call, wk_error_t *e)
{
    wk_rows_t *rows = NULL;
    return_t r = {.call = call};
    va_str_t item = wk_arg_text(call->args, "item");
    wk_order_question_t question = question_of(call, true);
    if (!wk_order_access(tx, call, &question, &rows, e)) {
        return false;
    }
    if (call->status != 0) {
        refuse_unknown(call);
        return true;
    }
    r.order = rows;
    r.items = list_of(call, rows, "items");
    r.line = item.data != NULL ? find_line(r.items, item) : NULL;
    if (item.data != NULL && r.line == NULL) {
        return wk_tool_refuse(call, 404, "no_such_item",
                              wk_text(call->caller->language, "tool.return_item"));
    }
    return return_once(tx, &r, e);
}

const wk_tool_t wk_tool_request_return = {
    .name = "request_return",
    .args = return_args,
    .level = WK_LEVEL_ANYBODY,
    .effect = true,
    .before = ask_shop,
    .run = request_return,
};
