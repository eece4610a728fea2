/*
 * Said versus done (promise.h): what the agent claims is judged by a worker as soon as nothing
 * is under way that could make it true, and put right in the call.
 */
#include "worker/agent/promise.h"
#include "worker/clock.h"
#include "worker/json.h"
#include "worker/log.h"
#include "worker/voice/session_parts.h"

#define MAX_SAID 4000 /* bytes that wait to be judged */
#define JUDGE_MS 5000 /* what is put right later is not understood */
#define LED_MS   5000 /* an agent that leads tells words before their sound and their tool */

void wk_session_claims(wk_session_t *s, va_str_t text)
{
    wk_arena_reset(s->voice->scratch);
    if (text.len + s->claims.len > MAX_SAID ||
        !wk_promise_is_claim(s->voice->scratch, s->voice->catalogue, text)) {
        return;
    }
    s->claimed_ms = wk_monotonic_ms();
    wk_bytes_add(&s->claims, text.data, text.len);
    wk_bytes_add(&s->claims, "\n", 1);
}

/* Of the newest turn not all was heard. */
void wk_session_unclaim(wk_session_t *s, va_str_t said, va_str_t heard)
{
    va_str_t all = wk_bytes_str(&s->claims);
    size_t len = said.len + 1;
    if (all.len < len || memcmp(all.data + all.len - len, said.data, said.len) != 0) {
        return;
    }
    s->claims.len -= len;
    wk_session_claims(s, heard);
}

/* Only when nothing was said meanwhile the agent is given the turn; else it is told. */
static void put_right(wk_session_t *s, va_str_t words)
{
    wk_log(WK_WARN, "the agent claimed what was not done", WK_C("call", s->call));
    if (!s->talk.led && s->turn == s->judged && wk_talk_between_turns(&s->talk)) {
        wk_session_say(s, words, "prompt.voice.exactly");
    } else {
        wk_session_tell_engine(s, "prompt.voice.correct", words);
    }
}

static void on_judged(void *ctx, const va_reply_t *reply)
{
    wk_session_t *s = ctx;
    if (reply != NULL && reply->status == 200 && wk_session_is_talking(s)) {
        wk_arena_reset(s->voice->reading);
        const va_json_t *answer = wk_json_parse(s->voice->reading, reply->body);
        va_str_t words = va_json_get_string(answer, "say");
        if (words.len > 0) {
            put_right(s, words);
        }
    }
    wk_session_release(s);
}

/* A tool of the call that still runs is judged with: the serial is its own. */
static void judge(wk_session_t *s, bool waits)
{
    va_buf_t body;
    wk_question_t question;
    va_json_writer_t *w = wk_session_question(s, &body);
    va_json_add_int(w, "epoch", s->epoch);
    va_json_add_int(w, "turn", s->turn);
    va_json_add_str(w, "text", wk_bytes_str(&s->claims));
    va_json_add_str(w, "language", wk_language_code(s->language));
    wk_bytes_take(&s->claims, s->claims.len);
    if (!wk_session_question_end(s, "media.promise", w, &body, &question)) {
        return;
    }
    question.wait_ms = JUDGE_MS;
    if (waits) {
        s->judged = s->turn;
        wk_session_hold(s);
        wk_ask(s->voice->asks, &question, on_judged, s);
    } else {
        wk_tell(s->voice->asks, &question);
    }
}

/* What the agent says now, or does now, may belong to them. */
static bool is_over(const wk_session_t *s)
{
    return wk_talk_between_turns(&s->talk) &&
           (!s->talk.led || wk_monotonic_ms() - s->claimed_ms >= LED_MS);
}

void wk_session_judge_claims(wk_session_t *s, bool at_end)
{
    if (s->claims.len > 0 && (at_end || is_over(s))) {
        judge(s, !at_end);
    }
}
