/*
 * What the caller says while no engine listens: one that is lost is followed by another, and a
 * call that lost its process comes to one that has to ask first. What he says meanwhile is
 * heard a little later. Of a call that begins it is not: a "hello?" would cut the greeting.
 */
#include "core/base64.h"
#include "worker/voice/session_parts.h"

#define EARLY_MAX (4000 * WK_PLAYOUT_RATE) /* bytes, 4 s: what an engine takes at once */
#define PIECE     (480 * WK_PLAYOUT_RATE)  /* bytes of a message to it */

void wk_session_keep_early(wk_session_t *s, va_str_t base64)
{
    size_t len;
    if (s->state >= WK_SESSION_TALKING) {
        return;
    }
    uint8_t *sound = (uint8_t *)wk_bytes_room(&s->early, VA_BASE64_MAX(base64.len));
    if (va_base64_decode(sound, &len, base64) == VA_OK) {
        wk_bytes_added(&s->early, len);
    }
    if (s->early.len > EARLY_MAX) {
        wk_bytes_take(&s->early, s->early.len - EARLY_MAX);
    }
}

static bool goes_on(const wk_session_t *s)
{
    return s->greeted || va_json_bool(va_json_get(s->briefing, "resumed"), false);
}

void wk_session_hear_early(wk_session_t *s)
{
    int64_t until_ms = s->timing.frame_ms; /* the last of it was said then */
    while (goes_on(s) && s->early.len > 0) {
        size_t len = s->early.len < PIECE ? s->early.len : PIECE;
        wk_arena_reset(s->voice->scratch);
        char *base64 = wk_alloc(s->voice->scratch, VA_BASE64_LEN(len));
        size_t n = va_base64_encode(base64, wk_bytes_str(&s->early).data, len);
        int64_t left_ms = (int64_t)(s->early.len - len) / WK_PLAYOUT_RATE;
        wk_session_hear(s, va_str(base64, n), until_ms - left_ms);
        wk_bytes_take(&s->early, len);
    }
    wk_bytes_free(&s->early);
}
