/*
 * livekit.webhook: what LiveKit tells of rooms, more than once and in any order. A room's name
 * says which call it is of, and at which epoch: once the call has gone on to somebody else,
 * what becomes of its old room means nothing.
 *
 * A room that is over was closed by its agent: so the call is hung up at the re-entry door. A
 * caller who is alone in one is taken out of it, to that door.
 */
#include "worker/providers/livekit.h"
#include "worker/agent/redirect.h"
#include "worker/call_state.h"
#include "worker/handlers/handlers.h"
#include "worker/handlers/webhook.h"
#include "worker/log.h"
#include "worker/metrics.h"

#define ALONE_RUNS 3    /* how often a caller is found alone who then waits no more */
#define ALONE_MS   3000 /* between them: an agent needs a moment to join */

typedef struct {
    va_str_t type, room, kind; /* kind: of the participant it is about, where there is one */
    va_str_t sid;
    int64_t epoch;
    wk_call_state_t state;
} event_t;

static bool is(const event_t *ev, const char *type)
{
    return va_str_eq(ev->type, va_str_c(type));
}

static bool of_agent(const event_t *ev)
{
    return va_str_eq(ev->kind, VA_STR("AGENT"));
}

static bool read_event(wk_ctx_t *ctx, event_t *ev, wk_error_t *e)
{
    const va_json_t *body;
    if (!wk_webhook_json(ctx, &body, e)) {
        return false;
    }
    ev->type = va_json_get_string(body, "event");
    ev->room = va_json_get_string(va_json_get(body, "room"), "name");
    ev->kind = va_json_get_string(va_json_get(body, "participant"), "kind");
    return ev->type.len > 0 ||
           wk_error(e, WK_INVALID, "an event of LiveKit's without its type");
}

/* Types are LiveKit's to invent: those that mean nothing here are one series. */
static void count(const event_t *ev)
{
    static const char *const types[] = {"room_started", "room_finished", "participant_joined",
                                        "participant_left", "participant_connection_aborted"};
    const char *label = "other";
    for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
        label = is(ev, types[i]) ? types[i] : label;
    }
    wk_count("voiceagent_livekit_webhooks_total", "type", va_str_c(label), NULL, VA_STR_NULL,
             1);
}

/* ---------------------------------------------------------------- what becomes of the call */

static wk_outcome_t hang_up(wk_ctx_t *ctx, const event_t *ev, wk_error_t *e)
{
    bool stale;
    const wk_call_field_t fields[] = {{"next", VA_STR("hangup")}, {"detail", VA_STR("{}")}};
    return wk_call_state_set(ctx->redis, ctx->arena, ev->sid, ev->epoch, fields, 2, &stale, e)
               ? WK_DONE
               : wk_webhook_failed(e);
}

static wk_outcome_t take_out(wk_ctx_t *ctx, const event_t *ev, wk_error_t *e)
{
    const wk_redirect_t to = {.organization = ev->state.organization,
                              .sid = ev->sid,
                              .language = ev->state.language,
                              .path = "resume",
                              .n = ev->epoch};
    wk_log(WK_WARN, "a caller was alone in a room of LiveKit's", WK_S("call", ev->sid));
    return wk_redirect_call(ctx, &to, e) ? WK_DONE : wk_webhook_failed(e);
}

/* An agent that is expected gets a while to come; one that has left does not come back. */
static wk_outcome_t see_to_caller(wk_ctx_t *ctx, const event_t *ev, bool expected,
                                  wk_error_t *e)
{
    bool exists, has;
    if (!wk_livekit_room_exists(ctx, ev->room, &exists, e)) {
        return wk_webhook_failed(e);
    }
    if (!exists) {
        return WK_DONE;
    }
    if (!wk_livekit_has_agent(ctx, ev->room, &has, e)) {
        return wk_webhook_failed(e);
    }
    if (has) {
        return WK_DONE;
    }
    if (expected && ctx->attempt < ALONE_RUNS) {
        wk_error(e, WK_UNAVAILABLE, "no agent has joined yet");
        e->retry_after_ms = ALONE_MS;
        return WK_AGAIN;
    }
    return take_out(ctx, ev, e);
}

static wk_outcome_t take(wk_ctx_t *ctx, const event_t *ev, wk_error_t *e)
{
    if (is(ev, "room_finished")) {
        return hang_up(ctx, ev, e);
    }
    if (is(ev, "participant_joined") && !of_agent(ev)) {
        return see_to_caller(ctx, ev, true, e);
    }
    if ((is(ev, "participant_left") || is(ev, "participant_connection_aborted")) &&
        of_agent(ev)) {
        return see_to_caller(ctx, ev, false, e);
    }
    return WK_DONE;
}

/* ---------------------------------------------------------------- whose it is */

static bool has_the_call(const event_t *ev)
{
    return !ev->state.ended && ev->state.epoch == ev->epoch &&
           va_str_eq(ev->state.engine, VA_STR("livekit"));
}

wk_outcome_t wk_livekit_webhook(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    event_t ev;
    bool found = false;
    (void)reply;
    if (!read_event(ctx, &ev, e)) {
        return wk_webhook_failed(e);
    }
    count(&ev);
    if (!wk_livekit_room_read(ev.room, &ev.sid, &ev.epoch) || !wk_webhook_is_id(ev.sid)) {
        return wk_webhook_unrouted(ctx, "room", ev.room, e);
    }
    if (!wk_call_state_read(ctx->redis, ctx->arena, ev.sid, &ev.state, &found, e)) {
        return wk_webhook_failed(e);
    }
    if (!found) {
        return wk_webhook_unrouted(ctx, "room", ev.room, e);
    }
    return has_the_call(&ev) ? take(ctx, &ev, e) : WK_DONE;
}
