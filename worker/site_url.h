/*
 * The addresses of a web site's pages, taken apart by the library that will fetch them, so that
 * both see the same host in one.
 */
#ifndef WK_SITE_URL_H
#define WK_SITE_URL_H

#include "worker/arena.h"

#define WK_SITE_URL_MAX 2000 /* bytes */

typedef struct {
    va_str_t url;  /* without fragment, its parts in their usual form; terminated */
    va_str_t host; /* lower case, with the port when it is neither 80 nor 443 */
    va_str_t path; /* with the query */
    bool plain_port;
} wk_site_url_t;

/*
 * text: an address, or one as it stands in a page whose address base is (absent: none). False
 * for what is not http or https, names a user or a password, is too long, or is no address.
 */
bool wk_site_url(wk_arena_t *a, va_str_t base, va_str_t text, wk_site_url_t *out);

#endif
