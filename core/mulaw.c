#include "core/mulaw.h"

#define BIAS     132   /* moves the segments' borders onto powers of two */
#define LOUDEST  32635 /* one louder would need a ninth segment */
#define SIGN     0x80
#define SEGMENTS 7 /* the last one's number */

int16_t va_mulaw_decode(uint8_t byte)
{
    unsigned bits = (uint8_t)~byte;
    int segment = (int)((bits >> 4) & 7), step = (int)(bits & 15);
    int magnitude = ((step * 8 + BIAS) << segment) - BIAS;

    return (int16_t)((bits & SIGN) != 0 ? -magnitude : magnitude);
}

uint8_t va_mulaw_encode(int16_t sample)
{
    int magnitude = sample < 0 ? -(int)sample : sample;
    int segment = SEGMENTS;

    magnitude = (magnitude > LOUDEST ? LOUDEST : magnitude) + BIAS;
    while (segment > 0 && (magnitude & (0x80 << segment)) == 0)
        segment--;

    int step = (magnitude >> (segment + 3)) & 15;

    return (uint8_t)~((sample < 0 ? SIGN : 0) | segment << 4 | step);
}
