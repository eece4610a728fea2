/*
 * Numbers in words: which are written in digits, and which are something else.
 */
#include "worker/agent/number_words.h"

#include <time.h>

#include "t/unit/reception.h"

static void check_text(const char *text, const char *expected)
{
    wk_words_t words;
    va_str_t written = wk_write_numbers(arena, catalogue, va_str_c(text), &words);
    if (!va_str_eq(written, va_str_c(expected))) {
        fail_msg("%s: %.*s", text, (int)written.len, written.data);
    }
    assert_int_equal(words.count, wk_words(arena, written).count);
}

static void a_number_that_is_meant_is_written_in_digits(void **state)
{
    static const char *const cases[][2] = {
        {"order one oh four two please", "order 1042 please"},
        {"Order number ten forty-two", "Order number 1042"},
        {"my order is one thousand and forty two", "my order is 1042"},
        {"order two hundred and five", "order 205"},
        {"order 10 forty two", "order 1042"},
        {"ten forty two", "1042"},
        {"it's four one six five five five one two three four", "it's 4165551234"},
        {"commande mille quarante-deux", "commande 1042"},
        {"commande deux cent quatre-vingt-dix-neuf", "commande 299"},
        {"pedido mil cuarenta y dos", "pedido 1042"},
        {"pedido quinientos dieciséis", "pedido 516"},
        {"tune up at ten", "tune up at 10"},
        {"at one", "at 1"},
        {"Friday ten thirty", "Friday 10:30"},
        {"at ten oh five", "at 10:05"},
        {"three thirty p.m. on Monday", "3:30 p.m. on Monday"},
        {"half past two works", "half past 2 works"},
        {"five to ten works", "9:55 works"},
        {"eleven o'clock", "11 o'clock"},
        {"ten in the morning", "10 in the morning"},
        {"yes, ten please", "yes, 10 please"},
        {"à quatorze heures trente", "à 14 heures 30"},
        {"vendredi dix heures et demie", "vendredi 10 heures et demie"},
        {"a las diez y media", "a las 10 y media"},
        {"a las diez y treinta", "a las 10:30"},
        {"las tres de la tarde", "las 3 de la tarde"},
        {"December third at ten", "December 3 at 10"},
        {"on the twenty first", "on the 21th"},
        {"le quinze décembre", "le 15 décembre"},
        {"le premier décembre", "le 1 décembre"},
        {"el quince de diciembre", "el 15 de diciembre"},
        {"order oh four two", "order 042"},
        {"order one thousand two hundred and forty two please thank you very much",
         "order 1242 please thank you very much"},
        {"Sept fifteen at ten", "Sept 15 at 10"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        check_text(cases[i][0], cases[i][1]);
    }
}

static void a_number_that_is_something_else_stays(void **state)
{
    static const char *const texts[] = {"the first one",
                                        "number two",
                                        "one",
                                        "two",
                                        "both of the two",
                                        "in two weeks",
                                        "at once",
                                        "I need one in the morning",
                                        "at one of your shops",
                                        "for ten minutes",
                                        "order two helmets",
                                        "une heure plus tard",
                                        "dans deux heures",
                                        "dos horas más tarde",
                                        "las dos",
                                        "les deux",
                                        "le deux",
                                        "quiero una por la tarde",
                                        "un vélo neuf",
                                        "twenty people",
                                        "give me five to ten minutes",
                                        "we are ten to twelve people",
                                        "ten, forty two",
                                        "one moment please",
                                        "oh 10 please",
                                        "oh 11",
                                        "oh, in the morning please",
                                        "Sept 15",
                                        "Sept 12",
                                        "15 sept",
                                        "le 15 sept",
                                        "the first may work",
                                        "at ten people",
                                        "mil gracias",
                                        "ok mil gracias",
                                        "mille merci",
                                        "ok, mille mercis"};
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        check_text(texts[i], texts[i]);
    }
}

static void check_order(const char *text, const char *number)
{
    wk_reading_t r = wk_read_message(arena, catalogue, NULL, va_str_c(text));
    if (!va_str_eq(r.order_number, va_str_c(number))) {
        fail_msg("%s: %.*s", text, (int)r.order_number.len, r.order_number.data);
    }
}

static void a_month_that_is_also_a_number_names_a_day(void **state)
{
    static const char *const cases[][2] = {{"Sept 15", "09-15"},
                                           {"le 15 sept", "09-15"},
                                           {"15 sept", "09-15"},
                                           {"Sept 12", "09-12"}};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        wk_reading_t r = wk_read_message(arena, catalogue, NULL, va_str_c(cases[i][0]));
        if (!va_str_eq(r.day, va_str_c(cases[i][1])) || r.time.hour >= 0 ||
            r.order_number.data != NULL) {
            fail_msg("%s: %.*s at %d", cases[i][0], (int)r.day.len, r.day.data, r.time.hour);
        }
    }
}

static void a_verb_is_no_month(void **state)
{
    static const char *const texts[] = {"the first may work", "the 1st may work",
                                        "the 2nd may be fine"};
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        wk_reading_t r = wk_read_message(arena, catalogue, NULL, va_str_c(texts[i]));
        assert_case(r.day.data == NULL, texts[i]);
    }
    assert_non_null(wk_read_message(arena, catalogue, NULL, VA_STR("the 1st of May")).day.data);
}

/* What was said is found, chosen and looked for as what is written. */
static void a_number_in_words_is_understood(void **state)
{
    static const wk_dialog_t fresh = {.expected = WK_EXPECT_NOTHING};
    wk_dialog_t three = three_times();
    (void)state;
    CHECK(&three, BOOKS("en", "ten please", "T10:00"), BOOKS("en", "two pm", "T14:00"),
          BOOKS("en", "ten thirty", "T10:30"), BOOKS("fr", "dix heures", "T10:00"),
          BOOKS("es", "a las diez", "T10:00"), BOOKS("en", "two", "T10:00"));
    CHECK(&fresh, LOOKS("en", "a tune up on friday at ten", "2026-11-27"),
          LOOKS("es", "una puesta a punto el viernes a las diez", "2026-11-27"));
    CHECK(&three, BOOKS("en", "oh ten please", "T10:00"));
    check_order("order one oh four three", "1043");
    check_order("it's one oh four three", "1043");
    check_order("ma commande mille quarante-trois", "1043");
    check_order("pedido mil cuarenta y tres", "1043");
}

/* Of more words than somebody says beside a number alone: each is looked at once. */
static void a_long_message_is_read_in_its_length(void **state)
{
    enum { times = 20000 };
    va_buf_t text;
    wk_words_t words;
    (void)state;
    va_buf_init(&text, wk_mem(arena), (size_t)times * 9 + 1);
    for (int i = 0; i < 2 * times; i++) {
        va_buf_add_str(&text, i < times ? VA_STR("yes ") : VA_STR("ten, "));
    }
    clock_t begin = clock();
    (void)wk_write_numbers(arena, catalogue, va_buf_str(&text), &words);
    assert_true(clock() - begin < 5 * CLOCKS_PER_SEC);
    assert_int_equal(words.count, 2 * times);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_number_that_is_meant_is_written_in_digits),
        TEST(a_number_that_is_something_else_stays),
        TEST(a_month_that_is_also_a_number_names_a_day),
        TEST(a_verb_is_no_month),
        TEST(a_number_in_words_is_understood),
        TEST(a_long_message_is_read_in_its_length),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
