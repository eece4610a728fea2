/*
 * TwiML documents, written so that no text a caller or a model chose can leave
 * its place: everything is escaped, control characters are dropped.
 */
#ifndef VA_TWIML_H
#define VA_TWIML_H

#include "base.h"
#include "buf.h"

/*
 * Text for element content or a double-quoted attribute value. Bytes that are not
 * UTF-8 become U+FFFD.
 */
void va_xml_escape(va_buf_t *out, va_str_t text);

typedef struct {
    const char *name;
    va_str_t value; /* absent: the attribute is left out */
} va_twiml_attr_t;

/* "<?xml …?><Response>" and "</Response>". */
void va_twiml_begin(va_buf_t *out);
void va_twiml_end(va_buf_t *out);

/* Opening tag, closing tag, and both around escaped text (absent text: an empty element). */
void va_twiml_open(va_buf_t *out, const char *verb, const va_twiml_attr_t *attrs, size_t n);
void va_twiml_close(va_buf_t *out, const char *verb);
void va_twiml_verb(va_buf_t *out, const char *verb, const va_twiml_attr_t *attrs, size_t n,
                   va_str_t text);

#endif
