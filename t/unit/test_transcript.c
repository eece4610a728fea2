/* What a new engine is told of a talk. */
#include "worker/voice/transcript.h"

#include "t/unit/support.h"

static void said(const wk_said_t *said, bool by_agent, const char *text)
{
    assert_int_equal(said->by_agent, by_agent);
    assert_int_equal(said->text.len, strlen(text));
    assert_memory_equal(said->text.data, text, strlen(text));
}

static void all_is_remembered_in_its_order(void **state)
{
    size_t n;
    wk_transcript_t t = {.n = 0};
    (void)state;
    wk_transcript_add(&t, false, VA_STR("my order is 1042"));
    wk_transcript_add(&t, true, VA_STR(""));
    wk_transcript_add(&t, true, VA_STR("noted"));
    wk_said_t *copy = wk_transcript_copy(&t, &n);
    wk_transcript_free(&t);
    assert_int_equal(n, 3);
    said(&copy[0], false, "my order is 1042");
    said(&copy[1], true, "");
    said(&copy[2], true, "noted");
    free(copy);
}

static void what_was_not_heard_is_not_remembered(void **state)
{
    size_t n;
    wk_transcript_t t = {.n = 0};
    (void)state;
    wk_transcript_add(&t, true, VA_STR("we open at nine"));
    wk_transcript_add(&t, false, VA_STR("we open at nine"));
    wk_transcript_add(&t, true, VA_STR("never heard"));
    wk_transcript_add(&t, true, VA_STR("we close at six"));
    wk_transcript_cut(&t, VA_STR("we open at nine"), VA_STR("we open"));
    wk_transcript_cut(&t, VA_STR("never heard"), VA_STR(""));
    wk_transcript_cut(&t, VA_STR("never said"), VA_STR("never"));
    wk_said_t *copy = wk_transcript_copy(&t, &n);
    wk_transcript_free(&t);
    assert_int_equal(n, 3);
    said(&copy[0], true, "we open");
    said(&copy[1], false, "we open at nine");
    said(&copy[2], true, "we close at six");
    free(copy);
}

static void what_the_caller_said_last_is_known(void **state)
{
    va_str_t heard[2];
    wk_transcript_t t = {.n = 0};
    (void)state;
    assert_int_equal(wk_transcript_heard(&t, heard, 2), 0);
    wk_transcript_add(&t, false, VA_STR("first"));
    assert_int_equal(wk_transcript_heard(&t, heard, 2), 1);
    assert_str(heard[0], "first");
    wk_transcript_add(&t, false, VA_STR("second"));
    wk_transcript_add(&t, true, VA_STR("the agent"));
    wk_transcript_add(&t, false, VA_STR("third"));
    assert_int_equal(wk_transcript_heard(&t, heard, 2), 2);
    assert_str(heard[0], "third");
    assert_str(heard[1], "second");
    wk_transcript_free(&t);
}

static void what_the_agent_asked_is_known_until_it_is_answered(void **state)
{
    wk_transcript_t t = {.n = 0};
    (void)state;
    assert_null(wk_transcript_asked(&t).data);
    wk_transcript_add(&t, true, VA_STR("first"));
    wk_transcript_add(&t, true, VA_STR("second"));
    assert_str(wk_transcript_asked(&t), "second");
    wk_transcript_add(&t, false, VA_STR("the caller"));
    assert_null(wk_transcript_asked(&t).data);
    wk_transcript_free(&t);
}

static void a_talk_before_the_call_is_told_and_not_gone_on_with(void **state)
{
    size_t n;
    va_str_t heard[2];
    wk_transcript_t t = {.n = 0};
    (void)state;
    wk_transcript_add_earlier(&t, false, VA_STR("where is my order"));
    wk_transcript_add_earlier(&t, true, VA_STR("what is its number"));
    assert_null(wk_transcript_asked(&t).data);
    assert_int_equal(wk_transcript_heard(&t, heard, 2), 0);
    wk_transcript_add(&t, true, VA_STR("hello"));
    wk_transcript_add(&t, true, VA_STR("what is its number"));
    wk_transcript_cut(&t, VA_STR("what is its number"), VA_STR("what is"));
    assert_str(wk_transcript_asked(&t), "what is");
    wk_said_t *copy = wk_transcript_copy(&t, &n);
    wk_transcript_free(&t);
    assert_int_equal(n, 4);
    said(&copy[0], false, "where is my order");
    said(&copy[1], true, "what is its number");
    free(copy);
}

static void nothing_was_said(void **state)
{
    size_t n;
    wk_transcript_t t = {.n = 0};
    (void)state;
    wk_said_t *copy = wk_transcript_copy(&t, &n);
    assert_int_equal(n, 0);
    free(copy);
}

static void of_a_long_talk_the_oldest_is_forgotten(void **state)
{
    size_t n;
    char text[1000];
    wk_transcript_t t = {.n = 0};
    (void)state;
    for (int i = 0; i < 200; i++) {
        memset(text, 'a' + i % 26, sizeof(text));
        wk_transcript_add(&t, i % 2 == 0, va_str(text, sizeof(text)));
    }
    wk_said_t *copy = wk_transcript_copy(&t, &n);
    assert_in_range(n, 16, WK_TRANSCRIPT_MAX / sizeof(text));
    assert_int_equal(copy[n - 1].text.data[0], 'a' + 199 % 26);
    assert_int_equal(copy[0].text.data[0], (int)('a' + (200 - n) % 26));
    free(copy);
    wk_transcript_free(&t);
}

static void a_text_that_is_too_long_is_cut(void **state)
{
    size_t n;
    static char text[2 * WK_TRANSCRIPT_MAX];
    wk_transcript_t t = {.n = 0};
    (void)state;
    memset(text, 'x', sizeof(text));
    wk_transcript_add(&t, false, VA_STR("before"));
    wk_transcript_add(&t, true, va_str(text, sizeof(text)));
    wk_said_t *copy = wk_transcript_copy(&t, &n);
    assert_int_equal(n, 1);
    assert_int_equal(copy[0].text.len, WK_TRANSCRIPT_MAX);
    free(copy);
    wk_transcript_free(&t);
}

/* Half a character would be refused by whoever is told it, with all the rest. */
static void a_text_is_cut_between_characters(void **state)
{
    size_t n;
    static char text[2 * WK_TRANSCRIPT_MAX + 1];
    wk_transcript_t t = {.n = 0};
    (void)state;
    text[0] = 'x';
    for (size_t i = 1; i < sizeof(text); i += 2) {
        memcpy(text + i, "\xc3\xa9", 2);
    }
    wk_transcript_add(&t, false, va_str(text, sizeof(text)));
    wk_said_t *copy = wk_transcript_copy(&t, &n);
    assert_int_equal(n, 1);
    assert_int_equal(copy[0].text.len, WK_TRANSCRIPT_MAX - 1);
    free(copy);
    wk_transcript_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_is_remembered_in_its_order),
        cmocka_unit_test(what_was_not_heard_is_not_remembered),
        cmocka_unit_test(what_the_caller_said_last_is_known),
        cmocka_unit_test(what_the_agent_asked_is_known_until_it_is_answered),
        cmocka_unit_test(a_talk_before_the_call_is_told_and_not_gone_on_with),
        cmocka_unit_test(nothing_was_said),
        cmocka_unit_test(of_a_long_talk_the_oldest_is_forgotten),
        cmocka_unit_test(a_text_that_is_too_long_is_cut),
        cmocka_unit_test(a_text_is_cut_between_characters),
    };
    return RUN("transcript", tests);
}
