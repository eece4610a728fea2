/*
 * Hearing, thinking and speaking by three services as one engine: Deepgram hears, a language
 * model answers in words as they come, and the mouth speaks them.
 *
 * The caller's speech begins with his first words, not with a noise. A model that does not
 * answer is left alone for a while, and what was heard is somebody else's to answer
 * (unanswered()): ears and voice go on.
 */
#include <stdio.h>
#include <stdlib.h>

#include "core/base64.h"
#include "worker/clock.h"
#include "worker/json.h"
#include "worker/log.h"
#include "worker/metrics.h"
#include "worker/providers/deepgram.h"
#include "worker/providers/openai_stream.h"
#include "worker/voice/chat_memory.h"
#include "worker/voice/engine.h"
#include "worker/voice/mouth.h"
#include "worker/voice/unheard.h"
#include "worker/voice/websocket.h"

#define BEHIND_MAX  (48 << 10) /* bytes the ears have not taken yet: about six seconds */
#define HEARD_MAX   16384      /* of what the caller says in one go */
#define CLOCK_MS    1000
#define DEAF_MS     20000 /* of sound without a message: it hears nothing */
#define DEAF_BEATS  4     /* of the clock without one, behind words that it should have heard */
#define WORDLESS_MS 3000  /* behind the pause that would have ended what he says */
#define MODEL_QUIET 4     /* seconds without a piece of an answer */
#define MODEL_DOWN  30000 /* ms that a model which failed is left alone */
#define MODEL_MAX   (4 << 20) /* bytes of an answer, its envelopes included */

struct wk_media_engine {
    const wk_media_engine_setup_t *setup;
    wk_media_engine_events_t events;
    void *ctx;
    wk_chat_memory_t *memory;
    wk_mouth_t *mouth;
    wk_arena_t *reading;  /* of one message */
    wk_arena_t *thinking; /* of one answer of the model */
    uv_timer_t clock, soon;
    int held; /* by the ears and the timers */
    bool ready, lost;

    wk_ws_t *ears;
    int64_t fed_ms, told_ms; /* when they were given sound, and when they said something */
    wk_unheard_t unheard;
    bool hearing;       /* the caller speaks */
    int64_t words_ms;   /* when words of that came last */
    wk_bytes_t settled; /* of his words, those that will not change */
    wk_bytes_t heard;   /* all of them so far */

    bool aside;
    unsigned answers; /* ever; they name the utterances */
    char item[24];    /* of this one */
    wk_openai_stream_t stream;
    wk_exchange_t *model; /* NULL: it is not asked */
    int64_t model_down_until;
    bool spoke; /* something of the answer can be heard */
};

static void lose(wk_media_engine_t *engine, const char *why);

/* ---------------------------------------------------------------- an answer */

static void empty(wk_bytes_t *b)
{
    wk_bytes_take(b, b->len);
}

static void hush(wk_media_engine_t *engine)
{
    if (engine->model != NULL) {
        wk_ahttp_cancel(engine->model);
        engine->model = NULL;
    }
    uv_timer_stop(&engine->soon);
    wk_mouth_hush(engine->mouth);
}

static void begin_answer(wk_media_engine_t *engine, bool aside)
{
    hush(engine);
    wk_mouth_begin(engine->mouth);
    engine->aside = aside;
    engine->spoke = false;
    snprintf(engine->item, sizeof(engine->item), "%u-%u", engine->setup->number,
             ++engine->answers); /* of no other one of the call */
}

/* ---------------------------------------------------------------- the voice */

static void on_words_heard(void *ctx, va_str_t sentence)
{
    wk_media_engine_t *engine = ctx;
    va_str_t item = va_str_c(engine->item);
    engine->spoke = true;
    if (!engine->aside) {
        wk_chat_agent(engine->memory, item, sentence);
        engine->events.said(engine->ctx, item, sentence, false);
    }
}

static void on_sound(void *ctx, va_str_t mulaw)
{
    wk_media_engine_t *engine = ctx;
    /* What the conversation does not hold cannot be cut in it: it has no name. */
    va_str_t item = engine->aside ? VA_STR("") : va_str_c(engine->item);
    engine->events.sound(engine->ctx, item, mulaw);
}

