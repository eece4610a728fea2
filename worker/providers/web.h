/*
 * A file of a web site that a shop has named: somebody else's server at an address somebody
 * else has chosen. Only public addresses are connected to (public_address.h), whatever its name
 * leads to; a redirection is told and not followed.
 */
#ifndef WK_PROVIDERS_WEB_H
#define WK_PROVIDERS_WEB_H

#include "worker/context.h"

#define WK_WEB_AGENT     "voiceagent" /* what robots.txt calls us */
#define WK_WEB_MAX_BYTES (2 << 20)    /* of a file, unpacked */

typedef struct {
    int status;
    bool too_large; /* then the body is its beginning */
    va_str_t body, type;
    va_str_t location, etag, last_modified; /* absent: none */
    int64_t retry_after_ms;
} wk_web_file_t;

/*
 * etag, last_modified: of the file as it was, absent where none is known; 304 when it is the
 * same. False as wk_http(): WK_FORBIDDEN for an address that is not public.
 */
bool wk_web_get(wk_ctx_t *ctx, va_str_t url, va_str_t etag, va_str_t last_modified,
                wk_web_file_t *file, wk_error_t *e);

#endif
