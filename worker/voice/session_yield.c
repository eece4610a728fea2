/* A person takes the call: the agent falls silent, and it is proven that it did. */
#include "worker/clock.h"
#include "worker/log.h"
#include "worker/voice/control.h"
#include "worker/voice/session_parts.h"

#define YIELD_MS 1000 /* for the carrier to say that it has cleared what it had */

/* Messages keep their order: a mark that comes back from behind a `clear` proves it was heeded.
 */
static void clear_carrier(wk_session_t *s)
{
    va_buf_t message;
    wk_arena_t *a = s->voice->scratch;
    const wk_twilio_mark_t mark = {s->yield.run, s->talk.playout.sent};
    wk_arena_reset(a);
    va_buf_init(&message, wk_mem(a), 512);
    if (wk_twilio_clear(&message, va_str_c(s->stream)) == VA_OK) {
        wk_ws_send(s->carrier, va_buf_str(&message));
    }
    va_buf_init(&message, wk_mem(a), 512);
    if (wk_twilio_mark(&message, va_str_c(s->stream), mark) == VA_OK) {
        wk_ws_send(s->carrier, va_buf_str(&message));
    }
}

void wk_session_yield(wk_session_t *s, int64_t epoch)
{
    bool heard = s->state == WK_SESSION_TALKING || s->state == WK_SESSION_LEAVING;
    int64_t now = wk_monotonic_ms();
    s->yield.epoch = epoch;
    if (s->state == WK_SESSION_YIELDING) {
        return;
    }
    if (!heard) {
        wk_session_yielded(s, "closed");
        return;
    }
    wk_log(WK_INFO, "a person takes the call", WK_C("call", s->call));
    s->state = WK_SESSION_YIELDING;
    wk_session_close_engines(s);
    wk_session_drop_what_is_left(s, now);
    s->yield.run = s->talk.playout.run;
    s->yield.until_ms = now + YIELD_MS;
    clear_carrier(s);
}

void wk_session_yield_mark(wk_session_t *s, wk_twilio_mark_t mark)
{
    if (s->state == WK_SESSION_YIELDING && mark.run == s->yield.run) {
        wk_session_yielded(s, "cleared");
    }
}

void wk_session_yield_tick(wk_session_t *s, int64_t now)
{
    if (s->state == WK_SESSION_YIELDING && now > s->yield.until_ms) {
        wk_session_yielded(s, "closed");
    }
}
