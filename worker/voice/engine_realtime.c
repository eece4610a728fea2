/*
 * OpenAI's Realtime API as an engine: speech in, speech out, tools. The caller's Base64 passes
 * as it came; what is heard in words comes beside.
 *
 * The service makes one answer at a time, and refuses to be asked for another until it has
 * told the end of the one before, be that one cut or not: a question that comes too early waits
 * here. One that was cut may begin all the same, and may still send some of itself, before the
 * service has heard of it: that is dropped.
 */
#include <stdio.h>
#include <stdlib.h>

#include "core/base64.h"
#include "worker/clock.h"
#include "worker/log.h"
#include "worker/providers/openai_realtime.h"
#include "worker/voice/engine.h"
#include "worker/voice/engine_message.h"
#include "worker/voice/unheard.h"
#include "worker/voice/websocket.h"

#define NAME_MAX_LEN 96
#define BEHIND_MAX   (64 << 10) /* bytes it has not taken yet: about six seconds of sound */
#define HEARD_MAX    4096       /* of an utterance still spoken */
#define LONGEST_S    86400      /* of a session: an end beyond it is none */
#define CUT_MS       6000       /* for an answer that was cut to end, and another one waits */
#define SILENCE_MS   60         /* of it in one message: its Base64 ends with no padding */
#define BEYOND_MS    200        /* of silence behind that which ends what he says */

/* Beats without a message of its, by which a service that only answers pings is lost. */
#define BEGIN_BEATS  4   /* that was asked for an answer: it says at once that one begins */
#define ANSWER_BEATS 6   /* that makes one */
#define SPEECH_BEATS 300 /* while the caller speaks */
#define PROBE_BEATS  2   /* behind words that it heard nothing of: then it is asked */
#define DEAF_BEATS   5   /* and has not answered by then */

struct wk_media_engine {
    const wk_media_engine_setup_t *setup;
    wk_media_engine_events_t events;
    void *ctx;
    wk_ws_t *socket;
    unsigned asked;            /* answers ever */
    bool open;                 /* the last one asked for has neither begun nor been refused */
    char making[NAME_MAX_LEN]; /* the answer that has begun, and has not ended; empty: none */
    bool wanted;               /* what is open or being made: it was not cut */
    bool is_aside;             /* the same */
    int64_t cut_ms;            /* when it was */
    struct {
        bool is_one, is_aside;
        wk_bytes_t instructions;
    } next;      /* the question that waits for the end of that */
    bool speech; /* of the caller */
    char speech_items[WK_ENGINE_BEHIND + 1][NAME_MAX_LEN]; /* what he says, or said last; and
                                                              before, the newest first */
    char heard_item[NAME_MAX_LEN];
    wk_bytes_t heard; /* of it, so far */
    int quiet;        /* beats without a message, since it was asked for something */
    wk_unheard_t unheard;
    bool ready, lost;
};

/* ---------------------------------------------------------------- sending */

