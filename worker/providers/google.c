#include "worker/providers/google.h"

#include <stdio.h>
#include <string.h>

#include "core/form.h"

#define AUTH_URL   "https://accounts.google.com"
#define TOKEN_URL  "https://oauth2.googleapis.com"
#define API_URL    "https://www.googleapis.com"
#define TIMEOUT_MS 10000
#define MAX_BYTES  (8 << 20)
#define PAGE_SIZE  "250"

#define SCOPE_EVENTS    "https://www.googleapis.com/auth/calendar.events"
#define SCOPE_FREE_BUSY "https://www.googleapis.com/auth/calendar.freebusy"

static const va_json_limits_t limits = {MAX_BYTES, 32, 500000};

/* ---------------------------------------------------------------- addresses */

static const char *host(const wk_ctx_t *ctx, const char *real)
{
    return ctx->config->google_base_url != NULL ? ctx->config->google_base_url : real;
}

static void begin_url(wk_ctx_t *ctx, va_buf_t *url, const char *real, const char *path)
{
    va_buf_init(url, wk_mem(ctx->arena), 256);
    va_buf_add_c(url, host(ctx, real));
    va_buf_add_c(url, path);
}

static void begin_calendar_url(const wk_google_t *g, va_buf_t *url, va_str_t calendar,
                               const char *rest)
{
    begin_url(g->ctx, url, API_URL, "/calendar/v3/calendars/");
    va_url_encode(url, calendar);
    va_buf_add_c(url, rest);
}

static const char *end_url(va_buf_t *url)
{
    va_buf_add_char(url, '\0');
    return va_buf_str(url).data;
}

static const char *event_url(const wk_google_t *g, va_str_t calendar, va_str_t id,
                             const char *query)
{
    va_buf_t url;
    begin_calendar_url(g, &url, calendar, "/events/");
    va_url_encode(&url, id);
    va_buf_add_c(&url, query);
    return end_url(&url);
}

/* ---------------------------------------------------------------- errors */

static bool is_rate_limit(va_str_t reason)
{
    return va_str_eq(reason, VA_STR("rateLimitExceeded")) ||
           va_str_eq(reason, VA_STR("userRateLimitExceeded")) ||
           va_str_eq(reason, VA_STR("quotaExceeded"));
}

static wk_code_t class_of(int status, va_str_t reason)
{
    switch (status) {
    case 401:
        return WK_FORBIDDEN;
    case 403:
        return is_rate_limit(reason) ? WK_UNAVAILABLE : WK_REFUSED;
    case 404:
    case 410:
        return WK_NOT_FOUND;
    case 409:
    case 412:
        return WK_CONFLICT;
    default:
        return status == 408 || status == 429 || status >= 500 ? WK_UNAVAILABLE : WK_REFUSED;
    }
}

/* {"error": {"errors": [{"reason"}]}}, or of the token endpoint {"error": "word"}. */
static bool refused(wk_ctx_t *ctx, const wk_http_response_t *res, wk_error_t *e)
{
    const va_json_t *root = NULL;
    (void)va_json_parse(wk_mem(ctx->arena), res->body, &limits, &root);
    va_str_t reason = va_json_string(va_json_pointer(root, VA_STR("/error/errors/0/reason")));
    if (reason.data == NULL) {
        reason = va_json_get_string(root, "error");
    }
    int n = (int)(reason.len < sizeof(e->detail) - 1 ? reason.len : sizeof(e->detail) - 1);
    wk_error(e, class_of(res->status, reason), "Google: status %d %.*s", res->status, n,
             n > 0 ? reason.data : "");
    snprintf(e->detail, sizeof(e->detail), "%.*s", n, n > 0 ? reason.data : "");
    e->retry_after_ms = res->retry_after_ms;
    return false;
}

/* ---------------------------------------------------------------- requests */

static bool ask(wk_ctx_t *ctx, const wk_http_request_t *req, wk_http_response_t *res,
                wk_error_t *e)
{
    if (wk_http(ctx->http, ctx->arena, req, res, e)) {
        return true;
    }
    e->code = e->code == WK_UNKNOWN ? WK_UNAVAILABLE : e->code;
    return wk_error_wrap(e, "Google");
}

