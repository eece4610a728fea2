#include "worker/voice/engine_message.h"

#include "worker/log.h"

void wk_engine_message_begin(wk_arena_t *arena, va_buf_t *message)
{
    wk_arena_reset(arena);
    va_buf_init(message, wk_mem(arena), 512);
}

void wk_engine_message_send(wk_ws_t *socket, va_status_t status, const va_buf_t *message)
{
    if (status == VA_OK) {
        wk_ws_send(socket, va_buf_str(message));
    } else {
        wk_log(WK_ERROR, "a message to an engine cannot be written");
    }
}
