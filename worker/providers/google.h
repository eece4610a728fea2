/*
 * Google Calendar v3 and Google's OAuth 2. Whatever fails may be asked again: events have ids
 * of ours, so that a second insert of one is a conflict and not a second event. No answer at
 * all is therefore WK_UNAVAILABLE.
 *
 * WK_UNAVAILABLE: again later, not before e->retry_after_ms. WK_FORBIDDEN: the token is
 * refused. WK_NOT_FOUND: not there, or deleted. WK_CONFLICT: there already, or changed
 * meanwhile. WK_REFUSED: no, for good. e->detail is Google's own word for it.
 */
#ifndef WK_PROVIDERS_GOOGLE_H
#define WK_PROVIDERS_GOOGLE_H

#include "core/json.h"
#include "worker/context.h"

/* ---------------------------------------------------------------- consent */

typedef struct {
    va_str_t access;
    va_str_t refresh; /* absent: the one that was used stays good */
    int64_t expires_s;
    va_str_t scope; /* what was granted, space separated */
} wk_google_tokens_t;

bool wk_google_configured(const wk_ctx_t *ctx);

/* Where the owner of a calendar consents. challenge: of PKCE (S256). */
va_str_t wk_google_consent_url(wk_ctx_t *ctx, va_str_t state, va_str_t challenge);

/* The code of a consent, once. verifier: what the challenge was made of. */
bool wk_google_exchange(wk_ctx_t *ctx, va_str_t code, va_str_t verifier,
                        wk_google_tokens_t *tokens, wk_error_t *e);

bool wk_google_refresh(wk_ctx_t *ctx, va_str_t refresh_token, int timeout_ms,
                       wk_google_tokens_t *tokens, wk_error_t *e);

/* A failed refresh: the consent was withdrawn or has ended, only another one helps. */
bool wk_google_consent_ended(const wk_error_t *e);

/* Gives the consent back; a token that is none any more is fine. */
bool wk_google_revoke(wk_ctx_t *ctx, va_str_t token, wk_error_t *e);

/* True when both parts are granted that the calls below need. */
bool wk_google_scopes_suffice(va_str_t scope);

/* ---------------------------------------------------------------- calendars */

/* As whom, and for how long, something is asked. */
typedef struct {
    wk_ctx_t *ctx;
    va_str_t access_token;
    int timeout_ms;
} wk_google_t;

/* *event: as Google has it. body: JSON. */
bool wk_google_event_get(const wk_google_t *g, va_str_t calendar, va_str_t id,
                         const va_json_t **event, wk_error_t *e);
bool wk_google_event_insert(const wk_google_t *g, va_str_t calendar, va_str_t body,
                            const va_json_t **event, wk_error_t *e);

/* Changes the members of body, if the event is still what etag stands for. */
bool wk_google_event_patch(const wk_google_t *g, va_str_t calendar, va_str_t id, va_str_t etag,
                           va_str_t body, const va_json_t **event, wk_error_t *e);

/* Done as well when there is none. */
bool wk_google_event_delete(const wk_google_t *g, va_str_t calendar, va_str_t id,
                            wk_error_t *e);

/* One page of what is in a calendar, or of what has changed. */
typedef struct {
    const va_json_t *items;
    va_str_t zone;       /* the calendar's */
    va_str_t next_page;  /* absent: this is the last */
    va_str_t sync_token; /* on the last page: for the next time */
    bool token_lost;     /* Google forgot the token: begin without one */
} wk_google_page_t;

/* sync_token absent: all that ends after time_min (RFC 3339). */
bool wk_google_events(const wk_google_t *g, va_str_t calendar, va_str_t sync_token,
                      va_str_t time_min, va_str_t page, wk_google_page_t *out, wk_error_t *e);

/*
 * *calendars: for each id {"busy": [{"start", "end"}], "errors"?: […]}. One with errors is
 * unknown, not free.
 */
bool wk_google_free_busy(const wk_google_t *g, const va_str_t *ids, size_t n, va_str_t from,
                         va_str_t until, const va_json_t **calendars, wk_error_t *e);

/* ---------------------------------------------------------------- channels */

typedef struct {
    va_str_t id, resource_id;
    int64_t expires_ms; /* Unix time */
} wk_google_channel_t;

/* Changes of the calendar are told to address. channel->id is ours, the rest the answer's. */
bool wk_google_watch(const wk_google_t *g, va_str_t calendar, va_str_t address,
                     wk_google_channel_t *channel, wk_error_t *e);

/* Done as well when it has ended. */
bool wk_google_unwatch(const wk_google_t *g, const wk_google_channel_t *channel, wk_error_t *e);

#endif