#define SEND(engine, make, ...)                                                                \
    WK_ENGINE_SEND((engine)->socket, (engine)->setup->writing, make, ##__VA_ARGS__)

static va_str_t decoded(const wk_media_engine_t *engine, va_str_t base64)
{
    size_t len;
    wk_arena_reset(engine->setup->writing);
    uint8_t *bytes = wk_alloc(engine->setup->writing, VA_BASE64_MAX(base64.len));
    bool ok = va_base64_decode(bytes, &len, base64) == VA_OK;
    return ok ? va_str((const char *)bytes, len) : VA_STR_NULL;
}

static bool hear(wk_media_engine_t *engine, va_str_t base64)
{
    if (!engine->ready || wk_ws_pending(engine->socket) > BEHIND_MAX) {
        return false;
    }
    SEND(engine, wk_realtime_append, base64);
    wk_unheard_given(&engine->unheard, decoded(engine, base64));
    return true;
}

static bool is_busy(const wk_media_engine_t *engine)
{
    return engine->open || engine->making[0] != '\0';
}

/* A question's name, for the error that may refuse it. */
static va_str_t name_of(unsigned question, char name[NAME_MAX_LEN])
{
    return va_str(name, (size_t)snprintf(name, NAME_MAX_LEN, "answer_%u", question));
}

static void ask(wk_media_engine_t *engine, va_str_t instructions, bool is_aside)
{
    char name[NAME_MAX_LEN];
    engine->open = engine->wanted = true;
    engine->is_aside = is_aside;
    engine->quiet = 0;
    SEND(engine, wk_realtime_respond, name_of(++engine->asked, name), instructions, is_aside);
}

static void forget_next(wk_media_engine_t *engine)
{
    engine->next.is_one = false;
    wk_bytes_take(&engine->next.instructions, engine->next.instructions.len);
}

static void respond(wk_media_engine_t *engine, va_str_t instructions, bool is_aside)
{
    if (is_busy(engine)) {
        forget_next(engine);
        engine->next.is_one = true;
        engine->next.is_aside = is_aside;
        engine->quiet = 0;
        wk_bytes_add(&engine->next.instructions, instructions.data, instructions.len);
    } else {
        ask(engine, instructions, is_aside);
    }
}

/* An answer is over, or will never be; whoever asked for another one waits for that. */
static void answer_over(wk_media_engine_t *engine, bool failed)
{
    if (engine->next.is_one) {
        ask(engine, wk_bytes_str(&engine->next.instructions), engine->next.is_aside);
        forget_next(engine);
    } else if (engine->wanted) {
        engine->wanted = false;
        engine->events.done(engine->ctx, failed);
    }
}

static void answer(wk_media_engine_t *engine, va_str_t instructions)
{
    respond(engine, instructions, false);
}

static void aside(wk_media_engine_t *engine, va_str_t instructions)
{
    respond(engine, instructions, true);
}

static void cut(wk_media_engine_t *engine, const wk_cut_t *cuts, size_t n)
{
    if (is_busy(engine) && engine->wanted) {
        SEND(engine, wk_realtime_cancel, va_str_c(engine->making));
        engine->cut_ms = wk_monotonic_ms();
    }
    engine->wanted = false;
    forget_next(engine);
    for (size_t i = 0; i < n; i++) {
        if (cuts[i].item.len > 0) {
            SEND(engine, wk_realtime_truncate, cuts[i].item, cuts[i].heard_ms);
        }
    }
}

static void result(wk_media_engine_t *engine, va_str_t id, va_str_t output)
{
    SEND(engine, wk_realtime_result, id, output);
}

static void tell(wk_media_engine_t *engine, va_str_t text)
{
    SEND(engine, wk_realtime_message, "system", text);
}

static void typed(wk_media_engine_t *engine, va_str_t text)
{
    SEND(engine, wk_realtime_message, "user", text);
}

static void send_setup(wk_media_engine_t *engine)
{
    const wk_media_engine_setup_t *s = engine->setup;
    const wk_realtime_session_t session = {.instructions = s->instructions,
                                           .tools = s->tools,
                                           .voice = s->voice,
                                           .language = s->heard_language,
                                           .transcription_model =
                                               s->config->openai_transcription_model,
                                           .max_tokens = s->max_tokens,
                                           .threshold = s->turns.threshold,
                                           .prefix_ms = s->turns.prefix_ms,
                                           .silence_ms = s->turns.silence_ms};
    SEND(engine, wk_realtime_update, &session);
    for (size_t i = 0; i < s->n_said; i++) {
        SEND(engine, wk_realtime_message, s->said[i].by_agent ? "assistant" : "user",
             s->said[i].text);
    }
}

/* ---------------------------------------------------------------- receiving */

static void lose(wk_media_engine_t *engine, const char *why)
{
    if (!engine->lost) {
        engine->lost = true;
        wk_ws_close(engine->socket, WK_WS_NORMAL);
        engine->events.lost(engine->ctx, why);
    }
}

static void keep_name(char to[NAME_MAX_LEN], va_str_t name)
{
    size_t len = name.len < NAME_MAX_LEN ? name.len : 0; /* one too long is none */
    memcpy(to, name.len > 0 ? name.data : "", len);
    to[len] = '\0';
}

static void on_response(wk_media_engine_t *engine, const wk_realtime_event_t *event)
{
    if (!engine->open) {
        return; /* nobody asked for it */
    }
    engine->open = false;
    keep_name(engine->making, event->response);
    if (!engine->wanted) {
        /* Cut before there was anything that a cancel could end. */
        SEND(engine, wk_realtime_cancel, event->response);
    }
}

static bool is_made(const wk_media_engine_t *engine, const wk_realtime_event_t *event)
{
    return engine->making[0] != '\0' && va_str_eq(event->response, va_str_c(engine->making));
}

static void on_audio(wk_media_engine_t *engine, const wk_realtime_event_t *event)
{
    size_t len;
    uint8_t *mulaw = wk_alloc(engine->setup->reading, VA_BASE64_MAX(event->text.len));
    /* What the conversation does not hold cannot be cut in it: such an utterance has no name.
     */
    va_str_t item = engine->is_aside ? VA_STR("") : event->item;
    if (va_base64_decode(mulaw, &len, event->text) == VA_OK) {
        engine->events.sound(engine->ctx, item, va_str((const char *)mulaw, len));
    }
}

static void on_speech(wk_media_engine_t *engine, const wk_realtime_event_t *event)
{
    engine->speech = event->kind == WK_RT_SPEECH_STARTED;
    if (engine->speech) {
        memmove(engine->speech_items + 1, engine->speech_items,
                sizeof(engine->speech_items) - sizeof(engine->speech_items[0]));
        keep_name(engine->speech_items[0], event->item);
    }
    if (event->ended_ms >= engine->setup->turns.silence_ms) {
        engine->events.voiced(engine->ctx, event->ended_ms - engine->setup->turns.silence_ms);
    }
    engine->events.speech(engine->ctx, engine->speech);
}

/* Words come when they have been understood, and he may have begun another utterance by then.
 */
static unsigned behind(const wk_media_engine_t *engine, const wk_realtime_event_t *event)
{
    unsigned n = 0;
    while (n < WK_ENGINE_BEHIND && engine->speech_items[n][0] != '\0' &&
           !va_str_eq(event->item, va_str_c(engine->speech_items[n]))) {
        n++;
    }
    return n;
}

static void on_heard(wk_media_engine_t *engine, const wk_realtime_event_t *event)
{
    unsigned n = behind(engine, event);
    if (n > 0) {
        engine->events.heard_late(engine->ctx, n, event->text);
    } else {
        engine->events.heard(engine->ctx, event->text, true);
    }
}

static void on_heard_part(wk_media_engine_t *engine, const wk_realtime_event_t *event)
{
    if (behind(engine, event) > 0) {
        return; /* all of it follows */
    }
    if (!va_str_eq(event->item, va_str_c(engine->heard_item))) {
        keep_name(engine->heard_item, event->item);
        wk_bytes_take(&engine->heard, engine->heard.len);
    }
    if (engine->heard.len + event->text.len <= HEARD_MAX) {
        wk_bytes_add(&engine->heard, event->text.data, event->text.len);
        engine->events.heard(engine->ctx, wk_bytes_str(&engine->heard), false);
    }
}

static void on_done(wk_media_engine_t *engine, const wk_realtime_event_t *event)
{
    engine->making[0] = '\0';
    bool failed = va_str_eq(event->status, VA_STR("failed"));
    if (failed) {
        wk_log(WK_WARN, "the engine's answer failed", WK_S("code", event->code));
    }
    answer_over(engine, failed);
}

/* What belongs to the answer that is being made, and is wanted. */
static void on_answer(wk_media_engine_t *engine, const wk_realtime_event_t *event)
{
    switch (event->kind) {
    case WK_RT_AUDIO:
        on_audio(engine, event);
        break;
    case WK_RT_SAID_PART:
    case WK_RT_SAID:
        engine->events.said(engine->ctx, event->item, event->text, event->kind == WK_RT_SAID);
        break;
    case WK_RT_CALL:
        engine->events.tool(engine->ctx, event->call_id, event->name, event->text);
        break;
    default:
        break;
    }
}

/* Most errors are of one message, and the conversation goes on. */
static void on_error(wk_media_engine_t *engine, const wk_realtime_event_t *event)
{
    char name[NAME_MAX_LEN];
    wk_log(WK_WARN, "the engine refuses a message", WK_S("code", event->code),
           WK_S("error", event->text));
    if (!engine->ready) {
        lose(engine, "its session was refused");
    } else if (engine->open && va_str_eq(event->about, name_of(engine->asked, name))) {
        engine->open = false;
        answer_over(engine, true);
    }
}

static void on_created(wk_media_engine_t *engine, const wk_realtime_event_t *event)
{
    int64_t left_s = event->expires > 0 ? event->expires - wk_now_ms() / 1000 : 0;
    if (left_s > 0 && left_s < LONGEST_S) {
        engine->events.ends_in(engine->ctx, left_s * 1000);
    }
    send_setup(engine);
}

static void on_event(wk_media_engine_t *engine, const wk_realtime_event_t *event)
{
    switch (event->kind) {
    case WK_RT_CREATED:
        on_created(engine, event);
        break;
    case WK_RT_UPDATED:
        if (!engine->ready) {
            engine->ready = true;
            engine->events.ready(engine->ctx);
        }
        break;
    case WK_RT_SPEECH_STARTED:
    case WK_RT_SPEECH_STOPPED:
        on_speech(engine, event);
        break;
    case WK_RT_HEARD_PART:
        on_heard_part(engine, event);
        break;
    case WK_RT_HEARD:
        on_heard(engine, event);
        break;
    case WK_RT_RESPONSE:
        on_response(engine, event);
        break;
    case WK_RT_ERROR:
        on_error(engine, event);
        break;
    case WK_RT_AUDIO:
    case WK_RT_SAID_PART:
    case WK_RT_SAID:
    case WK_RT_CALL:
        if (is_made(engine, event) && engine->wanted) {
            on_answer(engine, event);
        }
        break;
    case WK_RT_DONE:
        if (is_made(engine, event)) {
            on_done(engine, event);
        }
        break;
    case WK_RT_OTHER:
        break;
    }
}

static void on_text(void *ctx, va_str_t text)
{
    wk_media_engine_t *engine = ctx;
    wk_realtime_event_t event;
    wk_arena_reset(engine->setup->reading);
    if (wk_realtime_read(wk_mem(engine->setup->reading), text, &event) != VA_OK) {
        wk_log(WK_WARN, "the engine sent what is no message of its");
        return;
    }
    engine->quiet = 0;
    wk_unheard_told(&engine->unheard);
    on_event(engine, &event);
    if (engine->next.is_one && !engine->wanted && wk_monotonic_ms() - engine->cut_ms > CUT_MS) {
        lose(engine, "an answer that was cut does not end");
    }
}

/* ---------------------------------------------------------------- what has to come */

/* Beats without a message that it may take; 0: nothing has to come. */
static int patience(const wk_media_engine_t *engine)
{
    bool begins = (engine->open && engine->wanted) || engine->next.is_one;
    bool makes = engine->making[0] != '\0' && engine->wanted;
    return begins ? BEGIN_BEATS : makes ? ANSWER_BEATS : engine->speech ? SPEECH_BEATS : 0;
}

/*
 * What the caller says begins with a message of its, as soon as it is taken for speech. What is
 * loud and no speech is told nothing of: so it is asked, by what changes nothing, and answers.
 */
static void listen_for_it(wk_media_engine_t *engine)
{
    unsigned beats = wk_unheard_beat(&engine->unheard);
    if (beats == PROBE_BEATS) {
        SEND(engine, wk_realtime_probe);
    } else if (beats >= DEAF_BEATS) {
        lose(engine, "it hears nothing");
    }
}

static void on_beat(void *ctx)
{
    wk_media_engine_t *engine = ctx;
    int most = patience(engine);
    engine->quiet++;
    if (!engine->ready) {
        return; /* whoever opened it waits for that */
    }
    if (most > 0 && engine->quiet >= most) {
        lose(engine, "it says nothing");
    } else {
        listen_for_it(engine);
    }
}

static void on_open(void *ctx)
{
    (void)ctx; /* it speaks first: session.created */
}

static void on_closed(void *ctx, const char *why)
{
    lose(ctx, why);
}

/* ---------------------------------------------------------------- life */

/* 0xff, as mu-law is silent, in Base64. */
static void hear_silence(wk_media_engine_t *engine, int64_t ms)
{
    char base64[VA_BASE64_LEN(SILENCE_MS * WK_PLAYOUT_RATE)];
    memset(base64, '/', sizeof(base64));
    for (; ms > 0; ms -= SILENCE_MS) {
        (void)hear(engine, va_str(base64, sizeof(base64)));
    }
}

/* The service writes down what has ended: in the middle of a word silence ends it. */
static void last_words(wk_media_engine_t *engine)
{
    cut(engine, NULL, 0);
    if (engine->speech) {
        hear_silence(engine, engine->setup->turns.silence_ms + BEYOND_MS);
    }
}

static void free_engine(wk_media_engine_t *engine)
{
    wk_bytes_free(&engine->heard);
    wk_bytes_free(&engine->next.instructions);
    free(engine);
}

static void on_gone(void *ctx)
{
    wk_media_engine_t *engine = ctx;
    engine->events.gone(engine->ctx);
    free_engine(engine);
}

static wk_media_engine_t *open_engine(const wk_media_engine_setup_t *setup,
                                      const wk_media_engine_events_t *events, void *ctx,
                                      wk_error_t *e)
{
    static const wk_ws_events_t socket_events = {.open = on_open,
                                                 .text = on_text,
                                                 .closed = on_closed,
                                                 .gone = on_gone,
                                                 .beat = on_beat};
    wk_media_engine_t *engine = calloc(1, sizeof(*engine));
    if (engine == NULL) {
        abort();
    }
    *engine = (wk_media_engine_t){.setup = setup, .events = *events, .ctx = ctx};
    wk_arena_t *a = setup->reading; /* not emptied: another one may be losing its place */
    const wk_ws_dial_t to = {.url = wk_realtime_url(a, setup->config, setup->model),
                             .authorization =
                                 wk_printf(a, "Bearer %s", setup->config->openai_api_key).data,
                             .tls = setup->tls,
                             .max = WK_REALTIME_MESSAGE_MAX};
    engine->socket = wk_ws_dial(setup->loop, &to, &socket_events, engine, e);
    if (engine->socket == NULL) {
        free_engine(engine);
        return NULL;
    }
    return engine;
}

static void close_engine(wk_media_engine_t *engine)
{
    engine->lost = true;
    wk_ws_close(engine->socket, WK_WS_NORMAL);
}

/* The service ends a session after an hour, or when it has said so. */
static int64_t life_ms(const wk_config_t *config)
{
    return (int64_t)config->openai_session_s * 1000;
}

const wk_media_engine_type_t wk_media_engine_realtime = {
    .traits = {.name = "realtime", .resumable = true, .barge_in = true},
    .life_ms = life_ms,
    .open = open_engine,
    .hear = hear,
    .answer = answer,
    .aside = aside,
    .cut = cut,
    .result = result,
    .tell = tell,
    .typed = typed,
    .last_words = last_words,
    .close = close_engine,
};
