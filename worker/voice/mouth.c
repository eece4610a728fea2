#include "worker/voice/mouth.h"

#include <stdlib.h>

#include "worker/agent/words.h"
#include "worker/log.h"
#include "worker/providers/speaker.h"
#include "worker/voice/bytes.h"
#include "worker/voice/http_async.h"
#include "worker/voice/sentences.h"
#include "worker/voice/transcode.h"

#define SPEECH_QUIET 4     /* seconds without sound of a sentence */
#define SPEECH_MS    30000 /* for a sentence */
#define SPEECH_MAX_S 240   /* of sound, for a sentence */

struct wk_mouth {
    const wk_media_engine_setup_t *setup;
    const wk_mouth_events_t *events;
    void *ctx;
    const wk_speaker_t *speaker;
    wk_transcode_t *resampler; /* NULL: the speaker speaks as telephony does */
    wk_arena_t *arena;         /* of one request, or one piece of sound */
    bool speaking;
    wk_bytes_t text;      /* to be spoken */
    bool written;         /* all of it is there */
    wk_exchange_t *voice; /* NULL: nothing is being spoken */
    wk_bytes_t sentence;  /* that is being spoken, until its first sound */
};

static void empty(wk_bytes_t *b)
{
    wk_bytes_take(b, b->len);
}

/* ---------------------------------------------------------------- a sentence */

static va_str_t as_mulaw(wk_mouth_t *m, va_str_t sound)
{
    wk_arena_reset(m->arena);
    return m->resampler != NULL ? wk_transcode(m->resampler, m->arena, sound) : sound;
}

/* The words are said when they can be heard, and not before. */
static void on_voice_piece(void *ctx, va_str_t sound)
{
    wk_mouth_t *m = ctx;
    va_str_t mulaw = as_mulaw(m, sound);
    if (mulaw.len == 0) {
        return;
    }
    if (m->sentence.len > 0) {
        m->events->words(m->ctx, wk_bytes_str(&m->sentence));
        empty(&m->sentence);
    }
    if (m->speaking) {
        m->events->sound(m->ctx, mulaw);
    }
}

/* Of one that has no word in it there may be nothing to hear. */
static bool was_swallowed(wk_mouth_t *m)
{
    wk_arena_reset(m->arena);
    return wk_words(m->arena, wk_bytes_str(&m->sentence)).count > 0;
}

static void on_voice_end(void *ctx, int status, const char *why)
{
    wk_mouth_t *m = ctx;
    m->voice = NULL;
    if (why == NULL && was_swallowed(m)) {
        why = "there is no sound in the answer";
    }
    if (why != NULL) {
        wk_log(WK_WARN, "a sentence is not spoken", WK_I("status", status), WK_C("why", why));
        m->events->failed(m->ctx, "it has no voice");
    } else {
        wk_mouth_speak(m);
    }
}

static va_str_t voice_of(const wk_media_engine_setup_t *setup)
{
    return va_json_string(va_json_get_n(setup->voices, setup->language));
}

static size_t bytes_a_second(const wk_speaker_t *speaker)
{
    return speaker->pcm_hz > 0 ? 2 * (size_t)speaker->pcm_hz : 1000 * WK_PLAYOUT_RATE;
}

static bool speak(wk_mouth_t *m, va_str_t words)
{
    static const wk_ahttp_events_t events = {on_voice_piece, on_voice_end};
    wk_speech_request_t request;
    const wk_speech_text_t speech = {
        .text = words, .voice = voice_of(m->setup), .language = m->setup->language};
    wk_arena_reset(m->arena);
    if (m->resampler != NULL) {
        wk_transcode_reset(m->resampler);
    }
    if (m->speaker->request(m->arena, m->setup->config, &speech, &request)) {
        const wk_ahttp_request_t post = {.url = request.url,
                                         .headers = request.headers,
                                         .body = request.body,
                                         .quiet_s = SPEECH_QUIET,
                                         .timeout_ms = SPEECH_MS,
                                         .max_bytes =
                                             SPEECH_MAX_S * bytes_a_second(m->speaker)};
        m->voice = wk_ahttp_post(m->setup->http, &post, &events, m);
    }
    return m->voice != NULL;
}

