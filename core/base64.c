#include "core/base64.h"

static const char STANDARD[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char URL[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* Whole groups of three bytes, then the last one or two without padding. */
static size_t encode(char *out, const uint8_t *in, size_t n, const char *alphabet)
{
    char *p = out;

    for (; n >= 3; in += 3, n -= 3) {
        *p++ = alphabet[in[0] >> 2];
        *p++ = alphabet[(in[0] & 0x03) << 4 | in[1] >> 4];
        *p++ = alphabet[(in[1] & 0x0f) << 2 | in[2] >> 6];
        *p++ = alphabet[in[2] & 0x3f];
    }

    if (n > 0) {
        uint8_t second = n == 2 ? in[1] : 0;

        *p++ = alphabet[in[0] >> 2];
        *p++ = alphabet[(in[0] & 0x03) << 4 | second >> 4];
        if (n == 2)
            *p++ = alphabet[(second & 0x0f) << 2];
    }

    return (size_t)(p - out);
}

size_t va_base64_encode(char *out, const void *in, size_t n)
{
    size_t len = encode(out, in, n, STANDARD);

    while (len % 4 != 0)
        out[len++] = '=';

    return len;
}

size_t va_base64url_encode(char *out, const void *in, size_t n)
{
    return encode(out, in, n, URL);
}

/* The six bits of a character, or -1; c62 and c63 end the alphabet. */
static int sextet(char c, char c62, char c63)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == c62)
        return 62;
    if (c == c63)
        return 63;

    return -1;
}

/* Text without padding. */
static va_status_t decode(uint8_t *out, size_t *out_len, va_str_t in, const char *alphabet)
{
    uint8_t *p = out;
    uint32_t bits = 0;
    unsigned n = 0;

    if (in.len % 4 == 1)
        return VA_ESYNTAX;

    for (size_t i = 0; i < in.len; i++) {
        int six = sextet(in.data[i], alphabet[62], alphabet[63]);

        if (six < 0)
            return VA_ESYNTAX;
        bits = bits << 6 | (uint32_t)six;
        n += 6;
        if (n >= 8) {
            n -= 8;
            *p++ = (uint8_t)(bits >> n);
            bits &= (1u << n) - 1;
        }
    }

    if (bits != 0)
        return VA_ESYNTAX;

    *out_len = (size_t)(p - out);
    return VA_OK;
}

va_status_t va_base64_decode(uint8_t *out, size_t *out_len, va_str_t in)
{
    if (in.len % 4 != 0)
        return VA_ESYNTAX;

    for (int i = 0; i < 2 && in.len > 0 && in.data[in.len - 1] == '='; i++)
        in.len--;

    return decode(out, out_len, in, STANDARD);
}

va_status_t va_base64url_decode(uint8_t *out, size_t *out_len, va_str_t in)
{
    return decode(out, out_len, in, URL);
}

size_t va_base64_decoded_len(va_str_t in)
{
    size_t padding = 0;

    while (padding < 2 && padding < in.len && in.data[in.len - 1 - padding] == '=')
        padding++;

    return (in.len - padding) * 3 / 4;
}

void va_hex_encode(char *out, const void *in, size_t n)
{
    const uint8_t *p = in;

    for (size_t i = 0; i < n; i++) {
        *out++ = "0123456789abcdef"[p[i] >> 4];
        *out++ = "0123456789abcdef"[p[i] & 0x0f];
    }
}