static bool read_object(wk_ctx_t *ctx, const wk_http_response_t *res, const va_json_t **object,
                        wk_error_t *e)
{
    return (va_json_parse(wk_mem(ctx->arena), res->body, &limits, object) == VA_OK &&
            va_json_is(*object, VA_JSON_OBJECT)) ||
           wk_error(e, WK_UNAVAILABLE, "Google: an answer that cannot be read");
}

/* As ask(), with the token. etag may be absent, and body. */
static bool ask_api(const wk_google_t *g, const char *method, const char *url, va_str_t etag,
                    va_str_t body, wk_http_response_t *res, wk_error_t *e)
{
    size_t n = 0;
    const char *headers[4];
    wk_arena_t *a = g->ctx->arena;
    headers[n++] = wk_printf(a, "Authorization: Bearer %.*s", (int)g->access_token.len,
                             g->access_token.data)
                       .data;
    if (body.data != NULL) {
        headers[n++] = "Content-Type: application/json";
    }
    if (etag.data != NULL) {
        headers[n++] = wk_printf(a, "If-Match: %.*s", (int)etag.len, etag.data).data;
    }
    headers[n] = NULL;
    wk_http_request_t req = {.method = method,
                             .url = url,
                             .headers = headers,
                             .body = body,
                             .timeout_ms = g->timeout_ms > 0 ? g->timeout_ms : TIMEOUT_MS,
                             .max_bytes = MAX_BYTES};
    return ask(g->ctx, &req, res, e);
}

static bool ask_object(const wk_google_t *g, const char *method, const char *url, va_str_t etag,
                       va_str_t body, const va_json_t **object, wk_error_t *e)
{
    wk_http_response_t res;
    if (!ask_api(g, method, url, etag, body, &res, e)) {
        return false;
    }
    return res.status == 200 ? read_object(g->ctx, &res, object, e) : refused(g->ctx, &res, e);
}

/* ---------------------------------------------------------------- consent */

bool wk_google_configured(const wk_ctx_t *ctx)
{
    return ctx->config->google_client_id != NULL && ctx->config->google_client_secret != NULL &&
           ctx->config->public_url != NULL;
}

static va_str_t redirect_uri(wk_ctx_t *ctx)
{
    return wk_printf(ctx->arena, "%s/auth/callback", ctx->config->public_url);
}

va_str_t wk_google_consent_url(wk_ctx_t *ctx, va_str_t state, va_str_t challenge)
{
    va_buf_t query, url;
    va_buf_init(&query, wk_mem(ctx->arena), 512);
    va_form_add(&query, VA_STR("client_id"), va_str_c(ctx->config->google_client_id));
    va_form_add(&query, VA_STR("redirect_uri"), redirect_uri(ctx));
    va_form_add(&query, VA_STR("response_type"), VA_STR("code"));
    va_form_add(&query, VA_STR("scope"), VA_STR(SCOPE_EVENTS " " SCOPE_FREE_BUSY));
    /* Without both no refresh token comes with a consent that is not the first. */
    va_form_add(&query, VA_STR("access_type"), VA_STR("offline"));
    va_form_add(&query, VA_STR("prompt"), VA_STR("consent"));
    va_form_add(&query, VA_STR("state"), state);
    va_form_add(&query, VA_STR("code_challenge"), challenge);
    va_form_add(&query, VA_STR("code_challenge_method"), VA_STR("S256"));
    begin_url(ctx, &url, AUTH_URL, "/o/oauth2/v2/auth?");
    va_buf_add_str(&url, va_buf_str(&query));
    return va_buf_str(&url);
}

static bool ask_form(wk_ctx_t *ctx, const char *path, va_str_t form, int timeout_ms,
                     wk_http_response_t *res, wk_error_t *e)
{
    static const char *const headers[] = {"Content-Type: application/x-www-form-urlencoded",
                                          NULL};
    va_buf_t url;
    begin_url(ctx, &url, TOKEN_URL, path);
    wk_http_request_t req = {.method = "POST",
                             .url = end_url(&url),
                             .headers = headers,
                             .body = form,
                             .timeout_ms = timeout_ms};
    return ask(ctx, &req, res, e);
}

