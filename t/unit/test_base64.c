#include "core/base64.h"

#include "t/unit/support.h"

/* RFC 4648 section 10. */
static const struct {
    const char *plain;
    const char *text;
} rfc[] = {
    {"", ""},
    {"f", "Zg=="},
    {"fo", "Zm8="},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"},
};

static va_status_t decode(va_str_t text, bool url, va_str_t *out)
{
    uint8_t *data = test_alloc(&test_memory, VA_BASE64_MAX(text.len));
    size_t len = 0;
    va_status_t status = url ? va_base64url_decode(data, &len, exact(text))
                             : va_base64_decode(data, &len, exact(text));

    *out = va_str((const char *)data, len);
    return status;
}

static void rfc_vectors(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rfc) / sizeof(*rfc); i++) {
        va_str_t plain = va_str_c(rfc[i].plain);
        char *text = test_alloc(&test_memory, VA_BASE64_LEN(plain.len));
        va_str_t out;

        assert_str(va_str(text, va_base64_encode(text, plain.data, plain.len)), rfc[i].text);
        assert_int_equal(decode(va_str_c(rfc[i].text), false, &out), VA_OK);
        assert_true(va_str_eq(out, plain));
        assert_int_equal(va_base64_decoded_len(exact(va_str_c(rfc[i].text))), plain.len);
    }
}

static void url_alphabet_and_no_padding(void **state)
{
    char text[8];
    va_str_t out;

    (void)state;
    assert_str(va_str(text, va_base64url_encode(text, "\xfb\xff\xfe\xff", 4)), "-__-_w");
    assert_str(va_str(text, va_base64_encode(text, "\xfb\xff\xfe\xff", 4)), "+//+/w==");
    assert_int_equal(decode(VA_STR("-__-_w"), true, &out), VA_OK);
    assert_true(va_str_eq(out, VA_STR("\xfb\xff\xfe\xff")));
    assert_int_equal(decode(VA_STR("+//+/w"), true, &out), VA_ESYNTAX);
    assert_int_equal(decode(VA_STR("-__-_w=="), false, &out), VA_ESYNTAX);
    assert_int_equal(decode(VA_STR("-__-_w=="), true, &out), VA_ESYNTAX);
}

static void every_length_comes_back(void **state)
{
    uint8_t data[64];
    char text[VA_BASE64_LEN(64)];
    va_str_t out;

    (void)state;
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (uint8_t)(i * 37 + 11);
    for (size_t n = 0; n <= sizeof(data); n++) {
        assert_int_equal(va_base64_encode(text, data, n), VA_BASE64_LEN(n));
        assert_int_equal(decode(va_str(text, VA_BASE64_LEN(n)), false, &out), VA_OK);
        assert_int_equal(out.len, n);
        assert_memory_equal(out.data, data, n);

        size_t len = va_base64url_encode(text, data, n);

        assert_int_equal(decode(va_str(text, len), true, &out), VA_OK);
        assert_int_equal(out.len, n);
        assert_memory_equal(out.data, data, n);
    }
}

/* One text for one byte string: each of these has a canonical form that differs. */
static void only_the_canonical_text_is_taken(void **state)
{
    static const char *const bad[] = {
        "Zg",   "Zg=",  "Zm9vYg", "Zh==",   "Zm9=",  "Z===", "====", "=",      "Zg==Zg==",
        "Z g=", "Zg\n", " Zg=",   "Zm9v\n", "Zm9vZ", "Zm9!", "Zm=v", "Zg==\n", "\xc3\xa9==",
    };
    static const char *const bad_url[] = {
        "Zh", "Zm9", "Z", "Zm9vZ", "Zg==", "Zm 9", "Zm9v\n", "Zm+v", "Zm/v", "Zm.v",
    };
    va_str_t out;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        assert_case(decode(va_str_c(bad[i]), false, &out) == VA_ESYNTAX, bad[i]);
    for (size_t i = 0; i < sizeof(bad_url) / sizeof(*bad_url); i++)
        assert_case(decode(va_str_c(bad_url[i]), true, &out) == VA_ESYNTAX, bad_url[i]);
    assert_int_equal(decode(va_str("Zg\0=", 4), false, &out), VA_ESYNTAX);
}

static void hexadecimal(void **state)
{
    char text[8];

    (void)state;
    va_hex_encode(text, "\x00\x0f\xa5\xff", 4);
    assert_memory_equal(text, "000fa5ff", 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rfc_vectors),
        TEST(url_alphabet_and_no_padding),
        TEST(every_length_comes_back),
        TEST(only_the_canonical_text_is_taken),
        TEST(hexadecimal),
    };

    return RUN("base64", tests);
}
