#include "worker/agent/call_status.h"

#include "worker/admission.h"
#include "worker/agent/call_conclusion.h"
#include "worker/agent/call_cost.h"
#include "worker/agent/erasure.h"
#include "worker/agent/takeover.h"
#include "worker/call_state.h"
#include "worker/store/calls.h"

static bool is_one_of(va_str_t word, const char *const *words)
{
    for (; *words != NULL; words++) {
        if (va_str_eq(word, va_str_c(*words))) {
            return true;
        }
    }
    return false;
}

bool wk_call_status_final(va_str_t status)
{
    static const char *const final[] = {"completed", "busy",      "failed", "no-answer",
                                        "canceled",  "cancelled", NULL};
    return is_one_of(status, final);
}

bool wk_call_status_known(va_str_t status)
{
    static const char *const live[] = {"queued",      "initiated", "ringing",
                                       "in-progress", "answered",  NULL};
    return is_one_of(status, live) || wk_call_status_final(status);
}

static bool note(wk_tx_t *tx, const wk_call_status_t *s, wk_error_t *e)
{
    va_str_t at =
        s->at != 0 ? wk_printf(wk_tx_arena(tx), "%lld", (long long)s->at) : VA_STR_NULL;
    va_str_t params[] = {
        s->told.call_sid, s->sequence, s->status, at, s->seconds, s->sip_code, VA_STR("{}"),
    };
    return wk_sql(tx, &wk_sql_call_status_insert, params, NULL, e);
}

/*
 * The row of the call is closed before those who have it are looked for: a join that is under
 * way at the time has either changed that row, and is found, or finds it closed.
 */
bool wk_call_status_keep(wk_ctx_t *ctx, wk_tx_t *tx, const wk_call_status_t *s, wk_error_t *e)
{
    bool erased;
    wk_call_t call;
    const wk_call_told_t *told = &s->told;
    return wk_erasure_of_call(tx, told->call_sid, told->conversation, &erased, e) &&
           (erased || (wk_call_open(tx, told, &call, e) && note(tx, s, e) &&
                       wk_call_close(tx, &call, e))) &&
           (!wk_call_status_final(s->status) ||
            (wk_takeover_call_over(tx, told->call_sid, e) &&
             (erased || (wk_call_conclude_ended(tx, call.id, e) &&
                         wk_call_cost(tx, ctx->config, call.id, e)))));
}

/* In this order, so that a turn which is still being answered reserves no slot anew. */
bool wk_call_status_let_go(wk_ctx_t *ctx, const wk_call_status_t *s, va_str_t organization,
                           wk_error_t *e)
{
    va_str_t sid = s->told.call_sid;
    return !wk_call_status_final(s->status) ||
           (wk_call_state_end(ctx->redis, ctx->arena, sid, s->status, e) &&
            wk_admission_release(ctx->redis, ctx->arena, organization, sid, e));
}