/* All was said; what tools were asked for was told before. */
static void on_all_said(void *ctx)
{
    wk_media_engine_t *engine = ctx;
    va_str_t item = va_str_c(engine->item);
    if (engine->spoke && !engine->aside) {
        engine->events.said(engine->ctx, item, wk_chat_said(engine->memory, item), true);
    }
    engine->events.done(engine->ctx, false);
}

static void on_unspoken(void *ctx, const char *why)
{
    lose(ctx, why);
}

static void on_soon_speak(uv_timer_t *timer)
{
    wk_media_engine_t *engine = timer->data;
    wk_mouth_speak(engine->mouth);
}

static void say(wk_media_engine_t *engine, va_str_t words, bool aside)
{
    begin_answer(engine, aside);
    wk_mouth_add(engine->mouth, words);
    wk_mouth_end(engine->mouth);
    uv_timer_start(&engine->soon, on_soon_speak, 0, 0);
}

/* ---------------------------------------------------------------- the model */

static void count_model(const char *outcome)
{
    wk_count("voiceagent_llm_requests_total", "outcome", va_str_c(outcome), NULL, VA_STR_NULL,
             1);
}

/* What a tool has to say for itself; absent: nothing. */
static va_str_t message_of_tool(wk_media_engine_t *engine)
{
    wk_arena_reset(engine->reading);
    return va_json_get_string(
        wk_json_parse(engine->reading, wk_chat_last_result(engine->memory)), "message");
}

/* Behind a tool its own words are the answer; else somebody else has to give one. */
static void do_without_model(wk_media_engine_t *engine)
{
    va_str_t words = message_of_tool(engine);
    if (words.len > 0) {
        wk_mouth_add(engine->mouth, words);
        wk_mouth_end(engine->mouth);
        wk_mouth_speak(engine->mouth);
    } else {
        engine->events.unanswered(engine->ctx, wk_chat_last_user(engine->memory));
    }
}

static void on_soon_unanswered(uv_timer_t *timer)
{
    do_without_model(timer->data);
}

/* What it said until then is said to the end of its last whole sentence. */
static void fail_model(wk_media_engine_t *engine, const char *why)
{
    count_model("failed");
    wk_log(WK_WARN, "the model does not answer", WK_C("why", why));
    engine->model_down_until = wk_monotonic_ms() + MODEL_DOWN;
    if (wk_mouth_break_off(engine->mouth) || engine->spoke) {
        wk_mouth_end(engine->mouth);
        wk_mouth_speak(engine->mouth);
    } else {
        do_without_model(engine);
    }
}

static bool on_words(void *ctx, va_str_t piece)
{
    wk_media_engine_t *engine = ctx;
    if (!engine->aside) {
        engine->events.token(engine->ctx, va_str_c(engine->item));
    }
    wk_mouth_add(engine->mouth, piece);
    return true;
}

static void on_model_piece(void *ctx, va_str_t piece)
{
    wk_media_engine_t *engine = ctx;
    if (wk_openai_stream_take(&engine->stream, piece)) {
        wk_mouth_speak(engine->mouth);
    } else {
        wk_ahttp_cancel(engine->model);
        engine->model = NULL;
        fail_model(engine, "its answer cannot be read");
    }
}

/* Tools run while what was said before them is still spoken. */
static void call_tools(wk_media_engine_t *engine, const wk_openai_answer_t *answer)
{
    va_str_t item = va_str_c(engine->item);
    for (size_t i = 0; i < answer->n_calls; i++) {
        wk_chat_call(engine->memory, item, answer->calls[i].id, answer->calls[i].name,
                     answer->calls[i].arguments);
    }
    for (size_t i = 0; i < answer->n_calls && !engine->lost; i++) {
        engine->events.tool(engine->ctx, answer->calls[i].id, answer->calls[i].name,
                            answer->calls[i].arguments);
    }
}

