#define _GNU_SOURCE /* memmem */
#include "worker/agent/speech.h"

#include <string.h>

#include "core/twiml.h"
#include "worker/providers/twilio.h"

#define MAX_SAID  3000 /* bytes of one <Say>; Twilio takes 4096 characters */
#define SILENCE_S "5"  /* until silence is a turn of its own */
#define MOMENT_S  "60" /* the same, of a caller who asked for a moment */
#define WHISPER_S "10" /* in which a person takes a call that is put through */

typedef va_twiml_attr_t attr_t;

#define N(list) (sizeof(list) / sizeof(*(list)))

/* ---------------------------------------------------------------- language */

static bool is_of(va_str_t locale, const wk_language_t *l)
{
    va_str_t code = wk_language_code(l);
    return locale.len >= code.len && va_str_ieq(va_str(locale.data, code.len), code) &&
           (locale.len == code.len || locale.data[code.len] == '-');
}

static va_str_t locale_of(const wk_speech_t *s, const wk_language_t *l)
{
    return is_of(s->locale, l) ? s->locale : wk_text(l, "speech.locale");
}

static va_str_t voice_of(const wk_speech_t *s, const wk_language_t *l)
{
    return is_of(s->locale, l) && s->voice.len > 0 ? s->voice : wk_text(l, "speech.voice");
}

/* ---------------------------------------------------------------- document */

void wk_speech_begin(wk_speech_t *s)
{
    va_buf_init(&s->text, wk_mem(s->ctx->arena), 1024);
    va_twiml_begin(&s->text);
}

va_str_t wk_speech_end(wk_speech_t *s)
{
    va_twiml_end(&s->text);
    return va_buf_str(&s->text);
}

static const char *public_url(const wk_speech_t *s)
{
    return s->ctx->config->public_url != NULL ? s->ctx->config->public_url : "";
}

va_str_t wk_speech_url(const wk_speech_t *s, const char *path, int64_t n, const char *more)
{
    va_str_t code = wk_language_code(s->language);
    return wk_printf(s->ctx->arena, "%s/api/voice/%s?c=%.*s&n=%lld&l=%.*s%s", public_url(s),
                     path, (int)s->token.len, s->token.len > 0 ? s->token.data : "",
                     (long long)n, (int)code.len, code.data, more != NULL ? more : "");
}

va_str_t wk_speech_start(const wk_speech_t *s)
{
    return wk_printf(s->ctx->arena, "%s/api/voice/incoming", public_url(s));
}

/* ---------------------------------------------------------------- verbs */

void wk_speech_say_in(wk_speech_t *s, const wk_language_t *l, va_str_t text)
{
    attr_t attrs[] = {{"voice", voice_of(s, l)}, {"language", locale_of(s, l)}};
    if (text.len > 0) {
        va_twiml_verb(&s->text, "Say", attrs, N(attrs), wk_cut_text(text, MAX_SAID));
    }
}

void wk_speech_say(wk_speech_t *s, va_str_t text)
{
    wk_speech_say_in(s, s->language, text);
}

void wk_speech_reject(wk_speech_t *s)
{
    attr_t reason[] = {{"reason", VA_STR("busy")}};
    va_twiml_verb(&s->text, "Reject", reason, N(reason), VA_STR_NULL);
}

void wk_speech_record(wk_speech_t *s, va_str_t told)
{
    attr_t attrs[] = {
        {"channels", VA_STR("mono")},
        {"recordingStatusCallback", told},
        {"recordingStatusCallbackMethod", VA_STR("POST")},
        {"recordingStatusCallbackEvent", VA_STR("completed absent")},
    };
    va_twiml_open(&s->text, "Start", NULL, 0);
    va_twiml_verb(&s->text, "Recording", attrs, N(attrs), VA_STR_NULL);
    va_twiml_close(&s->text, "Start");
}

