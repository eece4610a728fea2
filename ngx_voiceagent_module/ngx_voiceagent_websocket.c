
/*
 * Copyright (C) voiceagent authors
 */


/*
 * voiceagent_websocket: what a client sends are jobs, one after the other, and
 * it is sent their replies; so is what anybody publishes on the connection's
 * own channel.  Everything that happens to a connection ends in its turn.
 */


#include "ngx_voiceagent_websocket.h"

#include <openssl/rand.h>


static char *ngx_voiceagent_websocket_parameter(ngx_conf_t *cf,
    ngx_voiceagent_websocket_conf_t *wcf, ngx_str_t *parameter);
static ngx_int_t ngx_voiceagent_websocket_handler(ngx_http_request_t *r);
static ngx_uint_t ngx_voiceagent_websocket_foreign(ngx_http_request_t *r);
static ngx_int_t ngx_voiceagent_websocket_refuse(ngx_http_request_t *r);
static ngx_voiceagent_websocket_t *ngx_voiceagent_websocket_create(
    ngx_http_request_t *r);
static ngx_int_t ngx_voiceagent_websocket_name(ngx_voiceagent_websocket_t *ws);
static void ngx_voiceagent_websocket_open(ngx_voiceagent_websocket_t *ws);
static void ngx_voiceagent_websocket_reader(ngx_http_request_t *r);
static void ngx_voiceagent_websocket_published(void *data, va_str_t text);
static void ngx_voiceagent_websocket_subscribed(void *data);
static void ngx_voiceagent_websocket_wake(ngx_event_t *ev);
static void ngx_voiceagent_websocket_idle(ngx_event_t *ev);
static void ngx_voiceagent_websocket_tick(ngx_voiceagent_websocket_t *ws);
static void ngx_voiceagent_websocket_end(ngx_voiceagent_websocket_t *ws,
    ngx_int_t rc);
static void ngx_voiceagent_websocket_leave(void *data);


/* of this process: those that are told when it shuts down */

static ngx_queue_t  ngx_voiceagent_websockets;


/*
 * voiceagent_websocket type [max_message=size] [idle=time] [drain=time]
 *     [life=time] [protocol=name] and the parameters of voiceagent_call
 */

char *
ngx_voiceagent_websocket_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_voiceagent_loc_conf_t  *vlcf = conf;

    char                             *rv;
    ngx_str_t                        *value;
    ngx_uint_t                        i;
    ngx_voiceagent_websocket_conf_t  *wcf;

    value = cf->args->elts;

    rv = ngx_voiceagent_once(cf, 2);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    wcf = ngx_pcalloc(cf->pool, sizeof(ngx_voiceagent_websocket_conf_t));
    if (wcf == NULL) {
        return NGX_CONF_ERROR;
    }

    wcf->job = ngx_voiceagent_job_conf(cf, &value[1], "realtime", 10000);
    if (wcf->job == NULL) {
        return NGX_CONF_ERROR;
    }

    wcf->job->may_be_late = 1;
    wcf->job->dedup_ttl = NGX_VOICEAGENT_REPLY_KEPT;
    wcf->max_message = 16384;
    wcf->idle = 30000;
    wcf->drain = 10000;

    for (i = 2; i < cf->args->nelts; i++) {
        rv = ngx_voiceagent_websocket_parameter(cf, wcf, &value[i]);
        if (rv != NGX_CONF_OK) {
            return rv;
        }
    }

    ngx_voiceagent_call_outlives(cf, wcf->job);

    vlcf->websocket = wcf;

    return ngx_voiceagent_location(cf, vlcf, ngx_voiceagent_websocket_handler);
}


static char *
ngx_voiceagent_websocket_parameter(ngx_conf_t *cf,
    ngx_voiceagent_websocket_conf_t *wcf, ngx_str_t *parameter)
{
    ssize_t    size;
    ngx_str_t  s;

    s = *parameter;

    if (ngx_voiceagent_named(&s, "max_message=")) {
        size = ngx_parse_size(&s);
        if (size == NGX_ERROR || size == 0 || size > 1024 * 1024) {
            return "needs a max_message= of at most 1m";
        }

        wcf->max_message = (size_t) size;

        return NGX_CONF_OK;
    }

    if (ngx_voiceagent_named(&s, "protocol=") && s.len) {
        wcf->protocol = s;
        return NGX_CONF_OK;
    }

    if ((ngx_voiceagent_named(&s, "idle=")
         && ngx_voiceagent_time(&s, &wcf->idle) == NGX_OK)
        || (ngx_voiceagent_named(&s, "drain=")
            && ngx_voiceagent_time(&s, &wcf->drain) == NGX_OK)
        || (ngx_voiceagent_named(&s, "life=")
            && ngx_voiceagent_time(&s, &wcf->life) == NGX_OK))
    {
        return NGX_CONF_OK;
    }

    return ngx_voiceagent_job_parameter(cf, wcf->job, parameter);
}


