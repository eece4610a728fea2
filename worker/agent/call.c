#include "worker/agent/call.h"

#include "worker/agent/call_conclusion.h"
#include "worker/agent/event.h"
#include "worker/store/calls.h"
#include "worker/store/customers.h"

/* ---------------------------------------------------------------- customer */

/* The number of the one who is not the shop. */
static va_str_t customer_number(const wk_call_told_t *told)
{
    return told->outbound ? told->called : told->caller;
}

static bool reach_customer(wk_tx_t *tx, const wk_call_told_t *told, va_str_t *customer,
                           wk_error_t *e)
{
    wk_rows_t *rows;
    va_str_t number = customer_number(told);
    va_str_t params[] = {number, VA_STR("call")};
    if (number.data != NULL) {
        if (!wk_sql(tx, &wk_sql_customer_reach, params, &rows, e)) {
            return false;
        }
    } else if (told->anonymous) {
        if (!wk_sql(tx, &wk_sql_customer_withheld, &params[1], &rows, e)) {
            return false;
        }
    } else {
        return true;
    }
    *customer = wk_cell(rows, 0, "id");
    return true;
}

/* ---------------------------------------------------------------- the row */

#define N_TOLD 15 /* and the direction once more, which a known call takes last */

static void tell(wk_tx_t *tx, const wk_call_told_t *t, va_str_t customer, va_str_t out[N_TOLD])
{
    va_str_t begin = t->started_at != 0
                         ? wk_printf(wk_tx_arena(tx), "%lld", (long long)t->started_at)
                         : VA_STR_NULL;
    const va_str_t told[N_TOLD] = {
        t->outbound ? VA_STR("outbound") : VA_STR("inbound"),
        t->caller,
        t->called,
        t->call_sid,
        t->conversation,
        t->agent_id,
        t->engine,
        customer,
        t->language,
        t->forwarded_from,
        t->caller_name,
        t->stir_verstat,
        begin,
        t->variables,
        t->context,
    };
    memcpy(out, told, sizeof(told));
}

static bool publish_start(wk_tx_t *tx, const wk_call_t *call, wk_error_t *e)
{
    wk_event_t ev;
    wk_event_begin(&ev, tx, "call_started", call->customer, call->id);
    va_json_add_str(ev.json, "callSid", call->told.call_sid);
    va_json_add_str(ev.json, "conversationId", call->told.conversation);
    va_json_add_str(ev.json, "phoneNumber", customer_number(&call->told));
    va_json_add_c(ev.json, "direction", call->told.outbound ? "outbound" : "inbound");
    return wk_event_end(&ev, e);
}

static bool insert(wk_tx_t *tx, wk_call_t *call, wk_error_t *e)
{
    wk_rows_t *rows;
    va_str_t params[N_TOLD];
    if (!reach_customer(tx, &call->told, &call->customer, e)) {
        return false;
    }
    tell(tx, &call->told, call->customer, params);
    if (!wk_sql(tx, &wk_sql_call_insert, params, &rows, e)) {
        return false;
    }
    call->id = wk_cell(rows, 0, "id");
    return (call->customer.data == NULL ||
            wk_sql(tx, &wk_sql_customer_contacted, &call->customer, NULL, e)) &&
           publish_start(tx, call, e);
}

/* A customer the call turns out to have was in touch by it. */
static bool complete(wk_tx_t *tx, wk_call_t *call, wk_error_t *e)
{
    va_str_t params[N_TOLD + 1];
    if (call->customer.data == NULL) {
        if (!reach_customer(tx, &call->told, &call->customer, e)) {
            return false;
        }
        if (call->customer.data != NULL &&
            !wk_sql(tx, &wk_sql_customer_contacted, &call->customer, NULL, e)) {
            return false;
        }
    }
    tell(tx, &call->told, call->customer, params);
    params[N_TOLD] = params[0];
    params[0] = call->id;
    return wk_sql(tx, &wk_sql_call_complete, params, NULL, e);
}

/*
 * Row 0 stays, row 1 goes, and with it the name its conclusion was asked for by. Each was
 * counted as a contact of its customer.
 */