va_str_t wk_speech_then(wk_speech_t *s, va_str_t document)
{
    static const char root[] = "<Response";
    const char *end = document.data + document.len;
    const char *at = memmem(document.data, document.len, root, sizeof(root) - 1);
    const char *verbs = at != NULL ? memchr(at, '>', (size_t)(end - at)) : NULL;
    if (verbs == NULL || verbs[-1] == '/') {
        return VA_STR_NULL;
    }
    va_buf_add(&s->text, verbs + 1, (size_t)(end - verbs - 1));
    return va_buf_str(&s->text);
}

void wk_speech_go_to(wk_speech_t *s, va_str_t url)
{
    attr_t method[] = {{"method", VA_STR("POST")}};
    va_twiml_verb(&s->text, "Redirect", method, N(method), url);
}

void wk_speech_pause(wk_speech_t *s, int seconds)
{
    attr_t length[] = {{"length", wk_printf(s->ctx->arena, "%d", seconds)}};
    va_twiml_verb(&s->text, "Pause", length, N(length), VA_STR_NULL);
}

void wk_speech_hang_up(wk_speech_t *s)
{
    va_twiml_verb(&s->text, "Hangup", NULL, 0, VA_STR_NULL);
}

/* One key is heard at once; an empty result is a turn too, and the redirect for what is left.
 */
static void listen(wk_speech_t *s, va_str_t text, int64_t turn, int64_t silences,
                   const char *timeout)
{
    wk_arena_t *a = s->ctx->arena;
    va_str_t more = wk_printf(a, "&s=%lld&e=%lld", (long long)silences, (long long)s->errors);
    va_str_t trouble = wk_printf(a, "&e=%lld", (long long)s->errors);
    attr_t attrs[] = {
        {"input", VA_STR("speech dtmf")},
        {"action", wk_speech_url(s, "handle-speech", turn, more.data)},
        {"method", VA_STR("POST")},
        {"language", locale_of(s, s->language)},
        {"timeout", va_str_c(timeout)},
        {"speechTimeout", VA_STR("auto")},
        {"numDigits", VA_STR("1")},
        {"actionOnEmptyResult", VA_STR("true")},
        {"bargeIn", VA_STR("true")},
        {"profanityFilter", VA_STR("false")},
    };
    va_twiml_open(&s->text, "Gather", attrs, N(attrs));
    wk_speech_say(s, text);
    for (size_t i = 0; i < s->n_offered; i++) {
        wk_speech_say_in(s, s->offered[i], wk_text(s->offered[i], "speech.other_language"));
    }
    va_twiml_close(&s->text, "Gather");
    wk_speech_go_to(s, wk_speech_url(s, "handle-error", turn, trouble.data));
}

void wk_speech_listen(wk_speech_t *s, va_str_t text, int64_t turn, int64_t silences)
{
    listen(s, text, turn, silences, SILENCE_S);
}

void wk_speech_wait(wk_speech_t *s, int64_t turn)
{
    listen(s, VA_STR(""), turn, 0, MOMENT_S);
}

void wk_speech_dial(wk_speech_t *s, const wk_dial_t *dial)
{
    wk_arena_t *a = s->ctx->arena;
    va_str_t trouble = wk_printf(a, "&e=%lld", (long long)s->errors);
    attr_t attrs[] = {
        {"action",
         wk_speech_url(s, "transfer", dial->turn, s->errors > 0 ? trouble.data : NULL)},
        {"method", VA_STR("POST")},
        {"timeout", wk_printf(a, "%d", dial->ring_s)},
        {"timeLimit", wk_printf(a, "%d", dial->limit_s)},
        {"callerId", dial->caller_id},
        {"answerOnBridge", VA_STR("true")},
    };
    attr_t number[] = {
        {"url", wk_speech_url(s, "whisper", dial->turn, NULL)},
        {"method", VA_STR("POST")},
    };
    va_twiml_open(&s->text, "Dial", attrs, N(attrs));
    va_twiml_verb(&s->text, "Number", number, N(number), dial->number);
    va_twiml_close(&s->text, "Dial");
}

