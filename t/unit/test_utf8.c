#include "core/utf8.h"

#include "t/unit/support.h"

static const struct {
    const char *bytes;
    uint32_t code_point;
} wellformed[] = {
    {"A", 'A'},
    {"\x7f", 0x7f},
    {"\xc2\x80", 0x80},
    {"\xdf\xbf", 0x7ff},
    {"\xe0\xa0\x80", 0x800},
    {"\xed\x9f\xbf", 0xd7ff},
    {"\xee\x80\x80", 0xe000},
    {"\xef\xbf\xbf", 0xffff},
    {"\xf0\x90\x80\x80", 0x10000},
    {"\xf4\x8f\xbf\xbf", 0x10ffff},
};

/* RFC 3629 section 3 and section 10. */
static const char *const malformed[] = {
    "\x80",             /* continuation alone */
    "\xc0\x80",         /* overlong NUL */
    "\xc1\xbf",         /* overlong */
    "\xc3",             /* cut off */
    "\xc3\x41",         /* no continuation */
    "\xe0\x9f\xbf",     /* overlong */
    "\xe2\x98",         /* cut off */
    "\xe2\x98\x41",     /* no continuation */
    "\xed\xa0\x80",     /* surrogate U+D800 */
    "\xed\xbf\xbf",     /* surrogate U+DFFF */
    "\xf0\x8f\xbf\xbf", /* overlong */
    "\xf0\x9f\x98",     /* cut off */
    "\xf4\x90\x80\x80", /* above U+10FFFF */
    "\xf8\x88\x80\x80\x80",
    "\xff",
};

static void sequences(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(wellformed) / sizeof(*wellformed); i++) {
        va_str_t s = exact(va_str_c(wellformed[i].bytes));
        uint32_t c;

        assert_int_equal(va_utf8_next(s, &c), s.len);
        assert_int_equal(c, wellformed[i].code_point);
        assert_true(va_utf8_wellformed(s));
    }
    for (size_t i = 0; i < sizeof(malformed) / sizeof(*malformed); i++) {
        va_str_t s = exact(va_str_c(malformed[i]));
        uint32_t c;

        assert_int_equal(va_utf8_next(s, &c), 0);
        assert_false(va_utf8_wellformed(s));
    }
    assert_int_equal(va_utf8_next(VA_STR_NULL, &(uint32_t){0}), 0);
}

/* The check goes eight bytes at a time: a fault is found wherever it stands. */
static void fault_at_every_place(void **state)
{
    (void)state;
    for (size_t len = 1; len <= 40; len++) {
        for (size_t at = 0; at < len; at++) {
            char text[40];

            memset(text, 'a', len);
            text[at] = '\x80';

            va_str_t s = exact(va_str(text, len));

            assert_false(va_utf8_wellformed(s));
            text[at] = 'b';
            assert_true(va_utf8_wellformed(exact(va_str(text, len))));
        }
    }
    assert_true(va_utf8_wellformed(VA_STR_NULL));
    assert_true(va_utf8_wellformed(VA_STR("abcdefgh\xc3\xa9ijklmnop\xf0\x9f\x9a\xb2")));
}

static void nul_is_wellformed_but_not_valid(void **state)
{
    (void)state;
    assert_true(va_utf8_wellformed(VA_STR("a\0b")));
    assert_false(va_utf8_valid(VA_STR("a\0b")));
    assert_true(va_utf8_valid(VA_STR("ab")));
    assert_true(va_utf8_valid(VA_STR_NULL));
    assert_false(va_utf8_valid(VA_STR("\xff")));
}

static void taking_replaces_bytes_without_character(void **state)
{
    va_str_t s = VA_STR("a\xe2\x98\xc3\xa9");
    uint32_t c;

    (void)state;
    assert_str(va_utf8_take(&s, &c), "a");
    assert_str(va_utf8_take(&s, &c), "\xef\xbf\xbd");
    assert_int_equal(c, 0xfffd);
    assert_str(va_utf8_take(&s, &c), "\xef\xbf\xbd");
    assert_str(va_utf8_take(&s, &c), "\xc3\xa9");
    assert_int_equal(c, 0xe9);
    assert_int_equal(s.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(sequences),
        TEST(fault_at_every_place),
        TEST(nul_is_wellformed_but_not_valid),
        TEST(taking_replaces_bytes_without_character),
    };

    return RUN("utf8", tests);
}
