/*
 * Connections to outside services: what there is, connecting Google Calendar by its owner's
 * consent, and giving a connection back.
 */
#include "worker/store/integrations.h"
#include "worker/agent/calendar_connect.h"
#include "worker/agent/google_account.h"
#include "worker/effect.h"
#include "worker/handlers/audit.h"
#include "worker/handlers/caller.h"
#include "worker/handlers/handlers.h"
#include "worker/handlers/oauth_state.h"
#include "worker/handlers/reply.h"
#include "worker/handlers/request.h"
#include "worker/handlers/webhook.h"
#include "worker/log.h"
#include "worker/outbox.h"
#include "worker/store/calendar.h"

/* ---------------------------------------------------------------- integrations.list */

typedef struct {
    wk_rows_t *services, *calendars;
} list_t;

static bool list_tx(wk_tx_t *tx, const wk_caller_t *caller, void *arg, wk_error_t *e)
{
    list_t *l = arg;
    (void)caller;
    return wk_sql(tx, &wk_sql_integrations, NULL, &l->services, e) &&
           wk_sql(tx, &wk_sql_calendars_shown, NULL, &l->calendars, e);
}

static void put_calendars(va_json_writer_t *w, const wk_rows_t *rows)
{
    va_json_key(w, "calendars");
    va_json_array(w);
    for (size_t i = 0; i < wk_rows_count(rows); i++) {
        va_json_object(w);
        va_json_add_str(w, "calendar", wk_cell(rows, i, "calendar"));
        va_json_add_str(w, "synced_at", wk_cell(rows, i, "synced_at"));
        va_json_add_bool(w, "stale", wk_cell_bool(rows, i, "stale"));
        va_json_add_bool(w, "gone", wk_cell_bool(rows, i, "gone"));
        va_json_add_str(w, "error", wk_cell(rows, i, "error"));
        va_json_add_str(w, "channel_expires_at", wk_cell(rows, i, "channel_expires_at"));
        va_json_object_end(w);
    }
    va_json_array_end(w);
}

wk_outcome_t wk_integrations_list(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    list_t l;
    wk_document_t doc;
    if (!wk_caller_tx(ctx, WK_FROM_ADMIN, list_tx, &l, e)) {
        return wk_reply_error(ctx, reply, e);
    }
    va_json_writer_t *w = wk_reply_begin(ctx, &doc);
    va_json_key(w, "integrations");
    va_json_array(w);
    for (size_t i = 0; i < wk_rows_count(l.services); i++) {
        va_str_t service = wk_cell(l.services, i, "service");
        va_json_object(w);
        va_json_add_str(w, "service", service);
        va_json_add_str(w, "status", wk_cell(l.services, i, "status"));
        va_json_add_str(w, "error", wk_cell(l.services, i, "error"));
        va_json_add_str(w, "connected_at", wk_cell(l.services, i, "connected_at"));
        if (va_str_eq(service, VA_STR(WK_GOOGLE_SERVICE))) {
            put_calendars(w, l.calendars);
        }
        va_json_object_end(w);
    }
    va_json_array_end(w);
    return wk_reply_end(ctx, &doc, 200, reply, e);
}

/* ---------------------------------------------------------------- integrations.connect */

static void put_cookie(wk_ctx_t *ctx, va_reply_t *reply, va_str_t verifier, int max_age_s)
{
    /* Lax: it has to come back with a redirect of Google's. */
    va_str_t cookie = wk_printf(
        ctx->arena, WK_COOKIE_OAUTH "=%.*s; Path=/; Max-Age=%d; Secure; HttpOnly; SameSite=Lax",
        (int)verifier.len, verifier.data, max_age_s);
    wk_reply_header(ctx, reply, "set-cookie", cookie);
}

static wk_outcome_t redirect(wk_ctx_t *ctx, va_reply_t *reply, va_str_t location, wk_error_t *e)
{
    wk_document_t doc;
    wk_reply_begin(ctx, &doc);
    wk_outcome_t outcome = wk_reply_end(ctx, &doc, 302, reply, e);
    wk_reply_header(ctx, reply, "location", location);
    wk_reply_header(ctx, reply, "cache-control", VA_STR("no-store"));
    return outcome;
}

