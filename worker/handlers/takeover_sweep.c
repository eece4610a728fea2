/*
 * takeover.sweep: of one shop, ends the takeovers that nobody has ended, and lets the texts go
 * that waited for the end of one.
 */
#include "worker/agent/chat_people.h"
#include "worker/agent/event.h"
#include "worker/agent/sms.h"
#include "worker/agent/takeover.h"
#include "worker/handlers/audit.h"
#include "worker/handlers/handlers.h"
#include "worker/handlers/webhook.h"
#include "worker/store/takeovers.h"

#define BATCH 50 /* of a transaction */

typedef struct {
    wk_ctx_t *ctx;
    wk_rows_t *rows; /* the forgotten ones, which are leaving by now */
    size_t row;
    wk_takeover_thread_t thread;
    bool more;
} sweep_t;

static bool run(sweep_t *s, bool (*fn)(wk_tx_t *, void *, wk_error_t *), wk_error_t *e)
{
    return wk_tx(s->ctx->db, s->ctx->arena, s->ctx->job->org, 0, fn, s, e);
}

/* ---------------------------------------------------------------- takeovers */

static bool forgotten_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    sweep_t *s = arg;
    va_str_t most = wk_printf(wk_tx_arena(tx), "%d", BATCH);
    return wk_sql(tx, &wk_sql_takeovers_forgotten, &most, &s->rows, e);
}

static bool tell(wk_tx_t *tx, const sweep_t *s, va_str_t customer, wk_error_t *e)
{
    wk_event_t ev;
    va_str_t call = s->thread.call;
    const wk_audit_t entry = {.actor = "system",
                              .action = "takeover_forgotten",
                              .entity = call.data != NULL ? "call" : "customer",
                              .entity_id = call.data != NULL ? call : customer,
                              .data = wk_audit_chat(s->ctx, s->thread.chat)};
    wk_event_begin(&ev, tx, "ai_agent_resumed", customer, call);
    va_json_add_str(ev.json, "conversationId", entry.entity_id);
    if (s->thread.chat.data != NULL) {
        va_json_add_c(ev.json, "channel", "chat");
        va_json_add_str(ev.json, "sessionId", s->thread.chat);
    }
    if (s->thread.sid.data != NULL) {
        va_json_add_str(ev.json, "callSid", s->thread.sid);
    }
    return wk_event_end(&ev, e) && wk_audit(s->ctx, tx, &entry, e) &&
           (s->thread.chat.data == NULL || wk_chat_people_changed(tx, s->thread.chat, e));
}

/* Unless its person has come back meanwhile. */
static bool over_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    sweep_t *s = arg;
    wk_rows_t *rows;
    va_str_t params[] = {wk_cell(s->rows, s->row, "id"), VA_STR("over"), VA_STR("{leaving}")};
    if (!wk_sql(tx, &wk_sql_takeover_state, params, &rows, e)) {
        return false;
    }
    if (wk_rows_count(rows) == 0) {
        return true;
    }
    return (s->thread.call.data == NULL ||
            wk_sql(tx, &wk_sql_call_given_back, &s->thread.call, NULL, e)) &&
           tell(tx, s, wk_cell(s->rows, s->row, "customer_id"), e);
}

/* One whose run dies in between is leaving, and forgotten once more. */
static bool end_takeover(sweep_t *s, wk_error_t *e)
{
    s->thread = (wk_takeover_thread_t){.organization = s->ctx->job->org,
                                       .number = wk_cell(s->rows, s->row, "phone_number"),
                                       .chat = wk_cell(s->rows, s->row, "chat_id"),
                                       .call = wk_cell(s->rows, s->row, "call_id"),
                                       .sid = wk_cell(s->rows, s->row, "sid"),
                                       .engine = wk_cell(s->rows, s->row, "engine"),
                                       .language = wk_cell(s->rows, s->row, "language")};
    return wk_takeover_give_back(s->ctx, &s->thread, e) && run(s, over_tx, e);
}

/* What is refused of one is told when the others have ended; while the carrier is away, all
 * wait. */
static bool end_forgotten(sweep_t *s, wk_error_t *e)
{
    bool all = true;
    if (!run(s, forgotten_tx, e)) {
        return false;
    }
    for (s->row = 0; s->row < wk_rows_count(s->rows); s->row++) {
        wk_error_t why;
        if (!end_takeover(s, &why)) {
            *e = why;
            all = false;
            if (wk_error_retryable(&why)) {
                break;
            }
        }
    }
    return all;
}

/* ---------------------------------------------------------------- texts */

static bool release_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    sweep_t *s = arg;
    return wk_sms_release(tx, BATCH, &s->more, e);
}

static bool release_texts(sweep_t *s, wk_error_t *e)
{
    do {
        if (!run(s, release_tx, e)) {
            return false;
        }
    } while (s->more);
    return true;
}

wk_outcome_t wk_takeover_sweep(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    sweep_t s = {.ctx = ctx};
    wk_error_t of_texts;
    (void)reply;
    bool ended = end_forgotten(&s, e);
    if (!release_texts(&s, &of_texts)) {
        return wk_webhook_failed(&of_texts);
    }
    return ended ? WK_DONE : wk_webhook_failed(e);
}
