/*
 * openai.webhook: what OpenAI tells of us. A call that somebody took to OpenAI over SIP is no
 * shop's: our calls come from the carrier, and their sound goes to OpenAI through us. It is
 * declined, so that nobody rings in vain, and noted. Anything else is counted.
 */
#include "worker/handlers/handlers.h"
#include "worker/handlers/webhook.h"
#include "worker/metrics.h"
#include "worker/providers/openai_calls.h"

typedef struct {
    const char *type;
    const char *id; /* where in the event the offer's id is */
    wk_openai_api_t api;
} offer_t;

static const offer_t offers[] = {
    {"realtime.call.incoming", "/data/call_id", WK_OPENAI_REALTIME},
    {"live.call.incoming", "/data/session_id", WK_OPENAI_LIVE},
    {"live.transport.incoming", "/data/session_id", WK_OPENAI_LIVE},
};

static const offer_t *offer_of(va_str_t type)
{
    for (size_t i = 0; i < sizeof(offers) / sizeof(*offers); i++) {
        if (va_str_eq(type, va_str_c(offers[i].type))) {
            return &offers[i];
        }
    }
    return NULL;
}

/* Types are OpenAI's to invent: those that mean nothing here are one series. */
static void count(const offer_t *offer)
{
    wk_count("voiceagent_openai_webhooks_total", "type",
             va_str_c(offer != NULL ? offer->type : "other"), NULL, VA_STR_NULL, 1);
}

static wk_outcome_t decline(wk_ctx_t *ctx, const offer_t *offer, const va_json_t *event,
                            wk_error_t *e)
{
    va_str_t id = va_json_string(va_json_pointer(event, va_str_c(offer->id)));
    if (!wk_webhook_is_id(id)) {
        wk_error(e, WK_INVALID, "a call is offered without its id");
        return WK_GIVE_UP;
    }
    if (!wk_openai_call_decline(ctx, offer->api, id, e)) {
        return wk_webhook_failed(e);
    }
    return wk_webhook_unrouted(ctx, "openai_call", id, e);
}

wk_outcome_t wk_openai_webhook(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    const va_json_t *event;
    (void)reply;
    if (!wk_webhook_json(ctx, &event, e)) {
        return wk_webhook_failed(e);
    }
    const offer_t *offer = offer_of(va_json_get_string(event, "type"));
    count(offer);
    return offer != NULL ? decline(ctx, offer, event, e) : WK_DONE;
}
