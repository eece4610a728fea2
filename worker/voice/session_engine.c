/* The talk with a session's engine: what it is told, what it is asked, what it tells. */
#include "core/base64.h"
#include "worker/clock.h"
#include "worker/log.h"
#include "worker/metrics.h"
#include "worker/voice/session_parts.h"

/* ---------------------------------------------------------------- briefing */

static void remember_before(wk_session_t *s)
{
    const va_json_t *before = va_json_get(s->briefing, "said");
    const va_json_t *line = before != NULL ? before->first : NULL;
    for (; line != NULL; line = line->next) {
        bool by_agent = va_str_eq(va_json_get_string(line, "speaker"), VA_STR("agent"));
        va_str_t text = va_json_get_string(line, "text");
        if (va_json_bool(va_json_get(line, "earlier"), false)) {
            wk_transcript_add_earlier(&s->said, by_agent, text);
        } else {
            wk_transcript_add(&s->said, by_agent, text);
        }
    }
}

bool wk_session_brief(wk_session_t *s, const va_reply_t *reply)
{
    va_json_limits_t limits = {VA_REPLY_MAX_BYTES, 32, 50000};
    const va_json_t *briefing;
    if (reply == NULL || reply->status != 200 ||
        va_json_parse(wk_mem(s->arena), reply->body, &limits, &briefing) != VA_OK) {
        wk_log(WK_ERROR, "no briefing for a call", WK_C("call", s->call));
        return false;
    }
    const wk_catalogue_t *c = s->voice->catalogue;
    s->briefing = briefing;
    s->language = wk_catalogue_pick(c, va_json_get_string(briefing, "language"), VA_STR_NULL);
    s->instructions = va_json_get_string(briefing, "instructions");
    s->tools = va_json_get_string(briefing, "tools");
    s->engine = wk_media_engine_find(va_json_get_string(briefing, "engine"));
    remember_before(s);
    wk_session_limit_begin(s);
    s->talk.led = s->engine != NULL && !s->engine->traits.barge_in;
    wk_session_inherit_due(s);
    return s->instructions.len > 0;
}

/* ---------------------------------------------------------------- what it is told */

bool wk_session_is_talking(const wk_session_t *s)
{
    return s->state == WK_SESSION_TALKING && s->seat != NULL;
}

static va_str_t prompt_text(wk_session_t *s, const char *name, va_str_t say)
{
    const wk_language_t *en = wk_catalogue_pick(s->voice->catalogue, VA_STR("en"), VA_STR_NULL);
    wk_arena_reset(s->voice->scratch);
    return wk_say(s->voice->scratch, en, name, {"language", wk_language_code(s->language)},
                  {"say", say});
}

void wk_session_hear(wk_session_t *s, va_str_t base64, int64_t media_ms)
{
    if (!wk_session_is_talking(s)) {
        wk_timing_frame(&s->timing, media_ms, 0, wk_monotonic_ms());
        wk_session_keep_early(s, base64);
        return;
    }
    bool heard = s->engine->hear(s->seat->engine, base64);
    wk_timing_frame(&s->timing, media_ms, heard ? va_base64_decoded_len(base64) : 0,
                    wk_monotonic_ms());
    if (!heard) {
        wk_count("voiceagent_voice_dropped_total", "direction", VA_STR("in"), NULL, VA_STR_NULL,
                 1);
    }
}

void wk_session_caller_acts(wk_session_t *s)
{
    if (wk_session_is_talking(s) && s->engine->active != NULL) {
        s->engine->active(s->seat->engine);
    }
}

/* The talk goes on with something else: what was to be said is only known from now on. */
static void turn_to_something_else(wk_session_t *s)
{
    s->asked++;
    s->awaited = 0;
    s->resuming = false;
    wk_session_due_broke_off(s);
    if (s->due.words.len > 0 && !s->due.stays) {
        wk_session_tell_engine(s, "prompt.voice.tool", wk_bytes_str(&s->due.words));
        wk_bytes_free(&s->due.words);
    }
}

