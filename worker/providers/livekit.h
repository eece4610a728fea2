/*
 * LiveKit: a call is handed to a room, where an agent of the operator's talks with the caller
 * (docs/providers/livekit.md). The rooms' requests are Twirp's: JSON, each let in by an access
 * token of its own.
 */
#ifndef WK_PROVIDERS_LIVEKIT_H
#define WK_PROVIDERS_LIVEKIT_H

#include "worker/context.h"

/* How long its SIP side may ring; a room waits longer for its caller. */
#define WK_LIVEKIT_RING_S 20

/* Whether address, API key, secret and the agent's name are set. */
bool wk_livekit_configured(const wk_config_t *config);

/* The room of a call at that epoch: each handing over has a room of its own. */
va_str_t wk_livekit_room(wk_arena_t *a, va_str_t sid, int64_t epoch);

/* The other way; false: it is no room of ours. */
bool wk_livekit_room_read(va_str_t room, va_str_t *sid, int64_t *epoch);

typedef struct {
    va_str_t room;
    va_str_t identity; /* the caller's in it */
    va_str_t metadata; /* what the agent is told: JSON */
} wk_livekit_call_t;

/* How the carrier brings a call into its room. */
typedef struct {
    va_str_t sip;                /* the address to dial; absent: by a stream */
    va_str_t username, password; /* asked for there; absent: nothing is */
    va_str_t stream;             /* where the call's sound is to be sent */
} wk_livekit_way_t;

/*
 * Makes the room with the agent in it, and says how the call gets there. Any failure: the call
 * is still ours. May be repeated.
 */
bool wk_livekit_open(wk_ctx_t *ctx, const wk_livekit_call_t *call, wk_livekit_way_t *way,
                     wk_error_t *e);

/*
 * Whether there is (still) such a room, and an agent in it. WK_UNAVAILABLE: to be asked again;
 * WK_FORBIDDEN: our key is refused; WK_REFUSED: any other answer.
 */
bool wk_livekit_room_exists(wk_ctx_t *ctx, va_str_t room, bool *exists, wk_error_t *e);
bool wk_livekit_has_agent(wk_ctx_t *ctx, va_str_t room, bool *has, wk_error_t *e);

#endif
