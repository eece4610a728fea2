/* Card numbers and their codes, in every form people write and say them. */
#include "worker/agent/redact.h"

#include "t/unit/catalogue.h"

#define CARD "4111111111111111"

typedef struct {
    const char *text, *masked;
} case_t;

static void check(const case_t *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        assert_str(wk_redact(redactor, arena, va_str_c(cases[i].text)), cases[i].masked);
    }
}

#define CHECK(...)                                                                             \
    do {                                                                                       \
        static const case_t cases_[] = {__VA_ARGS__};                                          \
        check(cases_, sizeof(cases_) / sizeof(*cases_));                                       \
    } while (0)

/* ---------------------------------------------------------------- written */

static void written_numbers_are_masked(void **state)
{
    (void)state;
    CHECK({CARD, "****************"}, {"4111 1111 1111 1111", "**** **** **** ****"},
          {"4111-1111-1111-1111.", "****-****-****-****."},
          {"4111.1111/1111_1111", "****.****/****_****"},
          {"It is 4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1", "It is * * * * * * * * * * * * * * * *"},
          {"card4111111111111111ok", "card****************ok"},
          {"Ma carte: 4111 1111 1111 1111, merci", "Ma carte: **** **** **** ****, merci"},
          {"\xc3\xa9t\xc3\xa9 " CARD " \xf0\x9f\x9a\xb2",
           "\xc3\xa9t\xc3\xa9 **************** \xf0\x9f\x9a\xb2"});
}

#define ARABIC_1    "\xd9\xa1"
#define ARABIC_4    "\xd9\xa4"
#define FULLWIDTH_1 "\xef\xbc\x91"
#define FULLWIDTH_4 "\xef\xbc\x94"
#define BOLD_1      "\xf0\x9d\x9f\x8f"
#define TIMES_3(x)  x x x
#define TIMES_12(x) TIMES_3(x) TIMES_3(x) TIMES_3(x) TIMES_3(x)

static void digits_of_every_script_are_masked(void **state)
{
    (void)state;
    CHECK({FULLWIDTH_4 TIMES_3(FULLWIDTH_1) " " TIMES_12(FULLWIDTH_1), "**** ************"},
          {ARABIC_4 TIMES_3(ARABIC_1) "-" TIMES_12(ARABIC_1), "****-************"},
          {"card: 4111" TIMES_12(BOLD_1) ".", "card: ****************."},
          {"card" FULLWIDTH_4 TIMES_3(FULLWIDTH_1) TIMES_12(ARABIC_1) "ok",
           "card****************ok"},
          {"4111 1111 1111 111" FULLWIDTH_1, "**** **** **** ****"},
          {"order " FULLWIDTH_4 FULLWIDTH_1, "order " FULLWIDTH_4 FULLWIDTH_1});
}

static void every_issuer_is_known(void **state)
{
    static const char *const numbers[] = {
        "4222222222222",    /* Visa of 13 */
        "4012888888881881", /* Visa */
        "5555555555554444", /* Mastercard */
        "2223003122003222", /* Mastercard's second range */
        "378282246310005",  /* American Express */
        "30569309025904",   /* Diners Club */
        "3530111333300000", /* JCB */
        "6011111111111117", /* Discover */
        "6200000000000005", /* UnionPay */
        "6759649826438453", /* Maestro */
    };
    (void)state;
    for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
        va_str_t masked = wk_redact(redactor, arena, va_str_c(numbers[i]));
        assert_case(masked.len == strlen(numbers[i]), numbers[i]);
        assert_case(strspn(wk_strdup(arena, masked), "*") == masked.len, numbers[i]);
    }
}

static void what_is_no_card_stays(void **state)
{
    static const char *const texts[] = {
        "",
        "4111111111111112",                 /* the check digit is wrong */
        "1111111111111117",                 /* no issuer's */
        "41111111111111111111111111111111", /* too long */
        "Call me at 416-555-0123",
        "+1 416 555 9876",
        "order 1042",
        "1Z999AA10123456784",
        "20261125093000",
        "It costs 2,485.94 and weighs 12.5 kg",
        "four bikes, one helmet, one lock",
        "\xff\xfe 4111",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        assert_str(wk_redact(redactor, arena, va_str_c(texts[i])), texts[i]);
    }
}

static void what_follows_a_number_goes_with_it(void **state)
{
    (void)state;
    CHECK({CARD " 12/29 123", "**************** **/** ***"},
          {CARD " expires 12/29", "**************** expires **/**"});
}

static void what_is_glued_to_a_number_goes_with_it(void **state)
{
    (void)state;
    CHECK({CARD "1228", "********************"}, {CARD "12/28", "******************/**"},
          {CARD "123", "*******************"}, {CARD "1228123", "***********************"},
          {CARD "12281234", "************************"},
          {CARD "122812345", CARD "122812345"}, /* more than both */
          {"3782822463100051228", "*******************"},
          {"378282246310005"
           "12281234",
           "***********************"},
          {"card" CARD "1228ok", "card********************ok"},
          {"x123456789012y" CARD, "x123456789012y****************"},
          {CARD "x" CARD "y" CARD "z", "****************x****************y****************z"},
          {"9400111899223100001234", "9400111899223100001234"}, /* a parcel's */
          {"41111111111111121228", "41111111111111121228"});
}

/* ---------------------------------------------------------------- spoken */

