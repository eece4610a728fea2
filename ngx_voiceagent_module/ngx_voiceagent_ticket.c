
/*
 * Copyright (C) voiceagent authors
 */


/* one-time tickets: each stands for claims that are kept in Redis until then */


#include "ngx_voiceagent_module.h"
#include "ngx_voiceagent_redis.h"


#define NGX_VOICEAGENT_TICKET_MAX  128


typedef struct {
    ngx_http_request_t            *request;
    ngx_voiceagent_op_t           *op;
    ngx_event_t                    event;
    va_str_t                       args[2];
    ngx_int_t                      status;
    ngx_str_t                      claims;
} ngx_voiceagent_ticket_t;


static void ngx_voiceagent_ticket_reply(void *data, redisReply *reply);
static void ngx_voiceagent_ticket_resume(ngx_event_t *ev);
static void ngx_voiceagent_ticket_cleanup(void *data);


ngx_int_t
ngx_voiceagent_ticket_text(ngx_http_request_t *r, ngx_voiceagent_jwt_t *jwt,
    ngx_str_t *ticket)
{
    if (jwt->ticket == NULL) {
        return NGX_DECLINED;
    }

    if (ngx_http_complex_value(r, jwt->ticket, ticket) != NGX_OK) {
        return NGX_ERROR;
    }

    return ticket->len ? NGX_OK : NGX_DECLINED;
}


/* NGX_AGAIN: ngx_voiceagent_access_resume() follows */

ngx_int_t
ngx_voiceagent_ticket_redeem(ngx_http_request_t *r, ngx_str_t *ticket)
{
    u_char                   *p;
    ngx_uint_t                i;
    ngx_http_cleanup_t       *cln;
    ngx_voiceagent_ticket_t  *t;

    if (ticket->len > NGX_VOICEAGENT_TICKET_MAX) {
        return NGX_DECLINED;
    }

    for (i = 0; i < ticket->len; i++) {
        p = &ticket->data[i];

        if ((*p < '0' || *p > '9') && (*p < 'a' || *p > 'z')
            && (*p < 'A' || *p > 'Z') && *p != '-' && *p != '_')
        {
            return NGX_DECLINED;
        }
    }

    t = ngx_pcalloc(r->pool, sizeof(ngx_voiceagent_ticket_t));
    p = ngx_pnalloc(r->pool, sizeof("va:ticket:") - 1 + ticket->len);
    cln = ngx_http_cleanup_add(r, 0);

    if (t == NULL || p == NULL || cln == NULL) {
        return NGX_ERROR;
    }

    t->request = r;
    t->event.handler = ngx_voiceagent_ticket_resume;
    t->event.data = t;
    t->event.log = r->connection->log;

    t->args[0] = VA_STR("GETDEL");
    t->args[1] = va_str((char *) p, sizeof("va:ticket:") - 1 + ticket->len);

    p = ngx_cpymem(p, "va:ticket:", sizeof("va:ticket:") - 1);
    ngx_memcpy(p, ticket->data, ticket->len);

    cln->handler = ngx_voiceagent_ticket_cleanup;
    cln->data = t;

    t->op = ngx_voiceagent_redis_send(NGX_VOICEAGENT_PLAIN, VA_STR_NULL,
                                      t->args, 2, 0,
                                      ngx_voiceagent_ticket_reply, t);

    return t->op ? NGX_AGAIN : NGX_HTTP_SERVICE_UNAVAILABLE;
}


static void
ngx_voiceagent_ticket_reply(void *data, redisReply *reply)
{
    ngx_voiceagent_ticket_t  *t = data;

    u_char  *p;

    t->op = NULL;

    if (reply == NULL) {
        t->status = NGX_HTTP_SERVICE_UNAVAILABLE;

    } else if (reply->type != REDIS_REPLY_STRING) {
        t->status = NGX_HTTP_UNAUTHORIZED;

    } else {
        p = ngx_pnalloc(t->request->pool, reply->len + 1);

        if (p == NULL) {
            t->status = NGX_HTTP_INTERNAL_SERVER_ERROR;

        } else {
            ngx_memcpy(p, reply->str, reply->len);
            t->claims.data = p;
            t->claims.len = reply->len;
            t->status = NGX_OK;
        }
    }

    ngx_post_event(&t->event, &ngx_posted_events);
}


static void
ngx_voiceagent_ticket_resume(ngx_event_t *ev)
{
    ngx_http_request_t       *r;
    ngx_voiceagent_ctx_t     *ctx;
    ngx_voiceagent_ticket_t  *t;

    t = ev->data;
    r = t->request;

    ctx = ngx_voiceagent_get_ctx(r);

    if (t->status == NGX_OK) {
        ctx->claims_text = ngx_voiceagent_va(&t->claims);
        ngx_str_set(&ctx->scheme, "ticket");
    }

    ngx_voiceagent_access_resume(r, t->status);
}


static void
ngx_voiceagent_ticket_cleanup(void *data)
{
    ngx_voiceagent_ticket_t  *t = data;

    if (t->op) {
        ngx_voiceagent_redis_cancel(t->op);
        t->op = NULL;
    }

    if (t->event.posted) {
        ngx_delete_posted_event(&t->event);
    }
}
