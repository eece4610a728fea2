/*
 * The channels of a chat's WebSockets in Redis (docs/protocol.md, va:chat), and how far each of
 * them is with what people write there. session: chat_sessions.id.
 */
#ifndef WK_CHAT_CHANNELS_H
#define WK_CHAT_CHANNELS_H

#include "worker/arena.h"
#include "worker/redis.h"

/*
 * connection as a job names it; last: the number of the last message it has; life_s: seconds
 * after which the chat is over. One that is known stays where it is.
 */
bool wk_chat_channels_add(wk_redis_t *r, wk_arena_t *a, va_str_t session, va_str_t connection,
                          int64_t last, int life_s, wk_error_t *e);

/* The number behind which any of them may lack something; *any false: there is none. */
bool wk_chat_channels_first(wk_redis_t *r, wk_arena_t *a, va_str_t session, int64_t *first,
                            bool *any, wk_error_t *e);

/* Messages that are given at once: nginx holds 64 KB for a socket that is slow. */
#define WK_CHAT_MOST 16

/* How long a connection that nobody listens to is tried, from the first try that met nobody. */
#define WK_CHAT_PATIENCE_MS "10000"

typedef struct {
    va_str_t number, text; /* JSON */
} wk_chat_message_t;

typedef struct {
    int64_t highest; /* the last number that reached any of them, now or before; 0: none */
    int64_t missed;  /* how many nobody listens to; those that are forgotten do not count */
    int64_t behind;  /* how many may lack what comes before these messages, and got none */
    bool enough;     /* so much was sent within the last second that nothing was now */
} wk_chat_sent_t;

/*
 * Publishes to each what is behind its last, of the n messages that come behind number after,
 * in their order, n at most WK_CHAT_MOST. Those that nobody listens to for long are forgotten.
 */
bool wk_chat_channels_send(wk_redis_t *r, wk_arena_t *a, va_str_t session, int64_t after,
                           const wk_chat_message_t *messages, size_t n, wk_chat_sent_t *sent,
                           wk_error_t *e);

/* Publishes to each of them, once; who does not listen now does not hear it. */
bool wk_chat_channels_tell(wk_redis_t *r, wk_arena_t *a, va_str_t session, va_str_t text,
                           wk_error_t *e);

#endif
