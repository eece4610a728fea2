#include "core/mulaw.h"

#include "t/unit/support.h"

/* 0x7f and 0xff are the two zeros; the positive one is written. */
static void every_byte_comes_back(void **state)
{
    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        uint8_t again = va_mulaw_encode(va_mulaw_decode((uint8_t)byte));
        assert_int_equal(again, byte == 0x7f ? 0xff : byte);
    }
}

/* Table 2a of the recommendation, in 16 bits: the ends of its segments. */
static void values_of_the_recommendation(void **state)
{
    static const struct {
        uint8_t byte;
        int16_t sample;
    } known[] = {{0xff, 0},     {0xfe, 8},     {0xf0, 120},    {0xef, 132},
                 {0xe0, 372},   {0xdf, 396},   {0xbf, 1980},   {0x9f, 8316},
                 {0x8f, 16764}, {0x80, 32124}, {0x00, -32124}, {0x70, -120}};
    (void)state;
    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
        assert_int_equal(va_mulaw_decode(known[i].byte), known[i].sample);
    }
}

/* Half a step of the segment at most, which is a sixteenth of the loudness. */
static void samples_come_back_nearly(void **state)
{
    (void)state;
    for (int sample = -32124; sample <= 32124; sample++) {
        int again = va_mulaw_decode(va_mulaw_encode((int16_t)sample));
        int off = again > sample ? again - sample : sample - again;
        int loud = sample < 0 ? -sample : sample;
        assert_true(off <= loud / 32 + 5);
    }
}

static void what_is_too_loud_is_as_loud_as_can_be(void **state)
{
    (void)state;
    assert_int_equal(va_mulaw_encode(INT16_MAX), 0x80);
    assert_int_equal(va_mulaw_encode(INT16_MIN), 0x00);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_byte_comes_back),
        TEST(values_of_the_recommendation),
        TEST(samples_come_back_nearly),
        TEST(what_is_too_loud_is_as_loud_as_can_be),
    };

    return RUN("mulaw", tests);
}
