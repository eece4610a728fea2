/*
 * privacy.sweep: of one shop, what was kept for as long as it may be is deleted. In pieces,
 * each a transaction of its own; a run that dies or has done its share is followed by another,
 * until one has come to the end.
 */
#include "worker/agent/erasure.h"
#include "worker/clock.h"
#include "worker/handlers/handlers.h"
#include "worker/handlers/webhook.h"
#include "worker/store/erasures.h"
#include "worker/store/privacy.h"

#define DAY_MS  86400000
#define BATCH   500 /* rows of a transaction */
#define BATCHES 200 /* of a run: its lane is the shop's other sweeps' too */

/* In this order: words are kept while their call goes on, and a lead is forgotten when nothing
 * leads to it any more. */
static const wk_sql_t *const sweeps[] = {
    &wk_sql_sweep_widget_keys,
    &wk_sql_sweep_proofs,
    &wk_sql_sweep_chat_effects,
    &wk_sql_sweep_calls_untold,
    &wk_sql_sweep_messages,
    &wk_sql_sweep_calls,
    &wk_sql_sweep_call_data,
    &wk_sql_sweep_recordings,
    &wk_sql_sweep_recording_pieces,
    &wk_sql_sweep_recording_rows,
    &wk_sql_sweep_evaluations,
    &wk_sql_sweep_chats,
    &wk_sql_sweep_summaries,
    &wk_sql_sweep_tasks,
    &wk_sql_sweep_effects,
    &wk_sql_sweep_effects_over,
    &wk_sql_sweep_campaign_runs,
    &wk_sql_sweep_takeovers,
    &wk_sql_sweep_call_statuses,
    &wk_sql_sweep_message_statuses,
    &wk_sql_sweep_logs,
    &wk_sql_sweep_webhooks,
    &wk_sql_sweep_leads,
    &wk_sql_anonymize_messages,
    &wk_sql_anonymize_calls,
    &wk_sql_anonymize_call_data,
};

typedef struct {
    const wk_sql_t *sql;
    int64_t done;
    va_str_t version; /* of the settings it began with */
} sweep_t;

static bool version_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    sweep_t *s = arg;
    wk_rows_t *rows;
    if (!wk_sql_last(tx, &wk_sql_privacy_version, NULL, &rows, e)) {
        return false;
    }
    s->version = wk_copy(wk_tx_arena(tx), wk_cell(rows, 0, "version"));
    return true;
}

static bool sweep_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    sweep_t *s = arg;
    wk_rows_t *rows;
    va_str_t most = wk_printf(wk_tx_arena(tx), "%d", BATCH);
    if (!wk_sql_last(tx, s->sql, &most, &rows, e)) {
        return false;
    }
    s->done = wk_cell_int(rows, 0, "done", 0);
    return true;
}

/* Requests whose job was lost, or never was. */
static bool swept_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    wk_rows_t *rows;
    const sweep_t *s = arg;
    if (!wk_sql(tx, &wk_sql_erasures_open, NULL, &rows, e)) {
        return false;
    }
    for (size_t i = 0; i < wk_rows_count(rows); i++) {
        va_str_t today = wk_printf(wk_tx_arena(tx), "%lld", (long long)(wk_now_ms() / DAY_MS));
        if (!wk_erasure_later(tx, wk_cell(rows, i, "id"), today, e)) {
            return false;
        }
    }
    return wk_sql_last(tx, &wk_sql_privacy_swept, &s->version, NULL, e);
}

static bool run(wk_ctx_t *ctx, wk_tx_fn fn, sweep_t *s, wk_error_t *e)
{
    return wk_tx(ctx->db, ctx->arena, ctx->job->org, 0, fn, s, e);
}

wk_outcome_t wk_privacy_sweep(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    size_t next = 0;
    sweep_t s = {.done = 0};
    (void)reply;
    if (!run(ctx, version_tx, &s, e)) {
        return wk_webhook_failed(e);
    }
    for (int i = 0; i < BATCHES && next < sizeof(sweeps) / sizeof(*sweeps); i++) {
        s.sql = sweeps[next];
        if (!run(ctx, sweep_tx, &s, e)) {
            return wk_webhook_failed(e);
        }
        next += s.done < BATCH;
    }
    bool over = next == sizeof(sweeps) / sizeof(*sweeps);
    return !over || run(ctx, swept_tx, &s, e) ? WK_DONE : wk_webhook_failed(e);
}