/* The form may already hold what is asked for; the client proves itself here. */
static bool ask_tokens(wk_ctx_t *ctx, va_buf_t *form, int timeout_ms,
                       wk_google_tokens_t *tokens, wk_error_t *e)
{
    wk_http_response_t res;
    const va_json_t *root;
    if (!wk_google_configured(ctx)) {
        return wk_error(e, WK_INTERNAL, "Google: no client is configured");
    }
    va_form_add(form, VA_STR("client_id"), va_str_c(ctx->config->google_client_id));
    va_form_add(form, VA_STR("client_secret"), va_str_c(ctx->config->google_client_secret));
    if (!ask_form(ctx, "/token", va_buf_str(form), timeout_ms, &res, e)) {
        return false;
    }
    if (res.status != 200) {
        return refused(ctx, &res, e);
    }
    if (!read_object(ctx, &res, &root, e)) {
        return false;
    }
    *tokens = (wk_google_tokens_t){.access = va_json_get_string(root, "access_token"),
                                   .refresh = va_json_get_string(root, "refresh_token"),
                                   .scope = va_json_get_string(root, "scope")};
    return (tokens->access.len > 0 &&
            va_json_int(va_json_get(root, "expires_in"), &tokens->expires_s)) ||
           wk_error(e, WK_UNAVAILABLE, "Google: an answer without a token");
}

bool wk_google_exchange(wk_ctx_t *ctx, va_str_t code, va_str_t verifier,
                        wk_google_tokens_t *tokens, wk_error_t *e)
{
    va_buf_t form;
    va_buf_init(&form, wk_mem(ctx->arena), 512);
    va_form_add(&form, VA_STR("grant_type"), VA_STR("authorization_code"));
    va_form_add(&form, VA_STR("code"), code);
    va_form_add(&form, VA_STR("code_verifier"), verifier);
    va_form_add(&form, VA_STR("redirect_uri"), redirect_uri(ctx));
    return ask_tokens(ctx, &form, TIMEOUT_MS, tokens, e);
}

bool wk_google_refresh(wk_ctx_t *ctx, va_str_t refresh_token, int timeout_ms,
                       wk_google_tokens_t *tokens, wk_error_t *e)
{
    va_buf_t form;
    va_buf_init(&form, wk_mem(ctx->arena), 512);
    va_form_add(&form, VA_STR("grant_type"), VA_STR("refresh_token"));
    va_form_add(&form, VA_STR("refresh_token"), refresh_token);
    return ask_tokens(ctx, &form, timeout_ms > 0 ? timeout_ms : TIMEOUT_MS, tokens, e);
}

bool wk_google_consent_ended(const wk_error_t *e)
{
    return e->code == WK_REFUSED && strcmp(e->detail, "invalid_grant") == 0;
}

bool wk_google_revoke(wk_ctx_t *ctx, va_str_t token, wk_error_t *e)
{
    va_buf_t form;
    wk_http_response_t res;
    va_buf_init(&form, wk_mem(ctx->arena), 256);
    va_form_add(&form, VA_STR("token"), token);
    if (!ask_form(ctx, "/revoke", va_buf_str(&form), TIMEOUT_MS, &res, e)) {
        return false;
    }
    return res.status == 200 || res.status == 400 || refused(ctx, &res, e);
}

static bool has_word(va_str_t text, va_str_t word)
{
    for (size_t at = 0; at < text.len;) {
        const char *space = memchr(text.data + at, ' ', text.len - at);
        size_t len = space != NULL ? (size_t)(space - text.data) - at : text.len - at;
        if (va_str_eq(va_str(text.data + at, len), word)) {
            return true;
        }
        at += len + 1;
    }
    return false;
}

bool wk_google_scopes_suffice(va_str_t scope)
{
    return has_word(scope, VA_STR(SCOPE_EVENTS)) && has_word(scope, VA_STR(SCOPE_FREE_BUSY));
}

