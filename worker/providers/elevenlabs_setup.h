/*
 * Setting up agents at ElevenLabs: secrets, tools, agents, numbers. The platform knows no
 * idempotency: what may have been made already is looked for first. Of each request: timeout_ms
 * is all it may take. Failures: WK_UNKNOWN, it may have been carried out; WK_UNAVAILABLE, to be
 * asked again; WK_FORBIDDEN, our key is refused; WK_REFUSED, for good. e->detail is the
 * platform's machine code, when it gave one.
 */
#ifndef WK_PROVIDERS_ELEVENLABS_SETUP_H
#define WK_PROVIDERS_ELEVENLABS_SETUP_H

#include "core/json.h"
#include "worker/context.h"

/* The workspace's secret of that name has that value now. Safe to repeat. */
bool wk_elevenlabs_secret(wk_ctx_t *ctx, int timeout_ms, va_str_t name, va_str_t value,
                          va_str_t *id, wk_error_t *e);

/* All tools of the workspace, for wk_elevenlabs_tool_at(). */
bool wk_elevenlabs_tools(wk_ctx_t *ctx, int timeout_ms, const va_json_t **tools, wk_error_t *e);

/* The one of that name that asks that address; absent: there is none. */
va_str_t wk_elevenlabs_tool_at(const va_json_t *tools, va_str_t name, va_str_t url);

/* body: {"tool_config": …}. */
bool wk_elevenlabs_tool_make(wk_ctx_t *ctx, int timeout_ms, va_str_t body, va_str_t *id,
                             wk_error_t *e);

/* The agent of that name and with that tag; absent: there is none. */
bool wk_elevenlabs_agent_tagged(wk_ctx_t *ctx, int timeout_ms, va_str_t name, va_str_t tag,
                                va_str_t *id, wk_error_t *e);
bool wk_elevenlabs_agent_make(wk_ctx_t *ctx, int timeout_ms, va_str_t body, va_str_t *id,
                              wk_error_t *e);

/* A number of the carrier's that was imported; absent: it was not. */
bool wk_elevenlabs_number_of(wk_ctx_t *ctx, int timeout_ms, va_str_t number, va_str_t *id,
                             wk_error_t *e);

/*
 * Imports a number of our account at Twilio. The platform sets the number's voice address to
 * itself there, and leaves that of its texts alone.
 */
bool wk_elevenlabs_number_import(wk_ctx_t *ctx, int timeout_ms, va_str_t number, va_str_t label,
                                 va_str_t *id, wk_error_t *e);

/* The number is the agent's. Safe to repeat. */
bool wk_elevenlabs_number_assign(wk_ctx_t *ctx, int timeout_ms, va_str_t id, va_str_t agent,
                                 wk_error_t *e);

#endif