static bool connect_tx(wk_tx_t *tx, const wk_caller_t *caller, void *arg, wk_error_t *e)
{
    wk_oauth_state_t *state = arg;
    (void)tx;
    (void)e;
    state->organization = caller->organization;
    state->user = caller->user_id;
    return true;
}

wk_outcome_t wk_integrations_connect(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    wk_oauth_state_t state;
    if (!wk_caller_tx(ctx, WK_FROM_ADMIN, connect_tx, &state, e)) {
        return wk_reply_error(ctx, reply, e);
    }
    if (!wk_google_configured(ctx)) {
        wk_refuse(e, WK_R_UNAVAILABLE, "Google is not configured here.");
        return wk_reply_error(ctx, reply, e);
    }
    if (!wk_oauth_state_make(ctx, &state, e)) {
        return wk_reply_error(ctx, reply, e);
    }
    wk_outcome_t outcome =
        redirect(ctx, reply, wk_google_consent_url(ctx, state.text, state.challenge), e);
    put_cookie(ctx, reply, state.verifier, WK_OAUTH_LIFE_S);
    return outcome;
}

/* ---------------------------------------------------------------- integrations.callback */

typedef struct {
    wk_ctx_t *ctx;
    wk_oauth_state_t state;
    wk_google_tokens_t tokens;
} consent_t;

static bool store_consent_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    consent_t *c = arg;
    wk_audit_t entry = {.actor = "user",
                        .user_id = c->state.user,
                        .action = "integration_connected",
                        .entity = "integration",
                        .entity_id = VA_STR(WK_GOOGLE_SERVICE)};
    return wk_calendar_connect(c->ctx, tx, &c->tokens, c->state.user, e) &&
           wk_audit(c->ctx, tx, &entry, e);
}

/* The word for the page that is shown next; *e where it may pass. */
static const char *take_consent(consent_t *c, const va_form_t *args, wk_error_t *e)
{
    va_str_t code = va_form_get(args, "code");
    if (!wk_oauth_state_take(c->ctx, &c->state, e)) {
        return "failed";
    }
    if (code.len == 0) {
        return "denied";
    }
    if (!wk_google_exchange(c->ctx, code, c->state.verifier, &c->tokens, e)) {
        return "failed";
    }
    if (c->tokens.refresh.data == NULL || !wk_google_scopes_suffice(c->tokens.scope)) {
        return "incomplete";
    }
    bool ok =
        wk_tx(c->ctx->db, c->ctx->arena, c->state.organization, 0, store_consent_tx, c, e);
    return ok ? "connected" : "failed";
}

wk_outcome_t wk_integrations_callback(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    va_form_t args;
    consent_t c = {.ctx = ctx};
    if (!wk_request_args(ctx, &args, e)) {
        return wk_reply_error(ctx, reply, e);
    }
    c.state.text = va_form_get(&args, "state");
    c.state.verifier = wk_request_cookie(ctx->job, WK_COOKIE_OAUTH_SENT);
    e->code = WK_OK;
    const char *result = take_consent(&c, &args, e);
    if (e->code == WK_FORBIDDEN && c.state.organization.data == NULL) {
        wk_refuse(e, WK_R_FORBIDDEN, "This consent was not asked for here. Begin again.");
        return wk_reply_error(ctx, reply, e);
    }
    if (e->code != WK_OK) {
        wk_log(WK_WARN, "a consent was not stored", WK_C("error", e->text));
    }
    va_str_t page =
        wk_printf(ctx->arena, "/settings?integration=google_calendar&status=%s", result);
    wk_outcome_t outcome = redirect(ctx, reply, page, e);
    put_cookie(ctx, reply, VA_STR(""), 0);
    return outcome;
}

/* ---------------------------------------------------------------- integrations.remove */

typedef struct {
    wk_ctx_t *ctx;
    va_str_t service;
} removal_t;

