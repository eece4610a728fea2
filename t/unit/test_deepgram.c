/* Deepgram's messages, and what it is asked with. */
#include "worker/providers/deepgram.h"
#include "worker/providers/speaker.h"

#include "t/unit/arena.h"

static wk_deepgram_event_t read_event(const char *text)
{
    wk_deepgram_event_t event;

    assert_int_equal(wk_deepgram_read(wk_mem(arena), va_str_c(text), &event), VA_OK);
    return event;
}

static void words_and_pauses(void **state)
{
    wk_deepgram_event_t e =
        read_event("{\"type\":\"Results\",\"is_final\":true,\"speech_final\":true,\"channel\":"
                   "{\"alternatives\":[{\"transcript\":\"bonjour\",\"words\":[{\"end\":0.4},"
                   "{\"end\":1.285}]}]}}");

    (void)state;
    assert_int_equal(e.kind, WK_DG_WORDS);
    assert_true(va_str_eq(e.text, VA_STR("bonjour")) && e.settled && e.ends);
    assert_int_equal(e.voiced_ms, 1285);
    e = read_event(
        "{\"type\":\"Results\",\"is_final\":false,\"channel\":{\"alternatives\":[]}}");
    assert_int_equal(e.kind, WK_DG_WORDS);
    assert_true(e.text.len == 0 && !e.settled && !e.ends && e.voiced_ms == -1);
    e = read_event("{\"type\":\"UtteranceEnd\",\"channel\":[0,1],\"last_word_end\":-1}");
    assert_true(e.kind == WK_DG_SILENCE && e.voiced_ms == -1);
    e = read_event("{\"type\":\"UtteranceEnd\",\"channel\":[0,1],\"last_word_end\":2.395}");
    assert_true(e.kind == WK_DG_SILENCE && e.voiced_ms == 2395);
    e = read_event("{\"type\":\"UtteranceEnd\",\"last_word_end\":1e300}");
    assert_int_equal(e.voiced_ms, -1);
    assert_int_equal(read_event("{\"type\":\"Metadata\",\"channels\":1}").kind, WK_DG_OTHER);
    e = read_event("{\"type\":\"Error\",\"description\":\"why\"}");
    assert_true(e.kind == WK_DG_ERROR && va_str_eq(e.text, VA_STR("why")));
}

static void what_is_no_message(void **state)
{
    static const char *const texts[] = {"", "{", "[]", "{}", "{\"type\":7}", "\"Results\""};
    wk_deepgram_event_t event;

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
        assert_int_not_equal(wk_deepgram_read(wk_mem(arena), va_str_c(texts[i]), &event),
                             VA_OK);
}

static void the_address_of_the_ears(void **state)
{
    wk_config_t config = {.deepgram_model = "nova-3", .deepgram_language = "multi"};

    (void)state;
    const char *url = wk_deepgram_url(arena, &config, 700);
    assert_memory_equal(url, "wss://", 6);
    assert_non_null(strstr(url, "/v1/listen?model=nova-3&language=multi&encoding=mulaw&"
                                "sample_rate=8000"));
    config.deepgram_base_url = "http://127.0.0.1:1";
    assert_memory_equal(wk_deepgram_url(arena, &config, 700), "ws://127.0.0.1:1/v1/listen?",
                        27);
}

static void the_shops_silence_ends_what_is_said(void **state)
{
    const wk_config_t config = {.deepgram_model = "nova-3", .deepgram_language = "multi"};

    (void)state;
    assert_non_null(
        strstr(wk_deepgram_url(arena, &config, 300), "&endpointing=300&utterance_end_ms=1000"));
    assert_non_null(strstr(wk_deepgram_url(arena, &config, 2500),
                           "&endpointing=2500&utterance_end_ms=2500"));
}

static void a_voice_of_the_language(void **state)
{
    wk_config_t config = {.deepgram_api_key = "key", .deepgram_base_url = "http://here"};
    wk_speech_text_t text = {.text = VA_STR("dit \"oui\""), .language = VA_STR("fr")};
    wk_speech_request_t request;

    (void)state;
    assert_true(wk_speaker_deepgram.request(arena, &config, &text, &request));
    assert_string_equal(request.url,
                        "http://here/v1/speak?model=aura-2-agathe-fr&encoding=mulaw&"
                        "sample_rate=8000&container=none");
    assert_string_equal(request.headers[0], "Authorization: Token key");
    assert_true(va_str_eq(request.body, VA_STR("{\"text\":\"dit \\\"oui\\\"\"}")));
    config.deepgram_voice = "ours";
    assert_true(wk_speaker_deepgram.request(arena, &config, &text, &request));
    assert_non_null(strstr(request.url, "model=ours&"));
    text.voice = VA_STR("theirs");
    assert_true(wk_speaker_deepgram.request(arena, &config, &text, &request));
    assert_non_null(strstr(request.url, "model=theirs&"));
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(words_and_pauses),        WITH(what_is_no_message),
        WITH(the_address_of_the_ears), WITH(the_shops_silence_ends_what_is_said),
        WITH(a_voice_of_the_language),
    };

    return RUN("deepgram", tests);
}
