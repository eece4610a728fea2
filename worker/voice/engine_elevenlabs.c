/*
 * An agent at ElevenLabs as an engine: it hears, thinks and speaks there, and leads the talk:
 * it takes its turns and is cut short by itself. What it says comes faster than it is spoken,
 * so that behind an interruption what it said before is dropped here.
 *
 * Sound and words come beside each other and neither says where an utterance ends. A new one
 * begins behind whatever ends a turn (the caller's words, an interruption, a tool), and with
 * words where the utterance has some already.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base64.h"
#include "worker/log.h"
#include "worker/providers/elevenlabs_convai.h"
#include "worker/voice/engine.h"
#include "worker/voice/engine_message.h"
#include "worker/voice/transcode.h"
#include "worker/voice/websocket.h"

#define BEHIND_MAX (64 << 10) /* bytes it has not taken yet: about six seconds of sound */
#define BEGIN_MS   5000       /* until it says that the conversation has begun */

/*
 * Beats without a word of one that pings: twice as many as there were between two of its pings,
 * and some more. How often it pings is its own to say.
 */
#define SILENT_LEAST 6
#define SILENT_MORE  3
#define SILENT_MOST  30
#define KNOWN_PINGS  4 /* so many tell how far apart they come */

struct wk_media_engine {
    const wk_media_engine_setup_t *setup;
    wk_media_engine_events_t events;
    void *ctx;
    wk_ws_t *socket;
    wk_transcode_t *to, *from; /* NULL: it hears, or speaks, mu-law */
    unsigned utterance;
    bool turn_over; /* what it says next is a new utterance */
    bool has_words; /* the utterance has */
    int64_t newest; /* event of sound that was passed on */
    int64_t stale;  /* sound up to this event is not to be heard */
    unsigned pings;
    int quiet;    /* beats without a word */
    int unpinged; /* beats since its last ping */
    int apart;    /* the most between two of them */
    bool ready, lost;
};

/* ---------------------------------------------------------------- sending */

