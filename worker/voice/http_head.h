/*
 * The head of an HTTP/1.1 request or response that asks for, or agrees to, another protocol.
 * Read by the library that is there (http-parser; llhttp, its successor, on newer systems) into
 * a few fixed places: a head that does not fit is refused.
 */
#ifndef WK_VOICE_HTTP_HEAD_H
#define WK_VOICE_HTTP_HEAD_H

#include "core/base.h"

#define WK_HEAD_MAX     8192 /* bytes of one */
#define WK_HEAD_HEADERS 32

typedef struct wk_http_head wk_http_head_t;

typedef enum {
    WK_HEAD_MORE, /* not whole yet */
    WK_HEAD_DONE, /* the other protocol begins behind it */
    WK_HEAD_BAD,  /* no such head, too long, or one that asks for no other protocol */
} wk_head_result_t;

wk_http_head_t *wk_http_head_new(bool response);
void wk_http_head_free(wk_http_head_t *h);

/* *used: how many of the bytes belong to the head, when it is done. */
wk_head_result_t wk_http_head_feed(wk_http_head_t *h, const char *data, size_t len,
                                   size_t *used);

/* When it is done. The texts live as long as the head. */
int wk_http_head_status(const wk_http_head_t *h);  /* of a response */
bool wk_http_head_is_get(const wk_http_head_t *h); /* of a request */
/* The value of the first header of that name, in any case; absent: there is none. */
va_str_t wk_http_head_get(const wk_http_head_t *h, const char *name);

#endif