static bool merge(wk_tx_t *tx, const wk_rows_t *rows, wk_error_t *e)
{
    va_str_t ids[] = {wk_cell(rows, 0, "id"), wk_cell(rows, 1, "id")};
    va_str_t customer = wk_cell(rows, 0, "customer_id");
    bool twice = customer.data != NULL && va_str_eq(customer, wk_cell(rows, 1, "customer_id"));
    return (!twice || wk_sql(tx, &wk_sql_customer_uncounted, &customer, NULL, e)) &&
           wk_sql(tx, &wk_sql_call_move, ids, NULL, e) &&
           wk_sql(tx, &wk_sql_call_inherit, ids, NULL, e) &&
           wk_sql(tx, &wk_sql_call_delete, &ids[1], NULL, e) &&
           (!wk_cell_bool(rows, 1, "analyzed") || wk_call_conclude_later(tx, ids[0], e));
}

static bool has_ended(va_str_t status)
{
    return status.data != NULL && !va_str_eq(status, VA_STR("connecting")) &&
           !va_str_eq(status, VA_STR("in_progress"));
}

static void inherit(wk_call_t *call, const wk_rows_t *rows)
{
    va_str_t status = wk_cell(rows, 1, "status");
    call->analyzed = call->analyzed || wk_cell_bool(rows, 1, "analyzed");
    call->status = has_ended(status) ? status : call->status;
    if (call->customer.data == NULL) {
        call->customer = wk_cell(rows, 1, "customer_id");
    }
}

bool wk_call_open(wk_tx_t *tx, const wk_call_told_t *told, wk_call_t *call, wk_error_t *e)
{
    wk_rows_t *rows;
    va_str_t names[] = {told->call_sid, told->conversation};
    *call = (wk_call_t){.told = *told};
    if (!wk_sql(tx, &wk_sql_call_lock, names, NULL, e) ||
        !wk_sql(tx, &wk_sql_call_find, names, &rows, e)) {
        return wk_error_wrap(e, "call");
    }
    if (wk_rows_count(rows) == 0) {
        return insert(tx, call, e) || wk_error_wrap(e, "call");
    }
    call->id = wk_cell(rows, 0, "id");
    call->customer = wk_cell(rows, 0, "customer_id");
    call->status = wk_cell(rows, 0, "status");
    call->analyzed = wk_cell_bool(rows, 0, "analyzed");
    if (wk_rows_count(rows) == 2) {
        if (!merge(tx, rows, e)) {
            return wk_error_wrap(e, "call");
        }
        inherit(call, rows);
    }
    return complete(tx, call, e) || wk_error_wrap(e, "call");
}

/* ---------------------------------------------------------------- status */

bool wk_call_advance(wk_tx_t *tx, wk_call_t *call, const char *status, int64_t since,
                     va_str_t reason, wk_error_t *e)
{
    long long at = since != 0 ? since : call->told.told_at;
    va_str_t params[] = {call->id, va_str_c(status), wk_printf(wk_tx_arena(tx), "%lld", at),
                         reason};
    return wk_sql(tx, &wk_sql_call_advance, params, NULL, e) || wk_error_wrap(e, "call");
}

bool wk_call_close(wk_tx_t *tx, wk_call_t *call, wk_error_t *e)
{
    wk_rows_t *rows;
    wk_event_t ev;
    if (has_ended(call->status)) {
        return true;
    }
    if (!wk_sql(tx, &wk_sql_call_status, &call->id, &rows, e)) {
        return wk_error_wrap(e, "call");
    }
    if (!has_ended(wk_cell(rows, 0, "status"))) {
        return true;
    }
    wk_event_begin(&ev, tx, "call_ended", call->customer, call->id);
    va_json_add_str(ev.json, "callSid", call->told.call_sid);
    va_json_add_str(ev.json, "conversationId", call->told.conversation);
    va_json_add_str(ev.json, "status", wk_cell(rows, 0, "status"));
    va_json_key(ev.json, "duration");
    va_str_t seconds = wk_cell(rows, 0, "duration_seconds");
    seconds.data != NULL ? va_json_put_number(ev.json, seconds) : va_json_put_null(ev.json);
    va_json_add_str(ev.json, "endedAt", wk_cell(rows, 0, "ended_at"));
    return wk_event_end(&ev, e);
}
