/* A text that is spoken sentence by sentence: what becomes of it by what the service answers.
 */
#include "worker/voice/mouth.h"

#include "t/unit/support.h"

/* In the place of the one on the loop: one request at a time, answered by the test. */
struct wk_exchange {
    wk_ahttp_events_t events;
    void *ctx;
    bool runs;
};

static wk_exchange_t asked;

wk_exchange_t *wk_ahttp_post(wk_ahttp_t *h, const wk_ahttp_request_t *request,
                             const wk_ahttp_events_t *events, void *ctx)
{
    (void)h, (void)request;
    assert_false(asked.runs);
    asked = (wk_exchange_t){*events, ctx, true};
    return &asked;
}

void wk_ahttp_cancel(wk_exchange_t *x)
{
    x->runs = false;
}

static struct {
    char words[200]; /* all that were said */
    int sounds, dones, failures;
} did;

static void on_words(void *ctx, va_str_t sentence)
{
    (void)ctx;
    strncat(did.words, sentence.data, sentence.len);
}

static void on_sound(void *ctx, va_str_t mulaw)
{
    (void)ctx, (void)mulaw;
    did.sounds++;
}

static void on_done(void *ctx)
{
    (void)ctx;
    did.dones++;
}

static void on_failed(void *ctx, const char *why)
{
    (void)ctx, (void)why;
    did.failures++;
}

static wk_mouth_t *mouth;

static int set_up(void **state)
{
    static const wk_config_t config = {.voice_speech = "deepgram",
                                       .deepgram_api_key = "key",
                                       .deepgram_base_url = "http://speech.example",
                                       .deepgram_voice = "voice"};
    static const wk_media_engine_setup_t setup = {.config = &config, .language = VA_STR("en")};
    static const wk_mouth_events_t events = {on_words, on_sound, on_done, on_failed};
    (void)state;
    asked.runs = false;
    memset(&did, 0, sizeof(did));
    mouth = wk_mouth_new(&setup, &events, NULL);
    return mouth != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    wk_mouth_free(mouth);
    return 0;
}

static void say(const char *text)
{
    wk_mouth_begin(mouth);
    wk_mouth_add(mouth, va_str_c(text));
    wk_mouth_end(mouth);
    wk_mouth_speak(mouth);
}

/* The answer, with a 200: that sound, in one piece, or none. */
static void answer(va_str_t sound)
{
    wk_exchange_t x = asked;
    assert_true(x.runs);
    if (sound.len > 0) {
        x.events.piece(x.ctx, sound);
    }
    asked.runs = false;
    x.events.end(x.ctx, 200, NULL);
}

static void each_sentence_is_spoken_when_the_one_before_was(void **state)
{
    (void)state;
    say("You are booked. See you on Monday.");
    answer(VA_STR("sound"));
    assert_string_equal(did.words, "You are booked. ");
    answer(VA_STR("sound"));
    assert_string_equal(did.words, "You are booked. See you on Monday.");
    assert_int_equal(did.sounds, 2);
    assert_int_equal(did.dones, 1);
    assert_int_equal(did.failures, 0);
}

static void an_answer_without_sound_is_none(void **state)
{
    (void)state;
    say("Leave the house. Call 911.");
    answer(VA_STR_NULL);
    assert_int_equal(did.failures, 1);
    assert_string_equal(did.words, "");
    assert_int_equal(did.dones, 0);
    assert_false(asked.runs);
}

static void what_has_no_word_in_it_may_have_no_sound(void **state)
{
    (void)state;
    say("?!?! See you.");
    answer(VA_STR_NULL);
    answer(VA_STR("sound"));
    assert_int_equal(did.failures, 0);
    assert_int_equal(did.dones, 1);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(each_sentence_is_spoken_when_the_one_before_was),
        CASE(an_answer_without_sound_is_none),
        CASE(what_has_no_word_in_it_may_have_no_sound),
    };
    return RUN("mouth", tests);
}
