#include "worker/agent/voicemail.h"

#include "worker/agent/redirect.h"
#include "worker/agent/takeover.h"
#include "worker/outbox.h"
#include "worker/store/voicemail.h"

/* ---------------------------------------------------------------- what the shop wants */

bool wk_voicemail_looks(va_str_t action)
{
    return !va_str_eq(action, VA_STR("ignore"));
}

bool wk_voicemail_leaves(va_str_t action)
{
    return va_str_eq(action, VA_STR("leave_message"));
}

va_str_t wk_voicemail_text(wk_arena_t *a, const wk_language_t *l, const va_json_t *own,
                           va_str_t agent, va_str_t shop)
{
    const wk_param_t params[] = {{"agent", agent}, {"shop", shop}, {NULL, VA_STR_NULL}};
    va_str_t said = va_json_string(va_json_get_n(own, wk_language_code(l)));
    return wk_fill(a, said.len > 0 ? said : wk_text(l, "voicemail.message"), params);
}

/* ---------------------------------------------------------------- noting it */

static bool begins_with(va_str_t s, va_str_t prefix)
{
    return s.len >= prefix.len && memcmp(s.data, prefix.data, prefix.len) == 0;
}

static bool is_machine(va_str_t answered_by)
{
    return begins_with(answered_by, VA_STR("machine_")) ||
           va_str_eq(answered_by, VA_STR("fax"));
}

static bool by_agent(const wk_voicemail_t *v)
{
    return va_str_eq(v->answered_by, VA_STR("agent"));
}

static bool read_call(wk_tx_t *tx, va_str_t sid, wk_rows_t **rows, wk_error_t *e)
{
    va_str_t params[] = {sid, wk_printf(wk_tx_arena(tx), "%d", WK_VOICEMAIL_TURN)};
    return wk_sql(tx, &wk_sql_voicemail_call, params, rows, e);
}

static bool is_taken(const wk_rows_t *call)
{
    return va_str_eq(wk_cell(call, 0, "end_reason"), VA_STR("voicemail"));
}

static bool queue_leaving(wk_tx_t *tx, va_str_t sid, wk_error_t *e)
{
    va_str_t key = wk_printf(wk_tx_arena(tx), "voicemail:%.*s", (int)sid.len, sid.data);
    return wk_outbox_call_job(tx, "voicemail.leave", sid, VA_STR_NULL, key, e);
}

static bool take(wk_tx_t *tx, const wk_voicemail_t *v, const wk_rows_t *call, wk_error_t *e)
{
    va_str_t params[] = {wk_cell(call, 0, "id"), v->answered_by, v->message};
    return wk_sql(tx, &wk_sql_voicemail_taken, params, NULL, e) && queue_leaving(tx, v->sid, e);
}

static bool note_person(wk_tx_t *tx, const wk_voicemail_t *v, const wk_rows_t *call,
                        wk_error_t *e)
{
    va_str_t params[] = {wk_cell(call, 0, "id"), v->answered_by};
    return wk_sql(tx, &wk_sql_voicemail_answered_by, params, NULL, e);
}

bool wk_voicemail_note(wk_tx_t *tx, const wk_voicemail_t *v, wk_voicemail_verdict_t *verdict,
                       wk_error_t *e)
{
    wk_rows_t *call;
    *verdict = WK_VOICEMAIL_NONE;
    if (!read_call(tx, v->sid, &call, e)) {
        return false;
    }
    if (wk_rows_count(call) == 0 || wk_cell_bool(call, 0, "over")) {
        return true;
    }
    if (!va_str_eq(wk_cell(call, 0, "direction"), VA_STR("outbound"))) {
        *verdict = WK_VOICEMAIL_INBOUND;
        return true;
    }
    if (is_taken(call)) {
        *verdict = WK_VOICEMAIL_TAKEN;
        return true;
    }
    if (wk_cell(call, 0, "answered_by").data != NULL && !by_agent(v)) {
        *verdict = WK_VOICEMAIL_PERSON;
        return true;
    }
    bool machine = by_agent(v) || is_machine(v->answered_by);
    *verdict = machine ? WK_VOICEMAIL_TAKEN : WK_VOICEMAIL_PERSON;
    return machine ? take(tx, v, call, e) : note_person(tx, v, call, e);
}

/* ---------------------------------------------------------------- leaving */

typedef struct {
    va_str_t sid;
    bool goes; /* the call is to be taken to the document */
    va_str_t language;
} leaving_t;

static bool look(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    bool held;
    int64_t step;
    wk_rows_t *call;
    leaving_t *l = arg;
    if (!read_call(tx, l->sid, &call, e)) {
        return false;
    }
    if (wk_rows_count(call) == 0 || !is_taken(call) || wk_cell_bool(call, 0, "over") ||
        wk_cell_bool(call, 0, "told")) {
        return true;
    }
    l->language = wk_cell(call, 0, "language");
    if (!wk_takeover_holds_call(tx, wk_cell(call, 0, "id"), wk_cell(call, 0, "customer_id"),
                                &held, &step, e)) {
        return false;
    }
    l->goes = !held;
    return true;
}

wk_outcome_t wk_voicemail_leave(wk_ctx_t *ctx, va_str_t organization, va_str_t sid,
                                wk_error_t *e)
{
    leaving_t l = {.sid = sid};
    if (!wk_tx(ctx->db, ctx->arena, organization, 0, look, &l, e)) {
        return WK_AGAIN;
    }
    const wk_redirect_t to = {.organization = organization,
                              .sid = sid,
                              .language = l.language,
                              .path = "voicemail",
                              .n = WK_VOICEMAIL_TURN};
    return !l.goes || wk_redirect_call(ctx, &to, e) ? WK_DONE
           : wk_error_retryable(e)                  ? WK_AGAIN
                                                    : WK_GIVE_UP;
}
