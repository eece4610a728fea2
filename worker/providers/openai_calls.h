/*
 * Calls that reach OpenAI over SIP, as its webhooks offer them: an offer stands until it is
 * answered, and is answered by id.
 */
#ifndef WK_PROVIDERS_OPENAI_CALLS_H
#define WK_PROVIDERS_OPENAI_CALLS_H

#include "worker/context.h"

typedef enum {
    WK_OPENAI_REALTIME, /* Realtime API: call_id, rtc_… */
    WK_OPENAI_LIVE,     /* Live API: session_id, live_… */
} wk_openai_api_t;

/*
 * Declines it: the caller's side hears 603. One that is gone needs nothing, so that it may be
 * repeated. WK_UNAVAILABLE: busy or away; WK_FORBIDDEN: our key is refused; WK_REFUSED: any
 * other answer.
 */
bool wk_openai_call_decline(wk_ctx_t *ctx, wk_openai_api_t api, va_str_t id, wk_error_t *e);

#endif
