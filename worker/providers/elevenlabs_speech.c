/* ElevenLabs' text to speech: one request a text, raw mu-law as it is made. */
#include "core/form.h"
#include "core/json.h"
#include "worker/providers/speaker.h"

#define BASE_URL "https://api.elevenlabs.io"

/* A voice's id stands in the path. */
static const char *url_of(wk_arena_t *a, const wk_config_t *config, va_str_t voice)
{
    va_buf_t url;
    const char *base = config->elevenlabs_base_url;
    va_buf_init(&url, wk_mem(a), 160);
    va_buf_add_c(&url, base != NULL ? base : BASE_URL);
    va_buf_add_c(&url, "/v1/text-to-speech/");
    va_url_encode(&url, voice);
    va_buf_add_c(&url, "/stream?output_format=ulaw_8000");
    va_buf_add_char(&url, '\0');
    return va_buf_str(&url).data;
}

static bool configured(const wk_config_t *config, va_str_t voice)
{
    return config->elevenlabs_api_key != NULL &&
           (voice.len > 0 || config->elevenlabs_voice != NULL);
}

static bool request_speech(wk_arena_t *a, const wk_config_t *config,
                           const wk_speech_text_t *speech, wk_speech_request_t *request)
{
    va_buf_t body;
    if (!configured(config, speech->voice)) {
        return false; /* the talk has changed to a language without a voice */
    }
    va_str_t voice = speech->voice.len > 0 ? speech->voice : va_str_c(config->elevenlabs_voice);
    va_buf_init(&body, wk_mem(a), speech->text.len + 96);
    va_json_writer_t *w = va_json_writer_new(&body);
    va_json_object(w);
    va_json_add_str(w, "text", speech->text);
    va_json_add_c(w, "model_id", config->elevenlabs_speech_model);
    if (speech->language.len > 0) {
        va_json_add_str(w, "language_code", speech->language);
    }
    va_json_object_end(w);
    va_status_t status = va_json_writer_end(w);
    *request = (wk_speech_request_t){
        .url = url_of(a, config, voice),
        .headers = {wk_printf(a, "xi-api-key: %s", config->elevenlabs_api_key).data,
                    "Content-Type: application/json"},
        .body = va_buf_str(&body)};
    return status == VA_OK;
}

const wk_speaker_t wk_speaker_elevenlabs = {
    .name = "elevenlabs", .configured = configured, .request = request_speech};
