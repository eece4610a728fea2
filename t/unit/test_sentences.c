/* Where what a model writes is cut to be spoken. */
#include "worker/voice/sentences.h"

#include "t/unit/support.h"

static void cut(const char *text, bool ended, const char *first)
{
    size_t len = wk_sentence(va_str_c(text), ended);

    assert_int_equal(len, strlen(first));
    assert_memory_equal(text, first, len);
}

static void a_sentence_ends_with_a_mark_and_a_space(void **state)
{
    (void)state;
    cut("It is shipped. It comes", false, "It is shipped. ");
    cut("Is it? Yes", false, "Is it? ");
    cut("It is shipped.", false, ""); /* "1042.50" may follow */
    cut("It is shipped.", true, "It is shipped.");
}

static void a_number_or_an_initial_is_no_sentence(void **state)
{
    (void)state;
    cut("1. Bring the bike", false, "");
    cut("It costs 10.50 dollars. Good", false, "It costs 10.50 dollars. ");
}

static void a_line_is_one_too(void **state)
{
    (void)state;
    cut("Monday at nine\nTuesday at ten", false, "Monday at nine\n");
    cut("One. Two\n", false, "One. ");
}

static void what_has_no_end_is_cut_at_a_clause_or_a_word(void **state)
{
    char text[400];

    (void)state;
    memset(text, 'a', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    memcpy(text + 100, ", ", 2);
    assert_int_equal(wk_sentence(va_str_c(text), false), 102);
    text[100] = 'a';
    assert_int_equal(wk_sentence(va_str_c(text), false), 102);
    text[101] = 'a';
    assert_int_equal(wk_sentence(va_str_c(text), false), 240);
}

static void nothing_is_left_at_the_end(void **state)
{
    va_str_t rest = VA_STR("First one. Second one! And the rest");
    size_t len, n = 0;

    (void)state;
    while ((len = wk_sentence(rest, true)) > 0) {
        rest = va_str(rest.data + len, rest.len - len);
        n++;
    }
    assert_int_equal(n, 3);
    assert_int_equal(rest.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_sentence_ends_with_a_mark_and_a_space),
        TEST(a_number_or_an_initial_is_no_sentence),
        TEST(a_line_is_one_too),
        TEST(what_has_no_end_is_cut_at_a_clause_or_a_word),
        TEST(nothing_is_left_at_the_end),
    };

    return RUN("sentences", tests);
}
