#include "t/unit/arena.h"

#include "core/base64.h"
#include "core/utf8.h"
#include "worker/mail_header.h"

#define MAX_LINE 76 /* RFC 2047 2 */

static va_str_t subject_of(va_str_t text)
{
    va_buf_t line;
    va_buf_init(&line, wk_mem(arena), 0);
    va_buf_add_c(&line, "Subject: ");
    wk_mail_add_text(&line, text);
    assert_int_equal(line.status, VA_OK);
    return va_buf_str(&line);
}

static va_str_t mailbox_of(const char *name, const char *address)
{
    va_buf_t text;
    va_buf_init(&text, wk_mem(arena), 0);
    wk_mail_add_mailbox(&text, va_str_c(name), va_str_c(address));
    return va_buf_str(&text);
}

static void addresses(void **state)
{
    static const char *const good[] = {"a@b.ca", "john.tremblay+bike@customer.example",
                                       "o'neil_{x}@a-b.example", "1@2.example"};
    static const char *const bad[] = {"",
                                      "a",
                                      "@b.ca",
                                      "a@",
                                      "a@b",
                                      "a@b.",
                                      "a@.b.ca",
                                      "a@b..ca",
                                      "a@-b.ca",
                                      "a@b-.ca",
                                      ".a@b.ca",
                                      "a.@b.ca",
                                      "a..b@c.ca",
                                      "a@b@c.ca",
                                      "a b@c.ca",
                                      "<a@b.ca>",
                                      "a@b.ca>",
                                      "a@b.ca\r\nBcc: x@y.ca",
                                      "a@b.ca\nRCPT TO:<x@y.ca>",
                                      "a\r@b.ca",
                                      "a@b.ca,c@d.ca",
                                      "\"a\"@b.ca",
                                      "a@[127.0.0.1]",
                                      "\xc3\xa9@b.ca",
                                      "a@\xc3\xa9.ca"};
    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
        assert_case(wk_mail_is_address(va_str_c(good[i])), good[i]);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        assert_case(!wk_mail_is_address(va_str_c(bad[i])), bad[i]);
    }
    assert_false(wk_mail_is_address(VA_STR("a\0b@c.ca")));
    assert_false(wk_mail_is_address(VA_STR_NULL));
}

static void long_addresses(void **state)
{
    char text[WK_MAIL_ADDRESS_MAX + 2];
    (void)state;
    memset(text, 'a', sizeof(text));
    for (size_t i = 64; i < sizeof(text); i += 50) {
        text[i] = i == 64 ? '@' : '.';
    }
    assert_true(wk_mail_is_address(va_str(text, WK_MAIL_ADDRESS_MAX)));
    assert_false(wk_mail_is_address(va_str(text, WK_MAIL_ADDRESS_MAX + 1)));
    memmove(text + 65, text + 64, 100);
    text[64] = 'a';
    assert_false(wk_mail_is_address(va_str(text, 200)));
}

static void harmless_texts_stay_as_they_are(void **state)
{
    (void)state;
    assert_str(subject_of(VA_STR("Your order #1042")), "Subject: Your order #1042");
    assert_str(mailbox_of("Bici Downtown", "a@b.ca"), "Bici Downtown <a@b.ca>");
    assert_str(mailbox_of("", "a@b.ca"), "a@b.ca");
}

static void others_are_encoded(void **state)
{
    (void)state;
    assert_str(subject_of(VA_STR("V\xc3\xa9lo")), "Subject: =?UTF-8?B?VsOpbG8=?=");
    /* A phrase may not hold a comma or quotes; a text may not look like an encoded-word. */
    assert_str(mailbox_of("Bike, \"Co\" <x@y.ca>", "a@b.ca"),
               "=?UTF-8?B?QmlrZSwgIkNvIiA8eEB5LmNhPg==?= <a@b.ca>");
    assert_str(subject_of(VA_STR("=?UTF-8?B?eA==?=")),
               "Subject: =?UTF-8?B?PT9VVEYtOD9CP2VBPT0/PQ==?=");
}