static void ask_engine(wk_session_t *s)
{
    va_str_t words = wk_bytes_str(&s->answer.words);
    s->aside = s->answer.came = false;
    if (s->answer.prompt == NULL) {
        s->engine->answer(s->seat->engine, VA_STR_NULL);
    } else if (s->engine->say != NULL && words.len > 0) {
        s->engine->say(s->seat->engine, words, false);
    } else {
        s->engine->answer(s->seat->engine, prompt_text(s, s->answer.prompt, words));
    }
}

static void want_answer(wk_session_t *s, const char *prompt, va_str_t words)
{
    s->answer.prompt = prompt;
    wk_bytes_take(&s->answer.words, s->answer.words.len);
    wk_bytes_add(&s->answer.words, words.data, words.len);
    ask_engine(s);
}

void wk_session_say(wk_session_t *s, va_str_t words, const char *prompt)
{
    turn_to_something_else(s);
    wk_talk_answering(&s->talk);
    wk_timing_unprompted(&s->timing);
    wk_timing_asked(&s->timing, wk_monotonic_ms());
    want_answer(s, prompt, words);
}

/* One that is being opened is told when it is ready. */
void wk_session_tell(wk_session_t *s, va_str_t text)
{
    if (wk_session_is_talking(s)) {
        s->engine->tell(s->seat->engine, text);
    } else if (s->state == WK_SESSION_OPENING) {
        wk_bytes_add(&s->untold, text.data, text.len);
        wk_bytes_add(&s->untold, "\n", 1);
    }
}

void wk_session_tell_engine(wk_session_t *s, const char *prompt, va_str_t say)
{
    wk_session_tell(s, prompt_text(s, prompt, say));
}

/* What the engine was opened with is of the call's beginning. One that leads knows it itself.
 */
static void tell_language(wk_session_t *s)
{
    va_str_t begun = va_json_get_string(s->briefing, "language");
    bool told = s->seat != NULL && s->seat->told == s->language;
    bool differs = !va_str_eq(wk_language_code(s->language), begun);
    if (s->seat != NULL && !s->talk.led && !told && (differs || s->seat->told != NULL)) {
        s->seat->told = s->language;
        wk_session_tell_engine(s, "prompt.voice.language", VA_STR_NULL);
    }
}

void wk_session_set_language(wk_session_t *s, const wk_language_t *language)
{
    s->language = language;
    if (s->seat != NULL) {
        s->seat->setup.language = wk_language_code(language);
    }
    if (wk_session_is_talking(s)) {
        tell_language(s);
    }
}

static void tell_untold(wk_session_t *s)
{
    if (s->untold.len > 0) {
        wk_session_tell(s, wk_bytes_str(&s->untold));
        wk_bytes_free(&s->untold);
    }
}

/* What the engine before was to say is said behind it. */
static void say_resumed(wk_session_t *s)
{
    int64_t awaited = s->awaited;
    wk_due_t due = s->due;
    s->due = (wk_due_t){.stays = false};
    wk_session_say(s, wk_text(s->language, "speech.resumed"), "prompt.voice.resume");
    s->awaited = awaited;
    s->due = due;
    s->resuming = true;
}

static void greet(wk_session_t *s)
{
    s->greeted = true;
    bool returned = va_json_bool(va_json_get(s->briefing, "returned"), false);
    if (returned && va_json_bool(va_json_get(s->briefing, "unanswered"), false)) {
        wk_session_say(s, wk_text(s->language, "speech.nobody"), "prompt.voice.unanswered");
    } else if (returned) {
        wk_session_say(s, wk_text(s->language, "speech.after_human"), "prompt.voice.returned");
    } else if (va_json_bool(va_json_get(s->briefing, "resumed"), false)) {
        say_resumed(s);
    } else {
        s->keys.n = 0; /* what is pressed before anybody is there would cut the greeting */
        wk_session_say(s, va_json_get_string(s->briefing, "greeting"), "prompt.voice.greet");
    }
}

