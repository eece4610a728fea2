#include "worker/agent/call_promises.h"

#include "worker/agent/promise.h"
#include "worker/agent/task.h"
#include "worker/metrics.h"
#include "worker/store/calls.h"

/* These may be done behind the words that promise them: "I will text you". */
#define DONE_LATER (WK_DONE_TEXTED | WK_DONE_PASSED_ON)

typedef struct {
    wk_ctx_t *ctx;
    wk_tx_t *tx;
    const wk_catalogue_t *c;
    const wk_call_t *call;
    const wk_report_t *report;
    wk_stands_t stands;
} judge_t;

static bool is_agents(const wk_report_turn_t *turn)
{
    return va_str_eq(turn->speaker, VA_STR("agent"));
}

static unsigned done_from(const wk_report_t *r, size_t i)
{
    unsigned done = 0;
    for (; i < r->n_turns; i++) {
        done |= r->turns[i].done;
    }
    return done;
}

static bool raise_alarm(judge_t *j, size_t i, const char *broken, wk_error_t *e)
{
    const wk_call_told_t *told = &j->call->told;
    va_str_t conversation = j->report->conversation;
    const wk_task_t task = {.kind = "alarm",
                            .key = wk_printf(wk_tx_arena(j->tx), "said:%.*s:%zu",
                                             (int)conversation.len, conversation.data, i),
                            .priority = "high",
                            .title = "task.said",
                            .body = "task.said_elsewhere_body",
                            .text = j->report->turns[i].text,
                            .who = told->outbound ? told->called : told->caller,
                            .customer = j->call->customer};
    wk_count("voiceagent_promises_broken_total", "claim", va_str_c(broken), NULL, VA_STR_NULL,
             1);
    return wk_task_raise(j->ctx, j->tx, &task, e);
}

static bool claims(judge_t *j, va_str_t text)
{
    return wk_promise_broken(wk_tx_arena(j->tx), j->c, text, &(wk_stands_t){0}) != NULL;
}

/*
 * The turns from first to end are the agent's, without a word of the customer between: a tool
 * of the last stands behind the words of the first.
 */
static bool judge_turns(judge_t *j, size_t first, size_t end, wk_error_t *e)
{
    bool ok = true, any = false;
    const wk_report_turn_t *turns = j->report->turns;
    wk_stands_t stands = j->stands;
    stands.done |= done_from(j->report, end) & DONE_LATER;
    for (size_t i = first; ok && i < end; i++) {
        if (claims(j, turns[i].text)) {
            const char *broken =
                wk_promise_broken(wk_tx_arena(j->tx), j->c, turns[i].text, &stands);
            any = true;
            ok = broken == NULL || raise_alarm(j, i, broken, e);
        }
    }
    j->stands.done = any ? 0 : j->stands.done;
    return ok;
}

/* *end: behind the last turn of the agent's in a row. */
static void read_deeds(judge_t *j, size_t first, size_t *end)
{
    const wk_report_t *r = j->report;
    for (*end = first; *end < r->n_turns && is_agents(&r->turns[*end]); (*end)++) {
        j->stands.done |= r->turns[*end].done;
        j->stands.again |= r->turns[*end].done;
    }
}

static void hear(judge_t *j, va_str_t text)
{
    if (j->stands.again != 0) {
        j->stands.again &=
            ~wk_promise_asked(wk_tx_arena(j->tx), j->c, text, j->stands.appointments);
    }
}

static bool judge_all(judge_t *j, wk_error_t *e)
{
    bool ok = true;
    const wk_report_t *r = j->report;
    for (size_t i = 0, end = 0; ok && i < r->n_turns; i = end) {
        read_deeds(j, i, &end);
        if (end == i) {
            hear(j, r->turns[end++].text);
        } else {
            ok = judge_turns(j, i, end, e);
        }
    }
    return ok;
}

bool wk_call_promises(wk_ctx_t *ctx, wk_tx_t *tx, const wk_catalogue_t *c,
                      const wk_call_t *call, const wk_report_t *report, wk_error_t *e)
{
    wk_rows_t *row;
    wk_arena_t *a = wk_tx_arena(tx);
    judge_t j = {.ctx = ctx, .tx = tx, .c = c, .call = call, .report = report};
    va_str_t params[] = {call->id, call->customer,
                         report->started_at > 0
                             ? wk_printf(a, "%lld", (long long)report->started_at)
                             : VA_STR_NULL};
    if (!wk_sql(tx, &wk_sql_call_promises, params, &row, e)) {
        return wk_error_wrap(e, "promises of a call");
    }
    j.stands.appointments = wk_cell_json(a, row, 0, "appointments");
    return wk_cell_bool(row, 0, "judged") || judge_all(&j, e) ||
           wk_error_wrap(e, "promises of a call");
}
