/*
 * application/x-www-form-urlencoded, as browsers and Twilio send it: pairs
 * split at '&', '+' is a space, percent escapes decoded once. The WHATWG URL
 * standard's parser, except that a broken escape stays as it was written.
 */
#ifndef VA_FORM_H
#define VA_FORM_H

#include "base.h"
#include "buf.h"

#define VA_FORM_MAX_PAIRS 1000

typedef struct {
    va_str_t name;
    va_str_t value;
} va_form_pair_t;

typedef struct {
    va_form_pair_t *pairs; /* in the order sent */
    size_t count;
} va_form_t;

/* Pairs and decoded texts live in mem. VA_ELIMIT above VA_FORM_MAX_PAIRS. */
va_status_t va_form_parse(const va_alloc_t *mem, va_str_t text, va_form_t *form);

/* The first value of that name, absent if there is none. */
va_str_t va_form_get(const va_form_t *form, const char *name);
va_str_t va_form_get_n(const va_form_t *form, va_str_t name);

/* Appends name=value with escapes, and '&' before it unless it is the first. */
void va_form_add(va_buf_t *out, va_str_t name, va_str_t value);

/* Percent-encodes everything but RFC 3986's unreserved characters. */
void va_url_encode(va_buf_t *out, va_str_t s);

#endif
