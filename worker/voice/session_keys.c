/*
 * What the caller presses. 0 calls for a person, at every moment; a number that is typed (an
 * order's, a telephone's) is told the engine as if he had said it, when he pauses, and a 0
 * within it is a digit of it.
 */
#include "worker/clock.h"
#include "worker/voice/session_parts.h"

#define PAUSE_MS  2500 /* behind a key: he has pressed the last one */
#define LISTEN_MS 7500 /* so long his own words are waited for, if they are words */

void wk_session_call_a_person(wk_session_t *s)
{
    wk_timing_unprompted(&s->timing);
    wk_session_run_tool(s, VA_STR_NULL, VA_STR("transfer_to_human"),
                        VA_STR("{\"reason\":\"the caller pressed 0\"}"));
}

static void tell_typed(wk_session_t *s)
{
    va_str_t text = va_str(s->keys.digits, s->keys.n);
    s->keys.n = 0;
    wk_timing_unprompted(&s->timing);
    s->engine->typed(s->seat->engine, wk_session_masked(s, text));
    wk_talk_typed(&s->talk, wk_monotonic_ms());
    wk_session_customer_said(s, 0, text);
}

void wk_session_press(wk_session_t *s, char key)
{
    int64_t now = wk_monotonic_ms();
    bool begins = s->keys.n == 0 || now - s->keys.last_ms >= PAUSE_MS;
    wk_session_caller_acts(s);
    if (key == '0' && begins && s->state < WK_SESSION_OPENING) {
        s->pressed_0 = true;
    } else if (key == '0' && begins && s->state <= WK_SESSION_TALKING) {
        wk_session_call_a_person(s);
    } else if (key >= '0' && key <= '9' && s->keys.n < sizeof(s->keys.digits)) {
        s->keys.digits[s->keys.n++] = key;
        s->keys.last_ms = now;
    } else if (key == '#' && s->keys.n > 0) {
        s->keys.last_ms = 0; /* that was all */
    }
}

/*
 * Not into his own words, of which the engine tells the end; but on a line so noisy that this
 * end does not come, typing is what he is left with.
 */
void wk_session_keys_tick(wk_session_t *s, int64_t now)
{
    int64_t paused_ms = now - s->keys.last_ms;
    bool speaks = s->talk.speech || s->talk.doubt;
    if (s->keys.n > 0 && paused_ms >= (speaks ? LISTEN_MS : PAUSE_MS) &&
        wk_session_is_talking(s)) {
        tell_typed(s);
    }
}