/* What a reader of RFC 2047 makes of it. */
static va_str_t decoded(va_str_t line)
{
    va_buf_t text;
    const char *p = line.data, *end = line.data + line.len;
    va_buf_init(&text, wk_mem(arena), 0);
    while (p < end && (p = memchr(p, '=', (size_t)(end - p))) != NULL) {
        uint8_t bytes[VA_BASE64_MAX(80)];
        size_t len, frame = strlen("=?UTF-8?B?");
        assert_memory_equal(p, "=?UTF-8?B?", frame);
        const char *stop = memchr(p + frame, '?', (size_t)(end - p) - frame);
        assert_non_null(stop);
        assert_in_range(stop + 2 - p, 1, 75);
        assert_int_equal(
            va_base64_decode(bytes, &len, va_str(p + frame, (size_t)(stop - p) - frame)),
            VA_OK);
        assert_true(va_utf8_wellformed(va_str((char *)bytes, len)));
        va_buf_add(&text, bytes, len);
        p = stop + 2;
    }
    return va_buf_str(&text);
}

/* Each line is short, of ASCII, and begins anew only by folding. */
static void assert_one_field(va_str_t line)
{
    size_t begin = 0;
    for (size_t i = 0; i < line.len; i++) {
        unsigned char c = (unsigned char)line.data[i];
        if (c == '\r') {
            assert_memory_equal(line.data + i, "\r\n ", 3);
            i += 2;
            begin = i;
        } else {
            assert_in_range(c, 0x20, 0x7e);
        }
        assert_in_range(i - begin, 0, MAX_LINE - 1);
    }
}

static void long_texts_are_folded_between_characters(void **state)
{
    va_buf_t text;
    (void)state;
    for (size_t shift = 0; shift < 4; shift++) {
        va_buf_init(&text, wk_mem(arena), 0);
        va_buf_add(&text, "abc", shift);
        for (int i = 0; i < 60; i++) {
            va_buf_add_c(&text, i % 2 == 0 ? "\xc3\xa9" : "\xf0\x9f\x9a\xb2");
        }
        va_str_t line = subject_of(va_buf_str(&text));
        assert_one_field(line);
        assert_true(va_str_eq(decoded(line), va_buf_str(&text)));
    }
}

static void no_text_adds_a_header(void **state)
{
    static const char *const texts[] = {"Hi\r\nBcc: x@y.ca",
                                        "Hi\nBcc: x@y.ca",
                                        "Hi\rBcc: x@y.ca",
                                        "\r\n\r\nbody",
                                        "Hi\xc2\x85"
                                        "Bcc: x@y.ca",
                                        "\x7f",
                                        "Hi\r\n"};
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        va_str_t line = subject_of(va_str_c(texts[i]));
        va_str_t back = decoded(line);
        assert_one_field(line);
        for (size_t k = 0; k < back.len; k++) {
            assert_case((unsigned char)back.data[k] >= 0x20 && back.data[k] != 0x7f, texts[i]);
        }
        assert_null(memchr(mailbox_of(texts[i], "a@b.ca").data, '\n', 10));
    }
    assert_one_field(subject_of(VA_STR("a\0b")));
}

static void bytes_that_are_no_characters_are_replaced(void **state)
{
    (void)state;
    va_str_t line = subject_of(VA_STR("a\x80\xff"));
    assert_one_field(line);
    assert_str(decoded(line), "a\xef\xbf\xbd\xef\xbf\xbd");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses),
        cmocka_unit_test(long_addresses),
        cmocka_unit_test(harmless_texts_stay_as_they_are),
        cmocka_unit_test(others_are_encoded),
        cmocka_unit_test(long_texts_are_folded_between_characters),
        cmocka_unit_test(no_text_adds_a_header),
        cmocka_unit_test(bytes_that_are_no_characters_are_replaced),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
