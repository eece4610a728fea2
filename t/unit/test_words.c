/* Texts as words that can be compared, phrases, and texts that can be stored. */
#include "worker/agent/words.h"

#include "t/unit/arena.h"

#include "core/utf8.h"

/* The words with '|' between them. */
static const char *words_of(va_str_t text)
{
    va_buf_t out;
    wk_words_t words = wk_words(arena, text);
    va_buf_init(&out, wk_mem(arena), 64);
    for (size_t i = 0; i < words.count; i++) {
        assert_true(words.at[i].begin < words.at[i].end && words.at[i].end <= text.len);
        va_buf_add_c(&out, i > 0 ? "|" : "");
        va_buf_add_str(&out, words.at[i].text);
    }
    va_buf_add_char(&out, '\0');
    return out.data;
}

/* ---------------------------------------------------------------- words */

static void a_text_is_cut_and_folded(void **state)
{
    static const char *const cases[][2] = {
        {"", ""},
        {" \t\r\n", ""},
        {"!?.,;", ""},
        {"Hello, World!", "hello|world"},
        {"V\xc3\xa9lo", "velo"},
        {"ve\xcc\x81lo", "velo"}, /* the accent as a character of its own */
        {"\xcc\x81", ""},
        {"l'\xc3\xa9t\xc3\xa9", "l|ete"},
        {"l\xe2\x80\x99\xc3\xa9t\xc3\xa9", "l|ete"}, /* a typographic apostrophe */
        {"\xc5\x93uvre \xc3\x87"
         "A Stra\xc3\x9f"
         "e",
         "oeuvre|ca|strasse"},
        {"\xc2\xbf"
         "Qu\xc3\xa9 ma\xc3\xb1"
         "ana?",
         "que|manana"},
        {"4111-1111", "4111|1111"},
        {"12:30", "12|30"},
        {"a\xc2\xa0"
         "b",
         "a|b"}, /* no-break space */
        {"a\xe2\x80\x8b"
         "b",
         "a|b"},                           /* zero-width space */
        {"ok\xf0\x9f\x91\x8dok", "ok|ok"}, /* an emoji parts words */
        {"a\xff"
         "b",
         "a|b"},        /* so does what is no UTF-8 */
        {"a\xc3", "a"}, /* and half a character */
        {"\xd0\x9f\xd1\x80\xd0\xb8", "\xd0\x9f\xd1\x80\xd0\xb8"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        assert_string_equal(words_of(exact(va_str_c(cases[i][0]))), cases[i][1]);
    }
    assert_string_equal(words_of(VA_STR_NULL), "");
    assert_string_equal(words_of(va_str("a\0b", 3)), "a|b");
}

static void a_word_knows_its_place(void **state)
{
    va_str_t text = VA_STR("Le V\xc3\xa9lo!");
    (void)state;
    wk_words_t words = wk_words(arena, text);
    assert_int_equal(words.count, 2);
    assert_int_equal(words.at[1].begin, 3);
    assert_int_equal(words.at[1].end, 8);
}

static void a_huge_text_is_cut(void **state)
{
    size_t n = 200000;
    char *text = wk_alloc(arena, n);
    (void)state;
    memset(text, 'x', n);
    assert_int_equal(wk_words(arena, va_str(text, n)).count, 1);
    for (size_t i = 0; i < n; i += 2) {
        text[i] = ' ';
    }
    assert_int_equal(wk_words(arena, va_str(text, n)).count, n / 2);
}

/* ---------------------------------------------------------------- phrases */

static bool stands_in(const char *phrase, const char *text)
{
    wk_phrase_t p = wk_phrase(arena, va_str_c(phrase));
    wk_phrases_t phrases = {&p, 1};
    wk_words_t words = wk_words(arena, va_str_c(text));
    return wk_phrases_in(&phrases, &words);
}

static void a_phrase_is_whole_words_in_a_row(void **state)
{
    static const struct {
        const char *phrase, *text;
        bool stands;
    } cases[] = {
        {"order", "My ORDER, please", true},
        {"order", "orders", false},
        {"order*", "orders", true},
        {"order*", "order", true},
        {"order*", "reorder", false},
        {"where is", "Where is it", true},
        {"where is", "where it is", false},
        {"where is", "where", false},
        {"where is my*", "Where, is: myself", true},
        {"\xc3\xa9t\xc3\xa9", "ETE", true},
        {"", "anything", false},
        {"*", "anything", false},
        {"order", "", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        if (stands_in(cases[i].phrase, cases[i].text) != cases[i].stands) {
            fail_msg("\"%s\" in \"%s\"", cases[i].phrase, cases[i].text);
        }
    }
}

static void the_longest_phrase_is_found(void **state)
{
    wk_phrase_t list[] = {wk_phrase(arena, VA_STR("call")),
                          wk_phrase(arena, VA_STR("call me back")),
                          wk_phrase(arena, VA_STR("call me"))};
    wk_phrases_t phrases = {list, 3};
    wk_words_t words = wk_words(arena, VA_STR("please call me back, call"));
    size_t at = 99, len = 99;
    (void)state;
    assert_true(wk_phrases_find(&phrases, &words, 0, &at, &len));
    assert_int_equal(at, 1);
    assert_int_equal(len, 3);
    assert_true(wk_phrases_find(&phrases, &words, at + len, &at, &len));
    assert_int_equal(at, 4);
    assert_int_equal(len, 1);
    assert_false(wk_phrases_find(&phrases, &words, 5, &at, &len));
    assert_int_equal(at, 4); /* left alone */
    assert_int_equal(wk_phrases_at(&phrases, &words, 0), 0);
    assert_int_equal(wk_phrases_at(&phrases, &words, 1000), 0);
}

static void a_phrase_may_have_to_be_all_there_is(void **state)
{
    wk_phrase_t list[] = {wk_phrase(arena, VA_STR("no")),
                          wk_phrase(arena, VA_STR("no thanks"))};
    wk_phrases_t phrases = {list, 2};
    static const struct {
        const char *text;
        bool all;
    } cases[] = {{"No!", true},
                 {"no, thanks", true},
                 {"no way", false},
                 {"", false},
                 {"thanks no", false}};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        wk_words_t words = wk_words(arena, va_str_c(cases[i].text));
        assert_case(wk_phrases_all(&phrases, &words) == cases[i].all, cases[i].text);
    }
}

/* ---------------------------------------------------------------- texts */

static void a_text_is_cleaned_of_what_cannot_be_stored(void **state)
{
    static const struct {
        va_str_t text;
        const char *clean;
    } cases[] = {
        {{"", 0}, ""},
        {{"V\xc3\xa9lo", 5}, "V\xc3\xa9lo"},
        {{"a\0b", 3}, "ab"},
        {{"\0", 1}, ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        assert_str(wk_clean_text(arena, cases[i].text), cases[i].clean);
    }
    assert_absent(wk_clean_text(arena, VA_STR_NULL));
    static const char *const broken[] = {"a\xff"
                                         "b",
                                         "a\xc3", "\xed\xa0\x80", "\xc0\xaf",
                                         "\xf8\x88\x80\x80\x80"};
    for (size_t i = 0; i < sizeof(broken) / sizeof(*broken); i++) {
        va_str_t clean = wk_clean_text(arena, exact(va_str_c(broken[i])));
        assert_case(va_utf8_valid(clean), broken[i]);
    }
}

static void a_text_is_cut_at_a_characters_end(void **state)
{
    static const char text[] = "a\xc3\xa9\xf0\x9f\x91\x8dz";
    static const size_t ends[] = {0, 1, 1, 3, 3, 3, 3, 7, 8, 8};
    (void)state;
    for (size_t max = 0; max < sizeof(ends) / sizeof(*ends); max++) {
        assert_int_equal(wk_cut_text(va_str_c(text), max).len, ends[max]);
    }
    assert_absent(wk_cut_text(VA_STR_NULL, 0));
}

static void a_text_is_trimmed(void **state)
{
    (void)state;
    assert_str(wk_trim(VA_STR(" \t a b \r\n")), "a b");
    assert_str(wk_trim(VA_STR("ab")), "ab");
    assert_int_equal(wk_trim(VA_STR(" \n ")).len, 0);
    assert_int_equal(wk_trim(VA_STR_NULL).len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_text_is_cut_and_folded),
        TEST(a_word_knows_its_place),
        TEST(a_huge_text_is_cut),
        TEST(a_phrase_is_whole_words_in_a_row),
        TEST(the_longest_phrase_is_found),
        TEST(a_phrase_may_have_to_be_all_there_is),
        TEST(a_text_is_cleaned_of_what_cannot_be_stored),
        TEST(a_text_is_cut_at_a_characters_end),
        TEST(a_text_is_trimmed),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
