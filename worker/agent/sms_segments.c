#include "worker/agent/sms_segments.h"

#include "core/utf8.h"

typedef struct {
    int alone, of_many; /* places in a segment */
} capacity_t;

/* ---------------------------------------------------------------- places of a character */

static bool is_among(uint32_t c, const uint16_t *set, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (set[i] == c) {
            return true;
        }
    }
    return false;
}

/* Those that follow an escape: ^{}\[~]| the euro sign, and the form feed. */
static bool is_extended(uint32_t c)
{
    static const uint16_t set[] = {'^', '{', '}', '\\', '[', '~', ']', '|', '\f', 0x20ac};
    return is_among(c, set, sizeof(set) / sizeof(*set));
}

/* £¥èéùìòÇØøÅå ΔΦΓΛΩΠΨΣΘΞ ÆæßÉ¤¡ÄÖÑÜ§¿äöñüà, and of ASCII what is printed but the backtick. */
static bool is_basic(uint32_t c)
{
    static const uint16_t set[] = {
        '\n',  '\r',  0xa3, 0xa5,  0xe8,  0xe9,  0xf9,  0xec,  0xf2,  0xc7,  0xd8,
        0xf8,  0xc5,  0xe5, 0x394, 0x3a6, 0x393, 0x39b, 0x3a9, 0x3a0, 0x3a8, 0x3a3,
        0x398, 0x39e, 0xc6, 0xe6,  0xdf,  0xc9,  0xa4,  0xa1,  0xc4,  0xd6,  0xd1,
        0xdc,  0xa7,  0xbf, 0xe4,  0xf6,  0xf1,  0xfc,  0xe0,
    };
    return (c >= ' ' && c < 0x7f && c != '`') || is_among(c, set, sizeof(set) / sizeof(*set));
}

static int places(uint32_t c, bool gsm)
{
    if (gsm) {
        return is_extended(c) ? 2 : 1;
    }
    return c > 0xffff ? 2 : 1;
}

/* ---------------------------------------------------------------- the text */

static bool is_gsm(va_str_t text)
{
    uint32_t c;
    while (text.len > 0) {
        va_utf8_take(&text, &c);
        if (!is_basic(c) && !is_extended(c)) {
            return false;
        }
    }
    return true;
}

static int segments_of(va_str_t text, bool gsm, int capacity)
{
    uint32_t c;
    int n = 1, taken = 0;
    while (text.len > 0) {
        va_utf8_take(&text, &c);
        int more = places(c, gsm);
        if (taken + more > capacity) {
            n++;
            taken = 0;
        }
        taken += more;
    }
    return n;
}

int wk_sms_segments(va_str_t text)
{
    static const capacity_t septets = {160, 153}, units = {70, 67};
    bool gsm = is_gsm(text);
    const capacity_t *c = gsm ? &septets : &units;
    return segments_of(text, gsm, c->alone) == 1 ? 1 : segments_of(text, gsm, c->of_many);
}
