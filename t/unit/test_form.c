#include "core/form.h"

#include "t/unit/support.h"

static va_form_t form;

static void parse(const char *text)
{
    assert_int_equal(va_form_parse(&test_mem, exact(va_str_c(text)), &form), VA_OK);
}

static void assert_pair(size_t i, const char *name, const char *value)
{
    assert_true(i < form.count);
    assert_str(form.pairs[i].name, name);
    assert_str(form.pairs[i].value, value);
}

static void pairs_in_order(void **state)
{
    (void)state;
    parse("b=2&a=1&b=3&c=&d&=e&f=g=h");
    assert_int_equal(form.count, 7);
    assert_pair(0, "b", "2");
    assert_pair(1, "a", "1");
    assert_pair(2, "b", "3");
    assert_pair(3, "c", "");
    assert_pair(4, "d", "");
    assert_pair(5, "", "e");
    assert_pair(6, "f", "g=h");
}

static void decoded_once(void **state)
{
    (void)state;
    parse("Sp+eech=a%26b%3Dc%2526d&%42ody=Caf%C3%A9+%e2%98%83%20+&plus=%2B1");
    assert_int_equal(form.count, 3);
    assert_pair(0, "Sp eech", "a&b=c%26d");
    assert_pair(1, "Body", "Caf\xc3\xa9 \xe2\x98\x83  ");
    assert_pair(2, "plus", "+1");
}

static void broken_escapes_stay(void **state)
{
    (void)state;
    parse("a=%&b=%4&c=%zz&d=100%&e=%4g%41&%=%&f=%%41");
    assert_int_equal(form.count, 7);
    assert_pair(0, "a", "%");
    assert_pair(1, "b", "%4");
    assert_pair(2, "c", "%zz");
    assert_pair(3, "d", "100%");
    assert_pair(4, "e", "%4gA");
    assert_pair(5, "%", "%");
    assert_pair(6, "f", "%A");
    parse("a=%4");
    assert_pair(0, "a", "%4");
    parse("a=%");
    assert_pair(0, "a", "%");
}

static void an_escape_does_not_reach_over_a_separator(void **state)
{
    (void)state;
    parse("a=%4&1=2");
    assert_int_equal(form.count, 2);
    assert_pair(0, "a", "%4");
    assert_pair(1, "1", "2");
}

static void escaped_nul_and_bytes(void **state)
{
    (void)state;
    parse("a=%00%ff");
    assert_int_equal(form.pairs[0].value.len, 2);
    assert_memory_equal(form.pairs[0].value.data, "\0\xff", 2);
}

static void empty_parts_are_no_pairs(void **state)
{
    (void)state;
    assert_int_equal(va_form_parse(&test_mem, VA_STR_NULL, &form), VA_OK);
    assert_int_equal(form.count, 0);
    parse("&&&");
    assert_int_equal(form.count, 0);
    parse("&a=1&&b=2&");
    assert_int_equal(form.count, 2);
    assert_pair(1, "b", "2");
    parse("=");
    assert_int_equal(form.count, 1);
    assert_pair(0, "", "");
}

static void getting(void **state)
{
    (void)state;
    parse("a=1&a=2&empty=&AccountSid=AC1");
    assert_str(va_form_get(&form, "a"), "1");
    assert_str(va_form_get(&form, "empty"), "");
    assert_str(va_form_get_n(&form, va_str("AccountSid!", 10)), "AC1");
    assert_absent(va_form_get(&form, "accountsid"));
    assert_absent(va_form_get(&form, "Account"));
}

static void pairs_are_limited(void **state)
{
    va_buf_t text;

    (void)state;
    va_buf_init(&text, &test_mem, 0);
    for (int i = 0; i < VA_FORM_MAX_PAIRS; i++)
        va_buf_add_c(&text, "&&a=1");
    assert_int_equal(va_form_parse(&test_mem, va_buf_str(&text), &form), VA_OK);
    assert_int_equal(form.count, VA_FORM_MAX_PAIRS);
    va_buf_add_c(&text, "&a");
    assert_int_equal(va_form_parse(&test_mem, va_buf_str(&text), &form), VA_ELIMIT);
}

static void encoding(void **state)
{
    va_buf_t out;

    (void)state;
    va_buf_init(&out, &test_mem, 0);
    va_form_add(&out, VA_STR("To"), VA_STR("+1416 555*-._~"));
    va_form_add(&out, VA_STR("a&b=c"), VA_STR("\xc3\xa9\0%"));
    va_form_add(&out, VA_STR("none"), VA_STR_NULL);
    assert_str(va_buf_str(&out), "To=%2B1416+555*-._%7E&a%26b%3Dc=%C3%A9%00%25&none=");

    va_buf_init(&out, &test_mem, 0);
    va_url_encode(&out, VA_STR("aZ09-._~ +*/?%\xff\0"));
    assert_str(va_buf_str(&out), "aZ09-._~%20%2B%2A%2F%3F%25%FF%00");
}

static void every_byte_comes_back(void **state)
{
    char all[256];
    va_buf_t out;

    (void)state;
    for (int i = 0; i < 256; i++)
        all[i] = (char)i;
    va_buf_init(&out, &test_mem, 0);
    va_form_add(&out, va_str(all, 256), va_str(all, 256));
    assert_int_equal(va_form_parse(&test_mem, va_buf_str(&out), &form), VA_OK);
    assert_int_equal(form.count, 1);
    assert_true(va_str_eq(form.pairs[0].name, va_str(all, 256)));
    assert_true(va_str_eq(form.pairs[0].value, va_str(all, 256)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(pairs_in_order),
        TEST(decoded_once),
        TEST(broken_escapes_stay),
        TEST(an_escape_does_not_reach_over_a_separator),
        TEST(escaped_nul_and_bytes),
        TEST(empty_parts_are_no_pairs),
        TEST(getting),
        TEST(pairs_are_limited),
        TEST(encoding),
        TEST(every_byte_comes_back),
    };

    return RUN("form", tests);
}