static void on_model_end(void *ctx, int status, const char *why)
{
    wk_media_engine_t *engine = ctx;
    wk_openai_answer_t answer;
    (void)status;
    engine->model = NULL;
    if (why != NULL || !wk_openai_stream_end(&engine->stream, &answer)) {
        fail_model(engine, why != NULL ? why : "its answer is broken off");
        return;
    }
    count_model("answered");
    wk_mouth_end(engine->mouth);
    call_tools(engine, &answer);
    wk_mouth_speak(engine->mouth);
}

static bool ask_model(wk_media_engine_t *engine, va_str_t instructions)
{
    static const wk_ahttp_events_t events = {on_model_piece, on_model_end};
    const wk_media_engine_setup_t *s = engine->setup;
    wk_arena_t *a = engine->thinking;
    if (s->config->openai_api_key == NULL || wk_monotonic_ms() < engine->model_down_until) {
        return false;
    }
    wk_arena_reset(a);
    wk_openai_stream_init(&engine->stream, a, on_words, engine);
    const wk_openai_chat_t chat = {
        .model = s->chat_model,
        .messages = wk_chat_messages(a, engine->memory, s->instructions, instructions),
        .tools = wk_openai_tools(a, s->tools),
        .max_tokens = s->chat_tokens};
    const char *const headers[] = {
        "Content-Type: application/json", "Accept: text/event-stream",
        wk_printf(a, "Authorization: Bearer %s", s->config->openai_api_key).data, NULL};
    const wk_ahttp_request_t post = {.url = wk_openai_chat_url(a, s->config),
                                     .headers = headers,
                                     .body = wk_openai_body(a, s->config, &chat),
                                     .quiet_s = MODEL_QUIET,
                                     .timeout_ms = s->config->openai_turn_ms,
                                     .max_bytes = MODEL_MAX};
    engine->model = chat.messages.len > 0 && post.body.len > 0
                        ? wk_ahttp_post(s->http, &post, &events, engine)
                        : NULL;
    return engine->model != NULL;
}

static void answer(wk_media_engine_t *engine, va_str_t instructions)
{
    begin_answer(engine, false);
    if (!ask_model(engine, instructions)) {
        uv_timer_start(&engine->soon, on_soon_unanswered, 0, 0);
    }
}

static void aside(wk_media_engine_t *engine, va_str_t instructions)
{
    answer(engine, instructions);
    engine->aside = true;
}

static void cut(wk_media_engine_t *engine, const wk_cut_t *cuts, size_t n)
{
    hush(engine);
    for (size_t i = 0; i < n; i++) {
        if (cuts[i].item.len > 0) {
            wk_chat_cut(engine->memory, &cuts[i]);
        }
    }
}

static void result(wk_media_engine_t *engine, va_str_t id, va_str_t output)
{
    wk_chat_result(engine->memory, id, output);
}

static void tell(wk_media_engine_t *engine, va_str_t text)
{
    wk_chat_system(engine->memory, text);
}

static void typed(wk_media_engine_t *engine, va_str_t text)
{
    wk_chat_user(engine->memory, text);
}

/* ---------------------------------------------------------------- the ears */

static bool hear(wk_media_engine_t *engine, va_str_t base64)
{
    size_t len;
    if (!engine->ready || engine->lost || wk_ws_pending(engine->ears) > BEHIND_MAX) {
        return false;
    }
    wk_arena_reset(engine->reading);
    uint8_t *mulaw = wk_alloc(engine->reading, VA_BASE64_MAX(base64.len));
    if (va_base64_decode(mulaw, &len, base64) != VA_OK || len == 0) {
        return false;
    }
    engine->fed_ms = wk_monotonic_ms();
    wk_unheard_given(&engine->unheard, va_str((const char *)mulaw, len));
    wk_ws_send_binary(engine->ears, va_str((const char *)mulaw, len));
    return true;
}

static void add_words(wk_bytes_t *to, va_str_t words)
{
    if (to->len + words.len >= HEARD_MAX) {
        return;
    }
    if (to->len > 0 && words.len > 0) {
        wk_bytes_add(to, " ", 1);
    }
    wk_bytes_add(to, words.data, words.len);
}