#define SEND(engine, make, ...)                                                                \
    WK_ENGINE_SEND((engine)->socket, (engine)->setup->writing, make, ##__VA_ARGS__)

/* The carrier's sound in the agent's format; absent: it is no Base64. */
static va_str_t transcoded(wk_media_engine_t *engine, va_str_t base64)
{
    size_t len;
    wk_arena_t *a = engine->setup->reading;
    uint8_t *mulaw = wk_alloc(a, VA_BASE64_MAX(base64.len));
    if (va_base64_decode(mulaw, &len, base64) != VA_OK) {
        return VA_STR_NULL;
    }
    va_str_t pcm = wk_transcode(engine->to, a, va_str((const char *)mulaw, len));
    char *text = wk_alloc(a, VA_BASE64_LEN(pcm.len));
    return va_str(text, va_base64_encode(text, pcm.data, pcm.len));
}

static bool hear(wk_media_engine_t *engine, va_str_t base64)
{
    if (!engine->ready || wk_ws_pending(engine->socket) > BEHIND_MAX) {
        return false;
    }
    if (engine->to != NULL) {
        wk_arena_reset(engine->setup->reading);
        base64 = transcoded(engine, base64);
    }
    if (base64.len > 0) {
        SEND(engine, wk_convai_sound, base64);
    }
    return true;
}

/* It takes its turns by itself, and says by itself that something takes its time. */
static void leave_to_it(wk_media_engine_t *engine, va_str_t instructions)
{
    (void)engine;
    (void)instructions;
}

/* It was the agent that told us. */
static void cut(wk_media_engine_t *engine, const wk_cut_t *cuts, size_t n)
{
    (void)engine;
    (void)cuts;
    (void)n;
}

static void result(wk_media_engine_t *engine, va_str_t id, va_str_t output)
{
    SEND(engine, wk_convai_result, id, output);
}

static void tell(wk_media_engine_t *engine, va_str_t text)
{
    SEND(engine, wk_convai_update, text);
}

static void typed(wk_media_engine_t *engine, va_str_t text)
{
    SEND(engine, wk_convai_message, text);
}

static void active(wk_media_engine_t *engine)
{
    SEND(engine, wk_convai_active);
}

/* ---------------------------------------------------------------- the end */

static void lose(wk_media_engine_t *engine, const char *why)
{
    if (!engine->lost) {
        engine->lost = true;
        engine->ready = false;
        wk_ws_close(engine->socket, WK_WS_NORMAL);
        engine->events.lost(engine->ctx, why);
    }
}

/* An agent that ends its call closes like that; one that fails closes with something else. */
static void on_closed(void *ctx, const char *why)
{
    wk_media_engine_t *engine = ctx;
    if (engine->ready && wk_ws_closed_with(engine->socket) == WK_WS_NORMAL) {
        engine->ready = false;
        engine->lost = true;
        engine->events.ended(engine->ctx);
    } else {
        lose(engine, why);
    }
}

/* ---------------------------------------------------------------- what it says */

/* The name of the utterance that goes on, or of a new one; valid until the next. */
static va_str_t utterance(wk_media_engine_t *engine, bool is_words)
{
    if (engine->turn_over || (is_words && engine->has_words)) {
        engine->utterance++;
        engine->turn_over = engine->has_words = false;
    }
    engine->has_words = engine->has_words || is_words;
    return wk_printf(engine->setup->reading, "%u", engine->utterance);
}

static void on_audio(wk_media_engine_t *engine, const wk_convai_event_t *event)
{
    size_t len;
    if (event->number != 0 && event->number <= engine->stale) {
        return;
    }
    uint8_t *bytes = wk_alloc(engine->setup->reading, VA_BASE64_MAX(event->text.len));
    if (va_base64_decode(bytes, &len, event->text) != VA_OK) {
        wk_log(WK_WARN, "the agent sent sound that cannot be read");
        return;
    }
    va_str_t sound = va_str((const char *)bytes, len);
    engine->newest = event->number > engine->newest ? event->number : engine->newest;
    if (engine->from != NULL) {
        sound = wk_transcode(engine->from, engine->setup->reading, sound);
    }
    engine->events.sound(engine->ctx, utterance(engine, false), sound);
}

static void on_interrupted(wk_media_engine_t *engine, const wk_convai_event_t *event)
{
    int64_t upto = event->number != 0 ? event->number : engine->newest;
    engine->stale = upto > engine->stale ? upto : engine->stale;
    engine->turn_over = true;
    if (engine->from != NULL) {
        wk_transcode_reset(engine->from); /* the rest of a sample was cut off */
    }
    engine->events.interrupted(engine->ctx);
}

/* ---------------------------------------------------------------- receiving */

static void on_begun(wk_media_engine_t *engine, const wk_convai_event_t *event)
{
    int hears = wk_convai_rate(event->hears), speaks = wk_convai_rate(event->speaks);
    if (engine->ready) {
        return;
    }
    if (hears < 0 || speaks < 0) {
        wk_log(WK_ERROR, "the agent's sound is in no format that is known",
               WK_S("hears", event->hears), WK_S("speaks", event->speaks));
        lose(engine, "its format of sound is not known");
        return;
    }
    engine->to = hears > 0 ? wk_transcode_to_pcm(hears) : NULL;
    engine->from = speaks > 0 ? wk_transcode_to_mulaw(speaks) : NULL;
    engine->ready = true;
    wk_ws_deadline(engine->socket, 0);
    engine->events.named(engine->ctx, event->id);
    engine->events.ready(engine->ctx);
}

static void on_ping(wk_media_engine_t *engine, const wk_convai_event_t *event)
{
    if (engine->pings++ > 0 && engine->unpinged > engine->apart) {
        engine->apart = engine->unpinged;
    }
    engine->unpinged = 0;
    SEND(engine, wk_convai_pong, event->number);
}

static void on_call(wk_media_engine_t *engine, const wk_convai_event_t *event)
{
    engine->turn_over = true;
    engine->events.tool(engine->ctx, event->id, event->name, event->text);
}

static void on_heard(wk_media_engine_t *engine, const wk_convai_event_t *event)
{
    bool whole = event->kind == WK_CONVAI_HEARD;
    engine->turn_over = engine->turn_over || whole;
    engine->events.heard(engine->ctx, event->text, whole);
}

static void on_talk(wk_media_engine_t *engine, const wk_convai_event_t *event)
{
    switch (event->kind) {
    case WK_CONVAI_AUDIO:
        on_audio(engine, event);
        break;
    case WK_CONVAI_HEARD_PART:
    case WK_CONVAI_HEARD:
        on_heard(engine, event);
        break;
    case WK_CONVAI_SAID:
        engine->events.said(engine->ctx, utterance(engine, true), event->text, true);
        break;
    case WK_CONVAI_CORRECTED:
        engine->events.corrected(engine->ctx, event->before, event->text);
        break;
    case WK_CONVAI_INTERRUPTED:
        on_interrupted(engine, event);
        break;
    case WK_CONVAI_CALL:
        on_call(engine, event);
        break;
    default:
        break;
    }
}

static void on_event(wk_media_engine_t *engine, const wk_convai_event_t *event)
{
    switch (event->kind) {
    case WK_CONVAI_BEGUN:
        on_begun(engine, event);
        break;
    case WK_CONVAI_PING:
        on_ping(engine, event);
        break;
    case WK_CONVAI_ERROR:
        /* One that ends the conversation closes the socket. */
        wk_log(WK_WARN, "the agent reports an error", WK_S("kind", event->name),
               WK_S("error", event->text));
        break;
    default:
        if (engine->ready) {
            on_talk(engine, event);
        }
    }
}

static void on_text(void *ctx, va_str_t text)
{
    wk_media_engine_t *engine = ctx;
    wk_convai_event_t event;
    wk_arena_reset(engine->setup->reading);
    engine->quiet = 0;
    if (wk_convai_read(wk_mem(engine->setup->reading), text, &event) == VA_OK) {
        on_event(engine, &event);
    } else {
        wk_log(WK_WARN, "the agent sent what is no message of its");
    }
}

/* Silence counts for one that has pinged; whether all do is not said. */
static int patience(const wk_media_engine_t *engine)
{
    int most = 2 * engine->apart + SILENT_MORE;
    if (engine->pings < KNOWN_PINGS) {
        return engine->pings > 0 ? SILENT_MOST : INT_MAX;
    }
    return most < SILENT_LEAST ? SILENT_LEAST : most > SILENT_MOST ? SILENT_MOST : most;
}

static void on_beat(void *ctx)
{
    wk_media_engine_t *engine = ctx;
    engine->unpinged++;
    if (++engine->quiet >= patience(engine)) {
        lose(engine, "it says nothing");
    }
}

static void on_open(void *ctx)
{
    wk_media_engine_t *engine = ctx;
    wk_ws_deadline(engine->socket, BEGIN_MS);
    SEND(engine, wk_convai_begin, engine->setup->client_data);
}

/* ---------------------------------------------------------------- life */

static void free_engine(wk_media_engine_t *engine)
{
    wk_transcode_free(engine->to);
    wk_transcode_free(engine->from);
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
    if (setup->url.len == 0) {
        wk_error(e, WK_UNAVAILABLE, "the platform gave no address for its agent");
        return NULL;
    }
    wk_media_engine_t *engine = calloc(1, sizeof(*engine));
    if (engine == NULL) {
        abort();
    }
    *engine = (wk_media_engine_t){.setup = setup, .events = *events, .ctx = ctx};
    const wk_ws_dial_t to = {.url = wk_strdup(engine->setup->reading, setup->url),
                             .tls = setup->tls,
                             .max = WK_CONVAI_MESSAGE_MAX};
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
    engine->ready = false;
    wk_ws_close(engine->socket, WK_WS_NORMAL);
}

const wk_media_engine_type_t wk_media_engine_elevenlabs = {
    .traits = {.name = "elevenlabs",
               .resumable = false, /* an address is good for one conversation */
               .barge_in = false},
    .open = open_engine,
    .hear = hear,
    .answer = leave_to_it,
    .aside = leave_to_it,
    .cut = cut,
    .result = result,
    .tell = tell,
    .typed = typed,
    .active = active,
    .close = close_engine,
};
