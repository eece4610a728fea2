/*
 * multipart/form-data (RFC 7578), as browsers and scripts upload files. Nothing is copied:
 * names and contents are parts of the body, as they were written.
 */
#ifndef VA_MULTIPART_H
#define VA_MULTIPART_H

#include "base.h"

#define VA_MULTIPART_MAX 16

typedef struct {
    va_str_t name;
    va_str_t filename; /* absent: a plain field */
    va_str_t type;     /* of the content, as the header has it; absent without one */
    va_str_t content;
} va_part_t;

typedef struct {
    va_part_t parts[VA_MULTIPART_MAX];
    size_t count;
} va_multipart_t;

/*
 * type: the request's Content-Type. VA_ESYNTAX when it is another type, or the body is not made
 * as it says; VA_ELIMIT above VA_MULTIPART_MAX parts.
 */
va_status_t va_multipart_parse(va_str_t type, va_str_t body, va_multipart_t *form);

/* The first part of that name; NULL: none. */
const va_part_t *va_multipart_get(const va_multipart_t *form, const char *name);

#endif
