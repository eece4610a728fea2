/*
 * hubspot.webhook: what changed in the accounts of shops, in lists, twice and in any order;
 * what a contact is now is asked for. hubspot.contact: one contact of one shop. hubspot.log: a
 * call that is over.
 */
#include "core/json.h"
#include "worker/agent/crm.h"
#include "worker/agent/task.h"
#include "worker/handlers/handlers.h"
#include "worker/handlers/request.h"
#include "worker/handlers/webhook.h"
#include "worker/json.h"
#include "worker/log.h"
#include "worker/outbox.h"
#include "worker/store/webhooks.h"

#define MAX_EVENTS 200 /* HubSpot sends 100 at most */

typedef struct {
    wk_ctx_t *ctx;
    va_str_t type, portal, object;
    va_str_t key; /* of this very event, whatever attempt delivers it */
} event_t;

/* ---------------------------------------------------------------- hubspot.webhook */

static va_str_t digits(const va_json_t *event, const char *name)
{
    int64_t n;
    const va_json_t *value = va_json_get(event, name);
    return va_json_int(value, &n) && n >= 0 ? va_json_scalar(value) : VA_STR_NULL;
}

static bool read_event(wk_ctx_t *ctx, const va_json_t *from, event_t *ev)
{
    va_str_t subscription = digits(from, "subscriptionId"), event = digits(from, "eventId");
    va_str_t at = digits(from, "occurredAt");
    *ev = (event_t){.ctx = ctx,
                    .type = va_json_get_string(from, "subscriptionType"),
                    .portal = digits(from, "portalId"),
                    .object = digits(from, "objectId")};
    ev->key =
        wk_printf(ctx->arena, "%.*s:%.*s:%.*s:%.*s:%.*s", (int)ev->portal.len, ev->portal.data,
                  (int)subscription.len, subscription.data, (int)event.len, event.data,
                  (int)at.len, at.data, (int)ev->object.len, ev->object.data);
    return ev->type.len > 0 && ev->portal.len > 0 && ev->object.len > 0 && event.len > 0;
}

static bool is_of_contact(va_str_t type)
{
    static const char prefix[] = "contact.";
    return type.len > strlen(prefix) && memcmp(type.data, prefix, strlen(prefix)) == 0;
}

static bool queue_refresh(wk_tx_t *tx, const event_t *ev, wk_error_t *e)
{
    va_buf_t text;
    va_buf_init(&text, wk_mem(ev->ctx->arena), 64);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_object(w);
    va_json_add_str(w, "contact", ev->object);
    va_json_object_end(w);
    va_str_t organization = wk_tx_organization(tx);
    va_str_t serial =
        wk_printf(ev->ctx->arena, "hubspot:%.*s", (int)organization.len, organization.data);
    return va_json_writer_end(w) == VA_OK &&
           wk_outbox_job(
               tx, WK_DEFAULT, "hubspot.contact", VA_STR_NULL, serial,
               wk_printf(ev->ctx->arena, "hubspot:%.*s", (int)ev->key.len, ev->key.data),
               va_buf_str(&text), e);
}

/* Somebody had a contact deleted for privacy: what we hold is for people to look at. */
static bool tell_of_erasure(wk_tx_t *tx, const event_t *ev, wk_error_t *e)
{
    wk_task_t task = {.kind = "review",
                      .key = wk_printf(ev->ctx->arena, "hubspot:erase:%.*s",
                                       (int)ev->object.len, ev->object.data),
                      .priority = "high",
                      .title = "task.crm_erasure",
                      .who = ev->object};
    return wk_task_raise(ev->ctx, tx, &task, e);
}

static bool event_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    const event_t *ev = arg;
    wk_rows_t *rows;
    va_str_t note[] = {VA_STR("hubspot"), ev->type, ev->key};
    if (!wk_sql(tx, &wk_sql_webhook_note, note, &rows, e)) {
        return false;
    }
    if (wk_rows_affected(rows) == 0 || !is_of_contact(ev->type)) {
        return true;
    }
    bool erased = va_str_eq(ev->type, VA_STR("contact.privacyDeletion"));
    return (!erased || tell_of_erasure(tx, ev, e)) && queue_refresh(tx, ev, e);
}

/* The account says whose event it is, and nothing else does. */
static wk_outcome_t take_event(event_t *ev, wk_error_t *e)
{
    va_str_t organization;
    if (!wk_tx_by(ev->ctx->db, ev->ctx->arena, "portal", ev->portal, 0, event_tx, ev,
                  &organization, e)) {
        return wk_webhook_failed(e);
    }
    return organization.data != NULL ? WK_DONE
                                     : wk_webhook_unrouted(ev->ctx, "portal", ev->portal, e);
}

wk_outcome_t wk_hubspot_webhook(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    const va_json_t *list = wk_json_parse(ctx->arena, ctx->job->body);
    (void)reply;
    if (!va_json_is(list, VA_JSON_ARRAY) || list->count > MAX_EVENTS) {
        wk_error(e, WK_INVALID, "the body is no list of events");
        return WK_GIVE_UP;
    }
    for (const va_json_t *from = list->first; from != NULL; from = from->next) {
        event_t ev;
        if (!read_event(ctx, from, &ev)) {
            wk_log(WK_WARN, "an event of HubSpot's that cannot be read");
            continue;
        }
        wk_outcome_t outcome = take_event(&ev, e);
        if (outcome != WK_DONE) {
            return outcome;
        }
    }
    return WK_DONE;
}

/* ---------------------------------------------------------------- the jobs behind it */

wk_outcome_t wk_hubspot_contact_changed(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    va_str_t contact;
    (void)reply;
    if (!wk_webhook_names(ctx, "contact", wk_webhook_is_id, &contact, e)) {
        return wk_webhook_failed(e);
    }
    return wk_crm_refresh(ctx, ctx->job->org, contact, e);
}

wk_outcome_t wk_hubspot_log(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    va_str_t call;
    (void)reply;
    if (!wk_webhook_names(ctx, "call", wk_is_uuid, &call, e)) {
        return wk_webhook_failed(e);
    }
    return wk_crm_log(ctx, ctx->job->org, call, e);
}
