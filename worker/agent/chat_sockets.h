/*
 * The WebSockets of a chat's visitor, several where he has it open more than once, and what
 * people wrote, which is sent to each of them once and in order. Redis knows them for as long
 * as the chat lasts (docs/protocol.md, va:chat).
 */
#ifndef WK_AGENT_CHAT_SOCKETS_H
#define WK_AGENT_CHAT_SOCKETS_H

#include "worker/context.h"

/*
 * session: chat_sessions.id; connection as a job names it; last: the number of the last message
 * it has. One that is known stays where it is.
 */
bool wk_chat_sockets_add(wk_ctx_t *ctx, va_str_t session, va_str_t connection, int64_t last,
                         wk_error_t *e);

/*
 * Outside of any transaction: sends each what it has not been sent. *left: nobody has some of
 * them at the moment, or so much was sent just now that more comes later: to be called again in
 * a second. Those that nobody has for long are forgotten. Where a run dies the next goes on.
 */
bool wk_chat_sockets_push(wk_ctx_t *ctx, va_str_t organization, va_str_t session, bool *left,
                          wk_error_t *e);

/* Tells each whether a person has the chat now. */
bool wk_chat_sockets_tell(wk_ctx_t *ctx, va_str_t organization, va_str_t session,
                          wk_error_t *e);

#endif
