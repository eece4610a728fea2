/*
 * The key set of an identity provider (Supabase), kept in the file that nginx verifies by
 * (voiceagent_jwt jwks=): fetched every ten minutes, and when nginx saw a token of a key it
 * does not know. Each host's scheduler keeps its own host's file.
 */
#ifndef WK_JWKS_FETCH_H
#define WK_JWKS_FETCH_H

#include "worker/context.h"

/*
 * Does what is due, if anything is; nothing when no address is configured. A set that cannot be
 * fetched or holds no key that can be used leaves the file as it is. now_ms: monotonic. From
 * one thread.
 */
bool wk_jwks_fetch_when_due(wk_ctx_t *ctx, int64_t now_ms, wk_error_t *e);

#endif
