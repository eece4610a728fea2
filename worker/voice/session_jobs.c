/*
 * What a session asks workers for while it talks: tools, the receptionist in a model's place,
 * and people in an emergency.
 */
#include <stdlib.h>

#include "worker/agent/emergency.h"
#include "worker/clock.h"
#include "worker/json.h"
#include "worker/voice/session_parts.h"

#define TOOL_MS      20000  /* then the engine is told that it takes longer */
#define ANSWER_MS    120000 /* an answer that comes later than that is nobody's */
#define MAX_UNSPOKEN 8000   /* bytes of tools' answers */
#define TOOL_FAILED  "{\"success\":false,\"message\":\"It could not be done. Offer a person.\"}"
#define TOOL_LATE                                                                              \
    "{\"success\":false,\"message\":\"It is still being confirmed. Do not say it is done.\"}"

/* ---------------------------------------------------------------- tools */

struct wk_running_tool {
    LIST_ENTRY(wk_running_tool) link;
    wk_session_t *session;
    int64_t called_ms;
    bool late;     /* the engine was told that it is still under way */
    unsigned lost; /* engines, before it was called */
    va_str_t id;   /* the engine's; absent: it did not ask */
    va_str_t name;
    char text[];
};

/* What the talk has to know of an answer before the agent says more: its language. */
static void heed_language(wk_session_t *s, const va_json_t *answer)
{
    va_str_t code = va_json_get_string(answer, "language");
    if (code.len > 0) {
        wk_session_set_language(
            s, wk_catalogue_pick(s->voice->catalogue, code, wk_language_code(s->language)));
    }
}

/*
 * And behind that: where the call goes on. Who has gone on talking before that was known is put
 * through, as he wished, but not hung up on.
 */
static void heed_next(wk_session_t *s, const va_json_t *answer, bool overtaken)
{
    va_str_t next = va_json_get_string(answer, "next");
    bool heeded = !overtaken || va_str_eq(next, VA_STR("dial"));
    if (heeded && next.len > 0 && next.len < sizeof(s->next)) {
        wk_session_leave_politely(s, next.data, va_json_get_string(answer, "detail"));
        if (s->state == WK_SESSION_OPENING) {
            s->talk.ops->over(s); /* there is nobody to say a last word */
        }
    }
}

static va_str_t output_of(wk_session_t *s, const va_reply_t *reply, const va_json_t **answer)
{
    *answer = NULL;
    if (reply == NULL) {
        return VA_STR(TOOL_LATE);
    }
    *answer = reply->status == 200 ? wk_json_parse(s->voice->reading, reply->body) : NULL;
    va_str_t output = va_json_get_string(*answer, "output");
    return output.len > 0 ? output : VA_STR(TOOL_FAILED);
}

/*
 * Whether the engine was given the answer of its last call of that tool: it asks for it again
 * knowingly. *at: where that is noted.
 */
static bool knows(const wk_seat_t *seat, va_str_t name, size_t *at)
{
    va_str_t known = seat != NULL ? wk_bytes_str(&seat->known) : VA_STR_NULL;
    for (size_t begin = 0, len; begin < known.len; begin += len + 1) {
        len = (size_t)((const char *)memchr(known.data + begin, '\n', known.len - begin) -
                       (known.data + begin));
        if (va_str_eq(va_str(known.data + begin, len), name)) {
            *at = begin;
            return true;
        }
    }
    return false;
}

static void note_known(wk_seat_t *seat, va_str_t name)
{
    size_t at;
    if (seat != NULL && !knows(seat, name, &at)) {
        wk_bytes_add(&seat->known, name.data, name.len);
        wk_bytes_add(&seat->known, "\n", 1);
    }
}

/* It calls the tool anew: what it was told of it before says nothing of that. */
static bool knew(wk_seat_t *seat, va_str_t name)
{
    size_t at;
    bool known = knows(seat, name, &at);
    if (known) {
        wk_bytes_cut(&seat->known, at, name.len + 1);
    }
    return known;
}

/* Who follows an engine that is lost before it spoke of it would ask for it again. */
static void keep_unspoken(wk_session_t *s, va_str_t output)
{
    if (s->unspoken.len + output.len <= MAX_UNSPOKEN) {
        wk_bytes_add(&s->unspoken, output.data, output.len);
        wk_bytes_add(&s->unspoken, "\n", 1);
        s->unspoken_ms = wk_now_ms();
    }
}

void wk_session_tools_spoken(wk_session_t *s, int64_t begun_ms)
{
    if (begun_ms >= s->unspoken_ms) {
        wk_bytes_take(&s->unspoken, s->unspoken.len);
    }
}

void wk_session_tools_inherit(wk_session_t *s, wk_bytes_t *known)
{
    if (s->unspoken.len > 0) {
        wk_session_tell_engine(s, "prompt.voice.tool", wk_bytes_str(&s->unspoken));
    }
    if (s->seat != NULL) {
        s->seat->known = *known;
        *known = (wk_bytes_t){0};
    }
}