static bool remove_now(wk_tx_t *tx, const removal_t *r, const wk_caller_t *caller,
                       wk_error_t *e)
{
    wk_rows_t *rows;
    wk_audit_t entry = {.actor = wk_audit_actor(caller->role),
                        .user_id = caller->user_id,
                        .action = "integration_removed",
                        .entity = "integration",
                        .entity_id = r->service};
    if (!wk_sql(tx, &wk_sql_integration_disconnect, &r->service, &rows, e)) {
        return false;
    }
    if (wk_rows_affected(rows) == 0) {
        return wk_refuse(e, WK_R_NOT_FOUND, "That service is not connected.");
    }
    if (!va_str_eq(r->service, VA_STR(WK_GOOGLE_SERVICE))) {
        return wk_sql(tx, &wk_sql_integration_forget, &r->service, NULL, e) &&
               wk_audit(r->ctx, tx, &entry, e);
    }
    return wk_audit(r->ctx, tx, &entry, e) &&
           wk_outbox_job(tx, WK_DEFAULT, "integrations.release", VA_STR_NULL,
                         VA_STR("integrations"), VA_STR_NULL, VA_STR("{}"), e);
}

/* Of a job that is run again nothing is removed: it may have been connected anew since. */
static bool remove_tx(wk_tx_t *tx, const wk_caller_t *caller, void *arg, wk_error_t *e)
{
    bool first;
    const removal_t *r = arg;
    return wk_effect_once(tx, "removal", r->ctx->job->id, &first, e) &&
           (!first || remove_now(tx, r, caller, e));
}

wk_outcome_t wk_integrations_remove(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    wk_document_t doc;
    removal_t r = {.ctx = ctx, .service = wk_request_segment(ctx->job, 2)};
    if (va_str_eq(r.service, VA_STR("google"))) {
        r.service = VA_STR(WK_GOOGLE_SERVICE);
    }
    if (!wk_caller_tx(ctx, WK_FROM_ADMIN, remove_tx, &r, e)) {
        return wk_reply_error(ctx, reply, e);
    }
    wk_reply_begin(ctx, &doc);
    return wk_reply_end(ctx, &doc, 200, reply, e);
}

/* ---------------------------------------------------------------- integrations.release */

static bool channels_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    wk_rows_t **rows = arg;
    va_str_t all = VA_STR_NULL;
    return wk_sql_last(tx, &wk_sql_calendars, &all, rows, e);
}

/* Channels end by themselves within days; here they are told to, as far as Google listens. */
static void stop_channels(const wk_google_account_t *account, const wk_rows_t *rows)
{
    wk_error_t e;
    for (size_t i = 0; i < wk_rows_count(rows); i++) {
        wk_google_channel_t channel = {.id = wk_cell(rows, i, "channel_id"),
                                       .resource_id = wk_cell(rows, i, "channel_resource_id")};
        if (channel.id.data != NULL && !wk_google_unwatch(&account->google, &channel, &e)) {
            wk_log(WK_INFO, "a channel was not stopped", WK_C("error", e.text));
        }
    }
}

static bool forget_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    wk_rows_t *rows;
    va_str_t service = VA_STR(WK_GOOGLE_SERVICE);
    (void)arg;
    if (!wk_sql(tx, &wk_sql_integration_forget, &service, &rows, e)) {
        return false;
    }
    return wk_rows_affected(rows) == 0 || /* it was connected anew */
           (wk_sql(tx, &wk_sql_calendars_remove, NULL, NULL, e) &&
            wk_sql(tx, &wk_sql_calendars_forget_events, NULL, NULL, e));
}

/* Gives the consent back, then forgets the tokens: without them it could not be given back. */
wk_outcome_t wk_integrations_release(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    wk_rows_t *rows;
    wk_google_account_t account;
    (void)reply;
    if (!wk_google_account_read(ctx, ctx->job->org, &account, e) ||
        !wk_tx(ctx->db, ctx->arena, ctx->job->org, 0, channels_tx, &rows, e)) {
        return wk_webhook_failed(e);
    }
    if (account.connected || account.refresh_token.data == NULL) {
        return WK_DONE;
    }
    stop_channels(&account, rows);
    if (!wk_google_revoke(ctx, account.refresh_token, e) && e->code == WK_UNAVAILABLE &&
        ctx->attempt < ctx->config->max_attempts) {
        return WK_AGAIN;
    }
    return wk_tx(ctx->db, ctx->arena, ctx->job->org, 0, forget_tx, NULL, e) ? WK_DONE
                                                                            : WK_AGAIN;
}
