/* ElevenLabs' Agents platform: calls it makes for us, and what a conversation came to. */
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

/* DELETE of the same: its words and its sound. Failures likewise. */
bool wk_elevenlabs_conversation_delete(wk_ctx_t *ctx, va_str_t id, wk_error_t *e);

typedef struct {
    va_str_t conversation, call_sid; /* either may be absent */
} wk_elevenlabs_call_t;

/*
 * POST /v1/convai/twilio/outbound-call: the agent calls a customer. body: JSON. WK_UNKNOWN: it
 * may have been carried out; any other failure: surely not.
 */
bool wk_elevenlabs_dial(wk_ctx_t *ctx, va_str_t body, wk_elevenlabs_call_t *call,
                        wk_error_t *e);

/*
 * POST /v1/convai/twilio/register-call: a call that came to our number is handed to an agent;
 * *twiml is what the carrier is to be answered with. data: conversation_initiation_client_data,
 * JSON, or absent; user: by it the conversation is found again. Any failure: the call is still
 * ours.
 */
typedef struct {
    va_str_t agent, from, to, data, user;
} wk_elevenlabs_ring_t;

bool wk_elevenlabs_register(wk_ctx_t *ctx, const wk_elevenlabs_ring_t *ring, va_str_t *twiml,
                            wk_error_t *e);

/*
 * Whether the agent has ended its conversation with that user since then (Unix time) by itself:
 * its tool end_call was called. Within the time a caller waits; failures as those of a
 * conversation.
 */
bool wk_elevenlabs_hung_up(wk_ctx_t *ctx, va_str_t agent, va_str_t user, int64_t since,
                           bool *hung_up, wk_error_t *e);

/*
 * GET /v1/convai/conversation/get-signed-url: *url is where one conversation with the agent may
 * begin within a quarter of an hour. Failures as those of a conversation.
 */
bool wk_elevenlabs_signed_url(wk_ctx_t *ctx, va_str_t agent, va_str_t *url, wk_error_t *e);

/*
 * PATCH /v1/convai/agents/{id}: conversations begin with a signed address only, and on pages of
 * those hosts (a list of texts; none: any host's). To ask it again changes nothing: what
 * became of it unheard is WK_UNAVAILABLE. Else failures as those of a conversation.
 */
bool wk_elevenlabs_allowlist(wk_ctx_t *ctx, va_str_t agent, const va_json_t *hosts,
                             wk_error_t *e);

/*
 * The call of an agent that was made with that user_id since then (Unix time); both ids absent:
 * there is none. Failures as those of a conversation.
 */
bool wk_elevenlabs_find(wk_ctx_t *ctx, va_str_t agent, va_str_t user, int64_t since,
                        wk_elevenlabs_call_t *call, wk_error_t *e);

#endif
