/*
 * Telephone numbers as E.164 (ITU-T): '+', then 1 to 15 digits, the first not 0.
 */
#ifndef VA_PHONE_H
#define VA_PHONE_H

#include "base.h"

#define VA_PHONE_MAX 16 /* '+' and 15 digits */

/*
 * Writes the E.164 form, terminated, of a number as people and providers write
 * it: separators dropped, "00" and "011" read as '+', ten digits, or eleven with a
 * leading 1, read as North American. False, with out empty, for anything else:
 * withheld numbers ("anonymous", or the digits that spell it), SIP and client
 * addresses, letters, short codes, the ambiguous "+44 (0)20…", and what has less
 * than seven digits. How many a country's own numbers have is not looked at.
 */
bool va_phone_normalize(char out[VA_PHONE_MAX + 1], va_str_t in);

/*
 * Writes the first such number of a text in which other words may stand. False, with out empty:
 * there is none. A date as 2026-12-30 is none, though its digits and the next ones may be ten.
 */
bool va_phone_find(char out[VA_PHONE_MAX + 1], va_str_t text);

/* The same; *where: its characters, and separators behind it. Left alone where there is none.
 */
bool va_phone_locate(char out[VA_PHONE_MAX + 1], va_str_t text, va_str_t *where);

/* Whether that is what it writes of s: what may be set is what may be told. */
bool va_phone_is_e164(va_str_t s);

#endif
