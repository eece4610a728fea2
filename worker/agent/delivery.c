#include "worker/agent/delivery.h"

#include "worker/agent/outgoing.h"
#include "worker/agent/task.h"
#include "worker/log.h"
#include "worker/store/messages.h"

/* ---------------------------------------------------------------- transactions */

typedef struct {
    wk_delivery_t *d;
    wk_delivery_step_fn *fn;
} step_t;

static bool run_step(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    const step_t *s = arg;
    return s->fn(tx, s->d, e);
}

bool wk_delivery_tx(wk_delivery_t *d, wk_delivery_step_fn *fn, wk_error_t *e)
{
    step_t step = {d, fn};
    return wk_tx(d->ctx->db, d->ctx->arena, d->organization, 0, run_step, &step, e) ||
           wk_error_wrap(e, "%s", d->kind->name);
}

static void read_message(wk_delivery_t *d)
{
    d->message = (wk_delivery_message_t){.effect = wk_cell(d->row, 0, "effect_id"),
                                         .id = wk_cell(d->row, 0, "id"),
                                         .customer = wk_cell(d->row, 0, "customer_id"),
                                         .from = wk_cell(d->row, 0, "from_number"),
                                         .to = wk_cell(d->row, 0, "to_number"),
                                         .subject = wk_cell(d->row, 0, "subject"),
                                         .text = wk_cell(d->row, 0, "content"),
                                         .language = wk_cell(d->row, 0, "language")};
    d->now = wk_cell_int(d->row, 0, "now_ms", 0);
    d->sending = wk_cell_int(d->row, 0, "sending", 0);
}

bool wk_delivery_lock(wk_tx_t *tx, wk_delivery_t *d, bool *pending, wk_error_t *e)
{
    wk_rows_t *rows;
    va_str_t params[] = {d->key, d->message.effect};
    if (!wk_sql(tx, &wk_sql_message_of_effect, params, &rows, e)) {
        return false;
    }
    d->row = wk_rows_count(rows) == 1 ? rows : NULL;
    *pending = d->row != NULL && va_str_eq(wk_cell(rows, 0, "state"), VA_STR("pending"));
    if (d->row != NULL) {
        read_message(d);
    }
    return true;
}

bool wk_delivery_note(wk_tx_t *tx, const wk_delivery_t *d, int64_t sending,
                      int64_t absent_since, wk_error_t *e)
{
    wk_arena_t *a = wk_tx_arena(tx);
    va_str_t params[] = {
        d->message.id,
        sending != 0 ? wk_printf(a, "%lld", (long long)sending) : VA_STR_NULL,
        absent_since != 0 ? wk_printf(a, "%lld", (long long)absent_since) : VA_STR_NULL,
    };
    return wk_sql_later(tx, &wk_sql_message_attempt, params, e);
}

bool wk_delivery_begin(wk_tx_t *tx, wk_delivery_t *d, wk_error_t *e)
{
    d->begun = d->now;
    return wk_delivery_note(tx, d, d->begun, 0, e);
}

/* What is to be done about it. */
static bool look(wk_tx_t *tx, wk_delivery_t *d, wk_error_t *e)
{
    bool pending;
    d->next = WK_DELIVERY_NOTHING;
    if (!wk_delivery_lock(tx, d, &pending, e)) {
        return false;
    }
    if (!pending) {
        return true;
    }
    d->wait_ms = d->sending + d->kind->under_way_ms - d->now;
    d->next = d->sending == 0  ? WK_DELIVERY_SEND
              : d->wait_ms > 0 ? WK_DELIVERY_WAIT
                               : WK_DELIVERY_ASK;
    return true;
}

static bool look_and_make_ready(wk_tx_t *tx, wk_delivery_t *d, wk_error_t *e)
{
    return look(tx, d, e) && (d->next != WK_DELIVERY_SEND || d->kind->ready(tx, d, e));
}

/* What this run noted, if anything, was not to be. */
static bool not_under_way(wk_tx_t *tx, wk_delivery_t *d, wk_error_t *e)
{
    bool pending;
    d->unsent = true;
    if (!wk_delivery_lock(tx, d, &pending, e)) {
        return false;
    }
    return !pending || d->begun == 0 || d->sending != d->begun ||
           wk_delivery_note(tx, d, 0, 0, e);
}

/* ---------------------------------------------------------------- people */

bool wk_delivery_task(wk_tx_t *tx, wk_delivery_t *d, const char *title, va_str_t key,
                      wk_error_t *e)
{
    const wk_delivery_message_t *m = &d->message;
    wk_task_t task = {.kind = "alarm",
                      .key = key,
                      .priority = "high",
                      .title = title,
                      .body = d->kind->body,
                      .text = m->subject.data != NULL ? m->subject : m->text,
                      .who = m->to,
                      .number = m->from,
                      .customer = m->customer};
    return wk_task_raise(d->ctx, tx, &task, e);
}

bool wk_delivery_tell(wk_tx_t *tx, wk_delivery_t *d, wk_error_t *e)
{
    const wk_delivery_kind_t *kind = d->kind;
    va_str_t effect = d->message.effect;
    return wk_delivery_task(
        tx, d, d->ends_as == WK_EFFECT_UNKNOWN ? kind->unknown : kind->failed,
        wk_printf(wk_tx_arena(tx), "%s:%.*s", kind->name, (int)effect.len, effect.data), e);
}

static bool tell_login(wk_tx_t *tx, wk_delivery_t *d, wk_error_t *e)
{
    return not_under_way(tx, d, e) &&
           wk_delivery_task(tx, d, d->kind->login, va_str_c(d->kind->login_key), e);
}