void wk_speech_whisper(wk_speech_t *s, va_str_t text, int64_t turn)
{
    attr_t attrs[] = {
        {"input", VA_STR("dtmf")},  {"action", wk_speech_url(s, "accept", turn, NULL)},
        {"method", VA_STR("POST")}, {"timeout", VA_STR(WHISPER_S)},
        {"numDigits", VA_STR("1")},
    };
    va_twiml_open(&s->text, "Gather", attrs, N(attrs));
    wk_speech_say(s, text);
    va_twiml_close(&s->text, "Gather");
    wk_speech_hang_up(s);
}

/* https://… as wss://…: a stream's address has no query, so the token stands in the path. */
static va_str_t stream_url(const wk_speech_t *s, va_str_t token)
{
    const char *base = public_url(s);
    const char *rest = strncmp(base, "http", 4) == 0 ? base + 4 : base;
    return wk_printf(s->ctx->arena, "ws%s/api/voice/stream/%.*s", rest, (int)token.len,
                     token.data);
}

static va_str_t stream_status_url(const wk_speech_t *s, int64_t n)
{
    va_str_t url = wk_speech_url(s, "stream-status", n, NULL);
    return wk_printf(s->ctx->arena, "%.*s" WK_TWILIO_AGAIN, (int)url.len, url.data);
}

static void parameter(wk_speech_t *s, const char *name, va_str_t value)
{
    attr_t attrs[] = {{"name", va_str_c(name)}, {"value", value}};
    va_twiml_verb(&s->text, "Parameter", attrs, N(attrs), VA_STR_NULL);
}

void wk_speech_connect(wk_speech_t *s, const wk_connect_t *connect)
{
    attr_t attrs[] = {
        {"url", stream_url(s, connect->stream_token)},
        {"statusCallback", stream_status_url(s, connect->n)},
        {"statusCallbackMethod", VA_STR("POST")},
    };
    va_twiml_open(&s->text, "Connect", NULL, 0);
    va_twiml_open(&s->text, "Stream", attrs, N(attrs));
    parameter(s, "token", connect->stream_token);
    parameter(s, "engine", connect->engine);
    parameter(s, "language", wk_language_code(s->language));
    va_twiml_close(&s->text, "Stream");
    va_twiml_close(&s->text, "Connect");
    wk_speech_go_to(s, wk_speech_url(s, "resume", connect->n, NULL));
}

void wk_speech_connect_to(wk_speech_t *s, va_str_t url, int64_t n)
{
    attr_t attrs[] = {
        {"url", url},
        {"statusCallback", stream_status_url(s, n)},
        {"statusCallbackMethod", VA_STR("POST")},
    };
    va_twiml_open(&s->text, "Connect", NULL, 0);
    va_twiml_verb(&s->text, "Stream", attrs, N(attrs), VA_STR_NULL);
    va_twiml_close(&s->text, "Connect");
    wk_speech_go_to(s, wk_speech_url(s, "resume", n, NULL));
}

void wk_speech_dial_sip(wk_speech_t *s, const wk_sip_dial_t *dial)
{
    wk_arena_t *a = s->ctx->arena;
    attr_t attrs[] = {
        {"action", wk_speech_url(s, "resume", dial->n, NULL)},
        {"method", VA_STR("POST")},
        {"timeout", wk_printf(a, "%d", dial->ring_s)},
        {"timeLimit", wk_printf(a, "%d", dial->limit_s)},
        {"callerId", dial->caller_id},
    };
    attr_t login[] = {{"username", dial->username}, {"password", dial->password}};
    va_twiml_open(&s->text, "Dial", attrs, N(attrs) - (dial->caller_id.len == 0));
    va_twiml_verb(&s->text, "Sip", login, dial->username.len > 0 ? N(login) : 0, dial->address);
    va_twiml_close(&s->text, "Dial");
}
