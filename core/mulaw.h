/*
 * Mu-law (ITU-T G.711): a byte for a sample of 16 bits, as telephony carries sound. The bytes
 * stand for 14 bits; what is finer is lost.
 */
#ifndef VA_MULAW_H
#define VA_MULAW_H

#include "base.h"

int16_t va_mulaw_decode(uint8_t byte);

/* The nearest that there is; decode() of it encodes to the same byte again. */
uint8_t va_mulaw_encode(int16_t sample);

#endif