/* The engine before has not said it. */
static void owe_due(wk_session_t *s)
{
    if (s->due.words.len > 0 && s->engine->say == NULL) {
        wk_talk_owes(&s->talk);
    }
}

void wk_session_begin_talk(wk_session_t *s)
{
    s->state = WK_SESSION_TALKING;
    wk_session_hear_early(s);
    tell_language(s);
    tell_untold(s);
    if (!s->greeted || s->talk.playout.end == 0) {
        greet(s); /* nothing was heard of the first either */
    } else {
        say_resumed(s);
    }
    owe_due(s);
}

void wk_session_go_on_talking(wk_session_t *s)
{
    tell_language(s);
    owe_due(s);
}

static void do_clear(void *ctx)
{
    wk_session_clear_carrier(ctx, NULL);
}

static bool do_answer(void *ctx)
{
    wk_session_t *s = ctx;
    if (s->state == WK_SESSION_OPENING) {
        wk_talk_owes(&s->talk); /* behind the first words of the one that is opened */
        return true;
    }
    if (!wk_session_is_talking(s)) {
        return false; /* lost, and the call goes on elsewhere, or ends */
    }
    turn_to_something_else(s);
    s->aside = false;
    wk_timing_asked(&s->timing, wk_monotonic_ms());
    if (wk_session_say_due(s)) {
        wk_talk_owes(&s->talk); /* and what he said last is answered behind it */
        return true;
    }
    va_str_t due = wk_session_ask_due(s);
    const char *prompt = s->urgent ? "prompt.voice.urgent" : "prompt.voice.exactly";
    want_answer(s, due.len > 0 ? prompt : NULL, due);
    return true;
}

static bool do_line(void *ctx, wk_talk_line_t line)
{
    wk_session_t *s = ctx;
    if (!wk_session_is_talking(s)) {
        return false;
    }
    if (line == WK_TALK_ARE_YOU) {
        wk_session_say(s, wk_text(s->language, "speech.still_there"), "prompt.voice.are_you");
        return true;
    }
    s->aside = true;
    if (s->engine->say != NULL) {
        s->engine->say(s->seat->engine, wk_text(s->language, "speech.moment"), true);
    } else {
        s->engine->aside(s->seat->engine, prompt_text(s, "prompt.voice.filler", VA_STR_NULL));
    }
    return true;
}

static void do_cut(void *ctx, const wk_cut_t *cuts, size_t n)
{
    wk_session_t *s = ctx;
    if (!wk_session_is_talking(s)) {
        return;
    }
    wk_session_due_cut(s, cuts, n);
    turn_to_something_else(s);
    wk_timing_dropped(&s->timing);
    s->engine->cut(s->seat->engine, cuts, n);
    for (size_t i = 0; i < n; i++) {
        wk_session_agent_was_cut(s, &cuts[i]);
    }
}

static void do_silent(void *ctx)
{
    wk_session_t *s = ctx;
    wk_session_hang_up(s, "silence", wk_text(s->language, "speech.silence"));
}

static void do_over(void *ctx)
{
    wk_session_t *s = ctx;
    char next[sizeof(s->next)];
    memcpy(next, s->next, sizeof(next));
    wk_session_leave(s, next, wk_bytes_str(&s->detail));
}

const wk_talk_ops_t wk_session_talk_ops = {
    .clear = do_clear,
    .answer = do_answer,
    .line = do_line,
    .cut = do_cut,
    .silent = do_silent,
    .over = do_over,
};

/* ---------------------------------------------------------------- what it tells */

/* The seat's session, if the seat is the one that counts. */
static wk_session_t *seated(void *ctx)
{
    const wk_seat_t *seat = ctx;
    wk_session_t *s = seat->session;
    return s->state == WK_SESSION_TALKING && s->seat == seat ? s : NULL;
}

