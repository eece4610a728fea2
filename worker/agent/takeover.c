#include "worker/agent/takeover.h"

#include "worker/agent/event.h"
#include "worker/agent/redirect.h"
#include "worker/call_state.h"
#include "worker/clock.h"
#include "worker/queue.h"
#include "worker/store/chat.h"
#include "worker/store/takeovers.h"

#define LOOK_MS  50 /* between two looks for what is on its way */
#define LOOKS    20 /* most is through by then; for the rest the job comes again */
#define AGAIN_MS 1000

/* ---------------------------------------------------------------- who has it */

bool wk_takeover_holds_texts(wk_tx_t *tx, va_str_t number, bool *held, wk_error_t *e)
{
    wk_rows_t *rows;
    if (!wk_sql_later(tx, &wk_sql_thread_lock_by_number, &number, e) ||
        !wk_sql(tx, &wk_sql_thread_is_held, &number, &rows, e)) {
        return false;
    }
    *held = wk_rows_count(rows) > 0;
    return true;
}

bool wk_takeover_holds_call(wk_tx_t *tx, va_str_t call, va_str_t customer, bool *held,
                            int64_t *step, wk_error_t *e)
{
    wk_rows_t *rows;
    *held = false;
    if (call.data == NULL || customer.data == NULL) {
        return true;
    }
    if (!wk_sql(tx, &wk_sql_thread_lock, &customer, NULL, e) ||
        !wk_sql(tx, &wk_sql_call_is_held, &call, &rows, e)) {
        return false;
    }
    *held = wk_rows_count(rows) > 0;
    *step = *held ? wk_cell_int(rows, 0, "step", 0) : 0;
    return true;
}

/* ---------------------------------------------------------------- texts */

typedef struct {
    va_str_t number;
    int64_t wait_ms; /* 0: none is on its way */
} under_way_t;

static bool under_way_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    under_way_t *u = arg;
    wk_rows_t *rows;
    if (!wk_sql(tx, &wk_sql_texts_under_way, &u->number, &rows, e)) {
        return false;
    }
    u->wait_ms = wk_cell_int(rows, 0, "wait_ms", 0);
    return true;
}

/*
 * Each ends by itself: what an attempt has not sent after ten seconds it does not send. No
 * thread is kept from other work for so long.
 */
static bool await_texts(wk_ctx_t *ctx, const wk_takeover_thread_t *t, wk_error_t *e)
{
    under_way_t u = {.number = t->number};
    for (int looks = 0; looks < LOOKS; looks++) {
        if (!wk_tx(ctx->db, ctx->arena, t->organization, 0, under_way_tx, &u, e)) {
            return false;
        }
        if (u.wait_ms <= 0) {
            return true;
        }
        wk_pause_ms(LOOK_MS);
    }
    wk_error(e, WK_UNAVAILABLE, "a text of the agent's is on its way");
    e->retry_after_ms = u.wait_ms;
    return false;
}

/* ---------------------------------------------------------------- the chat */

typedef struct {
    va_str_t chat;
    wk_rows_t *rows;
} jobs_t;

static bool jobs_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    jobs_t *j = arg;
    return wk_sql(tx, &wk_sql_chat_jobs, &j->chat, &j->rows, e);
}

static bool any_has_not_ended(wk_ctx_t *ctx, const wk_rows_t *jobs, bool *any, wk_error_t *e)
{
    *any = false;
    for (size_t i = 0; i < wk_rows_count(jobs) && !*any; i++) {
        if (!wk_queue_has_job(ctx->redis, wk_cell(jobs, i, "job"), ctx->arena, any, e)) {
            return false;
        }
    }
    return true;
}

/*
 * An answer that was stored before the takeover is out when its job has ended: the end of the
 * job is what gives it to nginx. Where its worker died, that takes a lease.
 */
static bool await_answers(wk_ctx_t *ctx, const wk_takeover_thread_t *t, wk_error_t *e)
{
    bool any;
    jobs_t j = {.chat = t->chat};
    if (!wk_tx(ctx->db, ctx->arena, t->organization, 0, jobs_tx, &j, e)) {
        return false;
    }
    for (int looks = 0; looks < LOOKS; looks++) {
        if (!any_has_not_ended(ctx, j.rows, &any, e)) {
            return false;
        }
        if (!any) {
            return true;
        }
        wk_pause_ms(LOOK_MS);
    }
    wk_error(e, WK_UNAVAILABLE, "an answer of the agent's is on its way");
    e->retry_after_ms = AGAIN_MS;
    return false;
}

/* ---------------------------------------------------------------- the call */

