/* Internal to the JSON files: the reference tokens of a JSON Pointer (RFC 6901). */
#ifndef VA_JSON_POINTER_H
#define VA_JSON_POINTER_H

#include "base.h"

/*
 * Cuts the first token, its escapes kept, off *rest. False at the end of the
 * pointer, and when *rest is none: then something is left of it.
 */
bool va_json_token_next(va_str_t *rest, va_str_t *token);

bool va_json_token_is_name(va_str_t token, va_str_t name);
bool va_json_token_is_index(va_str_t token, size_t *index);

#endif
