/* What all requests to ElevenLabs' Agents platform have in common. */
#ifndef WK_PROVIDERS_ELEVENLABS_REQUEST_H
#define WK_PROVIDERS_ELEVENLABS_REQUEST_H

#include "core/json.h"
#include "worker/context.h"

extern const va_json_limits_t wk_elevenlabs_limits; /* of an answer */

/* The address of a place under /v1/convai/; what follows is the caller's. */
void wk_elevenlabs_url(wk_ctx_t *ctx, va_buf_t *url, const char *place);
const char *wk_elevenlabs_url_end(va_buf_t *url);

/* One request; body: JSON, or absent. As wk_http(); WK_FORBIDDEN: no key is configured. */
bool wk_elevenlabs_ask(wk_ctx_t *ctx, int timeout_ms, const char *method, const char *url,
                       va_str_t body, wk_http_response_t *res, wk_error_t *e);

/* *e of an answer that is none of 2xx, as wk_elevenlabs_conversation() tells it. False. */
bool wk_elevenlabs_refused(wk_ctx_t *ctx, const wk_http_response_t *res, wk_error_t *e);

/* The JSON of a GET: never WK_UNKNOWN. */
bool wk_elevenlabs_get(wk_ctx_t *ctx, int timeout_ms, const char *url, const va_json_t **answer,
                       wk_error_t *e);

#endif