/* ---------------------------------------------------------------- events */

bool wk_google_event_get(const wk_google_t *g, va_str_t calendar, va_str_t id,
                         const va_json_t **event, wk_error_t *e)
{
    return ask_object(g, "GET", event_url(g, calendar, id, ""), VA_STR_NULL, VA_STR_NULL, event,
                      e);
}

bool wk_google_event_insert(const wk_google_t *g, va_str_t calendar, va_str_t body,
                            const va_json_t **event, wk_error_t *e)
{
    va_buf_t url;
    begin_calendar_url(g, &url, calendar, "/events?sendUpdates=all");
    return ask_object(g, "POST", end_url(&url), VA_STR_NULL, body, event, e);
}

bool wk_google_event_patch(const wk_google_t *g, va_str_t calendar, va_str_t id, va_str_t etag,
                           va_str_t body, const va_json_t **event, wk_error_t *e)
{
    return ask_object(g, "PATCH", event_url(g, calendar, id, "?sendUpdates=all"), etag, body,
                      event, e);
}

bool wk_google_event_delete(const wk_google_t *g, va_str_t calendar, va_str_t id, wk_error_t *e)
{
    wk_http_response_t res;
    if (!ask_api(g, "DELETE", event_url(g, calendar, id, "?sendUpdates=all"), VA_STR_NULL,
                 VA_STR_NULL, &res, e)) {
        return false;
    }
    return res.status == 204 || res.status == 200 || res.status == 404 || res.status == 410 ||
           refused(g->ctx, &res, e);
}

static const char *events_url(const wk_google_t *g, va_str_t calendar, va_str_t sync_token,
                              va_str_t time_min, va_str_t page)
{
    va_buf_t url, query;
    va_buf_init(&query, wk_mem(g->ctx->arena), 256);
    va_form_add(&query, VA_STR("singleEvents"), VA_STR("true"));
    va_form_add(&query, VA_STR("maxResults"), VA_STR(PAGE_SIZE));
    if (sync_token.data != NULL) {
        va_form_add(&query, VA_STR("syncToken"), sync_token);
    } else {
        va_form_add(&query, VA_STR("timeMin"), time_min);
    }
    if (page.data != NULL) {
        va_form_add(&query, VA_STR("pageToken"), page);
    }
    begin_calendar_url(g, &url, calendar, "/events?");
    va_buf_add_str(&url, va_buf_str(&query));
    return end_url(&url);
}

static va_str_t optional(const va_json_t *object, const char *name)
{
    va_str_t text = va_json_get_string(object, name);
    return text.len > 0 ? text : VA_STR_NULL;
}

bool wk_google_events(const wk_google_t *g, va_str_t calendar, va_str_t sync_token,
                      va_str_t time_min, va_str_t page, wk_google_page_t *out, wk_error_t *e)
{
    wk_http_response_t res;
    const va_json_t *root;
    *out = (wk_google_page_t){.token_lost = false};
    if (!ask_api(g, "GET", events_url(g, calendar, sync_token, time_min, page), VA_STR_NULL,
                 VA_STR_NULL, &res, e)) {
        return false;
    }
    out->token_lost = res.status == 410;
    if (res.status != 200) {
        return out->token_lost || refused(g->ctx, &res, e);
    }
    if (!read_object(g->ctx, &res, &root, e)) {
        return false;
    }
    out->items = va_json_get(root, "items");
    out->zone = optional(root, "timeZone");
    out->next_page = optional(root, "nextPageToken");
    out->sync_token = optional(root, "nextSyncToken");
    return out->next_page.data != NULL || out->sync_token.data != NULL ||
           wk_error(e, WK_UNAVAILABLE, "Google: a list without an end");
}

/* ---------------------------------------------------------------- free/busy */