/* The same; or it says nothing more, and is kept for words that the caller has said. */
static wk_session_t *listening(void *ctx)
{
    const wk_seat_t *seat = ctx;
    wk_session_t *s = seat->session;
    return s->state >= WK_SESSION_TALKING && s->seat == seat ? s : NULL;
}

static void on_speech(void *ctx, bool started)
{
    wk_session_t *s = seated(ctx);
    int64_t now = wk_monotonic_ms();
    if (s == NULL) {
        return;
    }
    if (started) {
        memmove(s->began_to_speak + 1, s->began_to_speak,
                sizeof(s->began_to_speak) - sizeof(s->began_to_speak[0]));
        s->began_to_speak[0] = wk_now_ms();
    } else {
        wk_timing_caller_ended(&s->timing, now);
    }
    wk_talk_speech(&s->talk, started, now);
}

static void on_voiced(void *ctx, int64_t sound_ms)
{
    wk_session_t *s = seated(ctx);
    if (s != NULL) {
        wk_timing_voiced(&s->timing, sound_ms);
    }
}

static bool has_words(wk_session_t *s, va_str_t text)
{
    wk_arena_reset(s->voice->scratch);
    return wk_words(s->voice->scratch, text).count > 0;
}

static bool is_backchannel(wk_session_t *s, va_str_t text)
{
    wk_arena_reset(s->voice->scratch);
    return wk_talk_is_backchannel(s->voice->scratch, s->voice->catalogue, s->language, text);
}

/* What they mean for who speaks next. */
static void judge_heard(wk_session_t *s, va_str_t text, bool whole)
{
    bool words = has_words(s, text);
    bool backchannel = is_backchannel(s, text);
    if (whole && s->talk.led) {
        wk_timing_caller_ended(&s->timing, wk_monotonic_ms()); /* it tells so by nothing else */
    }
    if (whole && (!words || backchannel) && (s->talk.doubt || s->talk.tools > 0)) {
        wk_timing_backchannel(&s->timing);
    }
    wk_talk_heard(&s->talk, words, backchannel, whole, wk_monotonic_ms());
}

static void on_heard(void *ctx, va_str_t text, bool whole)
{
    wk_session_t *s = listening(ctx);
    if (s == NULL) {
        return;
    }
    wk_session_customer_says(s, whole ? VA_STR_NULL : text);
    wk_session_look_for_emergency(s, text, whole);
    if (s->state == WK_SESSION_TALKING) {
        judge_heard(s, text, whole);
    }
    if (whole) {
        wk_session_customer_said(s, 0, text);
    }
}

static void on_heard_late(void *ctx, unsigned behind, va_str_t text)
{
    wk_session_t *s = listening(ctx);
    if (s == NULL) {
        return;
    }
    wk_session_customer_says(s, VA_STR_NULL);
    wk_session_look_for_emergency(s, text, true);
    if (s->state == WK_SESSION_TALKING) {
        wk_talk_heard_late(&s->talk, behind, has_words(s, text), is_backchannel(s, text),
                           wk_monotonic_ms());
    }
    wk_session_customer_said(s, behind, text);
}

static va_str_t masked(void *ctx, va_str_t heard)
{
    const wk_seat_t *seat = ctx;
    return wk_session_masked(seat->session, heard);
}

static void on_token(void *ctx, va_str_t item)
{
    wk_session_t *s = seated(ctx);
    if (s != NULL) {
        wk_timing_token(&s->timing, item, wk_monotonic_ms());
    }
}

static void on_sound(void *ctx, va_str_t item, va_str_t mulaw)
{
    wk_session_t *s = seated(ctx);
    int64_t now = wk_monotonic_ms();
    if (s == NULL) {
        return;
    }
    uint64_t position = s->talk.playout.end;
    if (wk_playout_add(&s->talk.playout, item, mulaw, now)) {
        wk_timing_sound(&s->timing, item, position, now);
        wk_session_due_sounds(s, item);
    } else {
        wk_count("voiceagent_voice_dropped_total", "direction", VA_STR("out"), NULL,
                 VA_STR_NULL, 1);
    }
    s->answer.came = s->answer.came || item.len > 0; /* what is said in between has no name */
    wk_session_play(s, now); /* what is said first is heard without waiting for a tick */
}

