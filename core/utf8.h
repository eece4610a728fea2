/*
 * UTF-8 as RFC 3629 defines it: no overlong forms, no surrogates, nothing above
 * U+10FFFF.
 */
#ifndef VA_UTF8_H
#define VA_UTF8_H

#include "base.h"

/* The length and code point of the well-formed sequence s begins with; 0 if there is none. */
size_t va_utf8_next(va_str_t s, uint32_t *code_point);

/*
 * Cuts the first character off *s, which is not empty: its bytes, or those of
 * U+FFFD for a byte that belongs to no character.
 */
va_str_t va_utf8_take(va_str_t *s, uint32_t *code_point);

bool va_utf8_wellformed(va_str_t s);

/* True when s is valid UTF-8 without NUL: what a JSON string and Postgres text can carry. */
bool va_utf8_valid(va_str_t s);

#endif