/* ---------------------------------------------------------------- a text */

static bool has_words(va_str_t text)
{
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.data[i] > ' ') {
            return true;
        }
    }
    return false;
}

/* The next sentence that has words; false: none is there yet. */
static bool next_sentence(wk_mouth_t *m)
{
    size_t len;
    while ((len = wk_sentence(wk_bytes_str(&m->text), m->written)) > 0) {
        empty(&m->sentence);
        wk_bytes_add(&m->sentence, wk_bytes_str(&m->text).data, len);
        wk_bytes_take(&m->text, len);
        if (has_words(wk_bytes_str(&m->sentence))) {
            return true;
        }
    }
    empty(&m->sentence);
    return false;
}

/* One sentence at a time; the services speak faster than it is listened to. */
void wk_mouth_speak(wk_mouth_t *m)
{
    if (m->voice != NULL || !m->speaking) {
        return;
    }
    if (next_sentence(m)) {
        if (!speak(m, wk_bytes_str(&m->sentence))) {
            m->events->failed(m->ctx, "a sentence cannot be spoken");
        }
    } else if (m->written) {
        m->speaking = false;
        m->events->done(m->ctx);
    }
}

void wk_mouth_add(wk_mouth_t *m, va_str_t words)
{
    wk_bytes_add(&m->text, words.data, words.len);
}

void wk_mouth_end(wk_mouth_t *m)
{
    m->written = true;
}

bool wk_mouth_break_off(wk_mouth_t *m)
{
    size_t len, whole = 0;
    va_str_t rest = wk_bytes_str(&m->text);
    while ((len = wk_sentence(va_str(rest.data + whole, rest.len - whole), false)) > 0) {
        whole += len;
    }
    m->text.len = whole;
    return m->voice != NULL || whole > 0;
}

void wk_mouth_hush(wk_mouth_t *m)
{
    if (m->voice != NULL) {
        wk_ahttp_cancel(m->voice);
        m->voice = NULL;
    }
    empty(&m->text);
    empty(&m->sentence);
    m->speaking = false;
}

void wk_mouth_begin(wk_mouth_t *m)
{
    wk_mouth_hush(m);
    m->speaking = true;
    m->written = false;
}

/* ---------------------------------------------------------------- life */

/* The shop's choice, else the configured one; NULL: it cannot be asked. */
static const wk_speaker_t *speaker_of(const wk_media_engine_setup_t *setup)
{
    va_str_t name =
        setup->speech.len > 0 ? setup->speech : va_str_c(setup->config->voice_speech);
    const wk_speaker_t *speaker = wk_speaker_find(name);
    return speaker != NULL && speaker->configured(setup->config, voice_of(setup)) ? speaker
                                                                                  : NULL;
}

wk_mouth_t *wk_mouth_new(const wk_media_engine_setup_t *setup, const wk_mouth_events_t *events,
                         void *ctx)
{
    const wk_speaker_t *speaker = speaker_of(setup);
    if (speaker == NULL) {
        return NULL;
    }
    wk_mouth_t *m = malloc(sizeof(*m));
    if (m == NULL) {
        abort();
    }
    *m = (wk_mouth_t){.setup = setup,
                      .events = events,
                      .ctx = ctx,
                      .speaker = speaker,
                      .arena = wk_arena_new()};
    m->resampler = speaker->pcm_hz > 0 ? wk_transcode_to_mulaw(speaker->pcm_hz) : NULL;
    return m;
}

void wk_mouth_free(wk_mouth_t *m)
{
    wk_transcode_free(m->resampler);
    wk_arena_free(m->arena);
    wk_bytes_free(&m->text);
    wk_bytes_free(&m->sentence);
    free(m);
}
