/* Who speaks: whom a name names, what each can be asked with, and how it is asked. */
#include "worker/providers/speaker.h"

#include "t/unit/arena.h"

static void a_name_is_one_speaker_s(void **state)
{
    (void)state;
    assert_ptr_equal(wk_speaker_find(VA_STR("deepgram")), &wk_speaker_deepgram);
    assert_ptr_equal(wk_speaker_find(VA_STR("elevenlabs")), &wk_speaker_elevenlabs);
    assert_ptr_equal(wk_speaker_find(VA_STR("openai")), &wk_speaker_openai);
    assert_null(wk_speaker_find(VA_STR("open")));
    assert_null(wk_speaker_find(VA_STR("")));
    assert_null(wk_speaker_find(VA_STR_NULL));
}

static void each_needs_its_key(void **state)
{
    const wk_config_t none = {.voice_speech = "openai"};
    const wk_config_t all = {
        .openai_api_key = "k", .deepgram_api_key = "k", .elevenlabs_api_key = "k"};

    (void)state;
    assert_false(wk_speaker_deepgram.configured(&none, VA_STR("v")));
    assert_false(wk_speaker_elevenlabs.configured(&none, VA_STR("v")));
    assert_false(wk_speaker_openai.configured(&none, VA_STR("v")));
    assert_true(wk_speaker_deepgram.configured(&all, VA_STR_NULL));
    assert_true(wk_speaker_elevenlabs.configured(&all, VA_STR("v")));
    assert_true(wk_speaker_openai.configured(&all, VA_STR_NULL));
}

static void elevenlabs_speaks_mulaw_with_a_voice(void **state)
{
    wk_config_t config = {.elevenlabs_api_key = "key",
                          .elevenlabs_base_url = "http://here",
                          .elevenlabs_voice = "v/1",
                          .elevenlabs_speech_model = "m"};
    const wk_speech_text_t text = {.text = VA_STR("hi"), .language = VA_STR("en")};
    wk_speech_request_t request;

    (void)state;
    assert_int_equal(wk_speaker_elevenlabs.pcm_hz, 0);
    assert_true(wk_speaker_elevenlabs.request(arena, &config, &text, &request));
    assert_string_equal(request.url,
                        "http://here/v1/text-to-speech/v%2F1/stream?output_format=ulaw_8000");
    assert_string_equal(request.headers[0], "xi-api-key: key");
    assert_true(va_str_eq(request.body, VA_STR("{\"text\":\"hi\",\"model_id\":\"m\","
                                               "\"language_code\":\"en\"}")));
    config.elevenlabs_voice = NULL;
    assert_false(wk_speaker_elevenlabs.configured(&config, VA_STR_NULL));
    assert_false(wk_speaker_elevenlabs.request(arena, &config, &text, &request));
}

static void openai_speaks_pcm(void **state)
{
    const wk_config_t config = {.openai_api_key = "key",
                                .openai_base_url = "http://here/v1",
                                .openai_speech_model = "m",
                                .openai_speech_voice = "alloy"};
    wk_speech_text_t text = {.text = VA_STR("say \"hi\""), .language = VA_STR("en")};
    wk_speech_request_t request;

    (void)state;
    assert_int_equal(wk_speaker_openai.pcm_hz, 24000);
    assert_true(wk_speaker_openai.request(arena, &config, &text, &request));
    assert_string_equal(request.url, "http://here/v1/audio/speech");
    assert_string_equal(request.headers[0], "Authorization: Bearer key");
    assert_string_equal(request.headers[1], "Content-Type: application/json");
    assert_null(request.headers[2]);
    assert_true(
        va_str_eq(request.body, VA_STR("{\"model\":\"m\",\"input\":\"say \\\"hi\\\"\","
                                       "\"voice\":\"alloy\",\"response_format\":\"pcm\"}")));
    text.voice = VA_STR("voice_12");
    assert_true(wk_speaker_openai.request(arena, &config, &text, &request));
    assert_non_null(strstr(request.body.data, "\"voice\":{\"id\":\"voice_12\"}"));
    text.text = VA_STR("\xff");
    assert_false(wk_speaker_openai.request(arena, &config, &text, &request));
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(a_name_is_one_speaker_s),
        WITH(each_needs_its_key),
        WITH(elevenlabs_speaks_mulaw_with_a_voice),
        WITH(openai_speaks_pcm),
    };

    return RUN("speaker", tests);
}
