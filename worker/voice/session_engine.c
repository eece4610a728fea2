/* A session's engine: what it is opened with, what it tells, what it is asked, its renewal. */
#include <stdio.h>
#include <stdlib.h>

#include "core/base64.h"
#include "worker/clock.h"
#include "worker/log.h"
#include "worker/metrics.h"
#include "worker/voice/session_parts.h"

#define RENEW_AGAIN_MS 1000 /* the first time; twice as long each time that it fails */
#define RENEW_MAX_MS   30000
#define SILENCE_MS     500 /* that end what is said, where the shop says nothing else */
#define ENDS_SOON      6   /* in the last part of that many an engine is followed by another */
#define AGAIN_MS       60000 /* the second one that does not live so long is not tried again */
#define READY_MS       6000  /* from its opening until it hears */

static void take_seat(wk_session_t *s);
static void close_seat(wk_session_t *s, wk_seat_t **seat);
static void on_lost(void *ctx, const char *why);

/* ---------------------------------------------------------------- briefing */

static void remember_before(wk_session_t *s)
{
    const va_json_t *before = va_json_get(s->briefing, "said");
    const va_json_t *line = before != NULL ? before->first : NULL;
    for (; line != NULL; line = line->next) {
        bool by_agent = va_str_eq(va_json_get_string(line, "speaker"), VA_STR("agent"));
        wk_transcript_add(&s->said, by_agent, va_json_get_string(line, "text"));
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
    if (va_json_bool(va_json_get(s->briefing, "returned"), false)) {
        wk_session_say(s, wk_text(s->language, "speech.after_human"), "prompt.voice.returned");
    } else if (va_json_bool(va_json_get(s->briefing, "resumed"), false)) {
        say_resumed(s);
    } else {
        wk_session_say(s, va_json_get_string(s->briefing, "greeting"), "prompt.voice.greet");
    }
}

static void do_clear(void *ctx)
{
    wk_session_clear_carrier(ctx, NULL);
}

static void do_answer(void *ctx)
{
    wk_session_t *s = ctx;
    if (s->state == WK_SESSION_OPENING) {
        wk_talk_owes(&s->talk); /* behind the first words of the one that is opened */
    } else if (wk_session_is_talking(s)) {
        turn_to_something_else(s);
        s->aside = false;
        wk_timing_asked(&s->timing, wk_monotonic_ms());
        if (wk_session_say_due(s)) {
            wk_talk_owes(&s->talk); /* and what he said last is answered behind it */
            return;
        }
        va_str_t due = wk_session_ask_due(s);
        want_answer(s, due.len > 0 ? "prompt.voice.urgent" : NULL, due);
    }
}

static void do_line(void *ctx, wk_talk_line_t line)
{
    wk_session_t *s = ctx;
    if (!wk_session_is_talking(s)) {
        return;
    }
    if (line == WK_TALK_ARE_YOU) {
        wk_session_say(s, wk_text(s->language, "speech.still_there"), "prompt.voice.are_you");
        return;
    }
    s->aside = true;
    if (s->engine->say != NULL) {
        s->engine->say(s->seat->engine, wk_text(s->language, "speech.moment"), true);
    } else {
        s->engine->aside(s->seat->engine, prompt_text(s, "prompt.voice.filler", VA_STR_NULL));
    }
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

static void on_heard(void *ctx, va_str_t text, bool whole)
{
    wk_session_t *s = seated(ctx);
    if (s == NULL) {
        return;
    }
    if (whole && s->talk.led) {
        wk_timing_caller_ended(&s->timing, wk_monotonic_ms()); /* it tells so by nothing else */
    }
    wk_session_customer_says(s, whole ? VA_STR_NULL : text);
    bool words = has_words(s, text);
    bool backchannel = is_backchannel(s, text);
    wk_session_look_for_emergency(s, text, whole);
    if (whole && (!words || backchannel) && (s->talk.doubt || s->talk.tools > 0)) {
        wk_timing_backchannel(&s->timing);
    }
    wk_talk_heard(&s->talk, words, backchannel, whole, wk_monotonic_ms());
    if (whole) {
        wk_session_customer_said(s, 0, text);
    }
}

static void on_heard_late(void *ctx, unsigned behind, va_str_t text)
{
    wk_session_t *s = seated(ctx);
    if (s != NULL) {
        wk_session_customer_says(s, VA_STR_NULL);
        wk_session_look_for_emergency(s, text, true);
        wk_talk_heard_late(&s->talk, behind, has_words(s, text), is_backchannel(s, text),
                           wk_monotonic_ms());
        wk_session_customer_said(s, behind, text);
    }
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
        s->engine->close(seat->engine);
        on_lost(seat, "its answers come to nothing");
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

/* The engine before has not said it. */
static void owe_due(wk_session_t *s)
{
    if (s->due.words.len > 0 && s->engine->say == NULL) {
        wk_talk_owes(&s->talk);
    }
}

static void on_ready(void *ctx)
{
    wk_seat_t *seat = ctx;
    wk_session_t *s = seat->session;
    if (seat == s->seat && s->state == WK_SESSION_OPENING) {
        s->state = WK_SESSION_TALKING;
        wk_session_hear_early(s);
        tell_language(s);
        tell_untold(s);
        owe_due(s);
        if (!s->greeted || s->talk.playout.end == 0) {
            greet(s); /* nothing was heard of the first either */
        } else {
            say_resumed(s);
        }
    } else if (seat == s->next_seat) {
        take_seat(s);
    }
}

/* The chain of the organization goes on behind the re-entry door. */
static void leave_to_next_engine(wk_session_t *s)
{
    char next[sizeof(s->next)];
    va_str_t engine = va_json_get_string(s->briefing, "next_engine");
    snprintf(next, sizeof(next), "engine:%.*s", (int)engine.len, engine.data);
    wk_session_leave(s, engine.len > 0 ? next : "resume", VA_STR_NULL);
}

static void count_loss(const wk_session_t *s, const char *why)
{
    wk_log(WK_WARN, "engine lost", WK_C("call", s->call), WK_C("why", why));
    wk_count("voiceagent_engine_lost_total", "engine", va_str_c(s->engine->traits.name), NULL,
             VA_STR_NULL, 1);
}

/* Another one of its kind, or the next of the chain. */
static void replace_engine(wk_session_t *s, const wk_seat_t *lost)
{
    int64_t lived_ms = wk_monotonic_ms() - lost->opened_ms;
    bool again =
        s->engine->traits.resumable && s->greeted && (s->lost == 0 || lived_ms > AGAIN_MS);
    s->lost++;
    s->state = WK_SESSION_OPENING;
    if (again) {
        wk_session_open_engine(s);
    } else {
        leave_to_next_engine(s);
    }
}

/* A service that refuses is not asked more often than it can bear. */
static void put_off_renewal(wk_session_t *s)
{
    int64_t longer = s->renew_wait_ms > 0 ? 2 * s->renew_wait_ms : RENEW_AGAIN_MS;
    s->renew_wait_ms = longer < RENEW_MAX_MS ? longer : RENEW_MAX_MS;
    s->renew_ms = wk_monotonic_ms() + s->renew_wait_ms;
}

/* Nobody asks it any more. */
static void vacate(wk_session_t *s, const wk_seat_t *seat)
{
    s->seat = s->seat == seat ? NULL : s->seat;
    s->next_seat = s->next_seat == seat ? NULL : s->next_seat;
}

static void on_lost(void *ctx, const char *why)
{
    wk_seat_t *seat = ctx;
    wk_session_t *s = seat->session;
    bool had_the_call = seat == s->seat && s->state < WK_SESSION_LEAVING;
    count_loss(s, why);
    if (seat == s->next_seat) {
        put_off_renewal(s);
    }
    vacate(s, seat);
    if (!had_the_call) {
        return;
    }
    close_seat(s, &s->next_seat); /* it was to follow one that talks */
    wk_session_customer_says(s, VA_STR_NULL);
    (void)wk_session_agent_broke_off(s);
    wk_session_due_broke_off(s);
    wk_talk_engine_lost(&s->talk);
    /* Where the call goes on is decided: then as soon as what there is of the last words is
     * heard. */
    if (s->next[0] == '\0') {
        replace_engine(s, seat);
    }
}

static void on_ends_in(void *ctx, int64_t ms)
{
    wk_seat_t *seat = ctx;
    int64_t at_ms = wk_monotonic_ms() + ms - ms / ENDS_SOON;
    if (seat->old_ms == 0 || at_ms < seat->old_ms) {
        seat->old_ms = at_ms;
    }
}

static void free_seat(wk_seat_t *seat)
{
    free(seat->said);
    free(seat);
}

static void on_gone(void *ctx)
{
    wk_seat_t *seat = ctx;
    wk_session_t *s = seat->session;
    vacate(s, seat); /* one that ended by itself while the call did */
    free_seat(seat);
    wk_session_release(s);
}

/* ---------------------------------------------------------------- opening and renewing */

static const char *text_or_null(va_str_t text)
{
    return text.len > 0 ? text.data : NULL;
}

static wk_turn_taking_t turns_of(const va_json_t *briefing)
{
    wk_turn_taking_t turns = {.threshold = va_json_get_string(briefing, "vad_threshold"),
                              .prefix_ms = -1,
                              .silence_ms = SILENCE_MS};
    (void)va_json_int(va_json_get(briefing, "prefix_padding_ms"), &turns.prefix_ms);
    (void)va_json_int(va_json_get(briefing, "silence_ms"), &turns.silence_ms);
    return turns;
}

static wk_seat_t *new_seat(wk_session_t *s)
{
    static const wk_media_engine_events_t events = {
        .ready = on_ready,
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
        .ends_in = on_ends_in,
        .lost = on_lost,
        .gone = on_gone,
    };
    wk_error_t e;
    size_t n_said;
    int64_t life_ms = s->engine->life_ms != NULL ? s->engine->life_ms(s->voice->config) : 0;
    wk_seat_t *seat = calloc(1, sizeof(*seat));
    if (seat == NULL) {
        abort();
    }
    seat->session = s;
    seat->opened_ms = wk_monotonic_ms();
    seat->turn = s->turn;
    seat->old_ms = life_ms > 0 ? seat->opened_ms + life_ms : 0;
    seat->said = wk_transcript_copy(&s->said, &n_said);
    seat->setup = (wk_media_engine_setup_t){
        .loop = s->voice->loop,
        .number = ++s->seats,
        .config = s->voice->config,
        .tls = s->voice->tls,
        .http = s->voice->http,
        .writing = s->voice->engine_writing,
        .reading = s->voice->engine_reading,
        .instructions = s->instructions,
        .tools = s->tools,
        .voice = va_json_get_string(s->briefing, "voice"),
        .speech = va_json_get_string(s->briefing, "speech"),
        .voices = va_json_get(s->briefing, "voices"),
        .chat_model = text_or_null(va_json_get_string(s->briefing, "chat_model")),
        .language = wk_language_code(s->language),
        .heard_language = va_json_get_string(s->briefing, "only_language"),
        .model = va_json_get_string(s->briefing, "model"),
        .turns = turns_of(s->briefing),
        .said = seat->said,
        .n_said = n_said,
        .url = va_json_get_string(s->briefing, "url"),
        .client_data = va_json_get_string(s->briefing, "client_data")};
    (void)va_json_int(va_json_get(s->briefing, "max_tokens"), &seat->setup.max_tokens);
    (void)va_json_int(va_json_get(s->briefing, "chat_tokens"), &seat->setup.chat_tokens);
    seat->engine = s->engine->open(&seat->setup, &events, seat, &e);
    if (seat->engine == NULL) {
        wk_log(WK_ERROR, "no engine", WK_C("error", e.text));
        free_seat(seat);
        return NULL;
    }
    wk_session_hold(s);
    return seat;
}

void wk_session_open_engine(wk_session_t *s)
{
    wk_timing_engine(&s->timing);
    s->seat = s->engine != NULL ? new_seat(s) : NULL;
    if (s->seat == NULL) {
        leave_to_next_engine(s);
    }
}

static void close_seat(wk_session_t *s, wk_seat_t **seat)
{
    if (*seat != NULL) {
        s->engine->close((*seat)->engine);
        *seat = NULL;
    }
}

void wk_session_close_engines(wk_session_t *s)
{
    close_seat(s, &s->seat);
    close_seat(s, &s->next_seat);
}

static void expect(wk_session_t *s, wk_seat_t *seat, int64_t now)
{
    if (seat != NULL && now - seat->opened_ms > READY_MS) {
        s->engine->close(seat->engine);
        on_lost(seat, "not ready in time");
    }
}

void wk_session_expect_engines(wk_session_t *s, int64_t now)
{
    if (s->state == WK_SESSION_OPENING) {
        expect(s, s->seat, now);
    } else if (s->state == WK_SESSION_TALKING) {
        expect(s, s->next_seat, now);
    }
}

static bool grew_old(const wk_session_t *s, int64_t now)
{
    return s->seat->old_ms != 0 && now >= s->seat->old_ms;
}

/*
 * Between two turns another session of the engine is made ready beside the one that talks, and
 * takes its place if nothing was said meanwhile; else later again.
 */
void wk_session_renew_engine(wk_session_t *s, int64_t now)
{
    if (s->seat != NULL && s->next_seat == NULL && grew_old(s, now) && now >= s->renew_ms &&
        wk_talk_between_turns(&s->talk)) {
        s->renew_ms = now + RENEW_AGAIN_MS;
        s->next_seat = new_seat(s);
    }
}

static void take_seat(wk_session_t *s)
{
    wk_seat_t *old = s->seat;
    if (s->next_seat->turn != s->turn || !wk_talk_between_turns(&s->talk)) {
        close_seat(s, &s->next_seat);
        return;
    }
    wk_timing_engine(&s->timing);
    s->seat = s->next_seat;
    s->next_seat = NULL;
    s->renew_wait_ms = 0;
    close_seat(s, &old);
    tell_language(s);
    owe_due(s);
    wk_log(WK_INFO, "the engine's session was renewed", WK_C("call", s->call));
}
