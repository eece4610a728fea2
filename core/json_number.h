/* Numbers as text (RFC 8259 section 6). */
#ifndef VA_JSON_NUMBER_H
#define VA_JSON_NUMBER_H

#include "base.h"

bool va_json_number_valid(va_str_t text);

/* Of a valid number: false when it is not whole or does not fit. */
bool va_json_number_int(va_str_t text, int64_t *out);

#endif
