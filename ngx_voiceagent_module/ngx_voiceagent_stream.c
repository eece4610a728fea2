
/*
 * Copyright (C) voiceagent authors
 */


/*
 * How what lasts is sent, to clients that read slowly or at the pace of
 * limit_rate, and how it ends.
 */


#include "ngx_voiceagent_stream.h"


ngx_msec_t
ngx_voiceagent_life_left(ngx_voiceagent_life_t *life, ngx_msec_t longest,
    ngx_msec_t drain)
{
    ngx_msec_int_t  left;

    if (!life->draining) {

        if (!ngx_exiting && !life->over
            && (longest == 0
                || ngx_current_msec - life->opened < longest))
        {
            return NGX_TIMER_INFINITE;
        }

        life->draining = 1;
        life->end = ngx_current_msec + ngx_random() % drain;
    }

    left = (ngx_msec_int_t) (life->end - ngx_current_msec);

    return left > 0 ? (ngx_msec_t) left : 0;
}


ngx_int_t
ngx_voiceagent_stream_output(ngx_http_request_t *r, ngx_chain_t *out,
    ngx_http_output_body_filter_pt filter, ngx_http_event_handler_pt writer)
{
    ngx_event_t               *wev;
    ngx_http_core_loc_conf_t  *clcf;

    if (filter(r, out) == NGX_ERROR) {
        return NGX_ERROR;
    }

    wev = r->connection->write;

    /*
     * gzip passes nothing on once all of its own has been sent, though the end
     * of the chunk around it may be left: nobody would write that
     */

    if (out == NULL && wev->ready && !wev->delayed
        && (r->connection->buffered
            & (NGX_HTTP_WRITE_BUFFERED|NGX_LOWLEVEL_BUFFERED))
        && ngx_http_write_filter(r, NULL) == NGX_ERROR)
    {
        return NGX_ERROR;
    }

    if (!r->buffered && !r->connection->buffered) {

        r->write_event_handler = ngx_http_request_empty_handler;

        /* the timer of limit_rate is nginx' own */

        if (wev->timer_set && !wev->delayed) {
            ngx_del_timer(wev);
        }

        /* an event that is told by level would be told without end */

        return ngx_handle_write_event(wev, 0);
    }

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    r->write_event_handler = writer;

    if (!wev->timer_set) {
        ngx_add_timer(wev, clcf->send_timeout);
    }

    return ngx_handle_write_event(wev, clcf->send_lowat) == NGX_OK
           ? NGX_AGAIN : NGX_ERROR;
}


ngx_int_t
ngx_voiceagent_stream_writable(ngx_http_request_t *r)
{
    ngx_event_t               *wev;
    ngx_connection_t          *c;
    ngx_http_core_loc_conf_t  *clcf;

    c = r->connection;
    wev = c->write;

    if (wev->timedout) {
        ngx_log_error(NGX_LOG_INFO, c->log, NGX_ETIMEDOUT, "client timed out");
        c->timedout = 1;
        return NGX_ERROR;
    }

    if (wev->delayed) {
        clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

        return ngx_handle_write_event(wev, clcf->send_lowat) == NGX_OK
               ? NGX_AGAIN : NGX_ERROR;
    }

    /* it reads, however slowly: its time begins anew */

    if (wev->timer_set) {
        ngx_del_timer(wev);
    }

    return NGX_OK;
}