void
ngx_voiceagent_websockets_init_process(void)
{
    ngx_queue_init(&ngx_voiceagent_websockets);
}


static ngx_int_t
ngx_voiceagent_websocket_handler(ngx_http_request_t *r)
{
    ngx_int_t                    rc;
    ngx_voiceagent_loc_conf_t   *vlcf;
    ngx_voiceagent_websocket_t  *ws;

    if (!ngx_voiceagent_passed(r)) {
        return NGX_HTTP_FORBIDDEN;
    }

    if (ngx_voiceagent_websocket_foreign(r)) {
        return ngx_voiceagent_websocket_refuse(r);
    }

    rc = ngx_voiceagent_handshake_check(r);

    if (rc != NGX_OK || r->header_sent) {
        return rc;
    }

    vlcf = ngx_http_get_module_loc_conf(r, ngx_voiceagent_module);

    ws = ngx_voiceagent_websocket_create(r);
    if (ws == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    rc = ngx_voiceagent_handshake_accept(r, &vlcf->websocket->protocol);
    if (rc != NGX_OK) {
        /* nginx may send the request on, to post_action */
        ngx_voiceagent_websocket_leave(ws);
        return rc;
    }

    ngx_voiceagent_websocket_open(ws);

    return NGX_DONE;
}


/*
 * A page of another origin must not speak with the token a browser keeps for
 * ours: a WebSocket is under no rule of the browser's that would prevent it.
 * Who comes without a token is judged by voiceagent_authorize.
 */

static ngx_uint_t
ngx_voiceagent_websocket_foreign(ngx_http_request_t *r)
{
    ngx_voiceagent_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_voiceagent_module);

    return ctx->claims_text.len
           && ngx_voiceagent_header(r, "origin") != NULL
           && !ngx_voiceagent_origin_known(r);
}


static ngx_int_t
ngx_voiceagent_websocket_refuse(ngx_http_request_t *r)
{
    static ngx_str_t       reason = ngx_string("origin");
    ngx_voiceagent_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_voiceagent_module);

    ctx->refused_scheme = "jwt";
    ctx->reason = reason;

    ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                  "voiceagent refused: %s %V", ctx->refused_scheme,
                  &ctx->reason);

    ngx_voiceagent_count_refusal(ctx->refused_scheme, (char *) reason.data);
    ngx_voiceagent_count_outcome(NGX_VOICEAGENT_REFUSED);

    return ngx_voiceagent_send_error(r, NGX_HTTP_FORBIDDEN, "forbidden",
                                     "The request is not allowed here.");
}


static ngx_voiceagent_websocket_t *
ngx_voiceagent_websocket_create(ngx_http_request_t *r)
{
    ngx_http_cleanup_t          *cln;
    ngx_pool_cleanup_t          *pcln;
    ngx_voiceagent_loc_conf_t   *vlcf;
    ngx_voiceagent_websocket_t  *ws;

    vlcf = ngx_http_get_module_loc_conf(r, ngx_voiceagent_module);

    ws = ngx_pcalloc(r->pool, sizeof(ngx_voiceagent_websocket_t));
    cln = ngx_http_cleanup_add(r, 0);
    pcln = ngx_pool_cleanup_add(r->pool, 0);

    if (ws == NULL || cln == NULL || pcln == NULL) {
        return NULL;
    }

    ws->request = r;
    ngx_queue_init(&ws->waiting);

    if (ngx_voiceagent_websocket_name(ws) != NGX_OK
        || ngx_voiceagent_frames_init(ws, vlcf->websocket->max_message)
           != NGX_OK)
    {
        return NULL;
    }

    ngx_queue_insert_tail(&ngx_voiceagent_websockets, &ws->queue);
    ngx_voiceagent_channel_subscribe(&ws->channel);
    ngx_voiceagent_gauge(NGX_VOICEAGENT_WEBSOCKETS, 1);

    cln->handler = ngx_voiceagent_websocket_leave;
    cln->data = ws;

    /* what has not been sent is shown to nginx until the request is freed */

    pcln->handler = ngx_voiceagent_frames_release;
    pcln->data = ws;

    return ws;
}


/* never another's, on whatever host */

