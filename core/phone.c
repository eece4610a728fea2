#include "core/phone.h"

#define SHORTEST 7 /* digits, of a number with its country code, anywhere */

/* What providers send for a withheld number: a word in the letters of the keypad. */
static const char *const withheld[] = {
    "+266696687",   /* ANONYMOUS */
    "+86282452253", /* UNAVAILABLE */
    "+8656696",     /* UNKNOWN */
    "+2562533",     /* BLOCKED */
    "+7378742833",  /* RESTRICTED, and as a national number: */
    "+17378742833",
};

/* Spaces that do not break, and hyphens, as text processors put them into numbers. */
static const char *const wide_separators[] = {
    "\xc2\xa0",     "\xe2\x80\xaf", "\xe2\x80\x90", "\xe2\x80\x91",
    "\xe2\x80\x92", "\xe2\x80\x93", "\xe2\x80\x94",
};

static bool begins_with(va_str_t s, va_str_t prefix)
{
    return s.len >= prefix.len && memcmp(s.data, prefix.data, prefix.len) == 0;
}

/* The length of the separator s begins with; 0 if there is none. */
static size_t separator(va_str_t s)
{
    if (memchr(" -.()/\t", s.data[0], 7) != NULL)
        return 1;

    for (size_t i = 0; i < sizeof(wide_separators) / sizeof(*wide_separators); i++) {
        va_str_t wide = va_str_c(wide_separators[i]);

        if (begins_with(s, wide))
            return wide.len;
    }

    return 0;
}

/*
 * Digits and a '+' before all of them, at most max characters. False for a
 * foreign character, and for "+44 (0)20…": whether that 0 is dialled depends on
 * the country.
 */
static bool strip(char *out, size_t *len, size_t max, va_str_t in)
{
    size_t n = 0;

    while (in.len > 0) {
        size_t skip = separator(in);

        if (n > 0 && out[0] == '+' && begins_with(in, VA_STR("(0)")))
            return false;
        if (skip == 0) {
            bool digit = in.data[0] >= '0' && in.data[0] <= '9';

            if (n == max || (!digit && !(in.data[0] == '+' && n == 0)))
                return false;
            out[n++] = in.data[0];
            skip = 1;
        }
        in = va_str(in.data + skip, in.len - skip);
    }

    *len = n;
    return true;
}

/* The number behind the '+', and the country code that is missing; absent: not a number. */
static va_str_t international(va_str_t digits, va_str_t *country)
{
    *country = VA_STR("");

    if (begins_with(digits, VA_STR("+")))
        return va_str(digits.data + 1, digits.len - 1);
    if (begins_with(digits, VA_STR("011")))
        return va_str(digits.data + 3, digits.len - 3);
    if (begins_with(digits, VA_STR("00")))
        return va_str(digits.data + 2, digits.len - 2);

    if (digits.len == 11 && digits.data[0] == '1' && digits.data[1] >= '2')
        return digits;
    if (digits.len == 10 && digits.data[0] >= '2') {
        *country = VA_STR("1");
        return digits;
    }

    return VA_STR_NULL;
}

static bool is_withheld(const char *number)
{
    for (size_t i = 0; i < sizeof(withheld) / sizeof(*withheld); i++) {
        if (strcmp(number, withheld[i]) == 0)
            return true;
    }

    return false;
}

bool va_phone_normalize(char out[VA_PHONE_MAX + 1], va_str_t in)
{
    char digits[sizeof("011") + VA_PHONE_MAX];
    size_t len;
    va_str_t country;

    out[0] = '\0';
    if (!strip(digits, &len, sizeof(digits), in))
        return false;

    va_str_t number = international(va_str(digits, len), &country);

    len = country.len + number.len;
    if (len < SHORTEST || len >= VA_PHONE_MAX || number.data[0] == '0')
        return false;

    out[0] = '+';
    memcpy(out + 1, country.data, country.len);
    memcpy(out + 1 + country.len, number.data, number.len);
    out[1 + country.len + number.len] = '\0';
    if (is_withheld(out)) {
        out[0] = '\0';
        return false;
    }

    return true;
}

/* How much of a text may be of one number: digits, '+' and separators. */
static size_t run(va_str_t text)
{
    size_t n = 0;

    while (n < text.len) {
        bool digit = text.data[n] >= '0' && text.data[n] <= '9';
        size_t len =
            digit || text.data[n] == '+' ? 1 : separator(va_str(text.data + n, text.len - n));

        if (len == 0)
            break;
        n += len;
    }

    return n;
}

/* YYYY-MM-DD, with anything but a digit behind it. */
static bool is_date(va_str_t s)
{
    static const char form[] = "0000-00-00";
    size_t i = 0;

    while (i < s.len && form[i] != '\0' &&
           (form[i] == '-' ? s.data[i] == '-' : s.data[i] >= '0' && s.data[i] <= '9'))
        i++;

    return form[i] == '\0' && (i == s.len || s.data[i] < '0' || s.data[i] > '9');
}

bool va_phone_locate(char out[VA_PHONE_MAX + 1], va_str_t text, va_str_t *where)
{
    out[0] = '\0';
    while (text.len > 0) {
        size_t len = run(text);
        va_str_t candidate = va_str(text.data, len);

        while (candidate.len > 0 && separator(candidate) == 1)
            candidate = va_str(candidate.data + 1, candidate.len - 1);
        if (candidate.len > 0 && !is_date(candidate) && va_phone_normalize(out, candidate)) {
            *where = candidate;
            return true;
        }
        len += len == 0;
        text = va_str(text.data + len, text.len - len);
    }

    return false;
}

bool va_phone_find(char out[VA_PHONE_MAX + 1], va_str_t text)
{
    va_str_t where;

    return va_phone_locate(out, text, &where);
}

bool va_phone_is_e164(va_str_t s)
{
    char number[VA_PHONE_MAX + 1];

    return va_phone_normalize(number, s) && va_str_eq(va_str_c(number), s);
}