/* He has paused: what he said is remembered first, for it is answered next. */
static void end_speech(wk_media_engine_t *engine)
{
    if (!engine->hearing) {
        return;
    }
    engine->hearing = false;
    empty(&engine->settled);
    wk_chat_user(engine->memory,
                 engine->events.masked(engine->ctx, wk_bytes_str(&engine->heard)));
    engine->events.speech(engine->ctx, false);
    if (!engine->lost) {
        engine->events.heard(engine->ctx, wk_bytes_str(&engine->heard), true);
    }
}

static void on_heard(wk_media_engine_t *engine, const wk_deepgram_event_t *event)
{
    if (event->text.len > 0) {
        if (!engine->hearing) {
            engine->hearing = true;
            engine->events.speech(engine->ctx, true);
        }
        engine->words_ms = wk_monotonic_ms();
        empty(&engine->heard);
        wk_bytes_add(&engine->heard, wk_bytes_str(&engine->settled).data, engine->settled.len);
        add_words(&engine->heard, event->text);
        if (!engine->lost) {
            engine->events.heard(engine->ctx, wk_bytes_str(&engine->heard), false);
        }
    }
    if (event->settled && engine->hearing) {
        add_words(&engine->settled, event->text);
    }
    if (event->ends && !engine->lost) {
        end_speech(engine);
    }
}

static void on_ears_text(void *ctx, va_str_t text)
{
    wk_media_engine_t *engine = ctx;
    wk_deepgram_event_t event;
    wk_arena_reset(engine->reading);
    if (wk_deepgram_read(wk_mem(engine->reading), text, &event) != VA_OK) {
        wk_log(WK_WARN, "the ears sent what is no message of theirs");
        return;
    }
    engine->told_ms = wk_monotonic_ms();
    wk_unheard_told(&engine->unheard);
    if (event.voiced_ms >= 0) {
        engine->events.voiced(engine->ctx, event.voiced_ms);
    }
    switch (event.kind) {
    case WK_DG_WORDS:
        on_heard(engine, &event);
        break;
    case WK_DG_SILENCE:
        end_speech(engine);
        break;
    case WK_DG_ERROR:
        wk_log(WK_WARN, "the ears report an error", WK_S("error", event.text));
        break;
    case WK_DG_OTHER:
        break;
    }
}

static void on_ears_open(void *ctx)
{
    wk_media_engine_t *engine = ctx;
    engine->ready = true;
    engine->fed_ms = engine->told_ms = wk_monotonic_ms();
    engine->events.ready(engine->ctx);
}

static void on_ears_closed(void *ctx, const char *why)
{
    lose(ctx, why);
}

/* Its end may never be told: where what was heard is taken back, or noise covers the pause. */
static bool is_over(const wk_media_engine_t *engine, int64_t now)
{
    return engine->hearing &&
           now - engine->words_ms >= engine->setup->turns.silence_ms + WORDLESS_MS;
}

/* More sound will come; and sound that nothing comes of is not heard, the sooner who speaks. */
static void on_clock(uv_timer_t *timer)
{
    wk_media_engine_t *engine = timer->data;
    int64_t now = wk_monotonic_ms();
    unsigned unheard = wk_unheard_beat(&engine->unheard);
    if (!engine->ready || engine->lost) {
        return;
    }
    if (now - engine->fed_ms >= WK_DEEPGRAM_QUIET_MS) {
        wk_ws_send(engine->ears, VA_STR(WK_DEEPGRAM_KEEP_ALIVE));
        engine->fed_ms = engine->told_ms = now;
        wk_unheard_told(&engine->unheard); /* which is given nothing tells nothing */
    } else if (now - engine->told_ms >= DEAF_MS || unheard >= DEAF_BEATS) {
        lose(engine, "it hears nothing");
    } else if (is_over(engine, now)) {
        end_speech(engine);
    }
}

/* ---------------------------------------------------------------- life */

static void let_go(wk_media_engine_t *engine)
{
    if (--engine->held > 0) {
        return;
    }
    engine->events.gone(engine->ctx);
    wk_chat_memory_free(engine->memory);
    wk_mouth_free(engine->mouth);
    wk_arena_free(engine->reading);
    wk_arena_free(engine->thinking);
    wk_bytes_free(&engine->settled);
    wk_bytes_free(&engine->heard);
    free(engine);
}

