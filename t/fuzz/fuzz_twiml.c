#include "core/twiml.h"
#include "core/utf8.h"
#include "t/fuzz/fuzz.h"

/* The character a reference at the beginning of s stands for; its length is cut off. */
static char take_reference(va_str_t *s)
{
    static const struct {
        const char *text;
        char character;
    } references[] = {
        {"&amp;", '&'}, {"&lt;", '<'},   {"&gt;", '>'},   {"&quot;", '"'},
        {"&#9;", '\t'}, {"&#10;", '\n'}, {"&#13;", '\r'},
    };

    for (size_t i = 0; i < sizeof(references) / sizeof(*references); i++) {
        size_t len = strlen(references[i].text);

        if (s->len >= len && memcmp(s->data, references[i].text, len) == 0) {
            *s = va_str(s->data + len, s->len - len);
            return references[i].character;
        }
    }
    CHECK(!"a reference");

    return '\0';
}

/* What a parser makes of the text; nothing in it may leave its place. */
static va_str_t parse(va_str_t text)
{
    va_buf_t out;

    va_buf_init(&out, &fuzz_mem, 0);
    while (text.len > 0) {
        if (*text.data == '&') {
            va_buf_add_char(&out, take_reference(&text));
            continue;
        }
        CHECK(strchr("<>\"\t\r\n", *text.data) == NULL);
        va_buf_add_char(&out, *text.data);
        text = va_str(text.data + 1, text.len - 1);
    }

    return va_buf_str(&out);
}

/* The text without what no document may hold. */
static va_str_t expected(va_str_t text)
{
    va_buf_t out;

    va_buf_init(&out, &fuzz_mem, 0);
    while (text.len > 0) {
        uint32_t c;
        va_str_t taken = va_utf8_take(&text, &c);

        if ((c >= 0x20 || c == '\t' || c == '\n' || c == '\r') && (c < 0x7f || c > 0x9f) &&
            c != 0xfffe && c != 0xffff)
            va_buf_add_str(&out, taken);
    }

    return va_buf_str(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    va_str_t input = fuzz_exact(va_str((const char *)data, size));
    va_buf_t out;

    va_buf_init(&out, &fuzz_mem, 0);
    va_xml_escape(&out, input);
    CHECK(va_utf8_valid(va_buf_str(&out)));
    CHECK(va_str_eq(parse(va_buf_str(&out)), expected(input)));
    fuzz_free_all();

    return 0;
}