/* Only the engine that called the tool knows its call. */
static void tell_result(wk_session_t *s, const wk_running_tool_t *tool, va_str_t output)
{
    if (tool->id.len == 0) {
        wk_session_tell(s, output);
    } else if (!tool->late && wk_session_is_talking(s) && tool->lost == s->lost) {
        s->engine->result(s->seat->engine, tool->id, output);
    } else {
        wk_session_tell_engine(s, "prompt.voice.tool", output);
    }
}

static void tool_ended(wk_session_t *s, const va_json_t *answer)
{
    int64_t now = wk_monotonic_ms();
    if (va_json_bool(va_json_get(answer, "waits"), false)) {
        wk_talk_tool_waits(&s->talk, now);
    } else {
        wk_talk_tool_ended(&s->talk, now);
    }
}

/* Of a late one the talk waits no more: what it did is told, and the caller hears of it. */
static void settle_tool(wk_session_t *s, const wk_running_tool_t *tool, va_str_t output,
                        const va_json_t *answer)
{
    tell_result(s, tool, output);
    if (answer != NULL) {
        note_known(s->seat, tool->name);
        keep_unspoken(s, output);
    }
    if (tool->late) {
        wk_talk_owes(&s->talk);
        return;
    }
    wk_timing_tool_answered(&s->timing, wk_monotonic_ms());
    tool_ended(s, answer);
}

static void on_tool_answered(void *ctx, const va_reply_t *reply)
{
    wk_running_tool_t *tool = ctx;
    wk_session_t *s = tool->session;
    const va_json_t *answer;
    wk_arena_reset(s->voice->reading);
    va_str_t output = output_of(s, reply, &answer);
    bool told = tool->late && reply == NULL;
    if (s->state < WK_SESSION_LEAVING && !told) {
        heed_language(s, answer);
        settle_tool(s, tool, output, answer);
        heed_next(s, answer, tool->late);
    }
    LIST_REMOVE(tool, link);
    free(tool);
    wk_session_release(s);
}

void wk_session_tools_tick(wk_session_t *s, int64_t now)
{
    wk_running_tool_t *tool;
    LIST_FOREACH(tool, &s->tools_out, link)
    {
        if (!tool->late && now - tool->called_ms >= TOOL_MS) {
            settle_tool(s, tool, VA_STR(TOOL_LATE), NULL);
            tool->late = true;
        }
    }
}

static wk_running_tool_t *new_tool(wk_session_t *s, va_str_t id, va_str_t name)
{
    wk_running_tool_t *tool = malloc(sizeof(*tool) + id.len + name.len + 1);
    if (tool == NULL) {
        abort();
    }
    tool->session = s;
    tool->called_ms = wk_monotonic_ms();
    tool->late = false;
    tool->lost = s->lost;
    memcpy(tool->text, id.len > 0 ? id.data : "", id.len);
    tool->id = va_str(tool->text, id.len);
    memcpy(tool->text + id.len, name.data, name.len);
    tool->name = va_str(tool->text + id.len, name.len);
    LIST_INSERT_HEAD(&s->tools_out, tool, link);
    return tool;
}

void wk_session_run_tool(wk_session_t *s, va_str_t id, va_str_t name, va_str_t arguments)
{
    va_buf_t body;
    wk_question_t question;
    va_json_writer_t *w = wk_session_question(s, &body);
    va_json_add_str(w, "tool", name);
    va_json_add_str(w, "arguments", arguments);
    va_json_add_str(w, "language", wk_language_code(s->language));
    va_json_add_int(w, "epoch", s->epoch);
    va_json_add_int(w, "answer", s->asked); /* that it is asked for in */
    va_json_add_bool(w, "knows", knew(s->seat, name));
    if (!wk_session_question_end(s, "media.tool", w, &body, &question)) {
        return;
    }
    question.wait_ms = ANSWER_MS;
    if (id.len > 0) {
        question.dedup =
            wk_printf(s->voice->scratch, "voice:%s:%.*s", s->call, (int)id.len, id.data);
    }
    wk_session_hold(s);
    wk_timing_tool_called(&s->timing, wk_monotonic_ms());
    wk_talk_tool(&s->talk, wk_monotonic_ms());
    wk_ask(s->voice->asks, &question, on_tool_answered, new_tool(s, id, name));
}

/* ---------------------------------------------------------------- the receptionist */

typedef struct {
    wk_session_t *session;
    int64_t asked;
} unanswered_t;

/* Something else is talked about by now. */
static void take_overtaken(wk_session_t *s, va_str_t words, bool did)
{
    if (!did) {
        wk_session_tell_engine(s, "prompt.voice.tool", words);
        return;
    }
    wk_session_add_due(s, words, true);
    if (!s->talk.answering) {
        (void)wk_session_say_due(s);
    }
}

