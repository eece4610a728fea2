/*
 * campaigns.send: what campaigns and follow-ups of one shop have to do now, in pieces that take
 * a second and a bit each. campaigns.call: one run that calls.
 */
#include "worker/agent/campaign.h"
#include "worker/clock.h"
#include "worker/handlers/handlers.h"
#include "worker/handlers/request.h"
#include "worker/handlers/webhook.h"
#include "worker/outbox.h"

#define BATCH    50   /* of a transaction */
#define PIECE_MS 1000 /* after which no further batch is begun */

typedef struct {
    wk_ctx_t *ctx;
    bool more_customers, more_runs;
    bool over; /* the piece: what is left is the next one's */
} sweep_t;

/* Customers first: their runs may be due at once. */
static bool batch(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    sweep_t *s = arg;
    va_str_t organization = wk_tx_organization(tx);
    if ((s->more_customers && !wk_campaigns_find(tx, BATCH, &s->more_customers, e)) ||
        !wk_campaigns_run(s->ctx, tx, BATCH, &s->more_runs, e)) {
        return false;
    }
    if (!s->over || !(s->more_customers || s->more_runs)) {
        return true;
    }
    return wk_outbox_job(tx, WK_BULK, "campaigns.send", organization, organization, VA_STR_NULL,
                         VA_STR("{}"), e);
}

wk_outcome_t wk_campaigns_send(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    int64_t begun = wk_monotonic_ms();
    sweep_t s = {.ctx = ctx, .more_customers = true, .more_runs = true};
    (void)reply;
    while (!s.over && (s.more_customers || s.more_runs)) {
        s.over = wk_monotonic_ms() - begun > PIECE_MS;
        if (!wk_tx(ctx->db, ctx->arena, ctx->job->org, 0, batch, &s, e)) {
            return wk_webhook_failed(e);
        }
    }
    return WK_DONE;
}

wk_outcome_t wk_campaigns_call(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    va_str_t run;
    (void)reply;
    if (!wk_webhook_names(ctx, "run", wk_is_uuid, &run, e)) {
        return wk_webhook_failed(e);
    }
    return wk_campaign_call(ctx, ctx->job->org, run, e);
}
