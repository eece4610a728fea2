/* The parts a text is sent in, at the edges of both alphabets. */
#include "worker/agent/sms_segments.h"

#include "t/unit/arena.h"

static int of(const char *begin, const char *repeated, int times)
{
    va_buf_t text;
    va_buf_init(&text, wk_mem(arena), 0);
    va_buf_add_c(&text, begin);
    for (int i = 0; i < times; i++) {
        va_buf_add_c(&text, repeated);
    }
    return wk_sms_segments(va_buf_str(&text));
}

static void lengths(void **state)
{
    static const struct {
        const char *begin, *repeated;
        int times, segments;
    } cases[] = {
        {"", "a", 0, 1},           {"", "a", 160, 1},         {"", "a", 161, 2},
        {"", "a", 306, 2},         {"", "a", 307, 3},         {"", "a", 480, 4},
        {"", "é", 160, 1},         {"Ñandú", "a", 65, 1},     {"Ñandú", "a", 66, 2},
        {"", "á", 70, 1},          {"", "á", 71, 2},          {"", "á", 134, 2},
        {"", "á", 135, 3},         {"", "á", 480, 8},         {"", "€", 80, 1},
        {"", "€", 81, 2},          {"", "[", 152, 2}, /* 76 to a segment: an escape stays with
                                                         its character */
        {"", "[", 153, 3},         {"", "\U0001F6B2", 35, 1}, {"", "\U0001F6B2", 36, 2},
        {"", "\U0001F6B2", 66, 2}, /* 33 to a segment */
        {"", "\U0001F6B2", 67, 3},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        int n = of(cases[i].begin, cases[i].repeated, cases[i].times);
        if (n != cases[i].segments) {
            fail_msg("%s and %d times %s: %d segments, not %d", cases[i].begin, cases[i].times,
                     cases[i].repeated, n, cases[i].segments);
        }
    }
}

/* 71 of it are one segment of the GSM alphabet, and two of UCS-2. */
static void alphabets(void **state)
{
    static const char *const gsm[] = {"@", "£", "è", "ù", "ì", "ò", "Ç", "\n", "Å", "Δ", "_",
                                      "Ω", "É", "¡", "¿", "ü", "à", "§", "^",  "~", "}"};
    static const char *const others[] = {"`", "á", "í", "ó", "ú", "ê", "î",
                                         "ô", "û", "ç", "œ", "’", "–", "\t"};
    (void)state;
    for (size_t i = 0; i < sizeof(gsm) / sizeof(*gsm); i++) {
        assert_int_equal(of("", gsm[i], 71), 1);
    }
    for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
        assert_int_equal(of("", others[i], 71), 2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lengths),
        cmocka_unit_test(alphabets),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
