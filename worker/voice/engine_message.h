/* A message to an engine's service: a JSON text, made in an arena of its own, and sent. */
#ifndef WK_VOICE_ENGINE_MESSAGE_H
#define WK_VOICE_ENGINE_MESSAGE_H

#include "core/buf.h"
#include "worker/arena.h"
#include "worker/voice/websocket.h"

/* WK_ENGINE_SEND(socket, arena, wk_realtime_append, base64); the arena is reset first. */
#define WK_ENGINE_SEND(socket, arena, make, ...)                                               \
    do {                                                                                       \
        va_buf_t message_;                                                                     \
        wk_engine_message_begin((arena), &message_);                                           \
        wk_engine_message_send((socket), make(&message_, ##__VA_ARGS__), &message_);           \
    } while (0)

void wk_engine_message_begin(wk_arena_t *arena, va_buf_t *message);

/* status: of making it. One that could not be made is logged, and not sent. */
void wk_engine_message_send(wk_ws_t *socket, va_status_t status, const va_buf_t *message);

#endif
