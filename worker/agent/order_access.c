#include "worker/agent/order_access.h"

#include "core/phone.h"
#include "worker/store/orders.h"

#define MAX_TRIES 5
#define MAX_ROWS  "5"

static va_str_t or_empty(va_str_t s)
{
    return s.data != NULL ? s : VA_STR("");
}

static bool refuse(wk_tool_call_t *call, int status, const char *code, const char *text)
{
    return wk_tool_refuse(call, status, code, wk_text(call->caller->language, text));
}

/* The number behind the caller; who writes in a chat can begin another at any time, and is
 * counted by his address. */
static va_str_t number_of(const wk_tool_call_t *call)
{
    const wk_tool_caller_t *caller = call->caller;
    return or_empty(caller->visitor.session.len > 0 ? caller->source : caller->phone);
}

/* The talk failed tries are counted by, beside the number: else strangers lock each other out.
 */
static va_str_t scope_of(const wk_tool_call_t *call)
{
    const wk_tool_caller_t *caller = call->caller;
    return or_empty(caller->scope.len > 0 ? caller->scope : caller->source);
}

static bool tries_left(wk_tx_t *tx, const wk_tool_call_t *call, bool *left, wk_error_t *e)
{
    wk_rows_t *rows;
    va_str_t params[] = {scope_of(call), number_of(call)};
    if (!wk_sql(tx, &wk_sql_proof_lock, params, NULL, e) ||
        !wk_sql(tx, &wk_sql_proof_tries, params, &rows, e)) {
        return false;
    }
    *left = wk_cell_int(rows, 0, "tries", 0) < MAX_TRIES;
    return true;
}

static bool note_try(wk_tx_t *tx, const wk_tool_call_t *call, bool proven, wk_error_t *e)
{
    va_str_t params[] = {scope_of(call), number_of(call),
                         proven ? VA_STR("true") : VA_STR("false")};
    return wk_sql(tx, &wk_sql_proof_note, params, NULL, e);
}

/* The number of the order and something written on it. */
static bool by_proof(wk_tx_t *tx, wk_tool_call_t *call, const wk_order_question_t *q,
                     const wk_rows_t *rows, wk_error_t *e)
{
    bool left, given = q->postcode.data != NULL || q->email.data != NULL;
    if (!given) {
        return refuse(call, 403, "verification_needed", "tool.order_proof");
    }
    if (!tries_left(tx, call, &left, e)) {
        return false;
    }
    if (!left) {
        return refuse(call, 429, "too_many_tries", "tool.order_tries");
    }
    bool proven = wk_rows_count(rows) == 1 && wk_cell_bool(rows, 0, "by_factor");
    if (!proven) {
        call->keeps = true; /* the try counts */
        refuse(call, 404, "not_found", "tool.order_unknown");
    }
    return note_try(tx, call, proven, e);
}

static bool one_order(wk_tx_t *tx, wk_tool_call_t *call, const wk_order_question_t *q,
                      wk_rows_t **rows, wk_error_t *e)
{
    va_str_t params[] = {q->number, call->caller->phone, q->postcode, q->email};
    if (!wk_sql(tx, &wk_sql_order_by_number, params, rows, e)) {
        return false;
    }
    bool known = wk_rows_count(*rows) == 1;
    if (call->caller->level == WK_LEVEL_STAFF) {
        return known || refuse(call, 404, "not_found", "tool.order_unknown");
    }
    bool own =
        known && call->caller->level >= WK_LEVEL_PHONE && wk_cell_bool(*rows, 0, "by_phone");
    return (own && !q->factor) || by_proof(tx, call, q, *rows, e);
}

static bool own_orders(wk_tx_t *tx, wk_tool_call_t *call, wk_rows_t **rows, wk_error_t *e)
{
    va_str_t params[] = {call->caller->phone, VA_STR(MAX_ROWS)};
    if (call->caller->level < WK_LEVEL_PHONE || call->caller->phone.data == NULL) {
        return refuse(call, 403, "verification_needed", "tool.order_proof");
    }
    if (!wk_sql(tx, &wk_sql_orders_by_phone, params, rows, e)) {
        return false;
    }
    return wk_rows_count(*rows) > 0 || refuse(call, 404, "not_found", "tool.order_unknown");
}

va_str_t wk_order_phone(const wk_tool_call_t *call)
{
    char number[VA_PHONE_MAX + 1];
    va_str_t said = wk_arg_text(call->args, "phone_number");
    return said.data != NULL && va_phone_normalize(number, said)
               ? wk_copy(call->ctx->arena, va_str_c(number))
               : said;
}

static bool any_orders(wk_tx_t *tx, wk_tool_call_t *call, const wk_order_question_t *q,
                       wk_rows_t **rows, wk_error_t *e)
{
    va_str_t params[] = {q->number, wk_order_phone(call), q->email, VA_STR(MAX_ROWS)};
    if (params[0].data == NULL && params[1].data == NULL && params[2].data == NULL) {
        return wk_tool_refuse(call, 400, "bad_request",
                              VA_STR("order_number, phone_number or email is missing."));
    }
    if (!wk_sql(tx, &wk_sql_orders_search, params, rows, e)) {
        return false;
    }
    return wk_rows_count(*rows) > 0 || refuse(call, 404, "not_found", "tool.order_unknown");
}

bool wk_order_access(wk_tx_t *tx, wk_tool_call_t *call, const wk_order_question_t *q,
                     wk_rows_t **rows, wk_error_t *e)
{
    bool ok;
    if (q->number.data == NULL && call->caller->level == WK_LEVEL_STAFF) {
        ok = any_orders(tx, call, q, rows, e);
    } else {
        ok = q->number.data != NULL ? one_order(tx, call, q, rows, e)
                                    : own_orders(tx, call, rows, e);
    }
    return ok || wk_error_wrap(e, "order");
}
