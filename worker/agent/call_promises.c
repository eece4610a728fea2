#include "worker/agent/call_promises.h"

#include "worker/agent/promise.h"
#include "worker/agent/task.h"
#include "worker/metrics.h"
#include "worker/store/calls.h"

/* These may be done behind the words that promise them: "I will text you". */
#define DONE_LATER (WK_DONE_TEXTED | WK_DONE_PASSED_ON)

/* Of one turn: what the agent claims in it, or its customer wishes for. */
typedef struct {
    const wk_claim_t *claims;
    const wk_wish_t *wish;
    const char *alarm; /* the claim a task was raised for; NULL: none */
} said_t;

struct wk_call_promises {
    wk_ctx_t *ctx;
    const wk_report_t *report;
    said_t *said; /* by turn */

    wk_tx_t *tx;
    const wk_call_t *call;
    wk_stands_t stands;
};

static bool is_agents(const wk_report_turn_t *turn)
{
    return va_str_eq(turn->speaker, VA_STR("agent"));
}

/* ---------------------------------------------------------------- before */

/* A wish counts behind something that was done. */
wk_call_promises_t *wk_call_promises(wk_ctx_t *ctx, const wk_catalogue_t *c,
                                     const wk_report_t *report)
{
    unsigned done = 0;
    wk_arena_t *a = ctx->arena;
    wk_call_promises_t *p = wk_alloc(a, sizeof(*p));
    *p = (wk_call_promises_t){.ctx = ctx, .report = report};
    p->said = wk_alloc(a, (report->n_turns + 1) * sizeof(*p->said));
    for (size_t i = 0; i < report->n_turns; i++) {
        const wk_report_turn_t *turn = &report->turns[i];
        p->said[i] = (said_t){.claims = NULL};
        if (is_agents(turn)) {
            p->said[i].claims = wk_promise_claims(a, c, turn->text);
            done |= turn->done;
        } else if (done != 0) {
            p->said[i].wish = wk_promise_wish(a, c, turn->text);
        }
    }
    return p;
}

/* ---------------------------------------------------------------- in the transaction */

static unsigned done_from(const wk_report_t *r, size_t i)
{
    unsigned done = 0;
    for (; i < r->n_turns; i++) {
        done |= r->turns[i].done;
    }
    return done;
}

static bool raise_alarm(wk_call_promises_t *p, size_t i, const char *broken, wk_error_t *e)
{
    bool is_new;
    const wk_call_told_t *told = &p->call->told;
    va_str_t conversation = p->report->conversation;
    const wk_task_t task = {.kind = "alarm",
                            .key = wk_printf(wk_tx_arena(p->tx), "said:%.*s:%zu",
                                             (int)conversation.len, conversation.data, i),
                            .priority = "high",
                            .title = "task.said",
                            .body = "task.said_elsewhere_body",
                            .text = p->report->turns[i].text,
                            .who = told->outbound ? told->called : told->caller,
                            .customer = p->call->customer};
    if (!wk_task_raise_new(p->ctx, p->tx, &task, &is_new, e)) {
        return false;
    }
    p->said[i].alarm = is_new ? broken : NULL;
    return true;
}

/*
 * The turns from first to end are the agent's, without a word of the customer between: a tool
 * of the last stands behind the words of the first.
 */
static bool judge_turns(wk_call_promises_t *p, size_t first, size_t end, wk_error_t *e)
{
    bool ok = true, any = false;
    wk_stands_t stands = p->stands;
    stands.done |= done_from(p->report, end) & DONE_LATER;
    for (size_t i = first; ok && i < end; i++) {
        const char *broken = wk_promise_unkept(p->said[i].claims, &stands);
        any = any || p->said[i].claims != NULL;
        ok = broken == NULL || raise_alarm(p, i, broken, e);
    }
    p->stands.done = any ? 0 : p->stands.done;
    return ok;
}

/* *end: behind the last turn of the agent's in a row. */
static void read_deeds(wk_call_promises_t *p, size_t first, size_t *end)
{
    const wk_report_t *r = p->report;
    for (*end = first; *end < r->n_turns && is_agents(&r->turns[*end]); (*end)++) {
        p->stands.done |= r->turns[*end].done;
        p->stands.again |= r->turns[*end].done;
    }
}

static bool judge_all(wk_call_promises_t *p, wk_error_t *e)
{
    bool ok = true;
    const wk_report_t *r = p->report;
    for (size_t i = 0, end = 0; ok && i < r->n_turns; i = end) {
        read_deeds(p, i, &end);
        if (end == i) {
            const wk_wish_t *wish = p->said[end++].wish;
            p->stands.again &= ~wk_promise_wished(wish, p->stands.appointments);
        } else {
            ok = judge_turns(p, i, end, e);
        }
    }
    return ok;
}

bool wk_call_promises_judge(wk_call_promises_t *p, wk_tx_t *tx, const wk_call_t *call,
                            wk_error_t *e)
{
    wk_rows_t *row;
    wk_arena_t *a = wk_tx_arena(tx);
    int64_t began = p->report->started_at;
    va_str_t params[] = {call->id, call->customer,
                         began > 0 ? wk_printf(a, "%lld", (long long)began) : VA_STR_NULL};
    if (!wk_sql(tx, &wk_sql_call_promises, params, &row, e)) {
        return wk_error_wrap(e, "promises of a call");
    }
    p->tx = tx;
    p->call = call;
    p->stands = (wk_stands_t){.appointments = wk_cell_json(a, row, 0, "appointments")};
    return wk_cell_bool(row, 0, "judged") || judge_all(p, e) ||
           wk_error_wrap(e, "promises of a call");
}

/* ---------------------------------------------------------------- after */

void wk_call_promises_count(const wk_call_promises_t *p)
{
    for (size_t i = 0; i < p->report->n_turns; i++) {
        const char *alarm = p->said[i].alarm;
        if (alarm != NULL) {
            wk_count("voiceagent_promises_broken_total", "claim", va_str_c(alarm), NULL,
                     VA_STR_NULL, 1);
        }
    }
}
