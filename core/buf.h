/*
 * A byte string that grows in the caller's memory. Errors stick: after the
 * first failed append everything else is ignored, so that only the end has to
 * be checked.
 */
#ifndef VA_BUF_H
#define VA_BUF_H

#include "base.h"

typedef struct {
    const va_alloc_t *mem;
    char *data;
    size_t len;
    size_t cap;
    size_t max; /* never grows beyond; 0 means no limit */
    va_status_t status;
} va_buf_t;

/* mem must outlive the buffer; reserve may be 0. */
void va_buf_init(va_buf_t *b, const va_alloc_t *mem, size_t reserve);

void va_buf_add(va_buf_t *b, const void *data, size_t len);
void va_buf_add_str(va_buf_t *b, va_str_t s);
void va_buf_add_c(va_buf_t *b, const char *s);
void va_buf_add_char(va_buf_t *b, char c);
void va_buf_add_int(va_buf_t *b, int64_t n);

/* The content so far; valid until the next append. Absent when the status is not VA_OK. */
va_str_t va_buf_str(const va_buf_t *b);

#endif
