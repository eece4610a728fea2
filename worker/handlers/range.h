/* The header Range of a request (RFC 9110, 14.2), of one range of bytes. */
#ifndef WK_HANDLERS_RANGE_H
#define WK_HANDLERS_RANGE_H

#include "core/base.h"

typedef enum {
    WK_RANGE_NONE,  /* no range, or none that we serve: the whole is asked for */
    WK_RANGE_SOME,  /* first to last, both within the size */
    WK_RANGE_WRONG, /* nothing of it is there: 416 */
} wk_range_kind_t;

/* size: of the whole, above 0. Several ranges are served as none. */
wk_range_kind_t wk_range_read(va_str_t header, int64_t size, int64_t *first, int64_t *last);

#endif
