#include "core/phone.h"

#include "t/unit/support.h"

static const struct {
    const char *in;
    const char *out;
} good[] = {
    {"+14165550001", "+14165550001"},
    {"+1 (416) 555-0001", "+14165550001"},
    {"(+1) 416.555.0001", "+14165550001"},
    {" 416-555-0001 ", "+14165550001"},
    {"4165550001", "+14165550001"},
    {"1 416 555 0001", "+14165550001"},
    {"416/555/0001", "+14165550001"},
    {"514\xc2\xa0"
     "555\xe2\x80\x91"
     "0199",
     "+15145550199"},
    {"514\xe2\x80\xaf"
     "555\xe2\x80\x93"
     "0199",
     "+15145550199"},
    {"0044 20 7946 0958", "+442079460958"},
    {"011 44 20 7946 0958", "+442079460958"},
    {"001 416 555 0001", "+14165550001"},
    {"011 1 416 555 0001", "+14165550001"},
    {"+33 6 12 34 56 78", "+33612345678"},
    {"+423456789012345", "+423456789012345"},
    {"+123456789012345", "+123456789012345"},
    {"00423456789012345", "+423456789012345"},
    {"011423456789012345", "+423456789012345"},
    {"+683 4000", "+6834000"},
    {"+1234567890", "+1234567890"}, /* an example, as documents have it */
    {"001234567890", "+1234567890"},
    {"0111234567890", "+1234567890"},
};

static const char *const bad[] = {
    "",
    " ",
    "+",
    "-",
    "anonymous",
    "Anonymous",
    "restricted",
    "client:alice",
    "sip:alice@example.com",
    "+1416555000x",
    "+1234567890123456",
    "1-800-FLOWERS",
    "416-555-0001 x12",
    "12345", /* short codes */
    "911",
    "567890",
    "555-0001",   /* without area code */
    "0612345678", /* ten digits, but of no North American number */
    "1234567890",
    "02079460958",
    "21234567890", /* eleven, the first not 1 */
    "10234567890",
    "11234567890",
    "+0123456789",
    "00 0123456",
    "000",
    "00",
    "011",
    "+1",
    "+141655",
    "00141655",
    "011141655",
    "+44 123",
    "+4234567890123456",
    "004234567890123456",
    "12345678901234567890123456789012345678901234567890",
    "++14165550001",
    "1+4165550001",
    "+44 (0)20 7946 0958",
    "tel:+14165550001",
    "\xd9\xa4\xd9\xa1\xd9\xa6", /* digits of another script */
    "+266696687",               /* what stands for a withheld number */
    "266696687",
    "+86282452253",
    "+8656696",
    "+2562533",
    "+7378742833",
    "7378742833",
    "+17378742833",
};

static void normalizing(void **state)
{
    char out[VA_PHONE_MAX + 1];

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
        assert_case(va_phone_normalize(out, exact(va_str_c(good[i].in))), good[i].in);
        assert_string_equal(out, good[i].out);
        assert_case(va_phone_is_e164(va_str_c(out)), good[i].in);
    }
}

static void refusing(void **state)
{
    char out[VA_PHONE_MAX + 1];

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        memcpy(out, "full", sizeof("full"));
        assert_case(!va_phone_normalize(out, exact(va_str_c(bad[i]))), bad[i]);
        assert_case(out[0] == '\0', bad[i]);
    }
    assert_false(va_phone_normalize(out, VA_STR("+1416555\0"
                                                "0001")));
    assert_false(va_phone_normalize(out, VA_STR_NULL));
}

static void finding(void **state)
{
    static const struct {
        const char *text, *number; /* NULL: none */
    } cases[] = {
        {"416 555 1212", "+14165551212"},
        {"my number is (416) 555-1212, thanks", "+14165551212"},
        {"call +44 20 7946 0958 or 416 555 1212", "+442079460958"},
        {"at 10:30, 647-555-0001", "+16475550001"},
        {"2026-12-30", NULL},
        {"2026-12-30 10", NULL},
        {"on 2026-12-30 416 555 1212", NULL},
        {"416 555", NULL},
        {"order 1042", NULL},
        {"4111 1111 1111 1111", NULL},
        {"\xc2\xa0", NULL},
        {"\xc2", NULL},
        {"+", NULL},
        {"", NULL},
    };
    char out[VA_PHONE_MAX + 1];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        bool found = va_phone_find(out, exact(va_str_c(cases[i].text)));

        assert_case(found == (cases[i].number != NULL), cases[i].text);
        assert_string_equal(out, found ? cases[i].number : "");
    }
    assert_false(va_phone_find(out, VA_STR_NULL));
}

static void e164(void **state)
{
    static const char *const no[] = {
        "",
        "+",
        "1",
        "+0",
        "+01",
        "14165550001",
        "+1416 555",
        "+1-416",
        "+1234567890123456",
        "+1416555000a",
        "++1",
        " +1",
        "+1",
        "+141655",
        "+266696687", /* what stands for a withheld number */
    };

    (void)state;
    assert_true(va_phone_is_e164(VA_STR("+6834000")));
    assert_true(va_phone_is_e164(VA_STR("+123456789012345")));
    assert_false(va_phone_is_e164(VA_STR_NULL));
    for (size_t i = 0; i < sizeof(no) / sizeof(*no); i++)
        assert_case(!va_phone_is_e164(va_str_c(no[i])), no[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(normalizing),
        TEST(refusing),
        TEST(finding),
        TEST(e164),
    };

    return RUN("phone", tests);
}
