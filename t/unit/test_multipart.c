/* Forms with files: what browsers send, and what is none. */
#include "core/multipart.h"

#include "t/unit/support.h"

#define TYPE "multipart/form-data; boundary=x1"

static va_status_t parse(const char *type, const char *body, va_multipart_t *form)
{
    return va_multipart_parse(va_str_c(type), exact(va_str_c(body)), form);
}

static void fields_and_files(void **state)
{
    (void)state;
    va_multipart_t form;
    assert_int_equal(
        parse("Multipart/Form-Data; charset=utf-8; boundary=\"x1\"",
              "--x1\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nRates\r\n"
              "--x1\r\ncontent-type: text/csv\r\nContent-Disposition: form-data;"
              " name=file; filename=\"a;b.csv\"\r\n\r\none\r\n--x\r\ntwo\r\n"
              "--x1--\r\n",
              &form),
        VA_OK);
    assert_int_equal(form.count, 2);
    const va_part_t *title = va_multipart_get(&form, "title");
    const va_part_t *file = va_multipart_get(&form, "file");
    assert_str(title->content, "Rates");
    assert_absent(title->filename);
    assert_absent(title->type);
    assert_str(file->content, "one\r\n--x\r\ntwo");
    assert_str(file->filename, "a;b.csv");
    assert_str(file->type, "text/csv");
    assert_null(va_multipart_get(&form, "other"));
}

static void an_empty_file(void **state)
{
    (void)state;
    va_multipart_t form;
    assert_int_equal(parse(TYPE,
                           "--x1\r\nContent-Disposition: form-data; name=\"f\"; filename=\"\""
                           "\r\n\r\n\r\n--x1--",
                           &form),
                     VA_OK);
    assert_str(form.parts[0].content, "");
    assert_str(form.parts[0].filename, "");
}

static void what_is_no_form(void **state)
{
    (void)state;
    static const struct {
        const char *type, *body;
    } cases[] = {
        {"application/json", "--x1--"},
        {"multipart/form-data", "--x1--"},
        {"multipart/form-data; boundary=", "--x1--"},
        {"multipart/mixed; boundary=x1", "--x1--"},
        {TYPE, ""},
        {TYPE, "--x1"},
        {TYPE, "--x1\r\n"},
        {TYPE, "--x2--"},
        {TYPE, "--x1\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nnever ends"},
        {TYPE, "--x1\r\nContent-Disposition: form-data; name=\"a\"\r\n--x1--"},
        {TYPE, "--x1\r\nContent-Disposition: form-data\r\n\r\nno name\r\n--x1--"},
        {TYPE, "--x1\r\n\r\nno header\r\n--x1--"},
        {TYPE, "preamble\r\n--x1--"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        va_multipart_t form;
        assert_case(parse(cases[i].type, cases[i].body, &form) == VA_ESYNTAX, cases[i].body);
    }
}

static void too_many_parts(void **state)
{
    (void)state;
    char body[4096] = "";
    size_t len = 0;
    va_multipart_t form;
    for (int i = 0; i <= VA_MULTIPART_MAX; i++) {
        len += (size_t)snprintf(
            body + len, sizeof(body) - len,
            "--x1\r\nContent-Disposition: form-data; name=\"n%d\"\r\n\r\n\r\n", i);
    }
    snprintf(body + len, sizeof(body) - len, "--x1--");
    assert_int_equal(parse(TYPE, body, &form), VA_ELIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(fields_and_files),
        TEST(an_empty_file),
        TEST(what_is_no_form),
        TEST(too_many_parts),
    };
    return RUN("multipart", tests);
}
