/*
 * HTTP without waiting: libcurl's multi interface on the loop. For the engines of a voice
 * process, whose answers are taken as they come; jobs use worker/http.h.
 */
#ifndef WK_VOICE_HTTP_ASYNC_H
#define WK_VOICE_HTTP_ASYNC_H

#include <uv.h>

#include "core/base.h"

typedef struct wk_ahttp wk_ahttp_t;       /* of a process */
typedef struct wk_exchange wk_exchange_t; /* one request and its answer */

/* ca_file: authorities beside the system's; NULL: none. */
wk_ahttp_t *wk_ahttp_new(uv_loop_t *loop, const char *ca_file);

/* What runs is cancelled. */
void wk_ahttp_close(wk_ahttp_t *h);

typedef struct {
    const char *url;
    const char *const *headers; /* "Name: value", NULL at the end */
    va_str_t body;              /* all of it is copied */
    int quiet_s;                /* that long without a byte, and it is broken off */
    int timeout_ms;             /* in all */
    size_t max_bytes;           /* of the answer */
} wk_ahttp_request_t;

/* Neither is called from within a function of this file. */
typedef struct {
    void (*piece)(void *ctx, va_str_t piece); /* of the body of a 2xx answer */
    /* Last of all. why NULL: whole, with a 2xx; else status is that of the answer, or 0. */
    void (*end)(void *ctx, int status, const char *why);
} wk_ahttp_events_t;

/* NULL: it cannot be asked at all, and nothing is called. */
wk_exchange_t *wk_ahttp_post(wk_ahttp_t *h, const wk_ahttp_request_t *request,
                             const wk_ahttp_events_t *events, void *ctx);

/* Nothing more is called. Not after end(). */
void wk_ahttp_cancel(wk_exchange_t *x);

#endif
