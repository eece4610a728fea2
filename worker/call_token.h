/* The tokens of live calls (core/stream_token.h), under the configured internal keys. */
#ifndef WK_CALL_TOKEN_H
#define WK_CALL_TOKEN_H

#include "core/stream_token.h"
#include "worker/arena.h"
#include "worker/config.h"
#include "worker/error.h"

#define WK_CALL_TOKEN_S   (5 * 3600) /* of ?c=: the longest call and an hour */
#define WK_STREAM_TOKEN_S 30

/* Of the call at that epoch, for life_s from now. */
bool wk_call_token_mint(const wk_config_t *config, wk_arena_t *a, va_token_purpose_t purpose,
                        va_str_t call, va_str_t organization, int64_t epoch, int life_s,
                        va_str_t *text, wk_error_t *e);

/* WK_FORBIDDEN for one that is not ours, is of another purpose, or has expired. */
bool wk_call_token_verify(const wk_config_t *config, wk_arena_t *a, va_token_purpose_t purpose,
                          va_str_t text, va_stream_token_t *token, wk_error_t *e);

#endif
