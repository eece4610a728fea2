/* The message catalogues: how they are read, and that the shipped ones fit each other. */
#include "worker/agent/catalogue.h"

#include <sys/stat.h>
#include <unistd.h>

#include "t/unit/support.h"

#include "worker/handler.h"
#include "worker/log.h"

static wk_arena_t *arena;
static wk_catalogue_t *shipped;
static char folder[] = "/tmp/va-catalogue-XXXXXX";

static int set_up(void **state)
{
    wk_error_t e;
    (void)state;
    arena = wk_arena_new();
    wk_log_open("/dev/null", WK_ERROR); /* a text that is missing is an alert */
    shipped = wk_catalogue_load("conf/messages", &e);
    return shipped != NULL && mkdtemp(folder) != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    rmdir(folder);
    wk_catalogue_free(shipped);
    wk_arena_free(arena);
    return 0;
}

/* ---------------------------------------------------------------- a folder of files */

static const char *path_of(const char *name)
{
    return wk_printf(arena, "%s/%s", folder, name).data;
}

static void put(const char *name, const char *text)
{
    FILE *f = fopen(path_of(name), "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

/* Loads the folder with these files, name and text in turn; e tells what was wrong. */
static wk_catalogue_t *load(const char *const *files, wk_error_t *e)
{
    for (size_t i = 0; files[i] != NULL; i += 2) {
        put(files[i], files[i + 1]);
    }
    wk_catalogue_t *c = wk_catalogue_load(folder, e);
    for (size_t i = 0; files[i] != NULL; i += 2) {
        unlink(path_of(files[i]));
    }
    return c;
}

#define LOAD(e, ...) load((const char *const[]){__VA_ARGS__, NULL}, (e))

#define ENGLISH                                                                                \
    "{\"language\":\"en\",\"texts\":{\"hi\":\"Hi {name}\",\"bye\":\"Bye\"},"                   \
    "\"words\":{\"n.2\":[\"two\",\"a pair\"],\"n.1\":[\"one\"],\"n\":[\"none\"]}}"
#define FRENCH "{\"language\":\"fr\",\"texts\":{\"hi\":\"Salut\"},\"words\":{}}"

static void count_lists(void *ctx, va_str_t rest, const wk_phrases_t *words)
{
    va_buf_t *out = ctx;
    va_buf_add_str(out, rest);
    va_buf_add_char(out, (char)('0' + words->count));
}

static void a_language_is_a_file(void **state)
{
    wk_error_t e;
    va_buf_t lists;
    wk_catalogue_t *c = LOAD(&e, "en.json", ENGLISH, "fr.json", FRENCH, ".hidden.json", "{",
                             "notes.txt", "no JSON", ".json", "{");
    (void)state;
    assert_non_null(c);
    assert_int_equal(wk_catalogue_count(c), 2);
    const wk_language_t *en = wk_catalogue_find(c, VA_STR("en"));
    const wk_language_t *fr = wk_catalogue_find(c, VA_STR("fr"));
    assert_str(wk_text(fr, "hi"), "Salut");
    assert_str(wk_text(fr, "bye"), "Bye"); /* English stands in */
    assert_absent(wk_text_if_any(fr, "nothing"));
    assert_int_equal(wk_text(fr, "nothing").len, 0);
    assert_int_equal(wk_word_list(en, "n.2")->count, 2);
    assert_int_equal(wk_word_list(fr, "n.2")->count, 0); /* words are a language's own */
    assert_str(wk_word_at(en, "n.2", 1), "a pair");
    assert_absent(wk_word_at(en, "n.2", 2));
    assert_absent(wk_word_at(en, "nothing", 0));
    va_buf_init(&lists, wk_mem(arena), 16);
    wk_word_lists(en, "n.", count_lists, &lists);
    assert_str(va_buf_str(&lists), "1122");
    wk_catalogue_free(c);
}

static void a_file_that_is_wrong_is_named(void **state)
{
    static const char *const files[] = {
        "",
        "{",
        "[]",
        "{}",
        "{\"language\":\"english\",\"texts\":{},\"words\":{}}",
        "{\"language\":\"EN\",\"texts\":{},\"words\":{}}",
        "{\"language\":7,\"texts\":{},\"words\":{}}",
        "{\"language\":\"fr\",\"words\":{}}",
        "{\"language\":\"fr\",\"texts\":[],\"words\":{}}",
        "{\"language\":\"fr\",\"texts\":{\"hi\":7},\"words\":{}}",
        "{\"language\":\"fr\",\"texts\":{},\"words\":{\"n\":\"one\"}}",
        "{\"language\":\"fr\",\"texts\":{},\"words\":{\"n\":[\"one\",1]}}",
        "{\"language\":\"en\",\"texts\":{},\"words\":{}}", /* a second English */
    };
    (void)state;
    for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
        wk_error_t e = {.code = WK_OK};
        assert_case(LOAD(&e, "en.json", ENGLISH, "z.json", files[i]) == NULL, files[i]);
        assert_case(e.code == WK_INVALID && strstr(e.text, ".json") != NULL, files[i]);
    }
}

static void there_must_be_english(void **state)
{
    wk_error_t e;
    (void)state;
    assert_null(LOAD(&e, "fr.json", FRENCH));
    assert_non_null(strstr(e.text, "\"en\""));
    assert_null(wk_catalogue_load("/no/such/folder", &e));
    assert_int_equal(e.code, WK_INVALID);
}

/* Neither a job nor a call gets on without them. */
static void nothing_is_begun_without_them(void **state)
{
    wk_error_t e;
    wk_config_t config = {.messages_dir = "conf/messages"};
    (void)state;
    assert_true(wk_handlers_ready(&config, &e));
    config.messages_dir = folder;
    assert_false(wk_handlers_ready(&config, &e));
    put("en.json", "{\"texts\": {");
    assert_false(wk_handlers_ready(&config, &e));
    assert_non_null(strstr(e.text, "en.json"));
    put("en.json", ENGLISH);
    assert_true(wk_handlers_ready(&config, &e));
    unlink(path_of("en.json"));
}

/* ---------------------------------------------------------------- languages */

static void languages_are_found_by_their_codes(void **state)
{
    static const struct {
        const char *code, *language; /* NULL: none */
    } cases[] = {{"fr", "fr"},  {"FR", "fr"},      {"fr-CA", "fr"}, {"fr_CA", "fr"},
                 {"en-", "en"}, {"french", NULL},  {"f", NULL},     {"", NULL},
                 {"xx", NULL},  {"\xff\xff", NULL}};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        const wk_language_t *l = wk_catalogue_find(shipped, va_str_c(cases[i].code));
        assert_case((l == NULL) == (cases[i].language == NULL), cases[i].code);
        assert_case(l == NULL || str_is(wk_language_code(l), cases[i].language), cases[i].code);
    }
    assert_null(wk_catalogue_find(shipped, VA_STR_NULL));
    assert_str(wk_language_code(wk_catalogue_pick(shipped, VA_STR("xx"), VA_STR("fr"))), "fr");
    assert_str(wk_language_code(wk_catalogue_pick(shipped, VA_STR("es"), VA_STR("fr"))), "es");
    assert_str(wk_language_code(wk_catalogue_pick(shipped, VA_STR_NULL, VA_STR("xx"))), "en");
}