/* One whose state is lost is begun again, so that nobody can claim it. */
static bool begin_state(wk_ctx_t *ctx, const wk_takeover_thread_t *t, wk_error_t *e)
{
    bool begun;
    wk_call_state_t state;
    wk_call_field_t fields[] = {
        {"organization", t->organization},
        {"id", t->call},
        {"from", t->number},
        {"to", t->shop_number},
        {"engine", t->engine},
        {"language", t->language},
    };
    return wk_call_state_begin(ctx->redis, ctx->arena, t->sid, fields, 6, &state, &begun, e);
}

static bool take(wk_ctx_t *ctx, const wk_takeover_thread_t *t, bool human,
                 wk_call_taking_t *result, int64_t *epoch, va_str_t *owner, wk_error_t *e)
{
    if (!wk_call_state_take_over(ctx->redis, ctx->arena, t->sid, human, result, epoch, owner,
                                 e)) {
        return false;
    }
    return *result != WK_CALL_UNKNOWN ||
           (begin_state(ctx, t, e) && wk_call_state_take_over(ctx->redis, ctx->arena, t->sid,
                                                              human, result, epoch, owner, e));
}

static bool redirect(wk_ctx_t *ctx, const wk_takeover_thread_t *t, const char *path, int64_t n,
                     const char *more, wk_error_t *e)
{
    const wk_redirect_t to = {.organization = t->organization,
                              .sid = t->sid,
                              .language = t->language,
                              .path = path,
                              .n = n,
                              .more = more};
    return wk_redirect_call(ctx, &to, e);
}

bool wk_takeover_call_caller(wk_ctx_t *ctx, const wk_takeover_thread_t *t, wk_error_t *e)
{
    const char *asking = wk_printf(ctx->arena, "&s=%lld", (long long)t->asking).data;
    return redirect(ctx, t, "held", t->step, asking, e);
}

/*
 * A voice process that proves its silence closes the stream, behind which the caller comes to
 * us by himself. In any other case the carrier is told to leave what it plays.
 */
static bool silence_call(wk_ctx_t *ctx, const wk_takeover_thread_t *t, wk_error_t *e)
{
    int64_t epoch;
    va_str_t owner;
    bool cleared = false;
    wk_call_taking_t result;
    if (!take(ctx, t, true, &result, &epoch, &owner, e)) {
        return false;
    }
    if (result == WK_CALL_OVER) {
        return true;
    }
    if (owner.data != NULL &&
        !wk_call_state_await_silence(ctx->redis, ctx->arena, t->sid, epoch, &cleared, e)) {
        return false;
    }
    return cleared || wk_takeover_call_caller(ctx, t, e);
}

bool wk_takeover_silence(wk_ctx_t *ctx, const wk_takeover_thread_t *t, wk_error_t *e)
{
    return (t->sid.data == NULL || t->reached || silence_call(ctx, t, e)) &&
           (t->number.data == NULL || await_texts(ctx, t, e)) &&
           (t->chat.data == NULL || await_answers(ctx, t, e));
}

bool wk_takeover_give_back(wk_ctx_t *ctx, const wk_takeover_thread_t *t, wk_error_t *e)
{
    int64_t epoch;
    va_str_t owner;
    wk_call_taking_t result;
    if (t->sid.data == NULL) {
        return true;
    }
    return take(ctx, t, false, &result, &epoch, &owner, e) &&
           (result == WK_CALL_OVER || redirect(ctx, t, "resume", epoch, NULL, e));
}

bool wk_takeover_undo(wk_ctx_t *ctx, const wk_takeover_thread_t *t, wk_error_t *e)
{
    int64_t epoch;
    va_str_t owner;
    wk_call_taking_t result;
    return t->sid.data == NULL || wk_call_state_take_over(ctx->redis, ctx->arena, t->sid, false,
                                                          &result, &epoch, &owner, e);
}

bool wk_takeover_call_over(wk_tx_t *tx, va_str_t sid, wk_error_t *e)
{
    wk_event_t ev;
    wk_rows_t *rows;
    if (!wk_sql(tx, &wk_sql_takeover_call_ended, &sid, &rows, e)) {
        return false;
    }
    if (wk_rows_count(rows) == 0) {
        return true;
    }
    wk_event_begin(&ev, tx, "ai_agent_resumed", wk_cell(rows, 0, "customer_id"),
                   wk_cell(rows, 0, "call_id"));
    va_json_add_str(ev.json, "conversationId", wk_cell(rows, 0, "call_id"));
    va_json_add_str(ev.json, "callSid", sid);
    return wk_event_end(&ev, e);
}
