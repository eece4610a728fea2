/* ElevenLabs' Agents platform: what a conversation came to. */
#ifndef WK_PROVIDERS_ELEVENLABS_H
#define WK_PROVIDERS_ELEVENLABS_H

#include "core/json.h"
#include "worker/context.h"

/*
 * GET /v1/convai/conversations/{id}. WK_NOT_FOUND: no such conversation; WK_UNAVAILABLE: to be
 * asked again (not before e->retry_after_ms); WK_FORBIDDEN: our key is refused; WK_REFUSED: any
 * other answer. e->detail is the platform's machine code, when it gave one.
 */
bool wk_elevenlabs_conversation(wk_ctx_t *ctx, va_str_t id, const va_json_t **conversation,
                                wk_error_t *e);

#endif
