
/*
 * Copyright (C) voiceagent authors
 */


#ifndef _NGX_VOICEAGENT_STREAM_H_INCLUDED_
#define _NGX_VOICEAGENT_STREAM_H_INCLUDED_


#include "ngx_voiceagent_module.h"


/* what event streams and WebSockets have in common: they last for hours */

typedef struct {
    ngx_msec_t                     opened;
    ngx_msec_t                     end;          /* when draining */
    unsigned                       over:1;       /* before its time */
    unsigned                       draining:1;
} ngx_voiceagent_life_t;


/*
 * Milliseconds until it shall end: NGX_TIMER_INFINITE while neither its life is
 * over nor the process leaves, 0 once it is time.  Each ends at a moment of its
 * own within drain, so that clients do not come back all at once.
 */

ngx_msec_t ngx_voiceagent_life_left(ngx_voiceagent_life_t *life,
    ngx_msec_t longest, ngx_msec_t drain);

/*
 * Sends by the filter; out is NULL: what is left from before.  NGX_OK: all of
 * it is sent.
 * NGX_AGAIN: the client has to read first, for which it has send_timeout, and
 * then writer runs.  NGX_ERROR: the connection is of no use any more.
 */

ngx_int_t ngx_voiceagent_stream_output(ngx_http_request_t *r, ngx_chain_t *out,
    ngx_http_output_body_filter_pt filter, ngx_http_event_handler_pt writer);

/*
 * What a writer asks first.  NGX_AGAIN: limit_rate lets nothing out yet;
 * NGX_ERROR: the client has not read in time.
 */

ngx_int_t ngx_voiceagent_stream_writable(ngx_http_request_t *r);


#endif /* _NGX_VOICEAGENT_STREAM_H_INCLUDED_ */
