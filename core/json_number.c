#include "core/json_number.h"

/* More than any text that can be parsed has digits. */
#define EXPONENT_MAX 1000000000

/* Counts the digits s begins with and cuts them off. */
static size_t take_digits(va_str_t *s)
{
    size_t n = 0;

    while (n < s->len && s->data[n] >= '0' && s->data[n] <= '9')
        n++;
    s->data += n;
    s->len -= n;

    return n;
}

static bool take_char(va_str_t *s, const char *set)
{
    if (s->len == 0 || s->data[0] == '\0' || strchr(set, s->data[0]) == NULL)
        return false;

    s->data++;
    s->len--;

    return true;
}

bool va_json_number_valid(va_str_t text)
{
    if (text.len == 0)
        return false;

    take_char(&text, "-");
    if (!take_char(&text, "0") && take_digits(&text) == 0)
        return false;
    if (take_char(&text, ".") && take_digits(&text) == 0)
        return false;
    if (take_char(&text, "eE")) {
        take_char(&text, "+-");
        if (take_digits(&text) == 0)
            return false;
    }

    return text.len == 0;
}

/* The digits of the mantissa without its zeros at the end, and what power of ten they count. */
static bool take_mantissa(va_str_t *s, uint64_t *mantissa, int64_t *exponent)
{
    bool fraction = false;
    int64_t zeros = 0;

    *mantissa = 0;
    *exponent = 0;
    for (; s->len > 0 && *s->data != 'e' && *s->data != 'E'; s->data++, s->len--) {
        if (*s->data == '.') {
            fraction = true;
            continue;
        }
        *exponent -= fraction;
        zeros++;
        if (*s->data == '0')
            continue;
        for (; zeros > 0; zeros--) {
            if (__builtin_mul_overflow(*mantissa, 10, mantissa))
                return false;
        }
        if (__builtin_add_overflow(*mantissa, (uint64_t)(*s->data - '0'), mantissa))
            return false;
    }
    *exponent += zeros;

    return true;
}

/* The exponent behind the mantissa, no further from 0 than EXPONENT_MAX. */
static int64_t take_exponent(va_str_t s)
{
    int64_t exponent = 0;

    if (!take_char(&s, "eE"))
        return 0;

    bool negative = s.len > 0 && *s.data == '-';

    take_char(&s, "+-");
    for (size_t i = 0; i < s.len && exponent < EXPONENT_MAX; i++)
        exponent = exponent * 10 + (s.data[i] - '0');

    return negative ? -exponent : exponent;
}

bool va_json_number_int(va_str_t text, int64_t *out)
{
    uint64_t mantissa;
    int64_t exponent;
    bool negative;

    if (!va_json_number_valid(text))
        return false;
    negative = take_char(&text, "-");
    if (!take_mantissa(&text, &mantissa, &exponent))
        return false;
    if (mantissa == 0) {
        *out = 0;
        return true;
    }

    for (exponent += take_exponent(text); exponent > 0; exponent--) {
        if (__builtin_mul_overflow(mantissa, 10, &mantissa))
            return false;
    }
    if (exponent < 0 || mantissa > (uint64_t)INT64_MAX + negative)
        return false;

    *out = negative ? (int64_t)(0 - mantissa) : (int64_t)mantissa;
    return true;
}
