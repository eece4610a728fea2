
/*
 * Copyright (C) voiceagent authors
 */


#ifndef _NGX_VOICEAGENT_WEBSOCKET_H_INCLUDED_
#define _NGX_VOICEAGENT_WEBSOCKET_H_INCLUDED_


#include "ngx_voiceagent_job.h"
#include "ngx_voiceagent_stream.h"

#include <wslay/wslay.h>


#define NGX_VOICEAGENT_CONNECTION_LEN   32   /* of its name, hexadecimal */

/* IANA's registry of RFC 6455's codes; wslay names the others */

#define NGX_VOICEAGENT_TRY_AGAIN_LATER  1013

/* a connection of voiceagent_websocket: lives in its handshake's pool */

typedef struct {
    ngx_http_request_t            *request;      /* the handshake */
    ngx_queue_t                    queue;        /* of this process' */
    ngx_voiceagent_channel_t       channel;
    u_char                         name[sizeof("va:ws:") - 1
                                        + NGX_VOICEAGENT_CONNECTION_LEN];

    wslay_event_context_ptr        wslay;        /* NULL: it has ended */
    ngx_uint_t                     fragments;    /* of what is being read */
    size_t                         budget;       /* bytes left of a turn's */

    ngx_queue_t                    waiting;      /* messages, read whole */
    ngx_uint_t                     nwaiting;
    ngx_http_request_t            *message;      /* whose answer is awaited */

    ngx_buf_t                      buf;          /* on its way to the client */
    ngx_chain_t                    link;
    u_char                        *out;          /* out .. out_end malloc'd: */
    u_char                        *out_last;     /* what goes behind it */
    u_char                        *out_end;

    ngx_event_t                    idle;
    ngx_event_t                    wake;
    ngx_voiceagent_life_t          life;
    ngx_msec_t                     heard;        /* the client, at last */

    unsigned                       pinged:1;     /* and not heard since */
    unsigned                       subscribed:1; /* once, at the least */
    unsigned                       paused:1;     /* enough is waiting */
    unsigned                       more:1;       /* to read, in another turn */
    unsigned                       blocked:1;    /* the client does not read */
    unsigned                       leaving:1;    /* after the answer awaited */
    unsigned                       closing:1;    /* nothing is read any more */
    unsigned                       gone:1;       /* without closing */
    unsigned                       error:1;
} ngx_voiceagent_websocket_t;


/*
 * ngx_voiceagent_websocket.c: after anything has happened.  Reads and writes
 * what can be, and ends the connection when its time has come: ws may be gone
 * afterwards.  Who is not called by nginx' own handler of the connection runs
 * its posted requests behind this.
 */

void ngx_voiceagent_websocket_turn(ngx_voiceagent_websocket_t *ws);


/* ngx_voiceagent_handshake.c (RFC 6455, 4.2) */

/* NGX_OK, or what the request, which is answered then, is finalized with */

ngx_int_t ngx_voiceagent_handshake_check(ngx_http_request_t *r);
ngx_int_t ngx_voiceagent_handshake_accept(ngx_http_request_t *r,
    ngx_str_t *protocol);


/*
 * ngx_voiceagent_frames.c.  What fails is told by ws->error; what has been
 * said, or heard, to be the end by ws->closing.
 */

ngx_int_t ngx_voiceagent_frames_init(ngx_voiceagent_websocket_t *ws,
    size_t max_message);
void ngx_voiceagent_frames_read(ngx_voiceagent_websocket_t *ws);

/* what has been said since the last write, and is left from before */

void ngx_voiceagent_frames_write(ngx_voiceagent_websocket_t *ws);

/* copied, and sent by the next write */

void ngx_voiceagent_frames_text(ngx_voiceagent_websocket_t *ws, va_str_t text);
void ngx_voiceagent_frames_ping(ngx_voiceagent_websocket_t *ws);
void ngx_voiceagent_frames_close(ngx_voiceagent_websocket_t *ws,
    uint16_t code);

/* of what has been said much is written at once, where the client takes it */

void ngx_voiceagent_frames_make_room(ngx_voiceagent_websocket_t *ws);

/* so much waits behind what is on its way that nothing more is kept */

ngx_uint_t ngx_voiceagent_frames_full(ngx_voiceagent_websocket_t *ws);

/* a cleanup of the pool: what was never sent is given back */

void ngx_voiceagent_frames_release(void *data);


/* ngx_voiceagent_message.c: each is a request of its own, one at a time */

/* text is copied */

ngx_int_t ngx_voiceagent_message_add(ngx_voiceagent_websocket_t *ws,
    va_str_t text);
void ngx_voiceagent_messages_begin(ngx_voiceagent_websocket_t *ws);

/* nobody waits any more; what is pushed stays pushed */

void ngx_voiceagent_messages_drop(ngx_voiceagent_websocket_t *ws);


#endif /* _NGX_VOICEAGENT_WEBSOCKET_H_INCLUDED_ */