/* ---------------------------------------------------------------- filling in */

/* "Non" is French, and is found in a message that goes on in English. */
static void a_list_is_found_where_the_first_language_has_it(void **state)
{
    size_t at = 7, len = 7;
    wk_words_t words = wk_words(arena, VA_STR("well non no thanks"));
    (void)state;
    assert_true(wk_word_list_find(shipped, "intent.no", &words, 0, &at, &len));
    assert_int_equal(at, 1);
    assert_int_equal(len, wk_word_list_at(shipped, "intent.no", &words, 1));
    assert_true(wk_word_list_find(shipped, "intent.no", &words, 2, &at, &len));
    assert_int_equal(at, 2);
    assert_int_equal(len, wk_word_list_at(shipped, "intent.no", &words, 2));
    assert_false(wk_word_list_find(shipped, "intent.no", &words, 4, &at, &len));
    assert_int_equal(at, 2);
}

static void parameters_are_filled_in_once(void **state)
{
    static const char *const cases[][2] = {
        {"", ""},
        {"{a}", "1"},
        {"{a}{b}{a}", "1{a}1"}, /* what is filled in is not looked at again */
        {"x{a}y", "x1y"},
        {"{c}", ""},
        {"{unknown} {a}", "{unknown} 1"},
        {"{", "{"},
        {"}", "}"},
        {"{a", "{a"},
        {"{}", "{}"},
        {"\xc3\xa9{a}\xc3\xa9", "\xc3\xa9"
                                "1\xc3\xa9"},
    };
    const wk_param_t params[] = {
        {"a", VA_STR("1")}, {"b", VA_STR("{a}")}, {"c", VA_STR_NULL}, {NULL, VA_STR_NULL}};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        assert_str(wk_fill(arena, exact(va_str_c(cases[i][0])), params), cases[i][1]);
    }
}

