/* A WebSocket of a test, and what it was told of it. */
#ifndef TEST_WEBSOCKET_H
#define TEST_WEBSOCKET_H

#include "worker/voice/websocket.h"

#include "t/unit/support.h"

static wk_ws_t *ws;
static struct {
    bool open, gone, closes; /* closes: it is closed with the first text that comes */
    int heard, closed;       /* how often */
    char why[160];           /* it was closed; empty: it was not */
} seen;

static int on_request(void *ctx, const wk_http_head_t *head)
{
    (void)ctx, (void)head;
    return 101;
}

static void on_open(void *ctx)
{
    (void)ctx;
    seen.open = true;
}

static void on_text(void *ctx, va_str_t text)
{
    (void)ctx, (void)text;
    seen.heard++;
    if (seen.closes) {
        wk_ws_close(ws, WK_WS_NORMAL);
    }
}

static void on_closed(void *ctx, const char *why)
{
    (void)ctx;
    seen.closed++;
    snprintf(seen.why, sizeof(seen.why), "%s", why);
}

static void on_gone(void *ctx)
{
    (void)ctx;
    seen.gone = true;
}

static const wk_ws_events_t ws_events = {on_request, on_open, on_text,
                                         on_closed,  on_gone, NULL};

#endif
