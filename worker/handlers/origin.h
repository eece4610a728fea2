/* Where pages are from: an origin, and the host with its port within one. */
#ifndef WK_HANDLERS_ORIGIN_H
#define WK_HANDLERS_ORIGIN_H

#include "core/base.h"

/* As browsers write one: scheme, host, a port if it is not the scheme's own, nothing else. */
bool wk_is_origin(va_str_t text);

/* "shop.example", "localhost:3000": small letters, at most 200 bytes. */
bool wk_is_authority(va_str_t text);

#endif
