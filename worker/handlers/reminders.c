/*
 * reminders.send: the due reminders of one shop, in pieces that take a second and a bit each,
 * so that a hundred thousand of them hold up nobody. The next piece is a job of the last
 * transaction.
 */
#include "worker/agent/reminder.h"
#include "worker/clock.h"
#include "worker/handlers/handlers.h"
#include "worker/handlers/webhook.h"
#include "worker/outbox.h"

#define BATCH    10   /* of a transaction */
#define PIECE_MS 1000 /* after which no further batch is begun */

typedef struct {
    wk_ctx_t *ctx;
    wk_reminder_place_t place;
    bool more_reminders, more_pickups;
    bool over; /* the piece: what is left is the next one's */
} sweep_t;

static va_str_t body_of(wk_arena_t *a, const wk_reminder_place_t *place)
{
    va_buf_t text;
    va_buf_init(&text, wk_mem(a), 128);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_object(w);
    va_json_add_str(w, "after_starts", place->starts);
    va_json_add_str(w, "after_id", place->id);
    va_json_object_end(w);
    return va_json_writer_end(w) == VA_OK ? va_buf_str(&text) : VA_STR_NULL;
}

static bool batch(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    sweep_t *s = arg;
    va_str_t organization = wk_tx_organization(tx);
    if ((s->more_pickups && !wk_pickup_notices(s->ctx, tx, BATCH, &s->more_pickups, e)) ||
        (s->more_reminders &&
         !wk_reminders(s->ctx, tx, BATCH, &s->place, &s->more_reminders, e))) {
        return false;
    }
    if (!s->over || !(s->more_reminders || s->more_pickups)) {
        return true;
    }
    return wk_outbox_job(tx, WK_BULK, "reminders.send", organization, organization, VA_STR_NULL,
                         body_of(s->ctx->arena, &s->place), e);
}

wk_outcome_t wk_reminders_send(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    const va_json_t *body;
    int64_t begun = wk_monotonic_ms();
    (void)reply;
    if (!wk_webhook_json(ctx, &body, e)) {
        return wk_webhook_failed(e);
    }
    sweep_t s = {.ctx = ctx,
                 .place = {va_json_get_string(body, "after_starts"),
                           va_json_get_string(body, "after_id")},
                 .more_reminders = true,
                 .more_pickups = true};
    while (!s.over && (s.more_reminders || s.more_pickups)) {
        s.over = wk_monotonic_ms() - begun > PIECE_MS;
        if (!wk_tx(ctx->db, ctx->arena, ctx->job->org, 0, batch, &s, e)) {
            return wk_webhook_failed(e);
        }
    }
    return WK_DONE;
}
