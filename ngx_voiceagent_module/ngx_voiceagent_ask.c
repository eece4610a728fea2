
/*
 * Copyright (C) voiceagent authors
 */


/* how a request asks Redis, waits and goes on: one way for all that do */


#include "ngx_voiceagent_ask.h"


static void ngx_voiceagent_ask_reply(void *data, redisReply *reply);
static void ngx_voiceagent_ask_event(ngx_event_t *ev);
static ngx_uint_t ngx_voiceagent_ask_is_over(ngx_voiceagent_ask_t *ask);
static void ngx_voiceagent_ask_cleanup(void *data);


void
ngx_voiceagent_ask_init(ngx_http_request_t *r, ngx_voiceagent_ask_t *ask,
    void (*take)(ngx_voiceagent_ask_t *ask, redisReply *reply),
    void (*resume)(ngx_voiceagent_ask_t *ask))
{
    ngx_memzero(ask, sizeof(ngx_voiceagent_ask_t));

    ask->request = r;
    ask->context = ngx_http_get_module_ctx(r, ngx_voiceagent_module);
    ask->take = take;
    ask->resume = resume;

    ask->event.handler = ngx_voiceagent_ask_event;
    ask->event.data = ask;
    ask->event.log = r->connection->log;
}


ngx_int_t
ngx_voiceagent_ask_guard(ngx_http_request_t *r, ngx_voiceagent_ask_t *ask)
{
    ngx_http_cleanup_t  *cln;

    cln = ngx_http_cleanup_add(r, 0);
    if (cln == NULL) {
        return NGX_ERROR;
    }

    cln->handler = ngx_voiceagent_ask_cleanup;
    cln->data = ask;

    return NGX_OK;
}


ngx_int_t
ngx_voiceagent_ask(ngx_voiceagent_ask_t *ask, ngx_voiceagent_script_e script,
    va_str_t order, ngx_uint_t nargs, ngx_uint_t nkeys)
{
    ask->op = ngx_voiceagent_redis_send(script, order, ask->args, nargs, nkeys,
                                        ngx_voiceagent_ask_reply, ask);

    return ask->op ? NGX_OK : NGX_BUSY;
}


static void
ngx_voiceagent_ask_reply(void *data, redisReply *reply)
{
    ngx_voiceagent_ask_t  *ask = data;

    ask->op = NULL;

    if (!ngx_voiceagent_ask_is_over(ask)) {
        ask->take(ask, reply);
    }
}


void
ngx_voiceagent_ask_resume(ngx_voiceagent_ask_t *ask)
{
    ngx_post_event(&ask->event, &ngx_posted_events);
}


static void
ngx_voiceagent_ask_event(ngx_event_t *ev)
{
    ngx_connection_t      *c;
    ngx_voiceagent_ask_t  *ask;

    ask = ev->data;

    if (ngx_voiceagent_ask_is_over(ask)) {
        return;
    }

    c = ask->request->connection;

    ask->resume(ask);

    ngx_http_run_posted_requests(c);
}


/* a redirect within nginx takes the request's contexts away */

static ngx_uint_t
ngx_voiceagent_ask_is_over(ngx_voiceagent_ask_t *ask)
{
    return ngx_http_get_module_ctx(ask->request, ngx_voiceagent_module)
           != ask->context;
}


void
ngx_voiceagent_ask_cancel(ngx_voiceagent_ask_t *ask)
{
    if (ask->op) {
        ngx_voiceagent_redis_cancel(ask->op);
        ask->op = NULL;
    }

    if (ask->event.posted) {
        ngx_delete_posted_event(&ask->event);
    }
}


static void
ngx_voiceagent_ask_cleanup(void *data)
{
    ngx_voiceagent_ask_cancel(data);
}


ngx_int_t
ngx_voiceagent_wait_events(ngx_http_request_t *r)
{
    ngx_event_t  *rev;

    rev = r->connection->read;

    if (rev->ready) {
        ngx_post_event(rev, &ngx_posted_events);

    } else if (ngx_handle_read_event(rev, 0) != NGX_OK) {
        return NGX_ERROR;
    }

    r->read_event_handler = ngx_http_test_reading;
    r->write_event_handler = ngx_http_request_empty_handler;

    return NGX_OK;
}