static ngx_int_t
ngx_voiceagent_websocket_name(ngx_voiceagent_websocket_t *ws)
{
    u_char                *p, random[NGX_VOICEAGENT_CONNECTION_LEN / 2];
    ngx_voiceagent_ctx_t  *ctx;

    if (RAND_bytes(random, sizeof(random)) != 1) {
        ngx_ssl_error(NGX_LOG_ERR, ws->request->connection->log, 0,
                      "RAND_bytes() failed");
        return NGX_ERROR;
    }

    p = ngx_cpymem(ws->name, "va:ws:", sizeof("va:ws:") - 1);
    (void) ngx_hex_dump(p, random, sizeof(random));

    ws->channel.name.str.data = ws->name;
    ws->channel.name.str.len = sizeof(ws->name);
    ws->channel.on_message = ngx_voiceagent_websocket_published;
    ws->channel.on_ready = ngx_voiceagent_websocket_subscribed;
    ws->channel.data = ws;

    ctx = ngx_http_get_module_ctx(ws->request, ngx_voiceagent_module);
    ctx->client = ws;
    ctx->connection.data = p;
    ctx->connection.len = NGX_VOICEAGENT_CONNECTION_LEN;

    return NGX_OK;
}


static void
ngx_voiceagent_websocket_open(ngx_voiceagent_websocket_t *ws)
{
    ngx_connection_t           *c;
    ngx_http_request_t         *r;
    ngx_http_core_loc_conf_t   *clcf;
    ngx_voiceagent_loc_conf_t  *vlcf;

    r = ws->request;
    c = r->connection;
    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);
    vlcf = ngx_http_get_module_loc_conf(r, ngx_voiceagent_module);

    /* else what is said twice in a row waits for the client's delayed ACK */

    if (clcf->tcp_nodelay && ngx_tcp_nodelay(c) != NGX_OK) {
        ws->error = 1;
    }

    ws->wake.handler = ngx_voiceagent_websocket_wake;
    ws->wake.data = ws;
    ws->wake.log = c->log;

    /* not cancelable: it keeps an exiting worker until the client has gone */

    ws->idle.handler = ngx_voiceagent_websocket_idle;
    ws->idle.data = c;
    ws->idle.log = c->log;

    ngx_add_timer(&ws->idle, vlcf->websocket->idle);

    ws->life.opened = ngx_current_msec;
    ws->heard = ngx_current_msec;

    r->keepalive = 0;
    r->main->count++;

    r->read_event_handler = ngx_voiceagent_websocket_reader;
    r->write_event_handler = ngx_http_request_empty_handler;

    /* frames may stand behind the handshake already */

    ngx_post_event(c->read, &ngx_posted_events);
}


static void
ngx_voiceagent_websocket_reader(ngx_http_request_t *r)
{
    ngx_voiceagent_websocket_turn(ngx_voiceagent_get_ctx(r)->client);
}


void
ngx_voiceagent_websocket_turn(ngx_voiceagent_websocket_t *ws)
{
    /* a message is begun by a client that has taken what came before */

    if (ws->blocked && !ws->error) {
        ngx_voiceagent_frames_write(ws);
    }

    if (!ws->error) {
        ngx_voiceagent_frames_read(ws);
        ngx_voiceagent_messages_begin(ws);
    }

    if (ws->leaving && ws->message == NULL) {
        ngx_voiceagent_frames_close(ws, WSLAY_CODE_GOING_AWAY);
    }

    if (!ws->error) {
        ngx_voiceagent_frames_write(ws);
    }

    if (ws->error) {
        ngx_voiceagent_websocket_end(ws, NGX_ERROR);

    } else if (ws->gone) {
        ngx_voiceagent_websocket_end(ws, NGX_HTTP_CLIENT_CLOSED_REQUEST);

    } else if (ws->closing && !ws->blocked) {
        ngx_voiceagent_websocket_end(ws, NGX_OK);

    } else if (ws->more
               || (ws->paused && ws->message == NULL && !ws->blocked))
    {
        ngx_post_event(ws->request->connection->read, &ngx_posted_next_events);
    }
}


/* within the reading of Redis' connection: its turn is an event of its own */

static void
ngx_voiceagent_websocket_published(void *data, va_str_t text)
{
    ngx_voiceagent_websocket_t  *ws = data;

    if (!va_utf8_valid(text)) {
        ngx_log_error(NGX_LOG_ERR, ws->request->connection->log, 0,
                      "voiceagent: a message to a WebSocket that is no text");
        return;
    }

    ngx_voiceagent_frames_make_room(ws);

    if (ngx_voiceagent_frames_full(ws)) {
        ws->error = 1;

    } else {
        ngx_voiceagent_frames_text(ws, text);
    }

    ngx_post_event(&ws->wake, &ngx_posted_events);
}


