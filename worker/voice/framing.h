/*
 * What goes over an open WebSocket as frames (wslay), of one connection. wslay's state is 8 KB:
 * between two messages there is nothing in it, and connections lend it to each other. So only
 * one that is in the middle of a message, or has said or heard its end, has one to itself.
 *
 * Of one loop: nothing here is locked.
 */
#ifndef WK_VOICE_FRAMING_H
#define WK_VOICE_FRAMING_H

#include "core/base.h"

typedef struct {
    void (*text)(void *ctx, va_str_t text);   /* a message; valid during the call */
    void (*write)(void *ctx, va_str_t bytes); /* to be sent, all of them */
} wk_framing_events_t;

typedef struct wk_framing_state wk_framing_state_t;

typedef struct {
    const wk_framing_events_t *events;
    void *ctx;
    wk_framing_state_t *state; /* NULL: between two messages */
    size_t max;                /* bytes of a message that is taken */
    const char *in;            /* what is being read */
    size_t in_len;
    uint64_t ahead; /* bytes read, less those of all frames that have begun; it wraps around */
    bool server, fragmented, stopped;
    bool answers; /* the peer has answered a ping */
} wk_framing_t;

void wk_framing_init(wk_framing_t *f, bool server, size_t max,
                     const wk_framing_events_t *events, void *ctx);
void wk_framing_free(wk_framing_t *f);

/* False: broken. What is read answers pings and the peer's close. */
bool wk_framing_read(wk_framing_t *f, va_str_t bytes);

/* No more is told of what came, even from within text(). */
void wk_framing_stop(wk_framing_t *f);

void wk_framing_text(wk_framing_t *f, va_str_t text);
void wk_framing_binary(wk_framing_t *f, va_str_t data);
void wk_framing_ping(wk_framing_t *f);
void wk_framing_close(wk_framing_t *f, uint16_t code);

/* No more can be read, the peer having closed or broken the rules; then also with what code. */
bool wk_framing_ended(const wk_framing_t *f, uint16_t *code);

/* The code that the peer has closed with; 0: it has not. */
uint16_t wk_framing_closed_with(const wk_framing_t *f);

#endif
