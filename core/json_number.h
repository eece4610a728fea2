/* Numbers as text (RFC 8259 section 6). */
#ifndef VA_JSON_NUMBER_H
#define VA_JSON_NUMBER_H

#include "base.h"

bool va_json_number_valid(va_str_t text);

/* Of any text, be it what a string says: false when it is no number, not whole, or too large.
 */
bool va_json_number_int(va_str_t text, int64_t *out);

#endif
