/*
 * Base64 (RFC 4648 section 4) and base64url without padding (section 5, as JWS
 * uses it). The decoders are strict: one text for one byte string, so that a
 * changed text never verifies as the same signature.
 */
#ifndef VA_BASE64_H
#define VA_BASE64_H

#include "base.h"

#define VA_BASE64_LEN(n) (((n) + 2) / 3 * 4)
#define VA_BASE64_MAX(n) ((n) / 4 * 3 + 3)

/* Writes VA_BASE64_LEN(n) bytes, no terminator; returns the count. */
size_t va_base64_encode(char *out, const void *in, size_t n);

/* Writes unpadded base64url; at most VA_BASE64_LEN(n) bytes; returns the count. */
size_t va_base64url_encode(char *out, const void *in, size_t n);

/*
 * out has room for VA_BASE64_MAX(in.len) bytes. VA_ESYNTAX on a foreign
 * character, wrong padding, white space or non-zero unused bits.
 */
va_status_t va_base64_decode(uint8_t *out, size_t *out_len, va_str_t in);
va_status_t va_base64url_decode(uint8_t *out, size_t *out_len, va_str_t in);

/* How many bytes a text that va_base64_decode() takes stands for. */
size_t va_base64_decoded_len(va_str_t in);

/* Lower-case hexadecimal, 2 * n bytes, no terminator. */
void va_hex_encode(char *out, const void *in, size_t n);

#endif
