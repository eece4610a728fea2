/*
 * Reading documents: each kind, and what hostile ones cost, which is themselves. The files are
 * in t/data/knowledge/; the smaller ones are made here.
 */
#include "worker/extraction.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "t/unit/support.h"

static wk_config_t config = {.extract_program = "build/voiceagent-extract"};
static wk_ctx_t ctx = {.config = &config};

static int setup(void **state)
{
    (void)state;
    ctx.arena = wk_arena_new();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    wk_arena_free(ctx.arena);
    test_free_all();
    return 0;
}

static va_str_t file(const char *name)
{
    return read_file(wk_printf(ctx.arena, "t/data/knowledge/%s", name).data);
}

static const char *text_of(const char *kind, va_str_t document)
{
    va_str_t text;
    wk_error_t e = {.code = WK_OK};
    if (!wk_extract(&ctx, kind, document, &text, &e)) {
        fail_msg("%s: %s", kind, e.text);
    }
    return wk_strdup(ctx.arena, text);
}

/* Why it is refused. */
static const char *refusal_of(const char *kind, va_str_t document)
{
    va_str_t text = VA_STR_NULL;
    wk_error_t e = {.code = WK_OK};
    if (wk_extract(&ctx, kind, document, &text, &e)) {
        fail_msg("%s: read as \"%.*s\"", kind, (int)text.len, text.data);
    }
    assert_int_equal(e.code, WK_REFUSED);
    return wk_strdup(ctx.arena, va_str_c(e.text));
}

static va_str_t filled(size_t len, char c)
{
    char *data = wk_alloc(ctx.arena, len);
    memset(data, c, len);
    return va_str(data, len);
}

static va_str_t repeated(const char *text, size_t n)
{
    va_buf_t buf;
    va_buf_init(&buf, wk_mem(ctx.arena), n * strlen(text));
    for (size_t i = 0; i < n; i++) {
        va_buf_add_c(&buf, text);
    }
    return va_buf_str(&buf);
}

#define assert_has(text, part)                                                                 \
    do {                                                                                       \
        const char *text_ = (text);                                                            \
        if (strstr(text_, (part)) == NULL)                                                     \
            fail_msg("\"%s\" does not hold \"%s\"", text_, (part));                            \
    } while (0)

#define assert_has_not(text, part) assert_null(strstr((text), (part)))

/* ---------------------------------------------------------------- what goes along */

/* What takes the reader over finds nothing of the worker's that is open. */
static void no_descriptor_but_its_own(void **state)
{
    static const char program[] = "#!/bin/sh\n/bin/cat > /dev/null\n/bin/ls -l /proc/$$/fd\n";
    char path[] = "/tmp/voiceagent-reader-XXXXXX";
    int fd = mkstemp(path), pair[2];
    (void)state;
    assert_int_equal(write(fd, program, sizeof(program) - 1), sizeof(program) - 1);
    assert_int_equal(fchmod(fd, 0700), 0);
    close(fd);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair),
                     0); /* inherited, unless closed */
    config.extract_program = path;
    const char *text = text_of("text", VA_STR("x"));
    config.extract_program = "build/voiceagent-extract";
    close(pair[0]);
    close(pair[1]);
    unlink(path);
    assert_has(text, " 2 -> ");
    assert_has_not(text, " 3 -> ");
    assert_has_not(text, "socket:");
}

/* ---------------------------------------------------------------- each kind */

static void plain_text(void **state)
{
    (void)state;
    assert_string_equal(text_of("text", VA_STR("\xef\xbb\xbfOne\ttwo \r\n\r\n\r\nthree\n\n")),
                        "One two\n\nthree");
    assert_string_equal(text_of("text", VA_STR("caf\xe9 \x80")), "café €");
    assert_string_equal(text_of("text", va_str("\xff\xfe\x63\0\xe9\0", 6)), "cé");
    assert_string_equal(text_of("text", VA_STR("a\x1e\x01\x7f"
                                               "b \xe2\x80\xae"
                                               "c")),
                        "a b c");
}

static void markdown(void **state)
{
    (void)state;
    const char *text = text_of("markdown", file("policies.md"));
    assert_has(text, "\x1eReturns\nUnridden bikes can be returned within thirty days");
    assert_has(text, "Every frame has a lifetime warranty.");
    assert_has_not(text, "*");
}

static void html(void **state)
{
    (void)state;
    const char *text = text_of("html", file("services.html"));
    assert_has(text, "\x1eWorkshop services\n");
    assert_has(text, "takes ninety minutes & costs 85 dollars.");
    assert_has(text, "Wheel truing\nBrake bleeding\n");
    assert_has(text, "Flat repair 25");
    assert_has_not(text, "alert");
    assert_has_not(text, "color");
    assert_has_not(text, "Home");
}

static void page(void **state)
{
    (void)state;
    assert_string_equal(
        text_of("page",
                VA_STR("<html><head><title> The \x1f shop </title><base href='/b/'></head>"
                       "<body><nav><a href='/a'>Home</a></nav><h1>Hours</h1>"
                       "<p>Nine to five, <a href=' c?d&amp;e '>every</a> day.</p>"
                       "<a>none</a><map><area href='f'></map></body></html>")),
        "\x1cThe shop\n\x1d/b/\n\x1f/a\n\x1f"
        "c?d&e\n\x1f"
        "f\n\n\x1eHours\n\nNine to five, every day.\n\nnone");
    assert_string_equal(text_of("page", VA_STR("<a href='x'><img src='y'></a>")), "\x1fx");
}

