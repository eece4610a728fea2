/* OpenAI's text to speech: one request a text, raw PCM as it is made; it has no mu-law. */
#include "core/json.h"
#include "worker/providers/speaker.h"

#define BASE_URL "https://api.openai.com/v1"
#define CUSTOM   "voice_" /* begins the id of a voice of one's own */

static bool configured(const wk_config_t *config, va_str_t voice)
{
    (void)voice;
    return config->openai_api_key != NULL;
}

static bool is_custom(va_str_t voice)
{
    size_t n = sizeof(CUSTOM) - 1;
    return voice.len > n && memcmp(voice.data, CUSTOM, n) == 0;
}

static void add_voice(va_json_writer_t *w, va_str_t voice)
{
    if (!is_custom(voice)) {
        va_json_add_str(w, "voice", voice);
        return;
    }
    va_json_key(w, "voice");
    va_json_object(w);
    va_json_add_str(w, "id", voice);
    va_json_object_end(w);
}

static bool request_speech(wk_arena_t *a, const wk_config_t *config,
                           const wk_speech_text_t *speech, wk_speech_request_t *request)
{
    va_buf_t body;
    const char *base = config->openai_base_url != NULL ? config->openai_base_url : BASE_URL;
    va_buf_init(&body, wk_mem(a), speech->text.len + 128);
    va_json_writer_t *w = va_json_writer_new(&body);
    va_json_object(w);
    va_json_add_c(w, "model", config->openai_speech_model);
    va_json_add_str(w, "input", speech->text);
    add_voice(w, speech->voice.len > 0 ? speech->voice : va_str_c(config->openai_speech_voice));
    va_json_add_c(w, "response_format", "pcm");
    va_json_object_end(w);
    va_status_t status = va_json_writer_end(w);
    *request = (wk_speech_request_t){
        .url = wk_printf(a, "%s/audio/speech", base).data,
        .headers = {wk_printf(a, "Authorization: Bearer %s", config->openai_api_key).data,
                    "Content-Type: application/json"},
        .body = va_buf_str(&body)};
    return status == VA_OK;
}

const wk_speaker_t wk_speaker_openai = {
    .name = "openai", .pcm_hz = 24000, .configured = configured, .request = request_speech};