/* ---------------------------------------------------------------- ends */

/* A failure of ours says nothing about an attempt of another run: that one ends it. */
static bool is_anothers(const wk_delivery_t *d)
{
    return d->ends_as == WK_EFFECT_FAILED && d->sending != 0 && d->sending != d->begun;
}

/* Ends it as d->ends_as. */
static bool ended(wk_tx_t *tx, wk_delivery_t *d, wk_error_t *e)
{
    bool pending;
    if (!wk_delivery_lock(tx, d, &pending, e)) {
        return false;
    }
    if (d->ends_as == WK_EFFECT_UNKNOWN && d->sending == 0) { /* none was ever under way */
        d->ends_as = WK_EFFECT_FAILED;
    }
    if (!pending || is_anothers(d)) {
        return true;
    }
    va_str_t code = va_str_c(d->failure.detail);
    va_str_t params[] = {d->message.id, code.len > 0 ? code : VA_STR_NULL};
    return wk_effect_finish(tx, d->message.effect, d->ends_as, VA_STR_NULL,
                            wk_outgoing_failure(wk_tx_arena(tx), &d->failure), e) &&
           (d->ends_as == WK_EFFECT_UNKNOWN ||
            wk_sql(tx, &wk_sql_message_failed, params, NULL, e)) &&
           d->kind->tell(tx, d, e);
}

wk_outcome_t wk_delivery_end(wk_delivery_t *d, wk_effect_state_t state, wk_error_t *e)
{
    d->ends_as = state;
    wk_log(state == WK_EFFECT_UNKNOWN ? WK_ALERT : WK_ERROR,
           "a message was not sent, or may not be", WK_C("kind", d->kind->name),
           WK_S("effect", d->message.effect), WK_C("code", d->failure.detail),
           WK_C("error", d->failure.text));
    return wk_delivery_tx(d, ended, e) ? WK_DONE : WK_AGAIN;
}

wk_outcome_t wk_delivery_again(const wk_delivery_t *d, wk_code_t code, int64_t ms,
                               const char *why, wk_error_t *e)
{
    wk_error(e, code, "%s: %s", d->kind->name, why);
    e->retry_after_ms = ms;
    return WK_AGAIN;
}

static wk_outcome_t later(wk_delivery_t *d, wk_delivery_step_fn *step, int64_t ms,
                          wk_error_t *e)
{
    return wk_delivery_tx(d, step, e)
               ? wk_delivery_again(d, WK_UNAVAILABLE, ms, d->failure.text, e)
               : WK_AGAIN;
}

wk_outcome_t wk_delivery_failed(wk_delivery_t *d, wk_error_t *e)
{
    switch (d->failure.code) {
    case WK_UNAVAILABLE:
        return later(d, not_under_way, d->failure.retry_after_ms, e);
    case WK_FORBIDDEN:
        wk_log(WK_ALERT, "who delivers our messages refuses our login",
               WK_C("kind", d->kind->name), WK_C("error", d->failure.text));
        return later(d, tell_login, d->kind->login_ms, e);
    case WK_UNKNOWN:
        return d->kind->ask != NULL
                   ? wk_delivery_again(d, WK_UNKNOWN, d->kind->under_way_ms, d->failure.text, e)
                   : wk_delivery_end(d, WK_EFFECT_UNKNOWN, e);
    default:
        return wk_delivery_end(d, WK_EFFECT_FAILED, e);
    }
}

/* ---------------------------------------------------------------- runs */

wk_outcome_t wk_delivery_unless_last(wk_delivery_t *d, wk_outcome_t outcome, wk_error_t *e)
{
    if (outcome != WK_AGAIN || d->taken || d->ctx->attempt < d->kind->attempts) {
        return outcome;
    }
    d->failure = *e;
    return wk_delivery_end(d, d->unsent ? WK_EFFECT_FAILED : WK_EFFECT_UNKNOWN, e);
}

static wk_outcome_t lost(wk_delivery_t *d, const char *why, wk_error_t *e)
{
    wk_error(&d->failure, WK_UNKNOWN, "%s", why);
    return wk_delivery_end(
        d, d->next == WK_DELIVERY_SEND ? WK_EFFECT_FAILED : WK_EFFECT_UNKNOWN, e);
}

static wk_outcome_t go_on(wk_delivery_t *d, wk_error_t *e)
{
    if (!wk_delivery_tx(d, look_and_make_ready, e)) {
        return WK_AGAIN;
    }
    switch (d->next) {
    case WK_DELIVERY_SEND:
        return d->kind->send(d, e);
    case WK_DELIVERY_ASK:
        return d->kind->ask != NULL ? d->kind->ask(d, e)
                                    : lost(d, "nobody knows how an attempt ended", e);
    case WK_DELIVERY_WAIT:
        return wk_delivery_again(d, WK_UNKNOWN, d->wait_ms,
                                 "an earlier attempt may be under way", e);
    default:
        return WK_DONE;
    }
}

wk_outcome_t wk_delivery_resume(wk_delivery_t *d, wk_error_t *e)
{
    return wk_delivery_unless_last(d, go_on(d, e), e);
}

wk_outcome_t wk_delivery_give_up(wk_delivery_t *d, wk_error_t *e)
{
    if (!wk_delivery_tx(d, look, e)) {
        return WK_AGAIN;
    }
    bool open = d->next == WK_DELIVERY_SEND || d->next == WK_DELIVERY_ASK;
    return open ? lost(d, WK_OUTGOING_LOST, e) : WK_DONE;
}
