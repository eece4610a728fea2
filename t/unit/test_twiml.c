#include "core/twiml.h"

#include "t/unit/support.h"

static va_buf_t out;

static va_str_t escaped(va_str_t text)
{
    va_buf_init(&out, &test_mem, 0);
    va_xml_escape(&out, exact(text));

    return va_buf_str(&out);
}

static void markup_is_escaped(void **state)
{
    (void)state;
    assert_str(escaped(VA_STR("Hi & <bye> \"q\" 'a' \xc3\xa9")),
               "Hi &amp; &lt;bye&gt; &quot;q&quot; 'a' \xc3\xa9");
    assert_str(escaped(VA_STR("</Say><Dial>")), "&lt;/Say&gt;&lt;Dial&gt;");
    assert_str(escaped(VA_STR("]]>")), "]]&gt;");
    assert_str(escaped(VA_STR("&amp;")), "&amp;amp;");
    assert_str(escaped(VA_STR_NULL), "");
}

static void control_characters_go(void **state)
{
    (void)state;
    assert_str(escaped(VA_STR("a\0b\x01\x0b\x0c\x1f\x7f"
                              "c")),
               "abc");
    assert_str(escaped(VA_STR("\xc2\x80\xc2\x9f\xc2\xa0")), "\xc2\xa0");
    assert_str(escaped(VA_STR("\xef\xbf\xbe\xef\xbf\xbf\xef\xbf\xbd")), "\xef\xbf\xbd");
}

/* In an attribute the parser would turn them into spaces. */
static void line_ends_and_tabs_stay_what_they_are(void **state)
{
    (void)state;
    assert_str(escaped(VA_STR("a\tb\r\nc")), "a&#9;b&#13;&#10;c");
}

/* One wrong byte would make Twilio refuse the document, and the caller hear an error. */
static void invalid_utf8_is_replaced(void **state)
{
    (void)state;
    assert_str(escaped(VA_STR("a\xff"
                              "b\xe2\x98")),
               "a\xef\xbf\xbd"
               "b\xef\xbf\xbd\xef\xbf\xbd");
    assert_str(escaped(VA_STR("\xc0\xbc")), "\xef\xbf\xbd\xef\xbf\xbd");
}

static void a_document(void **state)
{
    const va_twiml_attr_t gather[] = {
        {"input", VA_STR("dtmf speech")},
        {"action", VA_STR("/api/voice/handle-speech?c=1&n=2")},
        {"hints", VA_STR_NULL},
        {"finishOnKey", VA_STR("")},
    };
    const va_twiml_attr_t say[] = {{"language", VA_STR("fr-CA")}};

    (void)state;
    va_buf_init(&out, &test_mem, 0);
    va_twiml_begin(&out);
    va_twiml_open(&out, "Gather", gather, 4);
    va_twiml_verb(&out, "Say", say, 1, VA_STR("V\xc3\xa9lo & caf\xc3\xa9"));
    va_twiml_close(&out, "Gather");
    va_twiml_verb(&out, "Pause", NULL, 0, VA_STR_NULL);
    va_twiml_verb(&out, "Say", NULL, 0, VA_STR(""));
    va_twiml_verb(&out, "Hangup", NULL, 0, VA_STR_NULL);
    va_twiml_end(&out);
    assert_str(va_buf_str(&out),
               "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response>"
               "<Gather input=\"dtmf speech\" "
               "action=\"/api/voice/handle-speech?c=1&amp;n=2\" finishOnKey=\"\">"
               "<Say language=\"fr-CA\">V\xc3\xa9lo &amp; caf\xc3\xa9</Say></Gather>"
               "<Pause/><Say></Say><Hangup/></Response>");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(markup_is_escaped),
        TEST(control_characters_go),
        TEST(line_ends_and_tabs_stay_what_they_are),
        TEST(invalid_utf8_is_replaced),
        TEST(a_document),
    };

    return RUN("twiml", tests);
}