/* ---------------------------------------------------------------- the shipped ones */

/* Whether every {parameter} of the text is in the other, too. */
static bool parameters_within(va_str_t text, va_str_t other)
{
    const char *p = wk_strdup(arena, text), *in = wk_strdup(arena, other);
    while ((p = strchr(p, '{')) != NULL) {
        const char *end = strchr(p, '}');
        if (end == NULL) {
            return false;
        }
        va_str_t name = va_str(p, (size_t)(end + 1 - p));
        if (strstr(in, wk_strdup(arena, name)) == NULL) {
            return false;
        }
        p = end;
    }
    return true;
}

/* Models are told what to do in English, whatever they speak. */
static bool is_for_models(va_str_t name)
{
    return name.len > 7 && memcmp(name.data, "prompt.", 7) == 0;
}

/* Clocks have 12 hours here and 24 there. */
static bool is_clock(va_str_t name)
{
    return va_str_eq(name, VA_STR("time")) || va_str_eq(name, VA_STR("time.full_hour"));
}

/* The file of language i. */
static const va_json_t *shipped_file(size_t i)
{
    va_str_t code = wk_language_code(wk_catalogue_at(shipped, i));
    return read_json(
        wk_printf(arena, "conf/messages/%.*s.json", (int)code.len, code.data).data);
}

/* No language lacks a text, has one nobody knows, or needs what English does not. */
static void every_language_says_the_same(void **state)
{
    (void)state;
    const va_json_t *english = need(read_json("conf/messages/en.json"), "texts");
    for (size_t i = 0; i < wk_catalogue_count(shipped); i++) {
        const va_json_t *own = need(shipped_file(i), "texts");
        for (const va_json_t *t = english->first; t != NULL; t = t->next) {
            const char *name = wk_strdup(arena, t->name);
            assert_case(is_for_models(t->name) || va_json_get(own, name) != NULL, name);
        }
        for (const va_json_t *t = own->first; t != NULL; t = t->next) {
            const char *name = wk_strdup(arena, t->name);
            va_str_t original = va_json_get_string(english, name);
            assert_case(original.data != NULL, name);
            assert_case(t->text.len > 0 || original.len == 0, name);
            assert_case(is_clock(t->name) || parameters_within(t->text, original), name);
        }
    }
}

/* Every list holds something a message can have. */
static void no_word_is_empty(void **state)
{
    (void)state;
    for (size_t i = 0; i < wk_catalogue_count(shipped); i++) {
        const va_json_t *lists = need(shipped_file(i), "words");
        for (const va_json_t *list = lists->first; list != NULL; list = list->next) {
            const char *name = wk_strdup(arena, list->name);
            const wk_phrases_t *phrases = wk_word_list(wk_catalogue_at(shipped, i), name);
            assert_case(phrases->count == list->count, name);
            for (size_t p = 0; p < phrases->count; p++) {
                assert_case(phrases->at[p].words.count > 0, name);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_language_is_a_file),
        TEST(a_file_that_is_wrong_is_named),
        TEST(there_must_be_english),
        TEST(nothing_is_begun_without_them),
        TEST(languages_are_found_by_their_codes),
        TEST(a_list_is_found_where_the_first_language_has_it),
        TEST(parameters_are_filled_in_once),
        TEST(every_language_says_the_same),
        TEST(no_word_is_empty),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
