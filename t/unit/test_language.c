/* When a talk changes its language, and when it must not. */
#include "worker/agent/language.h"

#include "t/unit/catalogue.h"

typedef struct {
    const char *now;     /* English without */
    const char *offered; /* en and fr without */
    bool settled, deaf;  /* deaf: changes only when asked */
    double threshold;    /* 0.6 without */
    const char *hint;
    const char *text;
    const char *language, *hint_after; /* expected; no hint without */
    bool requested;
} case_t;

static wk_language_choice_t choose(const case_t *c)
{
    va_str_t now = va_str_c(c->now != NULL ? c->now : "en");
    wk_words_t words = wk_words(arena, va_str_c(c->text));
    wk_language_state_t state = {
        .now = wk_catalogue_find(catalogue, now),
        .settled = c->settled,
        .offered = parse_json(va_str_c(c->offered != NULL ? c->offered : "[\"en\",\"fr\"]")),
        .threshold = c->threshold > 0 ? c->threshold : 0.6,
        .detects = !c->deaf,
        .hint = va_str_c(c->hint),
    };
    return wk_language_choose(catalogue, &state, &words);
}

static void check(const case_t *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        wk_language_choice_t choice = choose(&cases[i]);
        const char *hint = cases[i].hint_after;
        assert_case(str_is(wk_language_code(choice.language), cases[i].language),
                    cases[i].text);
        assert_case(choice.requested == cases[i].requested, cases[i].text);
        assert_case(hint != NULL ? str_is(choice.hint, hint) : choice.hint.len == 0,
                    cases[i].text);
    }
}

#define CHECK(...)                                                                             \
    do {                                                                                       \
        static const case_t cases_[] = {__VA_ARGS__};                                          \
        check(cases_, sizeof(cases_) / sizeof(*cases_));                                       \
    } while (0)

static void clear_words_change_it(void **state)
{
    (void)state;
    CHECK({.text = "Bonjour, quelles sont vos heures?", .settled = true, .language = "fr"},
          {.text = "What are your hours?", .now = "fr", .settled = true, .language = "en"},
          {.text = "\xc2\xbf"
                   "Cu\xc3\xa1l es su horario?",
           .offered = "[\"en\",\"es\"]",
           .settled = true,
           .language = "es"});
}

static void a_word_or_a_name_does_not(void **state)
{
    (void)state;
    CHECK({.text = "Merci!", .settled = true, .language = "en", .hint_after = "fr"},
          {.text = "Jean Tremblay", .settled = true, .language = "en"},
          {.text = "1042", .settled = true, .language = "en"},
          {.text = "", .settled = true, .language = "en"},
          {.text = "\xff\xfe", .settled = true, .language = "en"},
          {.text = "Can you tell me what la velo is", .settled = true, .language = "en"});
}

static void a_second_word_in_a_row_does(void **state)
{
    (void)state;
    CHECK(
        {.text = "Merci", .settled = true, .hint = "fr", .language = "fr"},
        {.text = "Merci", .settled = true, .hint = "es", .language = "en", .hint_after = "fr"},
        {.text = "thanks", .settled = true, .hint = "fr", .language = "en"});
}

static void one_word_is_enough_to_begin_with(void **state)
{
    (void)state;
    CHECK({.text = "Bonjour", .language = "fr"}, {.text = "Hi", .language = "en"});
}

static void only_languages_of_the_shop_are_spoken(void **state)
{
    (void)state;
    CHECK(
        {.text = "Bonjour, quelles sont vos heures?", .offered = "[\"en\"]", .language = "en"},
        {.text = "en fran\xc3\xa7"
                 "ais",
         .offered = "[\"en\"]",
         .language = "en"},
        {.text = "hola, a que hora cierran y donde estan?",
         .offered = "[\"en\",\"fr\"]",
         .language = "en"},
        {.text = "Bonjour", .offered = "[]", .language = "en"},
        {.text = "Bonjour", .offered = "{}", .language = "en"},
        {.text = "Bonjour", .offered = "[7,null,\"xx\"]", .language = "en"});
}

static void it_changes_when_asked_to(void **state)
{
    (void)state;
    CHECK({.text = "Do you speak French? In French please",
           .settled = true,
           .language = "fr",
           .requested = true},
          {.text = "Fran\xc3\xa7"
                   "ais",
           .settled = true,
           .language = "fr",
           .requested = true},
          {.text = "en anglais svp",
           .now = "fr",
           .settled = true,
           .language = "en",
           .requested = true},
          {.text = "en fran\xc3\xa7"
                   "ais",
           .deaf = true,
           .language = "fr",
           .requested = true},
          {.text = "I bought a French bike", .settled = true, .language = "en"});
}

static void a_deaf_one_changes_only_when_asked(void **state)
{
    (void)state;
    CHECK({.text = "Bonjour, quelles sont vos heures?", .deaf = true, .language = "en"});
}

static void the_threshold_decides_of_a_mixture(void **state)
{
    (void)state;
    CHECK({.text = "bonjour vous hello", .threshold = 0.6, .language = "fr"},
          {.text = "bonjour vous hello", .threshold = 0.9, .language = "en"});
}

#define ALL "[\"en\",\"fr\",\"es\"]"

/* "un", "en", "la" are words of several languages. */
static void words_of_several_languages_tell_of_none(void **state)
{
    static const char *const spanish[] = {
        "hay un incendio en la tienda",
        "hay un problema en la tienda",
        "tengo un problema con la bici",
        "un pedido de la semana pasada, d\xc3\xb3nde est\xc3\xa1",
        "quiero cambiar mi cita al martes",
        "necesito la hora de un ajuste en la tienda",
    };
    static const char *const french[] = {
        "il y a un probl\xc3\xa8me dans la boutique",
        "un incendie dans la cuisine",
        "je veux un rendez-vous de la semaine",
        "mon v\xc3\xa9lo a pris feu",
    };
    static const char *const neither[] = {"un la en de", "la", "un", "en la"};
    (void)state;
    for (size_t i = 0; i < sizeof(spanish) / sizeof(*spanish); i++) {
        check(&(case_t){.now = "es",
                        .offered = ALL,
                        .settled = true,
                        .text = spanish[i],
                        .language = "es"},
              1);
        check(&(case_t){.offered = ALL, .text = spanish[i], .language = "es"}, 1);
    }
    for (size_t i = 0; i < sizeof(french) / sizeof(*french); i++) {
        check(&(case_t){.offered = ALL, .text = french[i], .language = "fr"}, 1);
        check(&(case_t){.now = "fr",
                        .offered = ALL,
                        .settled = true,
                        .text = french[i],
                        .language = "fr"},
              1);
    }
    for (size_t i = 0; i < sizeof(neither) / sizeof(*neither); i++) {
        check(&(case_t){.offered = ALL, .settled = true, .text = neither[i], .language = "en"},
              1);
        check(&(case_t){.now = "es",
                        .offered = ALL,
                        .settled = true,
                        .text = neither[i],
                        .language = "es"},
              1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(clear_words_change_it),
        TEST(a_word_or_a_name_does_not),
        TEST(a_second_word_in_a_row_does),
        TEST(one_word_is_enough_to_begin_with),
        TEST(only_languages_of_the_shop_are_spoken),
        TEST(it_changes_when_asked_to),
        TEST(a_deaf_one_changes_only_when_asked),
        TEST(the_threshold_decides_of_a_mixture),
        TEST(words_of_several_languages_tell_of_none),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
