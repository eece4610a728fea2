/*
 * What the caller said right before the stream ended, of an engine that has the words only
 * some time behind them: it is waited for, in the state closed, so that they stand in the
 * record, and an emergency in them is heard. Nothing is said any more.
 */
#include "worker/clock.h"
#include "worker/voice/session_parts.h"

#define LAST_WORDS_MS 1500

/* He has begun to say something whose words have not come. */
static bool are_out(const wk_session_t *s)
{
    for (size_t i = 0; i <= WK_ENGINE_BEHIND; i++) {
        if (s->began_to_speak[i] != 0) {
            return true;
        }
    }
    return false;
}

bool wk_session_begin_last_words(wk_session_t *s)
{
    if (s->seat == NULL || s->engine->last_words == NULL || !are_out(s)) {
        return false;
    }
    s->last_words_ms = wk_monotonic_ms() + LAST_WORDS_MS;
    s->engine->last_words(s->seat->engine);
    return true;
}

bool wk_session_awaits_last_words(const wk_session_t *s)
{
    return s->last_words_ms != 0;
}

void wk_session_end_last_words(wk_session_t *s)
{
    if (s->last_words_ms != 0) {
        s->last_words_ms = 0;
        wk_session_close_engines(s);
        wk_session_customer_broke_off(s);
    }
}

void wk_session_forget_last_words(wk_session_t *s)
{
    s->last_words_ms = 0;
    wk_session_close_engines(s);
}

void wk_session_last_words_tick(wk_session_t *s, int64_t now)
{
    if (!are_out(s) || now >= s->last_words_ms) {
        wk_session_end_last_words(s);
    }
}