static void spoken_numbers_are_masked(void **state)
{
    static const char *const texts[] = {
        "four one one one one one one one one one one one one one one one",
        "four triple one, then one one one one, one one one one, double one double one",
        "forty-one eleven eleven eleven eleven eleven eleven eleven",
        "quatre un un un un un un un un un un un un un un un",
        "quarante et un onze onze onze onze onze onze onze",
        "cuatro uno uno uno uno uno uno uno uno uno uno uno uno uno uno uno",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        va_str_t masked = wk_redact(redactor, arena, va_str_c(texts[i]));
        assert_case(strstr(wk_strdup(arena, masked), "one") == NULL, texts[i]);
        assert_case(strstr(wk_strdup(arena, masked), "un") == NULL, texts[i]);
        assert_case(strstr(wk_strdup(arena, masked), "onze") == NULL, texts[i]);
        assert_case(strstr(wk_strdup(arena, masked), "eleven") == NULL, texts[i]);
        assert_case(memchr(masked.data, '*', masked.len) != NULL, texts[i]);
    }
}

/* ---------------------------------------------------------------- codes */

static void security_codes_are_masked(void **state)
{
    (void)state;
    CHECK({"The CVV is 739", "The CVV is ***"}, {"security code: 7391", "security code: ****"},
          {"cvc 7 3 9", "cvc * * *"}, {"The CVV is seven three nine", "The CVV is * * *"},
          {"CVV 12", "CVV 12"}, {"CVV 12345", "CVV 12345"}, {"room 739", "room 739"});
}

static void a_code_is_masked_in_the_answer_to_its_question(void **state)
{
    wk_turn_t turns[] = {{VA_STR("And the security code?"), 1}, {VA_STR("It's 739"), 0}};
    (void)state;
    wk_redact_turns(redactor, arena, turns, 2);
    assert_str(turns[1].text, "It's ***");
}

/* ---------------------------------------------------------------- over turns */

static void a_number_over_turns_is_masked(void **state)
{
    wk_turn_t turns[] = {{VA_STR("It is 4111"), 0},
                         {VA_STR("Go on, 24 7"), 1},
                         {VA_STR("1111 uh 1111"), 0},
                         {VA_STR("OK"), 1},
                         {VA_STR("1111 thanks"), 0}};
    (void)state;
    wk_redact_turns(redactor, arena, turns, 5);
    assert_str(turns[0].text, "It is ****");
    assert_str(turns[1].text, "Go on, 24 7");
    assert_str(turns[2].text, "**** uh ****");
    assert_str(turns[4].text, "**** thanks");
}

static void digits_of_two_speakers_are_no_number(void **state)
{
    wk_turn_t turns[] = {{VA_STR("4111 1111"), 0}, {VA_STR("1111 1111"), 1}};
    (void)state;
    wk_redact_turns(redactor, arena, turns, 2);
    assert_str(turns[0].text, "4111 1111");
    assert_str(turns[1].text, "1111 1111");
}

static void no_turns_are_fine(void **state)
{
    wk_turn_t absent = {VA_STR_NULL, 0};
    (void)state;
    wk_redact_turns(redactor, arena, NULL, 0);
    wk_redact_turns(redactor, arena, &absent, 1);
    assert_int_equal(absent.text.len, 0);
}

/* ---------------------------------------------------------------- JSON */

static void json_is_masked_and_stays_json(void **state)
{
    (void)state;
    const va_json_t *tree = parse_json(VA_STR("{\"card\":4111111111111111,\"a\":[\"" CARD
                                              "\",true,null,7,{\"b\":\"4111 1111 1111 "
                                              "1111\"}],\"n\":\"\\\"x\\\"\"}"));
    assert_str(wk_redact_json(redactor, arena, tree),
               "{\"card\":\"****************\",\"a\":[\"****************\",true,null,7,"
               "{\"b\":\"**** **** **** ****\"}],\"n\":\"\\\"x\\\"\"}");
}

/* ---------------------------------------------------------------- hostile */

/* Every position of a number in a long text: nothing depends on where it stands. */
static void a_number_is_found_anywhere(void **state)
{
    char text[400];
    (void)state;
    for (size_t at = 0; at + 20 < sizeof(text); at += 7) {
        memset(text, 'x', sizeof(text));
        memcpy(text + at, " " CARD " ", 18);
        va_str_t masked = wk_redact(redactor, arena, va_str(text, sizeof(text)));
        assert_int_equal(masked.len, sizeof(text));
        assert_memory_equal(masked.data + at, " **************** ", 18);
    }
}

static void huge_texts_are_read(void **state)
{
    static const char *const units[] = {"7", "7 ", "CVV 739 ", "double ", "\xff", "vingt et "};
    size_t len = 60000;
    char *text = wk_alloc(arena, len);
    (void)state;
    for (size_t u = 0; u < sizeof(units) / sizeof(*units); u++) {
        for (size_t i = 0; i < len; i++) {
            text[i] = units[u][i % strlen(units[u])];
        }
        assert_true(wk_redact(redactor, arena, va_str(text, len)).len <= len);
        assert_true(
            wk_redact_live(redactor, arena, va_str(text, len), VA_STR_NULL, NULL, 0).len <=
            len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(written_numbers_are_masked),
        TEST(digits_of_every_script_are_masked),
        TEST(every_issuer_is_known),
        TEST(what_is_no_card_stays),
        TEST(what_follows_a_number_goes_with_it),
        TEST(what_is_glued_to_a_number_goes_with_it),
        TEST(spoken_numbers_are_masked),
        TEST(security_codes_are_masked),
        TEST(a_code_is_masked_in_the_answer_to_its_question),
        TEST(a_number_over_turns_is_masked),
        TEST(digits_of_two_speakers_are_no_number),
        TEST(no_turns_are_fine),
        TEST(json_is_masked_and_stays_json),
        TEST(a_number_is_found_anywhere),
        TEST(huge_texts_are_read),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
