/*
 * How long the call may last: the caller is told that its end is near, and when it has come.
 * The times are those of the call, which may have begun in another stream.
 */
#include "worker/clock.h"
#include "worker/log.h"
#include "worker/voice/session_parts.h"

#define PATIENCE_MS 15000 /* behind the end, for a turn that is still spoken */

static int64_t moment(const va_json_t *briefing, const char *name)
{
    int64_t ms;
    return va_json_int(va_json_get(briefing, name), &ms) ? wk_monotonic_ms() + ms : INT64_MAX;
}

void wk_session_limit_begin(wk_session_t *s)
{
    s->limit.notice_ms = moment(s->briefing, "notice_in_ms");
    s->limit.end_ms = moment(s->briefing, "ends_in_ms");
}

/* So that nobody who has the call after us says it again. */
static void tell_noticed(wk_session_t *s)
{
    va_buf_t body;
    va_json_writer_t *w = wk_session_question(s, &body);
    wk_session_question_tell(s, "media.warned", w, &body);
}

static void give_notice(wk_session_t *s)
{
    va_str_t words = wk_text(s->language, "speech.limit_soon");
    s->limit.notice_ms = INT64_MAX;
    if (s->talk.led) {
        wk_session_tell_engine(s, "prompt.voice.limit_soon", words);
    } else {
        wk_session_say(s, words, "prompt.voice.exactly");
    }
    tell_noticed(s);
}

/* An agent that leads the talk cannot be made to say something. */
static void end_call(wk_session_t *s, bool between_turns)
{
    wk_log(WK_INFO, "the longest call is over", WK_C("call", s->call));
    if (s->talk.led || !between_turns) {
        wk_session_hang_up(s, "limit", wk_text(s->language, "speech.limit_over"));
        return;
    }
    wk_session_say(s, wk_text(s->language, "speech.limit_over"), "prompt.voice.exactly");
    wk_session_leave_politely(s, "hangup", VA_STR("{\"reason\":\"limit\"}"));
}

void wk_session_limit_tick(wk_session_t *s, int64_t now)
{
    bool between_turns = wk_talk_between_turns(&s->talk);
    if (s->next[0] != '\0' || s->seat == NULL || s->talk.tools > 0) {
        return;
    }
    if (now >= s->limit.end_ms) {
        if (between_turns || now - s->limit.end_ms >= PATIENCE_MS) {
            end_call(s, between_turns);
        }
    } else if (now >= s->limit.notice_ms && between_turns) {
        give_notice(s);
    }
}