static void on_receptionist_answered(void *ctx, const va_reply_t *reply)
{
    unanswered_t *question = ctx;
    wk_session_t *s = question->session;
    const va_json_t *answer = NULL;
    wk_arena_reset(s->voice->reading);
    if (reply != NULL && reply->status == 200) {
        answer = wk_json_parse(s->voice->reading, reply->body);
    }
    va_str_t words = va_json_get_string(answer, "say");
    bool awaited = s->awaited == question->asked;
    bool did = va_json_bool(va_json_get(answer, "did"), false);
    if (s->state < WK_SESSION_LEAVING) {
        heed_language(s, answer);
    }
    if (s->state < WK_SESSION_LEAVING && awaited) {
        s->awaited = 0;
        wk_session_add_due(s, words.len > 0 ? words : wk_text(s->language, "speech.error"),
                           did);
        wk_timing_tool_answered(&s->timing, wk_monotonic_ms());
        (void)wk_session_say_due(s);
    } else if (s->state < WK_SESSION_LEAVING && words.len > 0) {
        take_overtaken(s, words, did);
    }
    if (s->state < WK_SESSION_LEAVING) {
        heed_next(s, answer, !awaited);
    }
    free(question);
    wk_session_release(s);
}

void wk_session_ask_receptionist(wk_session_t *s, va_str_t heard)
{
    va_buf_t body;
    wk_question_t ask;
    unanswered_t *question = malloc(sizeof(*question));
    if (question == NULL) {
        abort();
    }
    *question = (unanswered_t){s, s->asked};
    s->awaited = s->asked;
    va_json_writer_t *w = wk_session_question(s, &body);
    va_json_add_int(w, "epoch", s->epoch);
    va_json_add_int(w, "question", s->asked);
    va_json_add_str(w, "text", heard.len > 0 ? heard : VA_STR(""));
    va_json_add_str(w, "language", wk_language_code(s->language));
    (void)wk_session_question_end(s, "media.answer", w, &body, &ask); /* it says it is sorry */
    ask.wait_ms = TOOL_MS;
    ask.dedup = wk_printf(s->voice->scratch, "voice:%s:answer:%lld:%lld", s->call,
                          (long long)s->epoch, (long long)s->asked);
    wk_session_hold(s);
    wk_timing_tool_called(&s->timing, wk_monotonic_ms()); /* it is waited for as one is */
    wk_ask(s->voice->asks, &ask, on_receptionist_answered, question);
}

/* ---------------------------------------------------------------- emergencies */

/*
 * In our words, where the engine says them; else by an answer that it is told to give, or, of
 * one that leads the talk, by its next one. The caller need not speak again to hear it, and who
 * follows a lost engine says it.
 */
static void say_urgent(wk_session_t *s, va_str_t say)
{
    if (s->talk.led) {
        wk_session_tell_engine(s, "prompt.voice.urgent", say);
        return;
    }
    wk_session_add_due(s, say, true);
    if (s->engine->say != NULL && !s->talk.answering) {
        (void)wk_session_say_due(s);
    } else if (s->engine->say == NULL && wk_session_is_talking(s)) {
        wk_talk_owes_at_once(&s->talk);
    }
}

/*
 * A worker has paged people, and says what is to be said. If that is not known, the next word
 * of it is looked at again: the same job answers, or the first one that comes into the queue.
 */
static void on_emergency_answered(void *ctx, const va_reply_t *reply)
{
    wk_session_t *s = ctx;
    const va_json_t *answer = NULL;
    if (reply != NULL && reply->status == 200) {
        wk_arena_reset(s->voice->reading);
        answer = wk_json_parse(s->voice->reading, reply->body);
    }
    va_str_t say = va_json_get_string(answer, "say");
    s->urgent = answer != NULL;
    if (say.len > 0 && s->state < WK_SESSION_LEAVING) {
        say_urgent(s, say);
    }
    wk_session_release(s);
}

static void raise_emergency(wk_session_t *s, va_str_t text)
{
    va_buf_t body;
    wk_question_t question;
    va_json_writer_t *w = wk_session_question(s, &body);
    va_json_add_str(w, "text", wk_session_masked(s, text));
    (void)wk_session_question_end(s, "media.emergency", w, &body, &question);
    question.serial = VA_STR_NULL; /* nothing that the call waits for delays it */
    question.wait_ms = ANSWER_MS;
    question.dedup = wk_printf(s->voice->scratch, "voice:%s:emergency", s->call);
    s->urgent = true;
    wk_session_hold(s);
    wk_ask(s->voice->asks, &question, on_emergency_answered, s);
}

void wk_session_look_for_emergency(wk_session_t *s, va_str_t text, bool whole)
{
    wk_emergency_case_t about = {.business_type =
                                     va_json_get_string(s->briefing, "business_type"),
                                 .own = va_json_get(s->briefing, "emergency_words"),
                                 .partial = !whole};
    if (s->urgent) {
        return;
    }
    wk_arena_reset(s->voice->scratch);
    wk_emergency_t found = wk_emergency(s->voice->scratch, s->voice->catalogue, &about, text);
    if (found.level == WK_EMERGENCY_URGENT) {
        raise_emergency(s, text);
    }
}