static void on_ears_gone(void *ctx)
{
    let_go(ctx);
}

static void on_timer_closed(uv_handle_t *handle)
{
    let_go(handle->data);
}

static void shut(wk_media_engine_t *engine)
{
    engine->lost = true;
    hush(engine);
    wk_ws_send(engine->ears, VA_STR(WK_DEEPGRAM_CLOSE));
    wk_ws_close(engine->ears, WK_WS_NORMAL);
    uv_close((uv_handle_t *)&engine->clock, on_timer_closed);
    uv_close((uv_handle_t *)&engine->soon, on_timer_closed);
}

static void lose(wk_media_engine_t *engine, const char *why)
{
    if (!engine->lost) {
        shut(engine);
        engine->events.lost(engine->ctx, why);
    }
}

static void close_engine(wk_media_engine_t *engine)
{
    if (!engine->lost) {
        shut(engine);
    }
}

static void remember_before(wk_media_engine_t *engine)
{
    char item[32];
    for (size_t i = 0; i < engine->setup->n_said; i++) {
        const wk_said_t *said = &engine->setup->said[i];
        snprintf(item, sizeof(item), "before-%zu", i);
        if (said->by_agent) {
            wk_chat_agent(engine->memory, va_str_c(item), said->text);
        } else {
            wk_chat_user(engine->memory, said->text);
        }
    }
}

static void start_timers(wk_media_engine_t *engine)
{
    uv_timer_init(engine->setup->loop, &engine->clock);
    uv_timer_init(engine->setup->loop, &engine->soon);
    engine->clock.data = engine->soon.data = engine;
    uv_timer_start(&engine->clock, on_clock, CLOCK_MS, CLOCK_MS);
    engine->held += 2;
}

static wk_media_engine_t *open_engine(const wk_media_engine_setup_t *setup,
                                      const wk_media_engine_events_t *events, void *ctx,
                                      wk_error_t *e)
{
    static const wk_ws_events_t ears_events = {.open = on_ears_open,
                                               .text = on_ears_text,
                                               .closed = on_ears_closed,
                                               .gone = on_ears_gone};
    static const wk_mouth_events_t mouth_events = {
        .words = on_words_heard, .sound = on_sound, .done = on_all_said, .failed = on_unspoken};
    wk_media_engine_t *engine = calloc(1, sizeof(*engine));
    if (engine == NULL) {
        abort();
    }
    engine->mouth = setup->config->deepgram_api_key != NULL
                        ? wk_mouth_new(setup, &mouth_events, engine)
                        : NULL;
    if (engine->mouth == NULL) {
        wk_error(e, WK_INTERNAL,
                 "no ears or no voice is configured, or nobody speaks as asked");
        free(engine);
        return NULL;
    }
    wk_arena_t *a = wk_arena_new();
    const wk_ws_dial_t to = {.url = wk_deepgram_url(a, setup->config, setup->turns.silence_ms),
                             .authorization = wk_deepgram_authorization(a, setup->config),
                             .tls = setup->tls,
                             .max = WK_DEEPGRAM_MESSAGE_MAX};
    engine->ears = wk_ws_dial(setup->loop, &to, &ears_events, engine, e);
    if (engine->ears == NULL) {
        wk_mouth_free(engine->mouth);
        wk_arena_free(a);
        free(engine);
        return NULL;
    }
    engine->setup = setup;
    engine->events = *events;
    engine->ctx = ctx;
    engine->memory = wk_chat_memory_new();
    engine->reading = a;
    engine->thinking = wk_arena_new();
    engine->held = 1;
    start_timers(engine);
    remember_before(engine);
    return engine;
}

const wk_media_engine_type_t wk_media_engine_pipeline = {
    .traits = {.name = "pipeline", .resumable = true, .barge_in = true},
    .open = open_engine,
    .hear = hear,
    .answer = answer,
    .aside = aside,
    .say = say,
    .cut = cut,
    .result = result,
    .tell = tell,
    .typed = typed,
    .close = close_engine,
};
