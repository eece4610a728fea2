#include "worker/providers/deepgram.h"

#include "core/form.h"
#include "worker/providers/speaker.h"

#define BASE_URL "https://api.deepgram.com"
/* Without words: an end, where noise hides the pause; at least. */
#define UTTERANCE_END_MS 1000

static const char *base_url(const wk_config_t *config)
{
    return config->deepgram_base_url != NULL ? config->deepgram_base_url : BASE_URL;
}

const char *wk_deepgram_authorization(wk_arena_t *a, const wk_config_t *config)
{
    return wk_printf(a, "Token %s", config->deepgram_api_key).data;
}

/* ---------------------------------------------------------------- listening */

static void add_ms(wk_arena_t *a, va_buf_t *query, const char *name, int64_t ms)
{
    va_form_add(query, va_str_c(name), wk_printf(a, "%lld", (long long)ms));
}

const char *wk_deepgram_url(wk_arena_t *a, const wk_config_t *config, int64_t silence_ms)
{
    va_buf_t query;
    const char *base = base_url(config);
    va_buf_init(&query, wk_mem(a), 256);
    va_form_add(&query, VA_STR("model"), va_str_c(config->deepgram_model));
    va_form_add(&query, VA_STR("language"), va_str_c(config->deepgram_language));
    va_form_add(&query, VA_STR("encoding"), VA_STR("mulaw"));
    va_form_add(&query, VA_STR("sample_rate"), VA_STR("8000"));
    va_form_add(&query, VA_STR("channels"), VA_STR("1"));
    va_form_add(&query, VA_STR("interim_results"), VA_STR("true"));
    va_form_add(&query, VA_STR("smart_format"), VA_STR("true"));
    add_ms(a, &query, "endpointing", silence_ms);
    add_ms(a, &query, "utterance_end_ms",
           silence_ms > UTTERANCE_END_MS ? silence_ms : UTTERANCE_END_MS);
    /* https becomes wss, http becomes ws. */
    const char *rest = strncmp(base, "http", 4) == 0 ? base + 4 : base;
    va_str_t text = va_buf_str(&query);
    return wk_printf(a, "ws%s/v1/listen?%.*s", rest, (int)text.len, text.data).data;
}

/* Of seconds; what is below 0 means that nothing is known. */
static int64_t milliseconds(const va_json_t *seconds)
{
    static const double longest = 1e6;
    double s;
    return va_json_double(seconds, &s) && s >= 0 && s < longest ? (int64_t)(s * 1000 + 0.5)
                                                                : -1;
}

static int64_t end_of_words(const va_json_t *words)
{
    const va_json_t *last = words != NULL ? words->first : NULL;
    while (last != NULL && last->next != NULL) {
        last = last->next;
    }
    return milliseconds(va_json_get(last, "end"));
}

va_status_t wk_deepgram_read(const va_alloc_t *mem, va_str_t text, wk_deepgram_event_t *event)
{
    static const va_json_limits_t limits = {WK_DEEPGRAM_MESSAGE_MAX, 16, 50000};
    const va_json_t *root;
    va_status_t status = va_json_parse(mem, text, &limits, &root);
    va_str_t type = status == VA_OK ? va_json_get_string(root, "type") : VA_STR_NULL;
    *event = (wk_deepgram_event_t){.kind = WK_DG_OTHER, .voiced_ms = -1};
    if (type.len == 0) {
        return status != VA_OK ? status : VA_ESYNTAX;
    }
    if (va_str_eq(type, VA_STR("Results"))) {
        event->kind = WK_DG_WORDS;
        event->text =
            va_json_string(va_json_pointer(root, VA_STR("/channel/alternatives/0/transcript")));
        event->voiced_ms =
            end_of_words(va_json_pointer(root, VA_STR("/channel/alternatives/0/words")));
        event->settled = va_json_bool(va_json_get(root, "is_final"), false);
        event->ends = va_json_bool(va_json_get(root, "speech_final"), false);
    } else if (va_str_eq(type, VA_STR("UtteranceEnd"))) {
        event->kind = WK_DG_SILENCE;
        event->voiced_ms = milliseconds(va_json_get(root, "last_word_end"));
    } else if (va_str_eq(type, VA_STR("Error"))) {
        va_str_t why = va_json_get_string(root, "description");
        event->kind = WK_DG_ERROR;
        event->text = why.len > 0 ? why : va_json_get_string(root, "message");
    }
    return VA_OK;
}

/* ---------------------------------------------------------------- speaking */

static va_str_t voice_of(const wk_config_t *config, const wk_speech_text_t *speech)
{
    static const struct {
        const char *language, *voice;
    } voices[] = {
        {"en", "aura-2-thalia-en"}, {"fr", "aura-2-agathe-fr"}, {"es", "aura-2-celeste-es"}};
    if (speech->voice.len > 0 || config->deepgram_voice != NULL) {
        return speech->voice.len > 0 ? speech->voice : va_str_c(config->deepgram_voice);
    }
    for (size_t i = 0; i < sizeof(voices) / sizeof(*voices); i++) {
        if (va_str_eq(speech->language, va_str_c(voices[i].language))) {
            return va_str_c(voices[i].voice);
        }
    }
    return va_str_c(voices[0].voice);
}

static bool speaks(const wk_config_t *config, va_str_t voice)
{
    (void)voice;
    return config->deepgram_api_key != NULL;
}

/* container=none: else a file's head comes first, and is heard as a click. */
static bool request_speech(wk_arena_t *a, const wk_config_t *config,
                           const wk_speech_text_t *speech, wk_speech_request_t *request)
{
    va_buf_t query, body;
    va_buf_init(&query, wk_mem(a), 128);
    va_form_add(&query, VA_STR("model"), voice_of(config, speech));
    va_form_add(&query, VA_STR("encoding"), VA_STR("mulaw"));
    va_form_add(&query, VA_STR("sample_rate"), VA_STR("8000"));
    va_form_add(&query, VA_STR("container"), VA_STR("none"));
    va_str_t text = va_buf_str(&query);
    va_buf_init(&body, wk_mem(a), speech->text.len + 32);
    va_json_writer_t *w = va_json_writer_new(&body);
    va_json_object(w);
    va_json_add_str(w, "text", speech->text);
    va_json_object_end(w);
    va_status_t status = va_json_writer_end(w);
    *request = (wk_speech_request_t){
        .url =
            wk_printf(a, "%s/v1/speak?%.*s", base_url(config), (int)text.len, text.data).data,
        .headers =
            {wk_printf(a, "Authorization: %s", wk_deepgram_authorization(a, config)).data,
             "Content-Type: application/json"},
        .body = va_buf_str(&body)};
    return status == VA_OK;
}

const wk_speaker_t wk_speaker_deepgram = {
    .name = "deepgram", .configured = speaks, .request = request_speech};
