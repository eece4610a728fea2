#include "worker/voice/transcode.h"

#include <stdlib.h>

#include <speex/speex_resampler.h>

#include "core/mulaw.h"

#define TELEPHONY 8000
#define QUALITY   4 /* of 10: clean for the band of a telephone, and 4 ms late */

struct wk_transcode {
    SpeexResamplerState *resampler;
    spx_uint32_t from, to; /* Hz */
    bool from_mulaw;
    bool half; /* of a sample of PCM the first byte came, and not its second */
    char first;
};

static wk_transcode_t *new_transcode(int from, int to, bool from_mulaw)
{
    wk_transcode_t *t = calloc(1, sizeof(*t));
    if (t == NULL) {
        abort();
    }
    *t = (wk_transcode_t){
        .from = (spx_uint32_t)from, .to = (spx_uint32_t)to, .from_mulaw = from_mulaw};
    t->resampler = speex_resampler_init(1, t->from, t->to, QUALITY, NULL);
    if (t->resampler == NULL) {
        abort(); /* no memory */
    }
    return t;
}

wk_transcode_t *wk_transcode_to_pcm(int rate)
{
    return new_transcode(TELEPHONY, rate, true);
}

wk_transcode_t *wk_transcode_to_mulaw(int rate)
{
    return new_transcode(rate, TELEPHONY, false);
}

void wk_transcode_free(wk_transcode_t *t)
{
    if (t != NULL) {
        speex_resampler_destroy(t->resampler);
        free(t);
    }
}

void wk_transcode_reset(wk_transcode_t *t)
{
    speex_resampler_reset_mem(t->resampler);
    t->half = false;
}

/* PCM that came, with the first half of a sample before it; a half behind it waits. */
static va_str_t whole_samples(wk_transcode_t *t, wk_arena_t *a, va_str_t pcm)
{
    size_t len = pcm.len + t->half;
    char *bytes = wk_alloc(a, len);
    if (t->half) {
        bytes[0] = t->first;
    }
    memcpy(bytes + t->half, pcm.data, pcm.len);
    t->half = len % 2 != 0;
    if (t->half) {
        t->first = bytes[--len];
    }
    return va_str(bytes, len);
}

typedef struct {
    spx_int16_t *at;
    spx_uint32_t count;
} samples_t;

static samples_t read_samples(const wk_transcode_t *t, wk_arena_t *a, va_str_t sound)
{
    const uint8_t *bytes = (const uint8_t *)sound.data;
    samples_t in = {.count = (spx_uint32_t)(t->from_mulaw ? sound.len : sound.len / 2)};
    in.at = wk_alloc(a, in.count * sizeof(*in.at));
    for (spx_uint32_t i = 0; i < in.count; i++) {
        in.at[i] = t->from_mulaw ? va_mulaw_decode(bytes[i])
                                 : (spx_int16_t)(bytes[2 * i] | bytes[2 * i + 1] << 8);
    }
    return in;
}

static va_str_t write_samples(const wk_transcode_t *t, wk_arena_t *a, samples_t out)
{
    size_t len = t->from_mulaw ? 2 * (size_t)out.count : out.count;
    uint8_t *bytes = wk_alloc(a, len);
    for (spx_uint32_t i = 0; i < out.count; i++) {
        if (t->from_mulaw) {
            bytes[2 * i] = (uint8_t)out.at[i];
            bytes[2 * i + 1] = (uint8_t)((uint16_t)out.at[i] >> 8);
        } else {
            bytes[i] = va_mulaw_encode(out.at[i]);
        }
    }
    return va_str((const char *)bytes, len);
}

va_str_t wk_transcode(wk_transcode_t *t, wk_arena_t *a, va_str_t sound)
{
    samples_t in = read_samples(t, a, t->from_mulaw ? sound : whole_samples(t, a, sound));
    /* Rounding gives one more than the rates say, at most. */
    samples_t out = {.count = (spx_uint32_t)((uint64_t)in.count * t->to / t->from + 2)};
    out.at = wk_alloc(a, out.count * sizeof(*out.at));
    speex_resampler_process_int(t->resampler, 0, in.at, &in.count, out.at, &out.count);
    return write_samples(t, a, out);
}