static void on_said(void *ctx, va_str_t item, va_str_t text, bool whole)
{
    wk_session_t *s = seated(ctx);
    if (s == NULL) {
        return;
    }
    if (!s->aside) {
        wk_timing_token(&s->timing, item, wk_monotonic_ms());
    }
    wk_session_agent_says(s, item, text, whole);
}

static void on_tool(void *ctx, va_str_t id, va_str_t name, va_str_t arguments)
{
    wk_session_t *s = seated(ctx);
    if (s != NULL) {
        s->answer.came = true;
        wk_session_run_tool(s, id, name, arguments);
    }
}

/* What is said in between may fail; behind a tool more follows; and at the end there may be
 * nothing to say. */
static bool came_to_nothing(const wk_session_t *s, bool failed)
{
    bool empty = !s->answer.came && s->next[0] == '\0';
    return (failed || empty) && !s->aside && s->talk.tools == 0;
}

/*
 * It is asked for once more, or, where it can be heard how it begins, for the rest of it; an
 * engine that fails twice in a row is of no use.
 */
static void answer_again(wk_session_t *s, wk_seat_t *seat)
{
    if (seat->failures++ == 0) {
        wk_talk_answering(&s->talk);
        if (wk_session_agent_broke_off(s)) {
            want_answer(s, "prompt.voice.go_on", VA_STR_NULL);
        } else {
            ask_engine(s);
        }
    } else {
        wk_session_lose_engine(seat, "its answers come to nothing");
    }
}

static void on_done(void *ctx, bool failed)
{
    wk_seat_t *seat = ctx;
    wk_session_t *s = seated(ctx);
    if (s == NULL) {
        return;
    }
    if (came_to_nothing(s, failed)) {
        answer_again(s, seat);
        return;
    }
    seat->failures = s->aside ? seat->failures : 0;
    s->resuming = false;
    if (!s->aside) {
        wk_session_due_said(s, failed);
    }
    if (!wk_session_say_due(s)) {
        wk_talk_done(&s->talk, wk_monotonic_ms());
    }
}

static void on_unanswered(void *ctx, va_str_t heard)
{
    wk_session_t *s = seated(ctx);
    if (s != NULL) {
        wk_session_ask_receptionist(s, heard);
    }
}

static void on_named(void *ctx, va_str_t conversation)
{
    const wk_seat_t *seat = ctx;
    wk_session_named(seat->session, conversation);
}

static void on_interrupted(void *ctx)
{
    wk_session_t *s = seated(ctx);
    if (s != NULL) {
        wk_talk_interrupted(&s->talk, wk_monotonic_ms());
    }
}

static void on_corrected(void *ctx, va_str_t said, va_str_t heard)
{
    wk_session_t *s = seated(ctx);
    if (s != NULL) {
        wk_session_agent_was_corrected(s, said, heard);
    }
}

static void on_ended(void *ctx)
{
    wk_session_t *s = seated(ctx);
    if (s != NULL) {
        s->seat = NULL;
        wk_session_leave_politely(s, "hangup", VA_STR("{\"reason\":\"the agent ended it\"}"));
    }
}

const wk_media_engine_events_t wk_session_engine_events = {
    .speech = on_speech,
    .voiced = on_voiced,
    .heard = on_heard,
    .masked = masked,
    .heard_late = on_heard_late,
    .token = on_token,
    .sound = on_sound,
    .said = on_said,
    .tool = on_tool,
    .done = on_done,
    .named = on_named,
    .interrupted = on_interrupted,
    .corrected = on_corrected,
    .ended = on_ended,
    .unanswered = on_unanswered,
};