static va_str_t free_busy_body(wk_ctx_t *ctx, const va_str_t *ids, size_t n, va_str_t from,
                               va_str_t until)
{
    va_buf_t text;
    va_buf_init(&text, wk_mem(ctx->arena), 256);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_object(w);
    va_json_add_str(w, "timeMin", from);
    va_json_add_str(w, "timeMax", until);
    va_json_key(w, "items");
    va_json_array(w);
    for (size_t i = 0; i < n; i++) {
        va_json_object(w);
        va_json_add_str(w, "id", ids[i]);
        va_json_object_end(w);
    }
    va_json_array_end(w);
    va_json_object_end(w);
    return va_json_writer_end(w) == VA_OK ? va_buf_str(&text) : VA_STR("{}");
}

bool wk_google_free_busy(const wk_google_t *g, const va_str_t *ids, size_t n, va_str_t from,
                         va_str_t until, const va_json_t **calendars, wk_error_t *e)
{
    va_buf_t url;
    const va_json_t *root;
    begin_url(g->ctx, &url, API_URL, "/calendar/v3/freeBusy");
    if (!ask_object(g, "POST", end_url(&url), VA_STR_NULL,
                    free_busy_body(g->ctx, ids, n, from, until), &root, e)) {
        return false;
    }
    *calendars = va_json_get(root, "calendars");
    return va_json_is(*calendars, VA_JSON_OBJECT) ||
           wk_error(e, WK_UNAVAILABLE, "Google: free/busy without calendars");
}

/* ---------------------------------------------------------------- channels */

static va_str_t watch_body(wk_ctx_t *ctx, va_str_t id, va_str_t address)
{
    va_buf_t text;
    va_buf_init(&text, wk_mem(ctx->arena), 256);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_object(w);
    va_json_add_str(w, "id", id);
    va_json_add_c(w, "type", "web_hook");
    va_json_add_str(w, "address", address);
    va_json_add_c(w, "token", ctx->config->google_channel_token);
    va_json_object_end(w);
    return va_json_writer_end(w) == VA_OK ? va_buf_str(&text) : VA_STR("{}");
}

/* Google writes the time as a number in a string. */
static bool read_expiration(const va_json_t *root, int64_t *ms)
{
    va_str_t text = va_json_scalar(va_json_get(root, "expiration"));
    *ms = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9' || i >= 15) {
            return false;
        }
        *ms = *ms * 10 + (text.data[i] - '0');
    }
    return text.len > 0;
}

bool wk_google_watch(const wk_google_t *g, va_str_t calendar, va_str_t address,
                     wk_google_channel_t *channel, wk_error_t *e)
{
    va_buf_t url;
    const va_json_t *root;
    if (g->ctx->config->google_channel_token == NULL) {
        return wk_error(e, WK_INTERNAL, "GOOGLE_CHANNEL_TOKEN is not set");
    }
    begin_calendar_url(g, &url, calendar, "/events/watch");
    if (!ask_object(g, "POST", end_url(&url), VA_STR_NULL,
                    watch_body(g->ctx, channel->id, address), &root, e)) {
        return false;
    }
    channel->resource_id = va_json_get_string(root, "resourceId");
    return (channel->resource_id.len > 0 && read_expiration(root, &channel->expires_ms)) ||
           wk_error(e, WK_UNAVAILABLE, "Google: a channel without resource or end");
}

bool wk_google_unwatch(const wk_google_t *g, const wk_google_channel_t *channel, wk_error_t *e)
{
    va_buf_t url, text;
    wk_http_response_t res;
    va_buf_init(&text, wk_mem(g->ctx->arena), 128);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_object(w);
    va_json_add_str(w, "id", channel->id);
    va_json_add_str(w, "resourceId", channel->resource_id);
    va_json_object_end(w);
    if (va_json_writer_end(w) != VA_OK) {
        return wk_error(e, WK_INTERNAL, "Google: a channel's id");
    }
    begin_url(g->ctx, &url, API_URL, "/calendar/v3/channels/stop");
    if (!ask_api(g, "POST", end_url(&url), VA_STR_NULL, va_buf_str(&text), &res, e)) {
        return false;
    }
    return res.status == 204 || res.status == 200 || res.status == 404 ||
           refused(g->ctx, &res, e);
}