/*
 * Anew: what Redis published meanwhile it may have taken for heard, and does
 * not repeat.  So the client comes back, and asks for what it has missed.
 */

static void
ngx_voiceagent_websocket_subscribed(void *data)
{
    ngx_voiceagent_websocket_t  *ws = data;

    ws->life.over = ws->subscribed;
    ws->subscribed = 1;
}


static void
ngx_voiceagent_websocket_wake(ngx_event_t *ev)
{
    ngx_connection_t            *c;
    ngx_voiceagent_websocket_t  *ws;

    ws = ev->data;
    c = ws->request->connection;

    ngx_voiceagent_websocket_turn(ws);

    ngx_http_run_posted_requests(c);
}


/* a client that is silent is asked whether it is there, and then has as long */

static void
ngx_voiceagent_websocket_idle(ngx_event_t *ev)
{
    ngx_msec_t                   silent;
    ngx_connection_t            *c;
    ngx_voiceagent_loc_conf_t   *vlcf;
    ngx_voiceagent_websocket_t  *ws;

    ws = (ngx_voiceagent_websocket_t *)
             ((u_char *) ev - offsetof(ngx_voiceagent_websocket_t, idle));

    c = ws->request->connection;
    vlcf = ngx_http_get_module_loc_conf(ws->request, ngx_voiceagent_module);

    silent = ngx_current_msec - ws->heard;

    if (ws->paused || silent < vlcf->websocket->idle) {
        ngx_add_timer(ev, ws->paused ? vlcf->websocket->idle
                                     : vlcf->websocket->idle - silent);
        return;
    }

    ngx_add_timer(ev, vlcf->websocket->idle);

    if (ws->pinged) {
        ngx_log_error(NGX_LOG_INFO, c->log, 0,
                      "voiceagent: the client of a WebSocket answers no ping");
        ws->error = 1;

    } else {
        ws->pinged = 1;
        ngx_voiceagent_frames_ping(ws);
    }

    ngx_voiceagent_websocket_turn(ws);

    ngx_http_run_posted_requests(c);
}


void
ngx_voiceagent_websockets_tick(void)
{
    ngx_queue_t       *q, *next;
    ngx_connection_t  *c;

    ngx_voiceagent_websocket_t  *ws;

    for (q = ngx_queue_head(&ngx_voiceagent_websockets);
         q != ngx_queue_sentinel(&ngx_voiceagent_websockets);
         q = next)
    {
        next = ngx_queue_next(q);

        ws = ngx_queue_data(q, ngx_voiceagent_websocket_t, queue);
        c = ws->request->connection;

        ngx_voiceagent_websocket_tick(ws);

        ngx_http_run_posted_requests(c);
    }
}


/*
 * In a worker that is leaving, and when its life is over, each connection ends
 * at its own moment, behind the answer that is awaited: the client comes back,
 * to a new worker and with whatever token it has by then.
 */

static void
ngx_voiceagent_websocket_tick(ngx_voiceagent_websocket_t *ws)
{
    ngx_voiceagent_loc_conf_t        *vlcf;
    ngx_voiceagent_websocket_conf_t  *wcf;

    vlcf = ngx_http_get_module_loc_conf(ws->request, ngx_voiceagent_module);
    wcf = vlcf->websocket;

    if (!ws->leaving
        && ngx_voiceagent_life_left(&ws->life, wcf->life, wcf->drain) == 0)
    {
        ws->leaving = 1;
        ngx_voiceagent_websocket_turn(ws);
    }
}


static void
ngx_voiceagent_websocket_end(ngx_voiceagent_websocket_t *ws, ngx_int_t rc)
{
    ngx_http_request_t  *r;

    r = ws->request;

    /* what the client still sends must not cost it the close we have sent */

    r->lingering_close = 1;

    ngx_voiceagent_websocket_leave(ws);

    ngx_http_finalize_request(r, rc);
}


static void
ngx_voiceagent_websocket_leave(void *data)
{
    ngx_voiceagent_websocket_t  *ws = data;

    if (ws->wslay == NULL) {
        return;
    }

    wslay_event_context_free(ws->wslay);
    ws->wslay = NULL;

    ngx_voiceagent_messages_drop(ws);
    ngx_voiceagent_channel_unsubscribe(&ws->channel);
    ngx_voiceagent_gauge(NGX_VOICEAGENT_WEBSOCKETS, -1);
    ngx_queue_remove(&ws->queue);

    if (ws->idle.timer_set) {
        ngx_del_timer(&ws->idle);
    }

    if (ws->wake.posted) {
        ngx_delete_posted_event(&ws->wake);
    }
}
