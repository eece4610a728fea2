/* Sound at another rate and back: a tone stays the tone it was. */
#include "worker/voice/transcode.h"

#include <math.h>

#include "core/mulaw.h"
#include "t/unit/arena.h"

#define FRAME   160 /* 20 ms at 8 kHz */
#define FRAMES  100
#define TONE_HZ 440.0
#define LOUD    12000.0

static va_str_t tone(size_t frame)
{
    uint8_t *bytes = wk_alloc(arena, FRAME);
    for (size_t i = 0; i < FRAME; i++) {
        double at = (double)(frame * FRAME + i) / 8000.0;
        bytes[i] = va_mulaw_encode((int16_t)(LOUD * sin(2 * M_PI * TONE_HZ * at)));
    }
    return va_str((const char *)bytes, FRAME);
}

/* How much of the sound is the tone, as an amplitude (Goertzel's sum over whole periods). */
static double amplitude(const uint8_t *mulaw, size_t n, double hz)
{
    double re = 0, im = 0;
    for (size_t i = 0; i < n; i++) {
        double sample = va_mulaw_decode(mulaw[i]), angle = 2 * M_PI * hz * (double)i / 8000.0;
        re += sample * cos(angle);
        im += sample * sin(angle);
    }
    return 2 * sqrt(re * re + im * im) / (double)n;
}

static void there_and_back(int rate)
{
    uint8_t *heard = wk_alloc(arena, FRAMES * FRAME + FRAME);
    size_t n = 0, pcm_bytes = 0;
    wk_transcode_t *there = wk_transcode_to_pcm(rate), *back = wk_transcode_to_mulaw(rate);
    for (size_t i = 0; i < FRAMES; i++) {
        va_str_t pcm = wk_transcode(there, arena, tone(i));
        va_str_t mulaw = wk_transcode(back, arena, pcm);
        pcm_bytes += pcm.len;
        memcpy(heard + n, mulaw.data, mulaw.len);
        n += mulaw.len;
    }
    wk_transcode_free(there);
    wk_transcode_free(back);
    /* All of it but what the filters hold: less than 20 ms. */
    assert_in_range(pcm_bytes, 2 * (size_t)rate * (FRAMES - 1) / 50,
                    2 * (size_t)rate * FRAMES / 50 + 2);
    assert_in_range(n, FRAME * (FRAMES - 1), FRAME * FRAMES);
    double same = amplitude(heard + n - 8000, 8000, TONE_HZ);
    double other = amplitude(heard + n - 8000, 8000, 3 * TONE_HZ);
    assert_true(same > 0.95 * LOUD && same < 1.05 * LOUD);
    assert_true(other < 0.01 * LOUD);
}

static void a_tone_stays_a_tone(void **state)
{
    static const int rates[] = {8000, 16000, 22050, 24000, 44100, 48000};
    (void)state;
    for (size_t i = 0; i < sizeof(rates) / sizeof(*rates); i++) {
        there_and_back(rates[i]);
    }
}

static void what_a_telephone_cannot_carry_is_filtered(void **state)
{
    uint8_t pcm[2 * 320], heard[8000 + FRAME];
    size_t n = 0;
    (void)state;
    wk_transcode_t *t = wk_transcode_to_mulaw(16000);
    for (size_t frame = 0; frame < 50; frame++) {
        for (size_t i = 0; i < 320; i++) {
            /* 6 kHz, which would come back as 2 kHz. */
            int16_t s =
                (int16_t)(LOUD * sin(2 * M_PI * 6000.0 * (double)(frame * 320 + i) / 16000.0));
            pcm[2 * i] = (uint8_t)s;
            pcm[2 * i + 1] = (uint8_t)((uint16_t)s >> 8);
        }
        va_str_t mulaw = wk_transcode(t, arena, va_str((const char *)pcm, sizeof(pcm)));
        memcpy(heard + n, mulaw.data, mulaw.len);
        n += mulaw.len;
    }
    wk_transcode_free(t);
    assert_true(amplitude(heard + 2000, 4000, 2000.0) < 0.02 * LOUD);
}

/* Three pieces, both cuts in the middle of a sample. */
static void a_sample_cut_in_two_is_put_together(void **state)
{
    va_str_t pieces[3];
    (void)state;
    wk_transcode_t *up = wk_transcode_to_pcm(24000), *down = wk_transcode_to_mulaw(24000);
    va_str_t pcm = wk_transcode(up, arena, tone(0));
    va_str_t whole = wk_transcode(down, arena, pcm);
    wk_transcode_reset(down);
    pieces[0] = wk_transcode(down, arena, va_str(pcm.data, 301));
    pieces[1] = wk_transcode(down, arena, va_str(pcm.data + 301, 300));
    pieces[2] = wk_transcode(down, arena, va_str(pcm.data + 601, pcm.len - 601));
    assert_int_equal(pieces[0].len + pieces[1].len + pieces[2].len, whole.len);
    assert_memory_equal(pieces[0].data, whole.data, pieces[0].len);
    assert_memory_equal(pieces[1].data, whole.data + pieces[0].len, pieces[1].len);
    assert_memory_equal(pieces[2].data, whole.data + pieces[0].len + pieces[1].len,
                        pieces[2].len);
    wk_transcode_free(up);
    wk_transcode_free(down);
}

static void half_a_sample_waits_unless_another_sound_begins(void **state)
{
    (void)state;
    wk_transcode_t *t = wk_transcode_to_mulaw(8000);
    assert_int_equal(wk_transcode(t, arena, va_str("\1\2\3", 3)).len, 1);
    assert_int_equal(wk_transcode(t, arena, va_str("", 0)).len, 0);
    assert_int_equal(wk_transcode(t, arena, va_str("\4", 1)).len, 1);
    assert_int_equal(wk_transcode(t, arena, va_str("\5", 1)).len, 0);
    wk_transcode_reset(t);
    assert_int_equal(wk_transcode(t, arena, va_str("\1\2\3\4", 4)).len, 2);
    wk_transcode_free(t);
    wk_transcode_free(NULL);
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_tone_stays_a_tone),
        CASE(what_a_telephone_cannot_carry_is_filtered),
        CASE(a_sample_cut_in_two_is_put_together),
        CASE(half_a_sample_waits_unless_another_sound_begins),
    };

    return RUN("transcode", tests);
}
