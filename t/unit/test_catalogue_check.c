/* What `check` says of message catalogues that somebody has changed. */
#include "worker/agent/catalogue_check.h"

#include <sys/stat.h>
#include <unistd.h>

#include "t/unit/support.h"
#include "worker/file.h"
#include "worker/handler.h"

static wk_arena_t *arena;
static char folder[] = "/tmp/va-catalogue-check-XXXXXX";

typedef struct {
    va_buf_t lines; /* "!" before what is fatal */
    size_t n, languages;
} findings_t;

static int set_up(void **state)
{
    (void)state;
    arena = wk_arena_new();
    return mkdtemp(folder) != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    rmdir(folder);
    wk_arena_free(arena);
    return 0;
}

static void note(void *ctx, bool fatal, const char *text)
{
    findings_t *f = ctx;
    va_buf_add_str(&f->lines, fatal ? VA_STR("!") : VA_STR(""));
    va_buf_add_str(&f->lines, va_str_c(text));
    va_buf_add_char(&f->lines, '\n');
    f->n++;
}

static bool check(const char *dir, findings_t *f)
{
    wk_config_t config = {.messages_dir = wk_strdup(arena, va_str_c(dir))};
    *f = (findings_t){.n = 0};
    va_buf_init(&f->lines, wk_mem(arena), 4096);
    return wk_handlers_check(&config, &f->languages, note, f);
}

static bool says(const findings_t *f, const char *line)
{
    return strstr(wk_strdup(arena, va_buf_str(&f->lines)), line) != NULL;
}

/* Also that the table which texts.sh makes is what the files hold. */
static void the_shipped_ones_are_whole(void **state)
{
    findings_t f;
    (void)state;
    assert_true(check("conf/messages", &f));
    assert_str(va_buf_str(&f.lines), "");
    assert_int_equal(f.languages, 3);
}

static void what_cannot_be_read_is_said_as_at_the_start(void **state)
{
    findings_t f;
    (void)state;
    assert_false(check(folder, &f));
    assert_true(says(&f, "no catalogue for \"en\""));
    assert_int_equal(f.languages, 0);
}

static const char *path_of(const char *name)
{
    return wk_printf(arena, "%s/%s", folder, name).data;
}

/* A shipped file as it is, but for one place of it (NULL: none). */
static void put(const char *name, const char *of, const char *by)
{
    wk_error_t e;
    va_str_t text;
    const char *from = wk_printf(arena, "conf/messages/%s", name).data;
    assert_true(wk_file_read(arena, from, 1 << 20, &text, &e));
    const char *whole = wk_strdup(arena, text);
    const char *at = of != NULL ? strstr(whole, of) : whole;
    assert_case(at != NULL, of);
    FILE *f = fopen(path_of(name), "w");
    assert_non_null(f);
    fprintf(f, "%.*s%s%s", (int)(at - whole), whole, by != NULL ? by : "",
            at + (of != NULL ? strlen(of) : 0));
    assert_int_equal(fclose(f), 0);
}

static void what_was_changed_is_found(void **state)
{
    static const struct {
        const char *file, *of, *by; /* what stands in its place */
        const char *says;           /* NULL: nothing */
    } cases[] = {
        {"en.json", "\"speech.resumed\": ", "\"speech.resume\": ",
         "!message catalogue \"en\": text \"speech.resumed\" is missing: nothing would be"},
        {"en.json", "\"speech.resumed\": ", "\"speech.resume\": ",
         "\nmessage catalogue \"en\": text \"speech.resume\" is none that this version says"},
        {"fr.json", "\"speech.resumed\": ", "\"speech.resumed.spa\": ",
         "message catalogue \"fr\": text \"speech.resumed\" is missing: it is said in English"},
        {"fr.json", "\"speech.resumed\": \"", "\"speech.resumed\": \"{customer} ",
         "!message catalogue \"fr\": text \"speech.resumed\" has {customer}, which would be"},
        {"fr.json", "\"speech.resumed\": \"", "\"speech.resumed\": \"{ ",
         "!message catalogue \"fr\": text \"speech.resumed\" has { "},
        {"es.json",
         "\"speech.resumed\": ", "\"speech.resumed.spa\": \"{x}\", \"speech.resumed\": ",
         "!message catalogue \"es\": text \"speech.resumed.spa\" has {x}"},
        {"es.json",
         "\"speech.resumed\": ", "\"speech.resumed.spa\": \"\", \"speech.resumed\": ", NULL},
    };
    findings_t f;
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        static const char *const files[] = {"en.json", "fr.json", "es.json"};
        for (size_t n = 0; n < 3; n++) {
            bool changed = strcmp(files[n], cases[i].file) == 0;
            put(files[n], changed ? cases[i].of : NULL, changed ? cases[i].by : NULL);
        }
        bool ok = check(folder, &f);
        const char *line = cases[i].says;
        assert_case(line != NULL ? says(&f, line) : f.n == 0, cases[i].by);
        assert_case(ok == !says(&f, "!"), cases[i].by);
        for (size_t n = 0; n < 3; n++) {
            unlink(path_of(files[n]));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_shipped_ones_are_whole),
        TEST(what_cannot_be_read_is_said_as_at_the_start),
        TEST(what_was_changed_is_found),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
