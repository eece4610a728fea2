/* A person takes the call: the agent falls silent, and it is proven that it did. */
#include "worker/clock.h"
#include "worker/log.h"
#include "worker/voice/session_parts.h"

#define YIELD_MS 1000 /* for the carrier to say that it has cleared what it had */

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
    wk_session_customer_broke_off(s);
    s->yield.run = s->talk.playout.run;
    s->yield.until_ms = now + YIELD_MS;
    /* Messages keep their order. */
    wk_session_clear_carrier(s, &(wk_twilio_mark_t){s->yield.run, s->talk.playout.sent});
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