static void pdf(void **state)
{
    (void)state;
    const char *text = text_of("pdf", file("sizing.pdf"));
    assert_has(text, "one hundred and seventy centimetres needs a medium frame");
    assert_has(text, "Saddle height is ninety percent of the inseam.");
}

static void tables(void **state)
{
    (void)state;
    assert_string_equal(text_of("csv", file("brands.csv")),
                        "Brand: Trek; Model: Marlin 7; Price: 999\n"
                        "Brand: Specialized; Model: Rockhopper; Comp; Price: 1100");
    assert_string_equal(text_of("csv", VA_STR("a,b\n\"1\n2\",\n")), "a: 1 2");
    assert_has(text_of("xlsx", file("brands.xlsx")),
               "\x1e"
               "Comparison\nBrand: Cervélo; Frame: carbon; Weight: 7.1");
}

/* ---------------------------------------------------------------- hostile ones */

static void what_is_no_document_of_its_kind(void **state)
{
    (void)state;
    va_str_t garbage = file("brands.xlsx");
    va_str_t whole = file("sizing.pdf");
    assert_has(refusal_of("pdf", garbage), "no PDF");
    assert_has(refusal_of("pdf", va_str(whole.data, 600)), "no PDF");
    assert_has(refusal_of("xlsx", whole), "no XLSX");
    assert_has(refusal_of("xlsx", va_str(garbage.data, garbage.len / 2)), "no XLSX");
    assert_has(refusal_of("text", garbage), "not text");
    assert_has(refusal_of("csv", garbage), "not text");
    assert_has(refusal_of("html", garbage), "not text");
    assert_has(refusal_of("markdown", garbage), "not text");
    assert_has(refusal_of("text", VA_STR("\x81\x8d")), "not text");
}

static void what_holds_nothing(void **state)
{
    (void)state;
    assert_has(refusal_of("text", VA_STR("")), "no text");
    assert_has(refusal_of("html", VA_STR("")), "no HTML");
    assert_has(refusal_of("html", VA_STR("<script>x</script>")), "no text");
    assert_has(refusal_of("markdown", VA_STR("\n\n")), "no text");
    assert_has(refusal_of("csv", VA_STR(",,,\n,,,\n")), "no text");
}

static void bombs(void **state)
{
    (void)state;
    assert_has(refusal_of("xlsx", file("bomb.xlsx")), "64 MB unpacked");
    assert_has(refusal_of("xlsx", file("laughs.xlsx")), "no XLSX");
    assert_has(refusal_of("text", filled(3 << 20, 'x')), "too much text");
    assert_has(refusal_of("csv", filled(1 << 20, 'x')), "too long");
    assert_has(refusal_of("csv", repeated("\"", 999999)), "too long");
}

/* The file it names is not read: no part of a workbook may declare an entity. */
static void entities_of_outside(void **state)
{
    (void)state;
    assert_has(refusal_of("xlsx", file("xxe.xlsx")), "no XLSX");
    const char *text = text_of("html", VA_STR("<!DOCTYPE html [<!ENTITY x SYSTEM "
                                              "\"file:///etc/passwd\">]><p>see &x; here</p>"));
    assert_has_not(text, "root:");
}

/* They may be read or refused; the worker goes on. */
static void deep_nesting(void **state)
{
    (void)state;
    static const struct {
        const char *kind, *opens;
    } cases[] = {{"html", "<div>"},
                 {"page", "<div>"},
                 {"markdown", "> "},
                 {"markdown", "["},
                 {"html", "<b><table>"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        va_str_t text;
        wk_error_t e = {.code = WK_OK};
        bool ok = wk_extract(&ctx, cases[i].kind, repeated(cases[i].opens, 50000), &text, &e);
        assert_case(ok || e.code == WK_REFUSED, cases[i].opens);
    }
    assert_string_equal(text_of("text", VA_STR("still here")), "still here");
}

/* Bytes of a real one changed: nothing but a text or a refusal comes of it. */
static void damaged_ones(void **state)
{
    (void)state;
    static const char *const names[] = {"sizing.pdf", "brands.xlsx"};
    srandom(11);
    for (int i = 0; i < 16; i++) {
        va_str_t text, whole = file(names[i % 2]);
        char *bytes = (char *)whole.data;
        wk_error_t e = {.code = WK_OK};
        for (int n = 0; n < 20; n++) {
            bytes[(size_t)random() % whole.len] = (char)random();
        }
        bool ok = wk_extract(&ctx, i % 2 == 0 ? "pdf" : "xlsx", whole, &text, &e);
        assert_case(ok || e.code == WK_REFUSED, names[i % 2]);
    }
}

static void a_program_that_is_not_there(void **state)
{
    (void)state;
    va_str_t text;
    wk_error_t e;
    wk_config_t other = {.extract_program = "build/no-such-program"};
    wk_ctx_t elsewhere = {.config = &other, .arena = ctx.arena};
    assert_false(wk_extract(&elsewhere, "text", VA_STR("x"), &text, &e));
    assert_int_equal(e.code, WK_UNAVAILABLE);
}

#define CASE(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(plain_text),
        CASE(markdown),
        CASE(html),
        CASE(page),
        CASE(pdf),
        CASE(tables),
        CASE(what_is_no_document_of_its_kind),
        CASE(what_holds_nothing),
        CASE(bombs),
        CASE(entities_of_outside),
        CASE(deep_nesting),
        CASE(damaged_ones),
        CASE(no_descriptor_but_its_own),
        CASE(a_program_that_is_not_there),
    };
    return RUN("extraction", tests);
}
